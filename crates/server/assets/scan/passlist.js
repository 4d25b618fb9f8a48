// The pass list of the policy `guarded`: which passes are known to be refused.
// It comes as a whole (static filters, about nine bits a pass) and as
// differences that lie over it. It is signed, so that a body which something on
// the way changed is never used.

const LIST_HOURS = 24;
const NOT_SOLD_HOURS = 1;
const HOUR_MS = 3_600_000;
const REASONS = ["pass_blocked", "pass_expired", "pass_not_sold"];
const U64 = (1n << 64n) - 1n;

/// The list a device keeps: the whole, and one overlay of all differences since.
export class PassList {
  constructor(whole, overlay) {
    this.whole = whole;
    this.overlay = overlay;
    this.filters = REASONS.map((reason) => [reason, Filter.from(whole.filters[reason])]);
  }

  /// From what was stored, or null.
  static restore(stored) {
    return stored ? new PassList(stored.whole, stored.overlay) : null;
  }

  /// What to store.
  stored() {
    return { whole: this.whole, overlay: this.overlay };
  }

  get version() {
    return this.overlay?.version ?? this.whole.version;
  }

  get dated() {
    return this.overlay?.dated ?? this.whole.dated;
  }

  /// A list that also knows what `body` says; null if the body does not fit.
  static with(list, body) {
    if (body.kind === "whole") return new PassList(body, null);
    if (list === null || body.since !== list.version) return null;
    const said = new Map(Object.entries(list.overlay?.said ?? {}));
    for (const reason of REASONS) {
      for (const key of body.added[reason] ?? []) said.set(key, reason);
    }
    for (const key of body.removed) said.set(key, null);
    // An exception is a false find of the filters, for as long as they stand.
    for (const key of body.exceptions) if (!said.get(key)) said.set(key, null);
    const overlay = { version: body.version, dated: body.dated, said: Object.fromEntries(said) };
    return new PassList(list.whole, overlay);
  }

  /// The reason for which the pass with this key is refused, or null.
  /// `nowMs` is this device's clock.
  refuses(key, nowMs) {
    const age = nowMs - Date.parse(this.dated);
    if (!(age <= LIST_HOURS * HOUR_MS)) return null;
    const fresh = age < NOT_SOLD_HOURS * HOUR_MS;
    const sayable = (reason) => (reason === "pass_not_sold" && !fresh ? null : reason);
    const said = this.overlay?.said[key];
    if (said !== undefined) return said === null ? null : sayable(said);
    if (this.whole.exceptions.includes(key)) return null;
    const number = BigInt(`0x${key}`);
    const found = this.filters.find(([, filter]) => filter?.contains(number));
    return found ? sayable(found[0]) : null;
  }
}

/// The key of a card: sixteen hexadecimal digits.
export async function passKey(card) {
  const hash = await crypto.subtle.digest("SHA-256", utf8(`passerelle-pass-list:${card}`));
  return hex(new Uint8Array(hash).slice(0, 8));
}

/// Whether `signature` is that of exactly these bytes, by this device's token.
export async function isSigned(bytes, signature, token) {
  const secret = await crypto.subtle.digest("SHA-256", utf8(token));
  const usage = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", secret, usage, false, ["verify"]);
  return crypto.subtle.verify("HMAC", key, unhex(signature ?? ""), bytes);
}

/// A binary fuse filter of eight bits, as the crate xorf makes it.
class Filter {
  static from(json) {
    return json ? new Filter(json) : null;
  }

  constructor(json) {
    this.seed = BigInt(json.seed);
    this.length = BigInt(json.segment_length);
    this.mask = BigInt(json.segment_length_mask);
    this.count = BigInt(json.segment_count_length);
    this.fingerprints = Uint8Array.from(atob(json.fingerprints), (c) => c.charCodeAt(0));
  }

  contains(key) {
    const hash = mixed((key + this.seed) & U64);
    const fingerprint = Number((hash ^ (hash >> 32n)) & 0xffn);
    const first = (hash * this.count) >> 64n;
    const second = (first + this.length) ^ ((hash >> 18n) & this.mask);
    const third = (first + 2n * this.length) ^ (hash & this.mask);
    const at = (index) => this.fingerprints[Number(index)] ?? 0;
    return fingerprint === (at(first) ^ at(second) ^ at(third));
  }
}

// The finaliser of MurmurHash3.
function mixed(hash) {
  let mix = hash;
  mix = ((mix ^ (mix >> 33n)) * 0xff51afd7ed558ccdn) & U64;
  mix = ((mix ^ (mix >> 33n)) * 0xc4ceb9fe1a85ec53n) & U64;
  return mix ^ (mix >> 33n);
}

function utf8(text) {
  return new TextEncoder().encode(text);
}

function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function unhex(text) {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
