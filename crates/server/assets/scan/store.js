// What survives a power cut: one IndexedDB database. A write is over when it is
// on the disk ("strict"), not when the browser has taken note of it.

const NAME = "passerelle-scan";
const VERSION = 1;

// meta: what the device knows of itself, by name. journal: what the server has
// yet to hear, in the order in which it happened. history: the last answers. entered: by card number, whom this
// device has admitted today.
const STORES = ["journal", "history"];

export class Store {
  constructor(db) {
    this.db = db;
  }

  static open() {
    return new Promise((resolve, reject) => {
      const request = indexedDB.open(NAME, VERSION);
      request.onupgradeneeded = () => {
        request.result.createObjectStore("meta");
        request.result.createObjectStore("entered", { keyPath: "card" });
        for (const name of STORES) {
          request.result.createObjectStore(name, { keyPath: "seq", autoIncrement: true });
        }
      };
      request.onsuccess = () => resolve(new Store(request.result));
      request.onerror = () => reject(request.error);
      request.onblocked = () => reject(new Error("the database is held by an older page"));
    });
  }

  /// All of a store, oldest first.
  all(name) {
    return this.#read(name, (store) => store.getAll());
  }

  /// A named value, or undefined.
  get(name) {
    return this.#read("meta", (store) => store.get(name));
  }

  /// Keeps a named value; `undefined` removes it.
  set(name, value) {
    return this.write(["meta"], ({ meta }) => {
      if (value === undefined) meta.delete(name);
      else meta.put(value, name);
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
  /// of it is durable, and rejects when none of it is.
  write(names, change) {
    return new Promise((resolve, reject) => {
      const transaction = this.db.transaction(names, "readwrite", { durability: "strict" });
      transaction.oncomplete = () => resolve();
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error ?? new Error("the write was given up"));
      change(Object.fromEntries(names.map((name) => [name, transaction.objectStore(name)])));
    });
  }
}
