//! Exits, forced entries, and what a journal says that the door did.

use crate::house::set;
use db::testing::{TestDb, sqlite_in_memory};
use gate::{DeviceSettings, Direction};
use serde_json::{Value, json};
use stage::Museum;
use stage::villeneuve::{AUG, EXPIRED, GOOD, UNLIMITED, id, scan};

db::conformance! {
    the_door_opens_for_an_exit_and_nobody_is_sold,
    a_forced_entry_needs_a_note_and_a_device_that_may,
}

const CHECKS: &str = "/api/v1/checks";
const BATCH: &str = "/api/v1/checks/batch";

const MAY_ALL: DeviceSettings = DeviceSettings {
    direction: Direction::Entry,
    may_switch_direction: true,
    forced_entry: true,
    several_persons: true,
    help_desk: true,
    sound: true,
};

fn with(mut check: Value, field: &str, value: impl Into<Value>) -> Value {
    check[field] = value.into();
    check
}

async fn the_door_opens_for_an_exit_and_nobody_is_sold(test: TestDb) {
    let house = Museum::usual(test).await;
    let exit = with(scan(1, GOOD), "direction", "exit");
    let refused = house.post(AUG, CHECKS, &exit).await;
    assert_eq!(refused.told(), (403, "direction_not_allowed".to_owned()));
    set(&house, AUG, MAY_ALL).await;
    let answer = house.post(AUG, CHECKS, &exit).await.json();
    for (field, value) in [
        ("open", json!(true)),
        ("admitted", json!(false)),
        ("direction", json!("exit")),
        ("outcome", json!("exit")),
        ("message", json!("Au revoir")),
        ("device_count_today", json!(0)),
        ("pass_number", json!(GOOD)),
    ] {
        assert_eq!(answer[field], value, "{field}");
    }
    let unreadable = with(scan(2, GOOD), "direction", "sideways");
    let refused = house.post(AUG, CHECKS, &unreadable).await;
    assert_eq!(refused.told(), (400, "body_invalid".to_owned()));
    let no_pass = with(scan(3, "nonsense"), "direction", "exit");
    let refused = house.post(AUG, CHECKS, &no_pass).await.json();
    assert_eq!(
        (&refused["open"], &refused["outcome"]),
        (&json!(false), &json!("not_a_pass"))
    );
    let test = house.end().await;
    assert_eq!(stage::count(&test.db, "gate_control_barcode").await, 0);
    assert_eq!(stage::count(&test.db, "gate_declaration").await, 0);
}

async fn a_forced_entry_needs_a_note_and_a_device_that_may(test: TestDb) {
    let house = Museum::usual(test).await;
    let forced = with(scan(1, EXPIRED), "forced_note", "  Groupe de Mme Petit ");
    let refused = house.post(AUG, CHECKS, &forced).await;
    assert_eq!(refused.told(), (403, "forced_entry_not_allowed".to_owned()));
    set(&house, AUG, MAY_ALL).await;
    for note in ["", "  \t", &"x".repeat(201)] {
        let refused = house
            .post(AUG, CHECKS, &with(scan(1, EXPIRED), "forced_note", note))
            .await;
        assert_eq!(refused.told(), (422, "note_invalid".to_owned()));
    }
    let answer = house.post(AUG, CHECKS, &forced).await;
    assert_eq!(answer.told(), (200, "accepted_forced".to_owned()));
    let answer = answer.json();
    assert_eq!(
        (&answer["open"], &answer["admitted"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(answer["message"], "Bienvenue (entrée forcée)");
    let other_note = with(scan(1, EXPIRED), "forced_note", "another");
    let conflict = house.post(AUG, CHECKS, &other_note).await;
    assert_eq!(conflict.told(), (409, "check_id_conflict".to_owned()));
    house.settle().await;
    let books = house.reconcile().await;
    assert_eq!((books.tickets, books.disputed), (1, 1));
    assert!(books.is_clean());
    house.end().await;
}

#[tokio::test]
async fn a_journal_says_what_the_door_did() {
    let house = Museum::usual(sqlite_in_memory().await).await;
    assert_eq!(house.outcome(AUG, 1, EXPIRED).await, "pass_expired");
    assert_eq!(house.outcome(AUG, 2, GOOD).await, "accepted");
    let journal = vec![
        // The device never heard these two answers.
        with(scan(1, EXPIRED), "outcome", "accepted_offline"),
        with(scan(2, GOOD), "outcome", "already_used"),
        with(scan(3, UNLIMITED), "outcome", "pass_blocked"),
        with(
            with(scan(4, UNLIMITED), "forced_note", "why"),
            "outcome",
            "accepted_forced",
        ),
        with(
            with(scan(5, UNLIMITED), "direction", "exit"),
            "outcome",
            "exit",
        ),
        with(scan(6, UNLIMITED), "outcome", "admitted"),
        with(
            with(scan(7, UNLIMITED), "forced_note", ""),
            "outcome",
            "accepted_forced",
        ),
    ];
    for again in [false, true] {
        let results = house.journal(AUG, journal.clone()).await;
        let told: Vec<_> = results
            .iter()
            .map(|result| match result["status"].as_str().unwrap() {
                "kept" => result["answer"]["outcome"].as_str().unwrap(),
                _ => result["problem"]["code"].as_str().unwrap(),
            })
            .collect();
        assert_eq!(
            told,
            [
                "accepted_offline",
                "accepted",
                "pass_blocked",
                "accepted_forced",
                "exit",
                "body_invalid",
                "note_invalid",
            ]
        );
        assert_eq!(results[0]["answer"]["id"], id(1));
        assert_eq!(results[0]["answer"]["repeated"], again);
    }
    // From now on it is the answer, however it is asked for.
    assert_eq!(house.outcome(AUG, 1, EXPIRED).await, "accepted_offline");
    house.settle().await;
    let books = house.reconcile().await;
    // What does not fit lies aside until somebody settles it.
    assert_eq!((books.unexplained, books.aside), (2, 2), "{books:?}");
    assert_eq!((books.accepted_checks, books.control_barcodes), (3, 3));
    house.end().await;
}

#[tokio::test]
async fn a_batch_has_its_limits() {
    let house = Museum::usual(sqlite_in_memory().await).await;
    let cancellations = vec![crate::house::cancellation(1, 1); 501];
    let body = json!({"checks": [], "cancellations": cancellations});
    let refused = house.post(AUG, BATCH, &body).await;
    assert_eq!(refused.told(), (413, "batch_too_large".to_owned()));
    let unknown = with(scan(1, GOOD), "result", "x");
    let answer = house.post(AUG, BATCH, &json!({"checks": [unknown]})).await;
    assert_eq!(
        answer.json()["results"][0]["problem"]["code"],
        "body_invalid"
    );
    assert_eq!(answer.json()["cancellations"], json!([]));
    house.end().await;
}
