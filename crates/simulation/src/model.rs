//! What people know: what each visitor was told at the door, and every answer
//! that the server gave. Made without looking into any database.

use crate::broken::ensure;
use crate::desk::nobody_was_admitted;
use crate::site::Meaning;
use crate::{Broken, site};
use deviceapi::{CheckAnswer, CheckRequest, Direction, Personal, Problem, ProblemCode};
use gate::Decision;
use kernel::{CheckId, Timestamp};
use std::collections::{HashMap, HashSet};

const SAME_ANSWER: &str = "the same id gets the same answer for ever";

/// When an answer arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrived {
    /// As it was given.
    AtOnce,
    /// When nobody waited any more: others may have been given meanwhile.
    TooLate,
}

/// What a visitor was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// The number of the device.
    pub device: u8,
    /// Which way the visitor went.
    pub direction: Direction,
    /// Whether the door opened.
    pub open: bool,
}

/// What people know.
#[derive(Debug, Default)]
pub struct Model {
    /// The last answer to each check, as far as it must stay the same.
    answers: HashMap<CheckId, CheckAnswer>,
    told: HashMap<CheckId, Told>,
    /// For whom each device has opened since a visitor came before it.
    visitor: HashMap<u8, CheckId>,
    /// Checks that some journal said were let through.
    journal_opened: HashSet<CheckId>,
    cancelled: HashSet<CheckId>,
    /// Checks that were long on their way: their age is that of the sending.
    delayed: HashSet<CheckId>,
    /// Checks that the server put aside.
    aside: HashSet<CheckId>,
    /// Checks that were told by a device whose power went since.
    forgotten: HashSet<CheckId>,
    /// What was read for each check that any device ever spoke of: the server
    /// forgets it one day.
    spoken: HashMap<CheckId, String>,
    /// When each visitor held the card before a reader.
    scanned: HashMap<CheckId, Timestamp>,
    /// What each revision of the set-up, as the server names it, meant for a
    /// device.
    revisions: HashMap<(u8, i64), Option<Meaning>>,
    /// What a check may be booked as: by what the device knew when it let the
    /// visitor in, or by what the server knew when it was asked.
    meant: HashMap<CheckId, Vec<Option<Meaning>>>,
    /// How often the server refused to look at a check.
    pub not_permitted: i64,
}

/// Whether a code is a pass number: eight digits, maybe behind the project id,
/// with a check digit that fits.
fn is_pass(code: &str) -> bool {
    let number = code.strip_prefix("villeneuve-").unwrap_or(code);
    let sum: u32 = number
        .bytes()
        .rev()
        .zip([1, 2].into_iter().cycle())
        .map(|(digit, times)| {
            let value = u32::from(digit.wrapping_sub(b'0')) * times;
            value / 10 + value % 10
        })
        .sum();
    number.len() == 8 && number.bytes().all(|b| b.is_ascii_digit()) && sum.is_multiple_of(10)
}

fn decision_of(outcome: &str) -> Option<Decision> {
    outcome.parse().ok()
}

impl Model {
    /// A device has read a code.
    pub fn speaks(&mut self, check: CheckId, code: &Personal) {
        self.spoken.insert(check, code.0.clone());
    }

    /// A journal with these checks was sent by the device with this number.
    ///
    /// # Errors
    /// If it names a revision of the set-up that the device never heard of.
    pub fn journals(&mut self, device: u8, checks: &[CheckRequest]) -> Result<(), Broken> {
        for check in checks {
            self.speaks(check.id, &check.code);
            let outcome = check.outcome.as_deref().and_then(decision_of);
            if !outcome.is_some_and(Decision::opens) {
                continue;
            }
            self.journal_opened.insert(check.id);
            let set_up = check.set_up.unwrap_or_default();
            let Some(meaning) = self.revisions.get(&(device, set_up)).cloned() else {
                return Err(Broken::new(
                    "a check names the set-up that its device had",
                    format!("check {}: revision {set_up}", check.id),
                ));
            };
            self.meant.entry(check.id).or_default().push(meaning);
        }
        Ok(())
    }

    /// A device hears of the set-up that means this for it at present.
    ///
    /// # Errors
    /// If the same revision meant something else before.
    pub fn hears(
        &mut self,
        device: u8,
        set_up: i64,
        meaning: Option<Meaning>,
    ) -> Result<(), Broken> {
        let before = self.revisions.entry((device, set_up));
        let before = before.or_insert_with(|| meaning.clone());
        ensure!(
            *before == meaning,
            "a revision of the set-up means one thing",
            "{set_up}: {before:?}, then {meaning:?}"
        );
        Ok(())
    }

    /// The server is asked while the device means this to it.
    pub fn asks(&mut self, check: CheckId, meaning: Option<Meaning>) {
        self.meant.entry(check).or_default().push(meaning);
    }

    /// These are long on their way.
    pub fn delays(&mut self, checks: impl IntoIterator<Item = CheckId>) {
        self.delayed.extend(checks);
    }

    /// Whether a check was long on its way, so that the server takes it for younger.
    #[must_use]
    pub fn is_delayed(&self, check: CheckId) -> bool {
        self.delayed.contains(&check)
    }

    /// A visitor holds a card before a reader, or did before.
    pub fn scans(&mut self, check: CheckId, now: Timestamp) {
        self.scanned.entry(check).or_insert(now);
    }

    /// When that was, and what it may be booked as.
    #[must_use]
    pub fn truth(&self, check: CheckId) -> Option<(Timestamp, &[Option<Meaning>])> {
        let meant = self.meant.get(&check).map_or(&[][..], Vec::as_slice);
        Some((*self.scanned.get(&check)?, meant))
    }

    /// The server gave an answer, whether or not anybody heard it.
    ///
    /// # Errors
    /// If it cannot be, or is another than before.
    pub fn answered(&mut self, answer: &CheckAnswer, arrived: Arrived) -> Result<(), Broken> {
        let (id, word) = (answer.id, &answer.outcome);
        let fresh = CheckAnswer {
            repeated: false,
            // It is forgotten one day.
            pass_number: None,
            ..answer.clone()
        };
        let pass = self.spoken.get(&id).is_some_and(|code| is_pass(code));
        let said = (answer.open, answer.admitted);
        let meant = decision_of(word).map(|decision| (decision.opens(), decision.is_admitted()));
        ensure!(
            meant == Some(said),
            "an outcome says what the door does",
            "check {id} is {word}"
        );
        ensure!(
            pass || !answer.open,
            "only passes open doors",
            "check {id} is {word}"
        );
        ensure!(
            !pass || word != "not_a_pass",
            "every pass is recognised",
            "check {id} is {word}"
        );
        let wrong_way = match answer.direction {
            Direction::Exit => answer.admitted,
            Direction::Entry => word == "exit",
        };
        ensure!(
            !wrong_way,
            "who leaves is not admitted, who enters does not leave",
            "check {id} is {word}"
        );
        let Some(before) = self.answers.get(&id).filter(|before| **before != fresh) else {
            self.answers.insert(id, fresh);
            return Ok(());
        };
        // A door that opened overrules a refusal that nobody had heard, once.
        let overrules = |earlier: &CheckAnswer, later: &CheckAnswer| {
            !earlier.open && later.open && self.journal_opened.contains(&id)
        };
        if overrules(before, &fresh) {
            self.answers.insert(id, fresh);
            return Ok(());
        }
        ensure!(
            arrived == Arrived::TooLate && overrules(&fresh, before),
            SAME_ANSWER,
            "check {id}: {before:?}, then {fresh:?}"
        );
        Ok(())
    }

    /// The server refused to look at a check, because of the device's settings.
    ///
    /// # Errors
    /// If it had given an answer before.
    pub fn not_permitted(&mut self, id: CheckId) -> Result<(), Broken> {
        self.not_permitted += 1;
        let before = self.answers.get(&id);
        ensure!(
            before.is_none(),
            SAME_ANSWER,
            "check {id}: {before:?}, then it was not permitted"
        );
        Ok(())
    }

    /// Another visitor comes before a device.
    pub fn presents(&mut self, device: u8) {
        self.visitor.remove(&device);
    }

    /// The power of a device went: it may have forgotten whom it has told.
    pub fn forgets(&mut self, device: u8) {
        self.presents(device);
        let told = self.told.iter().filter(|(_, told)| told.device == device);
        self.forgotten.extend(told.map(|(id, _)| *id));
    }

    /// A visitor was told the outcome of a check at the door.
    ///
    /// # Errors
    /// If another outcome was told before. Only a device that has forgotten a
    /// refusal may decide the visitor's next try by itself, under the same id.
    pub fn tells(&mut self, id: CheckId, told: Told) -> Result<(), Broken> {
        let forgotten = told.open && self.forgotten.contains(&id);
        let before = self.told.insert(id, told).unwrap_or(told);
        ensure!(
            before.open == told.open || forgotten,
            "a visitor is told one thing",
            "check {id}: first {before:?}, then {told:?}"
        );
        if told.open {
            let one = *self.visitor.entry(told.device).or_insert(id);
            ensure!(
                one == id,
                "a card that rests before a reader lets in one visitor",
                "check {one}, then {id}"
            );
        }
        Ok(())
    }

    /// The agent was told that the entry is taken back.
    pub fn cancels(&mut self, id: CheckId) {
        self.cancelled.insert(id);
    }

    /// The server took a journal's check into its books, or put it aside.
    ///
    /// # Errors
    /// If it was put aside for anything but its enrolment.
    pub fn journal_answered(&mut self, id: CheckId, aside: Option<&Problem>) -> Result<(), Broken> {
        let revoked = aside.is_some_and(|problem| problem.code == ProblemCode::EnrolmentRevoked);
        ensure!(
            aside.is_none() || revoked,
            "what a journal brings is kept",
            "check {id}: {aside:?}"
        );
        if revoked {
            self.aside.insert(id);
        }
        Ok(())
    }

    /// Whether a cancellation was not taken because its check lies aside.
    #[must_use]
    pub fn lies_aside(&self, id: CheckId, problem: &Problem) -> bool {
        let code = &problem.code;
        let not_taken = [ProblemCode::CheckUnknown, ProblemCode::NotCancellable];
        not_taken.contains(code) && self.aside.contains(&id)
    }

    /// The agent was told that the entry cannot be taken back.
    pub fn lets_stand(&mut self, id: CheckId) {
        self.cancelled.remove(&id);
    }

    /// The server took a cancellation that came in time, or did not.
    ///
    /// # Errors
    /// If it did not, unless it could not recognise whom the device had let in.
    pub fn cancel_answered(&self, id: CheckId, refused: Option<&Problem>) -> Result<(), Broken> {
        let unrecognised = refused.is_some_and(nobody_was_admitted)
            && matches!(self.decision(id), Some(Decision::Refused(_)));
        let aside = refused.is_some_and(|problem| {
            problem.code == ProblemCode::EnrolmentRevoked || self.lies_aside(id, problem)
        });
        ensure!(
            refused.is_none() || unrecognised || aside,
            "an entry is taken back within 15 minutes",
            "check {id}: {refused:?}"
        );
        Ok(())
    }

    /// Whether the agent took the entry back.
    #[must_use]
    pub fn is_cancelled(&self, id: CheckId) -> bool {
        self.cancelled.contains(&id)
    }

    /// What was told of a check, if anything.
    #[must_use]
    pub fn told(&self, id: CheckId) -> Option<Told> {
        self.told.get(&id).copied()
    }

    /// Whether any device ever spoke of this check.
    #[must_use]
    pub fn knows(&self, id: CheckId) -> bool {
        self.spoken.contains_key(&id)
    }

    /// Whom a door let in, less those whose entry was taken back.
    #[must_use]
    pub fn let_in(&self) -> HashSet<CheckId> {
        let entered = self.all_told().filter(|(id, told)| {
            told.open && told.direction == Direction::Entry && !self.is_cancelled(*id)
        });
        entered.map(|(id, _)| id).collect()
    }

    /// Whether it is about a card whose counters show each entry.
    #[must_use]
    pub fn is_counted(&self, id: CheckId) -> bool {
        let code = self.spoken.get(&id);
        let number = code.and_then(|code| code.rsplit('-').next());
        number.is_some_and(|number| site::counted_cards().any(|card| card == number))
    }

    /// Everything that was told.
    pub fn all_told(&self) -> impl Iterator<Item = (CheckId, Told)> {
        self.told.iter().map(|(id, told)| (*id, *told))
    }

    /// The decision that the server gave last on a check.
    fn decision(&self, id: CheckId) -> Option<Decision> {
        decision_of(&self.answers.get(&id)?.outcome)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::CARDS;

    #[test]
    fn the_model_tells_passes_from_other_codes() {
        for (place, card) in (0..).zip(&CARDS) {
            assert_eq!(is_pass(card.code), place < 11, "{}", card.code);
        }
    }
}
