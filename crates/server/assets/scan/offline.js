// What this device decides by itself, without network: the same rules as
// `decide_offline` of the crate gate, held to them by the examples in its
// vectors/offline.json.

import { detect } from "./detect.js";

/// The outcome for a scan `{code, direction, forced}`, and the card number if
/// it is a pass. `knowledge` is the device's snapshot: detection, mapped,
/// offline_policy. `seen(card)` tells what the device knows of one pass,
/// `{justAdmitted, listed, enteredToday}`; it is asked only where it matters.
export function decideOffline(knowledge, scan, seen) {
  const card = detect(scan.code, knowledge.detection);
  if (card === null) return { outcome: "not_a_pass", card: null };
  if (!knowledge.mapped) return { outcome: "sector_not_mapped", card };
  if (scan.direction === "exit") return { outcome: "exit", card };
  if (scan.forced) return { outcome: "accepted_forced", card };
  const { justAdmitted, listed, enteredToday } = seen(card);
  if (justAdmitted) return { outcome: "just_admitted", card };
  if (knowledge.offline_policy !== "guarded") return { outcome: "accepted_offline", card };
  const known = listed ?? (enteredToday ? "already_used" : null);
  return { outcome: known ?? "accepted_offline", card };
}

/// Whether the outcome lets a visitor in.
export function admits(outcome) {
  return outcome.startsWith("accepted");
}

/// Whether the outcome opens the door: an admission or an exit.
export function opens(outcome) {
  return admits(outcome) || outcome === "exit";
}
