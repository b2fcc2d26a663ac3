// A server of the demonstration, with data of its own that is gone afterwards.

import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** How long the demonstration may take to load. */
const PATIENCE = 120_000;

/** Starts `market demo` on a free port; gives what it tells, its folder, and how to end it. */
export async function startServer(program) {
  const folder = await mkdtemp(join(tmpdir(), "market-browser."));
  const data = join(folder, "data");
  const settings = ["--rate-limits", "false", "--log", "warn"];
  const args = ["demo", "--data", data, "--listen", "127.0.0.1:0", ...settings];
  const server = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  const end = async () => {
    if (server.exitCode === null) {
      const gone = new Promise((resolve) => server.once("exit", resolve));
      server.kill("SIGTERM");
      await gone;
    }
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const url = await listening(server);
    const told = JSON.parse(await readFile(join(data, "demo.json"), "utf8"));
    return { ...told, url, folder, data, program, end };
  } catch (why) {
    await end();
    throw why;
  }
}

/** Where a server listens, once it does. */
function listening(server) {
  return new Promise((resolve, reject) => {
    let said = "";
    const fail = (why) => reject(new Error(`the server did not start: ${why}\n${said}`));
    const late = setTimeout(() => fail("it took too long"), PATIENCE);
    const read = (chunk) => {
      said += chunk;
      const found = said.match(/^portal +(http:\S+)$/m);
      if (found && said.includes("try:")) {
        clearTimeout(late);
        resolve(found[1]);
      }
    };
    server.stdout.on("data", read);
    server.stderr.on("data", read);
    server.once("error", (why) => fail(why.message));
    server.once("exit", (code) => fail(`it ended with ${code}`));
  });
}

/** Gives somebody an account who may act for parties. */
export async function createPerson(server, login, name, parties) {
  const may = parties.flatMap((party) => ["--party", party]);
  const args = ["user", "create", login, "--name", name, "--data", server.data, ...may];
  const creating = run(server.program, [...args, "--password-stdin"]);
  creating.child.stdin.end(`${server.password}\n`);
  await creating;
}
