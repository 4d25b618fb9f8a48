//! The access control service, through the gate's own client and in raw HTTP.

use db::testing::{TestDb, sqlite_in_memory};
use kernel::Timestamp;
use reqwest::Method;
use secutix::client::{AccessControlClient, CallError, Ticketing};
use secutix::token::{CLOCK_SKEW_S, Caller, Claims, mint};
use secutix::wire::{
    ControlOperationType, ControlResult, ControlledTicket, ImportControlledTicketRequest,
    MAX_CONTROLLED_TICKETS, Offer, StatusCode, ValidityState,
};
use serde_json::{Value, json};
use stage::villeneuve::{AUG, OPERATOR_PASSWORD, caller, now, ticketing_client, token};
use stage::{Answer, Museum, Plan, answer};

db::conformance! {
    a_ticket_is_staged_once_however_often_it_comes,
}

/// A box office that sells nothing by itself, so that one can look.
async fn unsold(test: TestDb) -> Museum {
    let plan = Plan {
        external_sales_every: None,
        ..Plan::default()
    };
    Museum::open(test, plan).await
}

fn client(house: &Museum) -> AccessControlClient {
    let url = house.url(server::ACCESS_CONTROL_PATH);
    ticketing_client(url, OPERATOR_PASSWORD, &house.clock)
}

fn ticket(n: u32) -> ControlledTicket {
    let control_date = now().plus_ms(n.into());
    ControlledTicket {
        ac_identifier: "VN_AUG".parse().unwrap(),
        barcode: format!("OTI00029975{}", control_date.compact())
            .parse()
            .unwrap(),
        control_date,
        control_result: ControlResult::Ok,
        failure_reason: None,
        season_code: "VN26".parse().unwrap(),
        product_code: "PASSVN".parse().unwrap(),
    }
}

fn call(controlled_tickets: Vec<ControlledTicket>) -> ImportControlledTicketRequest {
    ImportControlledTicketRequest {
        request_id: "r1".to_owned(),
        controlled_tickets,
    }
}

/// A token made at `made` that lives for `lifetime_s` seconds.
fn jwt(made: Timestamp, lifetime_s: u32, password: &str) -> String {
    let claims = Claims::new(&caller(), made, lifetime_s);
    mint(&claims, &password.into())
}

async fn raw(house: &Museum, method: &str, body: impl Into<reqwest::Body>) -> Answer {
    let path = format!("{}/{method}", server::ACCESS_CONTROL_PATH);
    let request = house.request(Method::POST, &path).body(body);
    answer(request.bearer_auth(jwt(now(), 30, OPERATOR_PASSWORD))).await
}

async fn a_ticket_is_staged_once_however_often_it_comes(test: TestDb) {
    let house = unsold(test).await;
    let client = client(&house);
    let mut other = ticket(1);
    other.product_code = "PASSVN2".parse().unwrap();
    for _ in 0..2 {
        let tickets = vec![ticket(1), ticket(2), ticket(1), other.clone()];
        let answer = client.import_controlled_ticket(&call(tickets)).await;
        let results = answer.unwrap().ticket_results;
        let barcodes: Vec<_> = results.iter().map(|r| r.barcode.clone().unwrap()).collect();
        assert_eq!(barcodes, [1, 2, 1, 1].map(|n| ticket(n).barcode));
        let refused: Vec<_> = results.iter().map(|r| r.failure_reason.is_some()).collect();
        assert_eq!(refused, [false, false, false, true]);
        let why = results[3].failure_reason.as_ref().unwrap();
        assert!(
            why.contains("productCode") && !why.contains("00029975"),
            "{why}"
        );
    }
    assert_eq!(house.count("box_staged").await, 2);

    let found = client.get_controlled_ticket(&ticket(1).barcode).await;
    let found = found.unwrap().unwrap();
    assert_eq!(found.state, Some(ValidityState::Valid));
    assert_eq!(found.control_operations, [Some(ControlOperationType::Ok)]);
    let unknown = client.get_controlled_ticket(&ticket(9).barcode).await;
    assert!(unknown.unwrap().is_none());

    house.box_office().run_external_sales().await.unwrap();
    assert_eq!(house.count("box_ticket").await, 2);
    house.end().await;
}

#[tokio::test]
async fn only_the_operator_is_let_in() {
    let house = unsold(sqlite_in_memory().await).await;
    let good = jwt(now(), 30, OPERATOR_PASSWORD);
    let long_ago = now().plus_ms(-1_000 * (31 + CLOCK_SKEW_S));
    let (signed, _) = good.rsplit_once('.').unwrap();
    let unsigned = format!("{signed}.");
    let stranger = Caller {
        institution: "ELSEWHERE".parse().unwrap(),
        ..caller()
    };
    let stranger = mint(&Claims::new(&stranger, now(), 30), &stranger.password);
    let device = token(AUG);
    for (what, header) in [
        ("no token", None),
        ("an empty one", Some("Bearer ".to_owned())),
        ("another scheme", Some(format!("Basic {good}"))),
        ("a device's", Some(format!("Bearer {}", device.reveal()))),
        (
            "another password's",
            Some(format!("Bearer {}", jwt(now(), 30, "guessed"))),
        ),
        (
            "an ended one",
            Some(format!("Bearer {}", jwt(long_ago, 30, OPERATOR_PASSWORD))),
        ),
        (
            "one for ever",
            Some(format!("Bearer {}", jwt(now(), 901, OPERATOR_PASSWORD))),
        ),
        ("an unsigned one", Some(format!("Bearer {unsigned}"))),
        ("another institution's", Some(format!("Bearer {stranger}"))),
    ] {
        for method in [
            "importControlledTicket",
            "getControlledTicket",
            "getAccessControlCatalog",
            "getTimeZone",
        ] {
            let path = format!("{}/{method}", server::ACCESS_CONTROL_PATH);
            let mut request = house
                .request(Method::POST, &path)
                .json(&call(vec![ticket(1)]));
            if let Some(header) = &header {
                request = request.header("authorization", header);
            }
            let refused = answer(request).await;
            assert_eq!(
                (refused.status, refused.text.as_str()),
                (401, ""),
                "{what}: {method}"
            );
            assert_eq!(refused.headers["www-authenticate"], "Bearer");
        }
    }
    let url = house.url(server::ACCESS_CONTROL_PATH);
    let guessing = ticketing_client(url, "guessed", &house.clock);
    let refused = guessing
        .import_controlled_ticket(&call(vec![ticket(1)]))
        .await;
    assert!(matches!(refused, Err(CallError::Unauthorised)));
    assert_eq!(house.count("box_staged").await, 0);
    house.end().await;
}

#[tokio::test]
async fn one_bad_ticket_does_not_hold_up_the_others() {
    let house = unsold(sqlite_in_memory().await).await;
    let good = |n| serde_json::to_value(ticket(n)).unwrap();
    let with = |n: u32, key: &str, value: Value| {
        let mut ticket = good(n);
        ticket[key] = value;
        ticket
    };
    let body = json!({
        "requestId": 7,
        "controlledTickets": [
            good(1),
            with(2, "controlDate", json!("yesterday")),
            with(3, "barcode", json!("semi;colon")),
            with(4, "controlResult", json!("MAYBE")),
            with(5, "productCode", json!("LONGER_THAN_8")),
            null,
            with(6, "aFieldOfTomorrow", json!(1)),
            with(7, "controlResult", json!("FAIL")),
            good(8),
        ],
    });
    let taken = raw(&house, "importControlledTicket", body.to_string()).await;
    assert_eq!(taken.status, 200);
    let taken = taken.json();
    assert_eq!(
        (&taken["requestId"], &taken["statusCode"]),
        (&json!("7"), &json!("OK"))
    );
    let results = taken["ticketResults"].as_array().unwrap();
    let told: Vec<_> = results
        .iter()
        .map(|r| (r.get("barcode").is_some(), r.get("failureReason").is_none()))
        .collect();
    assert_eq!(
        told,
        [
            (true, true),
            (true, false),
            (false, false),
            (true, false),
            (true, false),
            (false, false),
            (true, true),
            (true, true),
            (true, true),
        ]
    );
    for result in results {
        let why = result["failureReason"].as_str().unwrap_or_default();
        assert!(!why.contains("00029975"), "{why}");
    }
    // A refusal at the gate is acknowledged and sells nothing.
    assert_eq!(house.count("box_staged").await, 3);
    house.stop().await;
}

#[tokio::test]
async fn a_call_that_is_no_call_changes_nothing() {
    let house = unsold(sqlite_in_memory().await).await;
    for method in [
        "importControlledTicket",
        "getControlledTicket",
        "getAccessControlCatalog",
    ] {
        for body in ["", "{", "7", "null", r#"{"requestId":[]}"#] {
            let refused = raw(&house, method, body).await;
            assert_eq!(refused.status, 400, "{method} {body}");
            let refused = refused.json();
            assert_eq!(refused["statusCode"], "INVALID_REQUEST");
            assert!(!refused["statusDetail"].as_str().unwrap().is_empty());
        }
    }
    let limit = u32::try_from(MAX_CONTROLLED_TICKETS).unwrap();
    let tickets: Vec<_> = (0..=limit).map(ticket).collect();
    let body = serde_json::to_string(&call(tickets.clone())).unwrap();
    let padded = format!("{body}{}", " ".repeat(deviceapi::BODY_LIMIT_BYTES));
    for (body, request_id) in [(body, "r1"), (padded, "")] {
        let refused = raw(&house, "importControlledTicket", body).await;
        assert_eq!(refused.status, 413);
        let refused = refused.json();
        assert_eq!(refused["statusCode"], "TOO_MANY_TICKETS");
        assert_eq!(refused["requestId"], request_id);
    }
    assert_eq!(house.count("box_staged").await, 0);
    let whole = call(tickets[1..].to_vec());
    let taken = client(&house).import_controlled_ticket(&whole).await;
    assert_eq!(taken.unwrap().ticket_results.len(), MAX_CONTROLLED_TICKETS);
    assert_eq!(house.count("box_staged").await, i64::from(limit));
    house.stop().await;
}

#[tokio::test]
async fn the_catalogue_and_the_time_zone_are_told() {
    let house = unsold(sqlite_in_memory().await).await;
    let client = client(&house);
    let season = "VN26".parse().unwrap();
    let request_id = || "r2".to_owned();
    for asked in [None, Some("VN26".parse().unwrap())] {
        let catalogue = client.get_access_control_catalog(request_id(), asked).await;
        let catalogue = catalogue.unwrap();
        assert_eq!(catalogue.seasons.len(), 1);
        assert_eq!(catalogue.seasons[0].products.len(), 3);
        let found = catalogue.find(&season, &"PASSVN3".parse().unwrap());
        assert_eq!(found, Offer::OpenPass);
    }
    let asked = Some("VN99".parse().unwrap());
    match client.get_access_control_catalog(request_id(), asked).await {
        Err(CallError::Refused {
            http_status: 200,
            status: StatusCode::SeasonNotFound,
            detail,
        }) => assert!(detail.contains("VN99"), "{detail}"),
        other => panic!("{other:?}"),
    }
    let zone = client.get_time_zone(request_id()).await.unwrap();
    assert_eq!(zone.name(), "Europe/Paris");
    // A token may be some seconds old, as clocks differ.
    house.clock.advance_ms(1_000 * (30 + CLOCK_SKEW_S));
    assert_eq!(raw(&house, "getTimeZone", "{}").await.status, 200);
    house.clock.advance_ms(1_000);
    assert_eq!(raw(&house, "getTimeZone", "{}").await.status, 401);
    house.end().await;
}
