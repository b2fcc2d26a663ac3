// An open purchase: as far as it comes before its registration closes, and later states as the
// demonstration's purchases have them.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { heading, market, nothingAmiss, person, send, signedIn, startBrowser } from "./people.mjs";

let browser;
before(async () => (browser = await startBrowser()));
after(() => browser.close());

const main = (page) => page.locator("main").innerText();

/** Opens a case, and drafts the notice by which one of its services is bought; gives its place. */
async function draft(page) {
  await page.goto("/cases/start/open-aquaculture");
  await page.locator("[name='title']").fill("新浦镇养殖场");
  await send(page, "下一步：核对");
  await send(page, "开始办理");
  const need = page.locator(".card", { hasText: "环境监测" });
  await need.getByRole("link", { name: "选机构" }).click();
  await page.getByRole("link", { name: "发布采购公告" }).click();
  await page.locator("a[href*='mode=lowest_price']").click();
  await page.locator("[name='content']").fill("养殖尾水检测，出具检测报告。");
  await page.locator("[name='price/high']").fill("9000");
  await page.locator("[name='price/low']").fill("3000");
  await send(page, "下一步：核对");
  assert.match(await main(page), /玖仟元/);
  await send(page, "保存草稿");
  return new URL(page.url()).pathname;
}

/** Registers for a purchase, and quotes; gives what the receipt says. */
async function enter(page, purchase, quote) {
  await page.goto(purchase);
  await page.getByRole("link", { name: "我是中介机构" }).click();
  await page.getByRole("link", { name: "报名", exact: true }).click();
  await send(page, "报名");
  await page.getByRole("link", { name: "报价", exact: true }).click();
  await page.locator("[name='quote']").fill(quote);
  await send(page, "下一步：核对");
  await send(page, "密封报价");
  return main(page);
}

test("an owner and two agencies come as far as the clock allows", async () => {
  const owner = await signedIn(browser, "buyer");
  const seller = await signedIn(browser, "seller");
  const rival = await signedIn(browser, "rival");
  const manage = await draft(owner.page);
  const purchase = manage.replace("/manage", "");
  assert.equal((await seller.page.goto(purchase)).status(), 404, "nobody else sees a draft");

  await owner.page.getByRole("link", { name: "提交公告" }).click();
  const code = await owner.page.locator("[name='opening_code']").inputValue();
  assert.match(code, /^[0-9a-f]{64}$/);
  await owner.page.getByLabel("我已经存好开标码").check();
  await send(owner.page, "提交公告");
  assert.ok(!(await owner.page.content()).includes(code), "the code is not shown again");

  const receipt = await enter(seller.page, purchase, "5000");
  assert.match(receipt, /回执/);
  await enter(rival.page, purchase, "4000");
  await seller.page.goto(`${purchase}/registration`);
  await seller.page.getByRole("link", { name: "提问" }).click();
  await seller.page.locator("[name='text']").fill("检测几个点位？");
  await send(seller.page, "提问");

  await owner.page.goto(manage);
  const told = await main(owner.page);
  assert.match(told, /谁报名、有几家报名，都不公开/);
  assert.ok(!/5,000|4,000/.test(told), "no quote is seen before the opening");
  await owner.page.getByRole("link", { name: "答复", exact: true }).click();
  await owner.page.locator("textarea").fill("三个。");
  await send(owner.page, "公布答复");
  const anybody = await person(browser);
  await anybody.page.goto(purchase);
  assert.match(await main(anybody.page), /答：三个。/);
  nothingAmiss(owner, seller, rival, anybody);
});

test("anybody sees how an agency was chosen, and that its letter is genuine", async () => {
  const anybody = await person(browser);
  const { page } = anybody;
  await page.goto("/purchases");
  await page.locator(".rows a", { hasText: "附海镇养殖尾水检测" }).first().click();
  await page.getByRole("link", { name: "逐步看选取过程" }).click();
  assert.match(await main(page), /抽取|中选/);
  await page.goBack();
  await page.getByRole("link", { name: "查看和打印中选结果" }).click();
  assert.match(await heading(page), /中选/);
  await page.goto("/verify");
  const { code } = market.scene;
  await page.getByRole("textbox").first().fill(code.toLowerCase());
  await page.getByRole("textbox").first().press("Enter");
  await page.waitForURL("**/verify/**");
  assert.match(await main(page), /附海镇养殖尾水检测/);
  nothingAmiss(anybody);
});
