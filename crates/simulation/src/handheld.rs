//! A scanner in an agent's hand: asks, waits, decides by itself, keeps a
//! journal. It speaks the device API as the document says.

use crate::Broken;
use crate::broken::ensure;
use crate::desk::{Answer, Message, Reply, is_not_permitted};
use crate::house::House;
use crate::model::Told;
use crate::operation::{Line, Manner, Patience, Shape, Way};
use crate::{Planted, site};
use deviceapi::{
    BatchRequest, CANCEL_WITHIN_MS, CancellationRequest, CheckRequest, DeviceReport,
    DeviceSnapshot, Direction, Personal, Problem, ProblemCode,
};
use gate::DeviceToken;
use gate::decide::joining::{Cause, JOIN_MS, Joining, Subject};
use gate::decide::offline::{OfflineScan, Seen, decide_offline};
use kernel::{CancellationId, CheckId, Clock, Timestamp};
use uuid::Uuid;

/// The longest age of a scan that the server believes: 31 days.
const MAX_AGE_MS: i64 = 31 * 24 * 60 * 60 * 1_000;
/// How many checks it sends in a batch.
const BATCH: usize = 20;

/// A scanner.
pub struct Handheld {
    number: u8,
    /// What it proves itself with.
    pub token: DeviceToken,
    /// Whether the server refused its token.
    pub refused: bool,
    /// How far its clock is fast, in milliseconds.
    offset_ms: i64,
    snapshot: Option<DeviceSnapshot>,
    set_up: Option<i64>,
    contact_at: Option<Timestamp>,
    /// How far the server's clock is ahead, seen in this life of its own.
    measured_ms: Option<i64>,
    limit: usize,
    journal: Vec<Dated<CheckRequest>>,
    cancellations: Vec<Dated<CancellationRequest>>,
    /// Asked, nothing heard, nothing decided; the visitor waits.
    waiting: Option<Dated<CheckRequest>>,
    last_asked: Option<Dated<CheckRequest>>,
    /// What is before it now.
    seen: Joining<Way, CheckId>,
    /// Entries and when they were scanned.
    entries: Vec<(CheckId, Timestamp)>,
    taken_back: Vec<CancellationRequest>,
    ids: u64,
    /// How often the page was loaded.
    lives: u32,
    forgotten: bool,
}

/// How it is read.
#[derive(Debug, Clone, Copy)]
struct Read {
    way: Way,
    line: Line,
    patience: Patience,
}

/// A request, and when it was by a clock that the page trusts as long as it lives.
#[derive(Debug, Clone)]
struct Dated<T> {
    request: T,
    at: Timestamp,
    life: u32,
}

impl<T> Dated<T> {
    fn age_ms(&self, now: Timestamp, life: u32) -> Option<i64> {
        (self.life == life).then(|| now.ms_since(self.at))
    }
}

impl Handheld {
    /// The scanner with this number, out of the box.
    #[must_use]
    pub fn new(number: u8, token: DeviceToken, limit: usize) -> Self {
        Self {
            number,
            token,
            refused: false,
            offset_ms: 0,
            snapshot: None,
            set_up: None,
            contact_at: None,
            measured_ms: None,
            limit,
            journal: Vec::new(),
            cancellations: Vec::new(),
            waiting: None,
            last_asked: None,
            seen: Joining::default(),
            entries: Vec::new(),
            taken_back: Vec::new(),
            ids: 0,
            lives: 0,
            forgotten: false,
        }
    }

    /// Its clock is set.
    pub const fn set_clock(&mut self, by_ms: i64) {
        self.offset_ms += by_ms;
        self.measured_ms = None;
    }

    fn dated<T>(&self, house: &House, request: T) -> Dated<T> {
        Dated {
            request,
            at: house.clock.now(),
            life: self.lives,
        }
    }

    fn sent(&self, house: &House, check: &Dated<CheckRequest>) -> CheckRequest {
        CheckRequest {
            sent_at: Some(self.now(house).into()),
            age_ms: check.age_ms(house.clock.now(), self.lives),
            ..check.request.clone()
        }
    }

    fn sent_back(&self, house: &House, one: &Dated<CancellationRequest>) -> CancellationRequest {
        CancellationRequest {
            sent_at: Some(self.now(house).into()),
            age_ms: one.age_ms(house.clock.now(), self.lives),
            ..one.request
        }
    }

    fn id(&mut self) -> Uuid {
        self.ids += 1;
        site::uuid(self.number, self.ids)
    }

    fn now(&self, house: &House) -> Timestamp {
        house.clock.now().plus_ms(self.offset_ms)
    }

    /// Asks about itself.
    ///
    /// # Errors
    /// If the server says what it must not.
    pub async fn refresh(&mut self, house: &mut House, line: Line) -> Result<(), Broken> {
        let message = Message::Device(DeviceReport::default());
        if let Reply::Answer(Answer::Snapshot(snapshot)) = self.send(house, message, line).await? {
            self.refused = false;
            self.set_up = Some(snapshot.set_up);
            self.contact_at = Some(snapshot.server_time);
            self.measured_ms = Some(snapshot.server_time.ms_since(self.now(house)));
            self.snapshot = Some(*snapshot);
        }
        Ok(())
    }

    /// A visitor holds a card before it.
    ///
    /// # Errors
    /// If somebody says what must not be said.
    pub async fn scan(
        &mut self,
        house: &mut House,
        card: u8,
        way: Way,
        line: Line,
        patience: Patience,
    ) -> Result<(), Broken> {
        if self.refused {
            return Ok(());
        }
        // The visitor before has gone in or away.
        if let Some(waiting) = self.waiting.take() {
            self.decide(house, waiting)?;
        }
        house.model.presents(self.number);
        self.seen = Joining::default();
        let began = house.clock.now();
        let read = Read {
            way,
            line,
            patience,
        };
        self.read(house, site::code(card), read).await?;
        // It rests there, and is read on and on, by its other code too. An agent who
        // forces an entry reads once. What is read while it is asked about is not played,
        // so a long question ends it.
        let is_over = house.clock.now().ms_since(began) > JOIN_MS;
        let reads = match way {
            Way::In | Way::Out if !is_over => self.ids * 7 % site::READS,
            Way::In | Way::Out | Way::Forced => 0,
        };
        for number in 1..reads {
            house.clock.advance_ms(site::READ_EVERY_MS);
            if self.waiting.is_some() || self.refused {
                break;
            }
            let code = site::resting(card, number);
            let line = Line::Good;
            self.read(house, &code, Read { line, ..read }).await?;
        }
        Ok(())
    }

    /// Something is before its camera.
    async fn read(&mut self, house: &mut House, code: &str, read: Read) -> Result<(), Broken> {
        let Read {
            way,
            line,
            patience,
        } = read;
        let now_ms = house.clock.now().millis();
        let subject = Subject::of(code, self.snapshot.as_ref().map(|known| &known.detection));
        if let Some(check) = self.seen.read(&subject, &way, now_ms, Cause::Held) {
            let planted = house.planted == Some(Planted::SecondSale);
            if !planted || self.last_entry().is_none_or(|(entry, _)| entry != check) {
                return Ok(());
            }
        }
        let id = CheckId::from_uuid(self.id());
        self.seen.begin(subject, way, id, now_ms);
        let note = (way == Way::Forced).then(|| Personal("lost her phone".to_owned()));
        let scan = CheckRequest {
            id,
            code: Personal(code.to_owned()),
            scanned_at: self.now(house).into(),
            direction: if way == Way::Out {
                Direction::Exit
            } else {
                Direction::Entry
            },
            forced_note: note,
            outcome: None,
            set_up: self.set_up,
            enrolment: Some(self.token.enrolment()),
            one_more_than: None,
            sent_at: None,
            age_ms: None,
            offset_ms: self.measured_ms,
            contact_at: self.contact_at,
        };
        let scan = self.dated(house, scan);
        if patience == Patience::Offline {
            return self.decide(house, scan);
        }
        self.last_asked = Some(scan.clone());
        self.ask(house, scan, line, patience).await
    }

    /// Sends again what waits, or else what was asked last.
    ///
    /// # Errors
    /// If somebody says what must not be said.
    pub async fn retry(&mut self, house: &mut House, line: Line) -> Result<(), Broken> {
        if self.refused {
            return Ok(());
        }
        if let Some(waiting) = self.waiting.take() {
            return self.ask(house, waiting, line, Patience::Waits).await;
        }
        let Some(again) = self.last_asked.clone() else {
            return Ok(());
        };
        if self.has_unsent(again.request.id) {
            // It decided that by itself; the journal brings it.
            return Ok(());
        }
        let message = Message::Check(self.sent(house, &again));
        self.send(house, message, line).await.map(drop)
    }

    async fn ask(
        &mut self,
        house: &mut House,
        scan: Dated<CheckRequest>,
        line: Line,
        patience: Patience,
    ) -> Result<(), Broken> {
        let message = Message::Check(self.sent(house, &scan));
        match self.send(house, message, line).await? {
            Reply::Answer(Answer::Check(answer)) => {
                if answer.admitted {
                    self.entries.push((scan.request.id, scan.at));
                }
                self.tell(house, &scan, &answer.outcome, answer.open)
            }
            // Nobody is admitted by a device that is not known any more.
            Reply::TokenInvalid(_) => Ok(()),
            Reply::Problem(problem)
                if problem.code == ProblemCode::ClockStandsStill || is_not_permitted(&problem) =>
            {
                Ok(())
            }
            Reply::Problem(problem) => Err(Broken::new(
                "a check is answered",
                format!("check {}: {}", scan.request.id, problem.code),
            )),
            _ if patience == Patience::Decides => self.decide(house, scan),
            _ => {
                self.waiting = Some(scan);
                Ok(())
            }
        }
    }

    async fn send(
        &mut self,
        house: &mut House,
        message: Message,
        line: Line,
    ) -> Result<Reply, Broken> {
        let reply = house.exchange(&self.token, message, line).await?;
        self.refused |= matches!(reply, Reply::TokenInvalid(_));
        Ok(reply)
    }

    fn decide(&mut self, house: &mut House, scan: Dated<CheckRequest>) -> Result<(), Broken> {
        let Some(snapshot) = &self.snapshot else {
            return Ok(());
        };
        if self.journal.len() >= self.limit {
            // Nobody is let in whom nobody remembers.
            return Ok(());
        }
        let Dated { request, at, .. } = &scan;
        let asked = OfflineScan {
            code: &request.code.0,
            direction: request.direction,
            forced: request.forced_note.is_some(),
        };
        let outcome = decide_offline(snapshot, asked, |_| Seen::default()).decision;
        if outcome.is_admitted() {
            self.entries.push((request.id, *at));
        }
        let mut decided = scan.clone();
        decided.request.set_up = self.set_up;
        decided.request.outcome = Some(outcome.as_str().to_owned());
        let planted = house.planted == Some(Planted::ForgottenEntry) && outcome.is_admitted();
        if planted && !self.forgotten {
            self.forgotten = true;
        } else {
            self.journal.push(decided);
        }
        self.tell(house, &scan, outcome.as_str(), outcome.opens())
    }

    fn tell(
        &mut self,
        house: &mut House,
        scan: &Dated<CheckRequest>,
        outcome: &str,
        open: bool,
    ) -> Result<(), Broken> {
        let Dated {
            request: scan, at, ..
        } = scan;
        self.seen.told(scan.id, outcome);
        house.model.speaks(scan.id, &scan.code);
        house.model.scans(scan.id, *at);
        let told = Told {
            device: self.number,
            direction: scan.direction,
            open,
        };
        house.model.tells(scan.id, told)
    }

    /// Hands over its journal.
    ///
    /// # Errors
    /// If the server does not take what it must.
    pub async fn flush(
        &mut self,
        house: &mut House,
        shape: Shape,
        line: Line,
    ) -> Result<(), Broken> {
        let items = self.journal.iter().take(BATCH);
        let mut items: Vec<_> = items.map(|check| self.sent(house, check)).collect();
        match shape {
            Shape::Whole => {}
            Shape::Half => items.truncate(items.len().div_ceil(2)),
            Shape::Reversed => items.reverse(),
            Shape::Twice => {
                let again = items.clone();
                items.extend(again);
            }
        }
        let sent = self.cancellations.iter();
        let sent = sent.filter(|one| !self.has_unsent(one.request.check_id));
        let sent = sent.take(BATCH).map(|one| self.sent_back(house, one));
        let cancellations: Vec<_> = sent.collect();
        if items.is_empty() && cancellations.is_empty() {
            return Ok(());
        }
        let ids: Vec<_> = items.iter().map(|item| item.id).collect();
        let message = Message::Batch(BatchRequest {
            checks: items,
            cancellations: cancellations.clone(),
        });
        let reply = self.send(house, message, line).await?;
        let Reply::Answer(Answer::Batch(answer)) = reply else {
            return Ok(());
        };
        let parts = (answer.results.len(), answer.cancellations.len());
        ensure!(
            parts == (ids.len(), cancellations.len()),
            "each part of a batch is answered",
            "{parts:?} of {}",
            ids.len()
        );
        let mut problems = answer.problems();
        for (id, problem) in ids.into_iter().zip(problems.by_ref()) {
            house.model.journal_answered(id, problem)?;
            self.journal.retain(|item| item.request.id != id);
        }
        for (cancellation, problem) in cancellations.into_iter().zip(problems) {
            self.cancellations
                .retain(|c| c.request.id != cancellation.id);
            self.cancelled(house, cancellation, problem)?;
        }
        Ok(())
    }

    fn cancelled(
        &mut self,
        house: &mut House,
        cancellation: CancellationRequest,
        refused: Option<&Problem>,
    ) -> Result<(), Broken> {
        let check = cancellation.check_id;
        if refused.is_none() {
            self.taken_back.push(cancellation);
        }
        house.model.cancel_answered(check, refused)
    }

    /// The agent takes back the last entry.
    ///
    /// # Errors
    /// If the server takes what it must not, or does not take what it must.
    pub async fn cancel(
        &mut self,
        house: &mut House,
        manner: Manner,
        line: Line,
    ) -> Result<(), Broken> {
        let now = house.clock.now();
        let id = CancellationId::from_uuid(self.id());
        let nobodys = CheckId::from_uuid(self.id());
        let last = self.entries.last().copied();
        let (check, expected) = match manner {
            Manner::InTime => return self.cancel_in_time(house, id, line).await,
            Manner::Unknown => (Some(nobodys), ProblemCode::CheckUnknown),
            Manner::TooLate => {
                // An older age is not believed, and the time may be an estimate.
                let believed = CANCEL_WITHIN_MS + 1..=MAX_AGE_MS;
                let late = last.filter(|(check, at)| {
                    believed.contains(&now.ms_since(*at)) && !house.model.is_delayed(*check)
                });
                (late.map(|(check, _)| check), ProblemCode::NotCancellable)
            }
            Manner::Again => {
                let before = self.taken_back.last();
                (before.map(|one| one.check_id), ProblemCode::NotCancellable)
            }
            Manner::Foreign => (None, ProblemCode::NotCancellable),
        };
        let Some(check) = check.filter(|check| !self.has_unsent(*check)) else {
            return Ok(());
        };
        let cancellation = self.cancellation(house, id, check);
        let message = Message::Cancel(self.sent_back(house, &cancellation));
        let reply = house.exchange(&self.token, message, line).await?;
        let in_order = match &reply {
            Reply::Silent | Reply::TokenInvalid(_) => true,
            Reply::Problem(problem) => {
                problem.code == expected || house.model.lies_aside(check, problem)
            }
            Reply::Answer(_) | Reply::Failing { .. } => false,
        };
        ensure!(
            in_order,
            "only what may be taken back is",
            "{manner:?}: {reply:?}"
        );
        Ok(())
    }

    /// Whether the check is still in its journal.
    fn has_unsent(&self, check: CheckId) -> bool {
        self.journal.iter().any(|item| item.request.id == check)
    }

    fn cancellation(
        &self,
        house: &House,
        id: CancellationId,
        check_id: CheckId,
    ) -> Dated<CancellationRequest> {
        let request = CancellationRequest {
            cause: None,
            id,
            check_id,
            cancelled_at: self.now(house).into(),
            enrolment: Some(self.token.enrolment()),
            sent_at: None,
            age_ms: None,
            offset_ms: self.measured_ms,
            contact_at: self.contact_at,
        };
        self.dated(house, request)
    }

    async fn cancel_in_time(
        &mut self,
        house: &mut House,
        id: CancellationId,
        line: Line,
    ) -> Result<(), Broken> {
        let Some((check_id, scanned_at)) = self.entries.last().copied() else {
            return Ok(());
        };
        if house.clock.now().ms_since(scanned_at) > CANCEL_WITHIN_MS {
            return Ok(());
        }
        self.entries.pop();
        let dated = self.cancellation(house, id, check_id);
        let cancellation = self.sent_back(house, &dated);
        house.model.cancels(check_id);
        let heard = if self.refused || self.has_unsent(check_id) {
            Reply::Silent
        } else {
            self.send(house, Message::Cancel(cancellation), line)
                .await?
        };
        match heard {
            Reply::Answer(Answer::Cancelled(_)) => self.cancelled(house, cancellation, None),
            // Nobody can take back what lies aside; the agent hears that.
            Reply::Problem(problem) if house.model.lies_aside(check_id, &problem) => {
                house.model.lets_stand(check_id);
                Ok(())
            }
            Reply::Problem(problem) => self.cancelled(house, cancellation, Some(&problem)),
            _ => {
                self.cancellations.push(dated);
                Ok(())
            }
        }
    }

    /// It is switched off and on. What it must remember it has written down.
    pub fn restart(&mut self) {
        self.lives += 1;
        self.measured_ms = None;
        self.entries.clear();
        self.taken_back.clear();
    }

    /// Whether something waits for the server.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.waiting.is_some() || !self.journal.is_empty() || !self.cancellations.is_empty()
    }

    /// An entry of this scanner, for somebody else who tries to take it back.
    #[must_use]
    pub fn last_entry(&self) -> Option<(CheckId, Timestamp)> {
        self.entries.last().copied()
    }
}
