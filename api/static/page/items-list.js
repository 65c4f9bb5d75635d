// The live list of a session's items on the desktop, newest first; name and quantity can be changed in place.

/** @typedef {any} Item As the API has it. */
/**
 * @typedef {object} Editor
 * @property {(item: Item, changes: object) => Promise<void>} change
 * @property {(item: Item) => Promise<void>} remove
 * @property {(item: Item) => Promise<string | null>} picture Where to load its picture from.
 */

export class ItemsList {
  /** @type {Map<string, {item: Item, row: HTMLElement}>} */
  #rows = new Map();
  /** @type {Map<string, Promise<void>>} */
  #changes = new Map();
  #list;
  #template;
  #editor;

  /** @param {HTMLElement} list @param {HTMLTemplateElement} template @param {Editor} editor */
  constructor(list, template, editor) {
    this.#list = list;
    this.#template = template;
    this.#editor = editor;
  }

  get size() {
    return this.#rows.size;
  }

  clear() {
    this.#rows.clear();
    this.#list.replaceChildren();
  }

  /** These, newest first, are all that there are. @param {Item[]} items */
  replace(items) {
    const ids = new Set(items.map((each) => each.id));
    for (const id of [...this.#rows.keys()].filter((each) => !ids.has(each))) this.drop(id);
    for (const item of [...items].reverse()) this.put(item);
  }

  /** Take what the server says of an item, unless something later is known. @param {Item} item */
  put(item) {
    const known = this.#rows.get(item.id);
    if (known && known.item.version > item.version) return;
    if (item.deleted_at) return this.drop(item.id);
    const row = known?.row ?? this.#made(item.id);
    this.#rows.set(item.id, { item, row });
    this.#fill(row, item);
  }

  /** Show again what is known, after an edit that was refused. @param {string} id */
  restore(id) {
    const known = this.#rows.get(id);
    if (known) this.#fill(known.row, known.item, true);
  }

  /** @param {string} id */
  drop(id) {
    const known = this.#rows.get(id);
    if (!known) return;
    const hadFocus = known.row.contains(document.activeElement);
    known.row.remove();
    this.#rows.delete(id);
    if (hadFocus) this.#list.focus();
  }

  /** @param {string} id */
  #made(id) {
    const copy = /** @type {DocumentFragment} */ (this.#template.content.cloneNode(true));
    const row = /** @type {HTMLElement} */ (copy.firstElementChild);
    const item = () => this.#rows.get(id)?.item;
    /** @param {string} name */
    const input = (name) => /** @type {HTMLInputElement} */ (row.querySelector(`[name=${name}]`));
    input("name").addEventListener("change", () => this.#change(id, { name: input("name").value.trim() || null }));
    input("quantity").addEventListener("change", () => {
      if (input("quantity").checkValidity()) this.#change(id, { quantity: input("quantity").valueAsNumber });
      else this.restore(id);
    });
    row.querySelector("button")?.addEventListener("click", () => this.#editor.remove(item()));
    this.#list.prepend(row);
    return row;
  }

  /** One change of an item after the other, each to what the one before has made of it. @param {string} id @param {object} changes */
  #change(id, changes) {
    const before = this.#changes.get(id) ?? Promise.resolve();
    const made = before.catch(() => undefined).then(() => {
      const known = this.#rows.get(id);
      return known && this.#editor.change(known.item, changes);
    });
    this.#changes.set(id, made);
  }

  /** What somebody types at this moment stays, unless `all`. @param {HTMLElement} row @param {Item} item */
  #fill(row, item, all = false) {
    const what = item.barcode ?? "Photo";
    const code = /** @type {HTMLElement} */ (row.querySelector(".code"));
    code.textContent = what;
    /** @type {Record<string, string>} */
    const values = { name: item.name ?? "", quantity: String(item.quantity) };
    for (const input of row.querySelectorAll("input")) {
      input.setAttribute("aria-label", `${input.name === "name" ? "Name" : "Quantity"} of ${what}`);
      if (all || input !== document.activeElement) input.value = values[input.name];
    }
    row.querySelector("button")?.setAttribute("aria-label", `Delete ${item.name ?? what}`);
    this.#picture(row, item);
  }

  /** @param {HTMLElement} row @param {Item} item */
  async #picture(row, item) {
    const picture = /** @type {HTMLImageElement} */ (row.querySelector("img"));
    if (!item.image_id || row.dataset.picture === item.image_id) return;
    row.dataset.picture = item.image_id;
    const source = await this.#editor.picture(item);
    if (!source) return;
    picture.src = source;
    picture.hidden = false;
  }
}
