// The page of the API works under its policy, and asks nobody but its own server.

import assert from "node:assert/strict";
import { test } from "node:test";

import { market, nothingAmiss, person, startBrowser } from "./people.mjs";

test("whoever reads the description finds every operation, and what it answers", async () => {
  const browser = await startBrowser();
  try {
    const one = await person(browser);
    const answer = await one.page.goto(market.docs);
    assert.match(answer.headers()["content-security-policy"], /^default-src 'none';/);
    const operations = one.page.locator(".opblock");
    await operations.first().waitFor();
    const described = await (await one.context.request.get("/api/v1/openapi.json")).json();
    const all = Object.values(described.paths).flatMap((item) => Object.keys(item));
    assert.equal(await operations.count(), all.length);
    await operations.first().locator(".opblock-summary-control").click();
    await one.page.locator(".opblock.is-open .responses-table").first().waitFor();
    nothingAmiss(one);
  } finally {
    await browser.close();
  }
});
