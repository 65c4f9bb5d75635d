// Server-sent events over fetch: EventSource can send no Authorization header, and a token never stands in an address.

import { Refusal } from "./server.js";

/** @typedef {{type: string, data: any}} Event */
/**
 * @typedef {object} Follower
 * @property {(lastEventId: string, signal: AbortSignal) => Promise<Response>} open
 * @property {(event: Event) => void} told
 * @property {(isLive: boolean) => void} live
 * @property {(refusal: Refusal) => void} ended The server will not tell any more.
 */

const SILENCE_MS = 40_000; // The server says something every 15 s.
const LONGEST_PAUSE_MS = 15_000;

/** Follow a stream until the signal says stop, going on where it broke off. @param {Follower} follower @param {AbortSignal} signal */
export async function follow(follower, signal) {
  let lastEventId = "";
  let failures = 0;
  while (!signal.aborted) {
    const watch = new Watch(signal);
    try {
      const response = await follower.open(lastEventId, watch.signal);
      if (response.status === 204 || !response.body) return;
      follower.live(true);
      for await (const { id, ...event } of events(response.body, () => watch.seen())) {
        failures = 0;
        lastEventId = id || lastEventId;
        follower.told(event);
      }
    } catch (error) {
      if (error instanceof Refusal && !error.isPassing && !signal.aborted) return follower.ended(error);
    } finally {
      watch.stop();
    }
    if (signal.aborted) return;
    follower.live(false);
    const pause = Math.min(LONGEST_PAUSE_MS, 500 * 2 ** failures) * (0.5 + Math.random() / 2);
    failures += 1;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** Hangs up when nothing was heard for long, or when the page says so. */
class Watch {
  #controller = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {AbortSignal} outer */
  constructor(outer) {
    outer.addEventListener("abort", () => this.#controller.abort(), { signal: this.#controller.signal });
    this.seen();
  }

  get signal() {
    return this.#controller.signal;
  }

  seen() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#controller.abort(), SILENCE_MS);
  }

  stop() {
    clearTimeout(this.#timer);
    this.#controller.abort();
  }
}

/**
 * The events of a body (HTML standard, "server-sent events"); comments only tell that somebody is there.
 * @param {ReadableStream<any>} body @param {() => void} heard
 * @returns {AsyncGenerator<Event & {id: string}>}
 */
async function* events(body, heard) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let { value, done } = await reader.read(); !done; { value, done } = await reader.read()) {
    heard();
    const blocks = (rest + value).split(/\r\n\r\n|\n\n|\r\r(?!\n)/);
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const event = parsed(block);
      if (event) yield event;
    }
  }
}

/** @param {string} block @returns {Event & {id: string} | null} */
function parsed(block) {
  const event = { type: "message", id: "", data: /** @type {string[]} */ ([]) };
  for (const line of block.split(/\r\n|\n|\r/)) {
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "event") event.type = value;
    if (name === "id") event.id = value;
    if (name === "data") event.data.push(value);
  }
  return event.data.length ? { ...event, data: JSON.parse(event.data.join("\n")) } : null;
}
