// Asking the server, and what it says no with.

/**
 * What a request was refused with.
 * @property {number} status 0 when the server could not be reached.
 * @property {string} code As in its problem documents.
 * @property {number} retryAfter Seconds that the server asked for; 0 when it named none.
 */
export class Refusal extends Error {
  /** @param {number} status @param {string} code @param {string} detail @param {number} retryAfter */
  constructor(status, code, detail, retryAfter = 0) {
    super(detail);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }

  /** Whether the very same request may succeed later. */
  get isPassing() {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

/**
 * @typedef {object} Options
 * @property {string} [authorization] Never stands in an address.
 * @property {object | FormData} [body]
 * @property {Record<string, string>} [headers]
 * @property {number} [seconds] For the whole answer.
 */

/**
 * Send a request to the API and give the answer's JSON; null where it has no body.
 * @param {string} method @param {string} path Below `/api/v1`. @param {Options} options
 * @returns {Promise<any>}
 * @throws {Refusal}
 */
export async function ask(method, path, options = {}) {
  const response = await request(method, path, options, AbortSignal.timeout((options.seconds ?? 15) * 1000));
  try {
    const text = await response.text();
    return text ? JSON.parse(text) : null;
  } catch {
    throw away();
  }
}

/**
 * Send a request and give the answer as soon as it begins.
 * @param {string} method @param {string} path @param {Options} options @param {AbortSignal} signal
 * @returns {Promise<Response>}
 * @throws {Refusal}
 */
export async function request(method, path, { authorization, body, headers = {} }, signal) {
  const sent = new Headers(headers);
  if (authorization) sent.set("Authorization", authorization);
  const isJson = body !== undefined && !(body instanceof FormData);
  if (isJson) sent.set("Content-Type", "application/json");
  /** @type {Response} */
  let response;
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      headers: sent,
      body: body instanceof FormData ? body : isJson ? JSON.stringify(body) : undefined,
      cache: "no-store",
      credentials: "omit",
      referrerPolicy: "no-referrer",
      signal,
    });
  } catch {
    throw away();
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

/** @param {Response} response */
async function refusal(response) {
  /** @type {any} */
  const problem = await response.json().catch(() => ({}));
  const detail = problem.detail ?? `The server answered ${response.status}.`;
  const seconds = Number(response.headers.get("Retry-After"));
  return new Refusal(response.status, problem.code ?? "", detail, seconds > 0 ? seconds : 0);
}

function away() {
  return new Refusal(0, "", "The server cannot be reached.");
}
