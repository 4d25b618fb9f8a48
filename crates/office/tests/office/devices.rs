//! Enrolling a device by the code of its page, and taking its tokens back.

use crate::house::House;
use reqwest::Method;
use serde_json::{Value, json};
use staff::{AuditFilter, Role};
use stage::villeneuve::site;
use stage::{Browser, Plan};

const DEVICES: &str = "/office/set-up/devices";
const PDA01: &str = "/office/set-up/devices/PDA01";
const ENROL: &str = "/office/set-up/devices/PDA01/enrol";

async fn open() -> (House, Browser, String) {
    let house = House::open(
        Plan {
            site: Some(site()),
            ..Plan::empty()
        },
        |_| (),
    )
    .await;
    house.hire(Role::GateManager).await;
    let mut browser = house.signed_in("gate_manager").await;
    let csrf = browser.csrf(PDA01).await;
    (house, browser, csrf)
}

/// What a device says to the service: no cookie, its token if it has one.
async fn device(house: &House, token: Option<&str>, body: Option<Value>) -> (u16, Value) {
    let browser = house.browser();
    let mut request = match body {
        Some(body) => browser
            .request(Method::POST, "/api/v1/enrolments")
            .json(&body),
        None => browser.request(Method::GET, "/api/v1/device"),
    };
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap())
}

#[tokio::test]
async fn the_code_of_the_page_enrols_a_device_and_the_page_then_says_so() {
    let (house, mut browser, csrf) = open().await;
    let list = browser.get(DEVICES).await.text;
    assert!(list.contains("0 of 13 are enrolled"), "{list}");

    let page = browser.post(ENROL, &csrf, &[]).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.headers["cache-control"], "no-store");
    let code = page.field("shown").unwrap();
    assert!(page.text.contains(&format!("<code>{code}</code>")));
    assert!(
        page.text.contains("<svg") && page.text.contains("until 14\u{a0}July\u{a0}2026, 11:15")
    );
    let command = format!(
        "passerelle edge enrol --server {} --code {code}",
        house.url("")
    );
    assert!(page.text.contains(&command), "{}", page.text);
    assert!(
        page.text.contains("leads to this computer only"),
        "loopback"
    );
    // Looked at again, it is the same code, not another.
    let again = browser.post(ENROL, &csrf, &[("shown", &code)]).await;
    assert_eq!(again.field("shown"), Some(code.clone()));
    assert!(again.text.contains("Not used yet"));
    let waits = browser.get(PDA01).await.text;
    assert!(
        waits.contains("A code waits to be used") && !waits.contains(&code),
        "{waits}"
    );

    house.clock.advance_ms(60_000);
    let body = json!({ "code": code.to_lowercase() });
    let (status, enrolled) = device(&house, None, Some(body.clone())).await;
    assert_eq!((status, &enrolled["device"]), (200, &json!("PDA01")));
    let token = enrolled["token"].as_str().unwrap().to_owned();
    assert_eq!(device(&house, Some(&token), None).await.0, 200);
    let done = browser.post(ENROL, &csrf, &[("shown", &code)]).await;
    assert_eq!(done.leads_to(), PDA01);
    let page = browser.get(PDA01).await.text;
    assert!(
        page.contains("has enrolled the device: 14\u{a0}July\u{a0}2026, 11:01"),
        "{page}"
    );
    assert!(page.contains("badge good"));
    assert!(
        browser
            .get(DEVICES)
            .await
            .text
            .contains("1 of 13 are enrolled")
    );
    assert!(
        browser
            .get("/office/set-up/doors")
            .await
            .text
            .contains("badge good")
    );
    assert_eq!(device(&house, None, Some(body)).await.0, 404, "good once");

    // Another, not used in time.
    let late = browser
        .post(ENROL, &csrf, &[])
        .await
        .field("shown")
        .unwrap();
    house.clock.advance_ms(15 * 60_000);
    let gone = browser.post(ENROL, &csrf, &[("shown", &late)]).await;
    assert_eq!(gone.leads_to(), PDA01);
    assert!(
        browser
            .get(PDA01)
            .await
            .text
            .contains("was not used in time")
    );
    // A code of another device, or none, is no way to make or show one.
    for shown in ["ABCD-EFGH", &code, "<b>"] {
        let elsewhere = "/office/set-up/devices/PDA02/enrol";
        let answer = browser.post(elsewhere, &csrf, &[("shown", shown)]).await;
        assert_eq!(answer.leads_to(), "/office/set-up/devices/PDA02");
    }
    let nobody = browser.post("/office/set-up/devices/PDA99/enrol", &csrf, &[]);
    assert_eq!(nobody.await.status, 404);

    // The log knows of it, and no secret.
    let log = house
        .staff
        .audit(AuditFilter::default(), 100)
        .await
        .unwrap();
    let begun = log.iter().filter(|e| e.action == "device.enrolment_begun");
    assert_eq!(begun.count(), 2);
    let log = format!("{log:?}");
    for secret in [code.as_str(), &code.replace('-', ""), &late, &token] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[tokio::test]
async fn a_device_whose_tokens_are_taken_back_is_refused_at_once() {
    let (house, mut browser, csrf) = open().await;
    let code = browser
        .post(ENROL, &csrf, &[])
        .await
        .field("shown")
        .unwrap();
    let (_, enrolled) = device(&house, None, Some(json!({ "code": code }))).await;
    let token = enrolled["token"].as_str().unwrap();
    assert_eq!(device(&house, Some(token), None).await.0, 200);

    let sure = browser.get(&format!("{PDA01}/revoke")).await.text;
    assert!(sure.contains("Take back the tokens of PDA01?"), "{sure}");
    assert_eq!(device(&house, Some(token), None).await.0, 200, "only asked");
    let revoked = browser.post(&format!("{PDA01}/revoke"), &csrf, &[]).await;
    assert_eq!(revoked.leads_to(), PDA01);
    let (status, problem) = device(&house, Some(token), None).await;
    assert_eq!((status, &problem["code"]), (401, &json!("token_invalid")));
    let page = browser.get(PDA01).await.text;
    assert!(
        page.contains("to enrol") && !page.contains("/revoke"),
        "{page}"
    );
    let log = house
        .staff
        .audit(AuditFilter::default(), 100)
        .await
        .unwrap();
    let entry = log.iter().find(|e| e.action == "device.revoked").unwrap();
    assert_eq!(
        (entry.of.as_str(), &entry.after),
        ("PDA01", &Some(json!({"taken_back": 1})))
    );
    assert_eq!(entry.who, "Person gate_manager");
}

#[tokio::test]
async fn a_removed_device_is_refused_and_what_it_keeps_is_warned_of() {
    let (house, mut browser, csrf) = open().await;
    let code = browser
        .post(ENROL, &csrf, &[])
        .await
        .field("shown")
        .unwrap();
    let (_, enrolled) = device(&house, None, Some(json!({ "code": code }))).await;
    let token = enrolled["token"].as_str().unwrap();
    let snapshot = house.browser();
    let snapshot = snapshot
        .request(Method::GET, "/api/v1/device?unsent=3&mode=offline")
        .bearer_auth(token);
    assert_eq!(snapshot.send().await.unwrap().status().as_u16(), 200);
    let sure = browser.get(&format!("{PDA01}/remove")).await.text;
    assert!(sure.contains("It kept 3 unsent checks"), "{sure}");
    browser.post(&format!("{PDA01}/remove"), &csrf, &[]).await;
    assert_eq!(device(&house, Some(token), None).await.0, 401);
    assert_eq!(browser.get(PDA01).await.status, 404);
}

#[tokio::test]
async fn an_address_that_phones_cannot_use_is_warned_of() {
    for (url, warning) in [
        ("http://gate.museum.example", Some("is not https")),
        ("https://gate.museum.example", None),
    ] {
        let house = House::open(Plan::empty(), |office| office.url = url.to_owned()).await;
        let site = gate::read_site(include_str!("../../../../examples/villeneuve/site.toml"));
        gate::Gate::apply_site(&house.test.db, site.0.unwrap())
            .await
            .unwrap();
        house.hire(Role::Administrator).await;
        let mut browser = house.browser();
        browser
            .sign_in("administrator", stage::PASSWORD)
            .await
            .leads_to();
        let csrf = browser.csrf(PDA01).await;
        let page = browser.post(ENROL, &csrf, &[]).await.text;
        assert!(page.contains(&format!("{url}/scan")), "{page}");
        let notices = page.matches("class=\"notice bad\"").count();
        // There is no gate in this house, which is said too.
        assert!(page.contains("takes no devices yet"), "{page}");
        assert_eq!(notices, 1 + usize::from(warning.is_some()), "{page}");
        assert!(
            warning.is_none_or(|warning| page.contains(warning)),
            "{page}"
        );
    }
}

#[tokio::test]
async fn a_sheet_has_a_code_for_each_device_that_was_chosen() {
    let house = House::staffed().await;
    let path = "/office/set-up/enrolment-sheet";
    let mut browser = house.signed_in("gate_manager").await;
    let csrf = browser.csrf(path).await;
    let refused = browser.post(path, &csrf, &[]).await;
    assert!(refused.status == 422 && refused.text.contains("Choose at least one"));
    let fields = [
        ("device", "PDA01"),
        ("device", "PDA03"),
        ("device", "NOBODY"),
        ("layout", "single"),
        ("hours", "12"),
    ];
    let sheet = browser.post(path, &csrf, &fields).await;
    assert_eq!(sheet.status, 200);
    let text = &sheet.text;
    assert_eq!(text.matches("<svg").count(), 2, "{text}");
    for said in [
        "PDA01",
        "PDA03",
        "VN_RAY_D1",
        "Good once, until",
        "Valable une fois, jusqu’au",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    // Each code enrols its device, also hours later.
    house.clock.advance_ms(11 * 3_600_000);
    let codes: Vec<_> = text
        .split("class=\"qr\" role=\"img\" aria-label=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect();
    let gate = house.gate();
    for (code, expected) in codes.iter().zip(["PDA01", "PDA03"]) {
        let token = gate::DeviceToken::from_random([expected.as_bytes()[4]; 32]);
        let enrolled = gate.devices.enrol(code, token, [127, 0, 0, 1].into()).await;
        assert_eq!(enrolled.unwrap().as_str(), expected);
    }
    let filter = staff::AuditFilter {
        kind: Some("device".to_owned()),
        ..staff::AuditFilter::default()
    };
    let log = house.staff.audit(filter, 10).await.unwrap();
    let begun = log.iter().filter(|e| e.action == "device.enrolment_begun");
    assert_eq!(begun.count(), 2);
    // Those who may not enrol have no sheet.
    let mut finance = house.signed_in("finance").await;
    assert_eq!(finance.get(path).await.status, 403);
}
