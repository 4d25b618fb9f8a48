// Three ways to read a code from a picture, the best first: the browser's own,
// where it truly works; our decoder in WebAssembly; the server.

const DECODER = "/scan/decoder/decoder.js";
const WANTED = ["qr_code", "code_128"];
const SERVER_TIMEOUT_MS = 3_000;
const JPEG_QUALITY = 0.8;

/// A reader: `read(canvas)` gives the text of a code, null if there is none, or
/// undefined if it cannot read at the moment.
export async function reader(api) {
  return (await native()) ?? (await decoder()) ?? server(api);
}

async function native() {
  try {
    const Detector = globalThis.BarcodeDetector;
    // It may exist and read nothing.
    const formats = (await Detector?.getSupportedFormats?.()) ?? [];
    if (!WANTED.every((format) => formats.includes(format))) return null;
    const detector = new Detector({ formats: formats.filter((format) => format !== "unknown") });
    return {
      name: "native",
      read: async (canvas) => (await detector.detect(canvas))[0]?.rawValue ?? null,
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
      if (result.kind === "answer") return result.body.codes[0]?.text ?? null;
      return result.kind === "problem" ? null : undefined;
    },
  };
}
