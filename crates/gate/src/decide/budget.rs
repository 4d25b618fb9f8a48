use std::time::Duration;
use tokio::time::Instant;

/// One part in so many of the budget is kept for the record and the way back,
/// and asking is not begun with less than that.
const PARTS: u32 = 8;

/// What is left of the time a visitor may wait: a stopwatch, not a clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    total: Duration,
    started: Instant,
}

impl Budget {
    pub(crate) fn start(total: Duration) -> Self {
        Self {
            total,
            started: Instant::now(),
        }
    }

    /// How long Otipass may take; `None` if there is too little time left to ask.
    pub(crate) fn for_asking(&self) -> Option<Duration> {
        let part = self.total / PARTS;
        self.total
            .checked_sub(self.started.elapsed() + part)
            .filter(|left| *left >= part)
    }

    /// How long to wait for another check of the card; `None` if no more time is left
    /// than the record takes.
    pub(crate) fn for_waiting(&self) -> Option<Duration> {
        let part = self.total / PARTS;
        let left = self.total.checked_sub(self.started.elapsed() + part);
        left.filter(|left| !left.is_zero())
    }

    /// Whether a visitor has waited long since `asked`.
    pub(crate) fn was_long_since(&self, asked: Instant) -> bool {
        asked.elapsed() >= self.total / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn asking_leaves_time_for_the_record() {
        let budget = Budget::start(Duration::from_millis(1_600));
        assert_eq!(budget.for_asking(), Some(Duration::from_millis(1_400)));
        tokio::time::advance(Duration::from_millis(1_200)).await;
        assert_eq!(budget.for_asking(), Some(Duration::from_millis(200)));
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(budget.for_asking(), None);
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(budget.for_asking(), None);
    }
}
