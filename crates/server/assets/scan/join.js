// What belongs together: one person who holds one card before this reader, however
// often and in whatever forms it is read meanwhile, is one presentation, and one
// check. The same rule as `decide/joining.rs` of the crate gate, held to it by the
// examples in its vectors/joining.json.

import { cleaned, detect } from "./detect.js";

/// The longest pause between two reads of one presentation.
const JOIN_MS = 3_000;
/// How long an answer that nobody was told is taken up by the next read.
export const UNTOLD_MS = 5 * 60_000;

/// What a code stands for: the card, in whatever form it came, or its cleaned text.
export function subject(code, detection) {
  const card = detect(code, detection);
  return card === null ? `text ${cleaned(code, detection)}` : `card ${card}`;
}

/// Whether reads that follow belong to a check with this outcome: nobody could say
/// is no answer.
export function joins(outcome) {
  return outcome !== "partner_unavailable";
}

export class Joining {
  // {subject, way, check, began, read, standing}; standing is "untold", "joins" or
  // "over".
  #seen = [];

  /// The check that a read of `subject` at `now`, in milliseconds, belongs to, or
  /// null: then it is one of its own. `way` is purpose and direction. A read is
  /// `held` if nobody pulled a trigger for it: a camera sees what is before it again
  /// and again.
  read(subject, way, now, held) {
    const known = this.#seen.find((one) => one.subject === subject && one.way === way);
    if (known === undefined || !isFresh(known, now)) return null;
    if (known.standing === "over" && !held) return null;
    known.read = now;
    return known.check;
  }

  /// A check begins.
  begin(subject, way, check, now) {
    this.#seen = this.#seen.filter((one) => {
      const same = one.subject === subject && one.way === way;
      return !same && isFresh(one, now);
    });
    // Whoever leaves has been in, and comes in anew.
    for (const one of this.#seen) if (one.subject === subject) end(one);
    this.#seen.push({ subject, way, check, began: now, read: now, standing: "untold" });
  }

  /// Its answer was told; `joins` says whether it is one that settles it.
  told(check, joins) {
    const known = this.#seen.find((one) => one.check === check);
    if (known?.standing === "untold") known.standing = joins ? "joins" : "over";
  }

  /// The first check of which `isIt` holds, or null.
  find(isIt) {
    return this.#seen.find(({ check }) => isIt(check))?.check ?? null;
  }

  /// The presentation of this check is over, or all are, without one.
  end(check) {
    for (const one of this.#seen) if (check === undefined || one.check === check) end(one);
  }
}

function end(one) {
  if (one.standing === "joins") one.standing = "over";
}

function isFresh(one, now) {
  const untold = one.standing === "untold" && now - one.began <= UNTOLD_MS;
  return untold || now - one.read <= JOIN_MS;
}
