//! What a device decides by itself, without network: pure rules, without I/O.
//!
//! The turnstile agent, the simulation and the scanner page follow the same
//! examples, `vectors/offline.json`: knowledge and scan in, outcome out.

use crate::{Admission, Decision, Direction, Reason};
use kernel::CardNumber;
use otipass::{Additions, NumberFormat, Refusal};
use serde::{Deserialize, Serialize};

/// What a device without network goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfflinePolicy {
    /// A recognised pass is admitted.
    #[default]
    DetectionOnly,
    /// As that, but not a pass that the device knows to be refused.
    Guarded,
}

impl OfflinePolicy {
    /// The word of the API and of the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            OfflinePolicy::DetectionOnly => "detection_only",
            OfflinePolicy::Guarded => "guarded",
        }
    }
}

/// What a device knows of itself, from its snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Knowledge {
    /// What may stand before a number, with a hyphen.
    pub project_id: String,
    /// Lengths, alphabet and checksum of the number.
    pub format: NumberFormat,
    /// What scanners and code makers add to it.
    pub additions: Additions,
    /// Whether the device leads to exactly one sector, and that is mapped.
    pub mapped: bool,
    /// What it goes by.
    pub policy: OfflinePolicy,
}

/// What the device is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfflineScan<'a> {
    /// The raw text the scanner read.
    pub code: &'a str,
    /// In or out.
    pub direction: Direction,
    /// Whether the agent lets the visitor in by hand. Means nothing on the way
    /// out.
    pub forced: bool,
}

/// What the device knows of one pass, under [`OfflinePolicy::Guarded`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    /// What the pass list says, if it is fresh enough to say anything.
    pub listed: Option<Refusal>,
    /// Whether this very device has admitted the pass today, and the entry was
    /// not cancelled.
    pub entered_today: bool,
}

/// The device's own decision, and the pass if it is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecidedOffline {
    /// What the visitor is told.
    pub decision: Decision,
    /// The pass.
    pub card: Option<CardNumber>,
}

/// Spec §3. `seen` is asked only where the policy wants it.
#[must_use]
pub fn decide_offline(
    knowledge: &Knowledge,
    scan: OfflineScan<'_>,
    seen: impl FnOnce(&CardNumber) -> Seen,
) -> DecidedOffline {
    let card = otipass::detect(
        scan.code,
        &knowledge.project_id,
        &knowledge.format,
        &knowledge.additions,
    );
    let decision = match &card {
        None => Decision::Refused(Reason::NotAPass),
        Some(_) if !knowledge.mapped => Decision::Refused(Reason::SectorNotMapped),
        Some(card) => match (scan.direction, scan.forced, knowledge.policy) {
            (Direction::Exit, _, _) => Decision::Exit,
            (Direction::Entry, true, _) => Decision::Admitted(Admission::AcceptedForced),
            (Direction::Entry, false, OfflinePolicy::DetectionOnly) => {
                Decision::Admitted(Admission::AcceptedOffline)
            }
            (Direction::Entry, false, OfflinePolicy::Guarded) => guarded(seen(card)),
        },
    };
    DecidedOffline { decision, card }
}

fn guarded(seen: Seen) -> Decision {
    let own = seen.entered_today.then_some(Refusal::AlreadyUsed);
    match seen.listed.or(own) {
        Some(refusal) => Decision::Refused(Reason::Partner(refusal)),
        None => Decision::Admitted(Admission::AcceptedOffline),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Vector {
        name: String,
        knowledge: Known,
        scan: Scan,
        outcome: Decision,
        card: Option<String>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Known {
        detection: Detection,
        mapped: bool,
        offline_policy: OfflinePolicy,
        listed: Option<String>,
        entered_today: bool,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Detection {
        project_id: String,
        format: NumberFormat,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Scan {
        code: String,
        direction: Direction,
        forced: bool,
    }

    #[test]
    fn the_vectors_hold() {
        let vectors: Vec<Vector> =
            serde_json::from_str(include_str!("../../vectors/offline.json")).unwrap();
        assert!(vectors.len() >= 20);
        for vector in vectors {
            let known = vector.knowledge;
            let listed = known.listed.map(|word| {
                let mut all = Refusal::ALL.into_iter();
                all.find(|refusal| refusal.as_str() == word)
                    .expect("a reason")
            });
            let seen = Seen {
                listed,
                entered_today: known.entered_today,
            };
            let knowledge = Knowledge {
                additions: Additions::default(),
                project_id: known.detection.project_id,
                format: known.detection.format,
                mapped: known.mapped,
                policy: known.offline_policy,
            };
            let scan = OfflineScan {
                code: &vector.scan.code,
                direction: vector.scan.direction,
                forced: vector.scan.forced,
            };
            let decided = decide_offline(&knowledge, scan, |_| seen);
            assert_eq!(decided.decision, vector.outcome, "{}", vector.name);
            let card = decided.card.map(|card| card.reveal().to_owned());
            assert_eq!(card, vector.card, "{}", vector.name);
        }
    }
}
