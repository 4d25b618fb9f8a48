// Sends the journal when the server answers: oldest first, in batches, as often
// as it takes. Cancellations go when the server has kept their checks.

import { cancellationOnWire, onWire } from "./checks.js";

const BATCH = 100;
const TIMEOUT_MS = 30_000;
const SHORTEST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

export class Sync extends EventTarget {
  #running = null;
  // What the service refuses as a request, and is not sent again before it was gone and
  // came back.
  #stuck = new Set();
  // The token that the service does not know at all. Under one that was revoked it
  // still takes what was done by then, and puts it aside.
  #unknown = null;
  #pauseMs = 0;

  constructor({ api, clock, device, journal, connection }) {
    super();
    Object.assign(this, { api, clock, device, journal, connection });
    connection.addEventListener("change", () => this.#stuck.clear());
  }

  /// Sends what there is, unless that is going on.
  wake() {
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #run() {
    let size = BATCH;
    while (this.connection.state === "online" && this.device.token !== this.#unknown) {
      const entries = this.journal.due(size, this.#stuck);
      if (entries.length === 0) return;
      const result = await this.api.post("checks/batch", batchOf(entries, this.clock), TIMEOUT_MS);
      if (result.kind === "answer") {
        if (!(await this.#settle(entries, result.body))) return;
        size = BATCH;
        this.#pauseMs = 0;
      } else if (result.kind === "problem" && entries.length > 1) {
        // Something in it, or its size: smaller ones find the one at fault.
        size = Math.ceil(entries.length / 8);
      } else if (result.kind === "problem") {
        this.#stuck.add(entries[0].seq);
        // Or it is not the one that takes checks.
        await this.connection.probeNow();
      } else if (result.kind === "revoked") {
        this.#unknown = this.device.token;
        await this.device.revoke();
      } else if (result.kind === "unwell") {
        // It answers, and does not take this at present: no reason to decide alone.
        this.#pauseMs = Math.min(Math.max(2 * this.#pauseMs, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS);
        setTimeout(() => void this.wake(), this.#pauseMs);
        return;
      } else {
        this.connection.silence();
      }
      this.dispatchEvent(new Event("change"));
    }
  }

  // Whether every entry found its result.
  async #settle(entries, body) {
    const results =
      (entries[0].kind === "check" ? body?.results : body?.cancellations) ?? [];
    if (results.length !== entries.length || !entries.every((entry, n) => isOf(entry, results[n]))) {
      this.connection.silence();
      return false;
    }
    const pairs = entries.map((entry, index) => ({ entry, result: results[index] }));
    const counts = pairs
      .filter(({ result }) => result.status === "kept")
      .filter(({ entry }) => entry.kind === "check" && this.device.isOurs(entry))
      .filter(({ entry }) => this.device.isToday(entry.scanned_at))
      .map(({ result }) => result.answer.device_count_today);
    await this.journal.settle(entries);
    if (counts.length > 0) {
      const known = this.device.count.day === this.device.dayOf(Date.now()) ? this.device.count.admitted : 0;
      await this.device.takeCount(Math.max(known, ...counts));
    }
    return true;
  }
}

// Whether a result is one of the service's for this entry: it is in its books, or
// aside for people to settle. What could not be read there has no id.
function isOf(entry, result) {
  if (result?.status === "aside") {
    const id = entry.kind === "check" ? [result.id, entry.id] : [result.check_id, entry.check_id];
    return typeof result.problem?.code === "string" && (id[0] === undefined || id[0] === id[1]);
  }
  if (result?.status !== "kept") return false;
  if (entry.kind === "cancellation") return result.check_id === entry.check_id;
  return result.answer?.id === entry.id && Number.isInteger(result.answer.device_count_today);
}

function batchOf(entries, clock) {
  const isCheck = entries[0].kind === "check";
  const checks = isCheck ? entries.map((entry) => onWire(entry, clock)) : [];
  const cancellations = isCheck ? [] : entries.map((entry) => cancellationOnWire(entry, clock));
  return { checks, cancellations };
}
