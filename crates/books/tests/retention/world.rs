//! A gate and a box office on one database, without network, to which anything
//! may happen.

use crate::partner::{CARDS, Sayer};
use books::reconciliation::{Reconciliation, Sides, reconcile};
use books::retention::{Retention, RetentionDays, RetentionReport, Run};
use boxoffice::catalogue::apply_catalogue;
use boxoffice::pending_account::Amount;
use boxoffice::stx_file::files;
use boxoffice::{BoxOffice, Catalogue, ImportKind, ImportReport, read_catalogue};
use db::testing::TestDb;
use db::{DbError, Tx, params};
use gate::{
    Cancellation, Declared, Direction, Gate, InterfaceSettings, JournalItem, Merged, Scan, Sending,
    read_site,
};
use kernel::{CheckId, Clock, Language, ManualClock, Organisation, PseudonymKey, Timestamp};
use secutix::client::{CallError, Ticketing};
use secutix::stx::Dialect;
use secutix::wire::{ImportControlledTicketAnswer, ImportControlledTicketRequest, ReceivedTicket};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Something that happens.
#[derive(Debug, Clone, Copy)]
pub enum Op {
    /// A card is held before an online scanner; Otipass may be silent.
    Scan { card: usize, silent: bool },
    /// The agent lets a holder in.
    Forced { card: usize },
    /// Something is held before the scanner that is no pass.
    Nonsense,
    /// A journal delivers an entry of so many days ago, at the full day.
    Journal { card: usize, days_ago: i64 },
    /// An entry is cancelled, the nth of those that were scanned.
    Cancel { nth: usize },
    /// A device sends a check again.
    Repeat { nth: usize },
    /// A device uses a check's id for something else.
    Conflict { nth: usize },
    /// What waits is delivered, declared and sold.
    Carry,
    /// What waits is delivered.
    Deliver,
    /// All that was ever delivered comes again.
    Redeliver,
    /// All STX_Files are imported again, as they were when they were written.
    Reimport,
    /// Days pass.
    Days(i64),
    /// Card numbers go.
    Retain,
}

/// What anybody counts.
#[derive(Debug, PartialEq)]
pub struct Sums {
    pub books: Reconciliation,
    pub sales: String,
    pub attendance: String,
    pub account: (Amount, Amount),
}

pub struct World {
    gate: Gate,
    office: BoxOffice,
    partner: Arc<Sayer>,
    clock: ManualClock,
    test: TestDb,
    retention: Retention,
    scans: Vec<Scan>,
    delivered: Desk,
    originals: BTreeMap<String, Vec<u8>>,
}

/// The way from the gate to the box office; remembers what passed.
struct Desk(Mutex<Vec<ImportControlledTicketRequest>>);

struct Way<'a>(&'a Desk, &'a BoxOffice);

impl Ticketing for Way<'_> {
    async fn import_controlled_ticket(
        &self,
        request: &ImportControlledTicketRequest,
    ) -> Result<ImportControlledTicketAnswer, CallError> {
        self.0.0.lock().unwrap().push(request.clone());
        Ok(hand_over(self.1, request).await)
    }
}

async fn hand_over(
    office: &BoxOffice,
    request: &ImportControlledTicketRequest,
) -> ImportControlledTicketAnswer {
    let tickets = request.controlled_tickets.iter().cloned();
    let tickets = tickets.map(ReceivedTicket::WellFormed).collect();
    office.import_controlled(tickets).await.unwrap()
}

fn morning() -> Timestamp {
    "2026-07-14T07:00:00.000Z".parse().unwrap()
}

/// A device whose clock is right.
const CLOCK_IS_RIGHT: Sending = Sending {
    sent_at: None,
    age_ms: None,
    offset_ms: Some(0),
    contact_at: None,
    set_up: None,
    one_more_than: None,
};

const CATALOGUE: &str = include_str!("../../../../examples/villeneuve/catalogue.toml");

impl World {
    pub async fn open(test: TestDb) -> Self {
        let world = Self::unmapped(test).await;
        world.apply(|_| ()).await;
        world
    }

    /// A world in which no tariff is mapped.
    pub async fn unmapped(test: TestDb) -> Self {
        let clock = ManualClock::new(morning());
        let (site, _) = read_site(include_str!("../../../../examples/villeneuve/site.toml"));
        let mapping =
            otipass::read_mapping(include_str!("../../../../examples/villeneuve/mapping.json"));
        test.db.migrate(books::SCHEMAS, clock.now()).await.unwrap();
        Gate::apply_site(&test.db, site.unwrap()).await.unwrap();
        let partner = Arc::new(Sayer::default());
        let gate = Gate::open(
            test.db.clone(),
            Arc::new(clock.clone()),
            InterfaceSettings {
                // Its visitors come again at once.
                repeat_window: Duration::ZERO,
                ..InterfaceSettings::new(mapping.mapping.unwrap())
            },
            Arc::clone(&partner) as Arc<dyn otipass::Partner>,
            "world",
        )
        .await
        .unwrap();
        let office = BoxOffice::open(
            test.db.clone(),
            Arc::new(clock.clone()),
            Organisation {
                institution: "VILLEN".parse().unwrap(),
                organisation: "VILLEN".parse().unwrap(),
                name: "Villeneuve".to_owned(),
                zone: "Europe/Paris".parse().unwrap(),
                currency: "EUR".to_owned(),
                language: Language::Fr,
            },
            Dialect::default(),
        )
        .unwrap();
        let retention = Retention {
            days: RetentionDays::new(400).unwrap(),
            fresh_key: PseudonymKey::from_random([9; 32]),
        };
        let world = Self {
            gate,
            office,
            partner,
            clock,
            test,
            retention,
            scans: Vec::new(),
            delivered: Desk(Mutex::default()),
            originals: BTreeMap::new(),
        };
        world
            .apply(|catalogue| catalogue.tariff_mappings.clear())
            .await;
        world
    }

    /// Imports the catalogue of Villeneuve after a change.
    pub async fn apply(&self, change: impl FnOnce(&mut Catalogue)) {
        let mut catalogue = read_catalogue(CATALOGUE).unwrap();
        change(&mut catalogue);
        apply_catalogue(self.office.db(), catalogue).await.unwrap();
    }

    /// Does it, and says what a device saw of it.
    pub async fn act(&mut self, op: Op) -> String {
        match op {
            Op::Scan { card, silent } => {
                self.partner.silent.store(silent, Ordering::SeqCst);
                let scan = self.scan(CARDS[card], self.clock.now(), None);
                let seen = self.check(scan).await;
                self.partner.silent.store(false, Ordering::SeqCst);
                // The breaker lets the next one through again.
                self.clock.advance_ms(60_000);
                seen
            }
            Op::Forced { card } => {
                let note = Some(format!("card {} is torn", CARDS[card]));
                let scan = self.scan(CARDS[card], self.clock.now(), note);
                self.journal(scan).await
            }
            Op::Nonsense => {
                let scan = self.scan("00029976", self.clock.now(), None);
                self.check(scan).await
            }
            Op::Journal { card, days_ago } => {
                let days = self.clock.now().ms_since(morning()).div_euclid(DAY_MS);
                let moment = morning().plus_ms((days - days_ago) * DAY_MS);
                let scan = self.scan(CARDS[card], moment, None);
                self.journal(scan).await
            }
            Op::Repeat { nth } => match self.scans.get(nth).cloned() {
                Some(scan) => self.journal(scan).await,
                None => String::new(),
            },
            Op::Conflict { nth } => match self.scans.get(nth).cloned() {
                Some(scan) => {
                    let code = format!("{}1", scan.code);
                    self.journal(Scan { code, ..scan }).await
                }
                None => String::new(),
            },
            Op::Cancel { nth } => self.cancel(nth).await,
            Op::Carry => {
                self.deliver().await;
                while !matches!(
                    self.gate.outbox.declare_next().await.unwrap(),
                    Declared::Nothing
                ) {}
                let now = self.clock.now();
                books::disputes::carry(&self.test.db, now).await.unwrap();
                self.office.run_external_sales().await.unwrap();
                self.keep_originals().await;
                String::new()
            }
            Op::Deliver => {
                self.deliver().await;
                String::new()
            }
            Op::Redeliver => self.redeliver().await,
            Op::Reimport => self.reimport().await,
            Op::Days(days) => {
                self.clock.advance_ms(days * DAY_MS);
                String::new()
            }
            Op::Retain => {
                self.run(Run::Remove).await;
                String::new()
            }
        }
    }

    /// As [`Self::act`], in a world where card numbers stay.
    pub async fn act_unless_retention(&mut self, op: Op) -> String {
        match op {
            Op::Retain => String::new(),
            op => self.act(op).await,
        }
    }

    pub async fn run(&self, run: Run) -> RetentionReport {
        books::retention::run(&self.test.db, &self.retention, self.clock.now(), run)
            .await
            .unwrap()
    }

    /// Changes the one row that there is by hand.
    pub async fn meddle(&self, sql: &'static str) {
        let db = &self.test.db;
        let changed = db.write("by hand", move |tx| tx.execute(sql, params![]));
        assert_eq!(changed.await.unwrap(), 1);
    }

    fn scan(&mut self, code: &str, scanned_at: Timestamp, note: Option<String>) -> Scan {
        let scan = Scan {
            id: id(self.scans.len()),
            device: "PDA01".parse().unwrap(),
            code: code.to_owned(),
            device_time: scanned_at.into(),
            direction: Direction::Entry,
            forced_note: note.map(|note| note.parse().unwrap()),
        };
        self.scans.push(scan.clone());
        scan
    }

    async fn check(&self, scan: Scan) -> String {
        let (check, freshness) = self
            .gate
            .deciding
            .check(scan, Sending::default())
            .await
            .unwrap();
        format!("{} {freshness:?}", check.decision.as_str())
    }

    async fn journal(&self, scan: Scan) -> String {
        let item = JournalItem {
            sending: CLOCK_IS_RIGHT,
            ..scan.into()
        };
        match &self.gate.deciding.merge_journal(vec![item]).await.unwrap()[..] {
            [Merged::Recorded(check, freshness)] => {
                format!("{} {freshness:?}", check.decision.as_str())
            }
            [Merged::Refused(_, why)] => why.to_string(),
            _ => unreachable!("one check, one answer"),
        }
    }

    async fn cancel(&self, nth: usize) -> String {
        let Some(scan) = self.scans.get(nth) else {
            return String::new();
        };
        let cancelled = self
            .gate
            .deciding
            .cancel(Cancellation {
                cause: None,
                id: id(1_000 + nth).to_string().parse().unwrap(),
                check_id: scan.id,
                device: scan.device.clone(),
                device_time: scan.device_time.corrected_ms(60_000).into(),
                sending: CLOCK_IS_RIGHT,
            })
            .await;
        match cancelled {
            Ok(cancelled) => format!("{:?}", cancelled.repeated),
            Err(error) => error.to_string(),
        }
    }

    async fn deliver(&self) {
        let way = Way(&self.delivered, &self.office);
        loop {
            let done = self.gate.outbox.deliver_next(&way).await.unwrap();
            assert_eq!(done.refused, 0);
            if done.taken == 0 {
                return;
            }
        }
    }

    async fn redeliver(&self) -> String {
        let requests = self.delivered.0.lock().unwrap().clone();
        let mut refused = Vec::new();
        for request in &requests {
            let answer = hand_over(&self.office, request).await;
            for (ticket, result) in request.controlled_tickets.iter().zip(answer.ticket_results) {
                assert_eq!(result.barcode.as_ref(), Some(&ticket.barcode));
                refused.extend(result.failure_reason);
            }
        }
        refused.join("\n")
    }

    /// Of the files that were written here; those that are brought again are copies.
    async fn keep_originals(&mut self) {
        let written = files(&self.test.db, None, 100).await.unwrap();
        let written = written
            .into_iter()
            .filter(|file| file.kind == ImportKind::Run);
        let written: BTreeSet<_> = written.map(|file| file.name).collect();
        for (name, content) in self.stx_files().await {
            if written.contains(&name) {
                self.originals.entry(name).or_insert(content);
            }
        }
    }

    async fn reimport(&self) -> String {
        let mut seen = Vec::new();
        for (name, content) in &self.originals {
            let report = self.import(name, content).await;
            assert_eq!(report.tickets, 0, "{name}");
            seen.push((report.rows, report.already_imported, report.rejected.len()));
        }
        format!("{seen:?}")
    }

    /// Somebody goes away in the middle of an upload of what was sold.
    pub async fn leaves_an_upload(&self) {
        let (name, content) = self.originals.first_key_value().unwrap();
        let mut left = self.office.receive(name);
        left.take(&content.repeat(1_000)).await.unwrap();
    }

    async fn import(&self, called: &str, content: &[u8]) -> ImportReport {
        let mut incoming = self.office.receive(called);
        incoming.take(content).await.unwrap();
        let received = incoming.ended().await.unwrap();
        self.office.import_received(received).await.unwrap()
    }

    /// Imports all that was sold as another seller has it, for the next card and without
    /// numbers of orders, and with a row that is refused.
    pub async fn sells_another(&self) {
        let mut text = String::new();
        for (_, content) in self.stx_files().await {
            for line in String::from_utf8(content).unwrap().lines() {
                let mut cells: Vec<&str> = line.split(';').collect();
                let barcode = cells[15].replace(CARDS[0], CARDS[1]);
                if cells[2] != "ORDER_NR" {
                    (cells[2], cells[15]) = ("", &barcode);
                }
                text += &(cells.join(";") + "\n");
            }
        }
        let last = text.lines().last().unwrap().replace("CONTROLLED", "USED");
        let text = format!("{text}{last}\n");
        let report = self.import("upload.csv", text.as_bytes()).await;
        assert_eq!((report.tickets, report.rejected.len()), (1, 1));
    }

    /// What stands in the STX_Files that have their content.
    pub async fn stx_files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut contents = BTreeMap::new();
        for file in files(&self.test.db, None, 100).await.unwrap() {
            if let Some(content) = file.content(&self.test.db) {
                let part = content.part(0).await.unwrap().unwrap();
                contents.insert(file.name, part);
            }
        }
        contents
    }

    /// Whatever file it is of, or of none.
    async fn parts_with_card(&self) -> i64 {
        let all = |tx: &mut Tx<'_>| tx.column("SELECT bytes FROM box_stx_part", params![]);
        let parts: Result<Vec<Vec<u8>>, DbError> = self.test.db.read("parts", all).await;
        let holds = |part: &Vec<u8>| {
            let text = String::from_utf8_lossy(part);
            CARDS.iter().any(|card| text.contains(card))
        };
        let with_card = parts.unwrap().iter().filter(|part| holds(part)).count();
        i64::try_from(with_card).unwrap()
    }

    /// How many rows hold a card number.
    pub async fn with_card(&self) -> i64 {
        let mut sum = self.parts_with_card().await;
        for card in CARDS {
            for (table, column) in [
                ("gate_check", "code"),
                ("gate_check", "card"),
                ("gate_check", "forced_note"),
                ("gate_intent", "card"),
                ("gate_control_barcode", "barcode"),
                ("box_staged", "barcode"),
                ("box_ticket", "barcode"),
                ("box_order", "order_number"),
                ("box_disputed_line", "barcode"),
                ("box_stx_rejection", "explanation"),
            ] {
                let sql =
                    format!("SELECT COUNT(*) AS n FROM {table} WHERE {column} LIKE '%{card}%'");
                let found: Result<i64, DbError> = self
                    .test
                    .db
                    .read("card numbers", move |tx| {
                        tx.query_one(&sql, params![])?.get("n")
                    })
                    .await;
                sum += found.unwrap();
            }
        }
        sum
    }

    pub async fn sums(&self) -> Sums {
        let db = &self.test.db;
        let (from, to) = ("2020-01-01".parse().unwrap(), "2099-12-31".parse().unwrap());
        let mut books = reconcile(db, Sides::Both).await.unwrap();
        // Without its number nobody sees that a card came again and again.
        books.runs_of_one_card = 0;
        assert!(books.is_clean(), "{:?}", books.differences);
        let sales = boxoffice::report::sales(db, from, to).await.unwrap();
        let attendance = gate::records::attendance::attendance(db, from, to)
            .await
            .unwrap();
        let account = boxoffice::pending_account::statement(db, from, to)
            .await
            .unwrap();
        Sums {
            books,
            sales: serde_json::to_string(&sales).unwrap(),
            attendance: serde_json::to_string(&attendance).unwrap(),
            account: (account.total, account.disputed_total),
        }
    }
}

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

fn id(n: usize) -> CheckId {
    format!("00000000-0000-4000-8000-{n:012}").parse().unwrap()
}
