//! A database without a thread, for simulations.

use crate::job::Job;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many steps were taken. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct Steps(Arc<AtomicU64>);

impl Steps {
    /// How many.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Takes one: the caller is pending once.
    pub async fn take(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
        let mut pending = true;
        std::future::poll_fn(|context| {
            if std::mem::take(&mut pending) {
                context.waker().wake_by_ref();
                return std::task::Poll::Pending;
            }
            std::task::Poll::Ready(())
        })
        .await;
    }
}

/// What stands in for a database thread.
#[derive(Clone)]
pub(crate) struct InStep {
    /// Runs a closure, to its end.
    pub(crate) perform: Arc<dyn Fn(Box<dyn Job>) + Send + Sync>,
    pub(crate) steps: Steps,
}
