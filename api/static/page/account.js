// Who is signed in on the desktop. Tokens are in memory only: closing the tab forgets them.

import { ask, Refusal, request } from "./server.js";

/** @typedef {import("./server.js").Options} Options */

export class Account {
  #access;
  #refresh;
  /** @type {Promise<void> | null} One renewal for all who wait. */
  #renewing = null;

  /** @param {{access_token: string, refresh_token: string}} tokens */
  constructor(tokens) {
    this.#access = tokens.access_token;
    this.#refresh = tokens.refresh_token;
  }

  /** @param {string} email @param {string} password @throws {Refusal} */
  static async signIn(email, password) {
    return new Account(await ask("POST", "/auth/login", { body: { email, password, remember_me: false } }));
  }

  /** As `ask` of server.js, signed in. @param {string} method @param {string} path @param {Options} [options] */
  ask(method, path, options = {}) {
    return this.#renewed(() => ask(method, path, { ...options, authorization: `Bearer ${this.#access}` }));
  }

  /** As `request` of server.js, signed in. @param {string} path @param {Options} options @param {AbortSignal} signal */
  open(path, options, signal) {
    const authorization = () => ({ ...options, authorization: `Bearer ${this.#access}` });
    return this.#renewed(() => request("GET", path, authorization(), signal));
  }

  /** End the session on the server too; whatever that answers, it is forgotten here. */
  async signOut() {
    try {
      await this.ask("POST", "/auth/logout");
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
    }
  }

  /** @template T @param {() => Promise<T>} send @returns {Promise<T>} */
  async #renewed(send) {
    try {
      return await send();
    } catch (refusal) {
      if (!(refusal instanceof Refusal) || refusal.status !== 401) throw refusal;
      this.#renewing ??= this.#renew().finally(() => (this.#renewing = null));
      await this.#renewing;
      return send();
    }
  }

  async #renew() {
    const tokens = await ask("POST", "/auth/refresh", { body: { refresh_token: this.#refresh } });
    this.#access = tokens.access_token;
    this.#refresh = tokens.refresh_token;
  }
}
