// Every page that the portal has, as each of those sees it who may.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { codeOf } from "./codes.mjs";
import { judge, judgeShown } from "./judging.mjs";
import { explore, paths, table } from "./pages.mjs";
import { heading, market, nothingAmiss, person, send, signedIn, startBrowser } from "./people.mjs";

/** So many pages are looked at at a time. */
const AT_A_TIME = 2;

let browser, which;
const [seen, visited, known] = [new Set(), new Set(), new Map()];

before(async () => {
  browser = await startBrowser();
  which = table(await paths());
});
after(() => browser.close());

/** Judges all pages that somebody is shown; fails with all that is wrong. */
async function judgeAll(one, starts, kind) {
  if (!known.has(kind)) known.set(kind, new Set());
  const { request } = one.context;
  const { pages, broken } = await explore(request, starts, which, seen, known.get(kind));
  return judgeThese(one, pages, broken);
}

/** Judges some pages; fails with all that is wrong, and with what was before. */
async function judgeThese(one, pages, broken = []) {
  const wrong = new Map();
  const queue = [...pages];
  const look = async (page) => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      for (const what of await judge(page, next.address)) {
        wrong.set(what, [...(wrong.get(what) ?? []), next.address]);
      }
      if (which(page.url())?.path !== next.path) wrong.set(`shows ${page.url()}`, [next.address]);
      visited.add(next.path);
    }
  };
  const more = Array.from({ length: AT_A_TIME - 1 }, () => one.context.newPage());
  await Promise.all([one.page, ...(await Promise.all(more))].map(look));
  for (const [what, where] of wrong) {
    broken.push(`${what}\n    on ${where.length} pages: ${where.slice(0, 3).join(" ")}`);
  }
  if (broken.length) assert.fail(broken.join("\n"));
  nothingAmiss(one);
  return pages.length;
}

test("whoever looks around", async (t) => {
  const { code, compared } = market.scene;
  const starts = ["/", `/verify/${code}`, `/compare?${compared}`, "/compare", "/sign-in", "/register"];
  starts.push("/search?q=环评", "/search?q=没有这样的东西");
  t.diagnostic(`${await judgeAll(await person(browser), starts, "nobody")} pages`);
});

/** Who is signed in, as what, and where they begin. */
const PEOPLE = [
  ["an applicant", "applicant", ["/my", "/applicants/new"]],
  ["an applicant", "buyer", ["/my", market.scene.returned]],
  ["an applicant", "builder", ["/my"]],
  ["an agency", "seller", ["/my", "/agencies/new"]],
  ["an agency", "evaluated", ["/my"]],
  ...market.scene.sellers.map((login) => ["an agency", login, ["/my"]]),
  ["a department", "officer-fire-rescue", ["/my"]],
  ["a department", "regulator", ["/my"]],
  ["a department", "supervisor", ["/my"]],
  ["the operator", "operator", ["/my"]],
];

for (const [kind, login, starts] of PEOPLE) {
  test(`${kind}: ${login}`, async (t) => {
    const one = await signedIn(browser, login);
    t.diagnostic(`${await judgeAll(one, starts, kind)} pages`);
  });
}

/** Judges the pages at some addresses, and no others. */
const judgeAt = (one, addresses) =>
  judgeThese(one, addresses.map((address) => ({ address, path: which(address).path })));

test("whoever another provider vouches for", async () => {
  const stranger = await person(browser);
  await stranger.context.request.get("/sign-in/with/city");
  await judgeAt(stranger, ["/sign-in/new", "/sign-in/join", "/sign-in/sign-up"]);

  const one = await signedIn(browser, "vouched");
  await one.context.request.get("/account/identities/with/city");
  await judgeAt(one, ["/account/identities/confirm"]);
  await one.page.goto("/account/identities/confirm");
  await one.page.getByLabel("您在本平台的密码").fill(market.password);
  await send(one.page, "关联");
  const unlink = await one.page.locator('a[href$="/unlink"]').getAttribute("href");
  await judgeAt(one, ["/account/identities", unlink]);

  // Who has a second factor here is asked for it.
  const post = async (path, body) => {
    const headers = { authorization: `Bearer ${market.scene.vouched}`, "idempotency-key": `factor${path}` };
    const answer = await one.context.request.post(`/api/v1/me/second-factor${path}`, { headers, data: body });
    assert.equal(answer.ok(), true, await answer.text());
    return answer.json();
  };
  const { secret } = await post("", { password: market.password });
  await post("/confirm", { code: codeOf(secret) });
  await one.context.clearCookies({ name: "market" });
  await one.context.request.get("/sign-in/with/city");
  await judgeAt(one, ["/sign-in/code"]);
});

test("whoever sets up a second factor", async () => {
  const one = await signedIn(browser, "enrolling");
  const { page } = one;
  await judgeAt(one, ["/account/second-factor/enrol", "/account/second-factor/confirm"]);
  await page.goto("/account/second-factor/enrol");
  await page.getByLabel("您在本平台的密码").fill(market.password);
  await send(page, "下一步：添加到验证器");
  assert.deepEqual(await judgeShown(page), []);
  assert.ok(await page.getByRole("img", { name: "验证器扫描的二维码" }).isVisible());
  const secret = (await page.locator(".facts dd").first().innerText()).replaceAll(" ", "");
  await page.getByLabel("验证器显示的六位数字").fill(codeOf(secret));
  await send(page, "启用");
  assert.equal(await heading(page), "第二重验证已启用");
  assert.deepEqual(await judgeShown(page), []);
  await judgeAt(one, ["/account", "/account/password", "/account/second-factor/give-up"]);
});

test("whoever is invited", async () => {
  const one = await person(browser);
  await judgeAt(one, ["/join", "/join/accept", "/join/new"]);
  await one.page.goto("/join");
  await one.page.getByLabel("邀请码").fill(market.scene.invited);
  await send(one.page, "下一步");
  assert.equal(await heading(one.page), "接受邀请");
  assert.deepEqual(await judgeShown(one.page), []);
  nothingAmiss(one);
});

test("whoever reads mail", async () => {
  const one = await signedIn(browser, "mailed");
  await judgeAt(one, ["/account/mail/confirm", "/account/mail/remove"]);
  await judgeAt(await person(browser), [market.scene.stop]);
});

test("what answers a form and changes nothing", async () => {
  const one = await signedIn(browser, "operator");
  await one.page.goto("/desk/policies/simulate?region=330282&version=1");
  const profile = one.page.locator("textarea[name='profile']");
  const text = await profile.inputValue();
  await profile.fill(text.replace("accept_days = 2 ", "accept_days = 3 "));
  await send(one.page, "推演");
  assert.ok(await one.page.locator("tbody tr").count(), "nothing would be otherwise");
  assert.deepEqual(await judgeShown(one.page), []);
  await send(one.page, "用这套参数登记新版本");
  assert.deepEqual(await judgeShown(one.page), []);
  nothingAmiss(one);
});

test("no page is left out", async () => {
  const left = (await paths()).filter((path) => !visited.has(path));
  assert.deepEqual(left, []);
});
