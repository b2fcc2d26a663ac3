// The main job: somebody has one thing to get done, and buys the service that it needs.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { heading, nothingAmiss, person, send, signedIn, startBrowser } from "./people.mjs";

let browser;
before(async () => (browser = await startBrowser()));
after(() => browser.close());

/** A day as a field of a form wants it, so many days from today. */
const day = (from) => new Date(Date.now() + from * 86_400_000).toISOString().slice(0, 10);

/** Somebody new registers on the way to what they wanted to do. */
async function register(page, login) {
  await page.getByRole("link", { name: "注册" }).click();
  await page.getByLabel("个体工商户、合伙企业等（非法人组织）").check();
  await page.getByLabel("名称", { exact: false }).first().fill("慈溪市某某面馆");
  await page.locator("[name='applicant/phone']").fill("0574-00001234");
  await page.locator("[name='name']").fill("王小明");
  await page.locator("[name='login']").fill(login);
  await page.locator("[name='password']").fill("correct horse battery");
  await send(page, "注册并登录");
}

/** Opens a case of a matter, from the matter's page. */
async function openCase(page, title) {
  await page.goto("/matters/open-restaurant");
  await page.getByRole("link", { name: "开始办这件事" }).click();
  await page.locator("[name='title']").fill(title);
  await send(page, "下一步：核对");
  assert.match(await heading(page), /^请核对/);
  await send(page, "开始办理");
  return new URL(page.url()).pathname;
}

/** Buys what a case needs of an agency; gives the order's path. */
async function buy(page, caseAt, service, agency) {
  await page.goto(caseAt);
  const need = page.locator(".card", { hasText: service });
  await need.getByRole("link", { name: "选机构" }).click();
  const offer = page.locator(".offer", { hasText: agency });
  await offer.first().getByRole("link", { name: "选它" }).click();
  assert.equal(await heading(page), "确认下单");
  await page.locator("[name='agreed']").check();
  // Whoever is not sure whether it was sent clicks again.
  await page.locator("form.fill").getByRole("button", { name: "确认下单" }).dblclick();
  await page.waitForURL("**/orders/*?placed");
  return new URL(page.url()).pathname;
}

/** What has nothing to be filled in: a step of an order, from its page. */
async function step(page, order, name) {
  await page.goto(order);
  await page.getByRole("link", { name, exact: true }).click();
  await send(page, name);
}

async function recordContract(page, order) {
  await page.goto(order);
  await page.getByRole("link", { name: "登记合同" }).click();
  await page.locator("[name='number']").fill("HT-2026-1");
  await page.locator("[name='signed_on']").fill(day(0));
  await page.locator("[name='starts_on']").fill(day(1));
  await page.locator("[name='ends_on']").fill(day(60));
  await send(page, "下一步：核对");
  await send(page, "登记合同");
}

async function deliver(page, order) {
  await page.goto(order);
  await page.getByRole("link", { name: "上传成果文件" }).click();
  const content = Buffer.from("检测报告");
  const file = { name: "检测报告.txt", mimeType: "text/plain", buffer: content };
  await page.locator("input[type=file]").setInputFiles(file);
  await send(page, "上传");
  await step(page, order, "交付成果");
}

/** Gives the best mark in everything. */
async function evaluate(page) {
  const marks = page.locator("form.fill fieldset");
  for (let at = 0; at < (await marks.count()); at += 1) {
    await marks.nth(at).locator("input").first().check();
  }
  await send(page, "评价机构");
}

test("an applicant, an agency and a department get one thing done", async () => {
  const applicant = await person(browser);
  const agency = await signedIn(browser, "agency");
  const department = await signedIn(browser, "officer-fire-rescue");

  await applicant.page.goto("/cases/start/open-restaurant");
  await register(applicant.page, "wang-main-job");
  const caseAt = await openCase(applicant.page, "古塘路 8 号面馆开业");
  await agency.page.goto("/agency");
  const seller = await heading(agency.page);
  const order = await buy(applicant.page, caseAt, "消防设施检测", seller);
  assert.match(await applicant.page.locator("main").innerText(), /已下单/);
  await applicant.page.goto("/orders");
  assert.equal(await applicant.page.locator(`.rows a[href='${order}']`).count(), 1);

  await step(agency.page, order, "接单");
  await recordContract(agency.page, order);
  await step(applicant.page, order, "确认合同");
  await deliver(agency.page, order);

  await applicant.page.goto(order);
  const downloading = applicant.page.waitForEvent("download");
  await applicant.page.getByRole("link", { name: /^下载/ }).click();
  assert.equal((await downloading).suggestedFilename(), "检测报告.txt");
  await step(applicant.page, order, "验收成果");

  await department.page.goto("/desk");
  await department.page.goto(caseAt.replace("/cases/", "/desk/cases/"));
  await department.page.getByRole("link", { name: "使用成果" }).first().click();
  await send(department.page, "使用成果");
  assert.match(await department.page.locator("main").innerText(), /已使用/);

  await applicant.page.goto(order);
  await applicant.page.getByRole("link", { name: "评价机构" }).click();
  await evaluate(applicant.page);
  assert.match(await applicant.page.locator("main").innerText(), /您评价/);
  nothingAmiss(applicant, agency, department);
});
