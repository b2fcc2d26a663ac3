// The page of the API works under its policy, and asks nobody but its own server.
import assert from "node:assert/strict";

import { chromium } from "playwright-core";

const docs = new URL(process.argv[2]);
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
try {
  const page = await browser.newPage();
  const [elsewhere, complaints] = [[], []];
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol !== "data:" && url.host !== docs.host) elsewhere.push(url.href);
  });
  page.on("pageerror", (why) => complaints.push(why.message));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  const answer = await page.goto(docs.href);
  assert.match(answer.headers()["content-security-policy"], /^default-src 'none';/);
  const operations = page.locator(".opblock");
  await operations.first().waitFor({ timeout: 60_000 });
  const described = await (await fetch(new URL("/api/v1/openapi.json", docs))).json();
  const all = Object.values(described.paths).flatMap((item) => Object.keys(item));
  assert.equal(await operations.count(), all.length);
  await operations.first().locator(".opblock-summary-control").click();
  await page.locator(".opblock.is-open .responses-table").first().waitFor();
  assert.deepEqual({ elsewhere, complaints }, { elsewhere: [], complaints: [] });
} finally {
  await browser.close();
}
