//! The pass list, from Otipass over the service to a device.

use db::testing::{TestDb, sqlite_in_memory};
use gate::OfflinePolicy;
use gate::pass_list::{DeviceList, ListProblem};
use otipass::Refusal;
use reqwest::Method;
use stage::villeneuve::{AUG, AUG_IN_GERMAN, EXPIRED, UNLIMITED, token};
use stage::{Museum, Plan, answer, eventually};

db::conformance! {
    a_device_gets_the_list_signed_for_itself,
}

const PATH: &str = "/api/v1/pass-list";
const SIGNATURE: &str = "x-passerelle-signature";

async fn guarded(test: TestDb) -> Museum {
    let plan = Plan {
        interface: |settings| settings.offline_policy = OfflinePolicy::Guarded,
        ..Plan::default()
    };
    Museum::open(test, plan).await
}

async fn a_device_gets_the_list_signed_for_itself(test: TestDb) {
    let house = guarded(test).await;
    eventually("the worker has read the list", async || {
        house.gate().pass_lists.version().await.unwrap().is_some()
    })
    .await;
    let snapshot = answer(house.as_device(AUG, Method::GET, "/api/v1/device")).await;
    assert_eq!(snapshot.json()["offline_policy"], "guarded");
    assert_eq!(snapshot.json()["pass_list_version"], 1);

    let whole = answer(house.as_device(AUG, Method::GET, PATH)).await;
    assert_eq!(whole.status, 200);
    assert_eq!(whole.headers["content-type"], "application/json");
    assert!(!whole.text.contains(EXPIRED));
    let signature = &whole.headers[SIGNATURE];
    let bytes = whole.text.as_bytes();
    let mut list = DeviceList::open(bytes, signature, &token(AUG)).unwrap();
    let now = house.gate().now();
    assert_eq!(
        list.refusal(&EXPIRED.parse().unwrap(), now),
        Some(Refusal::PassExpired)
    );
    assert_eq!(list.refusal(&UNLIMITED.parse().unwrap(), now), None);
    // The signature is of no use to another device.
    let foreign = DeviceList::open(bytes, signature, &token(AUG_IN_GERMAN));
    assert!(matches!(foreign, Err(ListProblem::Forged)));

    let since = format!("{PATH}?since=1");
    let difference = answer(house.as_device(AUG, Method::GET, &since)).await;
    let signature = &difference.headers[SIGNATURE];
    list.apply(difference.text.as_bytes(), signature, &token(AUG))
        .unwrap();
    assert_eq!(list.version(), 1);
    assert_eq!(
        difference.json(),
        serde_json::json!({
            "kind": "difference", "since": 1, "version": 1, "dated": now.to_string(),
            "added": {"pass_blocked": [], "pass_expired": [], "pass_not_sold": []},
            "removed": [], "exceptions": [],
        })
    );
    for bad in ["?since=x", "?sinse=1", "?since="] {
        let refused = answer(house.as_device(AUG, Method::GET, &format!("{PATH}{bad}"))).await;
        assert_eq!(
            (refused.status, refused.problem().as_str()),
            (400, "query_invalid")
        );
    }
    let refused = house.get(PATH).await;
    assert_eq!(refused.problem(), "token_invalid");
    house.end().await;
}

#[tokio::test]
async fn without_the_policy_there_is_no_list() {
    let house = Museum::usual(sqlite_in_memory().await).await;
    let refused = answer(house.as_device(AUG, Method::GET, PATH)).await;
    assert_eq!(
        (refused.status, refused.problem().as_str()),
        (404, "no_pass_list")
    );
    assert_eq!(
        house.otipass.sandbox.log().total.pages,
        0,
        "nobody asked for it"
    );
    house.end().await;
}
