// What must be true of every page, whoever sees it.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

import { DESK, PHONE } from "./people.mjs";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** The most that a page may be over the wire on a first visit, with its stylesheet and script. */
const MAX_BYTES = 60_000;

/** The least that a finger needs, in pixels. */
const TARGET = 44;

/** What is wrong with a page, as a desk and as a phone show it. */
export async function judge(page, address) {
  await page.setViewportSize(DESK);
  const answer = await page.goto(address);
  const wrong = answer.status() === 200 ? [] : [`is answered with ${answer.status()}`];
  return [...wrong, ...(await judgeShown(page))];
}

/** What is wrong with the page that is shown, such as one that answers a form. */
export async function judgeShown(page) {
  const wrong = [];
  await page.setViewportSize(DESK);
  wrong.push(...(await page.evaluate(document_, MAX_BYTES)));
  wrong.push(...(await page.evaluate(sideways)));
  wrong.push(...(await accessible(page)));
  await page.setViewportSize(PHONE);
  wrong.push(...(await page.evaluate(sideways)).map((one) => `phone: ${one}`));
  wrong.push(...(await page.evaluate(small, TARGET)).map((one) => `phone: ${one}`));
  wrong.push(...(await accessible(page)).map((one) => `phone: ${one}`));
  return wrong;
}

/** What axe finds, all of its rules asked. */
async function accessible(page) {
  // By the protocol, which the content security policy of the page does not bind.
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe);
  const asked = { resultTypes: ["violations"], preload: false };
  const { violations } = await page.evaluate((asked) => window.axe.run(asked), asked);
  return violations.map(({ id, help, nodes }) => {
    const places = nodes.slice(0, 3).map(({ html }) => html.slice(0, 160));
    return `axe: ${id} (${help}), ${nodes.length} times: ${places.join(" | ")}`;
  });
}

// The functions below run in the page.

function document_(most) {
  const wrong = [];
  if (document.documentElement.lang !== "zh-CN") wrong.push("its language is not told");
  if (!/^\S.* - 网上中介服务超市$/.test(document.title)) wrong.push(`title: ${document.title}`);
  const headings = document.querySelectorAll("h1").length;
  if (headings !== 1) wrong.push(`${headings} headings of the first rank`);
  const parts = performance.getEntriesByType("navigation");
  parts.push(...performance.getEntriesByType("resource"));
  // 300 bytes stand for the head of each answer, also of those that this browser has kept.
  const bytes = parts.reduce((sum, { encodedBodySize }) => sum + encodedBodySize + 300, 0);
  if (bytes >= most) wrong.push(`${bytes} bytes`);
  const kinds = parts.map(({ name }) => new URL(name).pathname.split(".").at(-1));
  for (const kind of ["css", "js"]) {
    if (!kinds.includes(kind)) wrong.push(`no ${kind} was counted`);
  }
  return wrong;
}

function sideways() {
  const { scrollWidth } = document.documentElement;
  if (scrollWidth <= window.innerWidth) return [];
  const wide = [...document.body.querySelectorAll("*")].filter((one) => {
    const { right, width } = one.getBoundingClientRect();
    return width > 1 && right > window.innerWidth + 1;
  });
  const said = wide.slice(0, 3).map((one) => one.outerHTML.slice(0, 120));
  return [`scrolls sideways, ${scrollWidth} pixels: ${said.join(" | ")}`];
}

function small(least) {
  const all = document.querySelectorAll("a[href], button, input, select, textarea, summary");
  const wrong = [];
  for (const one of all) {
    if (one.type === "hidden" || !one.checkVisibility({ visibilityProperty: true })) continue;
    // A box or a dot is pressed by its label, too.
    const target = ["checkbox", "radio"].includes(one.type) ? one.closest("label") ?? one.labels[0] : one;
    const { width, height } = target.getBoundingClientRect();
    // What can be seen only once it has the focus is not for fingers.
    if (target.matches(".skip") || !target.checkVisibility() || width <= 1) continue;
    const inline = getComputedStyle(target).display === "inline" && isInText(target);
    if (!inline && (height < least - 0.5 || width < 24)) {
      wrong.push(`${Math.round(width)} x ${Math.round(height)}: ${target.outerHTML.slice(0, 120)}`);
    }
  }
  return wrong.slice(0, 5);

  /** Whether a link stands within a sentence, whose lines it cannot push apart. */
  function isInText(link) {
    const beside = [...link.parentElement.childNodes].filter((node) => node !== link);
    return beside.some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
  }
}
