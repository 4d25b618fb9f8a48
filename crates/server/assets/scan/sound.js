// What an answer sounds and feels like. Each kind has its own melody and its own
// rhythm, so that it is understood without looking.

// Frequency in hertz, start and length in seconds.
const MELODIES = {
  admitted: [[880, 0, 0.09], [1319, 0.1, 0.16]],
  more: [[880, 0, 0.07], [1109, 0.08, 0.07], [1319, 0.16, 0.16]],
  refused: [[196, 0, 0.22], [156, 0.26, 0.38]],
  just: [[523, 0, 0.1], [523, 0.16, 0.1], [392, 0.32, 0.2]],
  used: [[262, 0, 0.14], [196, 0.18, 0.14], [147, 0.36, 0.34]],
  ambiguous: [[392, 0, 0.12], [587, 0.16, 0.22]],
  exit: [[1047, 0, 0.09], [784, 0.1, 0.14]],
  look: [[660, 0, 0.1]],
  trouble: [[220, 0, 0.14], [220, 0.2, 0.14], [220, 0.4, 0.3]],
};

// Milliseconds: on, off, on.
const RHYTHMS = {
  admitted: [90],
  more: [50, 50, 50, 50, 90],
  refused: [220, 90, 220],
  just: [60, 60, 60, 60, 180],
  used: [220, 90, 60, 60, 220],
  ambiguous: [60, 90, 220],
  exit: [50, 60, 50],
  look: [40],
  trouble: [120, 80, 120, 80, 300],
};

// They say no.
const HARSH = ["refused", "used"];

export class Sound {
  #context = null;

  constructor() {
    this.on = true;
    // A browser is silent until somebody touches the page or a key is pressed.
    for (const event of ["pointerdown", "keydown"]) {
      addEventListener(event, () => this.#wake(), { capture: true, passive: true });
    }
  }

  play(kind) {
    // Refused without a gesture, and of no use then.
    navigator.vibrate?.(RHYTHMS[kind] ?? []);
    if (!this.on || this.#context?.state !== "running") return;
    const start = this.#context.currentTime;
    for (const [frequency, at, length] of MELODIES[kind] ?? []) {
      this.#note(frequency, start + at, length, HARSH.includes(kind) ? "square" : "triangle");
    }
  }

  #wake() {
    const Context = globalThis.AudioContext;
    if (!Context) return;
    this.#context ??= new Context();
    if (this.#context.state === "suspended") void this.#context.resume().catch(() => {});
  }

  #note(frequency, at, length, shape) {
    const tone = this.#context.createOscillator();
    const loudness = this.#context.createGain();
    tone.type = shape;
    tone.frequency.value = frequency;
    loudness.gain.setValueAtTime(0.0001, at);
    loudness.gain.exponentialRampToValueAtTime(0.5, at + 0.01);
    loudness.gain.exponentialRampToValueAtTime(0.0001, at + length);
    tone.connect(loudness).connect(this.#context.destination);
    tone.start(at);
    tone.stop(at + length + 0.02);
  }
}
