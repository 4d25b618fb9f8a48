//! What happened in a story: so that nobody takes a simulation for good in which
//! nothing happens.

use crate::Broken;
use crate::house::House;
use db::{DbError, params};
use std::fmt;

/// What is counted, and of what.
const COUNTS: &[(&str, &str)] = &[
    ("checks", "gate_check"),
    ("admissions", "gate_check WHERE admitted = 1"),
    (
        "admissions offline",
        "gate_check WHERE outcome = 'accepted_offline'",
    ),
    (
        "admissions unverified",
        "gate_check WHERE outcome = 'accepted_unverified'",
    ),
    (
        "admissions forced",
        "gate_check WHERE outcome = 'accepted_forced'",
    ),
    ("exits", "gate_check WHERE outcome = 'exit'"),
    (
        "refusals while Otipass was silent",
        "gate_check WHERE outcome = 'partner_unavailable'",
    ),
    (
        "doors that opened after a refusal",
        "gate_check WHERE follows IS NOT NULL",
    ),
    (
        "entries taken back by agents",
        "gate_cancellation WHERE cause = 'agent'",
    ),
    (
        "entries of visitors turned away",
        "gate_cancellation WHERE cause = 'turned_away'",
    ),
    (
        "entries taken back before their sale",
        "box_staged WHERE state = 'cancelled'",
    ),
    ("tickets cancelled", "box_ticket WHERE state = 'CANCELLED'"),
    (
        "disputed entries",
        "gate_declaration WHERE disputed IS NOT NULL",
    ),
    (
        "card numbers removed",
        "gate_check WHERE card_removed_at IS NOT NULL",
    ),
    (
        "files without card numbers",
        "box_stx_file WHERE card_removed_at IS NOT NULL",
    ),
    (
        "checks and cancellations booked from aside",
        "gate_aside WHERE settlement = 'booked'",
    ),
    ("tickets", "box_ticket"),
    ("files", "box_stx_file WHERE kind = 'RUN'"),
    ("files from elsewhere", "box_stx_file WHERE kind = 'UPLOAD'"),
    ("rejected rows", "box_stx_rejection"),
    (
        "prices",
        "(SELECT DISTINCT price_minor FROM box_ticket) AS prices",
    ),
    (
        "tickets sold for nothing",
        "box_ticket WHERE price_minor = 0",
    ),
];

/// What leaves no trace in the books.
const NOT_PERMITTED: &str = "checks that a device may not send";

fn names() -> impl Iterator<Item = &'static str> {
    COUNTS.iter().map(|(name, _)| *name).chain([NOT_PERMITTED])
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
            let count = |(_, from): &(&str, &str)| {
                tx.value(&format!("SELECT COUNT(*) AS n FROM {from}"), params![])
            };
            COUNTS
                .iter()
                .map(count)
                .collect::<Result<Vec<i64>, DbError>>()
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
