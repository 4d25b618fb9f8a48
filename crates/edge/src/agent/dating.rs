//! What a scan is dated with: the clocks, and what is known of the server's.

use super::{Agent, Moment};
use crate::journal::Attempt;
use deviceapi::{CheckRequest, Direction, Personal};
use kernel::CheckId;

impl Agent {
    /// A scan of now.
    pub(super) fn attempt(&self, id: CheckId, code: Personal, direction: Direction) -> Attempt {
        let clocks = self.time.clocks();
        Attempt {
            request: CheckRequest {
                id,
                code,
                scanned_at: clocks.wall.into(),
                direction,
                forced_note: None,
                outcome: None,
                set_up: self.snapshot.as_ref().map(|snapshot| snapshot.set_up),
                one_more_than: None,
                sent_at: None,
                age_ms: None,
                offset_ms: self.offset_of(clocks),
                contact_at: self.contact_at,
            },
            at: self.time.now(),
            clocks,
        }
    }

    /// How far the server's clock was ahead, if that was seen in the same life of
    /// the machine's clock.
    pub(super) fn offset_of(&self, clocks: Moment) -> Option<i64> {
        let (at, offset_ms) = self.measured?;
        clocks.is_same_life(at).then_some(offset_ms)
    }
}
