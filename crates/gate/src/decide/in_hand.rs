//! What this process is deciding: each check, and each card at a sector, once at a
//! time.
//!
//! In memory: it saves the database the waiting. What holds across processes are the
//! rows of the intent and of the open question.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

/// What is in hand, by what names it.
#[derive(Debug)]
pub(crate) struct InHand<K> {
    turns: Mutex<HashMap<K, Turns>>,
}

/// Whose turn it is.
#[derive(Debug, Default)]
struct Turns {
    turn: Arc<tokio::sync::Mutex<()>>,
    wanted_by: usize,
}

/// The right to decide, or a place among those who wait for it. The last one takes
/// the name out of the map.
pub(crate) struct Alone<'a, K: Hash + Eq> {
    in_hand: &'a InHand<K>,
    of: K,
    held: Option<tokio::sync::OwnedMutexGuard<()>>,
}

impl<K> Default for InHand<K> {
    fn default() -> Self {
        Self {
            turns: Mutex::default(),
        }
    }
}

impl<K: Hash + Eq + Clone> InHand<K> {
    /// Waits until nobody else has this in hand.
    pub(crate) async fn alone_with(&self, of: K) -> Alone<'_, K> {
        let turn = {
            let mut turns = self.turns.lock();
            let wanted = turns.entry(of.clone()).or_default();
            wanted.wanted_by += 1;
            Arc::clone(&wanted.turn)
        };
        let mut alone = Alone {
            in_hand: self,
            of,
            held: None,
        };
        alone.held = Some(turn.lock_owned().await);
        alone
    }
}

impl<K: Hash + Eq> Drop for Alone<'_, K> {
    fn drop(&mut self) {
        self.held = None;
        let mut turns = self.in_hand.turns.lock();
        let Some(wanted) = turns.get_mut(&self.of) else {
            return;
        };
        wanted.wanted_by -= 1;
        if wanted.wanted_by == 0 {
            turns.remove(&self.of);
        }
    }
}
