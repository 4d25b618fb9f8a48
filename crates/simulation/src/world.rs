//! Everything of a story in one place: the house, and the devices before it.

use crate::Broken;
use crate::desk::{Message, Reply};
use crate::generator::Setting;
use crate::handheld::Handheld;
use crate::house::House;
use crate::operation::{
    Change, DEVICES, HANDHELDS, Line, Manner, Operation, PartnerMood, Shape, TicketingMood, Way,
    Worker,
};
use crate::planted::Planted;
use crate::site::Post;
use crate::tally::Tally;
use crate::turnstile::Turnstile;
use crate::{closing, rules, site, trade};
use db::{DbError, params};
use gate::{Cancellation, DeviceToken, Direction, Gate};
use kernel::CancellationId;
use std::path::Path;

/// How often work is given to the workers until all must be at rest.
const ROUNDS: u32 = 60;

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
        let files = folder.join("files");
        let mut world = Self {
            house: House::open(setting, planted, &files).await?,
            handhelds: Vec::new(),
            turnstiles: Vec::new(),
            tokens: 0,
            foreign: 0,
        };
        for device in 0..DEVICES {
            let code =
                site::device_code(device).map_err(|e| Broken::error("the house opens", &e))?;
            let token = world.grant(device).await?;
            if device < HANDHELDS {
                let scanner = Handheld::new(device, code, token, setting.journal_limit);
                world.handhelds.push(scanner);
            } else {
                let folder = folder.join(format!("turnstile-{device}"));
                let limit = setting.journal_limit;
                let turnstile = Turnstile::new(device, code, token, limit, folder, &world.house);
                world.turnstiles.push(turnstile);
            }
        }
        for device in 0..DEVICES {
            world.refresh(device, Line::Good).await?;
        }
        Ok(world)
    }

    async fn grant(&mut self, device: u8) -> Result<DeviceToken, Broken> {
        self.tokens += 1;
        let mut bytes = [self.tokens; 32];
        bytes[0] = device;
        let token = DeviceToken::from_random(bytes);
        let code = site::device_code(device).map_err(|e| Broken::error("enrolment", &e))?;
        let house = &self.house;
        let (granted, now) = (token.clone(), house.gate.now());
        let grant = move |tx: &mut db::Tx<'_>| gate::grant_token(tx, &code, &granted, now);
        let done = house.db.write("grant token", grant).await;
        done.map_err(|e| Broken::error("a device can be enrolled", &e))?;
        Ok(token)
    }

    /// One step of the story.
    ///
    /// # Errors
    /// What it broke.
    pub async fn perform(&mut self, operation: Operation) -> Result<(), Broken> {
        self.house.clock.advance_ms(37);
        match operation {
            Operation::Scan {
                device,
                card,
                way,
                line,
                patience,
            } => match self.device(device) {
                Device::Handheld(scanner, house) => {
                    scanner.scan(house, card, way, line, patience).await
                }
                Device::Turnstile(turnstile, house) => {
                    let direction = match way {
                        Way::Out => Direction::Exit,
                        Way::In | Way::Forced => Direction::Entry,
                    };
                    turnstile.scan(house, card, direction, line).await
                }
            },
            Operation::Retry { device, line } => match self.device(device) {
                Device::Handheld(scanner, house) => scanner.retry(house, line).await,
                Device::Turnstile(turnstile, house) => turnstile.tick(house, line).await,
            },
            Operation::Flush {
                device,
                shape,
                line,
            } => match self.device(device) {
                Device::Handheld(scanner, house) => scanner.flush(house, shape, line).await,
                Device::Turnstile(turnstile, house) => turnstile.tick(house, line).await,
            },
            Operation::Late => self.house.late().await.map(drop),
            Operation::Cancel {
                device,
                manner,
                line,
            } => self.cancel(device, manner, line).await,
            Operation::Refresh { device, line } => self.refresh(device, line).await,
            Operation::Look { card } => self.look_at(card).await,
            Operation::Wait { seconds } => {
                self.house.clock.advance_ms(i64::from(seconds) * 1_000);
                Ok(())
            }
            Operation::ClockJump { device, seconds } => {
                let by_ms = i64::from(seconds) * 1_000;
                match self.device(device) {
                    Device::Handheld(scanner, _) => scanner.offset_ms += by_ms,
                    Device::Turnstile(turnstile, _) => turnstile.offset_ms += by_ms,
                }
                Ok(())
            }
            Operation::DeviceDies { device, lost } => {
                match self.device(device) {
                    Device::Handheld(scanner, _) => scanner.restart(),
                    Device::Turnstile(turnstile, house) => turnstile.dies(house, lost),
                }
                Ok(())
            }
            Operation::Disk { device, full } => {
                if let Device::Turnstile(turnstile, house) = self.device(device) {
                    turnstile.disk(house, full);
                }
                Ok(())
            }
            Operation::ServerDies => self.house.restart().await,
            Operation::Partner(mood) => {
                self.house.otipass.set_mood(mood);
                Ok(())
            }
            Operation::Ticketing(mood) => {
                self.house.ticketing = mood;
                Ok(())
            }
            Operation::Work { worker, dies_after } => self.house.work(worker, dies_after).await,
            Operation::Resend => self.resend().await,
            Operation::Revoke { device } => self.revoke(device).await,
            Operation::Enrol { device } => self.enrol(device).await,
            Operation::Move { device, door } => self.repost(device, |post| post.door = door).await,
            Operation::Settings { device, may } => self.repost(device, |post| post.may = may).await,
            Operation::Mapping {
                second_sector,
                other_product,
            } => self.house.map(second_sector, other_product).await,
            Operation::Catalogue(change) => trade::change(&mut self.house, change).await,
            Operation::StrangersFile(stranger) => {
                trade::strangers_file(&mut self.house, stranger).await
            }
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
        self.house.ticketing = TicketingMood::Takes;
        trade::change(&mut self.house, Change::TariffMapped(true)).await?;
        while self.house.late().await? {}
        for turnstile in &mut self.turnstiles {
            turnstile.disk(&self.house, false);
        }
        for device in 0..DEVICES {
            self.enrol(device).await?;
            self.refresh(device, Line::Good).await?;
        }
        let mut round = 0;
        loop {
            for scanner in &mut self.handhelds {
                scanner.retry(&mut self.house, Line::Good).await?;
                scanner
                    .flush(&mut self.house, Shape::Whole, Line::Good)
                    .await?;
            }
            for turnstile in &mut self.turnstiles {
                turnstile.tick(&mut self.house, Line::Good).await?;
            }
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
            if round >= 4 && self.is_done().await? {
                break;
            }
            if round > ROUNDS {
                let statuses: Vec<_> = self.turnstiles.iter().map(Turnstile::status).collect();
                return Err(Broken::new(
                    "all comes to rest",
                    format!(
                        "{:?}; {}",
                        self.house.gate.outbox.waiting().await,
                        statuses.join("; ")
                    ),
                ));
            }
        }
        let unheard = rules::at_rest(&self.house).await?;
        for turnstile in &self.turnstiles {
            let (told, sent) = turnstile.cancellations();
            // One that died may have remembered it without telling.
            let untold = turnstile.deaths();
            if sent < told || sent > told + untold {
                return Err(Broken::new(
                    "what an agent takes back reaches the server",
                    format!("{told} were told, {sent} were sent"),
                ));
            }
        }
        let tally = Tally::of(&self.house).await?;
        closing::close(&self.house, unheard).await?;
        rules::always(&self.house).await?;
        Ok(tally)
    }

    async fn is_done(&self) -> Result<bool, Broken> {
        let waiting = self.house.gate.outbox.waiting().await;
        let waiting = waiting.map_err(|e| Broken::error("the books can be read", &e))?;
        let unsold = self.house.box_office.waiting().await;
        let unsold = unsold.map_err(|e| Broken::error("the books can be read", &e))?;
        let pending: i64 = self
            .house
            .db
            .read("pending files", |tx| {
                tx.query_one(
                    "SELECT COUNT(*) AS n FROM box_stx_file
                     WHERE state = 'WRITTEN' AND kind = 'RUN'",
                    params![],
                )?
                .get("n")
            })
            .await
            .map_err(|e: DbError| Broken::error("the books can be read", &e))?;
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

    async fn refresh(&mut self, device: u8, line: Line) -> Result<(), Broken> {
        match self.device(device) {
            Device::Handheld(scanner, house) => scanner.refresh(house, line).await,
            Device::Turnstile(turnstile, house) => turnstile.tick(house, line).await,
        }
    }

    async fn cancel(&mut self, device: u8, manner: Manner, line: Line) -> Result<(), Broken> {
        if manner == Manner::Foreign {
            return self.cancel_foreign(device, line).await;
        }
        match self.device(device) {
            Device::Handheld(scanner, house) => scanner.cancel(house, manner, line).await,
            Device::Turnstile(turnstile, house) => turnstile.cancel(house, line).await,
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
        let device = site::device_code(0).map_err(|e| Broken::error("codes", &e))?;
        let cancellation = Cancellation {
            id: CancellationId::from_uuid(site::uuid(u8::MAX, self.foreign)),
            check_id,
            device,
            cancelled_at: at,
        };
        let token = self.handhelds[one].token.clone();
        let message = Message::Cancel(cancellation);
        match self.house.exchange(&token, message, line).await? {
            Some(Reply::Cancelled(cancelled)) => Err(Broken::new(
                "nobody takes back another device's entry",
                format!("{cancelled:?}"),
            )),
            _ => Ok(()),
        }
    }

    async fn look_at(&mut self, card: u8) -> Result<(), Broken> {
        let device = site::device_code(0).map_err(|e| Broken::error("codes", &e))?;
        let before = self.house.otipass.counted();
        let looked = self
            .house
            .gate
            .deciding
            .look(&device, site::code(card))
            .await;
        looked.map_err(|e| Broken::error("a help desk can look", &e))?;
        if self.house.otipass.counted() != before {
            return Err(Broken::new("looking counts nothing", site::card_name(card)));
        }
        Ok(())
    }

    async fn resend(&mut self) -> Result<(), Broken> {
        let resent = self.house.db.write("resend", gate::resend_refused);
        resent
            .await
            .map(drop)
            .map_err(|e| Broken::error("what was refused is sent again", &e))
    }

    async fn revoke(&mut self, device: u8) -> Result<(), Broken> {
        let house = &self.house;
        let code = site::device_code(device).map_err(|e| Broken::error("codes", &e))?;
        let now = house.gate.now();
        let revoke = move |tx: &mut db::Tx<'_>| gate::revoke_tokens(tx, &code, now);
        let revoked = house.db.write("revoke tokens", revoke).await;
        revoked.map_err(|e| Broken::error("a device can be revoked", &e))?;
        let refreshed = house.gate.reload().await;
        refreshed.map_err(|e| Broken::error("the site is read again", &e))?;
        let token = match self.device(device) {
            Device::Handheld(scanner, _) => scanner.token.clone(),
            Device::Turnstile(turnstile, _) => turnstile.token.clone(),
        };
        let holder = self.house.gate.devices.holder_of(token).await;
        match holder {
            Ok(None) => Ok(()),
            other => Err(Broken::new(
                "a revoked token opens nothing",
                format!("{other:?}"),
            )),
        }
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
        let post = &mut self.house.posts[usize::from(device % DEVICES)];
        change(post);
        let about = format!("{post:?}");
        let Some(site) = site::site(&self.house.posts) else {
            return Err(Broken::new("a site can be read", about));
        };
        Gate::apply_site(&self.house.db, site)
            .await
            .map_err(|e| Broken::error("a device can be moved and set", &e))?;
        let refreshed = self.house.gate.reload().await;
        refreshed.map_err(|e| Broken::error("the site is read again", &e))
    }
}

enum Device<'a> {
    Handheld(&'a mut Handheld, &'a mut House),
    Turnstile(&'a mut Turnstile, &'a mut House),
}
