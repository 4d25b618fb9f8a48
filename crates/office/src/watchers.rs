//! The places of those who watch the day. Whoever takes one and never reads must
//! not keep others out.

use parking_lot::Mutex;
use staff::AccountId;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The most who watch at a time.
const WATCHERS_MAX: usize = 64;

/// The most of them with one account.
const OF_ONE_ACCOUNT_MAX: usize = 8;

/// Who watches, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Watchers(Mutex<VecDeque<Watching>>);

#[derive(Debug)]
struct Watching {
    account: AccountId,
    ended: CancellationToken,
}

/// A place, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    of: Arc<Watchers>,
    /// Cancelled when another takes it.
    pub(crate) ended: CancellationToken,
}

impl Watchers {
    /// A place for one more. Where there is none, the oldest goes: of the same
    /// account, if that has its share.
    pub(crate) fn take(self: &Arc<Self>, account: AccountId) -> Place {
        let ended = CancellationToken::new();
        let mut watching = self.0.lock();
        let mut own = (watching.iter().enumerate()).filter(|(_, other)| other.account == account);
        let oldest = own.next().map_or(0, |(at, _)| at);
        let goes = match own.count() + 1 >= OF_ONE_ACCOUNT_MAX {
            true => Some(oldest),
            false => (watching.len() >= WATCHERS_MAX).then_some(0),
        };
        if let Some(gone) = goes.and_then(|at| watching.remove(at)) {
            gone.ended.cancel();
        }
        watching.push_back(Watching {
            account,
            ended: ended.clone(),
        });
        Place {
            of: Arc::clone(self),
            ended,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.ended.cancel();
        let mut watching = self.of.0.lock();
        watching.retain(|other| !other.ended.is_cancelled());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_later_gets_a_place_and_the_oldest_goes() {
        let watchers = Arc::new(Watchers::default());
        let place = |account: i64| watchers.take(AccountId(account));
        let honest = place(1);
        let greedy: Vec<_> = (0..100).map(|_| place(2)).collect();
        let ended = greedy.iter().filter(|place| place.ended.is_cancelled());
        assert_eq!(ended.count(), 100 - OF_ONE_ACCOUNT_MAX);
        assert!(
            !honest.ended.is_cancelled(),
            "they take their own places only"
        );
        drop(greedy);
        assert_eq!(watchers.0.lock().len(), 1);
        let many: Vec<_> = (2..66).map(place).collect();
        assert!(honest.ended.is_cancelled(), "it was the oldest");
        assert!(!many.iter().any(|place| place.ended.is_cancelled()));
    }
}
