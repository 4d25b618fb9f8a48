// How a scanner types, learnt from one code of ours: it is told apart by where its
// characters stand alike, whatever keys it presses for them. Pure.
//
// A key is `{key, code, shift, altGr, alt, at}`: what it says on this computer, where it
// is ("" if the browser does not tell), with what it was pressed, whether it was made by
// Alt and the number pad, and when, in milliseconds.

/// The code that teaches: all that passes, their addresses and the links of this service
/// are made of. The office prints it.
export const TEXT = "PASSERELLE-0123456789-BCDFGHIJKMNOQTUVWXYZ:/.?=&_]#";

const keys = (kind, ends) => [...ends].map((end) => `${kind}${end}`);
const CODES = [
  "Backquote", ...keys("Digit", "1234567890"), "Minus", "Equal",
  ...keys("Key", "QWERTYUIOP"), "BracketLeft", "BracketRight",
  ...keys("Key", "ASDFGHJKL"), "Semicolon", "Quote", "Backslash",
  ...keys("Key", "ZXCVBNM"), "Comma", "Period", "Slash",
];

// What those keys say: without shift, with it, and with the third level. A blank is a
// key that says nothing here.
const LAYOUTS = {
  QWERTY: [
    "`1234567890-=qwertyuiop[]asdfghjkl;'\\zxcvbnm,./",
    '~!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:"|ZXCVBNM<>?',
    "",
  ],
  AZERTY: [
    "²&é\"'(-è_çà)=azertyuiop^$qsdfghjklmù*wxcvbn,;:!",
    " 1234567890°+AZERTYUIOP¨£QSDFGHJKLM%µWXCVBN?./§",
    "  ~#{[|`\\^@]}",
  ],
  QWERTZ: [
    "^1234567890ß´qwertzuiopü+asdfghjklöä#yxcvbnm,.-",
    '°!"§$%&/()=?`QWERTZUIOPÜ*ASDFGHJKLÖÄ\'YXCVBNM;:_',
    "       {[]}\\",
  ],
};

const EVERYWHERE = { NumpadSubtract: "-", NumpadDivide: "/", NumpadDecimal: ".", Space: " " };

/// Fewer keys than these are not told from fingers, by their haste or their evenness.
const QUICK_KEYS = 4;
const EVEN_KEYS = 8;
const EVEN_MS = 8;
const AIM_AT_END = /\][A-Za-z][^]$/u;
/// So many characters at either end may be what a scanner adds; where numbers of any
/// length are cards, so many of these at the end.
const ADDED = 3;
const DIGITS_ADDED = 2;

const MEANINGS = Object.entries(LAYOUTS).map(([name, levels]) => {
  const says = new Map(Object.entries(EVERYWHERE));
  for (let digit = 0; digit < 10; digit += 1) says.set(`Numpad${digit}`, String(digit));
  for (const [level, mark] of ["", "+", "^"].entries()) {
    [...levels[level]].forEach((char, index) => {
      if (char !== " ") says.set(mark + CODES[index], char);
    });
  }
  return { name, says };
});

/// The keys of a text that came without keys.
export function keysOf(text) {
  return [...text].map((key) => ({ key, code: "", at: 0 }));
}

// Which key it is, and with what it is pressed: that is the scanner's alone, and no
// setting of the computer, not even Caps Lock, changes it.
function place({ key, code, shift, altGr }) {
  if (code === "") return key;
  const always = code in EVERYWHERE || code.startsWith("Numpad");
  return always ? code : `${altGr ? "^" : shift ? "+" : ""}${code}`;
}

/// What these keys teach, if they are those of the code that teaches, else null. `end` is
/// how they ended: "Enter", "Tab" or "pause".
export function learn(keys, end) {
  const places = keys.map(place);
  for (let start = 0; start + TEXT.length <= places.length; start += 1) {
    const stop = start + TEXT.length;
    const says = fitting(places.slice(start, stop));
    if (says === null) continue;
    const layout = layoutOf(says);
    // What else its layout has, such as what it adds.
    for (const [at, char] of layout?.says ?? []) if (!/[a-z]/i.test(char)) says[at] ??= char;
    const gaps = keys.slice(1).map(({ at }, index) => at - keys[index].at);
    const text = (some) => some.map((key) => charOf(says, key)).join("");
    const before = text(keys.slice(0, start));
    // What names the kind of code differs from code to code, and is dropped anyway.
    const added = before.replace(AIM_AT_END, "").length;
    return {
      says,
      prefix: places.slice(0, added),
      suffix: places.slice(stop),
      end,
      longestMs: Math.max(0, ...gaps),
      shown: {
        layout: shownLayout(layout, places.slice(start, stop), keys[start].alt),
        prefix: before.slice(0, added),
        suffix: text(keys.slice(stop)),
        paceMs: Math.round(gaps.reduce((sum, gap) => sum + gap, 0) / Math.max(1, gaps.length)),
      },
    };
  }
  return null;
}

// What each place says, if the places stand alike as the characters of the text do.
function fitting(places) {
  const says = {};
  const of = new Map();
  for (const [index, char] of [...TEXT].entries()) {
    const known = of.get(char);
    if (known === undefined ? places[index] in says : known !== places[index]) return null;
    of.set(char, places[index]);
    says[places[index]] = char;
  }
  return says;
}

// The same key with shift and without are the two cases of a letter.
function charOf(says, key) {
  const at = place(key);
  if (at in says) return says[at];
  const other = says[at.startsWith("+") ? at.slice(1) : `+${at}`] ?? "";
  return /[A-Z]/.test(other) ? other.toLowerCase() : literal(key);
}

// A key without a meaning makes no other code of the rest.
function literal({ key }) {
  return key.length === 1 ? key : "\ufffd";
}

// The layout that has these letters in these places, if it is a usual one.
function layoutOf(says) {
  const letters = Object.entries(says).filter(([, char]) => /[A-Z]/.test(char));
  const fits = ({ says: known }) => letters.every(([at, char]) => known.get(at)?.toUpperCase() === char);
  return MEANINGS.find(fits);
}

function shownLayout(layout, pressed, isByAlt) {
  const isByKey = pressed.some((at) => at.length > 1);
  if (!isByKey) return isByAlt ? "Alt + 0–9" : "–";
  const onPad = pressed.some((at) => at.startsWith("Numpad"));
  // The first is a capital letter.
  const isTurned = !pressed[0].startsWith("+");
  const marks = [layout?.name ?? "?", onPad && "0–9", isTurned && "Caps Lock"];
  return marks.filter(Boolean).join(" + ");
}

/// What the scanner that was taught read, or null if these keys are not its own.
export function undo(taught, keys, end) {
  const places = keys.map(place);
  const { prefix, suffix } = taught;
  const [first, last] = [prefix.length, places.length - suffix.length];
  const isIts =
    end === taught.end &&
    first <= last &&
    prefix.every((at, index) => at === places[index]) &&
    suffix.every((at, index) => at === places[last + index]);
  return isIts ? keys.slice(first, last).map((key) => charOf(taught.says, key)).join("") : null;
}

/// All that the keys of a scanner that was not taught can say: what they say on this
/// computer, and what they say in the usual layouts.
export function readings(keys) {
  const inLayout = ({ says }) => keys.map((key) => says.get(place(key)) ?? literal(key)).join("");
  return [...new Set([keys.map(literal).join(""), ...MEANINGS.map(inLayout)])];
}

/// The one of these texts that is meant, or null if they can be two cards, or one only
/// without what the scanner may have added. `cardIn` gives the card in a text, or null.
/// Nothing that the scanner may have added is ever dropped.
export function meant(texts, cardIn) {
  const cards = (some, atEnd) => {
    const found = new Set(some.flatMap((text) => parts(text, atEnd)).map(cardIn));
    found.delete(null);
    return found.size;
  };
  const passes = texts.filter((text) => cardIn(text) !== null);
  if (passes.length > 0) return cards(passes, DIGITS_ADDED) > 1 ? null : passes[0];
  return cards(texts, ADDED) > 0 ? null : texts[0];
}

// The text, and what is left of it without a few characters at its ends.
function parts(text, atEnd) {
  const counts = (most) => Array.from({ length: most + 1 }, (_, count) => count);
  return counts(ADDED).flatMap((first) =>
    counts(atEnd).map((last) => text.slice(first, Math.max(first, text.length - last))),
  );
}

/// How many of these keys, counted from the last, no fingers pressed: very quickly, or
/// evenly. 0 if it may have been fingers.
export function machineTail(keys, quickMs) {
  if (keys.length < 2) return 0;
  const gap = (index) => keys[index].at - keys[index - 1].at;
  const last = gap(keys.length - 1);
  const tail = (fits, fewest) => {
    let first = keys.length - 1;
    while (first > 0 && fits(gap(first))) first -= 1;
    const count = keys.length - first;
    return count >= fewest ? count : 0;
  };
  const isEven = (ms) => Math.abs(ms - last) <= EVEN_MS;
  return Math.max(tail((ms) => ms <= quickMs, QUICK_KEYS), tail(isEven, EVEN_KEYS));
}
