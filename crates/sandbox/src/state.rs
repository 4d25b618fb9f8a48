//! What the sandbox knows and remembers.

use crate::fault::FaultPlan;
use crate::{Fault, InvalidFault, PassBook, PassStatus, rules};
use kernel::{BusinessDay, CardNumber, CheckId, Clock, Zone};
use otipass::{Answer, Contract, Credentials, Question, References, ServiceId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// How a sandbox is set up.
#[derive(Debug, Clone)]
pub struct SandboxSettings {
    /// The project it answers for.
    pub project_id: String,
    /// Where its days begin and end.
    pub zone: Zone,
    /// Paths, names and codes; also whether references are honoured.
    pub contract: Contract,
    /// Who may ask; everybody if missing.
    pub credentials: Option<Credentials>,
    /// The clock of the connection test and of the sample cards.
    pub clock: Arc<dyn Clock>,
    /// What people call the services, for the sample cards; all services of the
    /// passes, by their ids, if empty.
    pub service_names: BTreeMap<ServiceId, String>,
}

/// A stand-in Otipass. Cheap to clone; clones share their state.
#[derive(Debug, Clone)]
pub struct Sandbox(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: SandboxSettings,
    state: Mutex<State>,
    ended: watch::Sender<bool>,
}

#[derive(Debug)]
struct State {
    passes: PassBook,
    remembered: HashMap<CheckId, Remembered>,
    faults: FaultPlan,
    log: Log,
}

/// What was answered under one reference.
#[derive(Debug)]
struct Remembered {
    card: CardNumber,
    service: ServiceId,
    validation: Option<Answer>,
    declaration: Option<Answer>,
}

/// The two ways to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// May the holder enter?
    Validation,
    /// The holder entered.
    Declaration,
}

/// A reference that was used for another card or service before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the reference was used for another card or service before; use a new one")]
pub struct ReferenceConflict;

/// How often the sandbox was asked; what it failed to answer counts, too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    /// All requests of both kinds.
    pub total: Asked,
    /// The same by reference.
    pub by_reference: BTreeMap<CheckId, Asked>,
}

/// Requests by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// How often validation was asked.
    pub validations: u32,
    /// How often a declaration was made.
    pub declarations: u32,
}

impl Asked {
    fn count(&mut self, call: Call) {
        match call {
            Call::Validation => self.validations += 1,
            Call::Declaration => self.declarations += 1,
        }
    }
}

impl Sandbox {
    /// A sandbox that knows these passes and has no faults.
    #[must_use]
    pub fn new(passes: PassBook, settings: SandboxSettings) -> Self {
        Self(Arc::new(Inner {
            settings,
            state: Mutex::new(State {
                passes,
                remembered: HashMap::new(),
                faults: FaultPlan::default(),
                log: Log::default(),
            }),
            ended: watch::Sender::new(false),
        }))
    }

    /// How it is set up.
    #[must_use]
    pub fn settings(&self) -> &SandboxSettings {
        &self.0.settings
    }

    /// Answers a question. Where references are honoured, a repeated one gets
    /// its first answer and counts once, and a declaration of what was
    /// validated with yes does not count again.
    ///
    /// # Errors
    /// If references are honoured and this one was used for another card or
    /// service.
    pub fn answer(&self, call: Call, question: &Question) -> Result<Answer, ReferenceConflict> {
        let day = self.0.settings.zone.business_day(question.time);
        let mut state = self.state();
        match self.0.settings.contract.references {
            References::Ignored => Ok(state.work(call, question, day)),
            References::Honoured => state.work_once(call, question, day),
        }
    }

    /// The passes as they are now.
    #[must_use]
    pub fn passes(&self) -> PassBook {
        self.state().passes.clone()
    }

    /// Replaces all faults.
    ///
    /// # Errors
    /// If one of them cannot be injected; the faults then stay as they were.
    pub fn set_faults(&self, faults: Vec<Fault>) -> Result<(), InvalidFault> {
        self.state().faults = FaultPlan::new(faults)?;
        Ok(())
    }

    /// The faults still to come.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        self.state().faults.list()
    }

    /// How often it was asked.
    #[must_use]
    pub fn log(&self) -> Log {
        self.state().log.clone()
    }

    /// Today, by its clock and zone.
    #[must_use]
    pub fn today(&self) -> BusinessDay {
        let settings = &self.0.settings;
        settings.zone.business_day(settings.clock.now())
    }

    pub(crate) fn status_of(&self, card: &CardNumber) -> Option<PassStatus> {
        self.state().passes.get(card).map(|pass| pass.status)
    }

    pub(crate) fn note(&self, call: Call, reference: CheckId) {
        let mut state = self.state();
        state.log.total.count(call);
        state
            .log
            .by_reference
            .entry(reference)
            .or_default()
            .count(call);
    }

    pub(crate) fn next_fault(&self) -> Fault {
        self.state().faults.next()
    }

    /// Ends all silences, so that the server can stop.
    pub(crate) fn end(&self) {
        self.0.ended.send_replace(true);
    }

    /// Waits until the server stops.
    pub(crate) async fn ended(&self) {
        // An error would mean that the sender is gone; `self` holds it.
        let _ = self.0.ended.subscribe().wait_for(|ended| *ended).await;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while holding the lock half way through a change.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn work(&mut self, call: Call, question: &Question, day: BusinessDay) -> Answer {
        let pass = self.passes.get_mut(&question.card);
        match call {
            Call::Validation => rules::validate(pass, &question.service_id, day),
            Call::Declaration => rules::declare(pass, &question.service_id, day),
        }
    }

    fn work_once(
        &mut self,
        call: Call,
        question: &Question,
        day: BusinessDay,
    ) -> Result<Answer, ReferenceConflict> {
        let before = self.remembered.get(&question.reference);
        if before.is_some_and(|b| (&b.card, &b.service) != (&question.card, &question.service_id)) {
            return Err(ReferenceConflict);
        }
        let known = before.and_then(|before| match call {
            Call::Validation => before.validation.as_ref().or(before.declaration.as_ref()),
            Call::Declaration => before.declaration.as_ref().or(before
                .validation
                .as_ref()
                .filter(|answer| matches!(answer, Answer::Yes(_)))),
        });
        if let Some(answer) = known {
            return Ok(answer.clone());
        }
        let answer = self.work(call, question, day);
        let remembered = self
            .remembered
            .entry(question.reference)
            .or_insert_with(|| Remembered {
                card: question.card.clone(),
                service: question.service_id.clone(),
                validation: None,
                declaration: None,
            });
        match call {
            Call::Validation => remembered.validation = Some(answer.clone()),
            Call::Declaration => remembered.declaration = Some(answer.clone()),
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::ManualClock;
    use otipass::NumType;

    const FIRST: &str = "1d426cfd-51d7-490e-9ba3-cc79bc1ae8d3";
    const SECOND: &str = "07737f53-58fe-4de3-a6f3-e57ee4b6c619";

    fn sandbox(references: References) -> Sandbox {
        let file = "number;status;duration_days;valid_until;services\n\
                    00029975;active;7;2026-07-14;S1:2,S2:0\n";
        let settings = SandboxSettings {
            project_id: "villeneuve".to_owned(),
            zone: "Europe/Paris".parse().unwrap(),
            contract: Contract {
                references,
                ..Contract::default()
            },
            credentials: None,
            clock: Arc::new(ManualClock::new("2026-07-14T08:00:00Z".parse().unwrap())),
            service_names: BTreeMap::new(),
        };
        Sandbox::new(PassBook::from_csv(file.as_bytes()).unwrap(), settings)
    }

    fn question(reference: &str, service: &str) -> Question {
        Question {
            card: "00029975".parse().unwrap(),
            num_type: NumType::Number,
            service_id: service.parse().unwrap(),
            space_id: format!("PROVIDER#{service}").parse().unwrap(),
            time: "2026-07-14T08:00:00Z".parse().unwrap(),
            reference: reference.parse().unwrap(),
        }
    }

    /// What is said to each step, then how many entries are left.
    fn run(references: References, service: &str, steps: &[(Call, &str)]) -> Vec<String> {
        let sandbox = sandbox(references);
        let mut said: Vec<String> = steps
            .iter()
            .map(|(call, reference)| {
                match sandbox
                    .answer(*call, &question(reference, service))
                    .unwrap()
                {
                    Answer::Yes(_) => "yes".to_owned(),
                    Answer::No { refusal, .. } => refusal.to_string(),
                }
            })
            .collect();
        let passes = sandbox.passes();
        let pass = passes.get(&"00029975".parse().unwrap()).unwrap();
        said.push(format!("{:?}", pass.services[&service.parse().unwrap()]));
        said
    }

    #[test]
    fn a_reference_counts_once_where_it_is_honoured() {
        use Call::{Declaration, Validation};
        let (v1, v2) = ((Validation, FIRST), (Validation, SECOND));
        let (d1, d2) = ((Declaration, FIRST), (Declaration, SECOND));
        for (service, steps, honoured, ignored) in [
            ("S1", vec![v1, v1], "yes yes Count(1)", "yes yes Count(0)"),
            (
                "S1",
                vec![v1, v1, v1],
                "yes yes yes Count(1)",
                "yes yes already_used Count(0)",
            ),
            ("S1", vec![v1, v2], "yes yes Count(0)", "yes yes Count(0)"),
            (
                "S1",
                vec![v1, d1, d1],
                "yes yes yes Count(1)",
                "yes yes already_used Count(0)",
            ),
            ("S1", vec![d1, d1], "yes yes Count(1)", "yes yes Count(0)"),
            ("S1", vec![d1, v1], "yes yes Count(1)", "yes yes Count(0)"),
            ("S1", vec![d1, d2], "yes yes Count(0)", "yes yes Count(0)"),
            (
                "S2",
                vec![v1, d1, d1],
                "already_used already_used already_used Count(0)",
                "already_used already_used already_used Count(0)",
            ),
        ] {
            assert_eq!(
                run(References::Honoured, service, &steps).join(" "),
                honoured
            );
            assert_eq!(run(References::Ignored, service, &steps).join(" "), ignored);
        }
    }

    #[test]
    fn a_no_is_remembered_but_its_declaration_still_counts() {
        let sandbox = sandbox(References::Honoured);
        let late = Question {
            time: "2026-07-15T08:00:00Z".parse().unwrap(),
            ..question(FIRST, "S1")
        };
        assert!(matches!(
            sandbox.answer(Call::Validation, &late),
            Ok(Answer::No { .. })
        ));
        assert!(matches!(
            sandbox.answer(Call::Declaration, &late),
            Ok(Answer::No { .. })
        ));
        assert!(matches!(
            sandbox.answer(Call::Declaration, &late),
            Ok(Answer::No { .. })
        ));
        let left = sandbox.passes().get(&late.card).unwrap().services[&late.service_id];
        assert_eq!(left, otipass::EntriesLeft::Count(1));
    }

    #[test]
    fn a_reference_belongs_to_one_card_and_service() {
        let sandbox = sandbox(References::Honoured);
        sandbox
            .answer(Call::Validation, &question(FIRST, "S1"))
            .unwrap();
        let other = question(FIRST, "S2");
        assert_eq!(
            sandbox.answer(Call::Validation, &other),
            Err(ReferenceConflict)
        );
    }

    #[test]
    fn the_day_is_the_zones() {
        let sandbox = sandbox(References::Honoured);
        for (reference, time, yes) in [
            (FIRST, "2026-07-14T21:59:59Z", true),
            (SECOND, "2026-07-14T22:00:00Z", false),
        ] {
            let question = Question {
                time: time.parse().unwrap(),
                ..question(reference, "S1")
            };
            let answer = sandbox.answer(Call::Validation, &question).unwrap();
            assert_eq!(matches!(answer, Answer::Yes(_)), yes, "{time}");
        }
    }
}
