//! Telling: one line gets the answer and the door; whoever else read the card
//! meanwhile, or reads it once more, hears that it is the same.

use super::threshold::{Passing, Read, Told, Why};
use super::{Agent, Answer, Delivered, Errand, Kept, Lane, Output, Stage, Went};
use crate::journal::{Decided, TakenBack};
use crate::words::Notice;
use deviceapi::{CancelCause, Direction};
use gate::decide::joining::Subject;
use gate::decide::wording;
use kernel::CheckId;

impl Agent {
    /// Tells one of those who wait for this check. If that one has gone, the next is
    /// told.
    pub(super) fn tell(&mut self, check: CheckId, out: &mut Vec<Output>) {
        let answer = match self.live.get(&check).map(|live| &live.stage) {
            Some(Stage::Answered(answer, _)) => (**answer).clone(),
            Some(Stage::Decided(decided)) => self.own_answer(decided),
            _ => return,
        };
        let Some(live) = self
            .live
            .get_mut(&check)
            .filter(|live| live.telling.is_none())
        else {
            return;
        };
        if let Some(lane) = live.lanes.pop_front() {
            live.telling = Some(lane);
            tell_one(lane, Some(check), answer, out);
        }
    }

    fn own_answer(&self, decided: &Decided) -> Answer {
        let outcome = decided.outcome;
        Answer {
            open: outcome.opens(),
            pass_number: decided.card.clone(),
            ..self.closed(outcome.as_str(), wording::message(outcome, self.language()))
        }
    }

    pub(super) fn told(&mut self, check: CheckId, delivered: Delivered, out: &mut Vec<Output>) {
        let Some(live) = self
            .live
            .get_mut(&check)
            .filter(|live| live.telling.is_some())
        else {
            return self.reopened(check, delivered, out);
        };
        let source = live.telling.take().map(|lane| lane.source);
        if delivered == Delivered::No {
            return self.tell(check, out);
        }
        let Some(live) = self.live.remove(&check) else {
            return;
        };
        let (answer, entry, noted) = match live.stage {
            Stage::Answered(answer, entry) => (*answer, entry.clone(), entry),
            Stage::Decided(decided) => (self.own_answer(&decided), decided.entry(), None),
            Stage::Unresolved | Stage::Asking | Stage::Remembering(_) => return,
        };
        out.push(Output::NoteTold(check, noted));
        self.joining.told(check, &answer.outcome);
        let now = self.time.clocks();
        let age_ms = now.age_ms(live.attempt.clocks).unwrap_or(0);
        for lane in live.lanes {
            tell_one(lane, None, same(&answer), out);
        }
        self.threshold.add(Told {
            check,
            subject: live.subject,
            direction: live.attempt.request.direction,
            answer,
            entry,
            source,
            scanned_ms: self.up_ms() - age_ms,
            told_ms: self.up_ms(),
            passing: Passing::Done,
        });
    }

    /// Somebody was told before, whose card is read again; whether that was all.
    pub(super) fn read_again(
        &mut self,
        lane: Lane,
        (subject, direction): (&Subject, Direction),
        joined: Option<CheckId>,
        out: &mut Vec<Output>,
    ) -> bool {
        let (now_ms, passage) = (self.up_ms(), self.settings.passage);
        let read = joined.map_or(Read::Fresh, |_| Read::Joined);
        let who = (subject, direction);
        if let Some(check) = self.threshold.reopens(who, read, now_ms, passage) {
            if let Some(told) = self.threshold.of(check) {
                told.source = Some(lane.source);
                let answer = Answer {
                    reopened: true,
                    ..told.answer.clone()
                };
                tell_one(lane, Some(check), answer, out);
            }
            return true;
        }
        let check = joined.or_else(|| self.threshold.reopening(subject, direction));
        let told = check.and_then(|check| self.threshold.of(check));
        let Some(told) = told else {
            return false;
        };
        tell_one(lane, None, same(&told.answer), out);
        true
    }

    /// The door was opened once more, or nobody was there to open it.
    fn reopened(&mut self, check: CheckId, delivered: Delivered, out: &mut Vec<Output>) {
        let now_ms = self.up_ms();
        let Some(told) = self.threshold.of(check) else {
            return;
        };
        let Passing::Reopening(why) = told.passing else {
            return;
        };
        told.passing = match (why, delivered) {
            (Why::NotPassed, Delivered::No) => Passing::NotPassed,
            (Why::ShownAgain, Delivered::Yes) => Passing::Reopened,
            _ => Passing::Done,
        };
        if delivered == Delivered::No {
            return;
        }
        told.told_ms = now_ms;
        let (subject, direction) = (told.subject.clone(), told.direction);
        let outcome = told.answer.outcome.clone();
        self.threshold.opened(check);
        self.joining.begin(subject, direction, check, now_ms);
        self.joining.told(check, &outcome);
        self.today.reopened();
        out.push(Output::NoteTold(check, None));
    }

    /// A controller says what became of its door, which was opened last.
    pub(super) fn reported(&mut self, lane: Lane, went: Went, out: &mut Vec<Output>) {
        let notice = match went {
            Went::Through => {
                self.threshold.passed(lane.source);
                Notice::Passed
            }
            Went::Ended => return self.threshold.ended(lane.source),
            Went::Nowhere => match self.threshold.not_passed(lane.source) {
                Some(check) => {
                    self.today.not_passed();
                    out.push(Output::NoteNotPassed(check));
                    Notice::NotPassed
                }
                None => Notice::NothingOpened,
            },
        };
        self.tell_notice(lane, notice, out);
    }

    /// Takes back the entries of those who never came back to a door that nobody went
    /// through.
    pub(super) fn void_not_passed(&mut self, out: &mut Vec<Output>) {
        let now_ms = self.up_ms();
        for check in self.threshold.void(now_ms, self.window_ms()) {
            let taken_back = self.taken_back(check, Some(CancelCause::NotPassed));
            out.push(Output::Cancel(None, taken_back));
        }
    }

    pub(super) fn cancelled(
        &mut self,
        lane: Option<Lane>,
        cancellation: TakenBack,
        kept: Kept,
        out: &mut Vec<Output>,
    ) {
        let check = cancellation.request.check_id;
        let notice = match kept {
            Kept::Yes => {
                self.today.cancel(check);
                self.recent.cancel(check);
                self.joining.end(check);
                self.threshold.forget(check);
                self.last.take_if(|last| last.check == check);
                // Whoever was not told yet is not let in any more.
                let untold = self.live.remove(&check);
                for lane in untold.into_iter().flat_map(|live| live.lanes) {
                    self.tell_notice(lane, Notice::Cancelled, out);
                }
                Notice::Cancelled
            }
            Kept::No => {
                let voiding = self.threshold.of(check);
                if let Some(told) = voiding.filter(|told| told.passing == Passing::Voiding) {
                    told.passing = Passing::NotPassed;
                }
                Notice::CannotRemember
            }
        };
        if let Some(lane) = lane {
            self.tell_notice(lane, notice, out);
        }
    }

    /// An answer that is no decision on a check.
    #[must_use]
    pub fn notice(&self, notice: Notice) -> Answer {
        self.closed(notice.as_str(), notice.message(self.language()))
    }

    pub(super) fn closed(&self, outcome: &str, message: &str) -> Answer {
        Answer {
            outcome: outcome.to_owned(),
            message: message.to_owned(),
            count_today: self.today.count(),
            ..Answer::default()
        }
    }

    pub(super) fn tell_notice(&self, lane: Lane, notice: Notice, out: &mut Vec<Output>) {
        tell_one(lane, None, self.notice(notice), out);
    }
}

/// What whoever reads the card once more is told.
fn same(answer: &Answer) -> Answer {
    Answer {
        open: false,
        same: true,
        ..answer.clone()
    }
}

pub(super) fn tell_one(lane: Lane, check: Option<CheckId>, answer: Answer, out: &mut Vec<Output>) {
    out.push(Output::Run(Errand::Tell {
        lane,
        check,
        answer,
    }));
}
