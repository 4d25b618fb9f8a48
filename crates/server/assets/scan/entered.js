// Whom this device has admitted today, by card number. Without network the repeat
// window is kept over them, and the policy `guarded` refuses a second entry; the help
// desk shows them.

import { admits } from "./offline.js";

export class Entered {
  static async load(store, isRecent) {
    const entered = new Entered(store);
    for (const entry of await store.all("entered")) {
      if (isRecent(entry)) entered.byCard.set(entry.card, entry);
      else entered.#gone.push(entry.card);
    }
    await entered.#sweep();
    return entered;
  }

  #gone = [];

  constructor(store) {
    this.store = store;
    this.byCard = new Map();
    store.keepers.push(({ entered }) => this.byCard.forEach((entry) => entered.put(entry)));
  }

  /// A decision that a crash may have kept from here.
  take(decision) {
    const { card, id, outcome, scanned_at: at } = decision;
    const entry = this.byCard.get(card);
    if (outcome === "exit" && Date.parse(entry?.at) <= Date.parse(at)) this.left(card);
    else if (admits(outcome) && without(entry, id) === entry) this.note(card, decision);
  }

  /// The last entry of the card today but for the check with this id, `{card, id, at, when}`,
  /// or undefined. `hasLeft` is true if the visitor went out after it.
  of(card, id) {
    return without(this.byCard.get(card), id);
  }

  note(card, { id, scanned_at: at, when }) {
    const before = this.byCard.get(card);
    if (before?.id !== id) this.#put({ card, id, at, when, before });
  }

  /// The visitor with this card went out.
  left(card) {
    const entry = this.byCard.get(card);
    if (entry !== undefined) this.#put({ ...entry, hasLeft: true });
  }

  /// The entry with this id was cancelled; one before it stands.
  async cancel(id) {
    for (const entry of [...this.byCard.values()]) {
      const rest = without(entry, id);
      if (rest === entry) continue;
      if (rest !== undefined) return this.#put(rest);
      this.byCard.delete(entry.card);
      this.#gone.push(entry.card);
      return this.#sweep();
    }
  }

  // Nobody waits for the disk: the journal has what was decided.
  #put(entry) {
    this.byCard.set(entry.card, entry);
    void this.store.write(["entered"], ({ entered }) => entered.put(entry)).catch(() => {});
  }

  /// A new day: yesterday's are of no use, and personal.
  async forgetOthers(isRecent) {
    for (const [card, entry] of this.byCard) {
      if (isRecent(entry)) continue;
      this.byCard.delete(card);
      this.#gone.push(card);
    }
    await this.#sweep();
  }

  async #sweep() {
    const gone = this.#gone.splice(0);
    if (gone.length === 0) return;
    await this.store.write(["entered"], ({ entered }) => {
      for (const card of gone) entered.delete(card);
    });
  }
}

// The entry without the one that has this id: itself, one before it, or undefined.
function without(entry, id) {
  if (entry === undefined) return undefined;
  if (entry.id === id) return entry.before;
  const before = without(entry.before, id);
  return before === entry.before ? entry : { ...entry, before };
}
