//! The journal: what was told is there again, whatever happened to the process,
//! the power or the disk.

mod room;
mod torture;

use deviceapi::{CancellationRequest, CheckRequest, Personal};
use edge::Moment;
use edge::journal::{Attempt, Decided, Entry, Recovered, TakenBack};
use edge::{Journal, JournalSettings};
use gate::{Admission, Decision, Direction};
use kernel::{CancellationId, CheckId, Timestamp};
use std::path::Path;

const SMALL: JournalSettings = JournalSettings {
    limit_checks: 5_000,
    segment_bytes: 64 * 1024,
};

fn open(folder: &Path) -> (Journal, Recovered) {
    Journal::open(folder, SMALL).unwrap()
}

fn cancellation_id(number: u128) -> CancellationId {
    CancellationId::from_uuid(uuid::Uuid::from_u128(number))
}

fn id(number: u128) -> CheckId {
    CheckId::from_uuid(uuid::Uuid::from_u128(number))
}

fn at(millis: i64) -> Timestamp {
    let start: Timestamp = "2026-07-14T07:00:00.000Z".parse().unwrap();
    start.plus_ms(millis)
}

fn clocks(wall: Timestamp) -> Moment {
    Moment {
        wall,
        up_ms: 1_000,
        boot: uuid::Uuid::nil(),
    }
}

fn attempt(number: u32) -> Attempt {
    let at = at(number.into());
    Attempt {
        request: CheckRequest {
            id: id(number.into()),
            code: Personal(format!("villeneuve-{number:08}")),
            scanned_at: at.into(),
            direction: Direction::Entry,
            forced_note: None,
            outcome: None,
            set_up: Some(3),
            one_more_than: None,
            enrolment: None,
            sent_at: None,
            age_ms: None,
            offset_ms: Some(12),
            contact_at: None,
        },
        at,
        clocks: clocks(at),
    }
}

fn taken_back(id: CancellationId, check_id: CheckId, at: Timestamp) -> TakenBack {
    TakenBack {
        request: CancellationRequest {
            id,
            check_id,
            cause: None,
            cancelled_at: at.into(),
            enrolment: None,
            sent_at: None,
            age_ms: None,
            offset_ms: None,
            contact_at: None,
        },
        at,
        clocks: clocks(at),
    }
}

fn decided(number: u32) -> Decided {
    Decided {
        attempt: attempt(number),
        outcome: Decision::Admitted(Admission::AcceptedOffline),
        card: Some(format!("{number:08}").parse().unwrap()),
    }
}

fn entry(number: u32) -> Entry {
    decided(number).entry().unwrap()
}

/// Every check that waits, in the order of sending.
fn waiting(journal: &Journal) -> Vec<Decided> {
    let batch = journal.batch(usize::MAX, usize::MAX).unwrap();
    assert_eq!(batch.unreadable, []);
    batch.checks.into_iter().map(|(_, check)| check).collect()
}
