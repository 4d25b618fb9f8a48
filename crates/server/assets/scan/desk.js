// The page at work: takes codes from wedge, camera and fingers, one at a time,
// and shows what comes of them. What belongs to one presentation is one job.

import { afterPaint, byId } from "./dom.js";
import { Joining, joins, subject } from "./join.js";

/// Asking shows only if it takes long enough to be seen.
const CHECKING_AFTER_MS = 120;
/// How long an answer stays at least if the next visitor is already scanned.
const GLANCE_MS = 700;
/// How many scans may wait for their turn.
const WAITING_LIMIT = 20;

export class Desk {
  #waiting = [];
  #current = null;
  // Whose picture it is: nothing that was read before replaces it.
  #latest = null;
  // Whether the service is being told that an entry is taken back.
  #cancelling = false;
  #joining = new Joining();

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

  /// The keys of a scanner can mean two passes.
  ambiguous() {
    this.#latest = null;
    this.screen.ambiguous();
  }

  /// A code that was read or typed; `sight` is how the camera saw it. One that belongs to a
  /// presentation that goes on is nothing new. Gives whether it is.
  read(code, sight) {
    const purpose = this.looking ? "look" : "check";
    return this.#read({ code, purpose, direction: this.direction }, sight);
  }

  /// The agent lets somebody in and says why. It is an entry, whichever way this scanner
  /// looks.
  force(code, forcedNote) {
    this.#read({ code, forcedNote, purpose: "forced", direction: "entry" });
  }

  /// The agent wants this pass to be asked about once more.
  again({ id, code, direction, told }) {
    // Whoever presses its button has seen the answer, painted to the end or not.
    void told?.().catch(() => {});
    const scan = { code, purpose: "check", direction };
    const { subject, way } = this.#presentation(scan);
    const isSame = (job) => {
      const other = this.#presentation(job);
      return other.subject === subject && other.way === way;
    };
    // The button was pressed twice.
    if ([this.#current, ...this.#waiting].some((job) => job !== null && isSame(job))) return;
    this.#end(id);
    this.#begin(scan);
  }

  /// So many more persons on the code of an answer.
  more({ id, code, outcome, earlier }, count) {
    const oneMoreThan = outcome === "just_admitted" ? earlier.check_id : id;
    this.#begin({ code, purpose: "check", direction: "entry", oneMoreThan, nth: 1, count });
  }

  #read(scan, sight) {
    const { subject, way } = this.#presentation(scan);
    const job = this.#joining.read(subject, way, performance.now(), sight !== undefined);
    if (job !== null) {
      // A trigger was pulled: the agent looks for an answer.
      if (sight === undefined && job === this.#latest) job.show?.("still");
      return false;
    }
    // It is still there from a presentation that is over.
    if (sight === "still") return false;
    this.#begin(scan);
    return true;
  }

  #presentation({ code, purpose, direction }) {
    const { detection } = this.device.snapshot;
    return { subject: subject(code, detection), way: `${purpose} ${direction}` };
  }

  #begin(job) {
    // Nobody counts on an answer that was never asked for.
    if (this.#waiting.length >= WAITING_LIMIT && !(job.nth > 1)) return this.screen.trouble("busy");
    const { subject, way } = this.#presentation(job);
    this.#joining.begin(subject, way, job, performance.now());
    // The rest of a family goes in together.
    if (job.nth > 1) this.#waiting.unshift(job);
    else this.#waiting.push(job);
    this.#latest = job;
    if (this.#current === null) void this.#work();
  }

  async #work() {
    while (this.#waiting.length > 0) {
      this.#current = this.#waiting.shift();
      try {
        await this.#one(this.#current);
      } finally {
        this.#current = null;
      }
      this.lastAt = performance.now();
      const isOther = this.#waiting.length > 0 && !(this.#waiting[0].nth > 1);
      if (isOther) await new Promise((seen) => setTimeout(seen, GLANCE_MS));
    }
  }

  // Asks, and shows the answer.
  async #one(job) {
    const soon = setTimeout(() => this.screen.checking(), CHECKING_AFTER_MS);
    const other = { trouble: "other" };
    let answer = await this.#asked(job).catch(() => other);
    clearTimeout(soon);
    job.show = (news) => this.#show(job, answer, news);
    try {
      job.show("new");
    } catch {
      answer = other;
      job.show("new");
    }
    job.id = answer.id;
    const settled = answer.look ? answer.look.admissible !== null : joins(answer.outcome);
    this.#joining.told(job, answer.trouble === undefined && settled);
    afterPaint(() => {
      void answer.told?.().catch(() => {});
      this.changed();
      void this.sync.wake();
    });
    const { nth, count, code, direction } = job;
    if (nth < count && answer.admitted) {
      const oneMoreThan = answer.id;
      this.#begin({ code, purpose: "check", direction, oneMoreThan, nth: nth + 1, count });
    }
  }

  #asked(job) {
    return job.purpose === "look" ? this.checks.look(job.code) : this.checks.check(job);
  }

  #show(job, answer, news) {
    const { settings, snapshot } = this.device;
    if (answer.trouble) return this.screen.trouble(answer.trouble, news);
    if (job.purpose === "look") return this.screen.looked(answer, { timezone: snapshot.timezone, news });
    if (news === "new") void this.history.add(answer);
    this.screen.decided(answer, { settings, news, nth: job.nth, count: job.count });
  }

  // The presentation of the check with this id is over.
  #end(id) {
    this.#joining.end(this.#joining.find((job) => job.id === id));
  }

  /// Begins or ends the help desk.
  lookUp(looking) {
    this.looking = looking;
    this.#joining.end();
    this.changed();
    this.panels.close();
  }

  /// Turns the direction round.
  turn() {
    const turned = this.direction === "entry" ? "exit" : "entry";
    this.turned = turned === this.device.settings.direction ? null : turned;
    this.#joining.end();
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
    const entry = this.#cancelling ? undefined : this.history.cancellable(Date.now());
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
    // Until it is known whether that one is taken back, none is.
    if (!entry || this.#cancelling) return;
    this.#cancelling = true;
    const latest = this.#latest;
    const soon = setTimeout(() => {
      if (this.#latest === latest) this.screen.checking();
    }, CHECKING_AFTER_MS);
    try {
      const told = await this.checks.cancel(entry);
      if (told === "cancelled") {
        this.#end(entry.id);
        await this.history.cancelled(entry.id);
        // Who came meanwhile looks for an answer.
        if (this.#latest === latest) {
          this.#latest = null;
          this.screen.done(this.screen.words.t("cancel_done"), entry.card);
        }
      } else if (this.#latest === latest) {
        this.screen.trouble(told);
      }
    } catch {
      if (this.#latest === latest) this.screen.trouble("other");
    } finally {
      clearTimeout(soon);
      this.#cancelling = false;
    }
    this.changed();
    void this.sync.wake();
  }
}
