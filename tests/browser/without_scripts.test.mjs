// The main job's pages where no script runs: all that they do, they do without.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { heading, nothingAmiss, person, send, signIn, startBrowser } from "./people.mjs";

let browser;
before(async () => (browser = await startBrowser()));
after(() => browser.close());

test("a service is found and filters are applied", async () => {
  const one = await person(browser, { javaScriptEnabled: false });
  const { page } = one;
  await page.goto("/");
  await page.locator("#q").fill("环评");
  await page.locator("#q").press("Enter");
  await page.waitForURL("**/search?*");
  assert.equal(await heading(page), "搜索“环评”");
  const all = await page.locator(".offer").count();
  assert.ok(all > 1);
  const price = page.locator("input[name=price]").nth(1);
  await price.check();
  await page.getByRole("button", { name: "应用筛选" }).click();
  await page.waitForURL("**price=*");
  assert.ok(await page.locator("input[name=price]").nth(1).isChecked());
  await page.locator(".chips").getByRole("link", { name: "全部去掉" }).click();
  await page.waitForURL((url) => !url.search.includes("price="));
  assert.equal(await page.locator(".offer").count(), all);
  nothingAmiss(one);
});

test("a case is opened and a service bought", async () => {
  const one = await person(browser, { javaScriptEnabled: false });
  const { page } = one;
  await signIn(page, "applicant");
  await page.goto("/matters/open-restaurant");
  await page.getByRole("link", { name: "开始办这件事" }).click();
  await page.locator("[name='title']").fill("没有脚本也能开业");
  await send(page, "下一步：核对");
  await send(page, "开始办理");
  await page.locator(".card", { hasText: "消防设施检测" }).getByRole("link", { name: "选机构" }).click();
  await page.locator(".offer").getByRole("link", { name: "选它" }).first().click();
  await page.locator("[name='agreed']").check();
  await send(page, "确认下单");
  assert.match(await page.locator("main").innerText(), /已下单/);
  await page.getByRole("link", { name: "取消订单" }).click();
  await page.locator("[name='reason']").fill("只是试试");
  await send(page, "取消订单");
  assert.match(await page.locator("main").innerText(), /已取消/);
  nothingAmiss(one);
});
