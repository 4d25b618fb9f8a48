// What the server has yet to hear. Everything here is on the disk before anyone
// is told of it; the copy in memory is for counting, and right because only one
// tab works at a time. However much it holds, a scan looks at no more of it than it
// needs.
//
// A check begins as an attempt: written down before the server is asked, so that
// a power cut in between does not make a second check of it. An attempt that the
// server answered is forgotten; one that this device decided by itself stays,
// with its outcome, until the server has kept it and the visitor was told.

import { UNTOLD_MS } from "./join.js";
import { admits } from "./offline.js";

/// How long a re-scan belongs to a check whose answer nobody was told.
const ATTEMPT_MS = UNTOLD_MS;
/// Days begin and end with a quarter of an hour, in every zone: visitors are counted by
/// quarters.
export const QUARTER_MS = 15 * 60_000;

export class Journal {
  static async load(store) {
    return new Journal(store, await store.all("journal"));
  }

  // By place, in the order in which it happened.
  #entries = new Map();
  // By the ids of their checks.
  #byId = new Map();
  // Those whose answer nobody was told.
  #untold = new Set();
  // How many visitors came, by enrolment and quarter.
  #admitted = new Map();
  #next = 1;

  constructor(store, entries) {
    this.store = store;
    /// How many checks and cancellations the server has yet to hear.
    this.unsent = 0;
    for (const entry of entries) this.#add(entry);
    store.keepers.push(({ journal }) => this.#entries.forEach((entry) => journal.put(entry)));
  }

  /// The first of them, as many as that, without those at these places: checks, or if
  /// there are none, cancellations.
  due(count, without) {
    const due = [];
    for (const kind of ["check", "cancellation"]) {
      for (const entry of this.#entries.values()) {
        if (due.length === count) break;
        if (entry.kind === kind && isUnsent(entry) && !without.has(entry.seq)) due.push(entry);
      }
      if (due.length > 0) break;
    }
    return due;
  }

  /// When the oldest of them happened, or null.
  get oldestUnsent() {
    for (const entry of this.#entries.values()) {
      if (isUnsent(entry)) return entry.scanned_at ?? entry.cancelled_at;
    }
    return null;
  }

  /// Whether the check with this id is here for the server to hear of.
  holds(id) {
    return this.#byId.has(id) && !this.#byId.get(id).sent;
  }

  /// What this device decided and told nobody.
  get untold() {
    return [...this.#untold].filter(({ outcome }) => outcome !== undefined);
  }

  /// The check of the same thing whose answer nobody was told, or undefined: a card that is
  /// just read takes up also that of one more person. `isSame` says of a code whether it is
  /// the same card, `ageMs` of a check how long ago it was.
  attempt(scan, isSame, ageMs) {
    return [...this.#untold].find(
      (entry) =>
        isSame(entry.code) &&
        entry.direction === scan.direction &&
        entry.forced_note === scan.forced_note &&
        [entry.one_more_than, undefined].includes(scan.one_more_than) &&
        Math.abs(ageMs(entry)) <= ATTEMPT_MS,
    );
  }

  /// Writes a check down that the server is about to be asked.
  begin(check) {
    return this.#put({ kind: "check", ...check });
  }

  /// This device has decided by itself; the visitor is told afterwards.
  decide(entry, outcome, card) {
    return this.#put({ kind: "check", ...entry, outcome, card, told: false });
  }

  /// The visitor was told what this device decided. Nobody waits for that to be on the
  /// disk: without it the next read gets the same answer.
  async tell(entry) {
    this.#untold.delete(entry);
    entry.told = true;
    if (this.#entries.get(entry.seq) !== entry) return;
    await (entry.sent ? this.forget([entry]) : this.#write(entry, "relaxed"));
  }

  /// Takes an entry back. Nobody is told any more that it was admitted.
  async cancel(cancellation) {
    const check = this.#byId.get(cancellation.check_id);
    const isUntold = check !== undefined && this.#untold.has(check);
    const stays = isUntold && isUnsent(check);
    const placed = await this.#put({ kind: "cancellation", ...cancellation }, (journal) => {
      if (stays) journal.put({ ...check, told: true });
      else if (isUntold) journal.delete(check.seq);
    });
    if (stays) {
      this.#untold.delete(check);
      check.told = true;
    } else if (isUntold) {
      this.#remove(check);
    }
    return placed;
  }

  /// The server knows these now, or nobody needs to.
  async forget(entries) {
    // If the disk fails, they come back after a reload, and the server gives
    // its first answer again.
    for (const entry of entries) this.#remove(entry);
    await this.store.write(["journal"], ({ journal }) => {
      for (const { seq } of entries) if (seq !== undefined) journal.delete(seq);
    });
  }

  /// The server has these: in its books, or aside for people to settle. The answer to one
  /// that nobody was told is the next read's.
  async settle(entries) {
    const untold = entries.filter((entry) => this.#untold.has(entry));
    const told = entries.filter((entry) => !untold.includes(entry));
    await this.store.write(["journal"], ({ journal }) => {
      for (const entry of untold) journal.put({ ...entry, sent: true });
      for (const { seq } of told) journal.delete(seq);
    });
    for (const entry of told) this.#remove(entry);
    for (const entry of untold) {
      this.#count(entry, -1);
      entry.sent = true;
    }
    const since = untold.filter((entry) => entry.told);
    if (since.length > 0) await this.forget(since);
  }

  /// Checks that nobody will take up again. What the server decided about
  /// them stands there; nobody was told anything here.
  async dropOldAttempts(ageMs) {
    const isOld = (entry) => !isUnsent(entry) && Math.abs(ageMs(entry)) >= ATTEMPT_MS;
    const old = [...this.#untold].filter(isOld);
    if (old.length > 0) await this.forget(old);
  }

  /// How many visitors were admitted, and are not known to the server, under this
  /// enrolment, in the quarters that count.
  admittedUnsent(enrolment, counts) {
    let sum = 0;
    for (const [quarter, count] of this.#admitted.get(enrolment) ?? []) {
      if (counts(quarter * QUARTER_MS)) sum += count;
    }
    return sum;
  }

  /// Another device goes on here: what was told to nobody is nobody's, the rest is
  /// still to be sent.
  async leaveToAnother() {
    await this.forget([...this.#untold].filter((entry) => !isUnsent(entry)));
  }

  // In its place if it has one. The page gives the places itself: what is written twice
  // is one.
  async #put(entry, more = () => {}) {
    const placed = { ...entry, seq: entry.seq ?? this.#next };
    this.#next = Math.max(this.#next, placed.seq + 1);
    await this.#write(placed, "strict", more);
    this.#leave(placed);
    this.#add(placed);
    return placed;
  }

  #write(entry, durability, more = () => {}) {
    const change = ({ journal }) => {
      journal.put(entry);
      more(journal);
    };
    return this.store.write(["journal"], change, durability);
  }

  #add(entry) {
    this.#next = Math.max(this.#next, entry.seq + 1);
    this.#entries.set(entry.seq, entry);
    if (entry.kind === "check") {
      this.#byId.set(entry.id, entry);
      if (entry.outcome === undefined || entry.told === false) this.#untold.add(entry);
    }
    this.#count(entry, 1);
  }

  #remove(entry) {
    this.#leave(entry);
    this.#entries.delete(entry.seq);
  }

  // What stands in its place counts no more.
  #leave({ seq }) {
    const entry = this.#entries.get(seq);
    if (entry === undefined) return;
    if (this.#byId.get(entry.id) === entry) this.#byId.delete(entry.id);
    this.#untold.delete(entry);
    this.#count(entry, -1);
  }

  #count(entry, one) {
    if (!isUnsent(entry)) return;
    this.unsent += one;
    const isEntry = entry.kind === "cancellation" || admits(entry.outcome);
    if (!isEntry) return;
    const quarter = Math.floor(Date.parse(entry.scanned_at) / QUARTER_MS);
    const enrolment = entry.when?.enrolment;
    if (!this.#admitted.has(enrolment)) this.#admitted.set(enrolment, new Map());
    const quarters = this.#admitted.get(enrolment);
    const count = (quarters.get(quarter) ?? 0) + (entry.kind === "cancellation" ? -one : one);
    if (count === 0) quarters.delete(quarter);
    else quarters.set(quarter, count);
  }
}

function isUnsent(entry) {
  return !entry.sent && (entry.kind === "cancellation" || entry.outcome !== undefined);
}
