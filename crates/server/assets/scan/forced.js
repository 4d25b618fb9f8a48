// Forced entry: the agent lets somebody in against or without Otipass, and says
// why.

import { byId, el } from "./dom.js";

const REASONS = ["force_reason_manager", "force_reason_mistake", "force_reason_back"];

export class Forced {
  /// `onForce(code, note)` does it.
  constructor({ words, panels, onForce }) {
    Object.assign(this, { words, panels });
    this.code = byId("force-code");
    this.note = byId("force-note");
    this.note.addEventListener("input", () => this.#mark());
    byId("more-force").addEventListener("click", () => this.open(""));
    byId("force-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const code = this.code.value.trim();
      const note = this.note.value.trim();
      if (note === "") return this.#complain("force_note_missing", this.note);
      if (code === "") return this.#complain("force_code_missing", this.code);
      panels.close();
      onForce(code, note);
    });
  }

  /// For a pass that was refused, or for one that is yet to be scanned.
  open(code) {
    this.code.value = code;
    this.note.value = "";
    byId("force-problem").textContent = "";
    const buttons = REASONS.map((key) => {
      const reason = this.words.t(key);
      return el("button", { type: "button", onclick: () => this.#choose(reason) }, reason);
    });
    byId("force-reasons").replaceChildren(...buttons);
    this.#mark();
    this.panels.open("force", code === "" ? this.code : buttons[0]);
  }

  /// A scan while the dialog is open.
  fill(code) {
    this.code.value = code;
    byId("force-problem").textContent = "";
  }

  #choose(reason) {
    this.note.value = reason;
    byId("force-problem").textContent = "";
    this.#mark();
  }

  #mark() {
    for (const button of byId("force-reasons").children) {
      button.setAttribute("aria-pressed", String(button.textContent === this.note.value));
    }
  }

  #complain(key, field) {
    byId("force-problem").textContent = this.words.t(key);
    field.focus();
  }
}
