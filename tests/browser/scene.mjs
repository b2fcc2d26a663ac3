// What the demonstration lacks, so that every page has something to show: made by the API, as
// programs of the parties would.

import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

import { createPerson } from "./server.mjs";

const run = promisify(execFile);

/** What the scene is about: what the demonstration's purchases buy, and for what. */
const [ITEM, MATTER] = ["environmental-monitoring", "open-aquaculture"];

/** A party's program: asks, and does, with its token. */
function program(url, token) {
  const ask = async (method, path, body) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    if (method !== "GET") {
      Object.assign(headers, { "if-match": "*", "idempotency-key": randomBytes(8).toString("hex") });
    }
    const asked = { method, headers, body: body && JSON.stringify(body) };
    const answer = await fetch(`${url}/api/v1${path}`, asked);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : {};
  };
  const get = (path) => ask("GET", path);
  const post = (path, body) => ask("POST", path, body);
  const put = (path, body) => ask("PUT", path, body);
  return { get, post, put };
}

/** A token with which somebody acts for a party. */
async function token(server, login, party) {
  const args = ["token", "create", login, "--party", party, "--label", "scene"];
  return (await run(server.program, [...args, "--data", server.data])).stdout.trim();
}

/** Everybody with an account, and for whom they act. */
async function people(server) {
  const { stdout } = await run(server.program, ["user", "list", "--data", server.data]);
  const rows = stdout.trim().split("\n").map((line) => line.split("\t"));
  return new Map(rows.map(([, login, , parties]) => [login, parties?.split(",") ?? []]));
}

/** A notice that asks for quotes, and is open for two weeks. */
function notice(title) {
  return {
    title,
    content: "开展养殖尾水排放检测，出具检测报告。",
    scale: "检测点位 3 个",
    mode: "lowest_price",
    price: { kind: "amount", low: "5000", high: "10000" },
    service_days: 15,
    closes_at: new Date(Date.now() + 14 * 86_400_000).toISOString(),
    contact: { name: "演示联系人", phone: "0574-0000-0000" },
    complaint_phone: "0574-0000-0000",
  };
}

/** Drafts a purchase of an owner's, with a case of its own; gives its id. */
async function draft(owner, title, fund = "social") {
  const about = { matter: MATTER, title, region: "330282", fund };
  const { id: case_id } = await owner.post("/cases", about);
  const { id } = await owner.post("/purchases", { case_id, item: ITEM, notice: notice(title) });
  return id;
}

/** Hands a draft in: it is published, or reviewed first. */
async function submit(owner, id) {
  const opening_code = randomBytes(32).toString("hex");
  await owner.post(`/purchases/${id}/submit`, { opening_code });
  return id;
}

/** Sets the scene; gives what tests must know of it. */
export async function setScene(server) {
  const known = await people(server);
  const act = async (login, party) => program(server.url, await token(server, login, party));
  const join = async (login, party) => {
    await createPerson(server, login, `${login} 演示`, [party]);
    return act(login, party);
  };
  const [buying] = known.get("applicant-1");
  const buyer = await act("applicant-1", buying);
  const purchases = (await buyer.get("/purchases?own=true&limit=100")).items;
  const of = (state) => purchases.find((one) => one.state.state === state).id;

  // Agencies that may register for what the demonstration's purchases buy.
  const registered = (await buyer.get(`/purchases/${of("publicity")}/registrations`)).items;
  const [seller, rival] = registered.map(({ agency_id }) => agency_id);
  const selling = await join("seller", `agency:${seller}`);
  await join("rival", `agency:${rival}`);
  await selling.post(`/purchases/${of("publicity")}/complaints`, {
    facts: "中选机构没有这项检测的资质。",
    demand: "重新选取。",
    contact: { name: "演示联系人", phone: "0574-0000-0000" },
  });
  const expires_at = new Date(Date.now() + 30 * 86_400_000).toISOString();
  await selling.post("/api-keys", { name: "订单同步", scopes: ["read", "orders"], expires_at });
  await selling.post("/webhooks", { url: "https://receiver.example/hooks", scope: "own" });
  await selling.put(`/purchases/${of("open")}/registration`, { practitioners: [] });
  await selling.post(`/purchases/${of("open")}/questions`, { text: "点位可以用往年的吗？" });

  // One that is drafted, one that is reviewed, one that is given up after somebody registered.
  await draft(buyer, "坎墩街道养殖尾水检测");
  await submit(buyer, await draft(buyer, "胜山镇养殖尾水检测", "fiscal"));
  const voided = await submit(buyer, await draft(buyer, "桥头镇养殖尾水检测"));
  await selling.put(`/purchases/${voided}/registration`, { practitioners: [] });
  await buyer.post(`/purchases/${voided}/void`, { reason: "养殖计划取消" });


  // An order that everybody evaluates, and an evaluation against which its agency appeals.
  const orderer = await act("applicant-2", known.get("applicant-2")[0]);
  const signedOff = (await orderer.get("/orders?state=signed_off&limit=100")).items;
  const { id: order, terms } = signedOff.find((one) => one.terms.item === "fire-facility-inspection");
  const fire = await act("officer-fire-rescue", "department:fire-rescue");
  const evaluated = await join("evaluated", `agency:${terms.agency_id}`);
  await fire.post(`/orders/${order}/use`);
  for (const rater of [orderer, evaluated, fire]) {
    const { dimensions } = await rater.get(`/orders/${order}/evaluations`);
    const marks = Object.fromEntries(dimensions.map(({ code }) => [code, 2]));
    await rater.post(`/orders/${order}/evaluations`, { marks, comment: "现场来得晚，报告写得简单。" });
  }
  const { evaluations } = await evaluated.get(`/orders/${order}/evaluations`);
  const [about] = evaluations.filter(({ rater }) => rater.kind === "applicant");
  await evaluated.post(`/evaluations/${about.id}/appeal`, { reason: "约定的时间是申请人改的。" });

  // A step that its department returned, and those who see many orders in many states.
  const [matter] = (await buyer.get("/cases?limit=100")).items.filter(({ steps }) =>
    steps.some(({ step, state, department }) => step === "s1" && state === "in_review" && department === "development-reform"),
  );
  const planning = await act("officer-development-reform", "department:development-reform");
  await planning.post(`/cases/${matter.id}/steps/s1/return`, { reason: "缺少用地预审意见" });
  await createPerson(server, "buyer", "采购演示人员", [buying]);
  await createPerson(server, "supervisor", "农业演示人员", ["department:agriculture-rural"]);
  await createPerson(server, "regulator", "市场监管演示人员", ["department:market-regulation"]);
  const [building] = known.get("applicant-5");
  await createPerson(server, "builder", "建厂演示人员", [building]);
  const builder = await act("applicant-5", building);
  const orders = [];
  for (const one of [builder, orderer, buyer]) orders.push(...(await one.get("/orders?limit=100")).items);
  const { items: listings } = await buyer.get("/listings?state=published&limit=2");
  const sellers = new Map();
  for (const { state, terms } of orders) {
    const wanted = ["placed", "accepted", "contracted", "in_service", "delivered", "reworking"];
    if (!wanted.includes(state.state) || [...sellers.values()].includes(terms.agency_id)) continue;
    if (!sellers.has(state.state)) sellers.set(state.state, terms.agency_id);
  }
  for (const [state, agency] of sellers) {
    await createPerson(server, `seller-${state}`, "机构演示人员", [`agency:${agency}`]);
  }
  const [letter] = await until(async () => (await buyer.get(`/purchases/${of("ordered")}/award-letters`)).items);
  const compared = listings.map(({ id }) => `listing=${id}`).join("&");
  const returned = `/cases/${matter.id}/steps/s1/resubmit`;

  // Somebody for whom a provider will vouch, and somebody whose mailbox is not confirmed yet; every
  // mail has an address that ends mail.
  await createPerson(server, "vouched", "关联演示人员", [building]);
  const vouched = await token(server, "vouched", building);
  // Somebody who sets up a second factor, and somebody who does so without scripts; an invitation.
  await createPerson(server, "enrolling", "验证演示人员", [building]);
  await createPerson(server, "guarded", "验证演示人员", [building]);
  const invitation = { role: "member", name: "邀请演示人员" };
  const { code: invited } = await selling.post(`/parties/agency:${seller}/invitations`, invitation);
  const mailed = await join("mailed", building);
  await mailed.put("/me/mailbox", { address: "mailed@market.example", language: "zh" });
  const stop = await until(() => stopping(server.mail));
  const scene = { code: letter.code, compared, returned, vouched, stop, invited };
  return { ...scene, sellers: [...sellers.keys()].map((state) => `seller-${state}`) };
}

/** Where the first mail of a folder says that mail is ended. */
async function stopping(folder) {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".eml"));
  if (!names.length) return "";
  const mail = await readFile(path.join(folder, names[0]), "utf8");
  return mail.replaceAll("\r\n ", "").match(/^List-Unsubscribe: <https?:\/\/[^/]+([^>]+)>/m)?.[1] ?? "";
}

/** Asks until there is something, which a follower of the journal makes. */
async function until(ask) {
  for (let tries = 0; tries < 300; tries += 1) {
    const found = await ask();
    if (found.length) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("nothing came of it within half a minute");
}
