//! What becomes of a check: pure rules, without I/O.

use crate::{Admission, Decision, InterfaceSettings, Reason, Site, WhenSilent};
use kernel::{CardNumber, DeviceCode, SectorCode};
use otipass::{Answer, NumType, PassFacts, References, Refusal, SectorInfo};

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
    let mapping = &settings.mapping;
    let card =
        otipass::detect(code, &mapping.project_id, &settings.format).ok_or(Reason::NotAPass)?;
    let sector = site.sector_of(device).ok_or(Reason::SectorNotMapped)?;
    let info = mapping.sectors.get(sector).ok_or(Reason::SectorNotMapped)?;
    Ok(Recognised {
        card,
        num_type: settings.format.num_type,
        sector: sector.clone(),
        info: info.clone(),
    })
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
