// The answer, which fills the screen: colour, shape, words, sound and vibration
// say the same. It goes by itself, and the next scan replaces it at once.

import { byId, el } from "./dom.js";

const SHAPES = {
  admitted: "#i-check",
  refused: "#i-cross",
  exit: "#i-exit",
  look: "#i-look",
  trouble: "#i-warn",
  checking: "#i-wait",
};

// How long an answer stays, in milliseconds.
const STAYS_MS = { admitted: 2_500, exit: 2_500, refused: 7_000, trouble: 10_000, look: 20_000 };

// Words of so few characters are shown larger.
const SHORT = 12;

// What the page says itself when something is in the way: words, and what to do.
const TROUBLES = {
  storage: ["trouble_storage", "trouble_storage_do"],
  revoked: ["revoked_title", "revoked_text"],
  forced_entry_not_allowed: ["trouble_forced", null],
  direction_not_allowed: ["trouble_direction", null],
  help_desk_not_allowed: ["trouble_help_desk", null],
  note_invalid: ["trouble_note", null],
  not_cancellable: ["cancel_refused", "cancel_refused_do"],
};

export class Screen {
  #timer = null;

  /// `timezone()` is the organisation's, `dayOf(moment)` its day; `onForce(answer)` is called when the agent lets a refused visitor in;
  /// `onDone()` when the screen is free again.
  constructor({ words, sound, timezone, dayOf, onForce, onDone }) {
    Object.assign(this, { words, sound, timezone, dayOf, onDone });
    this.answer = null;
    byId("answer-close").addEventListener("click", () => this.close());
    byId("answer-force").addEventListener("click", () => onForce(this.answer));
    byId("answer-in").addEventListener("click", () => this.close());
    addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.isOpen) this.close();
    });
  }

  get isOpen() {
    return !byId("answer").hidden;
  }

  /// The server is being asked.
  checking() {
    this.#open("checking", { words: this.words.t("checking") });
  }

  /// A decision. `mayForce`: whether this agent may let the visitor in anyway.
  decided(answer, { mayForce }) {
    const { words } = this;
    const kind = kindOf(answer);
    const facts = this.#facts(kind === "refused" ? onlyWhy(answer) : answer);
    if (answer.earlier) facts.push(this.#earlier(answer.earlier));
    const hint = words.has(`do_${answer.outcome}`) ? words.t(`do_${answer.outcome}`) : "";
    this.answer = answer;
    this.#open(kind, {
      // The device's own language is the server's; another is the agent's choice.
      words: words.outcome(answer.outcome, answer.message),
      facts,
      hint: kind === "refused" ? hint : answer.alone && answer.open ? words.t("will_be_sent") : "",
      force: kind === "refused" && mayForce && answer.card !== null && answer.direction === "entry",
    });
  }

  /// What the help desk asked.
  looked({ look, alone }, { timezone }) {
    const { words } = this;
    const known = look.admissible === false ? look.outcome : "partner_unavailable";
    const verdict = words.outcome(look.admissible === true ? "may_enter" : known, look.message);
    const lines = (look.last_entries ?? []).map((entry) => {
      const place = [entry.door ?? entry.sector, entry.device].filter(Boolean).join(" · ");
      const name = entry.cancelled ? words.t("mark_cancelled") : entry.outcome ? words.outcome(entry.outcome) : "";
      return el("li", {}, `${words.time(entry.at, timezone)} ${place}`, el("span", {}, name));
    });
    const title = el("h3", {}, words.t(lines.length > 0 ? "last_entries" : "no_entries"));
    this.#open("look", {
      words: verdict,
      facts: this.#facts({
        card: look.pass_number ?? null,
        validUntil: look.valid_until,
        entriesLeft: look.entries_left,
      }),
      hint: alone ? words.t("look_alone") : "",
      more: look.recognised ? [title, el("ol", {}, ...lines)] : [],
    });
  }

  trouble(code) {
    const [key, what] = TROUBLES[code] ?? ["trouble_other", "trouble_other_do"];
    this.#open("trouble", { words: this.words.t(key), hint: what ? this.words.t(what) : "" });
  }

  /// Something that was done, such as a cancellation.
  done(text, card) {
    this.#open("exit", { words: text, facts: this.#facts({ card }), shape: SHAPES.admitted });
  }

  close() {
    clearTimeout(this.#timer);
    byId("answer").hidden = true;
    document.querySelector("nav").inert = false;
    this.answer = null;
    this.onDone();
  }

  // When and where the card was used, which says at a glance whether it is the same
  // visitor.
  #earlier({ at, device }) {
    const { words } = this;
    const [day, today] = [at, Date.now()].map((moment) => this.dayOf(moment));
    const when = day === today ? "" : `${words.day(day)} `;
    const what = `${when}${words.time(at, this.timezone())} · ${device}`;
    return el("div", {}, el("dt", {}, words.t("used_at")), el("dd", {}, what));
  }

  #facts({ card, validUntil, entriesLeft }) {
    const { words } = this;
    const facts = [];
    if (card) {
      facts.push(el("div", { className: "pass" }, el("dt", { className: "unseen" }, words.t("pass_number")), el("dd", {}, card)));
    }
    if (validUntil) {
      facts.push(el("div", {}, el("dt", {}, words.t("valid_until")), el("dd", {}, words.day(validUntil))));
    }
    if (entriesLeft !== null && entriesLeft !== undefined) {
      const left = entriesLeft === "unlimited" ? words.t("unlimited") : String(entriesLeft);
      facts.push(el("div", {}, el("dt", {}, words.t("entries_left")), el("dd", {}, left)));
    }
    return facts;
  }

  #open(kind, { words, facts = [], hint = "", more = [], force = false, shape = SHAPES[kind] }) {
    clearTimeout(this.#timer);
    const section = byId("answer");
    section.dataset.kind = kind;
    byId("answer-shape").setAttribute("href", shape);
    byId("answer-words").textContent = words;
    byId("answer-words").toggleAttribute("data-short", words.length <= SHORT);
    byId("answer-facts").replaceChildren(...facts);
    byId("answer-do").textContent = hint;
    byId("answer-more").replaceChildren(...more);
    byId("answer-force").hidden = !force;
    section.hidden = true;
    // Shown anew, so that a second answer of the same kind is seen to be new.
    void section.offsetWidth;
    section.hidden = false;
    // What is covered is out of reach.
    document.querySelector("nav").inert = true;
    byId("answer-in").scrollTop = 0;
    if (kind === "checking") return;
    this.sound.play(kind);
    this.#say(kind, [words, ...facts.map((fact) => fact.textContent), hint].filter(Boolean).join(". "));
    if (STAYS_MS[kind]) this.#timer = setTimeout(() => this.close(), STAYS_MS[kind]);
  }

  #say(kind, text) {
    const loud = kind === "refused" || kind === "trouble";
    byId("say-calm").textContent = loud ? "" : text;
    byId("say-loud").textContent = loud ? text : "";
  }
}

// Of a refused pass only what has to do with the refusal: a blocked pass has
// entries left, which means nothing.
function onlyWhy({ outcome, card, validUntil, entriesLeft }) {
  return {
    card,
    validUntil: outcome === "pass_expired" ? validUntil : null,
    entriesLeft: outcome === "already_used" ? entriesLeft : null,
  };
}

/// What kind of answer it is: admitted, exit or refused.
export function kindOf({ open, outcome }) {
  if (outcome === "exit") return "exit";
  return open ? "admitted" : "refused";
}
