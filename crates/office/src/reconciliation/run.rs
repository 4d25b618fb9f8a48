//! The one who compares the books: in the background, one comparison at a time,
//! and kept for whoever looks, because with millions of barcodes it takes
//! minutes.

use crate::comparison::{Made, State};
use crate::office::Office;
use books::reconciliation::{Sides, reconcile};
use kernel::{Timestamp, causes};
use std::sync::Arc;
use std::time::Duration;

/// How long a result is good for whoever comes by, in milliseconds.
const GOOD_MS: i64 = 10 * 60_000;
/// How long a page waits for a result.
const PATIENCE: Duration = Duration::from_millis(150);

/// Whose books this process keeps; `None` if it keeps none.
pub(super) fn sides(office: &Office) -> Option<Sides> {
    match (&office.gate, &office.box_office) {
        (Some(_), Some(_)) => Some(Sides::Both),
        (Some(_), None) => Some(Sides::Gate),
        (None, Some(_)) => Some(Sides::BoxOffice),
        (None, None) => None,
    }
}

/// What is known of the books; a comparison is begun if nothing is, or nothing
/// new enough.
pub(super) async fn look(office: &Office) -> State {
    let now = office.role.staff.now();
    let is_good = office.books.borrow().last.as_ref().is_some_and(|last| {
        // Also after the clock was set back.
        (0..GOOD_MS).contains(&now.ms_since(last.at))
    });
    if !is_good {
        begin(office, now);
    }
    let mut state = office.books.subscribe();
    let ended = state.wait_for(|state| state.running_since.is_none());
    // Whoever has waited long enough sees what there is.
    let _ = tokio::time::timeout(PATIENCE, ended).await;
    office.books.borrow().clone()
}

/// Compares the books as they are from now on: a comparison that is at work may
/// have read what has changed since, so another follows it.
pub(crate) fn afresh(office: &Office) {
    let now = office.role.staff.now();
    office.books.send_if_modified(|state| {
        state.once_more = state.running_since.is_some();
        state.once_more
    });
    begin(office, now);
}

/// Begins a comparison if none is at work.
fn begin(office: &Office, now: Timestamp) {
    let Some(sides) = sides(office) else { return };
    let begun = office.books.send_if_modified(|state| {
        let begins = state.running_since.is_none();
        if begins {
            state.running_since = Some(now);
        }
        begins
    });
    if begun {
        tokio::spawn(compare(office.clone(), sides));
    }
}

async fn compare(office: Office, sides: Sides) {
    // Also if a comparison panics, the next one can begin.
    let mut ended = Ended(Some(office.clone()));
    loop {
        let at = office.role.staff.now();
        let comparing = reconcile(&office.db, sides);
        let Some(compared) = office.ending.run_until_cancelled(comparing).await else {
            return;
        };
        let mut again = false;
        // From here on the next one may begin, and must not be taken for this.
        ended.0 = None;
        office.books.send_modify(|state| {
            state.failed = compared.is_err();
            match compared {
                Ok(books) => state.last = Some(Arc::new(Made { at, books })),
                Err(error) => {
                    tracing::error!(error = causes(&error), "the books could not be compared");
                }
            }
            again = std::mem::take(&mut state.once_more);
            state.running_since = again.then_some(at);
        });
        if !again {
            return;
        }
        ended.0 = Some(office.clone());
    }
}

/// Says that no comparison is at work, whatever has ended it.
struct Ended(Option<Office>);

impl Drop for Ended {
    fn drop(&mut self) {
        if let Some(office) = &self.0 {
            office.books.send_modify(|state| state.running_since = None);
        }
    }
}
