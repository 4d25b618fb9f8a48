// The scanner that types: what it taught this page, kept for this device, and what its
// keys mean.

import { byId } from "./dom.js";
import { detect } from "./detect.js";
import { learn, meant, readings, undo } from "./learn.js";
import { PATIENT_MS } from "./wedge.js";

/// How much slower than its slowest a scanner may be once.
const SLACK = 4;
const SHORTEST_PAUSE_MS = 120;

export class Scanner {
  static async load(store) {
    return new Scanner(store, (await store.get("scanner")) ?? null);
  }

  constructor(store, taught) {
    Object.assign(this, { store, taught });
    /// Whether its keys could mean two passes, which they cannot once it was taught.
    this.wasAmbiguous = false;
  }

  /// After which pause a code without an end is over; null if all of its have one.
  get pauseMs() {
    const { taught } = this;
    if (taught === null) return PATIENT_MS;
    if (taught.end !== "pause") return null;
    return Math.min(Math.max(SLACK * taught.longestMs, SHORTEST_PAUSE_MS), PATIENT_MS);
  }

  /// Whether these keys are the code that teaches; then it is learnt.
  learns(keys, end) {
    const taught = learn(keys, end);
    if (taught !== null) void this.#keep(taught);
    return taught !== null;
  }

  /// It is another one now.
  forget() {
    return this.#keep(null);
  }

  /// All that these keys can say: one text, if it was taught.
  texts(keys, end) {
    const text = this.taught === null ? null : undo(this.taught, keys, end);
    return { texts: text === null ? readings(keys) : [text], isSure: text !== null };
  }

  /// The text that these keys mean, or null if they can mean two passes.
  text(keys, end, detection) {
    const { texts, isSure } = this.texts(keys, end);
    if (isSure) return texts[0];
    const text = meant(texts, (code) => detect(code, detection));
    this.wasAmbiguous ||= text === null;
    return text;
  }

  /// What it is, in words, or that it was not taught.
  shown(words) {
    if (this.taught === null) return words.t("scanner_untaught");
    const { end, shown } = this.taught;
    const { layout, prefix, suffix, paceMs } = shown;
    const added = [prefix && `${prefix}…`, suffix && `…${suffix}`].filter(Boolean);
    const ends = { pause: words.t("scanner_pause"), text: words.t("scanner_text") };
    return [layout, ...added, ends[end] ?? end, `${paceMs} ms`].join(" · ");
  }

  async #keep(taught) {
    this.taught = taught;
    this.wasAmbiguous = false;
    await this.store.set("scanner", taught ?? undefined).catch(() => {});
  }
}
