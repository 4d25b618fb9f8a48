//! How the agent stands, for those who look after it.

use super::{Agent, Jump, Mode, Moment, Passage};
use deviceapi::DeviceSnapshot;
use gate::decide::joining::UNTOLD_MS;
use kernel::{Language, Timestamp};

impl Agent {
    /// How it decides at present, and since when.
    #[must_use]
    pub const fn mode(&self) -> (Mode, Moment) {
        (self.link.mode(), self.link.since())
    }

    /// What it knows of itself.
    #[must_use]
    pub const fn snapshot(&self) -> Option<&DeviceSnapshot> {
        self.snapshot.as_ref()
    }

    pub(super) fn language(&self) -> Language {
        let said = self.snapshot.as_ref().map(|snapshot| snapshot.language);
        let first = self.settings.first_language;
        self.settings.language.or(said).unwrap_or(first)
    }

    /// The SHA-256 of the token it has, in hexadecimal.
    #[must_use]
    pub fn token_sha256(&self) -> &str {
        &self.token_sha256
    }

    /// What the machine's clocks showed last.
    #[must_use]
    pub const fn clocks(&self) -> Moment {
        self.time.clocks()
    }

    /// Its time: the machine's clock, but never set back.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.time.now()
    }

    /// How far the server's clock is ahead of the machine's, in milliseconds.
    #[must_use]
    pub fn offset_ms(&self) -> Option<i64> {
        self.measured.map(|(_, offset_ms)| offset_ms)
    }

    /// The last jump of the machine's clock by more than 30 s.
    #[must_use]
    pub const fn jump(&self) -> Option<Jump> {
        self.time.jump()
    }

    /// How many visitors it has let in today.
    #[must_use]
    pub fn count_today(&self) -> usize {
        self.today.count()
    }

    /// What the door says of an opening.
    #[must_use]
    pub const fn passage(&self) -> Passage {
        self.settings.passage
    }

    /// How often today the door was opened once more under a check, and how often nobody
    /// went through.
    #[must_use]
    pub const fn passages(&self) -> (usize, usize) {
        self.today.passages()
    }

    /// When records must be kept from: today's entries, and scans whose answer
    /// may be asked for again.
    #[must_use]
    pub fn keep_since(&self) -> Timestamp {
        let now = self.time.now();
        let midnight = self.in_zone(|zone| zone.start_of(self.day()));
        midnight.min(now.plus_ms(-2 * UNTOLD_MS))
    }
}
