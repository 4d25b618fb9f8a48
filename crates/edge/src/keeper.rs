//! The thread that owns the door. Everything that happens comes to it as a
//! message; what is to be said over the network goes to the runtime.

use crate::agent::{Answer, Delivered, Errand, Event, Lane, Moment, Went, Wish};
use crate::config::EdgeConfig;
use crate::door::Door;
use crate::pass_list::{KeptList, TakeError};
use crate::server::ServerClient;
use crate::status::Status;
use crate::wire::Reply;
use deviceapi::{DeviceSnapshot, OfflinePolicy};
use kernel::{CheckId, Clock};
use parking_lot::Mutex;
use rustix::time::{ClockId, clock_gettime};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, sync_channel};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use uuid::Uuid;

/// How often the door looks at its clocks when nothing happens.
const TICK: Duration = Duration::from_millis(200);

/// The answer, with the check if it is the answer to one.
type Told = (Option<CheckId>, Answer);

pub(crate) enum Message {
    Line(u64, Wish, SyncSender<Told>),
    Event(Box<Event>),
    Stop,
}

/// The way to the keeper.
#[derive(Debug, Clone)]
pub(crate) struct ToKeeper(pub(crate) Sender<Message>);

impl ToKeeper {
    /// Waits for the answer to a line of this source; `None` when the process ends.
    pub(crate) fn wait_for(&self, source: u64, wish: Wish) -> Option<Told> {
        let (respond, answer) = sync_channel(1);
        self.0.send(Message::Line(source, wish, respond)).ok()?;
        answer.recv().ok()
    }

    /// A connection has ended.
    pub(crate) fn ended(&self, source: u64) {
        let (lane, went) = (Lane { source, line: 0 }, Went::Ended);
        self.event(Event::Line(lane, Wish::Passage(went)));
    }

    pub(crate) fn told(&self, check: CheckId, delivered: Delivered) {
        self.event(Event::Told { check, delivered });
    }

    /// The keeper has ended if this fails, and the process is about to.
    fn event(&self, event: Event) {
        let _ = self.0.send(Message::Event(Box::new(event)));
    }

    pub(crate) fn stop(&self) {
        let _ = self.0.send(Message::Stop);
    }
}

/// What the status page and the status line show.
pub(crate) type SharedStatus = Arc<Mutex<Status>>;

/// The clocks.
#[derive(Debug, Clone)]
pub(crate) struct Clocks {
    wall: Arc<dyn Clock>,
    boot: Uuid,
}

impl Clocks {
    pub(crate) fn new(wall: Arc<dyn Clock>) -> Self {
        // Without the kernel's name for this start of the machine, the age of a
        // scan is not known after a restart of the process.
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
        let boot = boot.ok().and_then(|id| id.trim().parse().ok());
        Self {
            wall,
            boot: boot.unwrap_or_else(Uuid::new_v4),
        }
    }

    pub(crate) fn now(&self) -> Moment {
        let up = clock_gettime(ClockId::Boottime);
        let up_ms = up.tv_sec.saturating_mul(1_000) + up.tv_nsec / 1_000_000;
        Moment {
            wall: self.wall.now(),
            up_ms: u64::try_from(up_ms).unwrap_or(0),
            boot: self.boot,
        }
    }
}

pub(crate) struct Keeper {
    pub(crate) door: Door,
    pub(crate) clocks: Clocks,
    pub(crate) client: ServerClient,
    pub(crate) config: Arc<EdgeConfig>,
    pub(crate) runtime: Handle,
    pub(crate) to_keeper: ToKeeper,
    pub(crate) pass_list: KeptList,
    pub(crate) status: SharedStatus,
    pub(crate) waiting: HashMap<Lane, SyncSender<Told>>,
    pub(crate) lanes: u64,
}

impl Keeper {
    /// Works until it is told to stop.
    pub(crate) fn run(mut self, messages: &Receiver<Message>) {
        let mut last_tick = Instant::now();
        self.handle(Event::Tick);
        loop {
            match messages.recv_timeout(TICK) {
                Ok(Message::Line(source, wish, respond)) => self.line(source, wish, respond),
                Ok(Message::Event(event)) => self.handle(*event),
                Err(RecvTimeoutError::Timeout) => {}
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => break,
            }
            // Also when there is always something to do.
            if last_tick.elapsed() >= TICK {
                last_tick = Instant::now();
                self.handle(Event::Tick);
            }
            *self.status.lock() = self.door.status();
        }
        self.door.sync();
    }

    /// Each line is a lane of its own: it is answered once.
    fn line(&mut self, source: u64, wish: Wish, respond: SyncSender<Told>) {
        self.lanes += 1;
        let line = self.lanes;
        let lane = Lane { source, line };
        self.waiting.insert(lane, respond);
        self.handle(Event::Line(lane, wish));
    }

    fn handle(&mut self, event: Event) {
        let errands = self.door.step(event, self.clocks.now());
        for errand in errands {
            self.run_errand(errand);
        }
    }

    fn run_errand(&mut self, errand: Errand) {
        let (client, back) = (self.client.clone(), self.to_keeper.clone());
        match errand {
            Errand::Tell {
                lane,
                check,
                answer,
            } => {
                let delivered = self
                    .waiting
                    .remove(&lane)
                    .is_some_and(|respond| respond.send((check, answer)).is_ok());
                if let (false, Some(check)) = (delivered, check) {
                    back.told(check, Delivered::No);
                }
            }
            Errand::Ask(attempt) => {
                let budget_ms = self.door.decision_budget_ms();
                self.runtime.spawn(async move {
                    let reply = client.ask(&attempt, budget_ms).await;
                    let check = attempt.id;
                    back.event(Event::Answered { check, reply });
                });
            }
            Errand::Send(body) => {
                self.runtime.spawn(async move {
                    let reply = client.batch(&body).await;
                    back.event(Event::Sent { reply });
                });
            }
            Errand::Look(report) => {
                let (config, clocks) = (Arc::clone(&self.config), self.clocks.clone());
                let pass_list = self.pass_list.clone();
                self.runtime.spawn(async move {
                    // Enrolled again meanwhile?
                    match client.renew_token(&config) {
                        Ok(Some(sha256)) => back.event(Event::NewToken { sha256 }),
                        Ok(None) => {}
                        Err(error) => tracing::warn!(error = kernel::causes(&error)),
                    }
                    let sent = clocks.now();
                    let reply = client.look(&report).await;
                    let guarded = is_guarded(&reply);
                    back.event(Event::Looked { reply, sent });
                    if guarded {
                        renew(&pass_list, &client).await;
                    }
                });
            }
        }
    }
}

fn is_guarded(reply: &Reply<Box<DeviceSnapshot>>) -> bool {
    matches!(reply, Reply::Answer(snapshot) if snapshot.offline_policy == OfflinePolicy::Guarded)
}

/// Brings the list of refused passes up to date. After a whole, once more: its
/// differences may be newer.
async fn renew(list: &KeptList, client: &ServerClient) {
    for _ in 0..2 {
        let base = list.base();
        let Some((sent, token)) = client.pass_list(base).await else {
            return;
        };
        if let Err(error) = list.take(&sent, &token) {
            tracing::warn!(
                error = kernel::causes(&error),
                "the pass list is not renewed"
            );
            if matches!(error, TakeError::Problem(_)) {
                list.forget();
            }
            return;
        }
        if list.base() == base {
            return;
        }
    }
}
