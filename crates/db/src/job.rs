use crate::{DbError, Tx};
use std::panic::{AssertUnwindSafe, catch_unwind};
use tokio::sync::{mpsc, oneshot};

/// Where closures wait for a database thread.
#[derive(Clone)]
pub(crate) enum Queue {
    /// Its other end is with a thread.
    Thread(mpsc::Sender<Box<dyn Job>>),
    /// There is no thread: whoever brings a closure waits while it runs.
    #[cfg(feature = "testing")]
    InStep(std::sync::Arc<crate::testing::InStep>),
}

impl Queue {
    pub(crate) async fn put(&self, job: Box<dyn Job>) -> Result<(), DbError> {
        match self {
            Queue::Thread(sender) => sender.send(job).await.map_err(|_| DbError::Closed),
            #[cfg(feature = "testing")]
            Queue::InStep(in_step) => {
                in_step.perform(job).await;
                Ok(())
            }
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// What is to become of the changes a run made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Keep,
    Undo,
}

/// One closure on its way through a database thread: run (perhaps more than
/// once), then finished exactly once.
pub(crate) trait Job: Send {
    fn name(&self) -> &'static str;
    fn access(&self) -> Access;
    fn run(&mut self, tx: &mut Tx<'_>) -> Verdict;
    /// Tells the caller: what the last run returned, or why it did not hold.
    fn finish(self: Box<Self>, outcome: Result<(), DbError>);
}

pub(crate) struct Closure<T, E, F> {
    name: &'static str,
    access: Access,
    work: F,
    result: Option<Result<T, E>>,
    answer: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Closure<T, E, F> {
    pub(crate) fn new(
        name: &'static str,
        access: Access,
        work: F,
        answer: oneshot::Sender<Result<T, E>>,
    ) -> Self {
        Self {
            name,
            access,
            work,
            result: None,
            answer,
        }
    }
}

impl<T, E, F> Job for Closure<T, E, F>
where
    F: Fn(&mut Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<DbError> + Send,
{
    fn name(&self) -> &'static str {
        self.name
    }

    fn access(&self) -> Access {
        self.access
    }

    fn run(&mut self, tx: &mut Tx<'_>) -> Verdict {
        let work = &self.work;
        let result = catch_unwind(AssertUnwindSafe(|| work(tx)))
            .unwrap_or_else(|_| Err(DbError::Panicked { name: self.name }.into()));
        let verdict = if result.is_ok() {
            Verdict::Keep
        } else {
            Verdict::Undo
        };
        self.result = Some(result);
        verdict
    }

    fn finish(self: Box<Self>, outcome: Result<(), DbError>) {
        let result = match (self.result, outcome) {
            // Also for a closure that refused: it may have refused because of
            // what another one did, and that was undone.
            (_, Err(error)) => Err(error.into()),
            (Some(result), Ok(())) => result,
            (None, Ok(())) => Err(DbError::Closed.into()),
        };
        // A caller that went away does not need the answer; the work is done.
        drop(self.answer.send(result));
    }
}
