//! What neighbours do to the service: out of reach, silent, slow, stubborn, or
//! sitting on the database.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use books::reconciliation::{Sides, reconcile};
use db::testing::{TestDb, sqlite_in_memory, sqlite_on_disk};
use db::{DbError, DbUrl, params};
use gate::DeliveryError;
use gate::outbox::trouble::{self, Cause};
use metrics_exporter_prometheus::PrometheusBuilder;
use reqwest::Method;
use sandbox::{Failure, Fault, ForeignSettings, ForeignTicketing, Way};
use serde_json::json;
use stage::villeneuve::{
    AUG, EXPIRED, GEO, GOOD, OPERATOR_PASSWORD, UNLIMITED, id, scan, ticketing_client,
};
use stage::{Answer, Museum, Plan, answer, count, eventually};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;

db::conformance! {
    what_ticketing_could_not_take_arrives_once_when_it_can,
    a_barcode_that_ticketing_refuses_does_not_hold_up_the_others,
    a_ticketing_that_is_not_ours_takes_everything_once_its_trouble_is_cured,
    a_silent_partner_stops_nobody_and_is_told_afterwards,
    a_lost_answer_of_the_partner_is_one_sale,
    a_check_in_hand_is_answered_although_the_service_is_to_stop,
    a_device_that_hangs_up_has_its_check_decided_all_the_same,
}

/// An address of our own at which nobody listens until it is told to.
fn closed_port() -> (TcpSocket, String) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!(
        "http://{}{}",
        socket.local_addr().unwrap(),
        server::ACCESS_CONTROL_PATH
    );
    (socket, url)
}

/// A house whose ticketing is reached at `url`.
async fn with_ticketing_at(test: TestDb, url: &str) -> Museum {
    let plan = Plan {
        ticketing: Some(url.to_owned()),
        ..Plan::default()
    };
    Museum::open(test, plan).await
}

/// Opens the port: ticketing stands behind it, and answers what `refuses` says
/// with a 400 that repeats the barcode.
fn open_port(
    socket: TcpSocket,
    house: &Museum,
    refuses: impl Fn(&str) -> bool + Send + Sync + 'static,
) {
    let (client, ticketing) = (house.http.clone(), house.url(""));
    let refuses = Arc::new(refuses);
    let pass_on = async move |request: Request| -> Response {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, deviceapi::BODY_LIMIT_BYTES).await.unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        if refuses(&text) {
            let refusal = json!({
                "requestId": "",
                "statusCode": "INVALID_REQUEST",
                "statusDetail": format!("not this: {text}"),
            });
            return (StatusCode::BAD_REQUEST, refusal.to_string()).into_response();
        }
        let url = format!("{ticketing}{}", parts.uri.path());
        let passed = client.post(url).headers(parts.headers).body(text);
        let answered = answer(passed).await;
        let status = StatusCode::from_u16(answered.status).unwrap();
        (status, Body::from(answered.text)).into_response()
    };
    let router = Router::new().fallback(pass_on);
    let listener = socket.listen(64).unwrap();
    tokio::spawn(axum::serve(listener, router).into_future());
}

async fn what_ticketing_could_not_take_arrives_once_when_it_can(test: TestDb) {
    let (socket, url) = closed_port();
    let house = with_ticketing_at(test, &url).await;
    for n in 1..=5 {
        assert_eq!(house.outcome(AUG, n, UNLIMITED).await, "accepted");
    }
    let client = ticketing_client(url, OPERATOR_PASSWORD, &house.clock);
    let tried = house.gate().outbox.deliver_next(&client).await;
    assert!(matches!(tried, Err(DeliveryError::Call(_))), "{tried:?}");
    let waiting = house.reconcile().await;
    assert!(waiting.is_clean(), "what is on its way is explained");
    assert_eq!((waiting.in_flight, waiting.staged), (5, 0));

    open_port(socket, &house, |_| false);
    let test = house.end().await;
    let books = reconcile(&test.db, Sides::Both).await.unwrap();
    assert!(books.is_clean());
    assert_eq!((books.in_flight, books.staged, books.tickets), (0, 5, 5));
}

async fn a_barcode_that_ticketing_refuses_does_not_hold_up_the_others(test: TestDb) {
    let (socket, url) = closed_port();
    let house = with_ticketing_at(test, &url).await;
    let stubborn = Arc::new(AtomicBool::new(true));
    let refuses = Arc::clone(&stubborn);
    let moment = stage::villeneuve::scanned_at(2).compact();
    let barcode = format!("OTI{UNLIMITED}{moment}");
    open_port(socket, &house, move |body| {
        refuses.load(Ordering::SeqCst) && body.contains(&barcode)
    });
    // One journal, one call.
    let journal = (1..=3).map(|n| scan(n, UNLIMITED)).collect();
    house.journal(AUG, journal).await;
    house.settle().await;
    let books = house.reconcile().await;
    assert_eq!((books.control_barcodes, books.tickets), (3, 2));
    assert_eq!(books.unexplained, 1);
    let refused = &books.differences[0];
    assert_eq!(refused.code, "refused_by_ticketing");
    assert!(refused.of.to_string().contains(&id(2)), "{}", refused.of);
    let (what, _) = refused.words(kernel::Language::En);
    assert!(what.contains("not this"), "{what}");
    assert!(!what.contains(UNLIMITED), "{what}");

    stubborn.store(false, Ordering::SeqCst);
    let resent = house.test.db.write("resend", gate::resend_refused);
    assert_eq!(resent.await.unwrap(), 1);
    house.gate().outbox.due().deliveries.notify_one();
    let test = house.end().await;
    let books = reconcile(&test.db, Sides::Both).await.unwrap();
    assert!(books.is_clean());
    assert_eq!(books.tickets, 3);
}

/// Whoever has cured the trouble need not wait for the long pause to end.
async fn a_ticketing_that_is_not_ours_takes_everything_once_its_trouble_is_cured(test: TestDb) {
    let (socket, url) = closed_port();
    let house = with_ticketing_at(test, &url).await;
    let caller = stage::villeneuve::caller();
    let settings = ForeignSettings {
        institution: caller.institution.to_string(),
        operator: caller.operator,
        password: caller.password,
        seasons: [("VN26".parse().unwrap(), ["PASSVN".parse().unwrap()].into())].into(),
        zone: "Europe/Paris".parse().unwrap(),
        clock: Arc::new(house.clock.clone()),
    };
    let foreign = ForeignTicketing::new(settings, [Way::Unauthorised]);
    let listener = socket.listen(64).unwrap();
    let (serving, never) = (foreign.clone(), std::future::pending());
    tokio::spawn(sandbox::serve_foreign(listener, serving, never));
    let journal = (1..=3).map(|n| scan(n, UNLIMITED)).collect();
    house.journal(AUG, journal).await;
    let why = async || {
        let troubles = trouble::list(&house.test.db).await.unwrap();
        troubles.first().map(|trouble| trouble.cause)
    };
    let refused = Some(Cause::TokenRefused);
    eventually("its refusal is known", async || why().await == refused).await;
    // From the third on, it is left alone for a minute.
    eventually("it is no accident", async || foreign.calls() == 3).await;
    foreign.set_ways([]);
    house.gate().outbox.try_again_now();
    eventually("it has all of them", async || foreign.kept().len() == 3).await;
    eventually("nothing is in its way", async || why().await.is_none()).await;
}

async fn a_silent_partner_stops_nobody_and_is_told_afterwards(test: TestDb) {
    let plan = Plan {
        interface: |settings| settings.decision_budget = Duration::from_millis(200),
        ..Plan::default()
    };
    let house = Museum::open(test, plan).await;
    house.otipass.fail(Failure::Silence, Some(1));
    // It hears of the first entry after the second visitor has come.
    house.otipass.delay(1_000);
    let admitted = house.check(AUG, 1, GOOD).await;
    assert_eq!(admitted["outcome"], "accepted_unverified");
    assert_eq!(admitted["message"], "Bienvenue (vérifié plus tard)");
    assert_eq!(admitted["pass_number"], GOOD);
    // The next visitor is spared the wait, whatever the pass is worth.
    assert_eq!(house.outcome(AUG, 2, EXPIRED).await, "accepted_unverified");
    assert!(house.gate().deciding.partner_is_spared());
    house.otipass.delay(0);
    house.settle().await;
    let log = house.otipass.sandbox.log().total;
    assert_eq!((log.validations, log.declarations), (1, 2));
    // When the breaker lets one try, Otipass knows of the first entry.
    house.clock.advance_ms(5_000);
    assert_eq!(house.outcome(AUG, 3, GOOD).await, "already_used");
    assert!(!house.gate().deciding.partner_is_spared());
    let test = house.end().await;
    let books = reconcile(&test.db, Sides::Both).await.unwrap();
    assert!(books.is_clean());
    assert_eq!((books.accepted_checks, books.tickets), (2, 2));
    assert_eq!(books.disputed, 1);
}

async fn a_lost_answer_of_the_partner_is_one_sale(test: TestDb) {
    let house = Museum::usual(test).await;
    house.otipass.fail(Failure::AnswerLost, Some(1));
    assert_eq!(house.outcome(AUG, 1, GOOD).await, "accepted_unverified");
    house.settle().await;
    for _ in 0..2 {
        assert_eq!(house.outcome(AUG, 1, GOOD).await, "accepted_unverified");
    }
    let log = house.otipass.sandbox.log().total;
    assert_eq!((log.validations, log.declarations), (1, 1));
    assert_eq!(house.outcome(AUG, 2, GOOD).await, "already_used");
    let test = house.end().await;
    let books = reconcile(&test.db, Sides::Both).await.unwrap();
    assert!(books.is_clean());
    assert_eq!((books.accepted_checks, books.tickets), (1, 1));
    assert_eq!(books.disputed, 0, "our own entry is no dispute");
}

/// Sends the scan 1 to a partner that takes its time, and waits until it is
/// being asked.
async fn check_in_hand(house: &Museum) -> JoinHandle<Answer> {
    house.otipass.fault(Fault {
        latency_ms: 250,
        failure: None,
        requests: Some(1),
    });
    let request = house.as_device(AUG, Method::POST, "/api/v1/checks");
    let check = tokio::spawn(answer(request.json(&scan(1, GOOD))));
    eventually("Otipass is being asked", async || {
        house.otipass.sandbox.log().total.validations == 1
    })
    .await;
    assert_eq!(house.count("gate_check").await, 0);
    check
}

async fn a_check_in_hand_is_answered_although_the_service_is_to_stop(test: TestDb) {
    let house = Museum::usual(test).await;
    let check = check_in_hand(&house).await;
    let address = house.address;
    let test = house.stop().await;
    let answered = check.await.unwrap();
    assert_eq!(answered.status, 200);
    assert_eq!(answered.json()["outcome"], "accepted");
    assert_eq!(count(&test.db, "gate_check").await, 1);
    let closed = TcpStream::connect(address).await;
    assert!(closed.is_err(), "nobody is let in after the end");
    // The next start carries it on, and a repeated id gets the same answer.
    let house = Museum::usual(test).await;
    house.settle().await;
    assert_eq!(house.check(AUG, 1, GOOD).await["repeated"], true);
    let test = house.end().await;
    let books = reconcile(&test.db, Sides::Both).await.unwrap();
    assert!(books.is_clean());
    assert_eq!(books.tickets, 1);
}

async fn a_device_that_hangs_up_has_its_check_decided_all_the_same(test: TestDb) {
    let house = Museum::usual(test).await;
    let check = check_in_hand(&house).await;
    check.abort();
    assert!(check.await.is_err(), "it hung up before the answer");
    eventually("the check is decided", async || {
        house.count("gate_check").await == 1
    })
    .await;
    let again = house.check(AUG, 1, GOOD).await;
    assert_eq!(
        (&again["outcome"], &again["repeated"]),
        (&json!("accepted"), &json!(true))
    );
    assert_eq!(house.otipass.sandbox.log().total.validations, 1);
    house.end().await;
}

#[tokio::test]
async fn a_database_that_takes_nothing_is_said_and_outlived() {
    let plan = Plan {
        external_sales_every: None,
        ..Plan::default()
    };
    let house = Museum::open(sqlite_on_disk().await, plan).await;
    let DbUrl::SqliteFile(path) = &house.test.url else {
        panic!("a file");
    };
    let squatter = rusqlite::Connection::open(path).unwrap();
    squatter.execute_batch("BEGIN IMMEDIATE").unwrap();
    let scan = scan(1, GOOD);
    let (ready, live, check, snapshot) = tokio::join!(
        house.get("/health/ready"),
        house.get("/health/live"),
        house.post(AUG, "/api/v1/checks", &scan),
        answer(house.as_device(AUG, Method::GET, "/api/v1/device")),
    );
    assert_eq!((live.status, live.text.as_str()), (200, "alive\n"));
    assert_eq!(ready.status, 503);
    assert_eq!(
        ready.json(),
        json!({"status": "the database does not take anything", "waiting": {}})
    );
    for refused in [check, snapshot] {
        assert_eq!(
            (refused.status, refused.problem().as_str()),
            (503, "unavailable")
        );
        assert_eq!(refused.headers["retry-after"], "1");
    }
    assert_eq!(
        house.otipass.sandbox.log().total.validations,
        0,
        "nobody was asked in vain"
    );
    squatter.execute_batch("ROLLBACK").unwrap();
    assert_eq!(house.get("/health/ready").await.json()["status"], "ready");
    assert_eq!(house.outcome(AUG, 1, GOOD).await, "accepted");
    house.stop().await;
}

/// What a PostgreSQL says that is out of memory, broken, or being shut down.
#[tokio::test]
async fn a_server_in_trouble_is_503_and_the_check_has_one_answer_when_it_is_well() {
    let house = Museum::usual(db::testing::postgres().await).await;
    let run = async |sql: String| {
        let run = house
            .test
            .db
            .write("trouble", move |tx| tx.execute(&sql, params![]));
        let run: Result<_, DbError> = run.await;
        run.unwrap();
    };
    let at_commit =
        "CONSTRAINT TRIGGER trouble AFTER INSERT ON gate_check DEFERRABLE INITIALLY DEFERRED";
    let at_once = "TRIGGER trouble BEFORE INSERT ON gate_check";
    for (n, (code, when)) in (1..).zip([
        ("53200", at_once),
        ("53200", at_commit),
        ("XX000", at_once),
        ("XX000", at_commit),
        ("57P01", at_once),
        ("57P01", at_commit),
    ]) {
        run(format!(
            "CREATE OR REPLACE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS
             $$BEGIN RAISE EXCEPTION 'trouble' USING ERRCODE = '{code}'; END$$"
        ))
        .await;
        run(format!(
            "CREATE {when} FOR EACH ROW EXECUTE FUNCTION trouble()"
        ))
        .await;
        let check = scan(n, UNLIMITED);
        let troubled = house.post("PDA01", "/api/v1/checks", &check).await;
        assert_eq!(troubled.status, 503, "{code} {when}: {troubled:?}");
        run("DROP TRIGGER trouble ON gate_check".to_owned()).await;
        eventually("it is answered", async || {
            let answer = house.post("PDA01", "/api/v1/checks", &check).await;
            answer.status == 200 && answer.json()["outcome"] == "accepted"
        })
        .await;
    }
    house.settle().await;
    let books = house.reconcile().await;
    assert_eq!(books.unexplained, 0, "{books:?}");
    assert_eq!(books.accepted_checks, 6, "{books:?}");
}

#[tokio::test]
async fn metrics_bear_their_documented_names() {
    let plan = Plan {
        prometheus: PrometheusBuilder::new().install_recorder().unwrap(),
        ..Plan::default()
    };
    let house = Museum::open(sqlite_in_memory().await, plan).await;
    assert_eq!(house.outcome(AUG, 1, GOOD).await, "accepted");
    house.journal(GEO, vec![scan(2, EXPIRED)]).await;
    house.settle().await;
    let page = house.get("/metrics").await;
    assert!(page.headers["content-type"].starts_with("text/plain"));
    for (name, kind) in [
        ("passerelle_checks_total", "counter"),
        ("passerelle_partner_calls_total", "counter"),
        ("passerelle_partner_seconds", "summary"),
        ("passerelle_partner_breaker_open", "gauge"),
        ("passerelle_waiting", "gauge"),
        ("passerelle_disputed_total", "counter"),
        ("passerelle_delivered_total", "counter"),
        ("passerelle_staged_total", "counter"),
        ("passerelle_sold_total", "counter"),
        ("passerelle_db_writes_total", "counter"),
        ("passerelle_db_commits_total", "counter"),
    ] {
        let line = format!("# TYPE {name} {kind}\n");
        assert!(page.text.contains(&line), "{line}");
    }
    for of in [
        "declarations",
        "unresolved",
        "deliveries",
        "staged_ready",
        "staged_held",
        "disputes",
    ] {
        let line = format!("passerelle_waiting{{of=\"{of}\"}} ");
        assert!(page.text.contains(&line), "{line}");
    }
    for labelled in [
        "passerelle_checks_total{outcome=\"accepted_offline\"}",
        "passerelle_disputed_total{reason=\"pass_expired\"}",
        "passerelle_partner_calls_total{result=\"answered\"}",
    ] {
        assert!(page.text.contains(labelled), "{labelled}");
    }
    assert!(!page.text.contains(GOOD) && !page.text.contains(EXPIRED));
    house.end().await;
}
