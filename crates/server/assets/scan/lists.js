// What was: the last answers with a search.

import { byId, el, icon } from "./dom.js";
import { kindOf } from "./screen.js";

const ICONS = { admitted: "i-check", refused: "i-cross", exit: "i-exit" };

export class Lists {
  constructor({ words, device, journal, history, panels }) {
    Object.assign(this, { words, device, journal, history });
    byId("go-history").addEventListener("click", () => {
      byId("history-search").value = "";
      this.#fill();
      panels.open("history", byId("history-list"));
    });
    byId("history-search").addEventListener("input", () => this.#fill());
  }

  #fill() {
    const wanted = plain(byId("history-search").value);
    const found = [...this.history.items]
      .reverse()
      .map((item) => ({ item, text: this.words.outcome(item.outcome, item.message) }))
      .filter(({ item, text }) => plain(`${item.card ?? ""} ${text}`).includes(wanted));
    const none = this.history.items.length === 0 ? "history_empty" : "history_none";
    const rows = found.map(({ item, text }) => this.#row(item, text));
    const empty = el("li", { className: "empty" }, el("span", {}), this.words.t(none));
    byId("history-list").replaceChildren(...(rows.length > 0 ? rows : [empty]));
  }

  #row(item, text) {
    const { words } = this;
    const kind = kindOf(item);
    const tags = [
      item.cancelled ? "mark_cancelled" : null,
      this.journal.holds(item.id) ? "mark_unsent" : null,
    ].filter(Boolean);
    return el(
      "li",
      { className: item.cancelled ? `${kind} cancelled` : kind },
      icon(ICONS[kind]),
      el("b", {}, item.card ?? "–"),
      el("time", {}, words.time(item.at, this.device.snapshot?.timezone)),
      el("span", { className: "what" }, text),
      el("span", { className: "tags" }, ...tags.map((tag) => el("span", {}, words.t(tag)))),
    );
  }
}

// Without case and accents, as people search.
function plain(text) {
  return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
}
