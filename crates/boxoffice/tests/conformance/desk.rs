//! A box office to test at: Villeneuve's, with a clock that is moved by hand.

use boxoffice::catalogue::{apply_catalogue, map_tariff};
use boxoffice::dispute::Noted;
use boxoffice::pending_account::StatementLine;
use boxoffice::report::Counts;
use boxoffice::sales_file::{StagedId, WrittenFile};
use boxoffice::stx_file::{StxFileId, file};
use boxoffice::{
    BoxOffice, Catalogue, CatalogueError, ImportReport, dispute, ledger, pending_account,
    read_catalogue, report,
};
use db::testing::TestDb;
use db::{Db, DbError, Tx, params};
use kernel::{BusinessDay, Clock, ControlBarcode, Language, ManualClock, Organisation, Timestamp};
use secutix::stx::Dialect;
use secutix::wire::{ControlResult, ControlledTicket, ReceivedTicket, TicketResult};
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;

const VILLENEUVE: &str = include_str!("../../../../examples/villeneuve/catalogue.toml");

const DISAGREE: &str = "SELECT COUNT(*) AS n FROM
    (SELECT product
     FROM (SELECT business_day, kind, season, product, tariff, price_minor, vat_basis_points,
                  sector, contact, line_count, amount_minor, vat_minor
           FROM box_account_day
           UNION ALL
           SELECT l.business_day, l.kind, t.season, t.product, t.tariff, t.price_minor,
                  t.vat_basis_points, COALESCE(t.sector, ''), l.contact, -1, -l.amount_minor,
                  -l.vat_minor
           FROM box_account_line l JOIN box_ticket t ON t.id = l.ticket_id) AS both_sides
     GROUP BY business_day, kind, season, product, tariff, price_minor, vat_basis_points, sector,
              contact
     HAVING SUM(line_count) <> 0 OR SUM(amount_minor) <> 0 OR SUM(vat_minor) <> 0) AS found";

pub struct Desk {
    pub office: BoxOffice,
    pub clock: ManualClock,
    pub folder: TempDir,
    pub test: TestDb,
}

/// The moment at which a desk opens.
pub fn morning() -> Timestamp {
    at("2026-07-14T07:00:00.114Z")
}

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn day(text: &str) -> BusinessDay {
    text.parse().unwrap()
}

pub fn villeneuve() -> Catalogue {
    read_catalogue(VILLENEUVE).unwrap()
}

/// The catalogue of Villeneuve after a change.
pub fn villeneuve_with(change: impl FnOnce(&mut Catalogue)) -> Catalogue {
    let mut catalogue = villeneuve();
    change(&mut catalogue);
    catalogue
}

/// An admission to VN_AUG, which sells PASSVN: the `number`th second of the day.
pub fn admission(number: usize) -> ControlledTicket {
    admission_at(
        number,
        morning().plus_ms(1000 * i64::try_from(number).unwrap()),
    )
}

pub fn admission_at(number: usize, moment: Timestamp) -> ControlledTicket {
    ControlledTicket {
        ac_identifier: "VN_AUG".parse().unwrap(),
        barcode: format!("OTI{number:08}{}", moment.compact())
            .parse()
            .unwrap(),
        control_date: moment,
        control_result: ControlResult::Ok,
        failure_reason: None,
        season_code: "VN26".parse().unwrap(),
        product_code: "PASSVN".parse().unwrap(),
    }
}

impl Desk {
    /// The buyer disputes the entry of this barcode.
    pub async fn dispute(&self, barcode: &ControlBarcode) -> Noted {
        let barcode = barcode.clone();
        let noted = self
            .office
            .db()
            .write("dispute", move |tx| dispute::note(tx, &barcode));
        noted.await.unwrap()
    }

    /// Opens with the catalogue of Villeneuve.
    pub async fn open(test: TestDb) -> Self {
        Self::open_with(test, villeneuve()).await
    }

    pub async fn open_with(test: TestDb, catalogue: Catalogue) -> Self {
        Self::open_speaking(test, catalogue, Dialect::default()).await
    }

    pub async fn open_speaking(test: TestDb, catalogue: Catalogue, dialect: Dialect) -> Self {
        let clock = ManualClock::new(morning());
        let folder = TempDir::new().unwrap();
        let office = office(&test, &clock, dialect).await;
        let desk = Self {
            office,
            clock,
            folder,
            test,
        };
        desk.apply(catalogue).await;
        desk
    }

    /// Another process on the same database.
    pub async fn second(&self) -> BoxOffice {
        self.second_speaking(Dialect::default()).await
    }

    pub async fn second_speaking(&self, dialect: Dialect) -> BoxOffice {
        office(&self.test, &self.clock, dialect).await
    }

    /// Writes what is ready to a file, without importing it.
    pub async fn written(&self) -> WrittenFile {
        let written = self.office.write_sales_file(StagedId::START).await;
        written.unwrap().unwrap()
    }

    /// What stands in this file; nothing if that is gone.
    pub async fn text(&self, id: StxFileId) -> Option<String> {
        let file = file(self.office.db(), id).await.unwrap().unwrap();
        let content = file.content(self.office.db())?;
        let mut text = Vec::new();
        for number in 0.. {
            let Some(part) = content.part(number).await.unwrap() else {
                break;
            };
            text.extend(part);
        }
        assert_eq!(text.len(), file.bytes as usize);
        Some(String::from_utf8(text).unwrap())
    }

    /// The report on its rejected rows.
    pub async fn report(&self, id: StxFileId) -> Option<String> {
        let file = file(self.office.db(), id).await.unwrap().unwrap();
        let report = self.office.report(&file).await.unwrap();
        report.map(|report| String::from_utf8(report).unwrap())
    }

    /// How many parts of files there are.
    pub async fn parts(&self) -> i64 {
        let count = |tx: &mut Tx<'_>| tx.value("SELECT COUNT(*) AS n FROM box_stx_part", params![]);
        let parts: Result<i64, DbError> = self.office.db().read("parts", count).await;
        parts.unwrap()
    }

    /// Imports a file of this text from a disk.
    pub async fn import(&self, text: impl AsRef<[u8]>) -> ImportReport {
        let path = self.folder.path().join("foreign.csv");
        std::fs::write(&path, text).unwrap();
        self.office.import_file(&path).await.unwrap()
    }

    pub async fn apply(&self, catalogue: Catalogue) {
        apply_catalogue(self.office.db(), catalogue).await.unwrap();
    }

    pub async fn send(&self, tickets: Vec<ControlledTicket>) -> Vec<TicketResult> {
        let tickets = tickets.into_iter().map(ReceivedTicket::WellFormed);
        let answer = self.office.import_controlled(tickets.collect()).await;
        answer.unwrap().ticket_results
    }

    /// Stages the admissions `numbers`, in batches.
    pub async fn stage(&self, numbers: std::ops::Range<usize>) {
        let tickets: Vec<_> = numbers.map(admission).collect();
        for batch in tickets.chunks(500) {
            let results = self.send(batch.to_vec()).await;
            assert!(results.iter().all(|r| r.failure_reason.is_none()));
        }
    }

    pub async fn counts(&self) -> Counts {
        report::counts(self.office.db()).await.unwrap()
    }

    /// Every line of the account.
    pub async fn lines(&self) -> Vec<StatementLine> {
        let (from, to) = (day("2000-01-01"), day("2099-12-31"));
        pending_account::lines(self.office.db(), from, to, None, 100_000)
            .await
            .unwrap()
    }

    /// That the sums by day agree with a count over the lines.
    pub async fn sums_agree(&self) {
        let disagree: Result<i64, DbError> = self
            .office
            .db()
            .read("sums", |tx| tx.query_one(DISAGREE, params![])?.get("n"))
            .await;
        assert_eq!(disagree.unwrap(), 0);
    }

    /// Every barcode, and that nothing contradicts itself.
    pub async fn sound_ledger(&self) -> Vec<ledger::BoxOfficeEntry> {
        let entries = ledger::page(self.office.db(), None, 100_000).await.unwrap();
        for entry in &entries {
            assert_eq!(entry.contradiction(), None, "{entry:?}");
        }
        self.sums_agree().await;
        let lone = ledger::orders_without_ticket(self.office.db()).await;
        assert_eq!(lone.unwrap(), []);
        entries
    }

    /// A file in the desk's folder.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }
}

pub fn barcode(ticket: &ControlledTicket) -> ControlBarcode {
    ticket.barcode.clone()
}

async fn office(test: &TestDb, clock: &ManualClock, dialect: Dialect) -> BoxOffice {
    let organisation = Organisation {
        institution: "VILLEN".parse().unwrap(),
        organisation: "VILLEN".parse().unwrap(),
        name: "Villeneuve".to_owned(),
        zone: "Europe/Paris".parse().unwrap(),
        currency: "EUR".to_owned(),
        language: Language::Fr,
    };
    let migrated = test.db.migrate(&[boxoffice::SCHEMA], clock.now()).await;
    migrated.unwrap();
    BoxOffice::open(
        test.db.clone(),
        Arc::new(clock.clone()),
        organisation,
        dialect,
    )
    .unwrap()
}

/// Lets a scan of this product sell this tariff.
pub async fn map(db: &Db, product: &str, tariff: &str) -> Result<(), CatalogueError> {
    let (product, tariff) = (product.parse().unwrap(), tariff.parse().unwrap());
    let map = move |tx: &mut Tx<'_>| map_tariff(tx, &product, &tariff).map(drop);
    db.write("map tariff", map).await
}
