// Who somebody is, and for whom they act: a second factor, an invitation; what is due, by the day.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { codeOf } from "./codes.mjs";
import { PHONE, heading, market, nothingAmiss, person, send, signIn, signedIn, startBrowser } from "./people.mjs";

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

test("somebody is invited, and joins without scripts", async () => {
  const admin = await signedIn(browser, "rival");
  await admin.page.goto("/account");
  await admin.page.getByRole("link", { name: "经办人", exact: true }).click();
  await admin.page.getByRole("link", { name: "邀请经办人" }).click();
  await admin.page.getByLabel("邀请谁").fill("钱演示");
  await admin.page.getByLabel("查看人").check();
  await send(admin.page, "生成邀请码");
  const code = await admin.page.locator("#secret").inputValue();

  const joining = await person(browser, { javaScriptEnabled: false });
  const { page } = joining;
  await page.goto("/sign-in");
  await page.getByRole("link", { name: "凭邀请码加入" }).click();
  await page.getByLabel("邀请码").fill(code);
  await send(page, "下一步");
  assert.equal(await heading(page), "接受邀请");
  await page.getByLabel("您的姓名").fill("钱演示");
  await page.getByLabel("登录名").fill("qian.demo");
  await page.getByLabel("密码", { exact: true }).fill("correct horse battery");
  await send(page, "开立账号并接受");
  await page.goto("/account");
  assert.match(await page.locator(".parties").innerText(), /查看人/);
  assert.equal(await page.getByRole("link", { name: "经办人", exact: true }).count(), 0);

  await admin.page.goto("/members");
  await admin.page.getByRole("link", { name: "钱演示" }).click();
  await admin.page.getByRole("link", { name: "移出这个人" }).click();
  await send(admin.page, "下一步：核对");
  await send(admin.page, "移出经办人");
  await page.goto("/account");
  assert.equal(await heading(page), "登录");
  nothingAmiss(admin, joining);
});

test("what is due stands in a month, and on a phone in a list", async () => {
  const one = await signedIn(browser, "officer-fire-rescue");
  const { page } = one;
  await page.goto("/desk");
  await page.locator(".card", { hasText: "期限日历" }).click();
  const month = await heading(page);
  assert.match(month, /^\d{4}年\d+月的期限$/);
  const table = page.getByRole("table");
  assert.equal(await table.getByRole("columnheader").count(), 7);
  await page.getByRole("link", { name: /›$/ }).click();
  assert.notEqual(await heading(page), month);
  await page.getByRole("link", { name: "回到本月" }).click();
  assert.equal(await heading(page), month);
  await page.setViewportSize(PHONE);
  assert.equal(await page.locator(".month thead").isVisible(), false);
  for (const day of await page.locator(".month td:not(.free)").all()) {
    assert.match(await day.locator("time").innerText(), /^\d{4}年\d+月\d+日，星期.$/);
  }
  const file = await page.context().request.get("/calendar.ics");
  assert.match(await file.text(), /^BEGIN:VCALENDAR\r\nVERSION:2\.0\r\n/);
  nothingAmiss(one);
});
