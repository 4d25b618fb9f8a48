// The words of the page, in the agent's language. What an outcome is called
// comes from the server's own wording, so that online and offline say the same.

import { el } from "./dom.js";

const BASE = import.meta.url;

export class Words {
  static async load() {
    const [catalogue, wording] = await Promise.all(
      ["words.json", "wording.json"].map(async (name) => {
        const response = await fetch(new URL(name, BASE));
        return response.json();
      }),
    );
    return new Words(catalogue, wording);
  }

  constructor({ languages, names, words }, wording) {
    this.languages = languages.map((code, index) => ({ code, name: names[index] }));
    this.words = words;
    this.wording = wording;
    this.use(this.best(navigator.languages));
  }

  /// The first wanted language that there is; English if none is.
  best(wanted) {
    const codes = wanted.map((tag) => tag.slice(0, 2).toLowerCase());
    return codes.find((code) => this.languages.some((known) => known.code === code)) ?? "en";
  }

  use(language) {
    this.language = this.best([language]);
    this.index = this.languages.findIndex(({ code }) => code === this.language);
  }

  /// The words for a key; `{name}` is replaced by `values.name`.
  t(key, values = {}) {
    const text = this.words[key]?.[this.index] ?? "";
    return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
  }

  has(key) {
    return key in this.words;
  }

  /// What an outcome is called; `fallback` for one that this page does not know.
  outcome(outcome, fallback) {
    return this.wording[this.language]?.[outcome] ?? fallback ?? this.t("trouble_other");
  }

  /// A day such as 2026-07-16, as people write it.
  day(iso) {
    const date = new Date(`${iso}T12:00:00Z`);
    const style = { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" };
    const day = new Intl.DateTimeFormat(this.language, style).format(date);
    return this.language === "fr" ? day.replace(/^1 /, "1er ") : day;
  }

  /// The time of day of a moment, in the organisation's zone.
  time(iso, timeZone) {
    const style = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone };
    return new Intl.DateTimeFormat(this.language, style).format(new Date(iso));
  }

  /// Fills in every text of the page that stands still.
  fill(root) {
    document.documentElement.lang = this.language;
    for (const node of root.querySelectorAll("[data-t]")) node.textContent = this.t(node.dataset.t);
    for (const node of root.querySelectorAll("[data-t-label]")) {
      node.setAttribute("aria-label", this.t(node.dataset.tLabel));
    }
    for (const node of root.querySelectorAll("[data-t-hint]")) {
      node.placeholder = this.t(node.dataset.tHint);
    }
  }

  /// A list of all languages to choose from, each under its own name.
  options() {
    return this.languages.map(({ code, name }) =>
      el("option", { value: code, lang: code, selected: code === this.language }, name),
    );
  }
}
