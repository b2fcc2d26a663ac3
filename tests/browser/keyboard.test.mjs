// What the keyboard alone does, what comes of mistakes, and the ways back.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { PHONE, heading, nothingAmiss, person, send, signedIn, startBrowser } from "./people.mjs";

let browser;
before(async () => (browser = await startBrowser()));
after(() => browser.close());

/** What has the focus, and whether that can be seen. */
const focused = (page) =>
  page.evaluate(() => {
    const one = document.activeElement;
    const { outlineStyle, outlineWidth } = getComputedStyle(one);
    const isSeen = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
    return { id: one.id, name: one.name ?? "", tag: one.localName, isSeen, text: one.innerText };
  });

test("the first key leads past what every page has", async () => {
  const one = await person(browser);
  const { page } = one;
  await page.goto("/matters/open-restaurant");
  await page.keyboard.press("Tab");
  const link = page.getByRole("link", { name: "跳到正文" });
  assert.equal((await focused(page)).text, "跳到正文");
  const { x } = await link.boundingBox();
  assert.ok(x >= 0, "it can be seen while it has the focus");
  await page.keyboard.press("Enter");
  await page.waitForURL("**#content");
  assert.equal((await focused(page)).id, "content");
  await page.keyboard.press("Tab");
  assert.ok(await page.evaluate(() => document.activeElement.closest("main")));
  nothingAmiss(one);
});

test("whatever has the focus is seen to have it", async () => {
  const one = await person(browser);
  for (const address of ["/", "/search?q=环评", "/sign-in", "/purchases", "/statistics"]) {
    await one.page.goto(address);
    for (let keys = 0; keys < 25; keys += 1) {
      await one.page.keyboard.press("Tab");
      const { isSeen, tag, text, name } = await focused(one.page);
      if (tag === "body") break;
      assert.ok(isSeen, `${address}: ${tag} ${name} ${text}`);
    }
  }
  nothingAmiss(one);
});

test("forms are sent by Enter", async () => {
  const one = await person(browser);
  const { page } = one;
  await page.goto("/sign-in");
  await page.keyboard.press("Tab");
  await page.getByLabel("登录名").focus();
  await page.keyboard.type("applicant");
  await page.getByLabel("密码", { exact: true }).focus();
  await page.keyboard.type("wrong");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").waitFor();
  assert.equal(await page.getByLabel("登录名").inputValue(), "applicant");
  nothingAmiss(one);
});

test("what is wrong has the focus and leads to its field", async () => {
  const one = await signedIn(browser, "applicant");
  const { page } = one;
  await page.goto("/cases/start/open-restaurant");
  // As a browser would that asks nothing of fields.
  await page.evaluate(() => document.querySelector("form.fill").noValidate = true);
  await page.locator("[name='title']").fill("");
  await send(page, "下一步：核对");
  assert.match(await page.title(), /^需要修改/);
  const summary = await page.evaluate(() => document.activeElement.className);
  assert.match(summary, /summary/);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  assert.equal((await focused(page)).name, "title");
  assert.equal(await page.locator("[name='title']").getAttribute("aria-invalid"), "true");
  nothingAmiss(one);
});

test("Back shows the form as it was, and what is sent twice is done once", async () => {
  const one = await signedIn(browser, "applicant");
  const { page } = one;
  const title = `后退 ${Date.now()}`;
  await page.goto("/cases/start/open-restaurant");
  await page.locator("[name='title']").fill(title);
  await send(page, "下一步：核对");
  const button = page.locator("form.fill").getByRole("button", { name: "开始办理" });
  await button.dblclick();
  await page.waitForURL("**/cases/*-*");
  assert.equal(await heading(page), title);
  const made = page.url();
  await page.goBack();
  assert.ok((await page.locator("main").innerText()).includes(title), "what was sent is still there");
  await page.goForward();
  assert.equal(page.url(), made);
  await page.goto("/cases");
  assert.equal(await page.getByText(title).count(), 1);
  nothingAmiss(one);
});

test("in large type nothing scrolls sideways, and it is remembered", async () => {
  const one = await person(browser, { viewport: PHONE });
  const { page } = one;
  await page.goto("/");
  await page.getByRole("button", { name: "大字版" }).click();
  await page.waitForLoadState();
  for (const address of ["/", "/search?q=环评", "/matters/open-restaurant", "/sign-in", "/purchases"]) {
    await page.goto(address);
    const [size, wide, room] = await page.evaluate(() => [
      parseFloat(getComputedStyle(document.body).fontSize),
      document.documentElement.scrollWidth,
      window.innerWidth,
    ]);
    assert.equal(size, 22, address);
    assert.ok(wide <= room, `${address} is ${wide} pixels wide`);
  }
  nothingAmiss(one);
});
