// Reads a code from a picture of the camera, without network.
//
// The work is done by the WebAssembly reader beside this file, which
// `cargo xtask decoder` fetches. A page that imports this needs, in its content
// security policy: script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'.

import {
  prepareZXingModule,
  readBarcodesFromImageData,
} from "./zxing-wasm-3.1.4/reader/index.js";

const OPTIONS = {
  // The same that the server reads.
  formats: ["QRCode", "Code128", "DataMatrix", "PDF417", "Aztec"],
  // A pass may bear two, and a poster may hang beside it.
  maxNumberOfSymbols: 4,
  // What is encoded, as a scanner that types would give it.
  textMode: "Plain",
};

// As the server calls what is told apart.
const NAMES = { Code128: "code_128", QRCode: "qr_code" };

let preparing = null;

/**
 * Makes the reader ready: once for all callers, and again after a failure.
 *
 * @returns {Promise<{decode: (image: ImageData) => Promise<{text: string, format: string}[]>}>}
 *   `decode` gives the codes in the picture, each as what it says and what it is, as the
 *   server calls it.
 * @throws if the browser has no WebAssembly, or the reader cannot be had.
 */
export async function load() {
  preparing ??= prepareZXingModule({
    overrides: {
      // Unless told otherwise, it would be fetched from somebody else's server.
      locateFile: (name) =>
        new URL(`./zxing-wasm-3.1.4/${name}`, import.meta.url).href,
    },
    fireImmediately: true,
  });
  try {
    await preparing;
  } catch (error) {
    preparing = null;
    throw error;
  }
  return { decode };
}

async function decode(image) {
  const found = await readBarcodesFromImageData(image, OPTIONS);
  return found
    .filter((code) => code.isValid)
    .map(({ text, format }) => ({ text, format: NAMES[format] ?? format }));
}
