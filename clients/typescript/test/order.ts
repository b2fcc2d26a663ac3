// The main job: search, open a case, place an order, read it back, meet a problem.
import assert from "node:assert/strict";

import { ProblemError, good, key, market } from "../src/index.js";

const { MARKET_URL, MARKET_TOKEN } = process.env;
assert(MARKET_URL && MARKET_TOKEN, "set MARKET_URL and MARKET_TOKEN, of an applicant");
const applicant = market(MARKET_URL, MARKET_TOKEN);

const opened = good(
  await applicant.POST("/api/v1/cases", {
    params: { header: key() },
    body: { matter: "open-restaurant", title: "开一家面馆", region: "330282", fund: "social" },
  }),
);
const hits = good(
  await applicant.GET("/api/v1/search", {
    params: { query: { text: "消防检测", case: opened.id, limit: 1 } },
  }),
);
const hit = hits.items[0];
assert(hit?.kind === "listing");
const listing = good(
  await applicant.GET("/api/v1/listings/{id}", { params: { path: { id: hit.id } } }),
);
const placed = good(
  await applicant.POST("/api/v1/orders", {
    params: { header: key() },
    body: {
      case_id: opened.id,
      item: listing.item,
      listing_id: listing.id,
      listing_number: listing.number,
      price: listing.terms.price,
    },
  }),
);
const read = good(
  await applicant.GET("/api/v1/orders/{id}", { params: { path: { id: placed.id } } }),
);
assert(read.state.state === "placed" && read.terms.case_id === opened.id);
assert.equal(read.terms.amount, hit.price);

// The agency's step, asked by the applicant.
await assert.rejects(
  async () =>
    good(
      await applicant.POST("/api/v1/orders/{id}/accept", {
        params: { path: { id: placed.id }, header: { ...key(), "If-Match": `"${read.version}"` } },
      }),
    ),
  (why) => why instanceof ProblemError && why.problem.code === "other-side" && why.problem.status === 409,
);
console.log(`TypeScript: order ${placed.id} placed and read`);
