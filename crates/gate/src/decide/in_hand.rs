//! The checks that this process is deciding, each once at a time.

use kernel::CheckId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;

/// Checks in hand: the same id asks Otipass once at a time.
///
/// In memory: it saves the database the waiting. What holds across processes is the
/// intent's row, which names who asks about it and until when.
#[derive(Debug, Default)]
pub(crate) struct ChecksInHand {
    turns: Mutex<HashMap<CheckId, Turns>>,
}

/// Whose turn it is to decide one check.
#[derive(Debug, Default)]
struct Turns {
    turn: Arc<tokio::sync::Mutex<()>>,
    /// Tells those who wait for this check.
    ended: Arc<Notify>,
    wanted_by: usize,
}

/// The right to decide one check, or a place among those who wait for it. The last
/// one takes the check out of the map.
pub(crate) struct Alone<'a> {
    checks: &'a ChecksInHand,
    id: CheckId,
    held: Option<tokio::sync::OwnedMutexGuard<()>>,
}

impl ChecksInHand {
    /// Comes when the check `id` is let go of; none if nobody here has it.
    pub(crate) fn ended(&self, id: CheckId) -> Option<OwnedNotified> {
        let turns = self.turns();
        let ended = &turns.get(&id)?.ended;
        Some(Arc::clone(ended).notified_owned())
    }

    /// Waits until nobody else decides the check `id`.
    pub(crate) async fn alone_with(&self, id: CheckId) -> Alone<'_> {
        let turn = {
            let mut turns = self.turns();
            let wanted = turns.entry(id).or_default();
            wanted.wanted_by += 1;
            Arc::clone(&wanted.turn)
        };
        let mut alone = Alone {
            checks: self,
            id,
            held: None,
        };
        alone.held = Some(turn.lock_owned().await);
        alone
    }

    fn turns(&self) -> MutexGuard<'_, HashMap<CheckId, Turns>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        self.held = None;
        let mut turns = self.checks.turns();
        let Some(wanted) = turns.get_mut(&self.id) else {
            return;
        };
        wanted.ended.notify_waiters();
        wanted.wanted_by -= 1;
        if wanted.wanted_by == 0 {
            turns.remove(&self.id);
        }
    }
}
