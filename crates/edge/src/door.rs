//! The agent with its journal: everything but the network and the devices.
//!
//! Synchronous and without a clock of its own, so that the simulation drives
//! the same code as the program. [`Door::step`] takes an event, writes what must
//! be written, and gives the errands that remain.

use crate::agent::{
    Agent, AgentSettings, Courier, Errand, Event, Ids, Input, Kept, Mode, Moment, Output, PassList,
    Sent,
};
use crate::journal::{
    Batch, Finding, Journal, JournalError, JournalSettings, OpenError, Sequence, SetAside,
    SetAsideItem,
};
use crate::state::State;
use crate::status::Status;
use crate::wire::Reply;
use deviceapi::{BatchAnswer, BatchResult, CancellationResult, DeviceReport, Problem, ProblemCode};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};

/// The most bytes of checks in one batch: the server takes 1 MiB.
const BATCH_LIMIT_BYTES: usize = 800 * 1024;
/// How often the journal's house is kept.
const UPKEEP_MS: u64 = 5_000;

/// What a door goes by.
#[derive(Debug, Clone, Copy, Default)]
pub struct DoorSettings {
    /// The agent's.
    pub agent: AgentSettings,
    /// The journal's.
    pub journal: JournalSettings,
}

/// Why a door cannot be opened for business.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// The journal.
    #[error(transparent)]
    Journal(#[from] OpenError),
    /// The file of what the server refused.
    #[error("what was set aside in {folder} cannot be read; check the folder's permissions")]
    SetAside {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
}

/// A turnstile's head and memory.
#[derive(Debug)]
pub struct Door {
    folder: PathBuf,
    agent: Agent,
    journal: Journal,
    courier: Courier,
    set_aside: SetAside,
    state: State,
    in_flight: Batch,
    findings: Vec<Finding>,
    remembers: bool,
    next_upkeep_up_ms: u64,
}

impl Door {
    /// Takes up what an earlier run left in `folder`.
    ///
    /// # Errors
    /// [`DoorError`].
    pub fn open(
        folder: &Path,
        settings: DoorSettings,
        token_sha256: String,
        ids: Ids,
        now: Moment,
    ) -> Result<Self, DoorError> {
        let (journal, recovered) = Journal::open(folder, settings.journal)?;
        let set_aside = SetAside::open(folder).map_err(|source| DoorError::SetAside {
            folder: folder.to_owned(),
            source,
        })?;
        let state = State::read(folder);
        let mode = match &state.refused_token_sha256 {
            Some(refused) if *refused == token_sha256 => Mode::Refused,
            _ => Mode::Offline,
        };
        let snapshot = state.snapshot.clone();
        Ok(Self {
            folder: folder.to_owned(),
            agent: Agent::new(
                settings.agent,
                snapshot,
                mode,
                token_sha256,
                &recovered,
                ids,
                now,
            ),
            journal,
            courier: Courier::new(),
            set_aside,
            state,
            in_flight: Batch::default(),
            findings: recovered.findings,
            remembers: true,
            next_upkeep_up_ms: now.up_ms,
        })
    }

    /// Takes one event and gives what remains to be done.
    pub fn step(&mut self, event: Event, now: Moment) -> Vec<Errand> {
        let input = match event {
            Event::Sent { reply } => self.sent(reply, now),
            event => {
                self.note(&event);
                Input::Event(Box::new(event))
            }
        };
        let mut errands = Vec::new();
        let mut outputs = VecDeque::from(self.agent.step(input, now));
        while let Some(output) = outputs.pop_front() {
            let back = self.carry_out(output, &mut errands);
            outputs.extend(back.into_iter().flat_map(|i| self.agent.step(i, now)));
        }
        // Both take their time on the disk.
        let waits = |errand: &Errand| matches!(errand, Errand::Tell { .. } | Errand::Ask(_));
        if errands.iter().any(waits) {
            return errands;
        }
        errands.extend(self.send(now));
        if now.up_ms >= self.next_upkeep_up_ms {
            self.next_upkeep_up_ms = now.up_ms.saturating_add(UPKEEP_MS);
            // Without a reserve the journal goes on with what it has; the
            // status says so.
            let _ = self.journal.maintain(self.agent.keep_since());
        }
        errands
    }

    /// What must be known after the next start.
    fn note(&mut self, event: &Event) {
        let is_known = matches!(
            event,
            Event::Looked {
                reply: Reply::Answer(_),
                ..
            }
        );
        if is_known && self.state.refused_token_sha256.take().is_some() {
            self.keep_state();
        }
    }

    fn carry_out(&mut self, output: Output, errands: &mut Vec<Errand>) -> Option<Input> {
        match output {
            // Without the note only a crash in this very moment could cost the
            // visitor a second try under another id.
            Output::NoteAsked(attempt) => drop(self.journal.asked(&attempt)),
            Output::Run(errand) => errands.push(errand),
            Output::Remember(decided) => {
                let check = decided.attempt.request.id;
                let result = self.journal.decide(&decided).map(drop);
                let kept = self.remembered(result);
                return Some(Input::Remembered { check, kept });
            }
            Output::NoteTold(check, entry) => drop(self.journal.told(check, entry)),
            Output::NoteNotPassed(check) => drop(self.journal.not_passed(check)),
            Output::Cancel(lane, cancellation) => {
                let result = self.journal.cancel(cancellation).map(drop);
                return Some(Input::CancellationRemembered {
                    lane,
                    cancellation,
                    kept: self.remembered(result),
                });
            }
            Output::Look => errands.push(Errand::Look(self.report())),
            Output::KeepSnapshot => {
                self.state.snapshot = self.agent.snapshot.clone();
                self.keep_state();
            }
            Output::TokenRefused => {
                let refused = Some(self.agent.token_sha256.clone());
                if self.state.refused_token_sha256 != refused {
                    self.state.refused_token_sha256 = refused;
                    self.keep_state();
                    tracing::error!(
                        "the server does not know this device any more; nobody is admitted until it \
                         is enrolled again: passerelle edge enrol"
                    );
                }
            }
        }
        None
    }

    /// What the device tells the server of itself.
    fn report(&self) -> DeviceReport {
        let unsent = self.journal.unsent() + self.journal.unsent_cancellations();
        DeviceReport {
            device_time: Some(self.agent.time.clocks().wall.into()),
            unsent: u32::try_from(unsent).ok(),
            oldest_unsent: self.journal.oldest_unsent(),
            battery_percent: None,
            // The server knows two words; a refused device decides nothing online.
            mode: Some(match self.agent.link.mode() {
                Mode::Online => deviceapi::Mode::Online,
                Mode::Offline | Mode::Refused => deviceapi::Mode::Offline,
            }),
        }
    }

    fn remembered(&mut self, result: Result<(), JournalError>) -> Kept {
        let remembers = result.is_ok();
        if let (Err(error), true) = (&result, self.remembers) {
            tracing::error!(
                error = kernel::causes(error),
                "a decision cannot be remembered"
            );
        }
        self.remembers = remembers;
        if remembers { Kept::Yes } else { Kept::No }
    }

    fn keep_state(&self) {
        if let Err(error) = self.state.write(&self.folder) {
            tracing::warn!(
                error = kernel::causes(&error),
                "what the server said could not be kept for a start without network"
            );
        }
    }

    /// A batch, if it is time for one and there is something to send.
    fn send(&mut self, now: Moment) -> Option<Errand> {
        let waits = self.journal.unsent() + self.journal.unsent_cancellations();
        // Under a token that was revoked the server still takes a journal, and puts it
        // aside.
        if waits == 0 || self.agent.link.mode() == Mode::Offline {
            return None;
        }
        let limit = self.courier.due(now)?;
        let mut batch = match self.journal.batch(limit, BATCH_LIMIT_BYTES) {
            Ok(batch) => batch,
            Err(error) => {
                tracing::error!(error = kernel::causes(&error), "the journal cannot be read");
                self.courier.back(Sent::Silent, now);
                return None;
            }
        };
        for (sequence, check) in std::mem::take(&mut batch.unreadable) {
            let problem = Problem::new(
                ProblemCode::from("unreadable"),
                "The disk did not give it back.",
            );
            let item = json!({ "id": check });
            if self.put_aside("check", item, &problem) == Kept::No {
                self.courier.back(Sent::Failing(0), now);
                return None;
            }
            let _ = self.journal.settle(&[sequence]);
        }
        if limit == 1 && !batch.checks.is_empty() {
            batch.cancellations.clear();
        }
        if batch.checks.is_empty() && batch.cancellations.is_empty() {
            self.courier.nothing();
            return None;
        }
        let sent = batch.as_sent(now);
        self.in_flight = batch;
        Some(Errand::Send(sent))
    }

    /// Takes up what became of the batch that was on the way.
    fn sent(&mut self, reply: Reply<BatchAnswer>, now: Moment) -> Input {
        let batch = std::mem::take(&mut self.in_flight);
        let (sent, input) = match reply {
            Reply::Answer(answer) if is_answer_to(&batch, &answer) => {
                let aside = answer.problems().flatten().count();
                if aside > 0 {
                    tracing::warn!(
                        aside,
                        "the server put aside what does not fit; it waits in the back office, under Set aside"
                    );
                }
                self.settle(&batch);
                let kept = answer.results.iter().filter_map(|result| match result {
                    BatchResult::Kept { answer } => Some(answer.id),
                    BatchResult::Aside { .. } => None,
                });
                (Sent::Taken, Input::Served(kept.collect()))
            }
            Reply::Answer(_) | Reply::Silent => (Sent::Silent, tick()),
            Reply::Failing { retry_after_ms, .. } => (Sent::Failing(retry_after_ms), tick()),
            Reply::TokenInvalid(of) => (Sent::Silent, Input::TokenInvalid(of)),
            Reply::Problem(problem)
                if self.courier.is_single()
                    && self.put_batch_aside(&batch, &problem) == Kept::Yes =>
            {
                self.settle(&batch);
                (Sent::Taken, tick())
            }
            Reply::Problem(_) => (Sent::Refused, tick()),
        };
        self.courier.back(sent, now);
        input
    }

    /// Forgets what has found its place.
    fn settle(&mut self, batch: &Batch) {
        let checks = batch.checks.iter().map(|(sequence, _)| *sequence);
        let cancellations = batch.cancellations.iter().map(|(sequence, _)| *sequence);
        let settled: Vec<Sequence> = checks.chain(cancellations).collect();
        if let Err(error) = self.journal.settle(&settled) {
            tracing::warn!(
                error = kernel::causes(&error),
                "what the server has could not be noted; it is sent again after the next start"
            );
        }
    }

    /// The server refuses the request that brings these.
    fn put_batch_aside(&mut self, batch: &Batch, problem: &Problem) -> Kept {
        let checks = batch.checks.iter();
        let checks = checks.map(|(_, check)| ("check", json!(check.attempt.request)));
        let taken_back = batch.cancellations.iter();
        let taken_back = taken_back.map(|(_, one)| ("cancellation", json!(one.request)));
        for (what, item) in checks.chain(taken_back) {
            if self.put_aside(what, item, problem) == Kept::No {
                return Kept::No;
            }
        }
        Kept::Yes
    }

    fn put_aside(&mut self, what: &str, item: Value, problem: &Problem) -> Kept {
        let added = self.set_aside.add(&SetAsideItem {
            at: self.agent.time.now(),
            what: what.to_owned(),
            item,
            problem: problem.code.to_string(),
            detail: problem.detail.clone(),
        });
        match added {
            Ok(()) => {
                tracing::error!(
                    problem = problem.code.as_str(),
                    "the server refused a {what}; it was set aside in {}",
                    self.set_aside.path().display()
                );
                Kept::Yes
            }
            Err(error) => {
                tracing::error!(
                    error = kernel::causes(&error),
                    "a refused {what} could not be set aside; it stays in the journal"
                );
                Kept::No
            }
        }
    }

    /// Everything written is on the disk when this returns: for an orderly end.
    pub fn sync(&mut self) {
        if let Err(error) = self.journal.sync() {
            tracing::warn!(
                error = kernel::causes(&error),
                "the last notes may be lost; no decision is among them"
            );
        }
    }

    /// Refuses passes by this list from now on, under the guarded policy.
    pub fn use_pass_list(&mut self, list: Option<PassList>) {
        self.agent.pass_list = list;
    }

    /// How long the server may take for a decision, as far as it has said that.
    pub(crate) fn decision_budget_ms(&self) -> Option<u64> {
        let snapshot = self.agent.snapshot.as_ref();
        snapshot.map(|s| s.decision_budget_ms)
    }

    /// The memory.
    #[must_use]
    pub const fn journal(&self) -> &Journal {
        &self.journal
    }

    /// How it stands, for people.
    #[must_use]
    pub fn status(&self) -> Status {
        let agent = &self.agent;
        let snapshot = agent.snapshot.as_ref();
        let (reopened_today, not_passed_today) = agent.today.passages();
        let jump = agent.time.jump();
        Status {
            mode: agent.link.mode(),
            since: agent.link.since().wall,
            now: agent.time.now(),
            device: snapshot.map(|s| s.device.to_string()),
            device_name: snapshot.and_then(|s| s.device_name.clone()),
            site: snapshot.map(|s| s.site.clone()),
            door: snapshot.and_then(|s| s.door.as_ref().map(ToString::to_string)),
            door_name: snapshot.and_then(|s| s.door_name.clone()),
            sector: snapshot.and_then(|s| s.sector_name.clone()),
            mapped: snapshot.map(|s| s.mapped),
            direction: agent.direction(),
            offline_policy: snapshot.map(|s| s.offline_policy),
            unsent: self.journal.unsent(),
            unsent_cancellations: self.journal.unsent_cancellations(),
            oldest_unsent: self.journal.oldest_unsent(),
            count_today: agent.today.count(),
            passage: agent.settings.passage.as_str(),
            reopened_today,
            not_passed_today,
            clock_offset_ms: agent.measured.map(|(_, offset_ms)| offset_ms),
            clock_jump_ms: jump.map(|jump| jump.by_ms),
            clock_jump_to: jump.map(|jump| jump.to),
            set_aside: self.set_aside.count(),
            set_aside_file: self.set_aside.path().display().to_string(),
            remembers: self.remembers,
            reserve: self.journal.has_reserve(),
            findings: self.findings.clone(),
        }
    }
}

fn tick() -> Input {
    Input::Event(Box::new(Event::Tick))
}

/// Whether these are results of this batch, one for each part in its order. What
/// could not be read there has no id.
fn is_answer_to(batch: &Batch, answer: &BatchAnswer) -> bool {
    let (checks, results) = (&batch.checks, &answer.results);
    let (taken_back, cancelled) = (&batch.cancellations, &answer.cancellations);
    let checks_fit = checks.iter().zip(results).all(|((_, check), result)| {
        let id = check.attempt.request.id;
        match result {
            BatchResult::Kept { answer } => answer.id == id,
            BatchResult::Aside { id: said, .. } => {
                said.as_ref().is_none_or(|said| *said == id.to_string())
            }
        }
    });
    let cancelled_fit = taken_back.iter().zip(cancelled).all(|((_, one), result)| {
        let id = one.request.check_id;
        match result {
            CancellationResult::Kept { check_id } => *check_id == id,
            CancellationResult::Aside { check_id, .. } => {
                check_id.as_ref().is_none_or(|said| *said == id.to_string())
            }
        }
    });
    checks.len() == results.len()
        && taken_back.len() == cancelled.len()
        && checks_fit
        && cancelled_fit
}
