//! Enrolment, revocation and settings, over HTTP.

use crate::house::{revoke, save_code, set};
use db::testing::{TestDb, sqlite_in_memory};
use gate::{DeviceSettings, Direction, EnrolmentCode, Mode, devices};
use reqwest::Method;
use serde_json::json;
use stage::villeneuve::{AUG, PROXY, now, token};
use stage::{Museum, answer, eventually};
use std::net::IpAddr;

db::conformance! {
    a_code_becomes_a_token_once,
    a_revoked_token_is_refused_at_once,
}

const ENROLMENTS: &str = "/api/v1/enrolments";
const DEVICE: &str = "/api/v1/device";

async fn print_code(house: &Museum, n: u8) -> String {
    let code = EnrolmentCode::from_random([n; 16]);
    save_code(house, AUG, code.clone()).await;
    code.reveal()
}

async fn enrol(house: &Museum, code: &str) -> stage::Answer {
    let request = house.request(Method::POST, ENROLMENTS);
    answer(request.json(&json!({"code": code}))).await
}

async fn status_of(house: &Museum, token: &str) -> u16 {
    let request = house.request(Method::GET, DEVICE).bearer_auth(token);
    answer(request).await.status
}

async fn a_code_becomes_a_token_once(test: TestDb) {
    let house = Museum::usual(test).await;
    let code = print_code(&house, 1).await;
    let enrolled = enrol(&house, &code.to_lowercase().replace('-', "")).await;
    assert_eq!(enrolled.status, 200, "{enrolled:?}");
    assert_eq!(enrolled.headers["cache-control"], "no-store");
    let enrolled = enrolled.json();
    assert_eq!(enrolled["device"], AUG);
    let token = enrolled["token"].as_str().unwrap();
    assert!(token.starts_with("pst_"));
    assert_eq!(status_of(&house, token).await, 200);
    let expired = print_code(&house, 2).await;
    house.clock.advance_ms(15 * 60_000);
    for wrong in [code.as_str(), &expired, "ABCD-EFGH", ""] {
        let refused = enrol(&house, wrong).await;
        assert_eq!(refused.told(), (404, "enrolment_code_invalid".to_owned()));
        assert!(!refused.text.contains(&code));
    }
    house.end().await;
}

async fn a_revoked_token_is_refused_at_once(test: TestDb) {
    let house = Museum::usual(test).await;
    let mine = token(AUG);
    assert_eq!(status_of(&house, mine.reveal()).await, 200);
    assert_eq!(revoke(&house, AUG).await, 1);
    house.gate().reload().await.unwrap();
    let request = house.as_device(AUG, Method::GET, DEVICE);
    let refused = answer(request).await;
    assert_eq!(refused.told(), (401, "token_invalid".to_owned()));
    // Another process revokes; the service notices by itself.
    let fresh = enrol(&house, &print_code(&house, 1).await).await.json();
    let fresh = fresh["token"].as_str().unwrap().to_owned();
    assert_eq!(status_of(&house, &fresh).await, 200);
    revoke(&house, AUG).await;
    eventually("the token is refused", async || {
        status_of(&house, &fresh).await == 401
    })
    .await;
    house.end().await;
}

#[tokio::test]
async fn guessing_codes_is_slowed_down() {
    let house = Museum::usual(sqlite_in_memory().await).await;
    let code = print_code(&house, 1).await;
    for _ in 0..20 {
        let refused = enrol(&house, "ABCD-EFGH").await;
        assert_eq!(refused.status, 404);
    }
    let refused = enrol(&house, &code).await;
    assert_eq!(refused.told(), (429, "too_many_attempts".to_owned()));
    assert_eq!(refused.headers["retry-after"], "60");
    // Only whoever tried is kept out. What a proxy says of others is believed of
    // ours alone.
    let from = |connection: IpAddr, said: &'static str| {
        let client = reqwest::Client::builder()
            .no_proxy()
            .local_address(connection);
        let request = client.build().unwrap().post(house.url(ENROLMENTS));
        let request = request.header("x-forwarded-for", said);
        answer(request.json(&json!({"code": "ABCD-EFGH"})))
    };
    for n in 0..40 {
        let said = ["192.0.2.1", "192.0.2.2"][n % 2];
        assert_eq!(from(PROXY, said).await.status, 404);
    }
    assert_eq!(from(PROXY, "192.0.2.1").await.status, 429);
    let liar = IpAddr::from([127, 0, 0, 78]);
    for _ in 0..20 {
        assert_eq!(from(liar, "192.0.2.1").await.status, 404);
    }
    assert_eq!(from(liar, "192.0.2.9").await.status, 429);
    house.clock.advance_ms(60_000);
    assert_eq!(enrol(&house, &code).await.status, 200);
    let unreadable = answer(house.request(Method::POST, ENROLMENTS).body("{")).await;
    assert_eq!(unreadable.told(), (400, "body_invalid".to_owned()));
    house.end().await;
}

#[tokio::test]
async fn a_device_learns_its_settings_and_says_how_it_is() {
    let house = Museum::usual(sqlite_in_memory().await).await;
    let settings = DeviceSettings {
        direction: Direction::Exit,
        may_switch_direction: true,
        forced_entry: true,
        several_persons: true,
        help_desk: false,
        sound: false,
    };
    set(&house, AUG, settings).await;
    let path = format!(
        "{DEVICE}?unsent=3&oldest_unsent=2026-07-14T08:00:00.000Z&battery_percent=7&mode=offline"
    );
    let snapshot = answer(house.as_device(AUG, Method::GET, &path)).await;
    assert_eq!(
        snapshot.json()["settings"],
        json!({
            "direction": "exit",
            "may_switch_direction": true,
            "forced_entry": true,
            "several_persons": true,
            "help_desk": false,
            "sound": false,
        })
    );
    let all = devices(&house.test.db).await.unwrap();
    let said = all.into_iter().find(|device| device.device.as_str() == AUG);
    let said = said.unwrap();
    assert_eq!((said.unsent, said.battery_percent), (Some(3), Some(7)));
    assert_eq!(said.oldest_unsent_at, Some(now().plus_ms(-3_600_000)));
    assert_eq!((said.mode, said.tokens), (Some(Mode::Offline), 1));
    for query in [
        "battery_percent=101",
        "unsent=-1",
        "mode=asleep",
        "oldest_unsent=noon",
    ] {
        let request = house.as_device(AUG, Method::GET, &format!("{DEVICE}?{query}"));
        let refused = answer(request).await;
        assert_eq!(refused.told(), (400, "query_invalid".to_owned()), "{query}");
    }
    house.end().await;
}
