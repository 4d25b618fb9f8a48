use crate::writing::Writing;
use crate::{DbError, Tx};
use parking_lot::Mutex;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// How many closures may wait for a database thread before callers wait for a
/// place in the queue.
pub(crate) const QUEUE_LIMIT: usize = 4096;

/// Where closures wait for a database thread.
#[derive(Clone)]
pub(crate) enum Queue {
    /// Its other end is with a thread.
    Thread(mpsc::Sender<Box<dyn Job>>),
    /// There is no thread: whoever brings a closure waits while it runs.
    #[cfg(feature = "testing")]
    InStep(crate::steps::InStep),
}

impl Queue {
    /// A queue that `workers` empty, each on a thread of its own.
    pub(crate) fn with_threads<W>(
        name: &str,
        workers: impl IntoIterator<Item = W>,
    ) -> Result<Self, DbError>
    where
        W: FnMut(Box<dyn Job>) + Send + 'static,
    {
        let (sender, waiting) = mpsc::channel::<Box<dyn Job>>(QUEUE_LIMIT);
        let waiting = Arc::new(Mutex::new(waiting));
        for (number, mut work) in workers.into_iter().enumerate() {
            let waiting = Arc::clone(&waiting);
            let next = move || waiting.lock().blocking_recv();
            std::thread::Builder::new()
                .name(format!("{name}-{number}"))
                .spawn(move || {
                    while let Some(job) = next() {
                        work(job);
                    }
                })
                .map_err(DbError::unavailable)?;
        }
        Ok(Self::Thread(sender))
    }

    /// What does not keep the thread alive; none if there is no thread.
    pub(crate) fn weak(&self) -> Option<mpsc::WeakSender<Box<dyn Job>>> {
        match self {
            Queue::Thread(sender) => Some(sender.downgrade()),
            #[cfg(feature = "testing")]
            Queue::InStep(_) => None,
        }
    }

    pub(crate) async fn run<T, E, F>(
        &self,
        access: Access,
        name: &'static str,
        writing: &Arc<Writing>,
        work: F,
    ) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        self.put(Box::new(Closure {
            name,
            access,
            work,
            result: None,
            failed: None,
            writing: Arc::clone(writing),
            asked_at: Instant::now(),
            answer,
        }))
        .await?;
        answered.await.map_err(|_| DbError::Closed)?
    }

    async fn put(&self, job: Box<dyn Job>) -> Result<(), DbError> {
        match self {
            Queue::Thread(sender) => sender.send(job).await.map_err(|_| DbError::Closed),
            #[cfg(feature = "testing")]
            Queue::InStep(in_step) => {
                (in_step.perform)(job);
                in_step.steps.take().await;
                Ok(())
            }
        }
    }
}

/// The queues of one database.
#[derive(Clone)]
pub(crate) struct Queues {
    pub(crate) writes: Queue,
    pub(crate) reads: Queue,
    /// For what a visitor waits for, if it has connections of its own.
    pub(crate) urgent: Option<Queue>,
}

impl Queues {
    pub(crate) const fn of(writes: Queue, reads: Queue) -> Self {
        Self {
            writes,
            reads,
            urgent: None,
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
    Commit,
    RollBack,
}

/// One closure on its way through a database thread: run (perhaps more than
/// once), then finished exactly once.
pub(crate) trait Job: Send {
    fn name(&self) -> &'static str;
    fn access(&self) -> Access;
    /// Whether nobody asked for it: the thread is to look after its file.
    fn is_upkeep(&self) -> bool {
        false
    }
    /// How long it waits already; none if whoever asked has gone meanwhile.
    fn waits(&self) -> Option<Duration> {
        Some(Duration::ZERO)
    }
    fn run(&mut self, tx: &mut Tx<'_>) -> Verdict;
    /// Tells the caller: what the last run returned, or why it did not hold.
    fn finish(self: Box<Self>, outcome: Result<(), DbError>);
}

/// The word to look after the file; among others it does nothing.
pub(crate) struct Upkeep;

impl Job for Upkeep {
    fn name(&self) -> &'static str {
        "upkeep"
    }

    fn access(&self) -> Access {
        Access::Write
    }

    fn is_upkeep(&self) -> bool {
        true
    }

    fn run(&mut self, _: &mut Tx<'_>) -> Verdict {
        Verdict::Commit
    }

    fn finish(self: Box<Self>, _: Result<(), DbError>) {}
}

struct Closure<T, E, F> {
    name: &'static str,
    access: Access,
    work: F,
    result: Option<Result<T, E>>,
    /// What the engine said to the last run.
    failed: Option<DbError>,
    writing: Arc<Writing>,
    asked_at: Instant,
    answer: oneshot::Sender<Result<T, E>>,
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

    fn waits(&self) -> Option<Duration> {
        (!self.answer.is_closed()).then(|| self.asked_at.elapsed())
    }

    fn run(&mut self, tx: &mut Tx<'_>) -> Verdict {
        let work = &self.work;
        let result = catch_unwind(AssertUnwindSafe(|| work(tx)))
            .unwrap_or_else(|_| Err(DbError::Panicked { name: self.name }.into()));
        let verdict = if result.is_ok() {
            Verdict::Commit
        } else {
            Verdict::RollBack
        };
        self.result = Some(result);
        self.failed = tx.failed().cloned();
        verdict
    }

    fn finish(self: Box<Self>, outcome: Result<(), DbError>) {
        if self.access == Access::Write {
            let failed = outcome.as_ref().err().or(self.failed.as_ref());
            self.writing.ended(self.name, failed);
        }
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
