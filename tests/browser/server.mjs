// A server of the demonstration, with data of its own that is gone afterwards.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { setting, startIssuer } from "./issuer.mjs";

const run = promisify(execFile);

/** How long the demonstration may take to load. */
const PATIENCE = 120_000;

/** A port that nobody has. */
async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/**
 * Starts `market demo` on a free port, with a folder for its mail and a provider that vouches for
 * people; gives what it tells, its folders, and how to end it.
 */
export async function startServer(program) {
  const folder = await mkdtemp(join(tmpdir(), "market-browser."));
  const [data, mail, config] = ["data", "mail", "market.toml"].map((name) => join(folder, name));
  const [issuer, port] = [await startIssuer(), await freePort()];
  await writeFile(config, setting(issuer));
  // A provider sends people back to where they know the server: its port is known before.
  const place = ["--listen", `127.0.0.1:${port}`, "--public-url", `http://127.0.0.1:${port}`];
  const settings = ["--rate-limits", "false", "--log", "warn", "--mail", `file:${mail}`];
  const args = ["demo", "--config", config, "--data", data, ...place, ...settings];
  const server = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  const end = async () => {
    if (server.exitCode === null) {
      const gone = new Promise((resolve) => server.once("exit", resolve));
      server.kill("SIGTERM");
      await gone;
    }
    await issuer.end();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const url = await listening(server);
    const told = JSON.parse(await readFile(join(data, "demo.json"), "utf8"));
    return { ...told, url, folder, data, mail, program, end };
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
