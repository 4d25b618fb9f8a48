//! What a device gets for its checks, its journal and its question about itself.

use db::testing::{TestDb, sqlite_in_memory};
use db::{DbError, params};
use gate::WhenSilent;
use reqwest::Method;
use sandbox::Failure;
use serde_json::{Value, json};
use stage::villeneuve::{
    AUG, AUG_IN_GERMAN, EXP, EXPIRED, GEO, GOOD, UNLIMITED, UNUSED, id, now, scan, token,
};
use stage::{Answer, Museum, Plan, answer};

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
    let house = Museum::usual(test).await;
    assert_eq!(
        house.check(AUG, 1, " Villeneuve-00292151\r\n").await,
        json!({
            "id": id(1),
            "open": true,
            "admitted": true,
            "direction": "entry",
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
            "open": true,
            "admitted": true,
            "direction": "entry",
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
            "open": false,
            "admitted": false,
            "direction": "entry",
            "outcome": "already_used",
            "message": "Ce pass a déjà été utilisé ici",
            "pass_number": UNUSED,
            "valid_until": "2026-07-16",
            "entries_left": 0,
            "earlier": { "check_id": id(1), "device": AUG, "at": now() },
            "device_count_today": 1,
            "decided_at": now().plus_ms(250),
            "repeated": false,
        })
    );
    assert_eq!(
        house.check(AUG_IN_GERMAN, 4, "4006381333931").await,
        json!({
            "id": id(4),
            "open": false,
            "admitted": false,
            "direction": "entry",
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
    let house = Museum::usual(test).await;
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
            "open": true,
            "admitted": true,
            "direction": "entry",
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
    let house = Museum::usual(test).await;
    for (n, device, code) in [(1, AUG, GOOD), (2, AUG, EXPIRED), (3, EXP, GOOD)] {
        let mut first = house.check(device, n, code).await;
        house.clock.advance_ms(86_400_000);
        let asked = house.otipass.sandbox.log().total;
        let again = house.check(device, n, code).await;
        assert_eq!(house.otipass.sandbox.log().total, asked, "nobody is asked");
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
    let house = Museum::usual(test).await;
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
async fn a_check_that_stays_open_is_to_be_sent_again() {
    let plan = Plan {
        interface: |settings| settings.when_silent = WhenSilent::Refuse,
        ..Plan::default()
    };
    let house = Museum::open(sqlite_in_memory().await, plan).await;
    // What a crash leaves between Otipass's yes and our record.
    let scanned_at = stage::villeneuve::scanned_at(1);
    house
        .test
        .db
        .write("as a crash leaves it", move |tx| {
            tx.execute(
                "INSERT INTO gate_intent (check_id, device, code, device_time, scanned_at, arrived_at,
                     card, num_type, sector, service_id, space_id, season, product, set_up)
                 VALUES ($1, $2, $3, $4, $4, $5, $3, 'number', 'VN_AUG',
                     'PCUMID000FSA5CD6', 'PROVIDER#PCUMID000FSA5CD6', 'VN26', 'PASSVN', 1)",
                params![id(1), AUG, GOOD, scanned_at, now()],
            )
        })
        .await
        .map_err(|error: DbError| error)
        .unwrap();
    house.otipass.fail(Failure::Status(503), Some(1));
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
async fn a_device_learns_where_it_stands_and_how_its_clock_is_kept() {
    let house = Museum::usual(sqlite_in_memory().await).await;
    for n in 1..=2 {
        assert_eq!(house.outcome(AUG, n, UNLIMITED).await, "accepted");
    }
    let path = format!("{DEVICE}?device_time=2026-07-14T11:00:31.500%2B02:00");
    let snapshot = device(&house, AUG, &path).await;
    assert_eq!(
        snapshot.json(),
        json!({
            "device": AUG,
            "device_name": null,
            "door": "VN_AUG_D1",
            "door_name": "Grande entrée Aug",
            "sector": "VN_AUG",
            "sector_name": "Vn_Aug",
            "mapped": true,
            "site": "Musées de Villeneuve",
            "timezone": "Europe/Paris",
            "language": "fr",
            "set_up": 1,
            "enrolment": token(AUG).enrolment(),
            "repeat_window_ms": 0,
            "settings": {
                "direction": "entry",
                "may_switch_direction": false,
                "forced_entry": false,
                "several_persons": true,
                "help_desk": true,
                "sound": true,
            },
            "detection": {
                "project_id": "villeneuve",
                "format": serde_json::to_value(house.gate().settings().detection.format).unwrap(),
                "additions": {"prefixes": [], "suffixes": [], "urls": []},
            },
            "offline_policy": "detection_only",
            "pass_list_version": null,
            "cancel_within_s": 900,
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

async fn device(house: &Museum, device: &str, path: &str) -> Answer {
    answer(house.as_device(device, Method::GET, path)).await
}
