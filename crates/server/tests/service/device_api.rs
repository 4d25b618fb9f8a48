//! What a device gets for what it sends, good or bad.

use crate::house::{
    AUG, AUG_IN_GERMAN, Answer, EXP, EXPIRED, GEO, GOOD, House, Plan, UNLIMITED, UNUSED, answer,
    id, now, scan, token,
};
use db::testing::{TestDb, sqlite_in_memory};
use db::{DbError, params};
use gate::{Gate, WhenSilent};
use reqwest::Method;
use sandbox::Failure;
use serde_json::{Value, json};
use std::collections::BTreeSet;

db::conformance! {
    a_check_is_answered_with_all_that_is_known,
    a_journal_is_answered_check_by_check_in_its_order,
    the_same_id_is_answered_the_same_for_ever,
    what_the_database_cannot_do_tells_the_outside_nothing,
}

const CHECKS: &str = "/api/v1/checks";
const BATCH: &str = "/api/v1/checks/batch";
const DEVICE: &str = "/api/v1/device";

async fn a_check_is_answered_with_all_that_is_known(test: TestDb) {
    let house = House::usual(test).await;
    assert_eq!(
        house.check(AUG, 1, " Villeneuve-00292151\r\n").await,
        json!({
            "id": id(1),
            "admitted": true,
            "outcome": "accepted",
            "message": "Bienvenue",
            "pass_number": UNUSED,
            "valid_until": "2026-07-16",
            "entries_left": 0,
            "device_count_today": 1,
            "decided_at": now(),
            "repeated": false,
        })
    );
    assert_eq!(
        house.check(AUG_IN_GERMAN, 2, UNLIMITED).await,
        json!({
            "id": id(2),
            "admitted": true,
            "outcome": "accepted",
            "message": "Willkommen",
            "pass_number": UNLIMITED,
            "valid_until": "2026-07-31",
            "entries_left": "unlimited",
            "device_count_today": 1,
            "decided_at": now(),
            "repeated": false,
        })
    );
    // A refusal is an answer, with what is known of the pass.
    house.clock.advance_ms(250);
    assert_eq!(
        house.check(AUG, 3, UNUSED).await,
        json!({
            "id": id(3),
            "admitted": false,
            "outcome": "already_used",
            "message": "Ce pass a déjà été utilisé ici",
            "pass_number": UNUSED,
            "valid_until": "2026-07-16",
            "entries_left": 0,
            "device_count_today": 1,
            "decided_at": now().plus_ms(250),
            "repeated": false,
        })
    );
    assert_eq!(
        house.check(AUG_IN_GERMAN, 4, "4006381333931").await,
        json!({
            "id": id(4),
            "admitted": false,
            "outcome": "not_a_pass",
            "message": "Dieser Code ist kein Pass",
            "device_count_today": 1,
            "decided_at": now().plus_ms(250),
            "repeated": false,
        })
    );
    for (n, device, code, outcome) in [
        (5, EXP, GOOD, "sector_not_mapped"),
        (6, AUG, "00179333", "unknown_pass"),
        (7, AUG, EXPIRED, "pass_expired"),
        (8, GEO, UNLIMITED, "service_not_included"),
        (9, AUG, "", "not_a_pass"),
    ] {
        let decision = house.check(device, n, code).await;
        assert_eq!(decision["outcome"], outcome, "{decision}");
        assert_eq!(decision["admitted"], false);
    }
    house.end().await;
}

async fn a_journal_is_answered_check_by_check_in_its_order(test: TestDb) {
    let house = House::usual(test).await;
    let mut lacking = scan(5, GOOD);
    lacking.as_object_mut().unwrap().remove("scanned_at");
    let journal = vec![
        scan(1, GOOD),
        json!({"id": "no uuid", "code": GOOD, "scanned_at": now()}),
        scan(2, "nonsense"),
        scan(1, GOOD),
        scan(1, UNLIMITED),
        scan(3, &"9".repeat(513)),
        json!("no check at all"),
        lacking,
        scan(4, EXPIRED),
    ];
    let results = house.journal(GEO, journal.clone()).await;
    let told: Vec<_> = results.iter().map(short).collect();
    assert_eq!(
        told,
        [
            format!("{} accepted_offline", id(1)),
            "no uuid body_invalid 400".to_owned(),
            format!("{} not_a_pass", id(2)),
            format!("{} accepted_offline again", id(1)),
            format!("{} check_id_conflict 409", id(1)),
            format!("{} code_too_long 422", id(3)),
            "? body_invalid 400".to_owned(),
            format!("{} body_invalid 400", id(5)),
            format!("{} accepted_offline", id(4)),
        ]
    );
    assert_eq!(
        results[8]["answer"],
        json!({
            "id": id(4),
            "admitted": true,
            "outcome": "accepted_offline",
            "message": "Bienvenue (hors ligne)",
            "pass_number": EXPIRED,
            "device_count_today": 2,
            "decided_at": now(),
            "repeated": false,
        })
    );
    assert_eq!(house.count("gate_check").await, 3);
    assert_eq!(house.journal(GEO, vec![]).await, Vec::<Value>::new());
    // As often as it takes: nothing is new the second time.
    let again = house.journal(GEO, journal).await;
    for (first, again) in results.iter().zip(&again) {
        let mut first = first.clone();
        if first["status"] == "kept" {
            first["answer"]["repeated"] = true.into();
        }
        assert_eq!(first, *again);
    }
    assert_eq!(house.count("gate_check").await, 3);
    house.end().await;
}

/// A result of a batch in one line.
fn short(result: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    match result["status"].as_str().unwrap() {
        "kept" => {
            let answer = &result["answer"];
            let again = ["", " again"][usize::from(answer["repeated"] == true)];
            format!(
                "{} {}{again}",
                text(&answer["id"]),
                text(&answer["outcome"])
            )
        }
        _ => {
            let problem = &result["problem"];
            format!(
                "{} {} {}",
                text(&result["id"]),
                text(&problem["code"]),
                problem["status"]
            )
        }
    }
}

async fn the_same_id_is_answered_the_same_for_ever(test: TestDb) {
    let house = House::usual(test).await;
    for (n, device, code) in [(1, AUG, GOOD), (2, AUG, EXPIRED), (3, EXP, GOOD)] {
        let mut first = house.check(device, n, code).await;
        house.clock.advance_ms(86_400_000);
        let asked = house.sandbox.log().total;
        let again = house.check(device, n, code).await;
        assert_eq!(house.sandbox.log().total, asked, "nobody is asked");
        first["repeated"] = true.into();
        assert_eq!(again, first);
        // The same moment and the same id, spelt otherwise.
        let mut other = scan(n, code);
        let zoned = other["scanned_at"].as_str().unwrap().replace('Z', "+00:00");
        other["scanned_at"] = zoned.into();
        other["id"] = id(n).replace('-', "").to_uppercase().into();
        assert_eq!(house.post(device, CHECKS, &other).await.json(), first);
    }
    for (device, other) in [
        (AUG, scan(1, UNLIMITED)),
        (GEO, scan(1, GOOD)),
        (AUG, json!({"id": id(1), "code": GOOD, "scanned_at": now()})),
    ] {
        let conflict = house.post(device, CHECKS, &other).await;
        assert_eq!(
            (conflict.status, conflict.problem().as_str()),
            (409, "check_id_conflict")
        );
    }
    assert_eq!(house.count("gate_check").await, 3);
    assert_eq!(house.count("gate_control_barcode").await, 1);
    house.end().await;
}

async fn what_the_database_cannot_do_tells_the_outside_nothing(test: TestDb) {
    let house = House::usual(test).await;
    house
        .test
        .db
        .write("break it", |tx| {
            tx.execute("ALTER TABLE gate_check RENAME TO gate_lost", params![])
        })
        .await
        .map_err(|error: DbError| error)
        .unwrap();
    for (path, body) in [
        (CHECKS, scan(1, "nonsense")),
        (BATCH, json!({"checks": [scan(1, "nonsense")]})),
    ] {
        let failed = house.post(AUG, path, &body).await;
        assert_eq!(
            (failed.status, failed.problem().as_str()),
            (500, "internal")
        );
        for inside in ["gate_", "SELECT", "relation", "table", "statement"] {
            assert!(!failed.text.contains(inside), "{failed:?}");
        }
    }
    house.stop().await;
}

#[tokio::test]
async fn without_a_good_token_nothing_is_told() {
    let house = House::usual(sqlite_in_memory().await).await;
    assert_eq!(house.outcome(GEO, 1, "nonsense").await, "not_a_pass");
    let revoked = Gate::revoke_tokens(&house.test.db, &house.clock, GEO.parse().unwrap());
    assert_eq!(revoked.await.unwrap(), 1);
    house.gate.refresh().await.unwrap();
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
    let house = House::usual(sqlite_in_memory().await).await;
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
    let house = House::usual(sqlite_in_memory().await).await;
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
    let house = House::usual(sqlite_in_memory().await).await;
    let padded = |bytes: usize| {
        let text = scan(1, "nonsense").to_string();
        format!("{text}{}", " ".repeat(bytes - text.len()))
    };
    for path in [CHECKS, BATCH] {
        let request = house.as_device(AUG, Method::POST, path);
        let refused = answer(request.body(padded(server::BODY_LIMIT_BYTES + 1))).await;
        assert_eq!(
            (refused.status, refused.problem().as_str()),
            (413, "body_too_large")
        );
    }
    let request = house.as_device(AUG, Method::POST, CHECKS);
    let whole = answer(request.body(padded(server::BODY_LIMIT_BYTES))).await;
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
async fn a_check_that_stays_open_is_to_be_sent_again() {
    let plan = Plan {
        when_silent: WhenSilent::Refuse,
        ..Plan::default()
    };
    let house = House::open(sqlite_in_memory().await, plan).await;
    // What a crash leaves between Otipass's yes and our record.
    let scanned_at = now().plus_ms(1_000);
    house
        .test
        .db
        .write("as a crash leaves it", move |tx| {
            tx.execute(
                "INSERT INTO gate_intent VALUES ($1, $2, $3, $4, $5, $3, 'number', 'VN_AUG',
                     'PCUMID000FSA5CD6', 'PROVIDER#PCUMID000FSA5CD6', 'VN26', 'PASSVN')",
                params![id(1), AUG, GOOD, scanned_at, now()],
            )
        })
        .await
        .map_err(|error: DbError| error)
        .unwrap();
    house.fail(Failure::Status(503), Some(1));
    let open = house.post(AUG, CHECKS, &scan(1, GOOD)).await;
    assert_eq!(
        (open.status, open.problem().as_str()),
        (503, "check_stays_open")
    );
    assert_eq!(open.headers["retry-after"], "1");
    assert_eq!(house.outcome(AUG, 1, GOOD).await, "accepted");
    house.end().await;
}

#[tokio::test]
async fn every_answer_has_a_request_id() {
    let house = House::usual(sqlite_in_memory().await).await;
    let too_large = "9".repeat(server::BODY_LIMIT_BYTES + 1);
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

#[tokio::test]
async fn a_device_learns_where_it_stands_and_how_its_clock_is_kept() {
    let house = House::usual(sqlite_in_memory().await).await;
    for n in 1..=2 {
        assert_eq!(house.outcome(AUG, n, UNLIMITED).await, "accepted");
    }
    let path = format!("{DEVICE}?device_time=2026-07-14T11:00:31.500%2B02:00");
    let snapshot = device(&house, AUG, &path).await;
    assert_eq!(
        snapshot.json(),
        json!({
            "device": AUG,
            "door": "VN_AUG_D1",
            "sector": "VN_AUG",
            "mapped": true,
            "site": "Musées de Villeneuve",
            "timezone": "Europe/Paris",
            "language": "fr",
            "detection": {
                "project_id": "villeneuve",
                "format": serde_json::to_value(house.gate.settings().format).unwrap(),
            },
            "offline_policy": "detection_only",
            "decision_budget_ms": 1_500,
            "admitted_today": 2,
            "server_time": now(),
        })
    );
    // The clock's state outlives a look without a time.
    let snapshot = device(&house, AUG, DEVICE).await;
    assert_eq!(snapshot.status, 200);
    let seen = house
        .test
        .db
        .read("device", |tx| {
            let row = tx.query_one(
                "SELECT clock_offset_ms, seen_at FROM gate_device WHERE code = 'PDA01'",
                params![],
            )?;
            Ok::<_, DbError>((row.get("clock_offset_ms")?, row.get("seen_at")?))
        })
        .await
        .unwrap();
    assert_eq!(seen, (Some(31_500_i64), Some(now())));

    let unmapped = device(&house, EXP, DEVICE).await.json();
    assert_eq!(
        (&unmapped["sector"], &unmapped["mapped"]),
        (&json!("VN_EXP"), &json!(false))
    );
    let german = device(&house, AUG_IN_GERMAN, DEVICE).await.json();
    assert_eq!(
        (&german["language"], &german["admitted_today"]),
        (&json!("de"), &json!(0))
    );
    // A new day begins at midnight in Villeneuve.
    house.clock.set("2026-07-14T21:59:59.999Z".parse().unwrap());
    assert_eq!(
        device(&house, AUG, DEVICE).await.json()["admitted_today"],
        2
    );
    house.clock.advance_ms(1);
    assert_eq!(
        device(&house, AUG, DEVICE).await.json()["admitted_today"],
        0
    );
    for query in ["device_time=", "device_time=noon", "device_time=2026-07-14"] {
        let refused = device(&house, AUG, &format!("{DEVICE}?{query}")).await;
        assert_eq!(
            (refused.status, refused.problem().as_str()),
            (400, "query_invalid"),
            "{query}"
        );
    }
    house.end().await;
}

async fn device(house: &House, device: &str, path: &str) -> Answer {
    answer(house.as_device(device, Method::GET, path)).await
}

/// The codes that `problem.rs` can give, as they stand in its text: each comes
/// right after its status.
fn problem_codes() -> BTreeSet<&'static str> {
    include_str!("../../src/problem.rs")
        .split("StatusCode::")
        .skip(1)
        .filter_map(|after| {
            let (_, after) = after.split_once(',')?;
            let (code, _) = after.trim_start().strip_prefix('"')?.split_once('"')?;
            Some(code)
        })
        .collect()
}

#[tokio::test]
async fn the_document_describes_every_route_and_every_problem() {
    let house = House::usual(sqlite_in_memory().await).await;
    let document = house.get("/api/openapi.json").await;
    assert_eq!(document.status, 200);
    let api = document.json();
    assert_eq!(
        api,
        serde_json::from_str::<Value>(&server::openapi_json().unwrap()).unwrap()
    );
    let routes: Vec<String> = api["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().keys();
            methods.map(move |method| format!("{method} {path}"))
        })
        .collect();
    assert_eq!(
        routes,
        [
            "post /api/v1/checks",
            "post /api/v1/checks/batch",
            "get /api/v1/device",
        ]
    );
    for route in api["paths"].as_object().unwrap().values() {
        for operation in route.as_object().unwrap().values() {
            assert_eq!(operation["security"], json!([{ "device_token": [] }]));
            for status in ["200", "400", "401", "500", "503"] {
                assert!(operation["responses"][status].is_object(), "{status}");
            }
        }
    }
    let codes = problem_codes();
    assert_eq!(codes.len(), 14, "{codes:?}");
    for code in codes {
        assert!(document.text.contains(&format!("`{code}`")), "{code}");
    }
    house.end().await;
}

#[tokio::test]
async fn the_page_of_the_document_loads_nothing_from_elsewhere() {
    let house = House::usual(sqlite_in_memory().await).await;
    let moved = house.get("/api/docs").await;
    assert_eq!(moved.status, 303);
    assert_eq!(moved.headers["location"], "/api/docs/");
    let page = house.get("/api/docs/").await;
    assert_eq!(page.status, 200);
    let mut loaded = BTreeSet::new();
    for attribute in ["src=\"", "href=\""] {
        for after in page.text.split(attribute).skip(1) {
            loaded.insert(after.split_once('"').unwrap().0);
        }
    }
    assert!(loaded.len() >= 3, "{loaded:?}");
    for name in loaded {
        let name = name.trim_start_matches("./");
        assert!(!name.contains("//"), "{name}");
        let file = house.get(&format!("/api/docs/{name}")).await;
        assert_eq!(file.status, 200, "{name}");
    }
    let set_up = house.get("/api/docs/swagger-initializer.js").await.text;
    assert!(set_up.contains("\"/api/openapi.json\""), "{set_up}");
    assert!(!set_up.contains("://"), "{set_up}");
    // Unless told otherwise, the page has a stranger look at the document.
    assert!(set_up.contains("\"validatorUrl\": \"none\""), "{set_up}");
    house.end().await;
}
