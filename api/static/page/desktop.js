// The desktop's page: signs in, opens a session, shows its code, and what the phone captures.

import { Account } from "./account.js";
import { element, say, show } from "./elements.js";
import { ItemsList } from "./items-list.js";
import { Refusal } from "./server.js";
import { follow } from "./stream.js";

/** @type {Account} */
let account;
/** @type {any} As the API has it. */
let session;
/** Ends the stream of the session that is shown. */
let following = new AbortController();
/** @type {string | null} */
let shownCode = null;

const list = new ItemsList(element("items"), element("item"), {
  change: (item, changes) => tried(() => change(item, changes)),
  remove: (item) => tried(() => remove(item)),
  picture,
});

/** Do what somebody asked for; what does not work is told. @param {() => Promise<unknown>} work */
async function tried(work) {
  try {
    await work();
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal;
    if (refusal.status === 401 && account) return signedOut("You were signed out. Please sign in again.");
    if (refusal.status === 410) return over();
    say(refusal.message);
  }
}

async function signIn() {
  account = await Account.signIn(element("email").value, element("password").value);
  element("password").value = "";
  show("sign-in", false);
  show("sign-out", true);
  await resume();
}

/** @param {string} why */
function signedOut(why) {
  following.abort();
  for (const part of ["none", "session", "sign-out"]) show(part, false);
  show("sign-in", true);
  list.clear();
  say(why);
}

/** Go on with the session that is open, if there is one. */
async function resume() {
  try {
    shown(await account.ask("GET", "/capture/sessions/current"));
  } catch (refusal) {
    if (!(refusal instanceof Refusal) || refusal.status !== 404) throw refusal;
    show("none", true);
  }
}

async function open() {
  shown(await account.ask("POST", "/capture/sessions", { body: {} }));
}

/** @param {any} opened */
function shown(opened) {
  session = opened;
  show("none", false);
  show("session", true);
  say("");
  showLink(opened);
  showExpiry(opened);
  list.clear();
  count();
  following.abort();
  following = new AbortController();
  listen(following.signal);
}

/** A link is told once, when it is made: later there is only the way to make another. @param {any} answer */
function showLink(answer) {
  const isTold = Boolean(answer.qr_svg);
  show("link", isTold);
  show("no-link", !isTold);
  if (shownCode) URL.revokeObjectURL(shownCode);
  shownCode = isTold ? URL.createObjectURL(new Blob([answer.qr_svg], { type: "image/svg+xml" })) : null;
  // Never as markup of this page: whatever an image holds, no script in it runs.
  if (shownCode) element("qr").src = shownCode;
  else element("qr").removeAttribute("src");
  const link = answer.mobile_barcode_url ?? answer.mobile_photo_url ?? "";
  element("address").value = link;
  element("phone-link").href = link;
}

/** @param {any} answer */
function showExpiry(answer) {
  const time = new Date(answer.expires_at);
  element("expires").dateTime = answer.expires_at;
  element("expires").textContent = time.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
}

/** @param {AbortSignal} signal */
function listen(signal) {
  const follower = {
    open: (/** @type {string} */ lastEventId, /** @type {AbortSignal} */ until) => {
      /** @type {Record<string, string>} */
      const headers = { Accept: "text/event-stream", ...(lastEventId && { "Last-Event-ID": lastEventId }) };
      return account.open(`${path()}/stream`, { headers }, until);
    },
    told: heard,
    live: (/** @type {boolean} */ isLive) => {
      element("live").textContent = isLive ? "Live" : "Reconnecting";
      element("live").dataset.state = isLive ? "sent" : "waiting";
    },
    ended: (/** @type {Refusal} */ refusal) => tried(() => Promise.reject(refusal)),
  };
  return follow(follower, signal);
}

/** @param {import("./stream.js").Event} event */
function heard({ type, data }) {
  if (type === "snapshot") list.replace(data.items);
  if (type === "item" || type === "item_deleted") list.put(data);
  const told = type === "snapshot" ? data.session : type === "session" ? data : null;
  if (told) showExpiry(told);
  if (told && told.status !== "active") over();
  count();
}

/** @param {any} item @param {object} changes */
async function change(item, changes) {
  try {
    list.put(await account.ask("PATCH", `${path()}/items/${item.id}`, { body: changes, headers: { "If-Match": `"${item.version}"` } }));
    say("Saved.");
  } catch (refusal) {
    list.restore(item.id);
    if (!(refusal instanceof Refusal) || refusal.status !== 412) throw refusal;
    say("It was changed on another device in the meantime. Please look again.");
  }
}

/** @param {any} item */
async function remove(item) {
  await account.ask("DELETE", `${path()}/items/${item.id}`, { headers: { "If-Match": `"${item.version}"` } });
  list.drop(item.id);
  count();
  say("Deleted.");
}

/** Where a picture can be had for ten minutes: an image element cannot send a token. @param {any} item */
async function picture(item) {
  try {
    return (await account.ask("GET", `/images/${item.image_id}?size=thumbnail&redirect=false`)).url;
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal;
    return null; // The row says that it is a photo.
  }
}

function over() {
  following.abort();
  show("session", false);
  show("none", true);
  say("This session is over.");
}

function count() {
  element("count").textContent = String(list.size);
  show("empty", list.size === 0);
}

const path = () => `/capture/sessions/${session.session_id}`;

/** @type {Record<string, () => Promise<unknown>>} */
const DONE = {
  open,
  rotate: async () => showLink(await account.ask("POST", `${path()}/rotate-token`)),
  renew: async () => showExpiry(await account.ask("POST", `${path()}/renew`)),
  close: async () => (await account.ask("DELETE", path()), over()),
  copy: async () => (await navigator.clipboard.writeText(element("address").value), say("Copied.")),
  "sign-out": async () => (await account.signOut(), signedOut("Signed out.")),
};
for (const [id, work] of Object.entries(DONE)) element(id).addEventListener("click", () => tried(work));
element("sign-in").addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
  event.preventDefault();
  tried(signIn);
});
