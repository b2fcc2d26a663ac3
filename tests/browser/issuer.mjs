// A provider that vouches for whoever comes: each browser is somebody of its own there.

import { createHash, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";

const CLIENT = "market";
const COOKIE = "vouched";

const encoded = (what) => Buffer.from(JSON.stringify(what)).toString("base64url");

/** Starts it on a free port; gives its address, and how to end it. */
export async function startIssuer() {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const granted = new Map();
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${server.address().port}`;

  const token = ({ nonce, subject }) => {
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: url, aud: CLIENT, iat: now, exp: now + 300, nonce, sub: subject, name: "王小明" };
    const text = `${encoded({ alg: "ES256", kid: "1" })}.${encoded(claims)}`;
    const signature = sign("sha256", Buffer.from(text), { key: privateKey, dsaEncoding: "ieee-p1363" });
    return `${text}.${signature.toString("base64url")}`;
  };
  const told = (response, what) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(what));
  };
  const authorize = (request, response, asked) => {
    const known = request.headers.cookie?.match(new RegExp(`${COOKIE}=([^;]+)`))?.[1];
    const [subject, code] = [known ?? randomUUID(), randomUUID()];
    const [nonce, challenge] = [asked.get("nonce"), asked.get("code_challenge")];
    granted.set(code, { nonce, challenge, subject });
    const back = new URL(asked.get("redirect_uri"));
    back.searchParams.set("code", code);
    back.searchParams.set("state", asked.get("state"));
    response.writeHead(303, { location: back.href, "set-cookie": `${COOKIE}=${subject}; Path=/; HttpOnly` });
    response.end();
  };
  const exchange = async (request, response) => {
    const sent = new URLSearchParams(Buffer.concat(await request.toArray()).toString());
    const grant = granted.get(sent.get("code"));
    granted.delete(sent.get("code"));
    const proof = createHash("sha256").update(sent.get("code_verifier") ?? "").digest("base64url");
    if (proof !== grant?.challenge) {
      response.statusCode = 400;
      return told(response, { error: "invalid_grant" });
    }
    return told(response, { access_token: "nothing", token_type: "Bearer", id_token: token(grant) });
  };
  server.on("request", (request, response) => {
    const { pathname, searchParams } = new URL(request.url, url);
    if (pathname === "/authorize") return authorize(request, response, searchParams);
    if (pathname === "/token") return exchange(request, response);
    if (pathname === "/keys") {
      const key = { ...publicKey.export({ format: "jwk" }), use: "sig", kid: "1" };
      return told(response, { keys: [key] });
    }
    return told(response, {
      issuer: url,
      authorization_endpoint: `${url}/authorize`,
      token_endpoint: `${url}/token`,
      jwks_uri: `${url}/keys`,
      response_types_supported: ["code"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["ES256"],
    });
  });
  const end = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return { url, end };
}

/** The provider, as the settings of a server have it. */
export const setting = (issuer) => `[[provider]]
key = "city"
name = "城市统一身份平台"
issuer = "${issuer.url}"
client_id = "${CLIENT}"
makes_accounts = true
`;
