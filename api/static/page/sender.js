// Empties the outbox, in order, for as long as the session lives: again and again until the server has everything.

import { Refusal } from "./server.js";

/** @typedef {import("./outbox.js").Capture} Capture */
/** @typedef {import("./outbox.js").Outbox} Outbox */

/**
 * @typedef {object} Listener
 * @property {(captures: Capture[], items: any[]) => void} sent The items are the server's, in the same order.
 * @property {(capture: Capture, refusal: Refusal) => void} refused It was put aside.
 * @property {(refusal: Refusal, seconds: number) => void} waiting It is tried again after so many seconds.
 * @property {(refusal: Refusal) => void} ended Nothing will be taken any more.
 * @property {(error: unknown) => void} failed The phone's own storage does not work.
 */

const BATCH = 50;
const LONGEST_PAUSE = 30;

/** That the link is no good any more, or the session is over. @param {Refusal} refusal */
export function isEnd(refusal) {
  return [401, 404, 410].includes(refusal.status);
}

export class Sender {
  #outbox;
  #deliver;
  #listener;
  #isRunning = false;
  #isAsked = false;
  #hasEnded = false;
  #failures = 0;
  /** How many are sent one by one, since one of them was refused. */
  #alone = 0;
  /** Ends the pause. */
  #wake = () => {};

  /**
   * @param {Outbox} outbox
   * @param {(captures: Capture[]) => Promise<any[]>} deliver Takes barcodes, or one photo.
   * @param {Listener} listener
   */
  constructor(outbox, deliver, listener) {
    this.#outbox = outbox;
    this.#deliver = deliver;
    this.#listener = listener;
    addEventListener("online", () => this.kick());
  }

  /** Look into the outbox: something was put there, or the network is back. */
  async kick() {
    this.#isAsked = true;
    this.#wake();
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      while (this.#isAsked && !this.#hasEnded) {
        this.#isAsked = false;
        await this.#empty();
      }
    } catch (error) {
      this.#listener.failed(error);
    } finally {
      this.#isRunning = false;
    }
  }

  async #empty() {
    for (let batch = await this.#next(); batch.length && !this.#hasEnded; batch = await this.#next()) {
      try {
        const items = await this.#deliver(batch);
        this.#failures = 0;
        this.#alone = Math.max(0, this.#alone - batch.length);
        await this.#outbox.remove(batch);
        this.#listener.sent(batch, items);
      } catch (refusal) {
        if (!(refusal instanceof Refusal)) throw refusal;
        await this.#cope(batch, refusal);
      }
    }
  }

  /** Barcodes first, as they are quick; then photos, one by one. */
  async #next() {
    const waiting = (await this.#outbox.all()).filter((each) => each.refused === undefined);
    const barcodes = waiting.filter((each) => each.kind === "barcode").slice(0, this.#alone ? 1 : BATCH);
    return barcodes.length ? barcodes : waiting.slice(0, 1);
  }

  /** @param {Capture[]} batch @param {Refusal} refusal */
  async #cope(batch, refusal) {
    if (isEnd(refusal)) {
      this.#hasEnded = true;
      this.#listener.ended(refusal);
    } else if (refusal.isPassing) {
      await this.#pause(refusal);
    } else if (batch.length > 1) {
      this.#failures = 0;
      this.#alone = batch.length; // Which one it is shows when they are sent one by one.
    } else {
      this.#failures = 0;
      this.#alone = Math.max(0, this.#alone - 1);
      await this.#outbox.setAside(batch, refusal.message);
      this.#listener.refused(batch[0], refusal);
    }
  }

  /** Longer each time, and never all phones at once. What the server asks for is kept to. @param {Refusal} refusal */
  async #pause(refusal) {
    const backOff = Math.min(LONGEST_PAUSE, 2 ** this.#failures) * (0.5 + Math.random() / 2);
    this.#failures += 1;
    const seconds = Math.max(refusal.retryAfter, backOff);
    this.#listener.waiting(refusal, seconds);
    await new Promise((resolve) => {
      setTimeout(resolve, seconds * 1000);
      // Whoever captures more, or comes back to the network, need not wait, unless the server asked for it.
      if (!refusal.retryAfter) this.#wake = () => resolve(undefined);
    });
    this.#wake = () => {};
  }
}
