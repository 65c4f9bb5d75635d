// Reads barcodes from a picture: by the browser's own BarcodeDetector, else by zxing in a worker.

/** @typedef {{code: string, type: string}} Found */
/** @typedef {{read: (video: HTMLVideoElement) => Promise<Found[]>, close: () => void}} Reader */

const FORMATS = ["ean_13", "ean_8", "upc_a", "upc_e", "itf", "code_128", "code_39", "data_matrix", "qr_code"];
const WIDEST = 1280;

/** @returns {Promise<Reader>} */
export async function openReader() {
  const detector = /** @type {any} */ (globalThis).BarcodeDetector;
  if (detector) {
    const supported = await detector.getSupportedFormats();
    const formats = FORMATS.filter((each) => supported.includes(each));
    if (formats.includes("ean_13")) return builtIn(new detector({ formats }));
  }
  return inWorker();
}

/** @param {any} detector @returns {Reader} */
function builtIn(detector) {
  return {
    read: async (video) => {
      /** @type {{rawValue: string, format: string}[]} */
      const found = await detector.detect(video);
      return found.map((each) => ({ code: each.rawValue, type: each.format }));
    },
    close: () => {},
  };
}

/** @returns {Reader} */
function inWorker() {
  const worker = new Worker(new URL("reader-worker.js", import.meta.url));
  const canvas = document.createElement("canvas");
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  /** Ends the reading that is under way. @type {(found: Found[]) => void} */
  let settle = () => {};
  return {
    read: (video) => {
      const scale = Math.min(1, WIDEST / video.videoWidth);
      canvas.width = Math.round(video.videoWidth * scale);
      canvas.height = Math.round(video.videoHeight * scale);
      context.drawImage(video, 0, 0, canvas.width, canvas.height);
      const picture = context.getImageData(0, 0, canvas.width, canvas.height);
      return new Promise((resolve, reject) => {
        settle = resolve;
        worker.onmessage = ({ data }) => (data.error ? reject(new Error(data.error)) : resolve(data.found));
        worker.onerror = () => reject(new Error("The barcode reader could not be loaded."));
        worker.postMessage(picture, [picture.data.buffer]);
      });
    },
    close: () => {
      worker.terminate();
      settle([]);
    },
  };
}
