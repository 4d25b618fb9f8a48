//! Requests that no device should send, and what every answer has in common.

use crate::house::revoke;
use db::testing::sqlite_in_memory;
use reqwest::Method;
use serde_json::{Value, json};
use stage::villeneuve::{AUG, GEO, GOOD, id, scan, token};
use stage::{Museum, answer};
use std::collections::BTreeSet;

const CHECKS: &str = "/api/v1/checks";
const BATCH: &str = "/api/v1/checks/batch";
const DEVICE: &str = "/api/v1/device";

#[tokio::test]
async fn without_a_good_token_nothing_is_told() {
    let house = Museum::usual(sqlite_in_memory().await).await;
    assert_eq!(house.outcome(GEO, 1, "nonsense").await, "not_a_pass");
    assert_eq!(revoke(&house, GEO).await, 1);
    house.gate().reload().await.unwrap();
    let revoked = format!("Bearer {}", token(GEO).reveal());
    let basic = format!("Basic {}", token(AUG).reveal());
    let cut = token(AUG).reveal().trim_end_matches('7').to_owned();
    let cut = format!("Bearer {cut}");
    let headers = [
        None,
        Some(""),
        Some("Bearer"),
        Some("Bearer "),
        Some("Bearer pst_1"),
        Some(basic.as_str()),
        Some(cut.as_str()),
        Some(revoked.as_str()),
    ];
    let mut texts = BTreeSet::new();
    for header in headers {
        for (method, path) in [
            (Method::POST, CHECKS),
            (Method::POST, BATCH),
            (Method::GET, DEVICE),
        ] {
            let mut request = house.request(method, path).body("{");
            if let Some(header) = header {
                request = request.header("authorization", header);
            }
            // What was done by then is still brought, and goes aside.
            if header == Some(revoked.as_str()) && path == BATCH {
                let parts = json!({ "checks": [scan(2, GOOD)] });
                let brought = answer(request.body(parts.to_string())).await.json();
                let result = &brought["results"][0];
                assert_eq!(result["status"], "aside");
                assert_eq!(result["problem"]["code"], "enrolment_revoked");
                continue;
            }
            let refused = answer(request).await;
            assert_eq!(refused.status, 401, "{header:?} {path}");
            assert_eq!(refused.problem(), "token_invalid");
            assert_eq!(refused.headers["www-authenticate"], "Bearer");
            texts.insert(refused.text);
        }
    }
    assert_eq!(texts.len(), 1, "nobody learns what is wrong with a token");
    // The scheme's case does not matter.
    let scheme = format!("bearer {}", token(AUG).reveal());
    let request = house.request(Method::GET, DEVICE);
    let known = answer(request.header("authorization", scheme)).await;
    assert_eq!(known.status, 200);
    house.end().await;
}

#[tokio::test]
async fn what_is_not_there_is_a_problem_too() {
    let house = Museum::usual(sqlite_in_memory().await).await;
    for (method, path, status, code) in [
        (Method::GET, "/nothing", 404, "not_found"),
        (Method::POST, "/api/v1/nothing", 404, "not_found"),
        (Method::GET, "/api/v1/checks/1", 404, "not_found"),
        (
            Method::POST,
            "/tnci/backend-apis/externalAccessControlService/v1_4/burnTicket",
            404,
            "not_found",
        ),
        (Method::GET, CHECKS, 405, "method_not_allowed"),
        (Method::PUT, BATCH, 405, "method_not_allowed"),
        (Method::DELETE, DEVICE, 405, "method_not_allowed"),
        (Method::POST, "/health/ready", 405, "method_not_allowed"),
        (
            Method::GET,
            "/tnci/backend-apis/externalAccessControlService/v1_4/getTimeZone",
            405,
            "method_not_allowed",
        ),
    ] {
        let refused = answer(house.as_device(AUG, method.clone(), path)).await;
        assert_eq!(
            (refused.status, refused.problem().as_str()),
            (status, code),
            "{method} {path}"
        );
        assert_eq!(refused.headers.contains_key("allow"), status == 405);
    }
    house.end().await;
}

#[tokio::test]
async fn what_cannot_be_read_changes_nothing() {
    let house = Museum::usual(sqlite_in_memory().await).await;
    let good = scan(1, GOOD).to_string();
    let no_uuid = good.replace(&id(1), "1");
    let no_time = good.replace("2026-07-14", "2026-02-30");
    let unknown_key = good.replace('{', r#"{"sector":"VN_AUG","#);
    let twice = good.replace('{', r#"{"code":"00039131","#);
    let number = good.replace(&format!("\"{GOOD}\""), GOOD.trim_start_matches('0'));
    let unzoned = good.replace("01.000Z", "01.000");
    for body in [
        "",
        "{",
        "[]",
        "null",
        "\u{feff}",
        &good[1..],
        &format!("{good}{good}"),
        &no_uuid,
        &no_time,
        &unzoned,
        &unknown_key,
        &twice,
        &number,
    ] {
        let request = house.as_device(AUG, Method::POST, CHECKS);
        let refused = answer(request.body(body.to_owned())).await;
        assert_eq!(
            (refused.status, refused.problem().as_str()),
            (400, "body_invalid"),
            "{body}"
        );
    }
    let request = house.as_device(AUG, Method::POST, CHECKS);
    let latin_1 = answer(request.body(b"{\"code\": \"\xe9\"}".to_vec())).await;
    assert_eq!(latin_1.problem(), "body_invalid");
    for body in [
        json!({}),
        json!({"checks": {}}),
        json!({"checks": [], "device": AUG}),
        json!([scan(1, GOOD)]),
    ] {
        let refused = house.post(AUG, BATCH, &body).await;
        assert_eq!(
            (refused.status, refused.problem().as_str()),
            (400, "body_invalid")
        );
    }
    assert_eq!(house.count("gate_check").await, 0);
    assert_eq!(house.count("gate_intent").await, 0);
    // Whoever forgets the content type is understood all the same.
    let request = house.as_device(AUG, Method::POST, CHECKS).body(good);
    assert_eq!(answer(request).await.status, 200);
    house.end().await;
}

#[tokio::test]
async fn limits_hold_to_the_byte() {
    let house = Museum::usual(sqlite_in_memory().await).await;
    let padded = |bytes: usize| {
        let text = scan(1, "nonsense").to_string();
        format!("{text}{}", " ".repeat(bytes - text.len()))
    };
    for path in [CHECKS, BATCH] {
        let request = house.as_device(AUG, Method::POST, path);
        let refused = answer(request.body(padded(deviceapi::BODY_LIMIT_BYTES + 1))).await;
        assert_eq!(
            (refused.status, refused.problem().as_str()),
            (413, "body_too_large")
        );
    }
    // Of a stranger, before the code is looked at.
    for (bytes, status) in [(4_096, 404), (4_097, 413)] {
        let code = json!({"code": "ABCD-EFGH"}).to_string();
        let code = format!("{code}{}", " ".repeat(bytes - code.len()));
        let request = house.request(Method::POST, "/api/v1/enrolments");
        assert_eq!(answer(request.body(code)).await.status, status, "{bytes}");
    }
    let request = house.as_device(AUG, Method::POST, CHECKS);
    let whole = answer(request.body(padded(deviceapi::BODY_LIMIT_BYTES))).await;
    assert_eq!(whole.status, 200);

    let journal = |count: u32| -> Vec<Value> {
        let numbers = 100..100 + count;
        numbers.map(|n| scan(n, "nonsense")).collect()
    };
    let batch = json!({ "checks": journal(501) });
    let refused = house.post(AUG, BATCH, &batch).await;
    assert_eq!(
        (refused.status, refused.problem().as_str()),
        (413, "batch_too_large")
    );
    assert_eq!(house.count("gate_check").await, 1);
    assert_eq!(house.journal(AUG, journal(500)).await.len(), 500);

    // Bytes, not characters.
    for (n, code, status) in [
        (2, "9".repeat(512), 200),
        (3, "9".repeat(513), 422),
        (4, "é".repeat(256), 200),
        (5, "é".repeat(257), 422),
    ] {
        let sent = house.post(AUG, CHECKS, &scan(n, &code)).await;
        assert_eq!(sent.status, status, "{n}");
        if status == 422 {
            assert_eq!(sent.problem(), "code_too_long");
        }
    }
    assert_eq!(house.count("gate_check").await, 503);
    house.end().await;
}

#[tokio::test]
async fn every_answer_has_a_request_id() {
    let house = Museum::usual(sqlite_in_memory().await).await;
    let too_large = "9".repeat(deviceapi::BODY_LIMIT_BYTES + 1);
    let requests = || {
        [
            (house.request(Method::GET, "/health/live"), 200),
            (house.request(Method::GET, "/metrics"), 200),
            (house.request(Method::GET, DEVICE), 401),
            (house.request(Method::GET, "/nothing"), 404),
            (house.request(Method::PUT, CHECKS), 405),
            (house.as_device(AUG, Method::POST, CHECKS), 400),
            (
                house
                    .as_device(AUG, Method::POST, CHECKS)
                    .body(too_large.clone()),
                413,
            ),
        ]
    };
    let mut ids = BTreeSet::new();
    for (request, status) in requests() {
        let answered = answer(request).await;
        assert_eq!(answered.status, status);
        ids.insert(answered.headers["x-request-id"].clone());
    }
    assert_eq!(ids.len(), requests().len(), "each its own");
    for (request, status) in requests() {
        let answered = answer(request.header("x-request-id", "from-the-device")).await;
        assert_eq!(answered.status, status);
        assert_eq!(answered.headers["x-request-id"], "from-the-device");
    }
    house.end().await;
}
