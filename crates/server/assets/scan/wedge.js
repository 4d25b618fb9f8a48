// A scanner that types like a keyboard: a burst of keys that ends in Enter, in Tab or by
// a pause, wherever the focus is. Its keys must neither press a button nor end up in a
// field.

import { keysOf, machineTail } from "./learn.js";

/// The fewest characters that are a code, and that are one without an end.
const SHORTEST = 3;
const SHORTEST_ENDLESS = 6;
const LONGEST = 4_096;
/// The longest pause between two keys of a burst, in milliseconds. In a field somebody
/// may be typing: there only what is quicker is a burst, or what is as even as no fingers
/// are.
export const PATIENT_MS = 1_000;
const QUICK_MS = 80;
const QUICK_ENDLESS_MS = 35;
/// A scanner may send more after the end, such as a second line feed.
const AFTER_MS = 200;
/// Some handhelds hand over their text without keys; then it ends by a pause.
const TEXT_PAUSE_MS = 150;
/// A space presses a button after this pause: a scanner may begin with one.
const SPACE_MS = 250;

export class Wedge {
  #keys = [];
  #alt = "";
  #madeByAlt = -Infinity;
  #ended = -Infinity;
  #timer = null;
  // What a space is about to press, and whether that key is down.
  #pressing = null;
  #isSpaceHeld = false;

  /// `home` is the field that has the focus when nothing else wants it. `pauseMs()` is
  /// after which pause a code without an end is over, or null if all of this scanner's
  /// have one. `onKeys(keys, end)` gets each burst, as `learn.js` has it.
  constructor({ home, pauseMs, onKeys }) {
    Object.assign(this, { home, pauseMs, onKeys });
    addEventListener("keydown", (event) => this.#down(event), { capture: true });
    addEventListener("keyup", (event) => this.#up(event), { capture: true });
    addEventListener("keypress", (event) => this.#press(event), { capture: true });
    home.addEventListener("input", () => this.#text());
  }

  #down(event) {
    const { key, code, altKey, ctrlKey, metaKey } = event;
    if (event.isComposing && code === "") return;
    const altGr = event.getModifierState("AltGraph") || (ctrlKey && altKey);
    if ((ctrlKey && !altGr) || metaKey) return;
    if (!event.repeat) clearTimeout(this.#pressing);
    const onPad = /^Numpad([0-9])$/.exec(code);
    if (altKey && !altGr && onPad) {
      this.#alt += onPad[1];
      event.preventDefault();
    } else if (key === "Enter" || key === "Tab") {
      this.#end(event);
    } else if (!event.repeat && (key.length === 1 || key === "Dead" || onPad)) {
      this.#take(event, { key, code, shift: event.shiftKey, altGr });
    } else if (key === " " && this.#isSpaceHeld) {
      event.preventDefault();
    }
  }

  // Characters that are made of Alt and a number.
  #up(event) {
    if (event.key === " " && this.#isSpaceHeld) {
      this.#isSpaceHeld = false;
      event.preventDefault();
    }
    if (event.key !== "Alt" || this.#alt === "") return;
    const key = String.fromCharCode(Number(this.#alt) % 256);
    this.#alt = "";
    this.#madeByAlt = event.timeStamp;
    this.#take(event, { key, code: "", alt: true });
  }

  // The computer makes the same character of it.
  #press(event) {
    if (event.timeStamp - this.#madeByAlt < AFTER_MS) event.preventDefault();
  }

  #take(event, key) {
    const { target, timeStamp: at } = event;
    if (at - (this.#keys.at(-1)?.at ?? -Infinity) > PATIENT_MS || this.#keys.length >= LONGEST) {
      this.#keys = [];
    }
    const field = isEditable(target) && target !== this.home ? target : null;
    if (field === null) event.preventDefault();
    if (field === null && key.key === " " && this.#keys.length === 0) this.#hold(target);
    this.#keys.push({ ...key, at, field, before: field?.value });
    clearTimeout(this.#timer);
    const pauseMs = this.pauseMs();
    if (pauseMs !== null) this.#timer = setTimeout(() => this.#pause(), pauseMs);
  }

  #hold(target) {
    this.#isSpaceHeld = true;
    this.#pressing = setTimeout(() => {
      this.#keys = [];
      if (target instanceof HTMLSelectElement) target.showPicker?.();
      else target.click();
    }, SPACE_MS);
  }

  #end(event) {
    const keys = this.#burst(event.timeStamp);
    const isFree = !isEditable(event.target) || event.target === this.home;
    const after = event.timeStamp - this.#ended < AFTER_MS;
    if (keys.length >= SHORTEST) {
      this.#give(keys, event.key);
    } else if (isFree && event.target === this.home && event.key === "Enter" && this.home.value !== "") {
      this.#flush();
    } else if (!after && (!isFree || keys.length === 0)) {
      return;
    }
    this.#ended = event.timeStamp;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  #pause() {
    const keys = this.#burst();
    if (keys.length >= SHORTEST_ENDLESS) this.#give(keys, "pause");
  }

  // The keys that a scanner has pressed by now; `endedAt` is when it pressed that of the
  // end, if there is one.
  #burst(endedAt) {
    clearTimeout(this.#timer);
    const keys = this.#keys;
    this.#keys = [];
    if (keys.length === 0 || endedAt - keys.at(-1).at > PATIENT_MS) return [];
    if (keys.every(({ field }) => field === null)) return keys;
    const [all, quickMs] =
      endedAt === undefined ? [keys, QUICK_ENDLESS_MS] : [[...keys, { at: endedAt }], QUICK_MS];
    const first = all.length - machineTail(all, quickMs);
    // What wakes the computer up comes well before the rest.
    const isWhole = first === 1 && keys[0].before === "";
    return keys.slice(isWhole ? 0 : first);
  }

  #give(keys, end) {
    const { field, before } = keys[0];
    if (field !== null) field.value = before;
    clearTimeout(this.#timer);
    this.home.value = "";
    this.onKeys(keys, end);
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
    if (text.length >= SHORTEST) this.onKeys(keysOf(text), "text");
  }
}

function isEditable(target) {
  return (
    target instanceof HTMLTextAreaElement ||
    (target instanceof HTMLInputElement && target.type !== "checkbox")
  );
}
