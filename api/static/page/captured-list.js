// What this phone captured, newest first, and how far each has come.

/** @typedef {import("./outbox.js").Capture} Capture */

const SHOWN = 50;

export class CapturedList {
  /** @type {Map<string, HTMLLIElement>} */
  #rows = new Map();
  #list;

  /** @param {HTMLElement} list */
  constructor(list) {
    this.#list = list;
  }

  /** @param {Omit<Capture, "session">} capture */
  add(capture) {
    const row = document.createElement("li");
    const name = document.createElement("span");
    name.className = "code";
    name.textContent = capture.code ?? "Photo";
    const state = document.createElement("span");
    state.className = "state";
    row.append(name, state);
    this.#rows.set(capture.id, row);
    this.#list.prepend(row);
    while (this.#list.children.length > SHOWN) this.#list.lastElementChild?.remove();
    this.#say(capture.id, capture.refused === undefined ? "waiting" : "refused", capture.refused ?? "Waiting");
  }

  /** @param {Capture} capture @param {any} item As the server has it. */
  sent(capture, item) {
    const again = item?.duplicate && !item.repeated ? ", already there" : "";
    this.#say(capture.id, "sent", item?.quantity > 1 ? `Sent, ${item.quantity} in all${again}` : `Sent${again}`);
  }

  /** @param {Capture} capture @param {string} reason */
  refused(capture, reason) {
    this.#say(capture.id, "refused", reason);
  }

  /** @param {Capture} capture */
  again(capture) {
    this.#say(capture.id, "waiting", "Waiting");
  }

  /** @param {Capture} capture */
  drop(capture) {
    this.#rows.get(capture.id)?.remove();
    this.#rows.delete(capture.id);
  }

  /** @param {string} id @param {string} state @param {string} text */
  #say(id, state, text) {
    const row = this.#rows.get(id);
    if (!row) return;
    row.dataset.state = state;
    /** @type {HTMLElement} */ (row.lastElementChild).textContent = text;
    if (state === "sent") this.#rows.delete(id);
  }
}
