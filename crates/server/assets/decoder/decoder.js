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
  formats: ["QRCode", "Code128", "DataMatrix", "EAN13", "PDF417", "Aztec"],
  // One visitor holds one pass.
  maxNumberOfSymbols: 1,
  // What is encoded, as a scanner that types would give it.
  textMode: "Plain",
};

let preparing = null;

/**
 * Makes the reader ready: once for all callers, and again after a failure.
 *
 * @returns {Promise<{decode: (image: ImageData) => Promise<string | null>}>}
 *   `decode` gives the text of a code in the picture, or null if none is found.
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
  return found.find((code) => code.isValid)?.text ?? null;
}
