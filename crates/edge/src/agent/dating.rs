//! What a scan and its cancellation are dated with: the clocks, and what is known of
//! the server's.

use super::{Agent, Lane, Moment, Output};
use crate::journal::{Attempt, Entry, TakenBack};
use crate::words::Notice;
use deviceapi::{CancelCause, CancellationRequest, CheckRequest, Direction, Personal};
use gate::decide::joining::UNTOLD_MS;
use kernel::{BusinessDay, CancellationId, CheckId, EnrolmentId, Timestamp, Zone};

impl Agent {
    /// When records must be kept from: today's entries, and scans whose answer
    /// may be asked for again.
    pub(crate) fn keep_since(&self) -> Timestamp {
        let midnight = self.in_zone(|zone| zone.start_of(self.day()));
        midnight.min(self.time.now().plus_ms(-2 * UNTOLD_MS))
    }

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
                enrolment: self.enrolment(),
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

    /// By what its checks name the token it has.
    fn enrolment(&self) -> Option<EnrolmentId> {
        EnrolmentId::of_token_hex(&self.token_sha256)
    }

    pub(super) fn day(&self) -> BusinessDay {
        self.zone_day(self.time.now())
    }

    pub(super) fn zone_day(&self, at: Timestamp) -> BusinessDay {
        self.in_zone(|zone| zone.business_day(at))
    }

    pub(super) fn in_zone<T>(&self, of: impl FnOnce(&Zone) -> T) -> T {
        match &self.snapshot {
            Some(snapshot) => of(&snapshot.timezone),
            None => of(&Zone::utc()),
        }
    }

    /// How far the server's clock was ahead, if that was seen in the same life of
    /// the machine's clock.
    pub(super) fn offset_of(&self, clocks: Moment) -> Option<i64> {
        let (at, offset_ms) = self.measured?;
        clocks.is_same_life(at).then_some(offset_ms)
    }

    /// The last entry, if it is not too long ago and was not taken back.
    pub(super) fn last_entry(&self) -> Option<&Entry> {
        let within_ms = self
            .snapshot
            .as_ref()
            .map_or(0, |snapshot| snapshot.cancel_within_s * 1000);
        // After a start of the machine nobody knows how long ago it was.
        let clocks = self.time.clocks();
        self.last.as_ref().filter(|entry| {
            let age_ms = clocks.age_ms(entry.clocks);
            age_ms.is_some_and(|age_ms| age_ms <= within_ms)
        })
    }

    /// Takes back the last entry, if it is not too long ago.
    pub(super) fn cancel_last(&mut self, lane: Lane, out: &mut Vec<Output>) {
        match self.last_entry().map(|entry| entry.check) {
            Some(check) => {
                let taken_back = self.taken_back(check, None);
                out.push(Output::Cancel(Some(lane), taken_back));
            }
            None => self.tell_notice(lane, Notice::NothingToCancel, out),
        }
    }

    /// A cancellation of now.
    pub(super) fn taken_back(&mut self, check: CheckId, cause: Option<CancelCause>) -> TakenBack {
        let clocks = self.time.clocks();
        let request = CancellationRequest {
            id: CancellationId::from_uuid((self.ids)()),
            check_id: check,
            cancelled_at: clocks.wall.into(),
            enrolment: self.enrolment(),
            cause,
            sent_at: None,
            age_ms: None,
            offset_ms: self.offset_of(clocks),
            contact_at: self.contact_at,
        };
        TakenBack {
            request,
            at: self.time.now(),
            clocks,
        }
    }

    /// The clock that is never set, in milliseconds.
    pub(super) fn up_ms(&self) -> i64 {
        i64::try_from(self.time.clocks().up_ms).unwrap_or(i64::MAX)
    }
}
