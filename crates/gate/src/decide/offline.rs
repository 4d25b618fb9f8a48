//! What a device decides by itself, without network: pure rules, without I/O.
//!
//! The turnstile agent, the simulation and the scanner page follow the same
//! examples, `vectors/offline.json`: knowledge and scan in, outcome out.

use crate::site::settings::detect;
use crate::{Admission, Decision, Direction, OfflinePolicy, Reason};
use deviceapi::DeviceSnapshot;
use kernel::CardNumber;
use otipass::Refusal;

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

/// What the device knows of one pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    /// Whether this very device has admitted the pass within the repeat window, the
    /// entry was not cancelled, and no exit ended the window.
    pub just_admitted: bool,
    /// What the pass list says, if it is fresh enough to say anything. This and the
    /// next are for [`OfflinePolicy::Guarded`].
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

/// Spec §3, by what `device` knows of itself. `seen` is asked only where it matters.
#[must_use]
pub fn decide_offline(
    device: &DeviceSnapshot,
    scan: OfflineScan<'_>,
    seen: impl FnOnce(&CardNumber) -> Seen,
) -> DecidedOffline {
    let card = detect(scan.code, &device.detection);
    let decision = match &card {
        None => Decision::Refused(Reason::NotAPass),
        Some(_) if !device.mapped => Decision::Refused(Reason::SectorNotMapped),
        Some(card) => match (scan.direction, scan.forced, device.offline_policy) {
            (Direction::Exit, _, _) => Decision::Exit,
            (Direction::Entry, true, _) => Decision::Admitted(Admission::AcceptedForced),
            (Direction::Entry, false, policy) => entry(seen(card), policy),
        },
    };
    DecidedOffline { decision, card }
}

fn entry(seen: Seen, policy: OfflinePolicy) -> Decision {
    if seen.just_admitted {
        return Decision::Refused(Reason::JustAdmitted);
    }
    let own = seen.entered_today.then_some(Refusal::AlreadyUsed);
    match (policy, seen.listed.or(own)) {
        (OfflinePolicy::Guarded, Some(refusal)) => Decision::Refused(Reason::Partner(refusal)),
        _ => Decision::Admitted(Admission::AcceptedOffline),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

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
        detection: deviceapi::Detection,
        mapped: bool,
        offline_policy: OfflinePolicy,
        #[serde(default)]
        just_admitted: bool,
        listed: Option<String>,
        entered_today: bool,
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
        let mut device: DeviceSnapshot =
            serde_json::from_str(include_str!("../../../deviceapi/examples/device.json")).unwrap();
        for vector in vectors {
            let known = vector.knowledge;
            let listed = known.listed.map(|word| {
                let mut all = Refusal::ALL.into_iter();
                all.find(|refusal| refusal.as_str() == word)
                    .expect("a reason")
            });
            let seen = Seen {
                just_admitted: known.just_admitted,
                listed,
                entered_today: known.entered_today,
            };
            device.detection = known.detection;
            device.mapped = known.mapped;
            device.offline_policy = known.offline_policy;
            let scan = OfflineScan {
                code: &vector.scan.code,
                direction: vector.scan.direction,
                forced: vector.scan.forced,
            };
            let decided = decide_offline(&device, scan, |_| seen);
            assert_eq!(decided.decision, vector.outcome, "{}", vector.name);
            let card = decided.card.map(|card| card.reveal().to_owned());
            assert_eq!(card, vector.card, "{}", vector.name);
        }
    }
}
