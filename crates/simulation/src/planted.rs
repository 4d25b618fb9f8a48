//! Bugs that are planted to test the simulator: in what stands between and around
//! the parts, never in the parts themselves.

use std::str::FromStr;

/// A planted bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Planted {
    /// An admission reaches ticketing under two barcodes.
    DoubleSale,
    /// A batch is acknowledged and its last check is not kept.
    LostJournalEntry,
    /// A repeated check gets another answer than before.
    ChangedAnswer,
    /// An account line is a cent off.
    WrongMoney,
    /// All of a sale is a cent off, and agrees with itself.
    WrongPrice,
    /// Ticketing never hears of cancellations.
    CancelledStillSold,
    /// A refusal is sold.
    RefusedButSold,
    /// Ticketing acknowledges a barcode and forgets it.
    LostDelivery,
    /// A turnstile's disk forgets what it said was on it.
    LyingDisk,
    /// The reconciliation does not name the last difference.
    OverlookedDifference,
    /// Card numbers go two days too early.
    EarlyRemoval,
    /// A dispute counts as told, and the box office never heard of it.
    LostDispute,
}

impl Planted {
    /// Every bug.
    pub const ALL: [Planted; 12] = [
        Planted::DoubleSale,
        Planted::LostJournalEntry,
        Planted::ChangedAnswer,
        Planted::WrongMoney,
        Planted::WrongPrice,
        Planted::CancelledStillSold,
        Planted::RefusedButSold,
        Planted::LostDelivery,
        Planted::LyingDisk,
        Planted::OverlookedDifference,
        Planted::EarlyRemoval,
        Planted::LostDispute,
    ];

    /// Its name on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Planted::DoubleSale => "double-sale",
            Planted::LostJournalEntry => "lost-journal-entry",
            Planted::ChangedAnswer => "changed-answer",
            Planted::WrongMoney => "wrong-money",
            Planted::WrongPrice => "wrong-price",
            Planted::CancelledStillSold => "cancelled-still-sold",
            Planted::RefusedButSold => "refused-but-sold",
            Planted::LostDelivery => "lost-delivery",
            Planted::LyingDisk => "lying-disk",
            Planted::OverlookedDifference => "overlooked-difference",
            Planted::EarlyRemoval => "early-removal",
            Planted::LostDispute => "lost-dispute",
        }
    }
}

impl FromStr for Planted {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let mut all = Planted::ALL.into_iter();
        all.find(|bug| bug.as_str() == word).ok_or_else(|| {
            let known = Planted::ALL.map(Planted::as_str).join(", ");
            format!("there is no such bug; choose one of {known}")
        })
    }
}
