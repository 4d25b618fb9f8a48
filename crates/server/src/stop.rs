//! How a worker hears that it is to stop.

use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// How often a worker looks by itself for work that nobody told it of.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// The word to stop. A worker hears it between two steps, never within one:
/// Otipass may have counted what we have yet to record.
pub(crate) struct Stop(pub(crate) CancellationToken);

impl Stop {
    pub(crate) fn is_said(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Waits for `work` that may be dropped, such as a pause.
    pub(crate) async fn or<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        self.0.run_until_cancelled(work).await
    }

    pub(crate) async fn pause(&self, pause: Duration) {
        self.or(tokio::time::sleep(pause)).await;
    }

    /// Waits until there is something to do, or for a while.
    pub(crate) async fn told(&self, due: &Notify) {
        self.or(tokio::time::timeout(LOOK_AGAIN, due.notified()))
            .await;
    }
}
