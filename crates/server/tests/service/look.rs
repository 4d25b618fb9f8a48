//! The help desk.

use crate::house::{cancellation, set};
use db::testing::sqlite_in_memory;
use gate::DeviceSettings;
use sandbox::Failure;
use serde_json::json;
use stage::Museum;
use stage::villeneuve::{AUG, AUG_IN_GERMAN, EXP, EXPIRED, GOOD, now};

const LOOK: &str = "/api/v1/look";

#[tokio::test]
async fn the_help_desk_looks_and_leaves_no_trace() {
    let house = Museum::usual(sqlite_in_memory().await).await;
    let look = async |device: &str, code: &str| {
        let answer = house.post(device, LOOK, &json!({"code": code})).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    };
    assert_eq!(
        look(AUG, GOOD).await,
        json!({
            "recognised": true,
            "pass_number": GOOD,
            "admissible": true,
            "outcome": "accepted",
            "message": "Ce pass peut entrer",
            "valid_until": "2026-07-31",
            "entries_left": 1,
            "last_entries": [],
        })
    );
    assert_eq!(house.outcome(AUG, 1, GOOD).await, "accepted");
    let used = look(AUG_IN_GERMAN, GOOD).await;
    assert_eq!(
        (&used["admissible"], &used["outcome"]),
        (&json!(false), &json!("already_used"))
    );
    assert_eq!(used["message"], "Dieser Pass wurde hier schon benutzt");
    let entry = |cancelled| {
        json!([{
            "at": now(),
            "sector": "VN_AUG",
            "door": "VN_AUG_D1",
            "door_name": "Grande entrée Aug",
            "device": AUG,
            "outcome": "accepted",
            "cancelled": cancelled,
        }])
    };
    assert_eq!(used["last_entries"], entry(false));
    house
        .post(AUG, "/api/v1/cancellations", &cancellation(1, 1))
        .await;
    assert_eq!(look(AUG, GOOD).await["last_entries"], entry(true));
    for (device, code, recognised, outcome) in [
        (AUG, EXPIRED, true, "pass_expired"),
        (AUG, "nonsense", false, "not_a_pass"),
        (EXP, GOOD, true, "sector_not_mapped"),
    ] {
        let seen = look(device, code).await;
        assert_eq!(seen["recognised"], recognised);
        assert_eq!(
            (&seen["admissible"], &seen["outcome"]),
            (&json!(false), &json!(outcome))
        );
    }
    house.settle().await;
    house.otipass.fail(Failure::Status(503), None);
    let silent = look(AUG, GOOD).await;
    assert_eq!(silent["admissible"], json!(null));
    assert_eq!(silent.get("outcome"), None);
    assert_eq!(
        silent["message"],
        "Le pass ne peut pas être vérifié pour le moment"
    );
    assert_eq!(house.count("gate_check").await, 1);
    house.end().await;
}

#[tokio::test]
async fn a_look_that_is_refused_says_why() {
    let house = Museum::usual(sqlite_in_memory().await).await;
    let without = DeviceSettings {
        help_desk: false,
        ..DeviceSettings::default()
    };
    set(&house, AUG_IN_GERMAN, without).await;
    for (device, body, status, code) in [
        (
            AUG_IN_GERMAN,
            json!({"code": GOOD}),
            403,
            "help_desk_not_allowed",
        ),
        (AUG, json!({"code": "9".repeat(513)}), 422, "code_too_long"),
        (AUG, json!({"card": GOOD}), 400, "body_invalid"),
    ] {
        let refused = house.post(device, LOOK, &body).await;
        assert_eq!(refused.told(), (status, code.to_owned()));
    }
    house.end().await;
}
