// Enrolment: a code that is valid once makes this browser a scanner.

import { byId } from "./dom.js";
import { Api } from "./api.js";

const TIMEOUT_MS = 10_000;
const SHAPE = /^[2-9A-HJKMNP-Z]{8}$/;

/// The code in a scanned or opened address, or null.
export function codeInAddress(text) {
  const found = /(?:\/scan\/?|^)#enrol=([0-9A-Z-]*)/i.exec(text);
  return found ? found[1] : null;
}

// Case, hyphens and spaces mean nothing.
function plain(text) {
  return text.toUpperCase().replace(/[\s-]/g, "");
}

// A portal answers, too.
function isEnrolment({ kind, body }) {
  const names = ["device", "token", "enrolment"];
  return kind === "answer" && names.every((name) => typeof body?.[name] === "string");
}

export class Enrol {
  /// `onEnrolled()` goes on with the new token.
  constructor({ words, device, journal, history, entered, scanner, api, onEnrolled, onBack, onLanguage }) {
    Object.assign(this, { words, device, journal, history, entered, scanner, api, onEnrolled });
    this.field = byId("enrol-code");
    byId("enrol-form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#enrol(this.field.value);
    });
    byId("enrol-back").addEventListener("click", onBack);
    byId("enrol-language").addEventListener("change", ({ target }) => onLanguage(target.value));
  }

  get isOpen() {
    return !byId("enrol").hidden;
  }

  /// Whether somebody has begun to type.
  get isBegun() {
    return this.isOpen && this.field.value !== "";
  }

  open() {
    const { words, device } = this;
    byId("enrol-why").hidden = !device.revoked;
    this.showUnsent();
    this.showScanner();
    // Back only to a scanner that still works.
    byId("enrol-back").hidden = !device.ready || device.revoked;
    byId("enrol-language").replaceChildren(...words.options());
    if (!this.isOpen) this.#say("");
    byId("enrol").hidden = false;
    this.field.focus();
  }

  /// How much is yet to be sent from here.
  showUnsent() {
    const { words, journal } = this;
    byId("enrol-unsent").textContent =
      journal.unsent > 0 ? words.t("revoked_unsent", { n: journal.unsent }) : "";
  }

  /// What the scanner taught.
  showScanner() {
    const { scanner, words } = this;
    const isKnown = scanner.taught !== null;
    byId("enrol-scanner").textContent = isKnown ? `${words.t("scanner_taught")} – ${scanner.shown(words)}` : "";
  }

  close() {
    byId("enrol").hidden = true;
    this.field.value = "";
    this.#say("");
  }

  /// A code that came by scan or by link: goes on by itself.
  take(code) {
    this.field.value = code;
    return this.#enrol(code);
  }

  /// The same, of all that the keys of a scanner can say.
  takeOne(texts) {
    return this.take(texts.find((text) => SHAPE.test(plain(text))) ?? texts[0]);
  }

  async #enrol(text) {
    const code = plain(codeInAddress(text) ?? text);
    if (!SHAPE.test(code)) return this.#fail("enrol_shape");
    this.#say("enrol_wait");
    const result = await new Api(null).post("enrolments", { code }, TIMEOUT_MS);
    if (isEnrolment(result)) return this.#enrolled(result.body);
    if (result.kind !== "problem") return this.#fail("enrol_offline");
    return this.#fail(result.code === "too_many_attempts" ? "enrol_many" : "enrol_invalid");
  }

  async #enrolled(answer) {
    const former = this.device.snapshot?.device;
    if (former !== undefined && former !== answer.device) {
      // Another device's visitors are none of ours; what it has yet to send names it.
      await Promise.allSettled([
        this.journal.leaveToAnother(),
        this.history.clear(),
        this.entered.forgetOthers(() => false),
      ]);
    }
    await this.device.enrol(answer);
    this.api.token = answer.token;
    this.field.value = "";
    await this.onEnrolled();
  }

  #fail(key) {
    this.#say(key);
    this.field.focus();
    this.field.select();
  }

  #say(key) {
    byId("enrol-problem").textContent = key === "" ? "" : this.words.t(key);
  }
}
