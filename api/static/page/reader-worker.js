// zxing off the page's own thread. A classic worker: older browsers have no other.

/* global ZXingWASM */
const FOLDER = "../zxing-3.1.4/";
importScripts(`${FOLDER}reader.js`);

const FORMATS = {
  EAN13: "ean_13",
  EAN8: "ean_8",
  UPCA: "upc_a",
  UPCE: "upc_e",
  ITF: "itf",
  Code128: "code_128",
  Code39: "code_39",
  DataMatrix: "data_matrix",
  QRCode: "qr_code",
};

const loading = ZXingWASM.prepareZXingModule({
  overrides: { locateFile: (/** @type {string} */ name) => new URL(FOLDER + name, location.href).href },
  fireImmediately: true,
});

addEventListener("message", async ({ data }) => {
  try {
    await loading;
    const found = await ZXingWASM.readBarcodes(data, { formats: Object.keys(FORMATS), maxNumberOfSymbols: 4 });
    const valid = found.filter((each) => each.isValid);
    postMessage({ found: valid.map((each) => ({ code: each.text, type: FORMATS[each.format] ?? "" })) });
  } catch (error) {
    postMessage({ error: String(error) });
  }
});
