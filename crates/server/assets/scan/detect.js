// Recognises a pass in the text a scanner read: the same rules as `detect` of
// the crate otipass, held to them by the examples in its vectors/detect.json.

// White space, control characters, and what Unicode calls default ignorable:
// byte-order marks, zero-width and direction marks, soft hyphens.
const NOTHING =
  "[\\u0000-\\u0020\\u007f-\\u00a0\\u00ad\\u034f\\u061c\\u115f\\u1160\\u1680\\u17b4\\u17b5" +
  "\\u180b-\\u180f\\u2000-\\u200f\\u2028-\\u202f\\u205f-\\u206f\\u3000\\u3164\\ufe00-\\ufe0f" +
  "\\ufeff\\uffa0\\ufff0-\\ufffb\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}\\u{e0000}-\\u{e0fff}]+";
const ENDS = new RegExp(`^${NOTHING}|${NOTHING}$`, "gu");
// How scanners name the kind of code (ISO/IEC 15424).
const AIM = /^\][A-Za-z][^]/u;
const GAP = "[\\u0020\\u00a0\\u1680\\u2000-\\u200a\\u202f\\u205f\\u3000\\u2010\\u2011-]";
const GAPS = new RegExp(GAP, "gu");
const GAP_AT_END = new RegExp(`^${GAP}|${GAP}$`, "u");
const CARD_NUMBER = /^[0-9A-Za-z]{1,30}$/;

/// The card number in `code`, or null if it is no pass. `detection` is that of
/// the device's snapshot.
export function detect(code, detection) {
  const { project_id: project, format } = detection;
  const read = cleaned(code, detection);
  const urls = detection.additions?.urls ?? [];
  const marked = urls.map((pattern) => markedIn(read, pattern));
  const number = withoutClient(marked.find((part) => part !== null) ?? read, project);
  if (isCard(number, format)) return asciiUpper(number);
  // Gaps are printed within a number only.
  const printed = GAP_AT_END.test(number) ? "" : number.replace(GAPS, "");
  return isCard(printed, format) ? asciiUpper(printed) : null;
}

function isCard(number, format) {
  const serial = format.num_type === "serial";
  const letters = serial ? /^[A-Za-z]*/.exec(number)[0] : "";
  const digits = number.slice(letters.length);
  return (
    /^[0-9]+$/.test(digits) &&
    /[1-9]/.test(digits) &&
    within(digits.length, format.digits) &&
    (!serial || within(letters.length, format.letters)) &&
    (format.checksum !== "luhn" || luhnFits(digits)) &&
    CARD_NUMBER.test(number)
  );
}

/// The code without what scanners and code makers add at either end, taken off until
/// nothing changes.
export function cleaned(code, { additions }) {
  const { prefixes = [], suffixes = [] } = additions ?? {};
  let rest = code;
  for (;;) {
    const before = rest.length;
    rest = rest.replace(ENDS, "").replace(AIM, "");
    for (const prefix of prefixes) if (rest.startsWith(prefix)) rest = rest.slice(prefix.length);
    for (const suffix of suffixes) {
      if (rest.endsWith(suffix)) rest = rest.slice(0, rest.length - suffix.length);
    }
    if (rest.length === before) return rest;
  }
}

// The part of a web address that the pattern marks, or null if it does not fit.
function markedIn(url, pattern) {
  const [before, after] = pattern.split("{number}");
  const hostEnd = before.indexOf("://") + 3 + before.slice(before.indexOf("://") + 3).search(/[/?]/);
  if (asciiUpper(url.slice(0, hostEnd)) !== asciiUpper(before.slice(0, hostEnd))) return null;
  if (!url.slice(hostEnd).startsWith(before.slice(hostEnd))) return null;
  const rest = url.slice(before.length);
  const found = rest.search(/[/?#&]/);
  const end = found < 0 ? rest.length : found;
  let number = rest.slice(0, end);
  let behind = rest.slice(end);
  if (after === "" || behind.startsWith(after)) behind = behind.slice(after.length);
  else if (number.endsWith(after)) number = number.slice(0, number.length - after.length);
  else return null;
  return behind === "" || /^[?#&]/.test(behind) ? number : null;
}

function within(length, { min, max }) {
  return length >= min && length <= max;
}

// A project id may itself hold a hyphen, so the code is not split at one.
function withoutClient(code, project) {
  const named =
    project !== "" &&
    asciiUpper(code.slice(0, project.length)) === asciiUpper(project) &&
    code[project.length] === "-";
  return named ? code.slice(project.length + 1) : code;
}

function asciiUpper(text) {
  return text.replace(/[a-z]/g, (letter) => letter.toUpperCase());
}

/// Whether the last of the digits is a Luhn check digit.
export function luhnFits(digits) {
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = Number(digits[digits.length - 1 - index]);
    const weighed = index % 2 === 0 ? digit : digit < 5 ? 2 * digit : 2 * digit - 9;
    sum += weighed;
  }
  return digits.length > 0 && sum % 10 === 0;
}
