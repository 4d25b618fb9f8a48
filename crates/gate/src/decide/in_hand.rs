//! The checks that this process is deciding, each once at a time.

use kernel::CheckId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

type Turn = Arc<tokio::sync::Mutex<()>>;

/// Checks in hand: the same id asks Otipass once at a time.
///
/// In memory: it saves the database the waiting. What holds across processes is the
/// intent's row, which names who asks about it and until when.
#[derive(Debug, Default)]
pub(crate) struct ChecksInHand {
    turns: Mutex<HashMap<CheckId, Turn>>,
    /// Tells those who wait for another check of their card that one was decided.
    decided: Notify,
}

/// The right to decide one check. Its place in the map goes with the last one
/// who wanted it.
pub(crate) struct Alone<'a> {
    checks: &'a ChecksInHand,
    id: CheckId,
    turn: Turn,
    held: Option<tokio::sync::OwnedMutexGuard<()>>,
}

impl ChecksInHand {
    /// Comes when a check is decided after this.
    pub(crate) fn decided(&self) -> Notified<'_> {
        self.decided.notified()
    }

    /// Waits until nobody else decides the check `id`.
    pub(crate) async fn alone_with(&self, id: CheckId) -> Alone<'_> {
        let turn = Arc::clone(self.turns().entry(id).or_default());
        let held = Arc::clone(&turn).lock_owned().await;
        Alone {
            checks: self,
            id,
            turn,
            held: Some(held),
        }
    }

    fn turns(&self) -> MutexGuard<'_, HashMap<CheckId, Turn>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        self.held = None;
        self.checks.decided.notify_waiters();
        let mut turns = self.checks.turns();
        // One count is ours, one the map's.
        if Arc::strong_count(&self.turn) == 2 {
            turns.remove(&self.id);
        }
    }
}
