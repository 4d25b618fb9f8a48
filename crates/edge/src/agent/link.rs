//! Whether the server is asked, or the device decides by itself: pure.

use super::Moment;

kernel::words! {
    /// How the device decides.
    pub enum Mode: "mode" {
        /// The server is asked.
        Online = "online",
        /// The device decides by itself, and looks for the server meanwhile.
        Offline = "offline",
        /// The server does not know the token any more: nobody is admitted.
        Refused = "refused",
    }
}

/// The longest pause between two looks for the server.
const LONGEST_PAUSE_MS: u64 = 10_000;
/// How often the device looks whether anything changed while all is well, or
/// while its token is refused; and at least, whatever the server asks for.
const REFRESH_MS: u64 = 60_000;

#[derive(Debug)]
pub(crate) struct Link {
    mode: Mode,
    since: Moment,
    looking: bool,
    next_look_up_ms: u64,
    /// Failures since the server last decided a check or took a batch. A look
    /// that succeeds does not count: a line on which only looks get through
    /// would cost a visitor the wait again and again.
    failures: u32,
}

impl Link {
    pub(crate) const fn new(mode: Mode, now: Moment) -> Self {
        Self {
            mode,
            since: now,
            looking: false,
            next_look_up_ms: now.up_ms,
            failures: 0,
        }
    }

    pub(crate) const fn mode(&self) -> Mode {
        self.mode
    }

    pub(crate) const fn since(&self) -> Moment {
        self.since
    }

    /// Whether to look for the server now. It is on the way then.
    pub(crate) fn look(&mut self, now: Moment) -> bool {
        let due = !self.looking && now.up_ms >= self.next_look_up_ms;
        self.looking |= due;
        due
    }

    /// A question was not answered, or the server cannot answer for the time
    /// being.
    pub(crate) fn lost(&mut self, wait_at_least_ms: u64, now: Moment) {
        if self.mode == Mode::Online {
            self.enter(Mode::Offline, now);
        }
        self.failures = self.failures.saturating_add(1);
        let doubled = 500_u64.saturating_mul(1 << self.failures.min(8));
        let pause = doubled.min(LONGEST_PAUSE_MS).max(wait_at_least_ms);
        let pause = pause.min(REFRESH_MS);
        self.next_look_up_ms = now.up_ms.saturating_add(pause);
    }

    /// The server decided a check or took a batch.
    pub(crate) const fn served(&mut self) {
        self.failures = 0;
    }

    /// A look came back: the server is there, and knows us.
    pub(crate) fn found(&mut self, now: Moment) {
        self.looking = false;
        let mut pause = REFRESH_MS;
        if self.mode != Mode::Online {
            self.enter(Mode::Online, now);
            // This look reported the mode of before.
            pause = 0;
        }
        self.next_look_up_ms = now.up_ms.saturating_add(pause);
    }

    /// A look came back without the server.
    pub(crate) fn not_found(&mut self, wait_at_least_ms: u64, now: Moment) {
        self.looking = false;
        self.lost(wait_at_least_ms, now);
    }

    /// The server does not know the token.
    pub(crate) fn refused(&mut self, now: Moment) {
        self.looking = false;
        self.next_look_up_ms = now.up_ms.saturating_add(REFRESH_MS);
        if self.mode != Mode::Refused {
            self.enter(Mode::Refused, now);
        }
    }

    const fn enter(&mut self, mode: Mode, now: Moment) {
        self.mode = mode;
        self.since = now;
    }
}
