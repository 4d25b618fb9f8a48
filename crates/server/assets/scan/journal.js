// What the server has yet to hear. Everything here is on the disk before anyone
// is told of it; the copy in memory is for counting, and right because only one
// tab works at a time.
//
// A check begins as an attempt: written down before the server is asked, so that
// a power cut in between does not make a second check of it. An attempt that the
// server answered is forgotten; one that this device decided by itself stays,
// with its outcome, until the server has kept it.

import { UNTOLD_MS } from "./join.js";
import { admits } from "./offline.js";

/// The most checks that may wait to be sent.
export const UNSENT_LIMIT = 20_000;
/// How long a re-scan belongs to a check whose answer nobody was told.
const ATTEMPT_MS = UNTOLD_MS;

/// The storage of this device takes nothing more.
export class StorageFull extends Error {}

export class Journal {
  static async load(store) {
    return new Journal(store, await store.all("journal"));
  }

  constructor(store, entries) {
    this.store = store;
    this.entries = entries;
  }

  get checks() {
    return this.entries.filter((entry) => entry.kind === "check" && entry.outcome !== undefined);
  }

  get cancellations() {
    return this.entries.filter((entry) => entry.kind === "cancellation");
  }

  /// How many checks and cancellations the server has yet to hear.
  get unsent() {
    return this.entries.reduce((sum, entry) => sum + (isUnsent(entry) ? 1 : 0), 0);
  }

  /// When the oldest of them happened, or null.
  get oldestUnsent() {
    const oldest = this.entries.find(isUnsent);
    return oldest ? (oldest.scanned_at ?? oldest.cancelled_at) : null;
  }

  /// Whether the check with this id is still here.
  holds(id) {
    return this.entries.some((entry) => entry.kind === "check" && entry.id === id);
  }

  /// The check of the same thing whose answer nobody was told, or undefined. `isSame`
  /// says of a code whether it is the same card.
  attempt(scan, isSame, nowMs) {
    return this.entries.find(
      (entry) =>
        entry.kind === "check" &&
        (entry.outcome === undefined || entry.told === false) &&
        isSame(entry.code) &&
        entry.direction === scan.direction &&
        entry.forced_note === scan.forced_note &&
        entry.one_more_than === scan.one_more_than &&
        Math.abs(nowMs - Date.parse(entry.scanned_at)) <= ATTEMPT_MS,
    );
  }

  /// Writes a check down that the server is about to be asked.
  async begin(check) {
    if (this.entries.length >= UNSENT_LIMIT) throw new StorageFull();
    const entry = { kind: "check", ...check };
    await this.#put(entry);
    return entry;
  }

  /// This device has decided by itself; the visitor is told afterwards.
  async decide(entry, outcome, card) {
    const decided = { ...entry, outcome, card, told: false };
    await this.#put(decided);
    return decided;
  }

  /// The visitor was told what this device decided. Nobody waits for that to be on the
  /// disk: without it the next read gets the same answer.
  async tell(entry) {
    entry.told = true;
    if (this.entries.includes(entry)) await this.#put(entry);
  }

  async cancel(cancellation) {
    if (this.entries.length >= UNSENT_LIMIT) throw new StorageFull();
    const entry = { kind: "cancellation", ...cancellation };
    await this.#put(entry);
    return entry;
  }

  /// The server knows these now, or nobody needs to.
  async forget(entries) {
    // If the disk fails, they come back after a reload, and the server gives
    // its first answer again.
    this.entries = this.entries.filter((entry) => !entries.includes(entry));
    await this.settle(entries);
  }

  /// The server has these: in its books, or aside for people to settle.
  async settle(entries) {
    const gone = new Set(entries.map(({ seq }) => seq));
    await guarded(
      this.store.write(["journal"], ({ journal }) => {
        for (const seq of gone) journal.delete(seq);
      }),
    );
    this.entries = this.entries.filter((entry) => !gone.has(entry.seq));
  }

  /// Attempts that nobody will take up again. What the server decided about
  /// them stands there; nobody was told anything here.
  async dropOldAttempts(nowMs) {
    const old = this.entries.filter(
      (entry) =>
        entry.kind === "check" &&
        entry.outcome === undefined &&
        Math.abs(nowMs - Date.parse(entry.scanned_at)) >= ATTEMPT_MS,
    );
    if (old.length > 0) await this.forget(old);
  }

  /// How many visitors were admitted, of the entries that count, and are not known
  /// to the server.
  admittedUnsent(counts) {
    const admitted = this.checks.filter((entry) => admits(entry.outcome) && counts(entry));
    return admitted.length - this.cancellations.filter(counts).length;
  }

  /// Another device goes on here: what was told to nobody is nobody's, the rest is
  /// still to be sent.
  async leaveToAnother() {
    await this.forget(this.entries.filter((entry) => !isUnsent(entry)));
  }

  async #put(entry) {
    await guarded(
      this.store.write(["journal"], ({ journal }) => {
        const request = journal.put(entry);
        request.onsuccess = () => {
          entry.seq = request.result;
        };
      }),
    );
    const index = this.entries.findIndex((known) => known.seq === entry.seq);
    if (index < 0) this.entries.push(entry);
    else this.entries[index] = entry;
  }
}

function isUnsent(entry) {
  return entry.kind === "cancellation" || entry.outcome !== undefined;
}

async function guarded(write) {
  try {
    await write;
  } catch (error) {
    throw new StorageFull(error?.name);
  }
}
