// Pictures of the main pages, for whoever reviews a change. Nothing is compared: machines have
// other fonts.

import { after, before, test } from "node:test";
import { join } from "node:path";

import { DESK, PHONE, market, nothingAmiss, person, signedIn, startBrowser } from "./people.mjs";

let browser;
before(async () => (browser = await startBrowser()));
after(() => browser.close());

const PUBLIC = [
  ["home", "/"],
  ["search", "/search?q=环评"],
  ["matter", "/matters/open-restaurant"],
  ["item", "/items/fire-facility-inspection"],
  ["purchases", "/purchases"],
  ["statistics", "/statistics"],
  ["verification", `/verify/${market.scene.code}`],
];

const OWN = [
  ["applicant", "builder", "/my"],
  ["agency", "seller", "/my"],
  ["desk", "operator", "/desk"],
];

/** Takes a page as a desk and as a phone show it. */
async function take(page, name, address) {
  for (const [where, size] of [["desk", DESK], ["phone", PHONE]]) {
    await page.setViewportSize(size);
    await page.goto(address);
    await page.screenshot({ path: join(market.pictures, `${name}-${where}.png`), fullPage: true });
  }
}

test("pictures of what everybody sees", async () => {
  const one = await person(browser);
  for (const [name, address] of PUBLIC) await take(one.page, name, address);
  nothingAmiss(one);
});

test("pictures of what each party sees", async () => {
  for (const [name, login, address] of OWN) {
    const one = await signedIn(browser, login);
    await take(one.page, name, address);
    nothingAmiss(one);
  }
});
