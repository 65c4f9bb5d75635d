// What was captured and is not on the server yet. It lies in IndexedDB: it outlives the page, a flat battery, a cellar.

/**
 * @typedef {object} Capture
 * @property {number} [seq] Its place in the order.
 * @property {string} session
 * @property {string} id The `client_item_id`: however often it is sent, it counts once.
 * @property {"barcode" | "photo"} kind
 * @property {string} at RFC 3339.
 * @property {string} [code]
 * @property {string} [type]
 * @property {"camera" | "manual"} [source]
 * @property {Blob} [picture]
 * @property {string} [refused] Why the server will not have it.
 */

const KEPT_DAYS = 8; // A session lives for seven at most.

export class Outbox {
  #database;
  #session;

  /** @param {IDBDatabase} database @param {string} session */
  constructor(database, session) {
    this.#database = database;
    this.#session = session;
  }

  /** Open that of a session, and forget what is left of sessions long gone. @param {string} session */
  static async open(session) {
    const opening = indexedDB.open("gangway-capture", 1);
    opening.onupgradeneeded = () => {
      const store = opening.result.createObjectStore("captures", { keyPath: "seq", autoIncrement: true });
      store.createIndex("session", "session");
    };
    const outbox = new Outbox(await settled(opening), session);
    await outbox.#forgetOld();
    return outbox;
  }

  /** Keep a capture until it is sent. @param {Omit<Capture, "session">} capture */
  async put(capture) {
    const store = this.#store("readwrite");
    await settled(store.add({ ...capture, session: this.#session }));
  }

  /** All of this session, oldest first. @returns {Promise<Capture[]>} */
  async all() {
    return settled(this.#store("readonly").index("session").getAll(this.#session));
  }

  /** @param {Capture[]} captures */
  async remove(captures) {
    const store = this.#store("readwrite");
    await Promise.all(captures.map((each) => settled(store.delete(/** @type {number} */ (each.seq)))));
  }

  /** Put captures aside, or, without a reason, back in line. @param {Capture[]} captures @param {string} [reason] */
  async setAside(captures, reason) {
    const store = this.#store("readwrite");
    await Promise.all(captures.map((each) => settled(store.put({ ...each, refused: reason }))));
  }

  /** @param {IDBTransactionMode} mode */
  #store(mode) {
    // Strict: what the page calls kept has reached the disk.
    return this.#database.transaction("captures", mode, { durability: "strict" }).objectStore("captures");
  }

  async #forgetOld() {
    const oldest = new Date(Date.now() - KEPT_DAYS * 86_400_000).toISOString();
    const all = /** @type {Capture[]} */ (await settled(this.#store("readonly").getAll()));
    await this.remove(all.filter((each) => each.at < oldest));
  }
}

/**
 * A request of IndexedDB as a promise. A write is done when its transaction is.
 * @template T @param {IDBRequest<T>} request @returns {Promise<T>}
 */
function settled(request) {
  return new Promise((resolve, reject) => {
    request.addEventListener("error", () => reject(request.error));
    request.addEventListener("success", () => {
      const transaction = request.transaction;
      if (!transaction || transaction.mode !== "readwrite") return resolve(request.result);
      transaction.addEventListener("complete", () => resolve(request.result));
      transaction.addEventListener("abort", () => reject(transaction.error));
    });
  });
}
