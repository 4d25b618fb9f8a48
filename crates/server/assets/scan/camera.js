// The camera, only when somebody asks for it.

import { reader } from "./readers.js";

/// Pictures are read at this many pixels a side at most: enough for a card that
/// fills the frame, and quick.
const SIDE = 960;
const PAUSE_MS = 90;
/// How long a code must have been out of sight before it counts again: a card
/// that stays before the camera is one scan.
const AWAY_MS = 2_500;

export class Camera extends EventTarget {
  #stream = null;
  #seen = { text: null, at: 0 };
  #reading = 0;

  /// `onCode(text)` gets each code once as it appears.
  constructor({ video, api, onCode }) {
    super();
    Object.assign(this, { video, api, onCode });
    this.canvas = document.createElement("canvas");
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.stop();
    });
  }

  get isOn() {
    return this.#stream !== null;
  }

  /// Gives null, or what is in the way: camera_denied, camera_missing.
  async start() {
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } },
      });
    } catch (error) {
      return error.name === "NotAllowedError" ? "camera_denied" : "camera_missing";
    }
    this.video.srcObject = this.#stream;
    this.#tell();
    try {
      await this.video.play();
    } catch {
      this.stop();
      return "camera_missing";
    }
    this.#stream?.getVideoTracks()[0].addEventListener("ended", () => this.stop());
    this.reader ??= await reader(this.api);
    this.#reading += 1;
    void this.#read(this.#reading);
    return null;
  }

  stop() {
    if (!this.isOn) return;
    for (const track of this.#stream.getTracks()) track.stop();
    this.#stream = null;
    this.video.srcObject = null;
    this.#reading += 1;
    this.#tell();
  }

  /// Whether it has a light.
  get hasTorch() {
    return this.#stream?.getVideoTracks()[0].getCapabilities?.().torch === true;
  }

  async light(on) {
    await this.#stream?.getVideoTracks()[0].applyConstraints({ advanced: [{ torch: on }] });
  }

  async #read(run) {
    while (run === this.#reading) {
      let text;
      try {
        text = this.#grab() ? await this.reader.read(this.canvas) : null;
      } catch {
        text = undefined;
      }
      if (run !== this.#reading) return;
      this.#blind(text === undefined);
      this.#see(text ?? null);
      await new Promise((resolve) => {
        setTimeout(resolve, text === undefined ? 10 * PAUSE_MS : PAUSE_MS);
      });
    }
  }

  #grab() {
    const { videoWidth: width, videoHeight: height } = this.video;
    if (width === 0) return false;
    const scale = Math.min(1, SIDE / Math.max(width, height));
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(height * scale);
    const picture = this.canvas.getContext("2d", { willReadFrequently: true });
    picture.drawImage(this.video, 0, 0, this.canvas.width, this.canvas.height);
    return true;
  }

  #see(text) {
    const now = performance.now();
    const fresh = text !== null && (text !== this.#seen.text || now - this.#seen.at > AWAY_MS);
    if (text !== null) this.#seen = { text, at: now };
    if (fresh) this.onCode(text);
  }

  #blind(blind) {
    if (blind === this.blind) return;
    this.blind = blind;
    this.#tell();
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
  }
}
