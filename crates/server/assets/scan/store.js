// What survives a power cut: one IndexedDB database. A write is over when it is
// on the disk ("strict"), not when the browser has taken note of it.
//
// A browser may close the database under the page, or throw it away to make room. It is
// opened again then, and what the page knows is written down once more. So each write
// must be one that can be done twice.

const NAME = "passerelle-scan";
const VERSION = 1;

// meta: what the device knows of itself, by name. journal: what the server has
// yet to hear, in the order in which it happened. history: the last answers. entered: by card number, whom this
// device has admitted today.
const STORES = ["journal", "history"];
/// Before it is opened again. A browser that throws it away takes its time.
const PAUSES_MS = [0, 50, 150, 300];

/// The storage of this device takes nothing more.
export class StorageFull extends Error {}

export class Store {
  #opening = null;
  // Whether the database lacks what the page knows.
  #isBare = false;
  // What `meta` holds.
  #named = {};

  /// `db` is the open database.
  constructor({ db }) {
    this.db = db;
    /// Each puts into the stores what it knows: the database was thrown away.
    this.keepers = [];
    this.#hold(db);
  }

  static async open() {
    return new Store(await opened());
  }

  /// All of a store, oldest first.
  all(name) {
    return this.#read(name, (store) => store.getAll());
  }

  /// A named value, or undefined.
  async get(name) {
    this.#named[name] ??= await this.#read("meta", (store) => store.get(name));
    return this.#named[name];
  }

  /// Keeps a named value; `undefined` removes it.
  set(name, value) {
    return this.setAll({ [name]: value });
  }

  /// Keeps several, or none of them.
  setAll(values) {
    Object.assign(this.#named, values);
    return this.write(["meta"], ({ meta }) => {
      for (const [name, value] of Object.entries(values)) {
        if (value === undefined) meta.delete(name);
        else meta.put(value, name);
      }
    });
  }

  #read(name, ask) {
    return new Promise((resolve, reject) => {
      const request = ask(this.db.transaction(name).objectStore(name));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  }

  /// Runs `change` with the named stores in one transaction; resolves when all
  /// of it is durable, and rejects when none of it is: with `StorageFull` if there is no
  /// room.
  async write(names, change, durability = "strict") {
    for (const pauseMs of [...PAUSES_MS, null]) {
      await this.#opening?.catch(() => {});
      const { db } = this;
      try {
        await this.#fill(db);
        return await transact(db, names, change, durability);
      } catch (error) {
        if (error?.name === "QuotaExceededError") throw new StorageFull();
        if (pauseMs === null) throw error;
        await new Promise((go) => setTimeout(go, pauseMs));
        if (this.db === db) await this.#reopen().catch(() => {});
      }
    }
  }

  #reopen() {
    this.#opening ??= this.#open().finally(() => {
      this.#opening = null;
    });
    return this.#opening;
  }

  async #open() {
    this.db.onclose = null;
    this.db.close();
    const { db, isNew } = await opened();
    this.#hold(db);
    this.#isBare ||= isNew;
    await this.#fill(db);
  }

  async #fill(db) {
    if (!this.#isBare) return;
    const again = (stores) => {
      for (const [name, value] of Object.entries(this.#named)) {
        if (value !== undefined) stores.meta.put(value, name);
      }
      for (const keeper of this.keepers) keeper(stores);
    };
    await transact(db, [...db.objectStoreNames], again, "strict");
    this.#isBare = false;
  }

  #hold(db) {
    this.db = db;
    db.onclose = () => void this.#reopen().catch(() => {});
  }
}

function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    let isNew = false;
    request.onupgradeneeded = () => {
      isNew = true;
      request.result.createObjectStore("meta");
      request.result.createObjectStore("entered", { keyPath: "card" });
      for (const name of STORES) {
        request.result.createObjectStore(name, { keyPath: "seq", autoIncrement: true });
      }
    };
    request.onsuccess = () => resolve({ db: request.result, isNew });
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("the database is held by an older page"));
  });
}

function transact(db, names, change, durability) {
  return new Promise((resolve, reject) => {
    const transaction = db.transaction(names, "readwrite", { durability });
    transaction.oncomplete = () => resolve();
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error ?? new Error("the write was given up"));
    change(Object.fromEntries(names.map((name) => [name, transaction.objectStore(name)])));
  });
}
