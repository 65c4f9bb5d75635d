// The phone's page: what the camera or the keyboard gave is kept, sent, and told of.

import { CapturedList } from "./captured-list.js";
import { element, newId, say, show } from "./elements.js";
import { forgetToken, readLink } from "./link.js";
import { Outbox } from "./outbox.js";
import { isEnd, Sender } from "./sender.js";
import { ask, Refusal } from "./server.js";
import { Viewfinder } from "./viewfinder.js";

/** @typedef {import("./outbox.js").Capture} Capture */

const { session, token, kind } = readLink();
const authorization = `Capture ${token}`;
const path = `/capture/sessions/${session}`;
const list = new CapturedList(element("captured"));
const viewfinder = new Viewfinder();

/** @param {Outbox} outbox */
async function begin(outbox) {
  const sender = new Sender(outbox, deliver, {
    sent: (captures, items) => {
      captures.forEach((each, index) => list.sent(each, items[index]));
      count(outbox);
    },
    refused: (capture, refusal) => {
      list.refused(capture, refusal.message);
      say(`${capture.code ?? "The photo"} was not taken: ${refusal.message}`);
      count(outbox);
    },
    waiting: (refusal, seconds) => count(outbox, refusal.status === 429 ? `for ${Math.ceil(seconds)} s` : "for the network"),
    ended: (refusal) => end(refusal, outbox),
    failed: (error) => fail(error),
  });

  /** @param {Partial<Capture> & {kind: "barcode" | "photo"}} what */
  const keep = async (what) => {
    const capture = { id: newId(), at: new Date().toISOString(), ...what };
    try {
      await outbox.put(capture);
    } catch {
      return say("This phone has no room to keep a capture. Nothing was added.");
    }
    list.add(capture);
    say(what.code ? `Captured ${what.code}.` : "Photo captured.");
    navigator.vibrate?.(40);
    await count(outbox);
    await sender.kick();
  };

  wire(keep);
  show("capturing", true);
  wireRefused(outbox, sender);
  for (const capture of await outbox.all()) list.add(capture);
  await count(outbox);
  sender.kick();
  await greet(outbox);
}

/** @param {Capture[]} captures @returns {Promise<any[]>} */
async function deliver(captures) {
  const [first] = captures;
  if (first.kind === "photo") {
    const body = new FormData();
    body.append("client_item_id", first.id);
    body.append("file", /** @type {Blob} */ (first.picture), "photo.jpg");
    return [await ask("POST", `${path}/photos`, { authorization, body, seconds: 60 })];
  }
  const barcodes = captures.map((each) => ({
    barcode: each.code,
    ...(each.type && { barcode_type: each.type }),
    scanned_at: each.at,
    source: each.source,
    client_item_id: each.id,
  }));
  return (await ask("POST", `${path}/barcodes`, { authorization, body: { barcodes } })).items;
}

/** Say at once when the link is no good; without a network the outbox will find out. @param {Outbox} outbox */
async function greet(outbox) {
  try {
    await ask("GET", `${path}/items?limit=1`, { authorization });
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal;
    if (isEnd(refusal)) await end(refusal, outbox);
  }
}

/** @param {(what: Partial<Capture> & {kind: "barcode" | "photo"}) => Promise<void>} keep */
function wire(keep) {
  viewfinder.begin(kind, {
    found: (found) => keep({ kind: "barcode", source: "camera", ...found }),
    picture: (picture) => keep({ kind: "photo", picture }),
  });
  element("typing").addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const code = element("code").value.trim();
    element("code").value = "";
    element("code").focus();
    if (code) keep({ kind: "barcode", source: "manual", code });
  });
}

/** @param {Outbox} outbox @param {Sender} sender */
function wireRefused(outbox, sender) {
  const refused = async () => (await outbox.all()).filter((each) => each.refused !== undefined);
  element("again").addEventListener("click", async () => {
    const captures = await refused();
    await outbox.setAside(captures);
    captures.forEach((each) => list.again(each));
    await count(outbox);
    await sender.kick();
  });
  element("discard").addEventListener("click", async () => {
    const captures = element("ended").hidden ? await refused() : await outbox.all();
    await outbox.remove(captures);
    captures.forEach((each) => list.drop(each));
    await count(outbox);
  });
}

/** Show how many are not on the server yet. @param {Outbox} outbox @param {string} [why] */
async function count(outbox, why = "") {
  const all = await outbox.all();
  const waiting = all.filter((each) => each.refused === undefined).length;
  element("waiting").textContent = waiting ? `${waiting} waiting ${why}`.trim() : "All sent";
  element("waiting").dataset.state = waiting ? "waiting" : "sent";
  show("refused", all.length > waiting || (!element("ended").hidden && waiting > 0));
}

/** Nothing will be taken any more. @param {Refusal} refusal @param {Outbox} outbox */
async function end(refusal, outbox) {
  viewfinder.stop();
  forgetToken(session);
  const left = (await outbox.all()).length;
  const isOver = refusal.status === 410 || refusal.status === 404;
  const why = isOver ? "This session is over." : "This link does not work any more. Open the new one from the desktop.";
  const kept = left ? ` ${left} ${left === 1 ? "capture was" : "captures were"} not sent.` : "";
  const hope = left && !isOver ? " They stay on this phone and are sent with the new link." : "";
  element("ended").textContent = why + kept + hope;
  show("ended", true);
  show("capturing", false);
  show("again", false);
  await count(outbox);
}

/** @param {unknown} error */
function fail(error) {
  console.error(error);
  say("This browser does not keep captures. Do not close the page, and try another browser.");
}

addEventListener("hashchange", () => location.reload());
if (token) {
  Outbox.open(session).then(begin).catch(fail);
} else {
  element("waiting").textContent = "Not connected";
  show("ended", true);
  element("ended").textContent = "This link is not complete. Scan the code on the desktop again.";
}
