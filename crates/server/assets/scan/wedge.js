// A scanner that types like a keyboard: a burst of keys that ends in Enter or
// Tab, wherever the focus is. Its keys must neither press a button nor end up
// in a field.

/// The fewest characters that are a code.
const SHORTEST = 3;
const LONGEST = 4_096;
/// The longest pause between two keys of a burst, in milliseconds: where nothing
/// else could be meant, and where somebody may be typing.
const PATIENT_MS = 1_000;
const STRICT_MS = 80;
/// Some handhelds hand over their text without keys; then it ends by a pause.
const TEXT_PAUSE_MS = 150;

export class Wedge {
  #keys = [];
  #last = 0;
  #field = null;
  #before = "";
  #timer = null;

  /// `home` is the field that has the focus when nothing else wants it.
  /// `onCode(text, physical)` gets what was typed, and what the same keys say
  /// on a keyboard of the United States: a scanner that is set to it types
  /// nonsense into a computer that is set to another.
  constructor({ home, onCode }) {
    this.home = home;
    this.onCode = onCode;
    addEventListener("keydown", (event) => this.#down(event), { capture: true });
    home.addEventListener("input", () => this.#text());
  }

  #down(event) {
    if (event.ctrlKey || event.metaKey || event.isComposing) return;
    if (event.key === "Enter" || event.key === "Tab") {
      this.#end(event);
    } else if (event.key.length === 1 && !event.repeat) {
      this.#take(event);
    }
  }

  #take(event) {
    const target = event.target;
    const patient = this.#isFree(target);
    const gap = event.timeStamp - this.#last;
    this.#last = event.timeStamp;
    if (gap > (patient ? PATIENT_MS : STRICT_MS) || this.#keys.length >= LONGEST) {
      this.#keys = [];
      this.#field = isEditable(target) && target !== this.home ? target : null;
      this.#before = this.#field?.value ?? "";
    }
    const presses = event.key === " " && this.#keys.length === 0 && target !== this.home;
    if (this.#field === null && !presses) event.preventDefault();
    this.#keys.push({ key: event.key, code: event.code, shift: event.shiftKey });
  }

  #end(event) {
    const keys = this.#keys;
    this.#keys = [];
    const gap = event.timeStamp - this.#last;
    const limit = this.#isFree(event.target) ? PATIENT_MS : STRICT_MS;
    if (keys.length < SHORTEST || gap > limit) {
      if (event.target === this.home && event.key === "Enter") this.#flush();
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
    if (this.#field !== null) this.#field.value = this.#before;
    this.#field = null;
    this.onCode(keys.map(({ key }) => key).join(""), keys.map(physical).join(""));
  }

  // Where no burst of keys can be anything but a scan.
  #isFree(target) {
    return target === this.home || target === document.body || !isInteractive(target);
  }

  #text() {
    clearTimeout(this.#timer);
    if (/[\r\n]$/.test(this.home.value)) this.#flush();
    else this.#timer = setTimeout(() => this.#flush(), TEXT_PAUSE_MS);
  }

  #flush() {
    clearTimeout(this.#timer);
    const text = this.home.value;
    this.home.value = "";
    if (text.length >= SHORTEST) this.onCode(text, text);
  }
}

function isEditable(target) {
  return (
    target instanceof HTMLTextAreaElement ||
    (target instanceof HTMLInputElement && target.type !== "checkbox")
  );
}

function isInteractive(target) {
  return target.closest?.("button, input, select, textarea, a, dialog") != null;
}

function physical({ key, code, shift }) {
  const digit = /^(?:Digit|Numpad)([0-9])$/.exec(code);
  if (digit) return digit[1];
  const letter = /^Key([A-Z])$/.exec(code);
  if (letter) return shift ? letter[1] : letter[1].toLowerCase();
  return code === "Minus" || code === "NumpadSubtract" ? "-" : key;
}
