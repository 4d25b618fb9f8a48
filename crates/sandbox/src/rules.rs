//! How the sandbox decides. Pure: the caller brings pass and day.
//!
//! The checks come in a fixed order: unknown, not sold, blocked, expired, not
//! included, already used. A replayed day depends on it.

use crate::{Pass, PassStatus};
use kernel::BusinessDay;
use otipass::{Answer, EntriesLeft, PassFacts, Refusal, ServiceId};

/// Answers a validation, and counts the entry if the answer is yes.
pub fn validate(pass: Option<&mut Pass>, service: &ServiceId, day: BusinessDay) -> Answer {
    let verdict = verdict(pass.as_deref(), service, day);
    let pass = pass.map(|pass| {
        if verdict.is_ok() {
            record(pass, service, day);
        }
        &*pass
    });
    answer(verdict, pass, service)
}

/// Records an entry that happened, whether it was allowed or not, and answers
/// what a validation would have answered.
pub fn declare(pass: Option<&mut Pass>, service: &ServiceId, day: BusinessDay) -> Answer {
    let verdict = verdict(pass.as_deref(), service, day);
    let pass = pass.map(|pass| {
        record(pass, service, day);
        &*pass
    });
    answer(verdict, pass, service)
}

/// Answers what a validation would answer, and counts nothing: the entries left
/// are those before this entry.
#[must_use]
pub fn inquire(pass: Option<&Pass>, service: &ServiceId, day: BusinessDay) -> Answer {
    answer(verdict(pass, service, day), pass, service)
}

/// Gives one counted entry back. The period that it may have started goes on.
pub fn give_back(pass: &mut Pass, service: &ServiceId) {
    if let Some(EntriesLeft::Count(count)) = pass.services.get_mut(service) {
        *count = count.saturating_add(1);
    }
}

/// Whether the holder may enter, without counting anything.
///
/// # Errors
/// Why not.
pub fn verdict(pass: Option<&Pass>, service: &ServiceId, day: BusinessDay) -> Result<(), Refusal> {
    let pass = pass.ok_or(Refusal::UnknownPass)?;
    match pass.status_on(day) {
        PassStatus::Undefined => return Err(Refusal::UnknownPass),
        PassStatus::Created => return Err(Refusal::PassNotSold),
        PassStatus::Invalid => return Err(Refusal::PassBlocked),
        PassStatus::Expired => return Err(Refusal::PassExpired),
        PassStatus::Active | PassStatus::Inactive => {}
    }
    match pass.services.get(service) {
        None => Err(Refusal::ServiceNotIncluded),
        Some(EntriesLeft::Count(0)) => Err(Refusal::AlreadyUsed),
        Some(EntriesLeft::Count(_) | EntriesLeft::Unlimited) => Ok(()),
    }
}

fn record(pass: &mut Pass, service: &ServiceId, day: BusinessDay) {
    if pass.status == PassStatus::Inactive {
        pass.status = PassStatus::Active;
        pass.valid_until = Some(day.plus_days(i64::from(pass.duration_days) - 1));
    }
    if let Some(EntriesLeft::Count(count)) = pass.services.get_mut(service) {
        *count = count.saturating_sub(1);
    }
}

fn answer(verdict: Result<(), Refusal>, pass: Option<&Pass>, service: &ServiceId) -> Answer {
    let facts = pass.map(|pass| PassFacts {
        valid_until: pass.valid_until,
        entries_left: pass.services.get(service).copied(),
    });
    match verdict {
        Ok(()) => Answer::Yes(facts.unwrap_or_default()),
        Err(Refusal::UnknownPass) => Answer::No {
            refusal: Refusal::UnknownPass,
            pass: None,
        },
        Err(refusal) => Answer::No {
            refusal,
            pass: facts,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TODAY: &str = "2026-07-14";

    fn day(text: &str) -> BusinessDay {
        text.parse().unwrap()
    }

    fn pass(status: PassStatus, valid_until: Option<&str>, left: Option<EntriesLeft>) -> Pass {
        Pass {
            number: "00029975".parse().unwrap(),
            status,
            duration_days: 3,
            valid_until: valid_until.map(day),
            services: left
                .map(|left| ("S1".parse().unwrap(), left))
                .into_iter()
                .collect(),
        }
    }

    fn word(answer: &Answer) -> &'static str {
        match answer {
            Answer::Yes(_) => "yes",
            Answer::No { refusal, .. } => refusal.as_str(),
        }
    }

    #[test]
    fn the_checks_come_in_their_order() {
        use EntriesLeft::{Count, Unlimited};
        use PassStatus::{Active, Created, Expired, Inactive, Invalid, Undefined};
        for (status, valid_until, left, expected) in [
            (Undefined, None, Some(Count(1)), "unknown_pass"),
            (Undefined, Some("2026-07-01"), None, "unknown_pass"),
            (Created, None, Some(Count(1)), "pass_not_sold"),
            (Created, Some("2026-07-01"), None, "pass_not_sold"),
            (Invalid, None, Some(Unlimited), "pass_blocked"),
            (Invalid, Some("2026-07-01"), Some(Count(0)), "pass_blocked"),
            (Expired, Some("2026-07-20"), Some(Count(1)), "pass_expired"),
            (Expired, None, None, "pass_expired"),
            (Active, Some("2026-07-13"), Some(Count(1)), "pass_expired"),
            (Active, Some("2026-07-13"), None, "pass_expired"),
            (Active, Some("2026-07-14"), None, "service_not_included"),
            (Active, Some("2026-07-14"), Some(Count(0)), "already_used"),
            (Active, Some("2026-07-14"), Some(Count(1)), "yes"),
            (Active, Some("2026-07-14"), Some(Unlimited), "yes"),
            (Active, None, Some(Count(1)), "yes"),
            (Inactive, None, None, "service_not_included"),
            (Inactive, None, Some(Count(0)), "already_used"),
            (Inactive, Some("2026-07-01"), Some(Count(1)), "yes"),
            (Inactive, None, Some(Unlimited), "yes"),
        ] {
            let before = pass(status, valid_until, left);
            let asked = inquire(Some(&before), &"S1".parse().unwrap(), day(TODAY));
            assert_eq!(
                word(&asked),
                expected,
                "{status:?} {valid_until:?} {left:?}"
            );
            for ask in [validate, declare] {
                let said = ask(
                    Some(&mut before.clone()),
                    &"S1".parse().unwrap(),
                    day(TODAY),
                );
                assert_eq!(word(&said), expected, "{status:?} {valid_until:?} {left:?}");
            }
        }
        let service = "S1".parse().unwrap();
        assert_eq!(word(&validate(None, &service, day(TODAY))), "unknown_pass");
        assert_eq!(word(&declare(None, &service, day(TODAY))), "unknown_pass");
    }

    #[test]
    fn a_yes_starts_the_period_and_counts() {
        let mut pass = pass(PassStatus::Inactive, None, Some(EntriesLeft::Count(2)));
        let service = "S1".parse().unwrap();
        for (on, expected, left) in [
            (TODAY, "yes", 1),
            ("2026-07-16", "yes", 0),
            ("2026-07-16", "already_used", 0),
            ("2026-07-17", "pass_expired", 0),
        ] {
            let said = validate(Some(&mut pass), &service, day(on));
            assert_eq!(word(&said), expected, "{on}");
            let (Answer::Yes(facts)
            | Answer::No {
                pass: Some(facts), ..
            }) = said
            else {
                panic!("{on}: no facts");
            };
            assert_eq!(facts.entries_left, Some(EntriesLeft::Count(left)));
            assert_eq!(facts.valid_until, Some(day("2026-07-16")));
        }
    }

    #[test]
    fn a_refused_validation_changes_nothing() {
        let mut pass = pass(PassStatus::Inactive, None, Some(EntriesLeft::Count(0)));
        let before = pass.clone();
        validate(Some(&mut pass), &"S1".parse().unwrap(), day(TODAY));
        validate(Some(&mut pass), &"S2".parse().unwrap(), day(TODAY));
        assert_eq!(pass, before);
    }

    #[test]
    fn a_declaration_counts_even_what_was_not_allowed() {
        let service = "S1".parse().unwrap();
        let mut unused = pass(PassStatus::Inactive, None, Some(EntriesLeft::Count(0)));
        assert_eq!(
            word(&declare(Some(&mut unused), &service, day(TODAY))),
            "already_used"
        );
        assert_eq!(unused.status, PassStatus::Active);
        assert_eq!(unused.valid_until, Some(day("2026-07-16")));

        let mut over = pass(
            PassStatus::Active,
            Some("2026-07-01"),
            Some(EntriesLeft::Count(2)),
        );
        assert_eq!(
            word(&declare(Some(&mut over), &service, day(TODAY))),
            "pass_expired"
        );
        assert_eq!(over.services[&service], EntriesLeft::Count(1));
    }

    #[test]
    fn an_entry_is_given_back_and_its_period_goes_on() {
        let service = "S1".parse().unwrap();
        let mut pass = pass(PassStatus::Inactive, None, Some(EntriesLeft::Count(1)));
        validate(Some(&mut pass), &service, day(TODAY));
        give_back(&mut pass, &service);
        assert_eq!(pass.services[&service], EntriesLeft::Count(1));
        assert_eq!(pass.status, PassStatus::Active);
        assert_eq!(pass.valid_until, Some(day("2026-07-16")));
        let before = pass.clone();
        give_back(&mut pass, &"S2".parse().unwrap());
        assert_eq!(pass, before, "a service that the pass does not have");
        pass.services
            .insert(service.clone(), EntriesLeft::Unlimited);
        give_back(&mut pass, &service);
        assert_eq!(pass.services[&service], EntriesLeft::Unlimited);
    }

    proptest! {
        #[test]
        fn a_counter_gives_as_many_entries_as_it_says(count in 0u32..20, asked in 0u32..30) {
            let mut pass = pass(PassStatus::Inactive, None, Some(EntriesLeft::Count(count)));
            let service = "S1".parse().unwrap();
            let yes = (0..asked)
                .filter(|_| matches!(validate(Some(&mut pass), &service, day(TODAY)), Answer::Yes(_)))
                .count();
            prop_assert_eq!(u32::try_from(yes).unwrap(), count.min(asked));
        }
    }
}
