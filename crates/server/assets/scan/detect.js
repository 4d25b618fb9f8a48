// Recognises a pass in the text a scanner read: the same rules as `detect` of
// the crate otipass, held to them by the examples in its vectors/detect.json.

// White space and control characters, as Unicode has them.
const EDGE = "[\\u0000-\\u0020\\u007f-\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+";
const EDGES = new RegExp(`^${EDGE}|${EDGE}$`, "g");
const CARD_NUMBER = /^[0-9A-Za-z]{1,30}$/;

/// The card number in `code`, or null if it is no pass. `detection` is that of
/// the device's snapshot.
export function detect(code, detection) {
  const { project_id: project, format } = detection;
  const number = withoutClient(code.replace(EDGES, ""), project);
  const serial = format.num_type === "serial";
  const letters = serial ? /^[A-Za-z]*/.exec(number)[0] : "";
  const digits = number.slice(letters.length);
  const fits =
    /^[0-9]+$/.test(digits) &&
    within(digits.length, format.digits) &&
    (serial ? within(letters.length, format.letters) : /[1-9]/.test(digits)) &&
    (format.checksum !== "luhn" || luhnFits(digits)) &&
    CARD_NUMBER.test(number);
  return fits ? asciiUpper(number) : null;
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
