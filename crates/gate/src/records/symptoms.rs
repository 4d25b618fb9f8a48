//! What the gate's records say about its set-up, for the doctor.

use crate::devices::report;
use db::{Db, DbError, Tx, params};
use kernel::{Additions, DeviceCode};
use otipass::{Checksum, NumberFormat, detect};
use std::collections::{BTreeMap, BTreeSet};

/// What the records show. Codes that were scanned are counted and never given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Symptoms {
    /// Of the latest checks, those that found no pass and have the shape of a
    /// serial: letters, then digits, of allowed lengths.
    pub shaped_like_serials: usize,
    /// Of these, those whose digits also prove themselves.
    pub proven_serials: usize,
    /// How far each device's clock was off when it last said its time, in
    /// milliseconds: above 0 if it is fast.
    pub clock_offsets_ms: BTreeMap<DeviceCode, i64>,
    /// Devices whose last forty codes were no passes and all begin alike, with that
    /// beginning.
    pub beginnings: BTreeMap<DeviceCode, String>,
    /// Control barcodes and cancellations that ticketing refused for good, by its
    /// reason.
    pub refused: BTreeMap<String, i64>,
}

/// So many codes in a row make a suspicion.
const IN_A_ROW: usize = 40;
/// At least so many of them differ: one poster that is read again and again is none.
const DIFFERENT: usize = 10;
/// A beginning has at least so many characters, and this many are shown.
const BEGINNING_CHARS: (usize, usize) = (2, 12);

/// Reads the symptoms; looks at the latest `checks` checks. `serial` is what a
/// serial of the project looks like.
pub async fn symptoms(
    db: &Db,
    project_id: String,
    serial: NumberFormat,
    checks: u32,
) -> Result<Symptoms, DbError> {
    db.read("symptoms", move |tx| {
        let mut symptoms = Symptoms {
            clock_offsets_ms: clock_offsets_ms(tx)?,
            beginnings: beginnings(tx)?,
            refused: refused(tx)?,
            ..Symptoms::default()
        };
        let shape = NumberFormat {
            checksum: Checksum::None,
            ..serial
        };
        for code in codes_of_no_pass(tx, checks)? {
            let is = |format| {
                usize::from(detect(&code, &project_id, format, &Additions::default()).is_some())
            };
            symptoms.shaped_like_serials += is(&shape);
            symptoms.proven_serials += is(&serial);
        }
        Ok(symptoms)
    })
    .await
}

fn beginnings(tx: &mut Tx<'_>) -> Result<BTreeMap<DeviceCode, String>, DbError> {
    let devices: Vec<DeviceCode> = tx.column("SELECT code FROM gate_device", params![])?;
    let mut found = BTreeMap::new();
    for device in devices {
        let latest: Vec<(String, String)> = tx.query_as(
            "SELECT code, outcome FROM gate_check WHERE device = $1
             ORDER BY arrived_at DESC LIMIT $2",
            params![&device, i64::try_from(IN_A_ROW).unwrap_or(i64::MAX)],
        )?;
        let latest = latest.into_iter();
        let codes = latest.filter(|(_, outcome)| outcome == "not_a_pass");
        let codes: Vec<String> = codes.map(|(code, _)| code).collect();
        if codes.len() == IN_A_ROW {
            found.extend(beginning(&codes).map(|beginning| (device, beginning)));
        }
    }
    Ok(found)
}

/// What different codes begin with, if that is long enough to be no chance; without
/// the digits of a number.
fn beginning(codes: &[String]) -> Option<String> {
    let different: BTreeSet<_> = codes.iter().collect();
    let (first, rest) = codes.split_first()?;
    let shared = |code: &String| {
        let pairs = first.chars().zip(code.chars());
        pairs.take_while(|(one, other)| one == other).count()
    };
    let shared = rest.iter().map(shared).min()?;
    let (least, most) = BEGINNING_CHARS;
    let beginning: String = first.chars().take(shared.min(most)).collect();
    let beginning = beginning.trim_end_matches(|c: char| c.is_ascii_digit());
    let holds = different.len() >= DIFFERENT && beginning.chars().count() >= least;
    holds.then(|| kernel::without_numbers(beginning))
}

fn codes_of_no_pass(tx: &mut Tx<'_>, checks: u32) -> Result<Vec<String>, DbError> {
    tx.column(
        "SELECT code FROM (SELECT code, outcome FROM gate_check
             ORDER BY arrived_at DESC LIMIT $1) AS latest
         WHERE outcome = 'not_a_pass'",
        params![checks],
    )
}

fn clock_offsets_ms(tx: &mut Tx<'_>) -> Result<BTreeMap<DeviceCode, i64>, DbError> {
    let states = report::states(tx)?.into_iter();
    Ok(states
        .filter_map(|state| Some((state.device, state.clock_offset_ms?)))
        .collect())
}

fn refused(tx: &mut Tx<'_>) -> Result<BTreeMap<String, i64>, DbError> {
    let refused = tx.query_as(
        "SELECT refused, COUNT(*) AS barcodes
         FROM (SELECT refused FROM gate_control_barcode WHERE refused IS NOT NULL
               UNION ALL
               SELECT refused FROM gate_cancellation WHERE refused IS NOT NULL) AS all_refused
         GROUP BY refused",
        params![],
    )?;
    Ok(refused.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Gate, read_site};
    use db::testing::TestDb;
    use kernel::{Clock, SystemClock};
    use otipass::NumType;

    db::conformance!(
        the_latest_codes_of_no_pass_are_counted,
        clocks_and_refusals_are_read
    );

    async fn execute(db: &Db, sql: String) {
        let done: Result<u64, DbError> = db
            .write("test", move |tx| tx.execute(&sql, params![]))
            .await;
        assert_eq!(done.unwrap(), 1);
    }

    async fn look(db: &Db, checks: u32) -> Symptoms {
        let serial = NumberFormat::of(NumType::Serial);
        let found = symptoms(db, "villeneuve".to_owned(), serial, checks).await;
        found.unwrap()
    }

    async fn the_latest_codes_of_no_pass_are_counted(test: TestDb) {
        let now = SystemClock.now();
        test.db.migrate(&[crate::SCHEMA], now).await.unwrap();
        // From the oldest to the latest.
        for (number, (code, outcome)) in [
            ("VN00029975", "not_a_pass"),
            ("VN00292151", "sector_not_mapped"),
            ("villeneuve-vn00300004", "not_a_pass"),
            ("VN00300005", "not_a_pass"),
            ("00300004", "not_a_pass"),
        ]
        .into_iter()
        .enumerate()
        {
            let day = 10 + number / 2;
            let sql = format!(
                "INSERT INTO gate_check (check_id, device, mode, code, device_time, scanned_at,
                     time_estimated, set_up, arrived_at, decided_at, direction, outcome, admitted,
                     device_count_today, business_day, hour)
                 VALUES ('{number}', 'PDA01', 'online', '{code}', 0, 0, 0, 1, {number}, {number}, 'entry', '{outcome}', 0,
                     0, '2026-07-{day}', 9)"
            );
            execute(&test.db, sql).await;
        }
        for (checks, shaped, proven) in [(1, 0, 0), (2, 1, 0), (3, 2, 1), (4, 2, 1), (5, 3, 2)] {
            let found = look(&test.db, checks).await;
            let counts = (found.shaped_like_serials, found.proven_serials);
            assert_eq!(counts, (shaped, proven), "of the latest {checks}");
        }
    }

    #[test]
    fn codes_that_begin_alike_are_told_from_a_poster_and_from_chance() {
        let codes = |make: fn(usize) -> String| (0..40).map(make).collect::<Vec<_>>();
        for (codes, found) in [
            (codes(|n| format!("]C0{n:08}")), Some("]C")),
            (
                codes(|n| format!("https://p.example/{n}")),
                Some("https://p.ex"),
            ),
            (codes(|_| "https://poster.example".to_owned()), None),
            (codes(|n| format!("0000{n:04}")), None),
            (codes(|n| format!("{n}-x")), None),
        ] {
            assert_eq!(beginning(&codes).as_deref(), found, "{:?}", codes[1]);
        }
    }

    async fn clocks_and_refusals_are_read(test: TestDb) {
        let now = SystemClock.now();
        test.db.migrate(&[crate::SCHEMA], now).await.unwrap();
        let site = include_str!("../../../../examples/villeneuve/site.toml");
        let site = read_site(site).0.unwrap();
        Gate::apply_site(&test.db, site).await.unwrap();
        assert_eq!(look(&test.db, 10).await, Symptoms::default());

        let sql = "UPDATE gate_device SET clock_offset_ms = -31000 WHERE code = 'PDA07'";
        execute(&test.db, sql.to_owned()).await;
        for (barcode, refused) in [("A", "'blocked'"), ("B", "'blocked'"), ("C", "NULL")] {
            let sql = format!(
                "INSERT INTO gate_control_barcode
                     (barcode, check_id, sector, season, product, mode, controlled_at, refused)
                 VALUES ('{barcode}', '{barcode}', 'VN_AUG', 'VN26', 'PASSVN', 'online', 0,
                     {refused})"
            );
            execute(&test.db, sql).await;
        }
        let found = look(&test.db, 10).await;
        let clocks = [("PDA07".parse().unwrap(), -31_000)];
        assert_eq!(found.clock_offsets_ms, clocks.into());
        assert_eq!(found.refused, [("blocked".to_owned(), 2)].into());
    }
}
