// Who somebody is: a second factor.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { codeOf } from "./codes.mjs";
import { market, nothingAmiss, person, send, signIn, startBrowser } from "./people.mjs";

let browser;
before(async () => (browser = await startBrowser()));
after(() => browser.close());

test("a second factor is set up, asked for and given up without scripts", async () => {
  const one = await person(browser, { javaScriptEnabled: false });
  const { page } = one;
  await signIn(page, "guarded");
  await page.goto("/account");
  await page.getByRole("link", { name: "启用第二重验证" }).click();
  await page.getByLabel("您在本平台的密码").fill(market.password);
  await send(page, "下一步：添加到验证器");
  const secret = (await page.locator(".facts dd").first().innerText()).replaceAll(" ", "");
  await page.getByLabel("验证器显示的六位数字").fill("000000");
  await send(page, "启用");
  assert.match(await page.locator("#code-wrong").innerText(), /不正确/);
  await page.getByLabel("验证器显示的六位数字").fill(codeOf(secret));
  await send(page, "启用");
  const recovery = await page.locator(".steps .code").allInnerTexts();
  assert.equal(recovery.length, 10);
  await page.getByRole("link", { name: "存好了，继续" }).click();
  await page.getByRole("button", { name: "退出登录" }).click();

  await page.goto("/sign-in");
  await page.getByLabel("登录名").fill("guarded");
  await page.getByLabel("密码", { exact: true }).fill(market.password);
  await page.getByRole("button", { name: "登录" }).click();
  assert.match(await page.locator("#wrong").innerText(), /请输入动态验证码/);
  await page.getByLabel("密码", { exact: true }).fill(market.password);
  await page.getByLabel("动态验证码或者恢复码").fill(codeOf(secret, 1));
  await page.getByRole("button", { name: "登录" }).click();
  await page.waitForURL("**/account");
  await page.getByRole("link", { name: "停用第二重验证" }).click();
  await page.getByLabel("动态验证码或者恢复码").fill(recovery[0]);
  await send(page, "停用");
  assert.ok(await page.getByRole("link", { name: "启用第二重验证" }).isVisible());
  nothingAmiss(one);
});
