// The answer, which fills the screen: colour, shape, words, sound and vibration
// say the same. It goes by itself, and the next scan replaces it at once.

import { afterPaint, byId, el } from "./dom.js";

const SHAPES = {
  admitted: "#i-check",
  more: "#i-more-persons",
  refused: "#i-cross",
  just: "#i-just",
  used: "#i-used",
  exit: "#i-exit",
  look: "#i-look",
  ambiguous: "#i-ask",
  trouble: "#i-warn",
  checking: "#i-wait",
};

// How long an answer stays, in milliseconds.
const STAYS_MS = {
  admitted: 2_500,
  more: 2_500,
  exit: 2_500,
  refused: 7_000,
  just: 7_000,
  used: 7_000,
  ambiguous: 10_000,
  trouble: 10_000,
  look: 20_000,
};

// Answers that a screen reader says at once.
const LOUD = ["refused", "just", "used", "ambiguous", "trouble"];

// What may be asked about once more: somebody may have put it right meanwhile.
const ASKED_AGAIN = [
  "unknown_pass",
  "pass_not_sold",
  "pass_blocked",
  "pass_expired",
  "service_not_included",
  "already_used",
  "partner_unavailable",
];

// A use not longer ago is told in seconds.
const RECENT_S = 120;

// A number of more characters is shown smaller.
const LONG = 10;

// Words of so few characters are shown larger.
const SHORT = 12;

// What the page says itself when something is in the way: words, and what to do.
const TROUBLES = {
  storage: ["trouble_storage", "trouble_storage_do"],
  revoked: ["revoked_title", "revoked_text"],
  forced_entry_not_allowed: ["trouble_forced", null],
  direction_not_allowed: ["trouble_direction", null],
  several_persons_not_allowed: ["trouble_several", null],
  help_desk_not_allowed: ["trouble_help_desk", null],
  note_invalid: ["trouble_note", null],
  busy: ["trouble_busy", "trouble_busy_do"],
  not_cancellable: ["cancel_refused", "cancel_refused_do"],
};

export class Screen {
  #timer = null;

  /// `timezone()` is the organisation's, `dayOf(moment)` its day. `onForce(answer)` is
  /// called when the agent lets a refused visitor in, `onAgain(answer)` to ask once more,
  /// `onMore(answer)` for more persons on the same code, `onDone()` when the screen is
  /// free again.
  constructor({ words, sound, timezone, dayOf, onForce, onAgain, onMore, onDone }) {
    Object.assign(this, { words, sound, timezone, dayOf, onDone });
    this.answer = null;
    byId("answer-close").addEventListener("click", () => this.close());
    byId("answer-force").addEventListener("click", () => onForce(this.answer));
    byId("answer-again").addEventListener("click", () => onAgain(this.answer));
    byId("answer-one-more").addEventListener("click", () => {
      const { answer } = this;
      this.close();
      onMore(answer);
    });
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

  /// A decision. `settings` are the device's; `news` is "still" for one that was shown
  /// before. Of more persons on one code it is the `nth` of `count`.
  decided(answer, { settings, news, nth, count }) {
    const { words } = this;
    const kind = nth !== undefined && answer.admitted ? "more" : pictureOf(answer);
    const isRefused = kindOf(answer) === "refused";
    const facts = this.#facts(isRefused ? onlyWhy(answer) : answer);
    if (answer.earlier) facts.push(this.#earlier(answer));
    if (kind === "more") facts.push(this.#fact("persons_in", `${nth} / ${count}`));
    this.answer = answer;
    const isEntry = answer.direction === "entry" && answer.card !== null;
    const more = isEntry && settings.several_persons === true && hasMore(answer);
    const isJust = answer.outcome === "just_admitted" && more;
    const what = isJust ? "do_just_admitted_more" : `do_${answer.outcome}`;
    const hint = words.has(what) ? words.t(what) : "";
    this.#open(kind, {
      // The device's own language is the server's; another is the agent's choice.
      words: words.outcome(answer.outcome, answer.message),
      facts,
      hint: isRefused ? hint : answer.alone && answer.open ? words.t("will_be_sent") : "",
      buttons: {
        more,
        again: isEntry && ASKED_AGAIN.includes(answer.outcome),
        force: isEntry && isRefused && settings.forced_entry === true,
      },
      news,
    });
  }

  /// The keys of a scanner say one pass in one layout and another one in another.
  ambiguous() {
    const { words } = this;
    this.#open("ambiguous", { words: words.t("ambiguous"), hint: words.t("do_ambiguous") });
  }

  /// What the help desk asked.
  looked({ look, alone }, { timezone, news }) {
    const { words } = this;
    const known = look.admissible === false ? look.outcome : "partner_unavailable";
    const verdict = words.outcome(look.admissible === true ? "may_enter" : known, look.message);
    const lines = (look.last_entries ?? []).map((entry) => {
      const door = entry.door_name ?? entry.door ?? entry.sector;
      const place = [door, entry.device_name ?? entry.device].filter(Boolean).join(" · ");
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
      news,
    });
  }

  trouble(code, news) {
    const [key, what] = TROUBLES[code] ?? ["trouble_other", "trouble_other_do"];
    this.#open("trouble", { words: this.words.t(key), hint: what ? this.words.t(what) : "", news });
  }

  /// Something that was done, such as a cancellation.
  done(text, card, hint) {
    this.#open("exit", { words: text, facts: this.#facts({ card }), hint, shape: SHAPES.admitted });
  }

  close() {
    clearTimeout(this.#timer);
    byId("answer").hidden = true;
    this.cover();
    this.answer = null;
    this.onDone();
  }

  /// What the answer covers is out of reach. While the camera is on it leaves the
  /// switches in sight.
  cover() {
    const nav = document.querySelector("nav");
    nav.inert = this.isOpen && !byId("stage").classList.contains("filming");
  }

  // When and where the card was used, which says at a glance whether it is the same
  // visitor.
  #earlier({ earlier: { at, device, device_name }, decidedAt }) {
    const { words } = this;
    const now = decidedAt ?? new Date().toISOString();
    const seconds = Math.round((Date.parse(now) - Date.parse(at)) / 1000);
    const isRecent = Math.abs(seconds) <= RECENT_S;
    const day = this.dayOf(at) === this.dayOf(now) ? "" : `${words.day(this.dayOf(at))} `;
    const when = isRecent
      ? words.t("seconds_ago", { n: Math.max(0, seconds) })
      : `${day}${words.time(at, this.timezone())}`;
    return this.#fact("used_at", `${when} · ${device_name ?? device}`);
  }

  #fact(key, text) {
    return el("div", {}, el("dt", {}, this.words.t(key)), el("dd", {}, text));
  }

  #facts({ card, validUntil, entriesLeft }) {
    const { words } = this;
    const facts = [];
    if (card) {
      const long = card.length > LONG ? { "data-long": "" } : {};
      facts.push(el("div", { className: "pass", ...long }, el("dt", { className: "unseen" }, words.t("pass_number")), el("dd", {}, card)));
    }
    if (validUntil) {
      facts.push(this.#fact("valid_until", words.day(validUntil)));
    }
    if (entriesLeft !== null && entriesLeft !== undefined) {
      const left = entriesLeft === "unlimited" ? words.t("unlimited") : String(entriesLeft);
      facts.push(this.#fact("entries_left", left));
    }
    return facts;
  }

  #open(kind, { words, facts = [], hint = "", more = [], buttons = {}, shape = SHAPES[kind], news }) {
    clearTimeout(this.#timer);
    const section = byId("answer");
    section.dataset.kind = kind;
    byId("answer-shape").setAttribute("href", shape);
    byId("answer-words").textContent = words;
    byId("answer-words").toggleAttribute("data-short", words.length <= SHORT);
    byId("answer-facts").replaceChildren(...facts);
    byId("answer-do").textContent = hint;
    byId("answer-more").replaceChildren(...more);
    byId("answer-force").hidden = !buttons.force;
    byId("answer-again").hidden = !buttons.again;
    byId("answer-one-more").hidden = !buttons.more;
    // Shown anew, so that a second answer of the same kind is seen to be new.
    if (news !== "still") section.hidden = true;
    void section.offsetWidth;
    section.hidden = false;
    this.cover();
    byId("answer-in").scrollTop = 0;
    if (kind === "checking") return;
    if (news !== "still") {
      afterPaint(() => this.sound.play(kind));
      this.#say(kind, [words, ...facts.map(spoken), hint].filter(Boolean));
    }
    if (STAYS_MS[kind]) this.#timer = setTimeout(() => this.close(), STAYS_MS[kind]);
  }

  #say(kind, sentences) {
    const loud = LOUD.includes(kind);
    const text = sentences.map((sentence) => sentence.replace(/[.!?]?$/, (end) => end || ".")).join(" ");
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

// A fact as a sentence.
function spoken(fact) {
  return [...fact.children].map((part) => part.textContent).join(" ");
}

// Whether more persons may go in on the code: it was admitted just now, and has entries
// left as far as that is known.
function hasMore({ admitted, outcome, entriesLeft, earlier }) {
  if (outcome === "just_admitted") return earlier !== null;
  return admitted && entriesLeft !== 0;
}

// The picture of an answer: those that mean something else to the agent than a refusal
// have one of their own.
function pictureOf(answer) {
  const own = { just_admitted: "just", already_used: "used" };
  return own[answer.outcome] ?? kindOf(answer);
}

/// What kind of answer it is: admitted, exit or refused.
export function kindOf({ open, outcome }) {
  if (outcome === "exit") return "exit";
  return open ? "admitted" : "refused";
}
