// What the camera sees, frame by frame: which codes count, and which have just come
// into sight. Pure; the times are milliseconds of a clock that is never set.

/// What was out of sight for longer was taken away.
const AWAY_MS = 3_000;
/// A linear code counts once it stands in two of so many frames: its check digit is
/// weak, and glare makes another code of it now and then.
const LINEAR_FRAMES = 3;
const LINEAR = ["code_128"];

export class Sight {
  // By text, when it was seen last.
  #seen = new Map();
  // The last frames with linear codes: {at, texts}.
  #linear = [];

  /// Takes what was read in a frame, `[{text, format}]`, and gives what counts of it,
  /// `[{text, sight}]`: "first" if it has come into sight, "still" if it was there.
  take(codes, now) {
    const isLinear = ({ format }) => LINEAR.includes(format);
    const texts = codes.filter(isLinear).map(({ text }) => text);
    if (texts.length > 0) this.#linear = [...this.#linear, { at: now, texts }].slice(-LINEAR_FRAMES);
    const sure = codes.filter((code) => !isLinear(code) || this.#stands(code.text, now));
    for (const [text, at] of this.#seen) if (now - at > AWAY_MS) this.#seen.delete(text);
    return sure.map(({ text }) => {
      const sight = this.#seen.has(text) ? "still" : "first";
      this.#seen.set(text, now);
      return { text, sight };
    });
  }

  #stands(text, now) {
    const frames = this.#linear.filter(({ at, texts }) => now - at <= AWAY_MS && texts.includes(text));
    return frames.length >= 2;
  }
}
