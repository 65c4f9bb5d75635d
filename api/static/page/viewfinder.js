// The camera on the phone's page: what it sees, and the two ways of using it.

import { openCamera, shrunk, still } from "./camera.js";
import { element, say, show } from "./elements.js";
import { openReader } from "./reader.js";
import { scan } from "./scanning.js";

/**
 * @typedef {object} Taker
 * @property {(found: import("./reader.js").Found) => void} found
 * @property {(picture: Blob) => Promise<void>} picture
 */

export class Viewfinder {
  /** @type {AbortController | null} */
  #looking = null;

  /** @param {"barcode" | "photo"} kind What is taken at first. @param {Taker} taker */
  begin(kind, taker) {
    element(kind === "photo" ? "photos" : "barcodes").checked = true;
    this.#showControls();
    const again = () => {
      this.#showControls();
      if (this.#looking) this.#look(taker);
    };
    element("photos").addEventListener("change", again);
    element("barcodes").addEventListener("change", again);
    element("start").addEventListener("click", () => this.#look(taker));
    element("stop").addEventListener("click", () => this.stop());
    element("take").addEventListener("click", async () => taker.picture(await still(element("video"))));
    element("file").addEventListener("change", () => this.#choose(taker));
    document.addEventListener("visibilitychange", () => document.hidden && this.stop());
  }

  /** Close the camera. */
  stop() {
    this.#looking?.abort();
    this.#looking = null;
    this.#showControls();
  }

  /** @param {Taker} taker */
  async #look(taker) {
    this.stop();
    const looking = (this.#looking = new AbortController());
    const { signal } = looking;
    try {
      const close = await openCamera(element("video"));
      if (signal.aborted) return close();
      signal.addEventListener("abort", close);
      this.#showControls();
      if (element("photos").checked) return;
      const reader = await openReader();
      signal.addEventListener("abort", () => reader.close());
      await scan(element("video"), reader, taker.found, signal);
    } catch (reason) {
      if (signal.aborted) return;
      this.stop();
      say(reason instanceof Error ? reason.message : "The camera could not be used.");
    }
  }

  /** @param {Taker} taker */
  async #choose(taker) {
    try {
      for (const file of element("file").files) await taker.picture(await shrunk(file));
    } catch (reason) {
      say(/** @type {Error} */ (reason).message);
    }
    element("file").value = "";
  }

  #showControls() {
    const isOn = this.#looking !== null;
    const isPhotos = element("photos").checked;
    show("view", isOn);
    show("start", !isOn);
    show("stop", isOn);
    show("take", isOn && isPhotos);
    show("choose", isPhotos);
    show("typing", !isPhotos);
  }
}
