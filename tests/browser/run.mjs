// Runs the tests against a server of their own: `node run.mjs [PART OF A FILE'S NAME]…`

import { mkdir, mkdtemp, readdir } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { finished } from "node:stream/promises";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { fileURLToPath } from "node:url";

import { setScene } from "./scene.mjs";
import { startServer } from "./server.mjs";

/** The longest that a file of tests may take. */
const PATIENCE = 900_000;

const here = dirname(fileURLToPath(import.meta.url));
const program = process.env.MARKET_PROGRAM ?? join(here, "../../target/debug/market");
const wanted = process.argv.slice(2);

const names = (await readdir(here)).filter((name) => name.endsWith(".test.mjs"));
const chosen = names.filter((name) => !wanted.length || wanted.some((part) => name.includes(part)));
if (!chosen.length) {
  console.error(`no file of tests is called like ${wanted.join(" or ")}: there are ${names.join(", ")}`);
  process.exit(2);
}

const pictures = process.env.MARKET_PICTURES ?? (await mkdtemp(join(tmpdir(), "market-pictures.")));
await mkdir(pictures, { recursive: true });
const server = await startServer(program);
let failed = 0;
const end = async () => {
  await server.end();
  process.exit(1);
};
process.once("SIGINT", end);
process.once("SIGTERM", end);
try {
  const { url, docs, password } = server;
  const scene = await setScene(server);
  process.env.MARKET_BROWSER = JSON.stringify({ url, docs, password, scene, pictures });
  const files = chosen.map((name) => join(here, name));
  const tests = run({ files, concurrency: availableParallelism(), timeout: PATIENCE });
  tests.on("test:fail", () => (failed += 1));
  tests.compose(new spec()).pipe(process.stdout);
  await finished(tests);
} finally {
  await server.end();
}
console.log(`pictures of the main pages: ${pictures}`);
process.exitCode = failed ? 1 : 0;
