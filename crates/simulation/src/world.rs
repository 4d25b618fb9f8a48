//! Everything of a story in one place: the house, and the devices before it.

use crate::broken::ensure;
use crate::desk::{Message, Reply};
use crate::generator::Setting;
use crate::handheld::Handheld;
use crate::house::House;
use crate::operation::{
    Act, DEVICES, HANDHELDS, Line, Manner, Operation, Part, PartnerMood, Shape, TicketingMood, Way,
    Worker,
};
use crate::planted::Planted;
use crate::site::Post;
use crate::tally::Tally;
use crate::turnstile::Turnstile;
use crate::{Broken, closing, rules, site, trade};
use db::{DbError, params};
use deviceapi::{CancellationRequest, Direction};
use gate::decide::aside::{self, BookAs, BookError, Kind};
use gate::{CancelError, DeviceToken, Gate};
use kernel::CancellationId;
use std::path::Path;

/// How often work is given to the workers until all must be at rest.
const ROUNDS: u32 = 60;
const MANAGER: &str = "the manager";

/// A world of a story.
pub struct World {
    house: House,
    handhelds: Vec<Handheld>,
    turnstiles: Vec<Turnstile>,
    tokens: u8,
    foreign: u64,
}

impl World {
    /// A new world; what needs a disk goes into `folder`.
    ///
    /// # Errors
    /// If it cannot be made.
    pub async fn new(
        setting: Setting,
        planted: Option<Planted>,
        folder: &Path,
    ) -> Result<Self, Broken> {
        let mut world = Self {
            house: House::open(setting, planted).await?,
            handhelds: Vec::new(),
            turnstiles: Vec::new(),
            tokens: 0,
            foreign: 0,
        };
        for device in 0..DEVICES {
            let token = world.grant(device).await?;
            if device < HANDHELDS {
                let scanner = Handheld::new(device, token, setting.journal_limit);
                world.handhelds.push(scanner);
            } else {
                let folder = folder.join(format!("turnstile-{device}"));
                let limit = setting.journal_limit;
                let turnstile = Turnstile::new(device, token, limit, folder, &world.house);
                world.turnstiles.push(turnstile);
            }
        }
        for device in 0..DEVICES {
            world.at(device, Act::Refresh, Line::Good).await?;
        }
        Ok(world)
    }

    async fn grant(&mut self, device: u8) -> Result<DeviceToken, Broken> {
        self.tokens += 1;
        let token = site::token(device, self.tokens);
        let code = site::device_code(device)?;
        let house = &self.house;
        let (granted, now) = (token.clone(), house.gate.now());
        let grant = move |tx: &mut db::Tx<'_>| gate::grant_token(tx, &code, &granted, now);
        let done = house.db.write("grant token", grant).await;
        done.map_err(Broken::error("a device can be enrolled"))?;
        Ok(token)
    }

    /// One step of the story.
    ///
    /// # Errors
    /// What it broke.
    pub async fn perform(&mut self, operation: Operation) -> Result<(), Broken> {
        self.house.clock.advance_ms(37);
        match operation {
            Operation::At { device, act, line } => return self.at(device, act, line).await,
            Operation::Late => drop(self.house.late().await?),
            Operation::Look { card } => self.look_at(card).await?,
            Operation::Wait { seconds } => self.house.clock.advance_ms(i64::from(seconds) * 1_000),
            Operation::ClockJump { device, seconds } => {
                let by_ms = i64::from(seconds) * 1_000;
                match self.device(device) {
                    Device::Handheld(scanner, _) => scanner.set_clock(by_ms),
                    Device::Turnstile(turnstile, _) => turnstile.offset_ms += by_ms,
                }
            }
            Operation::DeviceDies { device, lost } => match self.device(device) {
                Device::Handheld(scanner, _) => scanner.restart(),
                Device::Turnstile(turnstile, house) => turnstile.dies(house, lost),
            },
            Operation::Disk { device, full } => {
                if let Device::Turnstile(turnstile, house) = self.device(device) {
                    turnstile.disk(house, full);
                }
            }
            Operation::ServerDies => self.house.restart().await?,
            Operation::Partner(mood) => self.house.otipass.set_mood(mood),
            Operation::Ticketing(mood, number) => self.house.ticketing = (mood, number),
            Operation::Work { worker, dies_after } => self.house.work(worker, dies_after).await?,
            Operation::Resend => self.resend().await?,
            Operation::Revoke { device } => self.revoke(device).await?,
            Operation::Enrol { device } => self.enrol(device).await?,
            Operation::Move { device, door } => {
                self.repost(device, |post| post.door = door).await?
            }
            Operation::Settings { device, may } => {
                self.repost(device, |post| post.may = may).await?
            }
            Operation::Mapping {
                second_sector,
                other_product,
            } => self.house.map(second_sector, other_product).await?,
            Operation::Price { minor, from_day } => {
                trade::price(&mut self.house, i64::from(minor), i64::from(from_day)).await?;
            }
            Operation::Catalogue { part, there } => {
                trade::change(&self.house, part, there).await?;
            }
            Operation::StrangersFile(stranger) => {
                trade::strangers_file(&mut self.house, stranger).await?;
            }
        }
        Ok(())
    }

    async fn at(&mut self, number: u8, act: Act, line: Line) -> Result<(), Broken> {
        match (self.device(number), act) {
            (Device::Handheld(..), Act::Cancel(Manner::Foreign)) => {
                self.cancel_foreign(number, line).await
            }
            (Device::Handheld(scanner, house), act) => match act {
                Act::Scan {
                    card,
                    way,
                    patience,
                } => scanner.scan(house, card, way, line, patience).await,
                Act::Retry => scanner.retry(house, line).await,
                Act::Flush(shape) => scanner.flush(house, shape, line).await,
                Act::Cancel(manner) => scanner.cancel(house, manner, line).await,
                Act::Refresh => scanner.refresh(house, line).await,
            },
            (Device::Turnstile(turnstile, house), Act::Scan { card, way, .. }) => {
                turnstile.scan(house, card, direction(way), line).await
            }
            (Device::Turnstile(turnstile, house), Act::Cancel(_)) => {
                turnstile.cancel(house, line).await
            }
            (Device::Turnstile(turnstile, house), _) => turnstile.tick(house, line).await,
        }
    }

    /// Holds the world against what must hold at any time.
    ///
    /// # Errors
    /// What is broken.
    pub async fn check(&self) -> Result<(), Broken> {
        rules::always(&self.house).await
    }

    /// All is well again, and everything that waits gets its turn. Then the
    /// world is held against what must hold at rest.
    ///
    /// # Errors
    /// What is broken.
    pub async fn rest(&mut self) -> Result<Tally, Broken> {
        self.house.otipass.set_mood(PartnerMood::Answers);
        self.house.ticketing = (TicketingMood::Takes, 0);
        trade::change(&self.house, Part::TariffMapped, true).await?;
        while self.house.late().await? {}
        for turnstile in &mut self.turnstiles {
            turnstile.disk(&self.house, false);
        }
        for device in 0..DEVICES {
            self.enrol(device).await?;
            self.at(device, Act::Refresh, Line::Good).await?;
        }
        let mut round = 0;
        // What is delivered in the last round that has work is told of in the next.
        let mut was_done = false;
        loop {
            for device in 0..DEVICES {
                self.at(device, Act::Retry, Line::Good).await?;
                self.at(device, Act::Flush(Shape::Whole), Line::Good)
                    .await?;
            }
            self.settle_aside().await?;
            self.resend().await?;
            for worker in [
                Worker::Recover,
                Worker::Declare,
                Worker::Deliver,
                Worker::Sell,
            ] {
                self.house.work(worker, None).await?;
            }
            round += 1;
            // Longer than the longest pause of anything that tries again.
            self.house.clock.advance_ms(301_000);
            let is_done = self.is_done().await?;
            if round >= 4 && was_done && is_done {
                break;
            }
            was_done = is_done;
            let statuses = self.turnstiles.iter().map(Turnstile::status);
            let statuses = statuses.collect::<Vec<_>>().join("; ");
            ensure!(
                round <= ROUNDS,
                "all comes to rest",
                "{:?}; {statuses}",
                self.house.gate.outbox.waiting().await
            );
        }
        let unheard = rules::at_rest(&self.house).await?;
        for turnstile in &self.turnstiles {
            let (told, sent) = turnstile.cancellations();
            // One that died may have remembered it without telling.
            let untold = turnstile.deaths();
            ensure!(
                (told..=told + untold).contains(&sent),
                "what an agent takes back reaches the server",
                "{told} were told, {sent} were sent"
            );
        }
        let tally = Tally::of(&self.house).await?;
        closing::close(&self.house, unheard).await?;
        rules::always(&self.house).await?;
        Ok(tally)
    }

    /// An administrator knows that the devices were in good hands.
    async fn settle_aside(&self) -> Result<(), Broken> {
        let db = &self.house.db;
        let mut lying = aside::waiting(db).await?;
        // An entry is booked before it is taken back.
        lying.sort_by_key(|one| one.kind == Kind::Cancellation);
        for one in lying {
            let merging = self.house.gate.deciding.merging();
            let book =
                move |tx: &mut db::Tx<'_>| merging.book(tx, one.id, &BookAs::default(), MANAGER);
            match db.write("book aside", book).await {
                Err(BookError::Cancel(CancelError::NotCancellable(..))) => {
                    let merging = self.house.gate.deciding.merging();
                    let dismiss =
                        move |tx: &mut db::Tx<'_>| merging.dismiss(tx, one.id, "no entry", MANAGER);
                    let dismissed = db.write("dismiss aside", dismiss).await;
                    dismissed.map(drop).map_err(|error: DbError| error)?;
                }
                booked => {
                    booked.map_err(Broken::error("what lies aside can be booked"))?;
                }
            }
        }
        Ok(())
    }

    async fn is_done(&self) -> Result<bool, Broken> {
        let house = &self.house;
        let waiting = house.gate.outbox.waiting().await?;
        let unsold = house.box_office.waiting().await?;
        let pending = house.db.read("pending files", |tx| {
            tx.value::<i64>(
                "SELECT COUNT(*) AS n FROM box_stx_file WHERE state = 'WRITTEN' AND kind = 'RUN'",
                params![],
            )
        });
        let pending = pending.await?;
        let gate = waiting.deliveries
            + waiting.declarations
            + waiting.cancellations
            + waiting.give_backs
            + waiting.unresolved;
        let devices = self.handhelds.iter().any(Handheld::is_waiting)
            || self.turnstiles.iter().any(Turnstile::is_waiting);
        Ok(gate + unsold.ready + unsold.held + pending == 0 && !devices)
    }

    fn device(&mut self, device: u8) -> Device<'_> {
        let place = usize::from(device % DEVICES);
        match place.checked_sub(self.handhelds.len()) {
            None => Device::Handheld(&mut self.handhelds[place], &mut self.house),
            Some(place) => Device::Turnstile(&mut self.turnstiles[place], &mut self.house),
        }
    }

    /// One scanner tries to take back another's entry.
    async fn cancel_foreign(&mut self, device: u8, line: Line) -> Result<(), Broken> {
        let one = usize::from(device) % self.handhelds.len();
        let other = (one + 1) % self.handhelds.len();
        let Some((check_id, at)) = self.handhelds[other].last_entry() else {
            return Ok(());
        };
        self.foreign += 1;
        let cancellation = CancellationRequest {
            cause: None,
            id: CancellationId::from_uuid(site::uuid(u8::MAX, self.foreign)),
            check_id,
            cancelled_at: at.into(),
            enrolment: None,
            sent_at: None,
            age_ms: None,
            offset_ms: None,
            contact_at: None,
        };
        let token = self.handhelds[one].token.clone();
        let message = Message::Cancel(cancellation);
        let reply = self.house.exchange(&token, message, line).await?;
        ensure!(
            !matches!(reply, Reply::Answer(_)),
            "nobody takes back another device's entry",
            "{reply:?}"
        );
        Ok(())
    }

    async fn look_at(&mut self, card: u8) -> Result<(), Broken> {
        let device = site::device_code(0)?;
        let before = self.house.otipass.counted();
        let desk = &self.house.gate.deciding;
        let looked = desk.look(&device, site::code(card)).await;
        looked.map_err(Broken::error("a help desk can look"))?;
        ensure!(
            self.house.otipass.counted() == before,
            "looking counts nothing",
            "card {card}"
        );
        Ok(())
    }

    async fn resend(&mut self) -> Result<(), Broken> {
        let resent = self.house.db.write("resend", gate::resend_refused);
        Ok(resent.await.map(drop)?)
    }

    async fn revoke(&mut self, device: u8) -> Result<(), Broken> {
        let house = &self.house;
        let code = site::device_code(device)?;
        let now = house.gate.now();
        let revoke = move |tx: &mut db::Tx<'_>| gate::revoke_tokens(tx, &code, now);
        let revoked = house.db.write("revoke tokens", revoke).await;
        revoked.map_err(Broken::error("a device can be revoked"))?;
        let reloaded = house.gate.reload().await;
        reloaded.map_err(Broken::error("the site is read again"))?;
        let token = match self.device(device) {
            Device::Handheld(scanner, _) => scanner.token.clone(),
            Device::Turnstile(turnstile, _) => turnstile.token.clone(),
        };
        let holder = self.house.gate.devices.holder_of(token).await?;
        ensure!(
            holder.is_none(),
            "a revoked token opens nothing",
            "{holder:?}"
        );
        Ok(())
    }

    async fn enrol(&mut self, device: u8) -> Result<(), Broken> {
        let token = self.grant(device % DEVICES).await?;
        match self.device(device) {
            Device::Handheld(scanner, _) => {
                scanner.token = token;
                scanner.refused = false;
                Ok(())
            }
            Device::Turnstile(turnstile, house) => turnstile.enrol(house, token).await,
        }
    }

    async fn repost(&mut self, device: u8, change: impl FnOnce(&mut Post)) -> Result<(), Broken> {
        change(&mut self.house.posts[usize::from(device % DEVICES)]);
        let site = site::site(&self.house.posts)?;
        let applied = Gate::apply_site(&self.house.db, site).await;
        applied.map_err(Broken::error("a device can be moved and set"))?;
        let reloaded = self.house.gate.reload().await;
        reloaded.map_err(Broken::error("the site is read again"))?;
        self.house.means_otherwise();
        Ok(())
    }
}

/// Which way a turnstile sees a visitor go.
const fn direction(way: Way) -> Direction {
    match way {
        Way::Out => Direction::Exit,
        Way::In | Way::Forced => Direction::Entry,
    }
}

enum Device<'a> {
    Handheld(&'a mut Handheld, &'a mut House),
    Turnstile(&'a mut Turnstile, &'a mut House),
}
