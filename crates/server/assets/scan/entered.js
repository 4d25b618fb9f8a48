// Whom this device has admitted today, by card number. The policy `guarded`
// refuses a second entry offline; the help desk shows it.

export class Entered {
  static async load(store, isToday) {
    const entered = new Entered(store);
    for (const entry of await store.all("entered")) {
      if (isToday(entry.at)) entered.byCard.set(entry.card, entry);
      else entered.#gone.push(entry.card);
    }
    await entered.#sweep();
    return entered;
  }

  #gone = [];

  constructor(store) {
    this.store = store;
    this.byCard = new Map();
  }

  /// The last entry of the card today, `{card, id, at}`, or undefined.
  of(card) {
    return this.byCard.get(card);
  }

  async note(card, id, at) {
    const entry = { card, id, at };
    this.byCard.set(card, entry);
    await this.store.write(["entered"], (stores) => stores.entered.put(entry));
  }

  /// The entry with this id was cancelled.
  async cancel(id) {
    const entry = [...this.byCard.values()].find((known) => known.id === id);
    if (entry === undefined) return;
    this.byCard.delete(entry.card);
    this.#gone.push(entry.card);
    await this.#sweep();
  }

  /// A new day: yesterday's are of no use, and personal.
  async forgetOthers(isToday) {
    for (const [card, entry] of this.byCard) {
      if (isToday(entry.at)) continue;
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
