//! The service's rate limit, kept on our side.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

/// One second more than the minute the service counts, so that calls that
/// travel at different speeds do not arrive within one of its minutes.
const WINDOW: Duration = Duration::from_secs(61);

/// Lets at most so many calls through in any 61 seconds; the others wait their
/// turn, first come, first served. A bucket that refills would let nearly
/// twice as many through in its first minute. Copies count together.
#[derive(Debug, Clone)]
pub struct RateLimit {
    calls: usize,
    /// When the latest calls went out, oldest first; at most `calls` of them.
    sent: Arc<Mutex<VecDeque<Instant>>>,
}

impl RateLimit {
    /// So many calls a minute.
    #[must_use]
    pub fn per_minute(calls: NonZeroU32) -> Self {
        Self {
            calls: usize::try_from(calls.get()).unwrap_or(usize::MAX),
            sent: Arc::default(),
        }
    }

    /// Waits until one more call may go out. Dropping the future gives the turn
    /// to the next in line.
    pub(crate) async fn turn(&self) {
        // Held while waiting: the lock is the queue.
        let mut sent = self.sent.lock().await;
        if sent.len() == self.calls
            && let Some(&oldest) = sent.front()
        {
            sleep_until(oldest + WINDOW).await;
            sent.pop_front();
        }
        sent.push_back(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::timeout;

    fn limit(calls: u32) -> RateLimit {
        RateLimit::per_minute(NonZeroU32::new(calls).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn no_window_ever_holds_more_than_the_limit() {
        let limit = limit(60);
        let start = Instant::now();
        let mut sent = Vec::new();
        for _ in 0..200 {
            limit.turn().await;
            sent.push(Instant::now());
        }
        for calls in sent.windows(61) {
            assert!(calls[60] - calls[0] >= WINDOW);
        }
        assert_eq!(start.elapsed().as_secs(), 3 * 61, "and no slower than that");
    }

    #[tokio::test(start_paused = true)]
    async fn copies_count_together() {
        let (limit, start) = (limit(1), Instant::now());
        limit.clone().turn().await;
        limit.turn().await;
        assert_eq!(start.elapsed(), WINDOW);
    }

    #[tokio::test(start_paused = true)]
    async fn who_stops_waiting_uses_nobodys_turn() {
        let limit = limit(1);
        limit.turn().await;
        let start = Instant::now();
        assert!(
            timeout(Duration::from_secs(10), limit.turn())
                .await
                .is_err()
        );
        limit.turn().await;
        assert_eq!(start.elapsed(), WINDOW);
    }
}
