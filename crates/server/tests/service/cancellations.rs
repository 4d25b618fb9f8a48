//! Entries that are taken back, from the door to the account.

use crate::house::cancellation;
use boxoffice::pending_account::Amount;
use db::testing::{TestDb, sqlite_in_memory};
use kernel::Money;
use serde_json::json;
use stage::villeneuve::{AUG, AUG_IN_GERMAN, EXPIRED, GOOD, UNLIMITED, id, scan};
use stage::{Museum, Plan};

db::conformance! {
    an_entry_is_taken_back_before_and_after_its_sale,
}

const CANCELLATIONS: &str = "/api/v1/cancellations";
const BATCH: &str = "/api/v1/checks/batch";

async fn an_entry_is_taken_back_before_and_after_its_sale(test: TestDb) {
    let plan = Plan {
        external_sales_every: None,
        ..Plan::default()
    };
    let house = Museum::open(test, plan).await;
    for n in 1..=2 {
        assert_eq!(house.outcome(AUG, n, UNLIMITED).await, "accepted");
    }
    let unsold = house.post(AUG, CANCELLATIONS, &cancellation(1, 1)).await;
    assert_eq!(
        unsold.json(),
        json!({
            "check_id": id(1),
            "cancelled_at": cancellation(1, 1)["cancelled_at"],
            "device_count_today": 1,
            "repeated": false,
        })
    );
    house
        .until("ticketing knows", |ready| {
            ready["waiting"]["deliveries"] == 0 && ready["waiting"]["cancellations"] == 0
        })
        .await;
    house.box_office().run_external_sales().await.unwrap();
    let books = house.reconcile().await;
    assert_eq!((books.tickets, books.cancelled_unsold), (1, 1));
    let sold = house.post(AUG, CANCELLATIONS, &cancellation(2, 2)).await;
    assert_eq!(sold.json()["device_count_today"], 0);
    house.settle().await;
    let books = house.reconcile().await;
    assert!(books.is_clean(), "{books:?}");
    assert_eq!((books.tickets, books.cancelled_tickets), (1, 1));
    let Amount {
        amount_minor,
        vat_minor,
        ..
    } = books.account;
    assert_eq!((amount_minor, vat_minor), (Money::ZERO, Money::ZERO));
    let again = house
        .post(AUG, CANCELLATIONS, &cancellation(2, 2))
        .await
        .json();
    assert_eq!(
        (&again["repeated"], &again["device_count_today"]),
        (&json!(true), &json!(0))
    );
    assert_eq!(house.otipass.sandbox.log().total.cancellations, 2);
    house.end().await;
}

#[tokio::test]
async fn what_cannot_be_cancelled_says_why() {
    let house = Museum::usual(sqlite_in_memory().await).await;
    assert_eq!(house.outcome(AUG, 1, GOOD).await, "accepted");
    assert_eq!(house.outcome(AUG, 2, EXPIRED).await, "pass_expired");
    house.clock.advance_ms(16 * 60_000);
    let mut late = cancellation(1, 1);
    late["cancelled_at"] = "2026-07-14T09:15:00.001Z".into();
    for (device, body, status, code, why) in [
        (AUG, cancellation(1, 9), 404, "check_unknown", id(9)),
        (
            AUG,
            cancellation(1, 2),
            409,
            "not_cancellable",
            "admitted nobody".to_owned(),
        ),
        (
            AUG_IN_GERMAN,
            cancellation(1, 1),
            409,
            "not_cancellable",
            "another device".to_owned(),
        ),
        (AUG, late, 409, "not_cancellable", "15 minutes".to_owned()),
        (AUG, json!({"id": "x"}), 400, "body_invalid", String::new()),
        (AUG, json!({}), 400, "body_invalid", String::new()),
    ] {
        let refused = house.post(device, CANCELLATIONS, &body).await;
        assert_eq!(refused.told(), (status, code.to_owned()), "{why}");
        let detail = refused.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(&why), "{detail}");
    }
    assert_eq!(house.count("gate_cancellation").await, 0);
    // It was made in time, and only arrives now.
    let mut in_time = cancellation(1, 1);
    in_time["age_ms"] = (2 * 60_000).into();
    let kept = house.post(AUG, CANCELLATIONS, &in_time).await;
    assert_eq!(kept.status, 200);
    let twice = house.post(AUG, CANCELLATIONS, &cancellation(2, 1)).await;
    assert_eq!(twice.told(), (409, "not_cancellable".to_owned()));
    house.end().await;
}

#[tokio::test]
async fn a_batch_brings_checks_first_and_then_their_cancellations() {
    let house = Museum::usual(sqlite_in_memory().await).await;
    let body = json!({
        "checks": [scan(1, UNLIMITED), scan(2, UNLIMITED)],
        "cancellations": [
            cancellation(1, 1),
            cancellation(2, 9),
            {"check_id": id(2)},
            "none",
        ],
    });
    for _ in 0..2 {
        let answer = house.post(AUG, BATCH, &body).await.json();
        assert_eq!(answer["results"].as_array().unwrap().len(), 2);
        let cancellations = answer["cancellations"].as_array().unwrap();
        assert_eq!(
            cancellations[0],
            json!({"status": "kept", "check_id": id(1)})
        );
        for (at, check, code) in [
            (1, json!(id(9)), "check_unknown"),
            (2, json!(id(2)), "body_invalid"),
            (3, json!(null), "body_invalid"),
        ] {
            assert_eq!(cancellations[at]["status"], "aside");
            assert_eq!(cancellations[at]["check_id"], check);
            assert_eq!(cancellations[at]["problem"]["code"], code);
        }
    }
    let snapshot = house.as_device(AUG, reqwest::Method::GET, "/api/v1/device");
    let snapshot = stage::answer(snapshot).await.json();
    assert_eq!(snapshot["admitted_today"], 1);
    house.end().await;
}
