// Three ways to read a code from a picture, the best first: the browser's own,
// where it truly works; our decoder in WebAssembly; the server.

const DECODER = "/scan/decoder/decoder.js";
/// Without these a reader is of no use.
const WANTED = ["qr_code", "code_128"];
/// What passes and tickets bear. What else there is (on books, bottles, badges) is not
/// looked for: glare makes such codes of nothing.
const FORMATS = [...WANTED, "data_matrix", "pdf417", "aztec"];
const SERVER_TIMEOUT_MS = 3_000;
const JPEG_QUALITY = 0.8;

/// A reader: `read(canvas)` gives the codes in it, `[{text, format}]`, or undefined if
/// it cannot read at the moment.
export async function reader(api) {
  return (await native()) ?? (await decoder()) ?? server(api);
}

async function native() {
  try {
    const Detector = globalThis.BarcodeDetector;
    // It may exist and read nothing.
    const formats = (await Detector?.getSupportedFormats?.()) ?? [];
    if (!WANTED.every((format) => formats.includes(format))) return null;
    const detector = new Detector({ formats: FORMATS.filter((format) => formats.includes(format)) });
    return {
      name: "native",
      read: async (canvas) => {
        const found = await detector.detect(canvas);
        return found.map(({ rawValue: text, format }) => ({ text, format }));
      },
    };
  } catch {
    return null;
  }
}

async function decoder() {
  try {
    const { load } = await import(DECODER);
    const { decode } = await load();
    return {
      name: "decoder",
      read: (canvas) => {
        const picture = canvas.getContext("2d", { willReadFrequently: true });
        return decode(picture.getImageData(0, 0, canvas.width, canvas.height));
      },
    };
  } catch {
    // Not built in, or no WebAssembly.
    return null;
  }
}

function server(api) {
  return {
    name: "server",
    read: async (canvas) => {
      const frame = await new Promise((resolve) => {
        canvas.toBlob(resolve, "image/jpeg", JPEG_QUALITY);
      });
      const result = await api.post("decode", frame, SERVER_TIMEOUT_MS);
      if (result.kind === "problem") return [];
      const codes = result.body?.codes;
      const isCode = (code) => typeof code?.text === "string";
      return Array.isArray(codes) && codes.every(isCode) ? codes : undefined;
    },
  };
}
