// One scan, from code to answer: the server decides if it answers in time,
// otherwise this device does, by the offline rules and under the same id. What
// this device decides is on its disk before anyone sees it.

import { detect } from "./detect.js";
import { subject } from "./join.js";
import { admits, decideOffline, opens } from "./offline.js";
import { passKey } from "./passlist.js";
import { StorageFull } from "./store.js";

/// The longest code that the server takes, in bytes.
const CODE_BYTES = 512;
/// How long after the scan an entry can be cancelled.
const CANCEL_TIMEOUT_MS = 5_000;
/// What this device may not do: nothing was decided.
const NOT_ALLOWED = [
  "forced_entry_not_allowed",
  "direction_not_allowed",
  "several_persons_not_allowed",
  "note_invalid",
];

export class Checks {
  constructor({ api, clock, device, journal, entered, connection }) {
    Object.assign(this, { api, clock, device, journal, entered, connection });
  }

  /// Decides `{code, direction, forcedNote, oneMoreThan}`. Gives the answer for the
  /// screen, or `{trouble}`: storage, revoked, forced_entry_not_allowed,
  /// direction_not_allowed, several_persons_not_allowed, note_invalid. When the answer is
  /// on the screen, `told()` is to be called.
  async check({ code, direction, forcedNote, oneMoreThan }) {
    if (this.device.revoked) return { trouble: "revoked" };
    const { at, when } = this.clock.now(this.device.snapshot);
    if (new TextEncoder().encode(code).length > CODE_BYTES) return tooLong(at, direction);
    const scan = { code, direction };
    if (forcedNote !== undefined) scan.forced_note = forcedNote;
    if (oneMoreThan !== undefined) scan.one_more_than = oneMoreThan;
    const { detection } = this.device.snapshot;
    const card = subject(code, detection);
    const isSame = (other) => other === code || subject(other, detection) === card;
    const former = this.journal.attempt(scan, isSame, (entry) => this.clock.msSince(entry));
    if (former?.outcome !== undefined) return this.#decided(former);
    const fresh = { id: newId(), scanned_at: at, ...scan, when };
    // The server would admit the card once more.
    const knowsBetter = this.#knowsBetter(former ?? fresh);
    if (knowsBetter || !this.connection.isWorthAsking) return this.#alone(former ?? fresh);
    const entry = former ?? (await this.#begin(fresh));
    const result = await this.api.post("checks", onWire(entry, this.clock), this.device.checkTimeoutMs);
    // What is not an answer to this check is somebody else's: nobody answered.
    const foreign = result.kind === "answer" && !isAnswerTo(entry, result.body);
    switch (foreign ? "silent" : result.kind) {
      case "answer":
        return this.#answered(entry, result.body);
      case "problem":
        return this.#notTaken(entry, result.code);
      case "revoked":
        await Promise.allSettled([this.device.revoke(), this.journal.forget([entry])]);
        return { trouble: "revoked" };
      case "unwell":
        // Only this one pass waits for Otipass; the server is well.
        if (result.code !== "check_stays_open") this.connection.silence();
        return this.#alone(entry);
      default:
        this.connection.silence();
        return this.#alone(entry);
    }
  }

  // A disk that fails is no reason not to ask the server, who has another.
  async #begin(check) {
    return this.journal.begin(check).catch(() => check);
  }

  #answered(entry, body) {
    const answer = {
      id: entry.id,
      code: entry.code,
      at: entry.scanned_at,
      direction: entry.direction,
      outcome: body.outcome,
      open: body.open,
      admitted: body.admitted,
      message: body.message,
      card: body.pass_number ?? null,
      validUntil: body.valid_until ?? null,
      entriesLeft: body.entries_left ?? null,
      earlier: body.earlier ?? null,
      oneMoreThan: entry.one_more_than,
      decidedAt: body.decided_at,
      alone: false,
      // Until then the next read gets this answer again.
      told: () => this.journal.forget([entry]),
    };
    if (!body.repeated) this.clock.contact(body.decided_at);
    // Nobody waits for this: the answer is on the server's disk.
    if (this.device.isToday(entry.scanned_at)) {
      void this.device.takeCount(body.device_count_today).catch(() => {});
    }
    if (answer.admitted) this.entered.note(answer.card, entry);
    if (answer.outcome === "exit") this.entered.left(answer.card);
    return answer;
  }

  async #notTaken(entry, code) {
    if (NOT_ALLOWED.includes(code)) {
      await Promise.allSettled([this.journal.forget([entry])]);
      void this.connection.probeNow();
      return { trouble: code };
    }
    if (code !== "check_id_conflict") return this.#alone(entry);
    // The id belongs to another scan: a new one, and no second question.
    const { seq: _, ...check } = entry;
    await Promise.allSettled([this.journal.forget([entry])]);
    return this.#alone({ ...check, id: newId() });
  }

  async #alone(entry) {
    const { snapshot, list } = this.device;
    const now = Date.now();
    const suspect = detect(entry.code, snapshot.detection);
    const key = suspect !== null && list !== null ? await passKey(suspect) : null;
    const scan = {
      code: entry.code,
      direction: entry.direction,
      forced: entry.forced_note !== undefined,
    };
    const { outcome, card } = decideOffline(snapshot, scan, (pass) => ({
      justAdmitted: entry.one_more_than === undefined && this.#justAdmitted(pass, entry),
      listed: key === null ? null : list.refuses(key, now),
      enteredToday: this.#enteredToday(pass, entry),
    }));
    // It may have heard of another set-up since it asked; this is what it goes by.
    if (entry.when) entry.when.set_up = snapshot.set_up;
    let decided;
    try {
      decided = await this.journal.decide(entry, outcome, card);
    } catch (error) {
      if (error instanceof StorageFull) return { trouble: "storage" };
      throw error;
    }
    return this.#decided(decided);
  }

  // The answer to what this device has decided by itself.
  #decided(entry) {
    const { outcome, card } = entry;
    const earlier = this.entered.of(card, entry.id);
    const standsAgainst = ["just_admitted", "already_used"].includes(outcome) && earlier !== undefined;
    if (admits(outcome)) this.entered.note(card, entry);
    if (outcome === "exit") this.entered.left(card);
    return {
      id: entry.id,
      code: entry.code,
      at: entry.scanned_at,
      direction: entry.direction,
      outcome,
      open: opens(outcome),
      admitted: admits(outcome),
      card,
      validUntil: null,
      entriesLeft: null,
      earlier: standsAgainst
        ? {
            check_id: earlier.id,
            device: this.device.snapshot.device,
            device_name: this.device.snapshot.device_name,
            at: this.#whenSeenFrom(entry, earlier),
          }
        : null,
      oneMoreThan: entry.one_more_than,
      decidedAt: entry.scanned_at,
      alone: true,
      told: () => this.journal.tell(entry),
    };
  }

  // By the clock of the scan, which may have been set since the entry.
  #whenSeenFrom(scan, entry) {
    const agoMs = this.clock.msSince(entry) - this.clock.msSince(scan);
    return new Date(Date.parse(scan.scanned_at) - agoMs).toISOString();
  }

  // Whether the card was admitted here within the repeat window, by another check.
  #justAdmitted(card, scan) {
    const entry = this.entered.of(card, scan.id);
    const windowMs = this.device.snapshot.repeat_window_ms ?? 0;
    if (entry === undefined || entry.hasLeft || windowMs === 0) return false;
    return Math.abs(this.clock.msSince(entry) - this.clock.msSince(scan)) <= windowMs;
  }

  // Whether this device has admitted the card just now, and the server has yet to hear
  // of it.
  #knowsBetter(entry) {
    if (entry.direction !== "entry") return false;
    if (entry.forced_note !== undefined || entry.one_more_than !== undefined) return false;
    const card = detect(entry.code, this.device.snapshot.detection);
    const earlier = this.entered.of(card, entry.id);
    if (earlier === undefined) return false;
    return this.#justAdmitted(card, entry) && this.journal.holds(earlier.id);
  }

  #enteredToday(card, scan) {
    const entry = this.entered.of(card, scan.id);
    return entry !== undefined && this.device.isToday(entry.at);
  }

  /// Takes back an entry `{id, at}`. Gives "cancelled", or the trouble:
  /// storage, revoked, not_cancellable.
  async cancel(entry) {
    if (this.device.revoked) return "revoked";
    const { at, when } = this.clock.now(this.device.snapshot);
    const cancellation = {
      id: newId(),
      check_id: entry.id,
      cancelled_at: at,
      scanned_at: entry.at,
      when,
    };
    let kept;
    try {
      kept = await this.journal.cancel(cancellation);
    } catch (error) {
      if (error instanceof StorageFull) return "storage";
      throw error;
    }
    // The server must have the check before it hears that it is void.
    if (!this.journal.holds(entry.id) && this.connection.isWorthAsking) {
      const told = await this.#tellCancelled(kept);
      if (told !== "cancelled") return told;
    }
    await Promise.allSettled([this.entered.cancel(entry.id)]);
    return "cancelled";
  }

  async #tellCancelled(kept) {
    const body = cancellationOnWire(kept, this.clock);
    const result = await this.api.post("cancellations", body, CANCEL_TIMEOUT_MS);
    const foreign = result.kind === "answer" && !isCancelled(kept, result.body);
    switch (foreign ? "silent" : result.kind) {
      case "answer":
        await Promise.allSettled([
          this.journal.forget([kept]),
          this.device.takeCount(result.body.device_count_today),
        ]);
        return "cancelled";
      case "problem":
        await Promise.allSettled([this.journal.forget([kept])]);
        return "not_cancellable";
      case "revoked":
        await this.device.revoke();
        return "cancelled";
      default:
        this.connection.silence();
        return "cancelled";
    }
  }

  /// What is known of a pass, for the help desk. Records nothing.
  async look(code) {
    if (this.device.revoked) return { trouble: "revoked" };
    if (this.connection.isWorthAsking) {
      const result = await this.api.post("look", { code }, this.device.checkTimeoutMs);
      if (result.kind === "answer" && isLook(result.body)) return { look: result.body, alone: false };
      if (result.kind === "problem") return { trouble: result.code };
      if (result.kind === "revoked") {
        await this.device.revoke();
        return { trouble: "revoked" };
      }
      this.connection.silence();
    }
    return { look: await this.#lookAlone(code), alone: true };
  }

  async #lookAlone(code) {
    const { snapshot, list } = this.device;
    const card = detect(code, snapshot.detection);
    if (card === null) return { recognised: false, outcome: "not_a_pass", admissible: false };
    const listed = list?.refuses(await passKey(card), Date.now()) ?? null;
    const entered = this.entered.of(card);
    const { device, device_name } = snapshot;
    return {
      recognised: true,
      pass_number: card,
      admissible: listed === null ? null : false,
      outcome: listed ?? undefined,
      last_entries: entered ? [{ at: entered.at, device, device_name, cancelled: false }] : [],
    };
  }
}

function isAnswerTo(entry, body) {
  return (
    body?.id === entry.id &&
    typeof body.outcome === "string" &&
    typeof body.open === "boolean" &&
    Number.isInteger(body.device_count_today)
  );
}

function isCancelled(kept, body) {
  return body?.check_id === kept.check_id && Number.isInteger(body.device_count_today);
}

function isLook(body) {
  return (
    typeof body?.recognised === "boolean" &&
    [true, false, null].includes(body.admissible) &&
    Array.isArray(body.last_entries) &&
    body.last_entries.every((entry) => typeof entry?.at === "string")
  );
}

/// A check as the API wants it.
export function onWire(entry, clock) {
  const { id, code, scanned_at, direction, forced_note, one_more_than, outcome, when } = entry;
  // What is undefined is left out.
  const scan = { id, code, scanned_at, direction, forced_note, one_more_than };
  const under = { outcome, set_up: when?.set_up, enrolment: when?.enrolment };
  return { ...scan, ...under, ...clock.sending(when) };
}

/// A cancellation as the API wants it.
export function cancellationOnWire({ id, check_id, cancelled_at, when }, clock) {
  return { id, check_id, cancelled_at, enrolment: when?.enrolment, ...clock.sending(when) };
}

function newId() {
  return crypto.randomUUID();
}

// The server refuses to keep it, so nobody is told of it.
function tooLong(at, direction) {
  return {
    id: newId(),
    code: "",
    at,
    direction,
    outcome: "not_a_pass",
    open: false,
    admitted: false,
    card: null,
    validUntil: null,
    entriesLeft: null,
    earlier: null,
    alone: true,
    told: async () => {},
  };
}
