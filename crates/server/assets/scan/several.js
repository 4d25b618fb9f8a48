// More persons on one code: a family, a class. The agent says how many.

import { byId, el } from "./dom.js";

/// As many as a thumb chooses at once.
const MOST = 9;

export class Several {
  #answer = null;

  /// `onChosen(answer, count)` lets so many more in on the code of an answer.
  constructor({ panels, onChosen }) {
    Object.assign(this, { panels, onChosen });
  }

  /// No more are offered than the pass has entries left, as far as that is known.
  open(answer) {
    this.#answer = answer;
    const left = answer.admitted ? answer.entriesLeft : null;
    const most = Number.isInteger(left) ? Math.min(left, MOST) : MOST;
    const counts = Array.from({ length: most }, (_, index) => index + 1);
    const keys = counts.map((count) =>
      el("button", { type: "button", onclick: () => this.#choose(count) }, String(count)),
    );
    byId("several-which").textContent = answer.card ?? "";
    byId("several-keys").replaceChildren(...keys);
    this.panels.open("several", keys[0]);
  }

  #choose(count) {
    this.panels.close();
    this.onChosen(this.#answer, count);
  }
}
