//! What the last writes came to, for whoever asks whether the database takes any.

use crate::DbError;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long a failure counts that nobody met again. An operation that failed and
/// is never asked for again must not count for ever.
const COUNTS_FOR: Duration = Duration::from_secs(60);

/// The operations of which the last one failed for the store's sake.
#[derive(Debug, Default)]
pub(crate) struct Writing(Mutex<BTreeMap<&'static str, Failed>>);

#[derive(Debug)]
struct Failed {
    error: DbError,
    at: Instant,
}

impl Failed {
    fn counts(&self, now: Instant) -> bool {
        // A damaged file does not heal; it takes some and not others.
        self.error.is_damage() || now.duration_since(self.at) < COUNTS_FOR
    }
}

impl Writing {
    pub(crate) fn ended(&self, name: &'static str, failed: Option<&DbError>) {
        let mut failures = self.0.lock();
        match failed.filter(|error| error.is_of_the_store() && !error.is_held_up()) {
            Some(error) => {
                let (error, at) = (error.clone(), Instant::now());
                let known = failures.get(name).is_some_and(|of| of.error.is_damage());
                if error.is_damage() || !known {
                    failures.insert(name, Failed { error, at });
                }
            }
            // A statement that is wrong, or that others held up, says nothing of the store.
            None if failed.is_none() => {
                // One that went well met another page than the damaged one.
                failures.retain(|of, Failed { error, .. }| {
                    error.is_damage() || (*of != name && !error.is_of_all())
                });
            }
            None => {}
        }
    }

    pub(crate) fn trouble(&self) -> Option<DbError> {
        let mut failures = self.0.lock();
        let now = Instant::now();
        failures.retain(|_, failed| failed.counts(now));
        failures.values().next().map(|failed| failed.error.clone())
    }
}
