// The camera, only when somebody asks for it.

import { reader } from "./readers.js";
import { Sight } from "./sight.js";

/// Pictures are read at this many pixels a side at most: enough for a card that
/// fills the frame, and quick.
const SIDE = 960;
const PAUSE_MS = 90;

export class Camera extends EventTarget {
  #stream = null;
  #sight = new Sight();
  #reading = 0;
  #starting = null;
  // Somebody switched it on, and nobody off: it goes on when the page comes back.
  #wanted = false;

  /// `onCode(text, sight)` gets each code whenever it is seen: "first" as it appears,
  /// "still" as long as it stays.
  constructor({ video, api, onCode }) {
    super();
    Object.assign(this, { video, api, onCode });
    this.problem = null;
    this.canvas = document.createElement("canvas");
    // A phone that is locked takes it away.
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.#release();
      else if (this.#wanted) void this.start();
    });
  }

  get isOn() {
    return this.#stream !== null;
  }

  /// Switches it on. What is in the way stands in `problem` then: null, camera_denied,
  /// camera_missing.
  start() {
    this.#wanted = true;
    this.#starting ??= this.#start().finally(() => {
      this.#starting = null;
    });
    return this.#starting;
  }

  async #start() {
    if (this.isOn) return;
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } },
      });
      this.#stream = stream;
      // Nobody wants it any more.
      if (!this.#wanted || document.hidden) return this.#release();
      this.problem = null;
      this.video.srcObject = stream;
      this.#tell();
      await this.video.play();
    } catch (error) {
      this.problem = error.name === "NotAllowedError" ? "camera_denied" : "camera_missing";
      this.#release();
      return this.#tell();
    }
    this.#stream?.getVideoTracks()[0].addEventListener("ended", () => this.#release());
    this.reader ??= await reader(this.api);
    this.#reading += 1;
    void this.#read(this.#reading);
  }

  stop() {
    this.#wanted = false;
    this.problem = null;
    this.#release();
  }

  #release() {
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
      let codes;
      try {
        codes = this.#grab() ? await this.reader.read(this.canvas) : [];
      } catch {
        codes = undefined;
      }
      if (run !== this.#reading) return;
      this.#blind(codes === undefined);
      for (const { text, sight } of this.#sight.take(codes ?? [], performance.now())) {
        this.onCode(text, sight);
      }
      await new Promise((resolve) => {
        setTimeout(resolve, codes === undefined ? 10 * PAUSE_MS : PAUSE_MS);
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

  #blind(blind) {
    if (blind === this.blind) return;
    this.blind = blind;
    this.#tell();
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
  }
}
