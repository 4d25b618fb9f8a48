// The page at work: takes codes from wedge, camera and fingers, one at a time,
// and shows what comes of them.

import { byId } from "./dom.js";
import { detect } from "./detect.js";

/// A trigger pulled twice is one scan; the second shows the same answer.
const REPEAT_MS = 1_500;
/// Asking shows only if it takes long enough to be seen.
const CHECKING_AFTER_MS = 120;
/// How long an answer stays at least if the next visitor is already scanned.
const GLANCE_MS = 700;
/// How many scans may wait for their turn.
const WAITING_LIMIT = 20;

export class Desk {
  #waiting = [];
  #current = null;
  #last = { key: "", at: 0, show: () => {} };

  constructor({ device, journal, history, checks, sync, screen, panels, changed }) {
    Object.assign(this, { device, journal, history, checks, sync, screen, panels, changed });
    /// Whether scans are looked up only.
    this.looking = false;
    /// null: the device's own direction.
    this.turned = null;
    /// When something last happened here, for an update that waits for a pause.
    this.lastAt = 0;
    this.#buttons();
  }

  get direction() {
    return this.turned ?? this.device.settings.direction ?? "entry";
  }

  get isIdle() {
    return this.#current === null && this.#waiting.length === 0;
  }

  /// A code from outside. `physical` is what the same keys say on another
  /// keyboard, if it was typed by a scanner.
  scanned(text, physical = text) {
    const { detection } = this.device.snapshot;
    const better = detect(text, detection) === null && detect(physical, detection) !== null;
    this.submit({ code: better ? physical : text });
  }

  /// Decides or looks up; `{code, forcedNote}`.
  submit(scan) {
    const job = { ...scan, looking: this.looking && scan.forcedNote === undefined, direction: this.direction };
    // A forced entry is one, whichever way this scanner looks.
    if (scan.forcedNote !== undefined) job.direction = "entry";
    const key = JSON.stringify([job.code, job.forcedNote, job.looking, job.direction]);
    if (key === this.#last.key && performance.now() - this.#last.at < REPEAT_MS && this.isIdle) {
      this.#last.show();
      return;
    }
    const known = [this.#current, ...this.#waiting].some((other) => other?.key === key);
    if (known || this.#waiting.length >= WAITING_LIMIT) return;
    this.#waiting.push({ ...job, key });
    if (this.#current === null) void this.#work();
  }

  async #work() {
    while (this.#waiting.length > 0) {
      this.#current = this.#waiting.shift();
      const { key } = this.#current;
      const show = await this.#one(this.#current);
      this.#current = null;
      this.#last = { key, at: performance.now(), show };
      this.lastAt = this.#last.at;
      if (this.#waiting.length > 0) await new Promise((seen) => setTimeout(seen, GLANCE_MS));
    }
  }

  // Shows the answer, and gives what shows it again.
  async #one(job) {
    const soon = setTimeout(() => this.screen.checking(), CHECKING_AFTER_MS);
    let show;
    try {
      show = await this.#asked(job);
    } catch {
      show = () => this.screen.trouble("other");
    } finally {
      clearTimeout(soon);
    }
    show();
    this.changed();
    void this.sync.wake();
    return show;
  }

  async #asked(job) {
    const { timezone } = this.device.snapshot;
    const answer = await (job.looking ? this.checks.look(job.code) : this.checks.check(job));
    if (answer.trouble) return () => this.screen.trouble(answer.trouble);
    if (job.looking) return () => this.screen.looked(answer, { timezone });
    void this.history.add(answer);
    const mayForce = this.device.settings.forced_entry === true;
    return () => this.screen.decided(answer, { mayForce });
  }

  /// Begins or ends the help desk.
  lookUp(looking) {
    this.looking = looking;
    this.changed();
    this.panels.close();
  }

  /// Turns the direction round.
  turn() {
    const turned = this.direction === "entry" ? "exit" : "entry";
    this.turned = turned === this.device.settings.direction ? null : turned;
    this.changed();
    this.panels.close();
  }

  #buttons() {
    byId("more-look").addEventListener("click", () => this.lookUp(true));
    byId("more-direction").addEventListener("click", () => this.turn());
    byId("more-cancel").addEventListener("click", () => this.#askToCancel());
    byId("cancel-go").addEventListener("click", () => this.#cancel());
  }

  #askToCancel() {
    const { words } = this.screen;
    const entry = this.history.cancellable(Date.now());
    this.toCancel = entry;
    byId("cancel-title").textContent = words.t(entry ? "cancel_title" : "cancel_last");
    const time = entry ? words.time(entry.at, this.device.snapshot.timezone) : "";
    byId("cancel-which").textContent = entry ? `${entry.card} · ${time}` : "";
    byId("cancel-text").textContent = words.t(entry ? "cancel_text" : "cancel_none");
    byId("cancel-keep").textContent = words.t(entry ? "cancel_keep" : "close");
    byId("cancel-go").hidden = !entry;
    this.panels.open("cancel", byId("cancel-keep"));
  }

  async #cancel() {
    const entry = this.toCancel;
    this.panels.close();
    try {
      const told = await this.checks.cancel(entry);
      if (told === "cancelled") {
        await this.history.cancelled(entry.id);
        this.screen.done(this.screen.words.t("cancel_done"), entry.card);
      } else {
        this.screen.trouble(told);
      }
    } catch {
      this.screen.trouble("other");
    }
    this.changed();
    void this.sync.wake();
  }
}
