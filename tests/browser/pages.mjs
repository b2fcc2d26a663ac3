// The pages that the portal has, and where each is found.

import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const PORTAL = join(dirname(fileURLToPath(import.meta.url)), "../../market-api/src/portal");

/** What is answered to a browser and is no page, and why. */
const NO_PAGES = new Map([
  ["/suggested", "the choices of a field"],
  ["/statistics.csv", "a file"],
  ["/desk/audit.csv", "a file"],
  ["/desk/policies/{region}/{version}/file", "a file"],
  ["/calendar.ics", "a file"],
  ["/notices/{id}", "on to what a notice is about"],
  ["/sign-in/with/{provider}", "away to a provider"],
  ["/sign-in/with/{provider}/callback", "back from it"],
  ["/account/identities/with/{provider}", "away to a provider"],
]);

/** How many pages that differ only by what they are about are asked for by each person. */
const ALIKE = 8;

/** Every path at which the portal has a page, as the router's table has it. */
export async function paths() {
  const files = await readdir(PORTAL, { recursive: true });
  const sources = files.filter((name) => name.endsWith(".rs")).map((name) => join(PORTAL, name));
  const texts = await Promise.all(sources.map((name) => readFile(name, "utf8")));
  const found = texts.flatMap((text) => [...text.matchAll(/\.route\(\s*"([^"]+)",\s*get\(/g)]);
  return found.map(([, path]) => path).filter((path) => !NO_PAGES.has(path)).sort();
}

/** A path of the table as an expression; what is fixed comes before what is not. */
function expression(path) {
  const parts = path.split("/").map((part) => {
    const named = part.match(/^\{(\w+)\}$/);
    return named ? `(?<${named[1]}>[^/]+)` : part.replaceAll(".", "\\.");
  });
  return { path, matches: new RegExp(`^${parts.join("/")}$`), free: path.split("{").length };
}

/** Tells which path of the table an address belongs to. */
export function table(all) {
  const known = all.map(expression).sort((a, b) => a.free - b.free);
  return (address) => {
    const { pathname, searchParams } = new URL(address, "http://market");
    const found = known.find(({ matches }) => matches.test(pathname));
    if (!found) return null;
    const named = pathname.match(found.matches).groups ?? {};
    // Another step is another page; another thing is the same page.
    const steps = ["step", "act"].map((name) => named[name] ?? "");
    const asked = [...searchParams.keys()].sort();
    return { path: found.path, kind: [found.path, ...steps, ...asked].join(" ") };
  };
}

const unescaped = (text) => text.replaceAll("&#38;", "&");

/** What a page is apart from what every view of it has anew. */
const lasting = (html) => html.replaceAll(/name="(proof|key|nonce)" value="[^"]*"/g, "");

/**
 * Follows every link that somebody is shown, from some addresses on; gives one address for each
 * kind of page and each state of what it shows, and the links that lead nowhere. `seen` has what
 * everybody before was shown, `known` what others of their kind were.
 */
export async function explore(request, starts, which, seen, known) {
  const [asked, found, broken] = [new Map(), [], []];
  const queue = starts.map((address) => ({ address, from: "the start" }));
  const queued = new Set(starts);
  while (queue.length) {
    const { address, from } = queue.shift();
    const { kind } = which(address);
    const times = asked.get(kind) ?? 0;
    if (times >= ALIKE) continue;
    asked.set(kind, times + 1);
    const answer = await request.get(address, { headers: { accept: "text/html" } });
    if (answer.status() !== 200) {
      broken.push(`${from} leads to ${address}, which is answered with ${answer.status()}`);
      continue;
    }
    if (!answer.headers()["content-type"]?.startsWith("text/html")) continue;
    const html = await answer.text();
    // Whoever must sign in first is shown another page than they asked for.
    const shown = which(answer.url());
    const state = html.split("<h1")[1]?.match(/<span class="tag[^"]*">([^<]*)/)?.[1] ?? "";
    const key = `${shown.kind} ${state}`;
    if (!known.has(key) && !seen.has(lasting(html))) found.push({ address, path: shown.path });
    known.add(key);
    seen.add(lasting(html));
    for (const [, href] of html.matchAll(/href="(\/[^"]*)"/g)) {
      const [next] = unescaped(href).split("#");
      if (queued.has(next)) continue;
      queued.add(next);
      if (!which(next)) {
        // Leaving for a provider is counted, by address: once for everybody is enough.
        const departs = next.includes("/with/");
        if (departs && seen.has(next)) continue;
        if (departs) seen.add(next);
        // A file, or an answer of the API: it is there, and that is all.
        const found = await request.get(next, { maxRedirects: 0 });
        if (found.status() >= 400) {
          broken.push(`${address} leads to ${next}, which is answered with ${found.status()}`);
        }
        continue;
      }
      queue.push({ address: next, from: address });
    }
  }
  return { pages: found, broken };
}
