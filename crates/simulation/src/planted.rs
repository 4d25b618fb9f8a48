//! Bugs that are planted to test the simulator: in what stands between and around
//! the parts, never in the parts themselves.

kernel::words! {
    /// A planted bug.
    pub enum Planted: "planted bug" {
        /// An admission reaches ticketing under two barcodes.
        DoubleSale = "double-sale",
        /// A batch is acknowledged and its last check is not kept.
        LostJournalEntry = "lost-journal-entry",
        /// A repeated check gets another answer than before.
        ChangedAnswer = "changed-answer",
        /// An account line is a cent off.
        WrongMoney = "wrong-money",
        /// All of a sale is a cent off, and agrees with itself.
        WrongPrice = "wrong-price",
        /// Ticketing never hears of cancellations.
        CancelledStillSold = "cancelled-still-sold",
        /// A refusal is sold.
        RefusedButSold = "refused-but-sold",
        /// Ticketing acknowledges a barcode and forgets it.
        LostDelivery = "lost-delivery",
        /// A ticketing elsewhere acknowledges a barcode and forgets it.
        LostAbroad = "lost-abroad",
        /// A turnstile's disk forgets what it said was on it.
        LyingDisk = "lying-disk",
        /// The reconciliation does not name the last difference.
        OverlookedDifference = "overlooked-difference",
        /// Card numbers go two days too early.
        EarlyRemoval = "early-removal",
        /// What a device's clock showed is the scan time.
        DeviceTime = "device-time",
        /// What a journal brings is booked by the set-up of today.
        TodaysSetUp = "todays-set-up",
        /// A scanner forgets an entry that it has not sent.
        ForgottenEntry = "forgotten-entry",
        /// Two devices that read one card at once ask twice.
        TwoQuestions = "two-questions",
        /// A scanner takes a card that still rests before it for the next visitor's.
        SecondSale = "second-sale",
        /// A dispute counts as told, and the box office never heard of it.
        LostDispute = "lost-dispute",
    }
}
