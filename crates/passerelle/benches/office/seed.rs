//! A database such as a busy year leaves behind, written past the service by
//! plain SQL: it takes minutes, and the service then finds what it would have
//! written itself. `passerelle reconcile` on it says whether that is true.

use kernel::{BusinessDay, CardNumber, Timestamp, Zone};
use rusqlite::{Connection, Statement, params};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::time::Instant;

/// To be raised whenever what is written here changes.
const VERSION: u32 = 1;
pub const DAYS: i64 = 365;
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const OPENS_AT_HOUR: i64 = 9;
const OPEN_HOURS: i64 = 10;
/// From Monday to Sunday.
const VISITORS_BY_WEEKDAY: [i64; 7] = [8, 8, 9, 9, 10, 14, 13];
/// The pause between two external sales runs.
const RUN_EVERY_MS: i64 = 15 * MINUTE_MS;
/// For so long, nobody has mapped the tariff of the last product.
const HELD_DAYS: i64 = 14;
/// Of the latest admissions: still on their way, and not yet sold.
const IN_FLIGHT: i64 = 200;
const READY: i64 = 300;

/// Outcome, in a thousand checks.
const OUTCOMES: [(&str, u32); 13] = [
    ("accepted", 660),
    ("accepted_offline", 80),
    ("accepted_unverified", 15),
    ("accepted_forced", 5),
    ("already_used", 60),
    ("pass_expired", 50),
    ("not_a_pass", 50),
    ("unknown_pass", 20),
    ("service_not_included", 20),
    ("pass_not_sold", 15),
    ("exit", 10),
    ("partner_unavailable", 10),
    ("pass_blocked", 5),
];

/// Sector, service, product, tariff, price, VAT in it: two devices each, as the
/// example has them.
const SECTORS: [(&str, &str, &str, &str, i64, i64); 6] = [
    ("VN_AUG", "PCUMID000FSA5CD6", "PASSVN", "CITYPASS", 950, 50),
    ("VN_RAY", "PCUMID000FS4D3C1", "PASSVN", "CITYPASS", 950, 50),
    ("VN_DUP", "PCUMID000FSCA264", "PASSVN", "CITYPASS", 950, 50),
    ("VN_LAB", "PCUMID000FS18B8F", "PASSVN", "CITYPASS", 950, 50),
    (
        "VN_GEO",
        "PCUMID000FS25165",
        "PASSVN2",
        "CITYLIGHT",
        475,
        25,
    ),
    ("VN_CAS", "PCUMID000FS3031D", "PASSVN3", "CITYLATE", 700, 36),
];

/// The database's file in a folder, and the one that says what is in it.
pub const DATABASE: &str = "passerelle.db";
const MARK: &str = "seeded";

/// Whether `folder` holds the whole year of `checks` up to `last`, as this
/// version writes it.
pub fn is_whole(folder: &Path, checks: i64, last: BusinessDay) -> bool {
    std::fs::read_to_string(folder.join(MARK)).is_ok_and(|found| found == mark(checks, last))
}

/// Writes the year of `checks` up to `last` into the empty database in `folder`.
pub fn seed(folder: &Path, checks: i64, last: BusinessDay, zone: &Zone) {
    println!("Seeding {checks} checks into {} ...", folder.display());
    let begun = Instant::now();
    let connection = Connection::open(folder.join(DATABASE)).unwrap();
    connection
        .execute_batch(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF;
             PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -2000000;",
        )
        .unwrap();
    let indexes = drop_indexes(&connection);
    connection.execute_batch("BEGIN").unwrap();
    Year::new(&connection, zone, last).write(checks);
    println!("  rows after {} s", begun.elapsed().as_secs());
    connection.execute_batch(SUMS).unwrap();
    connection.execute_batch("COMMIT").unwrap();
    for index in indexes {
        connection.execute_batch(&index).unwrap();
    }
    connection
        .execute_batch("PRAGMA journal_mode = WAL;")
        .unwrap();
    drop(connection);
    std::fs::write(folder.join(MARK), mark(checks, last)).unwrap();
    println!("  whole after {} s", begun.elapsed().as_secs());
}

/// What tells this seed from those of other versions, sizes and days.
fn mark(checks: i64, last: BusinessDay) -> String {
    let mut hash = Sha256::new();
    for migration in books::SCHEMAS.iter().flat_map(|schema| schema.migrations) {
        hash.update(migration.sql);
    }
    let schema: String = hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
    format!("{VERSION} {checks} {last} {schema}")
}

/// Drops what is quicker to build afterwards, and gives what builds it.
fn drop_indexes(connection: &Connection) -> Vec<String> {
    let mut found = connection
        .prepare("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
        .unwrap();
    let found: Vec<(String, String)> = found
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    for (name, _) in &found {
        connection
            .execute_batch(&format!("DROP INDEX {name}"))
            .unwrap();
    }
    found.into_iter().map(|(_, sql)| sql).collect()
}

/// What is summed up of the rows, and the files that the orders came from.
const SUMS: &str = "
    INSERT INTO gate_attendance_hour
    SELECT c.business_day, c.device, c.hour, c.sector, SUM(x.id IS NULL), SUM(x.id IS NOT NULL)
    FROM gate_check c LEFT JOIN gate_cancellation x ON x.check_id = c.check_id
    WHERE c.admitted = 1 GROUP BY c.business_day, c.device, c.hour, c.sector;

    INSERT INTO gate_outcome_day
    SELECT business_day, device, outcome, COUNT(*) FROM gate_check
    GROUP BY business_day, device, outcome;

    UPDATE gate_outcome_day SET checks = checks - overruled.n
    FROM (SELECT c.business_day, c.device, c.outcome, COUNT(*) AS n
          FROM gate_check f JOIN gate_check c ON c.check_id = f.follows
          GROUP BY c.business_day, c.device, c.outcome) AS overruled
    WHERE (gate_outcome_day.business_day, gate_outcome_day.device, gate_outcome_day.outcome)
        = (overruled.business_day, overruled.device, overruled.outcome);

    INSERT INTO box_account_day
    SELECT l.business_day, l.kind, t.season, t.product, t.tariff, t.price_minor,
           t.vat_basis_points, t.sector, l.contact, COUNT(*), SUM(l.amount_minor),
           SUM(l.vat_minor)
    FROM box_account_line l JOIN box_ticket t ON t.id = l.ticket_id
    GROUP BY l.business_day, l.kind, t.season, t.product, t.tariff, t.price_minor,
             t.vat_basis_points, t.sector, l.contact;

    UPDATE gate_declaration SET dispute_told_at = declared_at + 1000
    FROM gate_control_barcode b
    WHERE b.check_id = gate_declaration.check_id AND b.delivered_at IS NOT NULL
      AND disputed IS NOT NULL;

    UPDATE box_staged SET disputed = 1
    FROM gate_declaration d JOIN gate_control_barcode b ON b.check_id = d.check_id
    WHERE d.dispute_told_at IS NOT NULL AND b.barcode = box_staged.barcode;

    INSERT INTO box_disputed_line
    SELECT t.barcode, l.kind, l.business_day, o.order_number, l.contact, t.season, t.product,
           t.tariff, t.vat_basis_points, l.amount_minor, l.vat_minor
    FROM box_staged s
    JOIN box_ticket t ON t.barcode = s.barcode
    JOIN box_account_line l ON l.ticket_id = t.id
    JOIN box_order o ON o.id = t.order_id
    WHERE s.disputed = 1;

    INSERT INTO box_stx_file (id, name, sha256, kind, state, row_count, order_count, ticket_count,
                              already_count, rejected_count, created_at, imported_at)
    SELECT stx_file_id, 'STX_File_' || stx_file_id || '.csv', '', 'RUN', 'IMPORTED', COUNT(*),
           COUNT(*), COUNT(*), 0, 0, MIN(created_at), MIN(created_at) + 900
    FROM box_order GROUP BY stx_file_id;

    UPDATE gate_device SET clock_offset_ms = 40, unsent = 0, battery_percent = 80, mode = 'online';
";

/// Writes a year.
struct Year<'c> {
    zone: &'c Zone,
    last: BusinessDay,
    chance: fastrand::Rng,
    cards: usize,
    check: Statement<'c>,
    barcode: Statement<'c>,
    declaration: Statement<'c>,
    cancellation: Statement<'c>,
    give_back: Statement<'c>,
    staged: Statement<'c>,
    order: Statement<'c>,
    ticket: Statement<'c>,
    line: Statement<'c>,
    staged_id: i64,
    sold: i64,
    file: i64,
    file_at: i64,
}

/// What is known of a check when it is written.
struct Scan {
    id: String,
    device: String,
    card: CardNumber,
    at: Timestamp,
    arrived_at: i64,
    day: BusinessDay,
    outcome: &'static str,
    /// `None` at the device whose sector nobody has mapped.
    sector: Option<usize>,
    follows: Option<String>,
    /// How many checks come after it.
    left: i64,
}

impl<'c> Year<'c> {
    fn new(connection: &'c Connection, zone: &'c Zone, last: BusinessDay) -> Self {
        let prepare = |table: &str, columns: &str| {
            let places = vec!["?"; columns.split(',').count()].join(", ");
            let sql = format!("INSERT INTO {table} ({columns}) VALUES ({places})");
            connection.prepare(&sql).unwrap()
        };
        Self {
            zone,
            last,
            chance: fastrand::Rng::with_seed(7),
            cards: 0,
            check: prepare(
                "gate_check",
                "check_id, device, mode, code, device_time, scanned_at, time_estimated, arrived_at,
                 decided_at, direction, outcome, admitted, card, sector, num_type, service_id,
                 space_id, valid_until, entries_left, device_count_today, business_day, hour,
                 set_up, follows",
            ),
            barcode: prepare(
                "gate_control_barcode",
                "barcode, check_id, sector, season, product, mode, controlled_at, delivered_at",
            ),
            declaration: prepare(
                "gate_declaration",
                "check_id, maybe_counted, attempts, due_at, declared_at, disputed",
            ),
            cancellation: prepare(
                "gate_cancellation",
                "check_id, id, device, cause, device_time, cancelled_at, arrived_at, device_count_today,
                 delivered_at",
            ),
            give_back: prepare("gate_give_back", "check_id, attempts, due_at, told_at"),
            staged: prepare(
                "box_staged",
                "id, barcode, season, product, sector, control_result, controlled_at,
                 business_day, received_at, state, held_reason, cancelled_at",
            ),
            order: prepare(
                "box_order",
                "id, channel, order_number, contact, ordered_at, business_day, stx_file_id,
                 created_at",
            ),
            ticket: prepare(
                "box_ticket",
                "id, order_id, barcode, season, product, tariff, price_minor, vat_basis_points,
                 vat_minor, state, controlled_at, business_day, sector, cancelled_on",
            ),
            line: prepare(
                "box_account_line",
                "ticket_id, kind, contact, amount_minor, vat_minor, business_day, booked_at",
            ),
            staged_id: 0,
            sold: 0,
            file: 0,
            file_at: 0,
        }
    }

    fn write(&mut self, checks: i64) {
        // A pass visits four times.
        self.cards = usize::try_from(checks / 4 + 1).unwrap();
        let first = self.last.plus_days(1 - DAYS);
        let weight = |day: BusinessDay| VISITORS_BY_WEEKDAY[usize::from(day.weekday())];
        let all: i64 = (0..DAYS).map(|n| weight(first.plus_days(n))).sum();
        let mut left = checks;
        for number in 0..DAYS {
            let day = first.plus_days(number);
            let of_day = if day == self.last {
                left
            } else {
                checks * weight(day) / all
            };
            let opens = self.zone.start_of(day).plus_ms(OPENS_AT_HOUR * HOUR_MS);
            for n in 0..of_day {
                left -= 1;
                let within = n * (OPEN_HOURS * HOUR_MS) / of_day.max(1);
                self.scan(day, opens.plus_ms(within), left);
            }
        }
    }

    fn scan(&mut self, day: BusinessDay, at: Timestamp, left: i64) {
        let (device, sector) = match self.chance.usize(0..1_200) {
            0..12 => (13, None),
            n => (n % 12 + 1, Some(n % 12 / 2)),
        };
        let mut at_most = self.chance.u32(0..1_000);
        let (outcome, _) = OUTCOMES
            .iter()
            .find(|(_, weight)| {
                let found = at_most < *weight;
                at_most = at_most.saturating_sub(*weight);
                found
            })
            .unwrap();
        let outcome = match sector {
            None => "sector_not_mapped",
            Some(_) => outcome,
        };
        let late = match outcome {
            "accepted_offline" => self.chance.i64(10..120) * MINUTE_MS,
            _ => self.chance.i64(30..400),
        };
        let scan = Scan {
            id: self.id(),
            device: format!("PDA{device:02}"),
            card: card(self.chance.usize(0..self.cards)),
            arrived_at: at.millis() + late,
            at,
            day,
            outcome,
            sector,
            follows: None,
            left,
        };
        let overruled = outcome == "already_used" && self.chance.u32(0..100) == 0;
        self.check(&scan);
        if overruled {
            let follow_up = Scan {
                id: self.id(),
                follows: Some(scan.id.clone()),
                outcome: "accepted_offline",
                ..scan
            };
            self.check(&follow_up);
        }
    }

    fn check(&mut self, scan: &Scan) {
        let admitted = scan.outcome.starts_with("accepted");
        let offline = scan.outcome == "accepted_offline";
        let known = scan.outcome != "not_a_pass" && scan.outcome != "sector_not_mapped";
        let place = scan.sector.map(|sector| SECTORS[sector]);
        let place = place.filter(|_| known);
        let card = scan.card.reveal();
        let mode = if offline { "offline" } else { "online" };
        self.check
            .execute(params![
                scan.id,
                scan.device,
                mode,
                card,
                scan.at.millis(),
                scan.at.millis(),
                0,
                scan.arrived_at,
                scan.arrived_at + 120,
                if scan.outcome == "exit" {
                    "exit"
                } else {
                    "entry"
                },
                scan.outcome,
                i64::from(admitted),
                place.map(|_| card),
                place.map(|place| place.0),
                place.map(|_| "number"),
                place.map(|place| place.1),
                place.map(|place| format!("PROVIDER#{}", place.1)),
                (scan.outcome == "accepted").then(|| scan.day.plus_days(3).to_string()),
                (scan.outcome == "accepted").then_some("unlimited"),
                1,
                scan.day.to_string(),
                i64::from(self.zone.hour(scan.at)),
                1,
                scan.follows,
            ])
            .unwrap();
        if admitted {
            self.admission(scan, offline, mode);
        }
    }

    fn admission(&mut self, scan: &Scan, offline: bool, mode: &str) {
        let (sector, _, product, ..) = SECTORS[scan.sector.unwrap()];
        let barcode = gate::decide::barcode::control_barcode(&scan.card, scan.at).unwrap();
        let delivered_at = (scan.left >= IN_FLIGHT).then_some(scan.arrived_at + 2_000);
        self.barcode
            .execute(params![
                barcode.reveal(),
                scan.id,
                sector,
                "VN26",
                product,
                mode,
                scan.at.millis(),
                delivered_at,
            ])
            .unwrap();
        if scan.outcome != "accepted" {
            let disputed = self.chance.u32(0..100) == 0;
            self.declaration
                .execute(params![
                    scan.id,
                    0,
                    1,
                    scan.arrived_at,
                    scan.arrived_at + 3_000,
                    disputed.then_some("already_used"),
                ])
                .unwrap();
        }
        let cancelled = scan.left >= IN_FLIGHT && self.chance.u32(0..300) == 0;
        let cancelled_at = scan.at.millis() + MINUTE_MS;
        if cancelled {
            let heard_at = scan.arrived_at + MINUTE_MS;
            let cancellation = self.id();
            self.cancellation
                .execute(params![
                    scan.id,
                    cancellation,
                    scan.device,
                    "agent",
                    cancelled_at,
                    cancelled_at,
                    heard_at,
                    1,
                    heard_at + 2_000,
                ])
                .unwrap();
            self.give_back
                .execute(params![scan.id, 1, heard_at, heard_at + 3_000])
                .unwrap();
        }
        if delivered_at.is_none() {
            return;
        }
        self.staged_id += 1;
        let held = product == "PASSVN3" && scan.day > self.last.plus_days(-HELD_DAYS);
        let state = if cancelled && (held || self.chance.u32(0..10) == 0) {
            "cancelled"
        } else if held {
            "held"
        } else if scan.left < IN_FLIGHT + READY {
            "ready"
        } else {
            "sold"
        };
        self.staged
            .execute(params![
                self.staged_id,
                barcode.reveal(),
                "VN26",
                product,
                sector,
                if offline { "OFFLINE_OK" } else { "OK" },
                scan.at.millis(),
                scan.day.to_string(),
                scan.arrived_at + 2_000,
                state,
                (state == "held").then_some("tariff_not_mapped"),
                cancelled.then_some(cancelled_at),
            ])
            .unwrap();
        if state == "sold" {
            self.sale(scan, barcode.reveal(), cancelled);
        }
    }

    fn sale(&mut self, scan: &Scan, barcode: &str, cancelled: bool) {
        let (sector, _, product, tariff, price, vat) = SECTORS[scan.sector.unwrap()];
        let booked_at = (scan.arrived_at / RUN_EVERY_MS + 1) * RUN_EVERY_MS;
        if booked_at > self.file_at {
            self.file_at = booked_at;
            self.file += 1;
        }
        self.sold += 1;
        let (id, day) = (self.sold, scan.day.to_string());
        self.order
            .execute(params![
                id,
                "OTIPASS",
                format!("1{:09}", self.staged_id),
                "000042",
                scan.at.millis(),
                day,
                self.file,
                booked_at,
            ])
            .unwrap();
        self.ticket
            .execute(params![
                id,
                id,
                barcode,
                "VN26",
                product,
                tariff,
                price,
                550,
                vat,
                if cancelled { "CANCELLED" } else { "CONTROLLED" },
                scan.at.millis(),
                day,
                sector,
                cancelled.then_some(&day),
            ])
            .unwrap();
        for (kind, sign) in [("SALE", 1), ("CANCELLATION", -1)] {
            if kind == "SALE" || cancelled {
                self.line
                    .execute(params![
                        id,
                        kind,
                        "000042",
                        sign * price,
                        sign * vat,
                        day,
                        booked_at
                    ])
                    .unwrap();
            }
        }
    }

    /// As random as those of devices: no two checks of a day lie together.
    fn id(&mut self) -> String {
        let bytes = self.chance.u128(..).to_be_bytes();
        uuid::Builder::from_random_bytes(bytes)
            .into_uuid()
            .to_string()
    }
}

/// A card of eight digits, of which the last is the Luhn digit.
pub fn card(number: usize) -> CardNumber {
    let digits = format!("{:07}", number + 1);
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, digit)| match (at % 2, u32::from(digit - b'0') * 2) {
            (0, doubled) if doubled > 9 => doubled - 9,
            (0, doubled) => doubled,
            (_, doubled) => doubled / 2,
        })
        .sum();
    format!("{digits}{}", (10 - sum % 10) % 10).parse().unwrap()
}
