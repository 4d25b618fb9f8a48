//! The sandbox over real HTTP, asked by the real client.

#![expect(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use kernel::{Language, ManualClock};
use otipass::pass_list::{Mark, PageQuery};
use otipass::{
    Answer, AskError, Contract, Credentials, EntriesLeft, NumType, OtipassClient, OtipassSettings,
    Partner, Question, Refusal,
};
use sandbox::{
    Asked, Failure, Fate, Fault, Log, PassBook, QrCodes, Sandbox, SandboxSettings, cards_text,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Long enough that only a hanging test reaches it.
const AMPLE: Duration = Duration::from_secs(20);
const REFERENCE: &str = "1d426cfd-51d7-490e-9ba3-cc79bc1ae8d3";
const PASSES: &str = "number;status;duration_days;valid_until;services\n\
                      00029975;active;7;2026-07-14;S1:2,S2:*\n\
                      00292151;inactive;3;;S1:1\n\
                      00300004;active;3;2026-07-16;S1:0\n\
                      01755172;expired;3;2026-06-15;S1:1\n\
                      01966563;created;3;;S1:1\n\
                      00686790;invalid;3;;S1:1\n\
                      01937150;undefined;3;;S1:1\n";

struct Running {
    sandbox: Sandbox,
    origin: String,
    stop: oneshot::Sender<()>,
    server: JoinHandle<std::io::Result<()>>,
}

fn settings() -> SandboxSettings {
    SandboxSettings {
        project_id: "villeneuve".to_owned(),
        zone: "Europe/Paris".parse().unwrap(),
        contract: Contract::default(),
        credentials: None,
        clock: Arc::new(ManualClock::new("2026-07-14T08:00:00Z".parse().unwrap())),
        service_names: BTreeMap::from([
            ("S1".parse().unwrap(), "Musée <Augustins>".to_owned()),
            ("S2".parse().unwrap(), "Château".to_owned()),
        ]),
        language: Language::En,
    }
}

async fn run(settings: SandboxSettings) -> Running {
    let sandbox = Sandbox::new(PassBook::from_csv(PASSES.as_bytes()).unwrap(), settings);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = oneshot::channel::<()>();
    let served = sandbox::serve(listener, sandbox.clone(), async {
        let _ = stopped.await;
    });
    Running {
        server: tokio::spawn(served),
        sandbox,
        origin,
        stop,
    }
}

fn client(origin: &str, credentials: Credentials) -> OtipassClient {
    OtipassClient::new(OtipassSettings {
        base_url: format!("{origin}/api"),
        project_id: "villeneuve".to_owned(),
        credentials,
        contract: Contract::default(),
        proxy: None,
        connect_timeout: AMPLE,
    })
    .unwrap()
}

fn key(key: &str) -> Credentials {
    Credentials::ApiKey(key.into())
}

fn basic(username: &str) -> Credentials {
    Credentials::Basic {
        username: username.to_owned(),
        password: "s3cret".into(),
    }
}

fn question(card: &str, service: &str) -> Question {
    Question {
        card: card.parse().unwrap(),
        num_type: NumType::Number,
        service_id: service.parse().unwrap(),
        space_id: format!("PROVIDER#{service}").parse().unwrap(),
        time: "2026-07-14T08:00:00.114Z".parse().unwrap(),
        reference: REFERENCE.parse().unwrap(),
    }
}

/// The plain HTTP client for what is not in the contract.
fn plain() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

#[tokio::test]
async fn every_answer_reaches_the_client() {
    let mut settings = settings();
    settings.contract.references = otipass::References::Ignored;
    let running = run(settings).await;
    let client = client(&running.origin, key("any"));
    for (card, service, expected) in [
        ("00029975", "S1", None),
        ("00292151", "S1", None),
        ("00292151", "S1", Some(Refusal::AlreadyUsed)),
        ("00292151", "S2", Some(Refusal::ServiceNotIncluded)),
        ("01755172", "S1", Some(Refusal::PassExpired)),
        ("01966563", "S1", Some(Refusal::PassNotSold)),
        ("00686790", "S1", Some(Refusal::PassBlocked)),
        ("01937150", "S1", Some(Refusal::UnknownPass)),
        ("99999999", "S1", Some(Refusal::UnknownPass)),
    ] {
        let answer = client
            .validate(&question(card, service), AMPLE)
            .await
            .unwrap();
        let refusal = match answer {
            Answer::Yes(_) => None,
            Answer::No { refusal, .. } => Some(refusal),
        };
        assert_eq!(refusal, expected, "{card} {service}");
    }
    let declared = client
        .declare(&question("00029975", "S1"), AMPLE)
        .await
        .unwrap();
    let Answer::Yes(facts) = declared else {
        panic!("{declared:?}")
    };
    assert_eq!(facts.entries_left, Some(EntriesLeft::Count(0)));
    assert_eq!(facts.valid_until, Some("2026-07-14".parse().unwrap()));
}

#[tokio::test]
async fn credentials_are_checked_if_there_are_any() {
    for (known, right, wrong) in [
        (basic("museum"), basic("museum"), basic("someone")),
        (key("k3y"), key("k3y"), key("other")),
        (key("k3y"), key("k3y"), basic("museum")),
    ] {
        let running = run(SandboxSettings {
            credentials: Some(known),
            ..settings()
        })
        .await;
        let status = client(&running.origin, right).status(AMPLE).await.unwrap();
        assert_eq!(status.project, "villeneuve");
        assert_eq!(status.time, "2026-07-14T08:00:00Z".parse().unwrap());
        let client = client(&running.origin, wrong);
        for error in [
            client.status(AMPLE).await.unwrap_err(),
            client
                .validate(&question("00029975", "S1"), AMPLE)
                .await
                .unwrap_err(),
        ] {
            assert!(
                matches!(error, AskError::CredentialsRefused { status: 401, .. }),
                "{error:?}"
            );
        }
        assert_eq!(
            running.sandbox.log(),
            Log::default(),
            "refused, so not asked"
        );
    }
}

#[tokio::test]
async fn each_fault_does_what_it_says_and_ends() {
    for (failure, counts) in [
        (Failure::Silence, 0),
        (Failure::Status(503), 0),
        (Failure::Status(401), 0),
        (Failure::HalfJson, 1),
        (Failure::Html, 1),
        (Failure::Empty, 1),
        (Failure::AnswerLost, 1),
        (Failure::WrongContentType, 1),
    ] {
        let running = run(settings()).await;
        let client = client(&running.origin, key("any"));
        let fault = Fault {
            failure: Some(failure),
            requests: Some(1),
            latency_ms: 0,
        };
        running.sandbox.set_faults(vec![fault]).unwrap();
        let within = match failure {
            Failure::Silence => Duration::from_millis(60),
            _ => AMPLE,
        };
        let asked = question("00029975", "S1");
        let said = match client.validate(&asked, within).await {
            Ok(_) => "answer",
            Err(AskError::TimedOut { .. }) => "timed out",
            Err(AskError::HttpStatus { status: 503, .. }) => "503",
            Err(AskError::CredentialsRefused { status: 401, .. }) => "401",
            Err(AskError::NotUnderstood { .. }) => "not understood",
            Err(AskError::AnswerLost { .. }) => "lost",
            Err(other) => panic!("{failure:?}: {other:?}"),
        };
        let expected = match failure {
            Failure::Silence => "timed out",
            Failure::Status(401) => "401",
            Failure::Status(_) => "503",
            Failure::HalfJson | Failure::Html | Failure::Empty => "not understood",
            Failure::AnswerLost => "lost",
            Failure::WrongContentType => "answer",
        };
        assert_eq!(said, expected, "{failure:?}");
        let left = |sandbox: &Sandbox| {
            sandbox.passes().get(&asked.card).unwrap().services[&asked.service_id]
        };
        assert_eq!(
            left(&running.sandbox),
            EntriesLeft::Count(2 - counts),
            "{failure:?}"
        );

        let again = client.validate(&asked, AMPLE).await.unwrap();
        assert!(matches!(again, Answer::Yes(_)), "{failure:?}: {again:?}");
        assert_eq!(left(&running.sandbox), EntriesLeft::Count(1), "{failure:?}");
        assert_eq!(
            running.sandbox.log().total,
            Asked {
                validations: 2,
                ..Asked::default()
            }
        );
    }
}

#[tokio::test]
async fn an_inquiry_counts_nothing_and_a_cancellation_gives_back_once() {
    let running = run(settings()).await;
    let client = client(&running.origin, key("any"));
    let asked = question("00292151", "S1");
    let left = async || match client.inquire(&asked, AMPLE).await.unwrap() {
        Answer::Yes(facts) => facts.entries_left,
        Answer::No { refusal, .. } => panic!("{refusal}"),
    };
    let one = Some(EntriesLeft::Count(1));
    assert_eq!(left().await, one);
    let before = running.sandbox.passes();
    assert_eq!(left().await, one);
    assert_eq!(running.sandbox.passes(), before);

    client.validate(&asked, AMPLE).await.unwrap();
    let refused = client.inquire(&asked, AMPLE).await.unwrap();
    let used = Refusal::AlreadyUsed;
    assert!(matches!(refused, Answer::No { refusal, .. } if refusal == used));

    // The first answer gets lost, so the gate cancels again.
    let lost = Fault {
        failure: Some(Failure::AnswerLost),
        requests: Some(1),
        latency_ms: 0,
    };
    running.sandbox.set_faults(vec![lost]).unwrap();
    let error = client.cancel(&asked, AMPLE).await.unwrap_err();
    assert!(matches!(error, AskError::AnswerLost { .. }), "{error:?}");
    client.cancel(&asked, AMPLE).await.unwrap();
    assert_eq!(left().await, one);
    assert_eq!(
        running.sandbox.log().total,
        Asked {
            validations: 1,
            inquiries: 4,
            cancellations: 2,
            ..Asked::default()
        }
    );

    let unknown = question("99999999", "S1");
    let conflict = client.cancel(&unknown, AMPLE).await.unwrap_err();
    assert!(matches!(conflict, AskError::HttpStatus { status: 409, .. }));
    let unknown = Question {
        reference: "07737f53-58fe-4de3-a6f3-e57ee4b6c619".parse().unwrap(),
        ..unknown
    };
    client.cancel(&unknown, AMPLE).await.unwrap();
}

#[tokio::test]
async fn the_list_of_passes_is_served_with_faults_and_as_a_difference() {
    let running = run(settings()).await;
    let client = client(&running.origin, key("any"));
    let query = |since: Option<Mark>| PageQuery {
        num_type: NumType::Number,
        since,
        after: None,
    };
    let broken = Fault {
        failure: Some(Failure::HalfJson),
        requests: Some(1),
        latency_ms: 0,
    };
    running.sandbox.set_faults(vec![broken]).unwrap();
    let error = client.pass_page(&query(None), AMPLE).await.unwrap_err();
    assert!(matches!(error, AskError::NotUnderstood { .. }), "{error:?}");
    let page = client.pass_page(&query(None), AMPLE).await.unwrap();
    assert!(page.whole && page.next.is_none());
    let refused = page.passes.iter().filter(|pass| pass.refusal.is_some());
    assert_eq!((page.passes.len(), refused.count()), (7, 4));

    let blocked = "00029975".parse().unwrap();
    running.sandbox.change_passes(|passes| {
        passes.get_mut(&blocked).unwrap().status = sandbox::PassStatus::Invalid;
    });
    let later = query(Some(page.state));
    let page = client.pass_page(&later, AMPLE).await.unwrap();
    assert!(!page.whole);
    assert_eq!(page.passes.len(), 1);
    assert_eq!(page.passes[0].number, blocked);
    assert_eq!(page.passes[0].refusal, Some(Refusal::PassBlocked));
    assert_eq!(running.sandbox.log().total.pages, 3);

    let lost = PageQuery {
        after: Some(Mark::try_from("99:00029975".to_owned()).unwrap()),
        ..later
    };
    let error = client.pass_page(&lost, AMPLE).await.unwrap_err();
    assert!(matches!(error, AskError::HttpStatus { status: 410, .. }));
}

#[tokio::test]
async fn a_late_answer_was_counted_at_once() {
    let running = run(settings()).await;
    let client = client(&running.origin, key("any"));
    let late = Fault {
        latency_ms: Fault::MAX_LATENCY_MS,
        requests: Some(1),
        failure: None,
    };
    running.sandbox.set_faults(vec![late]).unwrap();
    let asked = question("00029975", "S1");
    let error = client
        .validate(&asked, Duration::from_millis(60))
        .await
        .unwrap_err();
    assert!(matches!(error, AskError::TimedOut { .. }), "{error:?}");
    let answer = client.validate(&asked, AMPLE).await.unwrap();
    let Answer::Yes(facts) = answer else {
        panic!("{answer:?}")
    };
    assert_eq!(facts.entries_left, Some(EntriesLeft::Count(1)));
}

#[tokio::test]
async fn faults_and_log_are_there_over_http() {
    let running = run(settings()).await;
    let (http, origin) = (plain(), &running.origin);
    let faults = format!("{origin}/sandbox/faults");
    let put = |body: &'static str| {
        http.put(&faults)
            .header("content-type", "application/json")
            .body(body)
            .send()
    };
    assert_eq!(
        put(r#"[{"failure":{"status":503},"requests":1}]"#)
            .await
            .unwrap()
            .status(),
        204
    );
    for wrong in [
        "",
        "{}",
        r#"[{"failure":"fire"}]"#,
        r#"[{"failure":{"status":200}}]"#,
        r#"[{"late":1}]"#,
    ] {
        assert_eq!(put(wrong).await.unwrap().status(), 400, "{wrong}");
    }
    let set: Vec<Fault> = http
        .get(&faults)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(set, running.sandbox.faults());
    assert_eq!(
        set[0].failure,
        Some(Failure::Status(503)),
        "a wrong list changes nothing"
    );

    let client = client(origin, key("any"));
    let asked = question("00029975", "S1");
    client.validate(&asked, AMPLE).await.unwrap_err();
    client.validate(&asked, AMPLE).await.unwrap();
    client.declare(&asked, AMPLE).await.unwrap();
    let log: Log = http
        .get(format!("{origin}/sandbox/log"))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let expected = Asked {
        validations: 2,
        declarations: 1,
        ..Asked::default()
    };
    assert_eq!(log.total, expected);
    assert_eq!(
        log.by_reference,
        BTreeMap::from([(asked.reference, expected)])
    );
}

#[tokio::test]
async fn what_is_malformed_or_elsewhere_is_refused() {
    let running = run(settings()).await;
    let http = plain();
    let at = |path: &str| format!("{}{path}", running.origin);
    let form = "application/x-www-form-urlencoded";
    let post = |path: &str, kind: &str, body: &str| {
        http.post(at(path))
            .header("content-type", kind)
            .body(body.to_owned())
            .send()
    };
    let validation = "/api/villeneuve/v1/validation";
    for (path, kind, body, status) in [
        (validation, form, "", 400),
        (validation, form, "numotipass=00029975", 400),
        (validation, "application/json", "{}", 400),
        (validation, form, &"x".repeat(70_000)[..], 400),
        ("/api/villeneuve/v1/status", form, "", 405),
        ("/api/nantes/v1/validation", form, "", 404),
        ("/api/villeneuve", form, "", 404),
        ("/villeneuve/v1/validation", form, "", 404),
    ] {
        let answer = post(path, kind, body).await.unwrap();
        assert_eq!(answer.status(), status, "{path} {body:.30}");
        let text = answer.text().await.unwrap();
        assert!(
            text.contains("\"message\"") && !text.contains("00029975"),
            "{text}"
        );
    }
    let client = client(&running.origin, key("any"));
    client
        .validate(&question("00029975", "S1"), AMPLE)
        .await
        .unwrap();
    let error = client
        .validate(&question("00292151", "S1"), AMPLE)
        .await
        .unwrap_err();
    assert!(
        matches!(error, AskError::HttpStatus { status: 409, .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn sample_cards_are_shown_by_what_will_happen_to_them() {
    let running = run(settings()).await;
    let shown: Vec<(Fate, Vec<String>)> = running
        .sandbox
        .samples()
        .into_iter()
        .map(|group| {
            let numbers = group
                .cards
                .iter()
                .map(|card| card.number.reveal().to_owned());
            (group.fate, numbers.collect())
        })
        .collect();
    let expected = [
        (Fate::Accepted, vec!["00029975"]),
        (Fate::FirstUse, vec!["00292151"]),
        (Fate::AlreadyUsed, vec!["00300004"]),
        (Fate::NotIncluded, vec![]),
        (Fate::Expired, vec!["01755172"]),
        (Fate::Blocked, vec!["00686790"]),
        (Fate::NotSold, vec!["01966563"]),
        (Fate::Unknown, vec!["01937150", "99999997"]),
    ];
    let expected =
        expected.map(|(fate, numbers)| (fate, numbers.into_iter().map(str::to_owned).collect()));
    assert_eq!(shown, expected);

    for path in ["/", "/sandbox/cards"] {
        let page = plain()
            .get(format!("{}{path}", running.origin))
            .send()
            .await
            .unwrap();
        let page = page.text().await.unwrap();
        assert_eq!(page.matches("<svg role=\"img\"").count(), 8);
        assert!(page.contains("Musée &#60;Augustins&#62;") && !page.contains("<?xml"));
        assert!(
            !page.contains("src=") && !page.contains("url("),
            "the page needs nothing else"
        );
        assert!(page.contains("</span> 2 entries left<") && page.contains("not included"));
    }
    let text = cards_text(&running.sandbox, QrCodes::LeftOut);
    assert!(text.contains("  00029975  until 2026-07-14\n"), "{text}");
    assert!(
        text.contains("    Château: admitted, unlimited\n"),
        "{text}"
    );
    let drawn = cards_text(&running.sandbox, QrCodes::Drawn);
    assert!(drawn.contains('█') && drawn.lines().count() > text.lines().count() + 8 * 10);
}

#[tokio::test]
async fn sample_cards_speak_french_too() {
    let running = run(SandboxSettings {
        language: Language::Fr,
        ..settings()
    })
    .await;
    let text = cards_text(&running.sandbox, QrCodes::LeftOut);
    for said in [
        "Acceptés\nDes pass en cours",
        "  00029975  jusqu’au 2026-07-14\n",
        "    Château\u{a0}: admis, entrées illimitées\n",
        "déjà utilisé",
    ] {
        assert!(text.contains(said), "{text}");
    }
    let page = plain().get(running.origin.clone()).send().await.unwrap();
    let page = page.text().await.unwrap();
    assert!(
        page.contains("<html lang=\"fr\">") && page.contains("</span> restent 2 entrées<"),
        "{page}"
    );
}

#[tokio::test]
async fn stopping_ends_silence_too() {
    let running = run(settings()).await;
    let silent = Fault {
        failure: Some(Failure::Silence),
        ..Fault::default()
    };
    running.sandbox.set_faults(vec![silent]).unwrap();
    let client = client(&running.origin, key("any"));
    let asked = question("00029975", "S1");
    let asking = tokio::spawn(async move { client.validate(&asked, AMPLE).await });
    while running.sandbox.log().total.validations == 0 {
        tokio::task::yield_now().await;
    }
    running.stop.send(()).unwrap();
    running.server.await.unwrap().unwrap();
    let error = asking.await.unwrap().unwrap_err();
    assert!(matches!(error, AskError::AnswerLost { .. }), "{error:?}");
}
