// The elements of a page, by their ids.

/** @param {string} id @returns {any} An element of the kind that the page has under this id. */
export function element(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no #${id}.`);
  return found;
}

/** Show one element, or hide it. @param {string} id @param {boolean} isShown */
export function show(id, isShown) {
  element(id).hidden = !isShown;
}

/** Say something, aloud too for who has the page read out. @param {string} text */
export function say(text) {
  element("said").textContent = text;
}

/** An id for a capture; `randomUUID` is missing on a page without https. */
export function newId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((each) => each.toString(16).padStart(2, "0")).join("");
}
