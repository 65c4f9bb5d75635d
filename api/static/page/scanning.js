// Looks at the camera's picture again and again, and tells of each code once.

/** @typedef {import("./reader.js").Found} Found */
/** @typedef {import("./reader.js").Reader} Reader */

const PAUSE_MS = 120;
const SAME_MS = 2000;

/** Knows which codes are still in view: one counts again after it was out of sight for two seconds. */
export class Sightings {
  /** @type {Map<string, number>} */
  #last = new Map();

  /** @param {string} code @param {number} now In milliseconds. */
  isNew(code, now) {
    const last = this.#last.get(code);
    this.#last.set(code, now);
    return last === undefined || now - last > SAME_MS;
  }
}

/**
 * Scan until the signal says stop.
 * @param {HTMLVideoElement} video @param {Reader} reader @param {(found: Found) => void} tell @param {AbortSignal} signal
 */
export async function scan(video, reader, tell, signal) {
  const sightings = new Sightings();
  while (!signal.aborted) {
    if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) {
      const found = await reader.read(video);
      const fresh = found.filter((each) => sightings.isNew(each.code, performance.now()));
      if (!signal.aborted) fresh.forEach(tell);
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
