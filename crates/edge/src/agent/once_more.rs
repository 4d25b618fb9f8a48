//! What an agent may want of a card once more: that somebody else goes in on it, or that
//! its next read is asked about anew.

use super::{Agent, Lane, OnceMore, Output, Stage, tell_one};
use crate::words::Notice;
use deviceapi::{Direction, Personal, ProblemCode};
use kernel::CheckId;

impl Agent {
    pub(super) fn once_more(&mut self, lane: Lane, what: OnceMore, out: &mut Vec<Output>) {
        match what {
            OnceMore::Person => self.one_more_person(lane, out),
            OnceMore::Check => {
                let notice = match self.threshold.end_last() {
                    Some(check) => {
                        self.joining.end(check);
                        Notice::Again
                    }
                    None => Notice::NobodyBefore,
                };
                self.tell_notice(lane, notice, out);
            }
        }
    }

    /// A check that names the last entry: neither joining nor window holds it.
    fn one_more_person(&mut self, lane: Lane, out: &mut Vec<Output>) {
        let settings = self.snapshot.as_ref().map(|known| &known.settings);
        if settings.is_some_and(|settings| !settings.several_persons) {
            let code = ProblemCode::SeveralPersonsNotAllowed;
            return tell_one(lane, None, self.closed(code.as_str(), code.title()), out);
        }
        let Some(entry) = self.last_entry() else {
            return self.tell_notice(lane, Notice::NobodyBefore, out);
        };
        let (earlier, code) = (entry.check, entry.card.reveal().to_owned());
        let id = self.fresh_id();
        let mut attempt = self.attempt(id, Personal(code), Direction::Entry);
        attempt.request.one_more_than = Some(earlier);
        let now_ms = self.up_ms();
        self.begin(attempt, Stage::Unresolved, now_ms, false);
        if let Some(live) = self.live.get_mut(&id) {
            live.lanes.push_back(lane);
        }
        self.resolve(id, out);
    }

    /// Whether a check names an earlier one: the window does not hold it.
    pub(super) fn is_one_more(&self, id: CheckId) -> bool {
        let request = self.live.get(&id).map(|live| &live.attempt.request);
        request.is_some_and(|request| request.one_more_than.is_some())
    }
}
