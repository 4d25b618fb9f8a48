//! What happened in a story: so that nobody takes a simulation for good in which
//! nothing happens.

use crate::Broken;
use crate::house::House;
use db::{DbError, params};
use std::fmt;

/// What is counted.
const COUNTS: &[&str] = &[
    "gate_check",
    "gate_check WHERE admitted = 1",
    "gate_check WHERE outcome = 'accepted_offline'",
    "gate_check WHERE outcome = 'accepted_unverified'",
    "gate_check WHERE outcome = 'accepted_forced'",
    "gate_check WHERE outcome = 'exit'",
    "gate_check WHERE outcome = 'partner_unavailable'",
    "gate_check WHERE follows IS NOT NULL",
    "gate_cancellation WHERE cause = 'agent'",
    "gate_cancellation WHERE cause = 'turned_away'",
    "box_staged WHERE state = 'cancelled'",
    "box_ticket WHERE state = 'CANCELLED'",
    "gate_declaration WHERE disputed IS NOT NULL",
    "gate_check WHERE card_removed_at IS NOT NULL",
    "box_stx_file WHERE card_removed_at IS NOT NULL",
    "gate_aside WHERE settlement = 'booked'",
    "box_ticket",
    "box_stx_file WHERE kind = 'RUN'",
    "box_stx_file WHERE kind = 'UPLOAD'",
    "box_stx_rejection",
    "(SELECT DISTINCT price_minor FROM box_ticket) AS prices",
    "box_ticket WHERE price_minor = 0",
];

/// What leaves no trace in the books.
const NOT_PERMITTED: &str = "checks that a device may not send";

fn names() -> impl Iterator<Item = &'static str> {
    COUNTS.iter().copied().chain([NOT_PERMITTED])
}

/// What happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally(Vec<i64>);

impl Tally {
    /// Counts what the books of `house` show.
    ///
    /// # Errors
    /// If they cannot be read.
    pub async fn of(house: &House) -> Result<Self, Broken> {
        let counted = house.db.read("tally", |tx| {
            let count = |from| tx.value(&format!("SELECT COUNT(*) AS n FROM {from}"), params![]);
            let counts = COUNTS.iter().map(count);
            counts.collect::<Result<Vec<i64>, DbError>>()
        });
        let mut counted = counted.await?;
        counted.push(house.model.not_permitted);
        Ok(Self(counted))
    }

    /// Adds what happened in another story.
    pub fn add(&mut self, other: &Tally) {
        self.0.resize(other.0.len(), 0);
        for (sum, count) in self.0.iter_mut().zip(&other.0) {
            *sum += count;
        }
    }

    /// What never happened.
    pub fn missing(&self) -> impl Iterator<Item = &'static str> {
        let counts = names().zip(&self.0);
        counts.filter_map(|(name, count)| (*count == 0).then_some(name))
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (name, count)) in names().zip(&self.0).enumerate() {
            let comma = if number == 0 { "" } else { ", " };
            write!(f, "{comma}{count} {name}")?;
        }
        Ok(())
    }
}
