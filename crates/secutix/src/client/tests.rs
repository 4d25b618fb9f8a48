mod foreign;
mod probe;

use super::*;
use crate::token::Caller;
use crate::wire::{ControlResult, ControlledTicket, TicketResult};
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode as Http, header};
use axum::response::{IntoResponse, Response};
use kernel::{ManualClock, Timestamp, causes};
use serde_json::{Value, json};
use std::num::NonZeroU32;
use std::pin::pin;
use std::sync::Mutex;
use tokio::net::TcpListener;

/// Seconds from 2020 to [`now`].
const NUMBER: i64 = 206_175_600;
const BARCODE: &str = "OTI2999750120260714070000114";

fn now() -> Timestamp {
    "2026-07-14T07:00:00.114Z".parse().unwrap()
}

/// What the server was asked.
#[derive(Debug, Clone)]
struct Asked {
    path: String,
    headers: HeaderMap,
    body: Value,
}

/// A server on loopback that gives every call the same answer and keeps what it
/// was asked.
struct Service {
    address: std::net::SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Service {
    async fn answering<R: IntoResponse>(answer: impl Fn() -> R + Send + Sync + 'static) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        let answer = Arc::new(answer);
        let app = Router::new().fallback(move |request: Request| {
            let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
            async move {
                let (parts, body) = request.into_parts();
                let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
                seen.lock().unwrap().push(Asked {
                    path: parts.uri.path().to_owned(),
                    headers: parts.headers,
                    body: serde_json::from_slice(&body).unwrap(),
                });
                answer().into_response()
            }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, asked }
    }

    async fn json(status: u16, body: Value) -> Self {
        let answer = move || (Http::from_u16(status).unwrap(), axum::Json(body.clone()));
        Self::answering(answer).await
    }

    fn settings(&self) -> ClientSettings {
        ClientSettings::new(
            format!("http://{}/externalAccessControlService/v1_4/", self.address),
            caller(),
        )
    }

    fn client(&self) -> AccessControlClient {
        client(self.settings())
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

fn caller() -> Caller {
    Caller::new(
        "VILLEN".parse().unwrap(),
        "VILLEN_AC".to_owned(),
        "correct horse".into(),
    )
}

fn client(settings: ClientSettings) -> AccessControlClient {
    AccessControlClient::new(settings, Arc::new(ManualClock::new(now()))).unwrap()
}

fn bearer(asked: &Asked) -> Claims {
    let bearer = asked.headers[header::AUTHORIZATION].to_str().unwrap();
    let token = bearer.strip_prefix("Bearer ").unwrap();
    token::signed_claims(token, &caller().password).unwrap()
}

fn batch(tickets: usize) -> ImportControlledTicketRequest {
    let ticket = ControlledTicket {
        ac_identifier: "VN_AUG".parse().unwrap(),
        barcode: BARCODE.parse().unwrap(),
        control_date: now(),
        control_result: ControlResult::Ok,
        failure_reason: None,
        season_code: "VN26".parse().unwrap(),
        product_code: "PASSVN".parse().unwrap(),
    };
    ImportControlledTicketRequest {
        request_id: "batch-7".to_owned(),
        controlled_tickets: vec![ticket; tickets],
    }
}

#[tokio::test]
async fn a_reason_that_repeats_the_barcode_is_masked() {
    let reason = format!("barcode {BARCODE} is a duplicate");
    let service = Service::json(
        200,
        json!({"statusCode": "OK", "ticketResults": [
            {"barcode": BARCODE, "failureReason": reason}
        ]}),
    )
    .await;
    let client = service.client();
    let answer = client.import_controlled_ticket(&batch(1)).await.unwrap();
    let reason = answer.ticket_results[0].failure_reason.clone().unwrap();
    assert!(reason.contains("is a duplicate"), "{reason}");
    assert!(!reason.contains(&BARCODE[3..]), "{reason}");
}

async fn time_zone_error(service: &Service) -> CallError {
    let client = service.client();
    client.get_time_zone("r1".to_owned()).await.unwrap_err()
}

#[tokio::test]
async fn a_batch_goes_out_as_documented_and_comes_back_per_ticket() {
    let service = Service::json(
        200,
        json!({"requestId": "batch-7", "statusCode": "OK", "ticketResults": [
            {"barcode": BARCODE}, {"barcode": BARCODE, "failureReason": "too old"}
        ]}),
    )
    .await;
    let answer = service
        .client()
        .import_controlled_ticket(&batch(2))
        .await
        .unwrap();
    let barcode: ControlBarcode = BARCODE.parse().unwrap();
    assert_eq!(
        answer.ticket_results,
        [
            TicketResult::accepted(barcode.clone()),
            TicketResult::refused(Some(barcode), "too old".to_owned())
        ]
    );
    let asked = service.asked();
    assert_eq!(
        asked[0].path,
        "/externalAccessControlService/v1_4/importControlledTicket"
    );
    let mut sent = serde_json::to_value(batch(2)).unwrap();
    sent["requestId"] = json!(NUMBER);
    assert_eq!(asked[0].body, sent);
}

#[tokio::test]
async fn each_call_bears_a_token_of_its_own_time() {
    let service = Service::json(200, json!({"statusCode": "OK", "timeZone": "Europe/Paris"})).await;
    let clock = ManualClock::new(now());
    let client = AccessControlClient::new(service.settings(), Arc::new(clock.clone())).unwrap();
    for _ in 0..2 {
        client.get_time_zone("r1".to_owned()).await.unwrap();
        clock.advance_ms(3_600_000);
    }
    let asked = service.asked();
    for (index, hour_ms) in [0, 3_600_000].into_iter().enumerate() {
        let claims = bearer(&asked[index]);
        assert_eq!(claims.iat, now().plus_ms(hour_ms).millis() / 1_000);
        assert_eq!(claims.exp - claims.iat, 30);
    }
}

#[tokio::test]
async fn a_batch_over_the_limit_or_with_a_miscounted_answer_is_an_error() {
    let service = Service::json(
        200,
        json!({"statusCode": "OK", "ticketResults": [{"barcode": BARCODE}]}),
    )
    .await;
    let client = service.client();
    let error = client
        .import_controlled_ticket(&batch(501))
        .await
        .unwrap_err();
    assert!(matches!(
        error,
        CallError::BatchTooLarge {
            count: 501,
            limit: 500
        }
    ));
    assert!(service.asked().is_empty());
    let error = client
        .import_controlled_ticket(&batch(2))
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("1 results for 2 tickets"),
        "{error}"
    );
}

#[tokio::test]
async fn a_ticket_is_found_or_not() {
    let found = Service::json(
        200,
        json!({"statusCode": "OK", "controlledTicketData": {
            "barcode": BARCODE, "state": "VALID", "ticketKind": "THIRD_PARTY"
        }}),
    )
    .await;
    let barcode: ControlBarcode = BARCODE.parse().unwrap();
    let ticket = found
        .client()
        .get_controlled_ticket(&barcode)
        .await
        .unwrap();
    assert!(ticket.is_some());
    assert_eq!(
        found.asked()[0].body,
        json!({"requestId": NUMBER, "barCodeOrTaxNumber": BARCODE})
    );
    for status in [200, 404] {
        let body = json!({"statusCode": "TICKET_NOT_FOUND", "statusDetail": "none"});
        let missing = Service::json(status, body).await;
        let ticket = missing.client().get_controlled_ticket(&barcode).await;
        assert_eq!(ticket.unwrap(), None, "HTTP {status}");
    }
}

#[tokio::test]
async fn the_catalogue_is_asked_by_season() {
    let service = Service::json(
        200,
        json!({"statusCode": "OK", "seasons": [{"code": "VN26", "name": "Saison 2026"}]}),
    )
    .await;
    let season: SeasonCode = "VN26".parse().unwrap();
    let catalogue = service
        .client()
        .get_access_control_catalog("r1".to_owned(), Some(season.clone()))
        .await
        .unwrap();
    assert_eq!(catalogue.seasons[0].code, season);
    assert_eq!(
        service.asked()[0].body,
        json!({"requestId": NUMBER, "seasonCode": "VN26"})
    );
}

#[tokio::test]
async fn too_many_calls_are_reported_with_the_wait_asked_for() {
    for (status, header, wait) in [
        (429, Some("7"), Some(Duration::from_secs(7))),
        (503, Some("120"), Some(Duration::from_secs(120))),
        // A date that is over, and one that is to come.
        (429, Some("Tue, 14 Jul 2026 06:28:00 GMT"), None),
        (429, Some("soon"), None),
        (509, None, None),
    ] {
        let service = Service::answering(move || {
            let mut response: Response = Http::from_u16(status).unwrap().into_response();
            if let Some(text) = header {
                response
                    .headers_mut()
                    .insert(header::RETRY_AFTER, text.parse().unwrap());
            }
            response
        })
        .await;
        let error = time_zone_error(&service).await;
        assert!(
            error.retry_after() == wait,
            "{status} {header:?}: {error:?}"
        );
        assert_eq!(error.fault(), Fault::Passing);
    }
}

#[tokio::test]
async fn a_failing_service_is_unavailable() {
    for status in [408, 500, 502, 503, 504] {
        let service = Service::json(status, json!({})).await;
        let error = time_zone_error(&service).await;
        assert!(
            matches!(&error, CallError::Unavailable(Outage::Status { http_status, .. }) if *http_status == status),
            "{error:?}"
        );
        assert_eq!(error.fault(), Fault::Passing);
    }
    let body = json!({"statusCode": "INTERNAL_ERROR", "statusDetail": "at OTI2999750120260714"});
    let error = time_zone_error(&Service::json(200, body).await).await;
    assert!(
        matches!(&error, CallError::Unavailable(Outage::Internal { detail }) if detail == "at OTI…"),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_silent_service_times_out() {
    // Takes connections into its backlog and never answers one.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let settings = ClientSettings {
        timeout_ms: 50,
        ..ClientSettings::new(format!("http://{}", silent.local_addr().unwrap()), caller())
    };
    let error = client(settings)
        .get_time_zone("r1".to_owned())
        .await
        .unwrap_err();
    assert!(
        matches!(
            error,
            CallError::Unavailable(Outage::TimedOut { timeout_ms: 50 })
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn nobody_there_and_a_broken_connection_are_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let settings = || ClientSettings::new(format!("http://{address}"), caller());
    let hang_up = async {
        let (connection, _) = listener.accept().await.unwrap();
        drop(connection);
    };
    let broken = client(settings());
    let (error, ()) = tokio::join!(broken.get_time_zone("r1".to_owned()), hang_up);
    let error = error.unwrap_err();
    assert!(
        matches!(error, CallError::Unavailable(Outage::Broken(_))),
        "{error:?}"
    );
    drop(listener);
    let error = client(settings())
        .get_time_zone("r1".to_owned())
        .await
        .unwrap_err();
    assert!(
        matches!(error, CallError::Unavailable(Outage::NotReached(_))),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_token_that_is_not_accepted_is_no_matter_of_waiting() {
    let service = Service::json(401, json!({"statusCode": "NO"})).await;
    let error = time_zone_error(&service).await;
    assert!(matches!(error, CallError::Unauthorised), "{error:?}");
    assert_ne!(error.fault(), Fault::Passing);
}

#[tokio::test]
async fn a_refusal_says_why_without_numbers() {
    let detail = "barcode OTI2999750120260714070000114 is no barcode";
    let cases = [
        (
            400,
            json!({"statusCode": "INVALID_REQUEST", "statusDetail": detail}),
            StatusCode::InvalidRequest,
            "barcode OTI… is no barcode",
        ),
        (
            200,
            json!({"statusCode": "E17 29997501"}),
            StatusCode::Other("E17 …".to_owned()),
            "no reason",
        ),
        (
            403,
            json!("blocked by proxy"),
            StatusCode::Other("HTTP 403".to_owned()),
            "proxy",
        ),
        (
            404,
            json!("not here"),
            StatusCode::Other("HTTP 404".to_owned()),
            "URL",
        ),
        (
            422,
            json!({}),
            StatusCode::Other("HTTP 422".to_owned()),
            "no reason",
        ),
    ];
    for (http, body, code, why) in cases {
        let error = time_zone_error(&Service::json(http, body).await).await;
        let text = error.to_string();
        let CallError::Refused {
            http_status,
            status,
            ..
        } = &error
        else {
            panic!("{error:?}");
        };
        assert_eq!((*http_status, status), (http, &code));
        assert!(text.contains(why) && !text.contains("29997501"), "{text}");
        assert_ne!(error.fault(), Fault::Passing);
    }
}

#[tokio::test]
async fn an_answer_of_someone_else_is_not_understood() {
    let page = || (Http::OK, "<html>Please log in to the museum's WLAN</html>");
    let redirect = || (Http::FOUND, [(header::LOCATION, "http://127.0.0.1:1/")]);
    let huge = || "x".repeat(MAX_ANSWER_BYTES + 1);
    for (service, what) in [
        (Service::answering(page).await, "is no JSON"),
        (
            Service::answering(|| "{\"statusCode\": \"O").await,
            "ends in the middle, after 17 bytes",
        ),
        (Service::answering(|| "").await, "is empty"),
        (Service::answering(redirect).await, "redirects"),
        (Service::answering(huge).await, "bytes"),
        (Service::json(200, json!({})).await, "statusCode"),
    ] {
        let error = time_zone_error(&service).await;
        assert!(
            matches!(error, CallError::NotUnderstood { .. }),
            "{error:?}"
        );
        assert!(error.to_string().contains(what), "{error}");
        assert_ne!(error.fault(), Fault::Passing);
    }
}

#[tokio::test]
async fn all_methods_together_keep_the_pace() {
    let service = Service::json(
        200,
        json!({"statusCode": "OK", "timeZone": "Europe/Paris", "seasons": []}),
    )
    .await;
    let settings = ClientSettings {
        calls_per_minute: NonZeroU32::MIN,
        ..service.settings()
    };
    let clock = ManualClock::new(now());
    let client = AccessControlClient::new(settings, Arc::new(clock.clone())).unwrap();
    client.get_time_zone("r1".to_owned()).await.unwrap();
    tokio::time::pause();
    let minute = Duration::from_secs(60);
    let mut other = pin!(client.get_access_control_catalog("r2".to_owned(), None));
    let early = tokio::time::timeout(minute, &mut other).await;
    assert!(early.is_err(), "the second call of a minute went out");
    assert_eq!(service.asked().len(), 1);
    tokio::time::advance(Duration::from_secs(1)).await;
    clock.advance_ms(61_000);
    tokio::time::resume();
    other.await.unwrap();
    // Its token was not made before its turn came.
    assert_eq!(service.asked().len(), 2);
    assert_eq!(bearer(&service.asked()[1]).iat, now().millis() / 1_000 + 61);
}

#[test]
fn a_wrong_url_or_version_is_found_before_the_first_call() {
    let set_up = |base_url: &str| {
        let settings = ClientSettings::new(base_url.to_owned(), caller());
        AccessControlClient::new(settings, Arc::new(ManualClock::new(now())))
    };
    for url in [
        "",
        "villen.ws.secutix.com/v1_4",
        "ftp://villen/v1_4",
        "https://",
        "https://villen/v1_4?x=1",
        // Its password would go out instead of the token.
        "http://op:secret@villen/v1_4",
        "https://op@villen/v1_4",
        "https://:secret@villen/v1_4",
    ] {
        let error = set_up(url).unwrap_err();
        assert!(matches!(error, ClientSetupError::Url), "{url}");
        assert!(!causes(&error).contains("secret"), "{error}");
        assert!(check_url(url).is_err(), "{url}");
    }
    assert!(matches!(
        set_up("https://villen.ws.secutix.com/x/v1_3").unwrap_err(),
        ClientSetupError::VersionTooOld { major: 1, minor: 3 }
    ));
    for url in [
        "https://villen.ws.secutix.com/x/v1_4/",
        "https://villen.ws.secutix.com/x/v1_6",
        "http://127.0.0.1:8080",
    ] {
        assert!(set_up(url).is_ok(), "{url}");
    }
}

#[test]
fn the_version_is_read_from_the_end_of_the_url() {
    for (url, version) in [
        ("https://a/b/v1_4", Some((1, 4))),
        ("https://a/b/V1_12/", Some((1, 12))),
        ("https://a/v1_4/b", None),
        ("https://a/b/v1", None),
        ("https://a/b/vx_y", None),
        ("", None),
    ] {
        assert_eq!(api_version(url), version, "{url}");
    }
}

#[test]
fn the_password_is_not_printed() {
    let settings = ClientSettings {
        proxy: Some("http://me:horse@127.0.0.1:1".into()),
        ..ClientSettings::new("http://127.0.0.1".to_owned(), caller())
    };
    assert!(!format!("{settings:?}").contains("horse"));
    assert!(!format!("{:?}", client(settings)).contains("horse"));
}
