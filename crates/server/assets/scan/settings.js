// Language and sound, which the agent may choose, and what this scanner is.

import { byId, el } from "./dom.js";

export class Settings {
  static async load(store) {
    const [language, sound] = await Promise.all([store.get("language"), store.get("sound")]);
    return new Settings(store, { language, sound });
  }

  constructor(store, chosen) {
    this.store = store;
    this.chosen = chosen;
  }

  /// Ties the dialog to the page. `apply()` makes a choice felt.
  attach({ words, device, panels, scanner, apply, onEnrol }) {
    Object.assign(this, { words, device, panels, scanner });
    byId("more-settings").addEventListener("click", () => this.#open());
    byId("settings-enrol").addEventListener("click", () => {
      panels.close();
      onEnrol();
    });
    byId("scanner-forget").addEventListener("click", async () => {
      await scanner.forget();
      this.#open();
    });
    byId("settings-language").addEventListener("change", ({ target }) => {
      this.#choose("language", target.value, apply);
    });
    byId("settings-sound").addEventListener("change", ({ target }) => {
      this.#choose("sound", target.checked, apply);
    });
  }

  /// The agent's choice, else the device's own, else the browser's.
  get language() {
    return this.chosen.language ?? this.device?.snapshot?.language ?? null;
  }

  get sound() {
    return this.chosen.sound ?? this.device?.settings.sound ?? true;
  }

  async chooseLanguage(language, apply) {
    await this.#choose("language", language, apply);
  }

  async #choose(name, value, apply) {
    this.chosen[name] = value;
    apply();
    await this.store.set(name, value).catch(() => {});
  }

  #open() {
    const { words, device } = this;
    byId("settings-language").replaceChildren(...words.options());
    byId("settings-sound").checked = this.sound;
    const { snapshot } = device;
    const called = (name, code) => (name ? `${name} (${code})` : code);
    const facts = [
      ["device", called(snapshot.device_name, snapshot.device)],
      ["door", called(snapshot.door_name, snapshot.door)],
      ["site", snapshot.site],
      ["version", document.body.dataset.version],
    ];
    const rows = facts.map(([key, value]) =>
      el("div", {}, el("dt", {}, words.t(key)), el("dd", {}, value ?? "–")),
    );
    byId("settings-device").replaceChildren(...rows);
    byId("scanner-shown").textContent = this.scanner.shown(words);
    byId("scanner-forget").hidden = this.scanner.taught === null;
    this.panels.open("settings");
  }
}
