//! A scanner in an agent's hand: asks, waits, decides by itself, keeps a
//! journal. It speaks the device API as the document says.

use crate::Broken;
use crate::broken::ensure;
use crate::desk::{Message, Problem, Reply};
use crate::house::House;
use crate::model::Told;
use crate::operation::{Line, Manner, Patience, Shape, Way};
use crate::site;
use gate::decide::offline::{Knowledge, OfflineScan, Seen, decide_offline};
use gate::{Cancellation, DeviceToken, Direction, JournalItem, Scan};
use kernel::{CancellationId, CheckId, Clock, DeviceCode, Timestamp};
use uuid::Uuid;

/// How many checks it sends in a batch.
const BATCH: usize = 20;

/// A scanner.
pub struct Handheld {
    number: u8,
    code: DeviceCode,
    /// What it proves itself with.
    pub token: DeviceToken,
    /// Whether the server refused its token.
    pub refused: bool,
    /// How far its clock is fast, in milliseconds.
    pub offset_ms: i64,
    knowledge: Option<Knowledge>,
    limit: usize,
    journal: Vec<JournalItem>,
    cancellations: Vec<Cancellation>,
    /// Asked, nothing heard, nothing decided; the visitor waits.
    waiting: Option<Scan>,
    last_asked: Option<Scan>,
    entries: Vec<(CheckId, Timestamp)>,
    taken_back: Vec<Cancellation>,
    ids: u64,
}

impl Handheld {
    /// The scanner with this number, out of the box.
    #[must_use]
    pub fn new(number: u8, code: DeviceCode, token: DeviceToken, limit: usize) -> Self {
        Self {
            number,
            code,
            token,
            refused: false,
            offset_ms: 0,
            knowledge: None,
            limit,
            journal: Vec::new(),
            cancellations: Vec::new(),
            waiting: None,
            last_asked: None,
            entries: Vec::new(),
            taken_back: Vec::new(),
            ids: 0,
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
        let message = Message::Device(self.code.clone());
        if let Some(Reply::Snapshot(snapshot)) = self.send(house, message, line).await? {
            self.refused = false;
            self.knowledge = Some(snapshot.knowledge());
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
        let note = (way == Way::Forced).then(|| "lost her phone".parse().ok());
        let scan = Scan {
            id: CheckId::from_uuid(self.id()),
            device: self.code.clone(),
            code: site::code(card).to_owned(),
            scanned_at: self.now(house),
            direction: if way == Way::Out {
                Direction::Exit
            } else {
                Direction::Entry
            },
            forced_note: note.flatten(),
        };
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
        if self.has_unsent(again.id) {
            // It decided that by itself; the journal brings it.
            return Ok(());
        }
        self.send(house, Message::Check(again), line)
            .await
            .map(drop)
    }

    async fn ask(
        &mut self,
        house: &mut House,
        scan: Scan,
        line: Line,
        patience: Patience,
    ) -> Result<(), Broken> {
        let message = Message::Check(scan.clone());
        match self.send(house, message, line).await? {
            Some(Reply::Check(check)) => {
                if check.decision.is_admitted() {
                    self.entries.push((scan.id, scan.scanned_at));
                }
                self.tell(house, &scan, check.decision.opens())
            }
            // Nobody is admitted by a device that is not known any more.
            Some(Reply::TokenInvalid) => Ok(()),
            Some(Reply::Problem(problem))
                if problem.code == "clock_stands_still" || problem.is_not_permitted() =>
            {
                Ok(())
            }
            Some(Reply::Problem(problem)) => Err(Broken::new(
                "a check is answered",
                format!("check {}: {}", scan.id, problem.code),
            )),
            None | Some(_) if patience == Patience::Decides => self.decide(house, scan),
            None | Some(_) => {
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
    ) -> Result<Option<Reply>, Broken> {
        let reply = house.exchange(&self.token, message, line).await?;
        self.refused |= matches!(reply, Some(Reply::TokenInvalid));
        Ok(reply)
    }

    fn decide(&mut self, house: &mut House, scan: Scan) -> Result<(), Broken> {
        let Some(knowledge) = &self.knowledge else {
            return Ok(());
        };
        if self.journal.len() >= self.limit {
            // Nobody is let in whom nobody remembers.
            return Ok(());
        }
        let asked = OfflineScan {
            code: &scan.code,
            direction: scan.direction,
            forced: scan.forced_note.is_some(),
        };
        let outcome = decide_offline(knowledge, asked, |_| Seen::default()).decision;
        if outcome.is_admitted() {
            self.entries.push((scan.id, scan.scanned_at));
        }
        self.journal.push(JournalItem {
            scan: scan.clone(),
            outcome: Some(outcome),
        });
        self.tell(house, &scan, outcome.opens())
    }

    fn tell(&self, house: &mut House, scan: &Scan, open: bool) -> Result<(), Broken> {
        house.model.speaks(scan);
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
        let mut items: Vec<_> = self.journal.iter().take(BATCH).cloned().collect();
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
        let sent = sent.filter(|cancellation| !self.has_unsent(cancellation.check_id));
        let cancellations: Vec<_> = sent.take(BATCH).cloned().collect();
        if items.is_empty() && cancellations.is_empty() {
            return Ok(());
        }
        let ids: Vec<_> = items.iter().map(|item| item.scan.id).collect();
        let message = Message::Batch(items, cancellations.clone());
        let reply = self.send(house, message, line).await?;
        let Some(Reply::Batch(results, cancelled)) = reply else {
            return Ok(());
        };
        ensure!(
            (results.len(), cancelled.len()) == (ids.len(), cancellations.len()),
            "each part of a batch is answered",
            "{} of {}",
            results.len(),
            ids.len()
        );
        for (id, result) in ids.into_iter().zip(results) {
            let refused = result.err().map(|(_, problem)| problem);
            house.model.journal_answered(id, refused)?;
            self.journal.retain(|item| item.scan.id != id);
        }
        for (cancellation, result) in cancellations.into_iter().zip(cancelled) {
            self.cancellations.retain(|c| c.id != cancellation.id);
            self.cancelled(house, cancellation, result.err())?;
        }
        Ok(())
    }

    fn cancelled(
        &mut self,
        house: &House,
        cancellation: Cancellation,
        refused: Option<Problem>,
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
        let now = self.now(house);
        let id = CancellationId::from_uuid(self.id());
        let nobodys = CheckId::from_uuid(self.id());
        let of = |check_id, cancelled_at| Cancellation {
            id,
            check_id,
            device: self.code.clone(),
            cancelled_at,
        };
        let late_ms = deviceapi::CANCEL_WITHIN_MS + 1;
        let (cancellation, expected) = match manner {
            Manner::InTime => return self.cancel_in_time(house, id, now, line).await,
            Manner::Unknown => (of(nobodys, now), "check_unknown"),
            Manner::TooLate => match self.entries.last() {
                Some((check, at)) => (of(*check, at.plus_ms(late_ms)), "not_cancellable"),
                None => return Ok(()),
            },
            Manner::Again => match self.taken_back.last() {
                Some(before) => (of(before.check_id, before.cancelled_at), "not_cancellable"),
                None => return Ok(()),
            },
            Manner::Foreign => return Ok(()),
        };
        if self.has_unsent(cancellation.check_id) {
            return Ok(());
        }
        let message = Message::Cancel(cancellation);
        let reply = house.exchange(&self.token, message, line).await?;
        let in_order = match &reply {
            None | Some(Reply::TokenInvalid) => true,
            Some(Reply::Problem(problem)) => problem.code == expected,
            Some(_) => false,
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
        self.journal.iter().any(|item| item.scan.id == check)
    }

    async fn cancel_in_time(
        &mut self,
        house: &mut House,
        id: CancellationId,
        cancelled_at: Timestamp,
        line: Line,
    ) -> Result<(), Broken> {
        let Some((check_id, scanned_at)) = self.entries.last().copied() else {
            return Ok(());
        };
        if !(0..=deviceapi::CANCEL_WITHIN_MS).contains(&cancelled_at.ms_since(scanned_at)) {
            return Ok(());
        }
        self.entries.pop();
        let cancellation = Cancellation {
            id,
            check_id,
            device: self.code.clone(),
            cancelled_at,
        };
        house.model.cancels(check_id);
        let heard = if self.refused || self.has_unsent(check_id) {
            None
        } else {
            let message = Message::Cancel(cancellation.clone());
            self.send(house, message, line).await?
        };
        match heard {
            Some(Reply::Cancelled(_)) => self.cancelled(house, cancellation, None),
            Some(Reply::Problem(problem)) => self.cancelled(house, cancellation, Some(problem)),
            _ => {
                self.cancellations.push(cancellation);
                Ok(())
            }
        }
    }

    /// It is switched off and on. What it must remember it has written down.
    pub fn restart(&mut self) {
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
