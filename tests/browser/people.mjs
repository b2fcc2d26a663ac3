// People before browsers: who they are, and what must be true of every page that they see.

import assert from "node:assert/strict";

import { chromium } from "playwright-core";

/** Where the server is that `run.mjs` started, and what it told. */
export const market = JSON.parse(process.env.MARKET_BROWSER ?? "null");

/** The longest that anything may take. */
const PATIENCE = 60_000;

/** A desk's screen, and a phone's. */
export const DESK = { width: 1280, height: 900 };
export const PHONE = { width: 390, height: 844 };

/** Starts Chromium. As root, or where users have no namespaces, its sandbox cannot be. */
export async function startBrowser() {
  const executablePath = process.env.MARKET_CHROMIUM ?? "/usr/bin/chromium";
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
}

/**
 * A person with a browser of their own. `amiss` is what went wrong on any page: what the console
 * tells, which reports of the content security policy are among, what failed to load, and what was
 * asked of other hosts.
 */
export async function person(browser, options = {}) {
  const context = await browser.newContext({
    baseURL: market.url,
    locale: "zh-CN",
    colorScheme: "light",
    viewport: DESK,
    ...options,
  });
  context.setDefaultTimeout(PATIENCE);
  const amiss = [];
  const own = new URL(market.url).origin;
  context.on("console", (message) => {
    // That a page was answered with 4xx is not for the console to judge.
    const isStatus = message.text().startsWith("Failed to load resource: the server responded");
    if (["error", "warning"].includes(message.type()) && !isStatus) {
      amiss.push(`${message.location().url}: ${message.text()}`);
    }
  });
  context.on("weberror", (wrong) => amiss.push(`${wrong.page()?.url()}: ${wrong.error()}`));
  context.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol !== "data:" && origin !== own) amiss.push(`asked of others: ${request.url()}`);
  });
  context.on("response", (response) => {
    const isPage = response.request().isNavigationRequest();
    if (!isPage && response.status() >= 400) {
      amiss.push(`${response.url()}: ${response.status()}`);
    }
  });
  const page = await context.newPage();
  return { context, page, amiss };
}

/** Signs somebody in by the page for that. */
export async function signIn(page, login, password = market.password) {
  await page.goto("/sign-in?next=/my");
  await page.getByLabel("登录名").fill(login);
  await page.getByLabel("密码", { exact: true }).fill(password);
  await page.getByRole("button", { name: "登录" }).click();
  await page.waitForURL(({ pathname }) => pathname !== "/sign-in");
}

/** Somebody with an account, signed in. */
export async function signedIn(browser, login, options) {
  const one = await person(browser, options);
  await signIn(one.page, login);
  return one;
}

/** Nothing went wrong on any page that they saw. */
export function nothingAmiss(...people) {
  for (const { amiss } of people) assert.deepEqual(amiss, []);
}

/** Presses a button of the form on the page, and waits for the page that comes of it. */
export async function send(page, button) {
  const next = page.waitForEvent("framenavigated");
  await page.locator("form.fill").getByRole("button", { name: button, exact: true }).click();
  await next;
  await page.waitForLoadState();
}

/** The heading of the page. */
export const heading = (page) => page.locator("h1").innerText();
