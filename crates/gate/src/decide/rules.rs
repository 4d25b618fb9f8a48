//! What becomes of a check: pure rules, without I/O.

use crate::decide::scan_time::Sending;
use crate::site::revision::Meaning;
use crate::site::settings::detect;
use crate::{
    Admission, Decision, DeviceSettings, Direction, InterfaceSettings, Reason, Scan, Site,
    WhenSilent,
};
use deviceapi::Detection;
use kernel::{CardNumber, CheckId, DeviceCode, SectorCode, Timestamp};
use otipass::{Answer, NumType, PassFacts, Question, References, Refusal, SectorInfo};

/// A pass at a mapped sector: what Otipass can be asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recognised {
    /// The pass.
    pub card: CardNumber,
    /// What kind of number that is.
    pub num_type: NumType,
    /// Where it was scanned.
    pub sector: SectorCode,
    /// What the sector means to Otipass and to ticketing.
    pub info: SectorInfo,
}

impl Recognised {
    /// The question to Otipass about this pass.
    #[must_use]
    pub fn question(&self, time: Timestamp, reference: CheckId) -> Question {
        Question {
            card: self.card.clone(),
            num_type: self.num_type,
            service_id: self.info.service_id.clone(),
            space_id: self.info.space_id.clone(),
            time,
            reference,
        }
    }
}

/// Spec §2, steps 1 and 2: is it a pass, and does the device lead to exactly
/// one sector that is mapped?
///
/// # Errors
/// [`Reason::NotAPass`] or [`Reason::SectorNotMapped`], in this order.
pub fn recognise(
    code: &str,
    device: &DeviceCode,
    site: &Site,
    settings: &InterfaceSettings,
) -> Result<Recognised, Reason> {
    let meaning = Meaning::of(device, site, &settings.mapping);
    recognise_at(code, meaning, &settings.detection)
}

/// As [`recognise`], at a device that meant what `meaning` says when it scanned, and
/// told passes from other codes by `detection`.
///
/// # Errors
/// As [`recognise`].
pub fn recognise_at(
    code: &str,
    meaning: Meaning,
    detection: &Detection,
) -> Result<Recognised, Reason> {
    let card = detect(code, detection).ok_or(Reason::NotAPass)?;
    let (sector, info) = meaning.sector.ok_or(Reason::SectorNotMapped)?;
    Ok(Recognised {
        card,
        num_type: detection.format.num_type,
        sector,
        info,
    })
}

/// What a device may not do. Nothing was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotPermitted {
    /// Its agent may not let visitors in by hand.
    #[error("this device may not force an entry; its setting forced_entry allows it")]
    ForcedEntry,
    /// It stands for the other direction.
    #[error(
        "this device stands for the other direction; its setting switch_direction lets the agent switch"
    )]
    Direction,
    /// Its agent may not let in several persons on one code.
    #[error(
        "this device may not let in one more person on a code; its setting several_persons allows it"
    )]
    SeveralPersons,
}

/// Whether the device may send this check. Holds online only.
///
/// # Errors
/// [`NotPermitted`] says what it may not.
pub fn permitted(
    scan: &Scan,
    sending: &Sending,
    settings: DeviceSettings,
) -> Result<(), NotPermitted> {
    if scan.direction != settings.direction && !settings.may_switch_direction {
        return Err(NotPermitted::Direction);
    }
    let forced = scan.direction == Direction::Entry && scan.forced_note.is_some();
    if forced && !settings.forced_entry {
        return Err(NotPermitted::ForcedEntry);
    }
    if sending.one_more_than.is_some() && !settings.several_persons {
        return Err(NotPermitted::SeveralPersons);
    }
    Ok(())
}

/// What becomes of a recognised pass if Otipass has no part in it: an exit, and
/// an entry that the agent forces.
#[must_use]
pub fn without_asking(scan: &Scan) -> Option<Decision> {
    match (scan.direction, &scan.forced_note) {
        (Direction::Exit, _) => Some(Decision::Exit),
        (Direction::Entry, Some(_)) => Some(Decision::Admitted(Admission::AcceptedForced)),
        (Direction::Entry, None) => None,
    }
}

/// What a device that opened the door by itself did.
#[must_use]
pub fn at_the_door(scan: &Scan) -> Decision {
    without_asking(scan).unwrap_or(Decision::Admitted(Admission::AcceptedOffline))
}

/// What a check is kept as that a journal is the first to bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Brought {
    /// The decision.
    pub decision: Decision,
    /// The door let a visitor in whom the gate cannot recognise.
    pub door_admitted: bool,
}

/// What becomes of a check that a journal brings and that was not decided.
/// `outcome` is what the device told the visitor, if it says; `opened` is what an
/// open door means for this scan; `recognised` is what the gate makes of the
/// code.
#[must_use]
pub fn brought(
    outcome: Option<Decision>,
    opened: Decision,
    recognised: Result<(), Reason>,
) -> Brought {
    let decision = match (outcome, recognised) {
        (Some(refused @ Decision::Refused(_)), _) => refused,
        (_, Ok(())) => opened,
        (_, Err(reason)) => Decision::Refused(reason),
    };
    let let_in = outcome.is_some_and(Decision::opens) && opened.is_admitted();
    Brought {
        decision,
        door_admitted: let_in && !decision.opens(),
    }
}

/// What a journal does to a check that was decided before. What the door did
/// wins over an answer that was never heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Afterwards {
    /// The first answer stands.
    Keep,
    /// It was refused and the door opened: this decision follows the refusal,
    /// and is the answer from now on.
    FollowUp(Decision),
    /// It was refused, the door let the visitor in all the same, and the gate
    /// cannot recognise the pass: the refusal stands, marked.
    DoorAdmitted,
    /// It was admitted and the visitor was turned away: the entry is cancelled.
    TurnedAway,
}

/// What becomes of a check that was decided as `first`; the rest as for
/// [`brought`].
#[must_use]
pub fn afterwards(
    first: Decision,
    outcome: Option<Decision>,
    opened: Decision,
    recognised: Result<(), Reason>,
) -> Afterwards {
    let Some(outcome) = outcome else {
        return Afterwards::Keep;
    };
    match (first.opens(), outcome.opens()) {
        (false, true) => match recognised {
            Ok(()) => Afterwards::FollowUp(opened),
            Err(_) if opened.is_admitted() => Afterwards::DoorAdmitted,
            Err(_) => Afterwards::Keep,
        },
        (true, false) if first.is_admitted() => Afterwards::TurnedAway,
        _ => Afterwards::Keep,
    }
}

/// What came of asking Otipass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// It answered in time.
    Answered(Answer),
    /// It was silent, unreachable or failing, or the breaker spared us the wait.
    Silent(Counted),
}

/// Whether Otipass may have counted an entry without our hearing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// It was never asked, or never heard the question.
    No,
    /// The question may have reached it.
    Maybe,
}

impl Counted {
    /// What is known of an entry after asking, given what was known before.
    #[must_use]
    pub fn after(self, intent: Intent) -> Self {
        match intent {
            Intent::Fresh => self,
            Intent::Unresolved => Counted::Maybe,
        }
    }
}

/// Otipass may have counted the entry, is silent now, and the site refuses
/// then: whatever is answered could be wrong for ever. The check stays open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StaysOpen;

/// Whether an earlier attempt at the same check may already have asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// This is the first time.
    Fresh,
    /// An earlier attempt recorded its intent, and no decision.
    Unresolved,
}

/// A decision, and what Otipass said of the pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// The decision.
    pub decision: Decision,
    /// Validity and entries left, if known.
    pub pass: Option<PassFacts>,
}

impl Verdict {
    /// A decision that Otipass had no part in.
    #[must_use]
    pub const fn without_partner(decision: Decision) -> Self {
        Self {
            decision,
            pass: None,
        }
    }
}

/// Spec §2, steps 3, 4 and 6: the decision on an online check.
///
/// With a partner that does not honour references, `already_used` after an
/// unresolved intent is our own entry coming back, and counts as accepted.
///
/// # Errors
/// [`StaysOpen`] if it cannot be decided now.
pub fn decide(
    asked: &Asked,
    intent: Intent,
    references: References,
    when_silent: WhenSilent,
) -> Result<Verdict, StaysOpen> {
    Ok(match asked {
        Asked::Answered(Answer::Yes(pass)) => Verdict {
            decision: Decision::Admitted(Admission::Accepted),
            pass: Some(*pass),
        },
        Asked::Answered(Answer::No {
            refusal: Refusal::AlreadyUsed,
            pass,
        }) if intent == Intent::Unresolved && references == References::Ignored => Verdict {
            decision: Decision::Admitted(Admission::Accepted),
            pass: *pass,
        },
        Asked::Answered(Answer::No { refusal, pass }) => Verdict {
            decision: Decision::Refused(Reason::Partner(*refusal)),
            pass: *pass,
        },
        Asked::Silent(_) => Verdict::without_partner(match (when_silent, intent) {
            (WhenSilent::Admit, _) => Decision::Admitted(Admission::AcceptedUnverified),
            (WhenSilent::Refuse, Intent::Fresh) => Decision::Refused(Reason::PartnerUnavailable),
            (WhenSilent::Refuse, Intent::Unresolved) => return Err(StaysOpen),
        }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn no(refusal: Refusal) -> Asked {
        Asked::Answered(Answer::No {
            refusal,
            pass: None,
        })
    }

    fn outcome(asked: &Asked, intent: Intent, references: References) -> &'static str {
        decide(asked, intent, references, WhenSilent::Admit)
            .unwrap()
            .decision
            .as_str()
    }

    const YES: Decision = Decision::Admitted(Admission::Accepted);
    const OFFLINE: Decision = Decision::Admitted(Admission::AcceptedOffline);
    const FORCED: Decision = Decision::Admitted(Admission::AcceptedForced);
    const EXIT: Decision = Decision::Exit;
    const NO_PASS: Decision = Decision::Refused(Reason::NotAPass);
    const BLOCKED: Decision = Decision::Refused(Reason::Partner(Refusal::PassBlocked));

    fn pass(recognised: bool) -> Result<(), Reason> {
        if recognised {
            Ok(())
        } else {
            Err(Reason::NotAPass)
        }
    }

    #[test]
    fn a_journal_brings_what_the_door_did() {
        for (outcome, opened, recognised, decision, door_admitted) in [
            (None, OFFLINE, true, OFFLINE, false),
            (None, FORCED, true, FORCED, false),
            (None, EXIT, true, EXIT, false),
            (None, OFFLINE, false, NO_PASS, false),
            (Some(OFFLINE), OFFLINE, true, OFFLINE, false),
            // What a restored server has forgotten.
            (Some(YES), OFFLINE, true, OFFLINE, false),
            (Some(FORCED), FORCED, true, FORCED, false),
            (Some(EXIT), EXIT, true, EXIT, false),
            (Some(EXIT), EXIT, false, NO_PASS, false),
            (Some(BLOCKED), OFFLINE, true, BLOCKED, false),
            (Some(NO_PASS), OFFLINE, true, NO_PASS, false),
            (Some(NO_PASS), OFFLINE, false, NO_PASS, false),
            (Some(OFFLINE), OFFLINE, false, NO_PASS, true),
            (Some(FORCED), FORCED, false, NO_PASS, true),
        ] {
            let expected = Brought {
                decision,
                door_admitted,
            };
            assert_eq!(
                brought(outcome, opened, pass(recognised)),
                expected,
                "{outcome:?} {opened} {recognised}"
            );
        }
    }

    #[test]
    fn what_the_door_did_wins_over_an_answer_that_was_never_heard() {
        use Afterwards::{DoorAdmitted, FollowUp, Keep, TurnedAway};
        for (first, outcome, opened, recognised, then) in [
            // The same effect, or nothing said: the first answer stands.
            (YES, None, OFFLINE, true, Keep),
            (YES, Some(OFFLINE), OFFLINE, true, Keep),
            (YES, Some(OFFLINE), OFFLINE, false, Keep),
            (BLOCKED, None, OFFLINE, true, Keep),
            (BLOCKED, Some(BLOCKED), OFFLINE, true, Keep),
            (BLOCKED, Some(NO_PASS), OFFLINE, true, Keep),
            (EXIT, Some(EXIT), EXIT, true, Keep),
            // Refused, and the door opened.
            (BLOCKED, Some(OFFLINE), OFFLINE, true, FollowUp(OFFLINE)),
            (BLOCKED, Some(YES), OFFLINE, true, FollowUp(OFFLINE)),
            (BLOCKED, Some(FORCED), FORCED, true, FollowUp(FORCED)),
            (NO_PASS, Some(EXIT), EXIT, true, FollowUp(EXIT)),
            (NO_PASS, Some(OFFLINE), OFFLINE, false, DoorAdmitted),
            (NO_PASS, Some(EXIT), EXIT, false, Keep),
            // Admitted, and the door stayed shut.
            (YES, Some(BLOCKED), OFFLINE, true, TurnedAway),
            (OFFLINE, Some(NO_PASS), OFFLINE, false, TurnedAway),
            (EXIT, Some(NO_PASS), EXIT, true, Keep),
        ] {
            assert_eq!(
                afterwards(first, outcome, opened, pass(recognised)),
                then,
                "{first} {outcome:?} {opened} {recognised}"
            );
        }
    }

    #[test]
    fn a_device_does_what_its_settings_allow() {
        let scan = |direction, note: Option<&str>| Scan {
            id: "1d426cfd-51d7-490e-9ba3-cc79bc1ae8d3".parse().unwrap(),
            device: "PDA01".parse().unwrap(),
            code: String::new(),
            device_time: kernel::Timestamp::MIN.into(),
            direction,
            forced_note: note.map(|note| note.parse().unwrap()),
        };
        let usual = DeviceSettings::default();
        let forces = DeviceSettings {
            forced_entry: true,
            ..usual
        };
        let switches = DeviceSettings {
            may_switch_direction: true,
            ..usual
        };
        let way_out = DeviceSettings {
            direction: Direction::Exit,
            ..usual
        };
        for (direction, note, settings, allowed) in [
            (Direction::Entry, None, usual, Ok(())),
            (
                Direction::Entry,
                Some("x"),
                usual,
                Err(NotPermitted::ForcedEntry),
            ),
            (Direction::Entry, Some("x"), forces, Ok(())),
            (Direction::Exit, None, usual, Err(NotPermitted::Direction)),
            (Direction::Exit, None, switches, Ok(())),
            (Direction::Exit, Some("x"), switches, Ok(())),
            (Direction::Exit, None, way_out, Ok(())),
            (
                Direction::Entry,
                None,
                way_out,
                Err(NotPermitted::Direction),
            ),
        ] {
            assert_eq!(
                permitted(&scan(direction, note), &Sending::default(), settings),
                allowed
            );
        }
    }

    #[test]
    fn otipass_answers_are_taken_over() {
        let yes = Asked::Answered(Answer::Yes(PassFacts::default()));
        assert_eq!(
            outcome(&yes, Intent::Fresh, References::Honoured),
            "accepted"
        );
        for refusal in Refusal::ALL {
            for (intent, references) in [
                (Intent::Fresh, References::Honoured),
                (Intent::Fresh, References::Ignored),
                (Intent::Unresolved, References::Honoured),
            ] {
                assert_eq!(outcome(&no(refusal), intent, references), refusal.as_str());
            }
        }
    }

    #[test]
    fn our_own_entry_coming_back_is_no_refusal() {
        for refusal in Refusal::ALL {
            let expected = match refusal {
                Refusal::AlreadyUsed => "accepted",
                other => other.as_str(),
            };
            assert_eq!(
                outcome(&no(refusal), Intent::Unresolved, References::Ignored),
                expected
            );
        }
    }

    #[test]
    fn the_site_decides_when_otipass_is_silent() {
        for (policy, expected) in [
            (WhenSilent::Admit, "accepted_unverified"),
            (WhenSilent::Refuse, "partner_unavailable"),
        ] {
            let silent = Asked::Silent(Counted::No);
            let verdict = decide(&silent, Intent::Fresh, References::Honoured, policy);
            assert_eq!(verdict.unwrap().decision.as_str(), expected);
        }
    }

    #[test]
    fn an_entry_that_may_have_been_counted_is_not_refused_for_ever() {
        let silent = Asked::Silent(Counted::No);
        for references in [References::Honoured, References::Ignored] {
            let refuse = decide(&silent, Intent::Unresolved, references, WhenSilent::Refuse);
            assert_eq!(refuse, Err(StaysOpen));
            let admit = decide(&silent, Intent::Unresolved, references, WhenSilent::Admit);
            assert_eq!(admit.unwrap().decision.as_str(), "accepted_unverified");
        }
        assert_eq!(Counted::No.after(Intent::Unresolved), Counted::Maybe);
        assert_eq!(Counted::No.after(Intent::Fresh), Counted::No);
    }
}
