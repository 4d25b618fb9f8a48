//! A turnstile: the real [`edge::Door`] with its journal on a disk.

use crate::broken::ensure;
use crate::desk::{Answer, Message, Reply};
use crate::house::House;
use crate::model::Told;
use crate::operation::Line;
use crate::{Broken, Planted, site};
use deviceapi::{BatchRequest, Direction};
use edge::agent::{AgentSettings, Delivered, Lane, Wish};
use edge::wire;
use edge::{Door, DoorSettings, Errand, Event, JournalSettings, Moment};
use gate::DeviceToken;
use gate::decide::joining::JOIN_MS;
use kernel::{CheckId, Clock, Timestamp};
use std::collections::{HashMap, HashSet, VecDeque};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use uuid::Uuid;

/// How many errands one event may cause: more is a loop without end.
const ERRANDS_LIMIT: usize = 200;

/// Of so many reads, one is of a visitor whom no answer reaches.
const GOES: u64 = 11;
const OPENS_NOTHING: &str = "an entry that was taken back opens nothing";

/// A turnstile.
pub struct Turnstile {
    number: u8,
    /// What it proves itself with.
    pub token: DeviceToken,
    /// How far its machine's clock is fast, in milliseconds.
    pub offset_ms: i64,
    /// `None` while it cannot be opened.
    door: Option<Door>,
    folder: PathBuf,
    limit: usize,
    booted: Timestamp,
    /// How often its machine was started.
    boots: u128,
    ids: Arc<AtomicU64>,
    lanes: u64,
    /// Who stands there, and which way.
    visitors: HashMap<Lane, Direction>,
    /// How often an agent was told that an entry was taken back.
    told_cancelled: usize,
    /// Cancellations that were sent, by the check.
    sent_cancelled: HashSet<CheckId>,
    /// The visitor whom no answer reaches, and which way.
    gone: Option<(&'static str, Direction)>,
    /// When a visitor was let in last, by the check.
    opened: HashMap<CheckId, Timestamp>,
    deaths: usize,
}

impl Turnstile {
    /// The turnstile with this number; its journal goes into `folder`.
    #[must_use]
    pub fn new(
        number: u8,
        token: DeviceToken,
        limit: usize,
        folder: PathBuf,
        house: &House,
    ) -> Self {
        let mut turnstile = Self {
            number,
            token,
            offset_ms: 0,
            door: None,
            folder,
            limit,
            booted: house.clock.now(),
            boots: 1,
            ids: Arc::default(),
            lanes: 0,
            visitors: HashMap::new(),
            told_cancelled: 0,
            sent_cancelled: HashSet::new(),
            gone: None,
            opened: HashMap::new(),
            deaths: 0,
        };
        turnstile.open(house);
        turnstile
    }

    fn moment(&self, house: &House) -> Moment {
        let now = house.clock.now();
        Moment {
            wall: now.plus_ms(self.offset_ms),
            up_ms: u64::try_from(now.ms_since(self.booted)).unwrap_or(0),
            boot: Uuid::from_u128(self.boots),
        }
    }

    fn open(&mut self, house: &House) {
        let settings = DoorSettings {
            agent: AgentSettings::default(),
            journal: JournalSettings {
                limit_checks: self.limit,
                segment_bytes: 64 * 1024,
            },
        };
        let (ids, number) = (Arc::clone(&self.ids), self.number);
        let fresh = Box::new(move || site::uuid(number, ids.fetch_add(1, Ordering::Relaxed)));
        let token = self.token.sha256();
        let now = self.moment(house);
        // Without room on the disk it may not open; somebody makes room.
        self.door = Door::open(&self.folder, settings, token, fresh, now).ok();
    }

    /// A visitor holds a card before it.
    ///
    /// # Errors
    /// If somebody says what must not be said.
    pub async fn scan(
        &mut self,
        house: &mut House,
        card: u8,
        direction: Direction,
        line: Line,
    ) -> Result<(), Broken> {
        let (began, deaths) = (house.clock.now(), self.deaths);
        house.model.presents(self.number);
        let goes = self.lanes % GOES == GOES - 1;
        self.gone = goes.then(|| (site::code(card), direction));
        self.read(house, site::code(card), direction, line).await?;
        // It rests there, and is read on and on, by its other code too. What is read while
        // it is asked about is not played, so a long question ends it.
        let is_over = house.clock.now().ms_since(began) > JOIN_MS;
        for number in 1..self.lanes * 7 % site::READS {
            if goes || is_over || self.deaths != deaths {
                break;
            }
            house.clock.advance_ms(site::READ_EVERY_MS);
            let code = site::resting(card, number);
            self.read(house, &code, direction, Line::Good).await?;
        }
        Ok(())
    }

    async fn read(
        &mut self,
        house: &mut House,
        code: &str,
        direction: Direction,
        line: Line,
    ) -> Result<(), Broken> {
        self.lanes += 1;
        let lane = Lane {
            source: 0,
            line: self.lanes,
        };
        self.visitors.insert(lane, direction);
        let event = Event::Line(lane, Wish::Check(code.to_owned(), Some(direction)));
        self.happens(house, event, line).await
    }

    /// The agent takes back the last entry. Whom no answer reached tries again then.
    ///
    /// # Errors
    /// If somebody says what must not be said.
    pub async fn cancel(&mut self, house: &mut House, line: Line) -> Result<(), Broken> {
        self.lanes += 1;
        let lane = Lane {
            source: 0,
            line: self.lanes,
        };
        self.happens(house, Event::Line(lane, Wish::CancelLast), line)
            .await?;
        if let Some((code, direction)) = self.gone.take() {
            house.model.presents(self.number);
            self.read(house, code, direction, Line::Good).await?;
        }
        Ok(())
    }

    /// Some time has passed.
    ///
    /// # Errors
    /// If somebody says what must not be said.
    pub async fn tick(&mut self, house: &mut House, line: Line) -> Result<(), Broken> {
        self.happens(house, Event::Tick, line).await
    }

    /// It gets another token.
    ///
    /// # Errors
    /// If somebody says what must not be said.
    pub async fn enrol(&mut self, house: &mut House, token: DeviceToken) -> Result<(), Broken> {
        let sha256 = token.sha256();
        self.token = token;
        self.happens(house, Event::NewToken { sha256 }, Line::Good)
            .await
    }

    /// It dies: of what is not on its disk, so many 255ths are lost, with the power
    /// if any is. Then it starts again.
    pub fn dies(&mut self, house: &mut House, lost: u8) {
        house.model.forgets(self.number);
        self.deaths += 1;
        if lost > 0 {
            self.booted = house.clock.now();
            self.boots += 1;
        }
        if let Some(door) = self.door.take() {
            let tail = door.journal().tail();
            drop(door);
            let on_disk = match house.planted {
                Some(Planted::LyingDisk) => tail.synced.saturating_sub(600).max(100),
                _ => tail.synced,
            };
            let unsure = tail.written.saturating_sub(on_disk);
            let from = tail.written - unsure * usize::from(lost) / 255;
            let zeros = vec![0; tail.written - from];
            if let (Ok(file), Ok(from)) = (
                std::fs::OpenOptions::new().write(true).open(&tail.segment),
                u64::try_from(from),
            ) {
                // A disk in memory takes it.
                let _ = file.write_all_at(&zeros, from);
            }
        }
        self.visitors.clear();
        self.open(house);
    }

    /// Its disk is full, or has room again.
    pub fn disk(&mut self, house: &House, full: bool) {
        // What a reserve is written to is taken by a folder that is not empty.
        let blocked = self.folder.join("journal.new");
        if full {
            let _ = std::fs::create_dir_all(blocked.join("full"));
        } else {
            let _ = std::fs::remove_dir_all(blocked);
            if self.door.is_none() {
                self.open(house);
            }
        }
    }

    async fn happens(&mut self, house: &mut House, event: Event, line: Line) -> Result<(), Broken> {
        let (dies_at, mut line) = match line {
            Line::DeviceDies(errand) => (Some(usize::from(errand.max(1))), Line::Good),
            line => (None, line),
        };
        let mut events = VecDeque::from([event]);
        let mut errands = 0;
        while let Some(event) = events.pop_front() {
            let now = self.moment(house);
            let Some(door) = &mut self.door else {
                return Ok(());
            };
            for errand in door.step(event, now) {
                errands += 1;
                if errands > ERRANDS_LIMIT {
                    return Err(Broken::new(
                        "a turnstile comes to rest",
                        format!("turnstile {} runs errands without end", self.number),
                    ));
                }
                if dies_at == Some(errands) {
                    self.dies(house, 255);
                    return Ok(());
                }
                events.extend(self.run(house, errand, line).await?);
                // A server dies once.
                if matches!(line, Line::ServerDies(_)) {
                    line = Line::Good;
                }
            }
        }
        Ok(())
    }

    /// Runs an errand and says what came of it.
    async fn run(
        &mut self,
        house: &mut House,
        errand: Errand,
        line: Line,
    ) -> Result<Option<Event>, Broken> {
        match errand {
            Errand::Ask(request) => {
                let check = request.id;
                let heard = house
                    .exchange(&self.token, Message::Check(request), line)
                    .await?;
                let reply = only(heard, |answer| match answer {
                    Answer::Check(answer) => Some(answer),
                    _ => None,
                });
                Ok(Some(Event::Answered { check, reply }))
            }
            Errand::Tell {
                lane,
                check,
                answer,
            } => {
                let visitor = self.visitors.remove(&lane);
                if visitor.is_none() && answer.outcome == "cancelled" {
                    self.told_cancelled += 1;
                }
                let (Some(check), Some(direction)) = (check, visitor) else {
                    return Ok(None);
                };
                if self.gone.is_some() {
                    let delivered = Delivered::No;
                    return Ok(Some(Event::Told { check, delivered }));
                }
                if answer.open {
                    self.opened.insert(check, house.clock.now());
                    let is_taken_back = self.sent_cancelled.contains(&check);
                    ensure!(!is_taken_back, OPENS_NOTHING, "check {check}");
                }
                let told = Told {
                    device: self.number,
                    direction,
                    open: answer.open,
                };
                house.model.scans(check, house.clock.now());
                house.model.tells(check, told)?;
                Ok(Some(Event::Told {
                    check,
                    delivered: Delivered::Yes,
                }))
            }
            Errand::Look(report) => {
                let sent = self.moment(house);
                let heard = house
                    .exchange(&self.token, Message::Device(report), line)
                    .await?;
                let reply = only(heard, |answer| match answer {
                    Answer::Snapshot(snapshot) => Some(snapshot),
                    _ => None,
                });
                Ok(Some(Event::Looked { reply, sent }))
            }
            Errand::Send(batch) => self.send(house, batch, line).await.map(Some),
        }
    }

    async fn send(
        &mut self,
        house: &mut House,
        batch: BatchRequest,
        line: Line,
    ) -> Result<Event, Broken> {
        let now = house.clock.now();
        for cancellation in &batch.cancellations {
            let opened = self.opened.get(&cancellation.check_id);
            let taken_back = cancellation.age_ms.map(|age_ms| now.plus_ms(-age_ms));
            ensure!(
                opened <= taken_back.as_ref().or(opened),
                OPENS_NOTHING,
                "check {} at {opened:?}, {taken_back:?}",
                cancellation.check_id
            );
            house.model.cancels(cancellation.check_id);
            self.sent_cancelled.insert(cancellation.check_id);
        }
        let checks: Vec<_> = batch.checks.iter().map(|check| check.id).collect();
        let cancelled: Vec<_> = batch.cancellations.iter().map(|c| c.check_id).collect();
        let message = Message::Batch(batch);
        let heard = house.exchange(&self.token, message, line).await?;
        let reply = only(heard, |answer| match answer {
            Answer::Batch(answer) => Some(answer),
            _ => None,
        });
        if let wire::Reply::Answer(answer) = &reply {
            let kept = checks.len();
            for (id, problem) in checks.iter().zip(answer.problems()) {
                house.model.journal_answered(*id, problem)?;
            }
            for (id, problem) in cancelled.iter().zip(answer.problems().skip(kept)) {
                house.model.cancel_answered(*id, problem)?;
            }
        }
        Ok(Event::Sent { reply })
    }

    /// Whether something waits for the server.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.door
            .as_ref()
            .is_none_or(|door| door.journal().unsent() + door.journal().unsent_cancellations() > 0)
    }

    /// How often an agent was told that an entry was taken back, and how many
    /// checks the server was told so of.
    #[must_use]
    pub fn cancellations(&self) -> (usize, usize) {
        (self.told_cancelled, self.sent_cancelled.len())
    }

    /// How often it died.
    #[must_use]
    pub const fn deaths(&self) -> usize {
        self.deaths
    }

    /// How it stands.
    #[must_use]
    pub fn status(&self) -> String {
        self.door
            .as_ref()
            .map_or("out of order".to_owned(), |door| door.status().line())
    }
}

/// The answer to a question, and no other.
fn only<T>(heard: Reply, answer: impl FnOnce(Answer) -> Option<T>) -> wire::Reply<T> {
    match heard {
        Reply::Answer(given) => answer(given).map_or(wire::Reply::Silent, wire::Reply::Answer),
        Reply::Silent => wire::Reply::Silent,
        Reply::TokenInvalid(of) => wire::Reply::TokenInvalid(of),
        Reply::Problem(problem) => wire::Reply::Problem(problem),
        Reply::Failing {
            code,
            retry_after_ms,
        } => wire::Reply::Failing {
            code,
            retry_after_ms,
        },
    }
}
