// What this device knows of itself: its token, its door and settings, today's
// count, and the pass list if the site wants one.

import { QUARTER_MS } from "./journal.js";
import { PassList, isSigned } from "./passlist.js";

/// So many quarters are remembered: ten days and more.
const QUARTERS_KEPT = 1_000;

/// Whether this is what the service says of a device, and nothing else.
export function isSnapshot(body) {
  return (
    typeof body?.server_time === "string" &&
    typeof body.device === "string" &&
    typeof body.detection === "object" &&
    typeof body.settings === "object" &&
    Number.isInteger(body.admitted_today)
  );
}

export class Device {
  static async load(store) {
    const names = ["token", "snapshot", "revoked", "count", "list"];
    const [token, snapshot, revoked, count, list] = await Promise.all(
      names.map((name) => store.get(name)),
    );
    const device = new Device(store);
    Object.assign(device, {
      token: token ?? null,
      snapshot: snapshot ?? null,
      revoked: revoked ?? false,
      count: count ?? { day: "", admitted: 0 },
      list: PassList.restore(list),
    });
    return device;
  }

  #days = { timeZone: null };

  constructor(store) {
    this.store = store;
    /// By how much this device's clock is ahead of the server's, or null.
    this.clockAheadMs = null;
  }

  /// Whether it can decide: it has a token and knows its door.
  get ready() {
    return this.token !== null && this.snapshot !== null;
  }

  /// How long the server may take for a check.
  get checkTimeoutMs() {
    return (this.snapshot?.decision_budget_ms ?? 1500) + 300;
  }

  get settings() {
    return this.snapshot?.settings ?? {};
  }

  /// Takes a new token; what belonged to another device goes.
  async enrol({ device, token, enrolment }) {
    const same = this.snapshot?.device === device;
    const snapshot = same ? { ...this.snapshot, enrolment } : null;
    const others = same ? { snapshot } : { snapshot: undefined, count: undefined };
    // Lists are signed with the token they were fetched with.
    await this.store.setAll({ token, revoked: undefined, list: undefined, ...others });
    Object.assign(this, { token, revoked: false, list: null, snapshot });
    if (!same) this.count = { day: "", admitted: 0 };
  }

  async takeSnapshot(snapshot) {
    this.clockAheadMs = Date.now() - Date.parse(snapshot.server_time);
    await this.store.set("snapshot", snapshot);
    this.snapshot = snapshot;
    await this.takeCount(snapshot.admitted_today);
  }

  /// The server's count of today's visitors at this device.
  async takeCount(admitted) {
    this.count = { day: this.dayOf(Date.now()), admitted };
    await this.store.set("count", this.count);
  }

  /// The server does not know the token any more: this device admits nobody.
  async revoke() {
    this.revoked = true;
    await this.store.set("revoked", true);
  }

  /// Today's visitors: those the server knows, and those it has yet to hear of.
  admittedToday(journal) {
    const today = this.dayOf(Date.now());
    const known = this.count.day === today ? this.count.admitted : 0;
    const unsent = journal.admittedUnsent(this.snapshot?.enrolment, (at) => this.isToday(at));
    return Math.max(0, known + unsent);
  }

  /// Whether an entry was made as this device; another may have been here before.
  isOurs(entry) {
    return entry.when?.enrolment === this.snapshot?.enrolment;
  }

  /// The organisation's calendar day.
  dayOf(time) {
    const timeZone = this.snapshot?.timezone;
    if (this.#days.timeZone !== timeZone) {
      this.#days = { timeZone, of: new Map(), format: new Intl.DateTimeFormat("en-CA", { timeZone }) };
    }
    // A journal has many times in few of these.
    const { of, format } = this.#days;
    const quarter = Math.floor((typeof time === "number" ? time : Date.parse(time)) / QUARTER_MS);
    const known = of.get(quarter);
    if (known !== undefined) return known;
    if (of.size >= QUARTERS_KEPT) of.clear();
    const day = format.format(new Date(quarter * QUARTER_MS));
    of.set(quarter, day);
    return day;
  }

  isToday(time) {
    return this.dayOf(time) === this.dayOf(Date.now());
  }

  /// Whether an entry of then, so long ago, can still stand against another one: of today,
  /// or within the repeat window.
  isRecent(time, ageMs) {
    return Math.abs(ageMs) <= (this.snapshot?.repeat_window_ms ?? 0) || this.isToday(time);
  }

  /// Brings the pass list up to date, if the site wants one.
  async refreshList(api) {
    if (this.snapshot?.offline_policy !== "guarded") {
      if (this.list !== null) await this.#keepList(null);
      return;
    }
    const taken = await this.#fetchList(api, this.list);
    // A difference that does not fit, or none to be had: take the whole.
    if (!taken && this.list !== null) await this.#fetchList(api, null);
  }

  async #fetchList(api, list) {
    const query = list === null ? "" : `?since=${list.version}`;
    const result = await api.get(`pass-list${query}`, 30_000);
    if (result.kind !== "answer") return result.kind !== "problem";
    const signature = result.headers.get("x-passerelle-signature");
    if (!(await isSigned(result.bytes, signature, this.token))) return true;
    const next = PassList.with(list, result.body);
    if (next === null) return false;
    await this.#keepList(next);
    return true;
  }

  async #keepList(list) {
    this.list = list;
    await this.store.set("list", list?.stored());
  }
}
