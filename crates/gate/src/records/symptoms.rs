//! What the gate's records say about its set-up, for the doctor.

use crate::devices::report;
use db::{Db, DbError, Tx, params};
use kernel::{Additions, DeviceCode};
use otipass::{Checksum, NumberFormat, detect};
use std::collections::BTreeMap;

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
    /// Control barcodes and cancellations that ticketing refused for good, by its
    /// reason.
    pub refused: BTreeMap<String, i64>,
}

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
    tx.query(
        "SELECT refused, COUNT(*) AS barcodes
         FROM (SELECT refused FROM gate_control_barcode WHERE refused IS NOT NULL
               UNION ALL
               SELECT refused FROM gate_cancellation WHERE refused IS NOT NULL) AS all_refused
         GROUP BY refused",
        params![],
    )?
    .iter()
    .map(|row| Ok((row.get("refused")?, row.get("barcodes")?)))
    .collect()
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
