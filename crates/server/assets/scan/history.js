// The last answers, for the agent who looks back. Not older than a day: card
// numbers are personal.

const MOST = 50;
const DAY_MS = 24 * 3_600_000;
/// How long after the scan an entry can be taken back.
const CANCEL_MS = 15 * 60_000;

export class History {
  static async load(store) {
    const now = Date.now();
    const all = await store.all("history");
    const items = all.filter(({ at }) => now - Date.parse(at) < DAY_MS);
    const history = new History(store, items);
    const old = all.filter((item) => !items.includes(item));
    if (old.length > 0) await history.#change([], old);
    return history;
  }

  constructor(store, items) {
    this.store = store;
    /// Oldest first.
    this.items = items;
  }

  /// Adds an answer.
  async add({ id, at, card, outcome, message, admitted, open, direction }) {
    const item = { id, at, card, outcome, message, admitted, open, direction };
    const known = this.items.find((other) => other.id === id);
    if (known) return;
    this.items.push(item);
    const surplus = this.items.splice(0, Math.max(0, this.items.length - MOST));
    await this.#change([item], surplus);
  }

  /// The last entry that can still be cancelled, or undefined.
  cancellable(nowMs) {
    const last = this.items.findLast?.(isEntry) ?? [...this.items].reverse().find(isEntry);
    const inTime = last && Math.abs(nowMs - Date.parse(last.at)) < CANCEL_MS;
    return inTime && !last.cancelled ? last : undefined;
  }

  async cancelled(id) {
    const item = this.items.find((other) => other.id === id);
    if (!item) return;
    item.cancelled = true;
    await this.#change([item], []);
  }

  /// Another device's answers are none of ours.
  async clear() {
    const gone = this.items;
    this.items = [];
    await this.#change([], gone);
  }

  // A history that cannot be kept is no reason to stop.
  async #change(put, remove) {
    const change = ({ history }) => {
      for (const item of put) {
        const request = history.put(item);
        request.onsuccess = () => {
          item.seq = request.result;
        };
      }
      for (const { seq } of remove) if (seq !== undefined) history.delete(seq);
    };
    await this.store.write(["history"], change).catch(() => {});
  }
}

// The last entry: what is older cannot be cancelled any more, also when the last
// one was.
function isEntry({ admitted }) {
  return admitted;
}
