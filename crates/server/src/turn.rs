//! Whose turn it is: what has one counterpart outside is done by one of the processes
//! that share a database.

use crate::stop::{LOOK_AGAIN, Stop};
use db::{Db, Held, Lease};
use kernel::{Clock, SystemClock, causes};
use std::pin::pin;
use std::time::Duration;
use tokio::time::Instant;
use uuid::Uuid;

/// How often a process that has the turn says so, and one that has not looks.
const RENEW: Duration = Duration::from_secs(3);

/// The processes' turn at one thing. It goes by real time, also in a replay: it says
/// when others may begin, and dates nothing.
pub(crate) struct Turn(Lease);

impl Turn {
    pub(crate) fn at(what: &'static str, db: &Db) -> Self {
        Self(Lease::new(db.urgent(), what, Uuid::new_v4().to_string()))
    }

    /// Waits until it is ours; none when the service ends first.
    pub(crate) async fn comes(&self, stop: &Stop) -> Option<Held> {
        while !stop.is_said() {
            match self.0.take(SystemClock.now()).await {
                Ok(Held::Elsewhere) => stop.pause(RENEW).await,
                Ok(held) => return Some(held),
                Err(error) => {
                    tracing::warn!(error = causes(&error), "nobody knows whose turn it is");
                    stop.pause(LOOK_AGAIN).await;
                }
            }
        }
        None
    }

    /// Pauses, and keeps the turn meanwhile, as far as it can.
    pub(crate) async fn pause(&self, pause: Duration, stop: &Stop) {
        let end = Instant::now() + pause;
        while !stop.is_said() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            stop.pause(left.min(RENEW)).await;
            self.keep().await;
        }
    }

    /// Does `work`, and keeps the turn meanwhile, as far as it can.
    pub(crate) async fn during<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return done,
                () = tokio::time::sleep(RENEW) => {}
            }
            // Both go on: a database that is slow to renew the turn holds up no work.
            let mut keep = pin!(self.keep());
            tokio::select! {
                done = &mut work => return done,
                () = &mut keep => {}
            }
        }
    }

    async fn keep(&self) {
        if let Err(error) = self.0.take(SystemClock.now()).await {
            tracing::warn!(error = causes(&error), "the turn could not be kept");
        }
    }

    /// Leaves it to the others.
    pub(crate) async fn ends(&self) {
        if let Err(error) = self.0.release().await {
            tracing::warn!(error = causes(&error), "the turn ends by itself");
        }
    }
}
