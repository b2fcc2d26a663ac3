import createClient from "openapi-fetch";

import type { components, paths } from "./description.js";

/** What is sent and shown, by the names of the description. */
export type Schemas = components["schemas"];

/** Why the market did not do what was asked (RFC 9457). */
export class ProblemError extends Error {
  constructor(readonly problem: Schemas["Problem"]) {
    super(`${problem.code}: ${problem.title}`);
  }
}

/** A market at an address, asked with somebody's token; without one, as anybody. */
export function market(url: string, token?: string) {
  const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  return createClient<paths>({ baseUrl: url, headers });
}

/** A key for a call that is meant: new for each, the same when that call is sent again. */
export function key(): { "Idempotency-Key": string } {
  return { "Idempotency-Key": crypto.randomUUID() };
}

/** The answer, or the problem thrown. */
export function good<T>(answer: { data?: T; error?: Schemas["Problem"] }): T {
  if (answer.error !== undefined) throw new ProblemError(answer.error);
  return answer.data as T;
}
