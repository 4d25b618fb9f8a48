//! What the database shows of the days before.

use super::set_up::SetUp;
use db::{Db, DbError, params};

async fn execute(db: &Db, sql: impl Into<String>) {
    let sql = sql.into();
    let done: Result<_, DbError> = db
        .write("test", move |tx| tx.execute(&sql, params![]))
        .await;
    assert!(done.unwrap() > 0);
}

/// Records checks that found no pass, with these codes.
async fn no_pass(db: &Db, codes: &[&str]) {
    for (index, code) in codes.iter().enumerate() {
        let (id, code) = (format!("{index}"), (*code).to_owned());
        let done: Result<_, DbError> = db
            .write("test", move |tx| {
                tx.execute(
                    "INSERT INTO gate_check (check_id, device, mode, direction, code, device_time, scanned_at,
                         time_estimated, arrived_at, decided_at, outcome, admitted,
                         device_count_today, business_day, hour, set_up)
                     VALUES ($1, 'PDA01', 'online', 'entry', $2, 0, 0, 0, 0, 0, 'not_a_pass', 0,
                         0, '2026-07-14', 9, 1)",
                    params![&id, &code],
                )
            })
            .await;
        done.unwrap();
    }
}

#[tokio::test]
async fn the_clock_of_a_device_is_looked_at() {
    for (sql, is_off) in [
        (
            "UPDATE gate_device SET clock_offset_ms = 30000 WHERE code = 'PDA07'",
            false,
        ),
        (
            "UPDATE gate_device SET clock_offset_ms = 30001 WHERE code = 'PDA07'",
            true,
        ),
        (
            "UPDATE gate_device SET clock_offset_ms = -90000 WHERE code = 'PDA07'",
            true,
        ),
    ] {
        let set_up = SetUp::healthy();
        execute(&set_up.db().await, sql).await;
        if is_off {
            set_up.names("device_clock_off", "PDA07").await;
        } else {
            assert_eq!(set_up.mistakes().await, [], "{sql}");
        }
    }
}

#[tokio::test]
async fn serials_that_are_refused_betray_the_missing_num_type() {
    let serials = ["VN00029975", "villeneuve-VN00292151", "vn00300004"];
    let set_up = SetUp::healthy();
    no_pass(&set_up.db().await, &serials[..2]).await;
    assert_eq!(set_up.mistakes().await, [], "two may be an accident");

    let set_up = SetUp::healthy();
    no_pass(&set_up.db().await, &serials).await;
    let (_, page) = set_up.examine(&[]).await;
    assert!(
        !page.contains("00029975") && !page.contains("292151"),
        "{page}"
    );
    set_up.names("num_type_missing", "mapping.json").await;
    set_up.replace("mapping.json", "{", "{ \"NumType\": \"serial\",");
    assert_eq!(set_up.mistakes().await, []);

    // Other tickets with letters, of which some prove themselves by chance.
    let set_up = SetUp::healthy();
    let others = ["TK00029976", "TK00029977", "TK00029978", "TK00029979"];
    no_pass(&set_up.db().await, &[&serials[..], &others[..]].concat()).await;
    assert_eq!(set_up.mistakes().await, []);
}

#[tokio::test]
async fn what_waits_for_a_cure_is_told_without_barcodes() {
    let set_up = SetUp::healthy();
    let db = set_up.db().await;
    execute(
        &db,
        "INSERT INTO gate_control_barcode
             (barcode, check_id, sector, season, product, mode, controlled_at, refused)
         VALUES ('OTI0002997520260714090000000', 'c', 'VN_AUG', 'VN26', 'PASSVN', 'online', 0,
                 'OTI0002997520260714090000000 is blocked')",
    )
    .await;
    let refused = set_up.names("barcodes_refused", "database").await;
    assert!(
        refused.what.contains("refused for good: 1;"),
        "{}",
        refused.what
    );
    assert!(!refused.what.contains("29975"), "{}", refused.what);
    execute(&db, "UPDATE gate_control_barcode SET refused = NULL").await;
    execute(
        &db,
        "INSERT INTO gate_ticketing_trouble (lane, since, latest, cause, reason)
         VALUES ('line', 0, 0, 'refused', 'SEASON: OTI0002997520260714090000000 is unknown')",
    )
    .await;
    for (lane, says) in [
        ("line", "takes nothing from us"),
        ("cancellations", "no cancelled entry"),
        (
            "VN_AUG;VN26;PASSVN",
            "no control barcode of VN_AUG, VN26, PASSVN",
        ),
    ] {
        execute(
            &db,
            format!("UPDATE gate_ticketing_trouble SET lane = '{lane}'"),
        )
        .await;
        let stopped = set_up.names("ticketing_takes_none", "database").await;
        assert!(stopped.what.contains(says), "{}", stopped.what);
        assert!(!stopped.what.contains("29975"), "{}", stopped.what);
    }
    execute(&db, "DELETE FROM gate_ticketing_trouble").await;
    execute(
        &db,
        "INSERT INTO box_staged (barcode, season, product, sector, control_result, controlled_at, business_day,
             received_at, state, held_reason)
         VALUES ('OTI0002997520260714090000000', 'VN26', 'PASSVN', 'VN_AUG', 'OK', 0, '2026-07-14', 0,
                 'held', 'tariff_not_mapped')",
    )
    .await;
    let findings = set_up.findings().await;
    let held = findings.iter().find(|f| f.code == "barcodes_held").unwrap();
    assert_eq!(held.severity, "warning");
    assert!(held.what.contains("tariff_not_mapped") && held.cure.contains("Map a tariff"));
}
