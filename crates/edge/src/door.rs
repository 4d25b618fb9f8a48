//! The agent with its journal: everything but the network and the devices.
//!
//! Synchronous and without a clock of its own, so that the simulation drives
//! the same code as the program. [`Door::step`] takes an event, writes what must
//! be written, and gives the errands that remain.

use crate::agent::{
    Agent, AgentSettings, Answer, Courier, Delivered, Ids, Input, Kept, Lane, Mode, Moment, Output,
    Sent,
};
use crate::journal::{
    Attempt, Batch, Decided, Finding, Journal, JournalError, JournalSettings, OpenError, Sequence,
    SetAside, SetAsideItem,
};
use crate::state::State;
use crate::status::Status;
use crate::wire::{
    BatchAnswer, CheckAnswer, ItemResult, Problem, Reply, Snapshot, another_id, check_body,
};
use gate::Direction;
use kernel::{CheckId, Timestamp};
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

/// Something that happened.
#[derive(Debug)]
pub enum Event {
    /// A code was read.
    Scan {
        /// Who waits for the answer.
        lane: Lane,
        /// The raw text, at most 512 bytes.
        code: String,
        /// In or out, if the line says so.
        direction: Option<Direction>,
    },
    /// The last entry is to be taken back.
    CancelLast {
        /// Who waits for the answer.
        lane: Lane,
    },
    /// What came of [`Errand::Ask`].
    Answered {
        /// The check.
        check: CheckId,
        /// What the server said.
        reply: Reply<CheckAnswer>,
    },
    /// What came of [`Errand::Tell`].
    Told {
        /// The check.
        check: CheckId,
        /// Whether the visitor has it, or the door was opened.
        delivered: Delivered,
    },
    /// What came of [`Errand::Look`].
    Looked {
        /// What the server said.
        reply: Reply<Snapshot>,
        /// When it was asked.
        sent: Moment,
    },
    /// What came of [`Errand::Send`].
    Sent {
        /// What the server said.
        reply: Reply<BatchAnswer>,
    },
    /// There is another token.
    NewToken {
        /// Its SHA-256, in hexadecimal.
        sha256: String,
    },
    /// Some time has passed; to be called at least every second.
    Tick,
}

/// Something to do over the network or at the door.
#[derive(Debug, PartialEq)]
pub enum Errand {
    /// `POST /api/v1/checks`; ends in [`Event::Answered`].
    Ask(Attempt),
    /// Open, if the answer says so, and answer; ends in [`Event::Told`] if it
    /// is the answer to a check.
    Tell {
        /// Who waits.
        lane: Lane,
        /// The check, if it is the answer to one.
        check: Option<CheckId>,
        /// What to say.
        answer: Answer,
    },
    /// `POST /api/v1/checks/batch` with [`crate::wire::batch_body`]; ends in
    /// [`Event::Sent`].
    Send(serde_json::Value),
    /// `GET /api/v1/device` with this report; ends in [`Event::Looked`].
    Look(Report),
}

/// What the device tells the server of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// Its own clock.
    pub device_time: Timestamp,
    /// How many checks and cancellations wait.
    pub unsent: usize,
    /// When the oldest of them was scanned.
    pub oldest_unsent: Option<Timestamp>,
    /// How it decides.
    pub mode: Mode,
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
    token_sha256: String,
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
            agent: Agent::new(settings.agent, snapshot, mode, &recovered, ids, now),
            journal,
            courier: Courier::new(),
            set_aside,
            state,
            token_sha256,
            in_flight: Batch::default(),
            findings: recovered.findings,
            remembers: true,
            next_upkeep_up_ms: now.up_ms,
        })
    }

    /// Takes one event and gives what remains to be done.
    pub fn step(&mut self, event: Event, now: Moment) -> Vec<Errand> {
        let input = match event {
            Event::Scan {
                lane,
                code,
                direction,
            } => Input::Scan {
                lane,
                code,
                direction,
            },
            Event::CancelLast { lane } => Input::CancelLast { lane },
            Event::Answered { check, reply } => Input::Answered { check, reply },
            Event::Told { check, delivered } => Input::Told { check, delivered },
            Event::Looked { reply, sent } => {
                if matches!(reply, Reply::Answer(_)) && self.state.refused_token_sha256.is_some() {
                    self.state.refused_token_sha256 = None;
                    self.keep_state();
                }
                Input::Looked { reply, sent }
            }
            Event::Sent { reply } => self.sent(reply, now),
            Event::NewToken { sha256 } => {
                self.token_sha256 = sha256;
                Input::NewToken
            }
            Event::Tick => Input::Tick,
        };
        let mut errands = Vec::new();
        let mut outputs = VecDeque::from(self.agent.step(input, now));
        while let Some(output) = outputs.pop_front() {
            let back = self.carry_out(output, &mut errands);
            outputs.extend(back.into_iter().flat_map(|i| self.agent.step(i, now)));
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

    fn carry_out(&mut self, output: Output, errands: &mut Vec<Errand>) -> Option<Input> {
        match output {
            // Without the note only a crash in this very moment could cost the
            // visitor a second try under another id.
            Output::NoteAsked(attempt) => drop(self.journal.asked(&attempt)),
            Output::Ask(attempt) => errands.push(Errand::Ask(attempt)),
            Output::Remember(decided) => {
                let check = decided.attempt.id;
                let result = self.journal.decide(&decided).map(drop);
                let kept = self.remembered(result);
                return Some(Input::Remembered { check, kept });
            }
            Output::NoteTold(check, entry) => drop(self.journal.told(check, entry)),
            Output::Cancel(lane, cancellation) => {
                let result = self.journal.cancel(cancellation).map(drop);
                return Some(Input::CancellationRemembered {
                    lane,
                    cancellation,
                    kept: self.remembered(result),
                });
            }
            Output::Tell {
                lane,
                check,
                answer,
            } => errands.push(Errand::Tell {
                lane,
                check,
                answer,
            }),
            Output::SetAside(attempt, problem) => {
                let _ = self.put_aside("check", check_body(&attempt), &problem);
            }
            Output::Look => errands.push(Errand::Look(Report {
                device_time: self.agent.now(),
                unsent: self.journal.unsent() + self.journal.unsent_cancellations(),
                oldest_unsent: self.journal.oldest_unsent(),
                mode: self.agent.mode().0,
            })),
            Output::KeepSnapshot => {
                self.state.snapshot = self.agent.snapshot().cloned();
                self.keep_state();
            }
            Output::TokenRefused => {
                let refused = Some(self.token_sha256.clone());
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
        if waits == 0 || self.agent.mode().0 != Mode::Online {
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
            let problem = Problem {
                code: "unreadable".to_owned(),
                title: String::new(),
                detail: "The disk did not give it back.".to_owned(),
            };
            let item = serde_json::json!({ "id": check });
            if self.put_aside("check", item, &problem) == Kept::Yes {
                let _ = self.journal.settle(&[sequence]);
            }
        }
        if limit == 1 && !batch.checks.is_empty() {
            batch.cancellations.clear();
        }
        if batch.checks.is_empty() && batch.cancellations.is_empty() {
            self.courier.nothing();
            return None;
        }
        let body = crate::wire::batch_body(&batch);
        self.in_flight = batch;
        Some(Errand::Send(body))
    }

    /// Takes up what became of the batch that was on the way.
    fn sent(&mut self, reply: Reply<BatchAnswer>, now: Moment) -> Input {
        let batch = std::mem::take(&mut self.in_flight);
        let (sent, input) = match reply {
            Reply::Answer(answer)
                if answer.results.len() == batch.checks.len()
                    && answer.cancellations.len() == batch.cancellations.len() =>
            {
                self.settle(batch, answer);
                (Sent::Taken, Input::Served)
            }
            Reply::Answer(_) | Reply::Silent => (Sent::Silent, Input::Tick),
            Reply::Failing { retry_after_ms, .. } => (Sent::Failing(retry_after_ms), Input::Tick),
            Reply::TokenInvalid => (Sent::Silent, Input::TokenInvalid),
            Reply::Problem(problem) => {
                if self.courier.is_single() {
                    let refused = || ItemResult::Refused {
                        problem: problem.clone(),
                    };
                    let answer = BatchAnswer {
                        results: batch.checks.iter().map(|_| refused()).collect(),
                        cancellations: batch.cancellations.iter().map(|_| refused()).collect(),
                    };
                    self.settle(batch, answer);
                }
                (Sent::Refused, Input::Tick)
            }
        };
        self.courier.back(sent, now);
        input
    }

    fn settle(&mut self, batch: Batch, answer: BatchAnswer) {
        let mut settled: Vec<Sequence> = Vec::new();
        for ((sequence, check), result) in batch.checks.into_iter().zip(answer.results) {
            let done = match result {
                ItemResult::Kept => Kept::Yes,
                ItemResult::Refused { problem } => self.refused(check, &problem),
            };
            settled.extend((done == Kept::Yes).then_some(sequence));
        }
        let cancellations = batch.cancellations.into_iter().zip(answer.cancellations);
        for ((sequence, cancellation), result) in cancellations {
            let done = match result {
                ItemResult::Kept => Kept::Yes,
                ItemResult::Refused { problem } => {
                    self.put_aside("cancellation", serde_json::json!(cancellation), &problem)
                }
            };
            settled.extend((done == Kept::Yes).then_some(sequence));
        }
        if let Err(error) = self.journal.settle(&settled) {
            tracing::warn!(
                error = kernel::causes(&error),
                "what the server has could not be noted; it is sent again after the next start"
            );
        }
    }

    /// The server will never take this check under this id.
    fn refused(&mut self, check: Decided, problem: &Problem) -> Kept {
        let body = check_body(&check.attempt);
        let another = another_id(check.attempt.id).filter(|_| problem.code == "check_id_conflict");
        if let Some(id) = another {
            // The visitor went in: the entry must count, under another id.
            let attempt = Attempt {
                id,
                ..check.attempt
            };
            let decided = Decided { attempt, ..check };
            if self.journal.decide(&decided).is_err() {
                return Kept::No;
            }
            let _ = self.journal.told(id, None);
        }
        self.put_aside("check", body, problem)
    }

    fn put_aside(&mut self, what: &str, item: serde_json::Value, problem: &Problem) -> Kept {
        let added = self.set_aside.add(&SetAsideItem {
            at: self.agent.now(),
            what: what.to_owned(),
            item,
            problem: problem.code.clone(),
            detail: problem.detail.clone(),
        });
        match added {
            Ok(()) => {
                tracing::error!(
                    problem = problem.code,
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

    /// The head.
    #[must_use]
    pub const fn agent(&self) -> &Agent {
        &self.agent
    }

    /// The head, to hand it a list of passes.
    pub const fn agent_mut(&mut self) -> &mut Agent {
        &mut self.agent
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
        let (mode, since) = agent.mode();
        let snapshot = agent.snapshot();
        Status {
            mode: mode.as_str(),
            since: since.wall,
            now: agent.now(),
            device: snapshot.map(|s| s.device.to_string()),
            site: snapshot.map(|s| s.site.clone()),
            door: snapshot.and_then(|s| s.door_name.clone().or_else(|| s.door.clone())),
            sector: snapshot.and_then(|s| s.sector_name.clone().or_else(|| s.sector.clone())),
            mapped: snapshot.map(|s| s.mapped),
            direction: agent.direction().as_str(),
            offline_policy: snapshot.map(|s| s.offline_policy.as_str()),
            unsent: self.journal.unsent(),
            unsent_cancellations: self.journal.unsent_cancellations(),
            oldest_unsent: self.journal.oldest_unsent(),
            count_today: agent.count_today(),
            clock_offset_ms: agent.offset_ms(),
            clock_jump_ms: agent.jump().map(|jump| jump.by_ms),
            clock_jump_to: agent.jump().map(|jump| jump.to),
            set_aside: self.set_aside.count(),
            set_aside_file: self.set_aside.path().display().to_string(),
            remembers: self.remembers,
            reserve: self.journal.has_reserve(),
            findings: self.findings.iter().map(ToString::to_string).collect(),
        }
    }
}
