//! The server's side of a story: databases, gate, box office, partners; and the
//! line to it.

use crate::bookkeeping::Bookkeeping;
use crate::desk::{self, Answer, Message, Reply};
use crate::generator::{Seller, Setting};
use crate::model::{Arrived, Model};
use crate::operation::{Line, TicketingMood, Worker};
use crate::partner::Otipass;
use crate::site::{self, Meaning, Posts, PriceList};
use crate::ticketing::{Abroad, Way};
use crate::{Broken, Planted, trade};
use boxoffice::catalogue::apply_catalogue;
use boxoffice::{BoxOffice, Catalogue};
use db::Db;
use db::testing::Steps;
use deviceapi::BatchResult;
use gate::{DeviceToken, Gate, InterfaceSettings};
use kernel::{CheckId, Clock, ManualClock};
use sandbox::{Sandbox, SandboxSettings};
use secutix::stx::Dialect;
use std::collections::VecDeque;

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

/// How long recovery leaves an open check to its device, as the server's worker
/// does.
const RECOVER_AFTER_MS: i64 = 30_000;
/// How many steps a worker takes at most when its turn comes.
const AT_A_TURN: u32 = 5;

/// The server and what stands behind it.
pub struct House {
    /// What holds for the story.
    pub setting: Setting,
    /// A planted bug.
    pub planted: Option<Planted>,
    /// The database of gate and box office.
    pub db: Db,
    /// The server's clock.
    pub clock: ManualClock,
    /// Otipass.
    pub otipass: Otipass,
    /// What people know.
    pub model: Model,
    /// How ticketing answers.
    pub ticketing: (TicketingMood, u8),
    /// The catalogue that was entered last.
    pub catalogue: Catalogue,
    /// The model's prices.
    pub prices: PriceList,
    /// Where devices hang.
    pub posts: Posts,
    /// The site's gate.
    pub gate: Arc<Gate>,
    /// The box office.
    pub box_office: Arc<BoxOffice>,
    /// The ticketing elsewhere, if that is who sells.
    pub abroad: Option<Abroad>,
    /// How many barcodes strangers have sold.
    pub strangers: u32,
    mapping: (bool, bool),
    steps: Steps,
    late: VecDeque<(DeviceToken, Message)>,
    held_up: Vec<Answering>,
    /// Checks that may be among these, with their devices.
    held_up_checks: Vec<(u8, CheckId)>,
    /// What was said while nobody listened.
    unheard: Vec<Answered>,
}

/// What the server says in the end, or what would be a 500.
type Answered = Result<Reply, String>;
/// A request that the server is at.
type Answering = Pin<Box<dyn Future<Output = Answered>>>;

impl House {
    /// Opens for the first time.
    ///
    /// # Errors
    /// If that fails.
    pub async fn open(setting: Setting, planted: Option<Planted>) -> Result<Self, Broken> {
        let start = site::first_moment().plus_ms(i64::from(setting.begins_at_hour) * 3_600_000);
        let clock = ManualClock::new(start);
        let (db, steps) = db::testing::sqlite_in_step()?;
        let posts = site::FIRST_POSTS;
        let site = site::site(&posts)?;
        let contract = otipass::Contract {
            references: setting.references,
            ..otipass::Contract::default()
        };
        let sandbox = SandboxSettings {
            contract,
            ..SandboxSettings::new("villeneuve", site.zone.clone(), Arc::new(clock.clone()))
        };
        let sandbox = Sandbox::new(site::passes()?, sandbox);
        let otipass = Otipass::new(sandbox, clock.clone(), steps.clone());
        let catalogue = site::catalogue()?;
        db.migrate(books::SCHEMAS, clock.now()).await?;
        let applied = Gate::apply_site(&db, site).await;
        applied.map_err(Broken::error("the house opens"))?;
        let applied = apply_catalogue(&db, catalogue.clone()).await;
        applied.map_err(Broken::error("the house opens"))?;
        let mapping = (true, false);
        let box_office = open_box_office(&db, &clock)?;
        Ok(Self {
            gate: open_gate(&db, &clock, setting, &otipass, mapping).await?,
            setting,
            planted,
            db,
            clock,
            otipass,
            model: Model::default(),
            ticketing: (TicketingMood::Takes, 0),
            catalogue,
            prices: PriceList::default(),
            posts,
            box_office,
            abroad: (setting.seller == Seller::Abroad).then(Abroad::default),
            strangers: 0,
            mapping,
            steps,
            late: VecDeque::new(),
            held_up: Vec::new(),
            held_up_checks: Vec::new(),
            unheard: Vec::new(),
        })
    }

    /// The server dies, loses all it has in memory, and starts again.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn restart(&mut self) -> Result<(), Broken> {
        self.held_up.clear();
        let (db, clock) = (&self.db, &self.clock);
        self.gate = open_gate(db, clock, self.setting, &self.otipass, self.mapping).await?;
        self.box_office = open_box_office(db, clock)?;
        // As the worker does at the start, but not in every life: it may die
        // before.
        if self.clock.now().millis() % 2 == 0 {
            let now = self.clock.now();
            let recovered = self.gate.deciding.recover(now).await;
            recovered.map_err(Broken::error("open checks are resumed"))?;
        }
        Ok(())
    }

    /// Starts again with other mapping parameters.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn map(&mut self, second_sector: bool, other: bool) -> Result<(), Broken> {
        self.mapping = (second_sector, other);
        self.restart().await
    }

    /// A device means something else: a check that is held up may have been
    /// understood before or after.
    pub fn means_otherwise(&mut self) {
        for (device, check) in self.held_up_checks.clone() {
            let meaning = self.meaning(device);
            self.model.asks(check, meaning);
        }
    }

    /// A request goes over the line.
    ///
    /// # Errors
    /// If the server says what it must not.
    pub async fn exchange(
        &mut self,
        token: &DeviceToken,
        message: Message,
        line: Line,
    ) -> Result<Reply, Broken> {
        let mut asked = None;
        match &message {
            Message::Check(check) => {
                self.model.speaks(check.id, &check.code);
                self.model.scans(check.id, self.clock.now());
                asked = Some(check.id);
            }
            Message::Batch(batch) => self.model.journals(site::device_of(token), &batch.checks)?,
            Message::Cancel(_) | Message::Device(_) => {}
        }
        let reply = self.send(token.clone(), message, line).await?;
        let reply = reply.unwrap_or(Reply::Silent);
        if let (Some(check), Reply::Problem(problem)) = (asked, &reply)
            && desk::is_not_permitted(problem)
        {
            self.model.not_permitted(check)?;
        }
        if let Reply::Answer(Answer::Snapshot(snapshot)) = &reply {
            let device = site::device_of(token);
            let meaning = self.meaning(device);
            self.model.hears(device, snapshot.set_up, meaning)?;
        }
        Ok(reply)
    }

    /// What a device means at present.
    fn meaning(&self, device: u8) -> Option<Meaning> {
        site::meaning(&self.posts[usize::from(device)], self.mapping)
    }

    async fn send(
        &mut self,
        token: DeviceToken,
        message: Message,
        line: Line,
    ) -> Result<Option<Reply>, Broken> {
        match line {
            Line::Good => self.serve(token, message, None).await,
            Line::RequestLost => Ok(None),
            Line::AnswerLost | Line::DeviceDies(_) => {
                self.serve(token, message, None).await.map(|_| None)
            }
            Line::Delayed => {
                match &message {
                    Message::Check(check) => self.model.delays([check.id]),
                    Message::Batch(batch) => {
                        self.model.delays(batch.checks.iter().map(|check| check.id));
                    }
                    Message::Cancel(_) | Message::Device(_) => {}
                }
                self.late.push_back((token, message));
                Ok(None)
            }
            Line::Doubled => {
                self.late.push_back((token.clone(), message.clone()));
                self.serve(token, message, None).await
            }
            Line::ServerDies(steps) => self.serve(token, message, Some(steps)).await,
            Line::HeldUp(steps) => self.hold_up(token, message, steps).await,
        }
    }

    /// What was held up goes on to its end; else the request that has been on the
    /// way longest arrives. Nobody waits for the answer. Says whether there was
    /// one.
    ///
    /// # Errors
    /// If the server says what it must not.
    pub async fn late(&mut self) -> Result<bool, Broken> {
        if !self.held_up.is_empty() {
            let held_up = self.held_up.remove(0);
            let reply = self.finish(held_up, None).await;
            self.unheard.extend(reply);
            self.mind(None)?;
            return Ok(true);
        }
        let Some((token, message)) = self.late.pop_front() else {
            return Ok(false);
        };
        self.serve(token, message, None).await?;
        Ok(true)
    }

    async fn serve(
        &mut self,
        token: DeviceToken,
        message: Message,
        dies_after: Option<u8>,
    ) -> Result<Option<Reply>, Broken> {
        let answer = self.answering(token, message);
        let reply = self.finish(answer, dies_after).await;
        if reply.is_none() {
            self.restart().await?;
        }
        self.mind(reply)
    }

    async fn hold_up(
        &mut self,
        token: DeviceToken,
        message: Message,
        steps: u8,
    ) -> Result<Option<Reply>, Broken> {
        let check = match &message {
            Message::Check(check) => Some((site::device_of(&token), check.id)),
            _ => None,
        };
        let mut answer = self.answering(token, message);
        let last = self.steps.taken() + u64::from(steps);
        let taken = &self.steps;
        let early = std::future::poll_fn(|context| {
            let before = taken.taken();
            match answer.as_mut().poll(context) {
                Poll::Ready(reply) => Poll::Ready(Some(reply)),
                // Or it waits for another one that is held up.
                Poll::Pending if taken.taken() >= last || taken.taken() == before => {
                    Poll::Ready(None)
                }
                Poll::Pending => Poll::Pending,
            }
        })
        .await;
        if early.is_none() {
            self.held_up.push(answer);
            self.held_up_checks.extend(check);
        }
        // Answered or not, nobody waits any more.
        self.mind(early).map(|_| None)
    }

    fn answering(&mut self, token: DeviceToken, message: Message) -> Answering {
        if let Message::Check(check) = &message {
            let meaning = self.meaning(site::device_of(&token));
            self.model.asks(check.id, meaning);
        }
        let (gate, planted) = (Arc::clone(&self.gate), self.planted);
        Box::pin(async move { desk::answer(&gate, token, message, planted).await })
    }

    async fn finish(&mut self, answer: Answering, dies_after: Option<u8>) -> Option<Answered> {
        let (held_up, unheard) = (&mut self.held_up, &mut self.unheard);
        let waits = Waits::ForOthers(held_up, unheard);
        living(&self.steps, dies_after, waits, answer).await
    }

    /// What the server says is compared with what it said before.
    fn mind(&mut self, reply: Option<Answered>) -> Result<Option<Reply>, Broken> {
        for unheard in std::mem::take(&mut self.unheard) {
            self.observe(unheard, Arrived::TooLate)?;
        }
        let observed = reply.map(|reply| self.observe(reply, Arrived::AtOnce));
        observed.transpose()
    }

    fn observe(&mut self, reply: Answered, arrived: Arrived) -> Result<Reply, Broken> {
        let reply = reply.map_err(|what| Broken::new("the server never fails", what))?;
        match &reply {
            Reply::Answer(Answer::Check(answer)) => self.model.answered(answer, arrived)?,
            Reply::Answer(Answer::Batch(batch)) => {
                for result in &batch.results {
                    if let BatchResult::Kept { answer } = result {
                        self.model.answered(answer, arrived)?;
                    }
                }
            }
            _ => {}
        }
        Ok(reply)
    }

    /// A worker has its turn.
    ///
    /// # Errors
    /// If it fails in a way that it must not.
    pub async fn work(&mut self, worker: Worker, dies_after: Option<u8>) -> Result<(), Broken> {
        let (gate, box_office) = (Arc::clone(&self.gate), Arc::clone(&self.box_office));
        let way = self.way();
        let before = self.clock.now().plus_ms(-RECOVER_AFTER_MS);
        let prices = self.prices.clone();
        let bookkeeping = self.bookkeeping();
        let turn = async {
            match worker {
                Worker::Deliver => {
                    for _ in 0..AT_A_TURN {
                        match gate.outbox.deliver_next(&way).await {
                            Ok(done) if done.taken + done.refused == 0 => break,
                            Ok(_) | Err(gate::DeliveryError::Call(_)) => {}
                            Err(error) => return Err(Broken::error("delivery never fails")(error)),
                        }
                    }
                }
                Worker::Declare => {
                    for _ in 0..AT_A_TURN {
                        match gate.outbox.declare_next().await {
                            Ok(gate::Declared::Nothing) => break,
                            Ok(_) | Err(gate::DeclareError::Ask(_)) => {}
                            Err(error) => {
                                return Err(Broken::error("declaring never fails")(error));
                            }
                        }
                    }
                    bookkeeping.carry_disputes(gate.now()).await?;
                }
                Worker::Recover => {
                    let recovered = gate.deciding.recover(before).await;
                    recovered.map_err(Broken::error("open checks are resumed"))?;
                }
                Worker::Sell => trade::sell(&box_office, &bookkeeping, &prices).await?,
                Worker::Reconcile => bookkeeping.reconcile().await.map(drop)?,
                Worker::Retain => bookkeeping.retain(gate.now()).await?,
            }
            Ok(())
        };
        let waits = match worker {
            Worker::Recover => Waits::ForOthers(&mut self.held_up, &mut self.unheard),
            _ => Waits::ForTheDisk,
        };
        let done = living(&self.steps, dies_after, waits, turn).await;
        self.mind(None)?;
        match done {
            Some(done) => done,
            None => {
                drop((gate, box_office, way));
                self.restart().await
            }
        }
    }

    /// The way to ticketing as it is now.
    #[must_use]
    pub fn way(&self) -> Way {
        Way {
            box_office: Arc::clone(&self.box_office),
            abroad: self.abroad.clone(),
            mood: self.ticketing,
            steps: self.steps.clone(),
            planted: self.planted,
        }
    }

    /// What looks at both sides' books.
    #[must_use]
    pub fn bookkeeping(&self) -> Bookkeeping {
        Bookkeeping {
            db: self.db.clone(),
            abroad: self.abroad.clone(),
            planted: self.planted,
        }
    }
}

async fn open_gate(
    db: &Db,
    clock: &ManualClock,
    setting: Setting,
    otipass: &Otipass,
    (second_sector, other): (bool, bool),
) -> Result<Arc<Gate>, Broken> {
    let mapping = site::mapping(second_sector, other)?;
    let settings = InterfaceSettings {
        decision_budget: Duration::from_millis(1_500),
        when_silent: setting.when_silent,
        references: setting.references,
        ..InterfaceSettings::new(mapping)
    };
    let clock = Arc::new(clock.clone());
    let gate = Gate::open(
        db.clone(),
        clock,
        settings,
        Arc::new(otipass.clone()),
        "house",
    )
    .await;
    gate.map(Arc::new).map_err(Broken::error("the gate opens"))
}

fn open_box_office(db: &Db, clock: &ManualClock) -> Result<Arc<BoxOffice>, Broken> {
    let site = site::site(&site::FIRST_POSTS)?;
    let clock = Arc::new(clock.clone());
    let opened = BoxOffice::open(db.clone(), clock, site.whose(), Dialect::default());
    let box_office = opened.map(Arc::new);
    box_office.map_err(Broken::error("the box office opens"))
}

/// What work waits for if it takes no step.
enum Waits<'a> {
    /// A disk, which will say so.
    ForTheDisk,
    /// What is held up, and may hold it up. That goes on meanwhile; what it says
    /// in the end nobody hears.
    ForOthers(&'a mut Vec<Answering>, &'a mut Vec<Answered>),
}

/// Lives through `work`, or dies after so many steps of it.
async fn living<T>(
    steps: &Steps,
    dies_after: Option<u8>,
    mut waits: Waits<'_>,
    work: impl Future<Output = T>,
) -> Option<T> {
    let last = dies_after.map(|after| steps.taken() + u64::from(after));
    let mut work = pin!(work);
    std::future::poll_fn(|context| {
        let before = steps.taken();
        if let Poll::Ready(done) = work.as_mut().poll(context) {
            return Poll::Ready(Some(done));
        }
        if last.is_some_and(|last| steps.taken() >= last) {
            return Poll::Ready(None);
        }
        if let (true, Waits::ForOthers(held_up, unheard)) = (steps.taken() == before, &mut waits) {
            let waiting = held_up.len();
            held_up.retain_mut(|other| match other.as_mut().poll(context) {
                Poll::Ready(reply) => {
                    unheard.push(reply);
                    false
                }
                Poll::Pending => true,
            });
            // If nobody gets on, it waits for time to pass.
            if steps.taken() > before || held_up.len() < waiting {
                context.waker().wake_by_ref();
            }
        }
        Poll::Pending
    })
    .await
}
