//! What the sandbox knows and remembers.

use crate::fault::FaultPlan;
use crate::pass_list::{PlaceForgotten, Readings};
use crate::{Fault, PassBook, PassStatus, rules};
use kernel::{BusinessDay, CardNumber, CheckId, Clock, Language, Zone};
use otipass::pass_list::WirePassPage;
use otipass::{Answer, Call, Contract, Credentials, PassFacts, Question, References, ServiceId};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
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
    /// The language of the sample cards.
    pub language: Language,
}

impl SandboxSettings {
    /// Answers for this project, to everybody, in the usual words.
    #[must_use]
    pub fn new(project_id: impl Into<String>, zone: Zone, clock: Arc<dyn Clock>) -> Self {
        Self {
            project_id: project_id.into(),
            zone,
            contract: Contract::default(),
            credentials: None,
            clock,
            service_names: BTreeMap::new(),
            language: Language::default(),
        }
    }
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
    readings: Readings,
    faults: FaultPlan,
    log: Log,
}

/// What was answered and counted under one reference.
#[derive(Debug)]
struct Remembered {
    card: CardNumber,
    service: ServiceId,
    validation: Option<Answer>,
    declaration: Option<Answer>,
    /// How many entries a cancellation can give back.
    counted: u32,
    cancelled: bool,
}

/// A reference that was used for another card or service before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the reference was used for another card or service before; use a new one")]
pub struct ReferenceConflict;

/// How often the sandbox was asked; what it failed to answer counts, too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    /// All requests of every kind.
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
    /// How often an inquiry was made.
    pub inquiries: u32,
    /// How often a cancellation was made.
    pub cancellations: u32,
    /// How many pages of the list of passes were asked for.
    pub pages: u32,
}

impl Asked {
    fn count(&mut self, call: Call) {
        match call {
            Call::Validation => self.validations += 1,
            Call::Declaration => self.declarations += 1,
            Call::Inquiry => self.inquiries += 1,
            Call::Cancellation => self.cancellations += 1,
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
                readings: Readings::default(),
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
    /// validated with yes does not count again; nor does anything under a
    /// reference that was cancelled. A cancellation is granted always, and
    /// gives back no more than was counted under its reference. An inquiry
    /// changes nothing, and its reference is not looked at.
    ///
    /// # Errors
    /// If references are honoured and this one was used for another card or
    /// service.
    pub fn answer(&self, call: Call, question: &Question) -> Result<Answer, ReferenceConflict> {
        let day = self.0.settings.zone.business_day(question.time);
        let references = self.0.settings.contract.references;
        let mut state = self.0.state.lock();
        if call == Call::Inquiry {
            let pass = state.passes.get(&question.card);
            return Ok(rules::inquire(pass, &question.service_id, day));
        }
        let known = state.remembered.get(&question.reference);
        if references == References::Honoured
            && known.is_some_and(|known| !known.is_about(question))
        {
            return Err(ReferenceConflict);
        }
        if call == Call::Cancellation {
            return Ok(state.cancel(question));
        }
        let before = match references {
            References::Honoured => state.answered(call, question, day),
            References::Ignored => None,
        };
        Ok(before.unwrap_or_else(|| state.work(call, question, day)))
    }

    /// A page of the list of all passes: what has changed since the state
    /// `since`, behind the place `after`, at most `limit` of them.
    ///
    /// # Errors
    /// If the place is of a reading that is no longer remembered.
    pub fn pass_page(
        &self,
        since: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<WirePassPage, PlaceForgotten> {
        let today = self.today();
        let state = &mut *self.0.state.lock();
        state
            .readings
            .page(&state.passes, today, since, after, limit)
    }

    /// Changes the passes.
    pub fn change_passes(&self, change: impl FnOnce(&mut PassBook)) {
        change(&mut self.0.state.lock().passes);
    }

    /// The passes as they are now.
    #[must_use]
    pub fn passes(&self) -> PassBook {
        self.0.state.lock().passes.clone()
    }

    /// Replaces all faults.
    ///
    /// # Errors
    /// If one of them cannot be injected; the faults then stay as they were.
    pub fn set_faults(&self, faults: Vec<Fault>) -> anyhow::Result<()> {
        self.0.state.lock().faults = FaultPlan::new(faults)?;
        Ok(())
    }

    /// The faults still to come.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        self.0.state.lock().faults.list()
    }

    /// How often it was asked.
    #[must_use]
    pub fn log(&self) -> Log {
        self.0.state.lock().log.clone()
    }

    /// Today, by its clock and zone.
    #[must_use]
    pub fn today(&self) -> BusinessDay {
        let settings = &self.0.settings;
        settings.zone.business_day(settings.clock.now())
    }

    pub(crate) fn status_of(&self, card: &CardNumber) -> Option<PassStatus> {
        self.0.state.lock().passes.get(card).map(|pass| pass.status)
    }

    pub(crate) fn note(&self, call: Call, reference: CheckId) {
        let mut state = self.0.state.lock();
        state.log.total.count(call);
        state
            .log
            .by_reference
            .entry(reference)
            .or_default()
            .count(call);
    }

    pub(crate) fn note_page(&self) {
        self.0.state.lock().log.total.pages += 1;
    }

    pub(crate) fn next_fault(&self) -> Fault {
        self.0.state.lock().faults.next()
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
}

impl Remembered {
    fn of(question: &Question) -> Self {
        Self {
            card: question.card.clone(),
            service: question.service_id.clone(),
            validation: None,
            declaration: None,
            counted: 0,
            cancelled: false,
        }
    }

    fn is_about(&self, question: &Question) -> bool {
        (&self.card, &self.service) == (&question.card, &question.service_id)
    }
}

impl State {
    /// The answer to a question that counts no more under its reference.
    fn answered(&self, call: Call, question: &Question, day: BusinessDay) -> Option<Answer> {
        let before = self.remembered.get(&question.reference)?;
        let known = match call {
            Call::Declaration => before.declaration.as_ref().or(before
                .validation
                .as_ref()
                .filter(|answer| matches!(answer, Answer::Yes(_)))),
            _ => before.validation.as_ref().or(before.declaration.as_ref()),
        };
        known.cloned().or_else(|| {
            let pass = self.passes.get(&question.card);
            before
                .cancelled
                .then(|| rules::inquire(pass, &question.service_id, day))
        })
    }

    /// Answers a validation or a declaration, counts it, and remembers both.
    fn work(&mut self, call: Call, question: &Question, day: BusinessDay) -> Answer {
        let left = |passes: &PassBook| {
            let pass = passes.get(&question.card)?;
            pass.services.get(&question.service_id).copied()
        };
        let before = left(&self.passes);
        let pass = self.passes.get_mut(&question.card);
        let remembered = self
            .remembered
            .entry(question.reference)
            .or_insert_with(|| Remembered::of(question));
        let answer = if call == Call::Declaration {
            let answer = rules::declare(pass, &question.service_id, day);
            remembered.declaration = Some(answer.clone());
            answer
        } else {
            let answer = rules::validate(pass, &question.service_id, day);
            remembered.validation = Some(answer.clone());
            answer
        };
        if left(&self.passes) != before {
            remembered.counted += 1;
        }
        answer
    }

    /// Gives back an entry that was counted under this reference, if there is
    /// one for this card and service, and says yes.
    fn cancel(&mut self, question: &Question) -> Answer {
        let remembered = self
            .remembered
            .entry(question.reference)
            .or_insert_with(|| Remembered::of(question));
        remembered.cancelled = true;
        let pass = self.passes.get_mut(&question.card);
        let facts = pass.map(|pass| {
            if remembered.is_about(question) && remembered.counted > 0 {
                remembered.counted -= 1;
                rules::give_back(pass, &question.service_id);
            }
            PassFacts {
                valid_until: pass.valid_until,
                entries_left: pass.services.get(&question.service_id).copied(),
            }
        });
        Answer::Yes(facts.unwrap_or_default())
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
            language: Language::En,
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
    fn a_cancellation_gives_back_what_was_counted_and_no_more() {
        use Call::{Cancellation, Declaration, Inquiry, Validation};
        let (v1, v2) = ((Validation, FIRST), (Validation, SECOND));
        let (d1, c1, c2) = (
            (Declaration, FIRST),
            (Cancellation, FIRST),
            (Cancellation, SECOND),
        );
        let i1 = (Inquiry, FIRST);
        for (service, steps, honoured, ignored) in [
            ("S1", vec![v1, c1], "yes yes Count(2)", "yes yes Count(2)"),
            (
                "S1",
                vec![v1, c1, c1],
                "yes yes yes Count(2)",
                "yes yes yes Count(2)",
            ),
            (
                "S1",
                vec![v1, d1, c1],
                "yes yes yes Count(2)",
                "yes yes yes Count(1)",
            ),
            (
                "S1",
                vec![v1, v2, c2],
                "yes yes yes Count(1)",
                "yes yes yes Count(1)",
            ),
            // Nothing was counted under the reference.
            ("S1", vec![c1], "yes Count(2)", "yes Count(2)"),
            ("S1", vec![v1, c2], "yes yes Count(1)", "yes yes Count(1)"),
            (
                "S2",
                vec![v1, c1],
                "already_used yes Count(0)",
                "already_used yes Count(0)",
            ),
            (
                "S2",
                vec![d1, c1],
                "already_used yes Count(0)",
                "already_used yes Count(0)",
            ),
            // What comes after the cancellation.
            ("S1", vec![c1, v1], "yes yes Count(2)", "yes yes Count(1)"),
            (
                "S1",
                vec![v1, c1, d1],
                "yes yes yes Count(2)",
                "yes yes yes Count(1)",
            ),
            (
                "S1",
                vec![i1, v1, i1, i1],
                "yes yes yes yes Count(1)",
                "yes yes yes yes Count(1)",
            ),
        ] {
            let said = run(References::Honoured, service, &steps).join(" ");
            assert_eq!(said, honoured, "honoured, {steps:?}");
            let said = run(References::Ignored, service, &steps).join(" ");
            assert_eq!(said, ignored, "ignored, {steps:?}");
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
        assert_eq!(
            sandbox.answer(Call::Cancellation, &other),
            Err(ReferenceConflict)
        );
        sandbox.answer(Call::Inquiry, &other).unwrap();
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
