//! Many seeds, on all cores.

use crate::planted::Planted;
use crate::story::{BrokenStory, tell};
use crate::tally::Tally;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What is to be played.
#[derive(Debug, Clone, Copy)]
pub struct Orders {
    /// The first seed.
    pub from: u64,
    /// How many seeds.
    pub seeds: u64,
    /// How many operations each story has.
    pub operations: usize,
    /// A planted bug.
    pub planted: Option<Planted>,
    /// How many threads play.
    pub threads: usize,
    /// Whether to go on after the first broken story.
    pub go_on: bool,
}

/// Plays all of it, and calls `progress` with the number of stories played.
/// Gives the broken ones, by seed, and what happened in the others.
pub fn play(orders: Orders, progress: impl Fn(u64) + Sync) -> (Vec<BrokenStory>, Tally) {
    let next = AtomicU64::new(orders.from);
    let end = orders.from.saturating_add(orders.seeds);
    let played = AtomicU64::new(0);
    let stop = AtomicBool::new(false);
    let broken = Mutex::new(Vec::new());
    let tally = Mutex::new(Tally::default());
    std::thread::scope(|scope| {
        for _ in 0..orders.threads.max(1) {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        return;
                    }
                    match tell(seed, orders.operations, orders.planted) {
                        Ok(one) => tally.lock().add(&one),
                        Err(story) => {
                            stop.fetch_or(!orders.go_on, Ordering::Relaxed);
                            broken.lock().push(*story);
                        }
                    }
                    progress(played.fetch_add(1, Ordering::Relaxed) + 1);
                }
            });
        }
    });
    let mut broken = broken.into_inner();
    broken.sort_by_key(|story| story.seed);
    (broken, tally.into_inner())
}
