//! The client against a server that does exactly what a script says, over
//! loopback.

use otipass::pass_list::PageQuery;
use otipass::{
    Answer, AskError, Contract, Credentials, EntriesLeft, NotUnderstood, NumType, OtipassClient,
    OtipassSettings, Partner, PassFacts, Question, Refusal, SettingsError,
};
use std::collections::{HashMap, VecDeque};
use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// Long enough that only a hanging test reaches it.
const AMPLE: Duration = Duration::from_secs(20);

/// What the server does with one request.
#[derive(Clone)]
enum Act {
    /// Answers and keeps the connection.
    Answer(String),
    /// Answers as if it would keep the connection, then closes it.
    AnswerThenClose(String),
    /// Closes the connection without an answer.
    Close,
    /// Never answers, or never ends what it began.
    Hang(&'static str),
}

struct Server {
    url: String,
    /// One entry a request: number of its connection, and its text.
    requests: Arc<Mutex<Vec<(usize, String)>>>,
    closed: mpsc::UnboundedReceiver<()>,
}

async fn server(script: impl IntoIterator<Item = Act>) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/api", listener.local_addr().unwrap());
    let requests = Arc::new(Mutex::new(Vec::new()));
    let seen = requests.clone();
    let script = Arc::new(Mutex::new(script.into_iter().collect::<VecDeque<_>>()));
    let (closing, closed) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        for connection in 0.. {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (seen, script, closing) = (seen.clone(), script.clone(), closing.clone());
            tokio::spawn(async move {
                while let Some(request) = read_request(&mut stream).await {
                    seen.lock().unwrap().push((connection, request));
                    let act = script
                        .lock()
                        .unwrap()
                        .pop_front()
                        .expect("a request too many");
                    match act {
                        Act::Answer(text) => stream.write_all(text.as_bytes()).await.unwrap(),
                        Act::AnswerThenClose(text) => {
                            stream.write_all(text.as_bytes()).await.unwrap();
                            break;
                        }
                        Act::Close => break,
                        Act::Hang(start) => {
                            stream.write_all(start.as_bytes()).await.unwrap();
                            std::future::pending::<()>().await;
                        }
                    }
                }
                drop(stream);
                let _ = closing.send(());
            });
        }
    });
    Server {
        url,
        requests,
        closed,
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| {
                    line.to_lowercase()
                        .strip_prefix("content-length: ")?
                        .parse()
                        .ok()
                })
                .unwrap_or(0);
            if body.len() >= length {
                return Some(text);
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}

fn http(status: &str, content_type: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn json(body: &str) -> String {
    http("200 OK", "application/json", body)
}

const YES: &str = r#"{"code":"A0","message":"ok","pass":{"status":"active","valid_until":"2026-07-20","entries_left":1}}"#;

fn basic() -> Credentials {
    Credentials::Basic {
        username: "museum".to_owned(),
        password: "s3cret".into(),
    }
}

fn settings(url: &str) -> OtipassSettings {
    OtipassSettings {
        base_url: url.to_owned(),
        project_id: "villeneuve".to_owned(),
        credentials: basic(),
        contract: Contract::default(),
        proxy: None,
        connect_timeout: AMPLE,
    }
}

fn client(url: &str) -> OtipassClient {
    OtipassClient::new(settings(url)).unwrap()
}

fn question() -> Question {
    Question {
        card: "00029975".parse().unwrap(),
        num_type: NumType::Number,
        service_id: "PCUMID000FSA5CD6".parse().unwrap(),
        space_id: "PROVIDER#PCUMID000FSA5CD6".parse().unwrap(),
        time: "2026-07-14T07:00:00.114Z".parse().unwrap(),
        reference: "1d426cfd-51d7-490e-9ba3-cc79bc1ae8d3".parse().unwrap(),
    }
}

async fn ask(act: Act) -> Result<Answer, AskError> {
    let server = server([act]).await;
    client(&server.url).validate(&question(), AMPLE).await
}

#[tokio::test]
async fn a_question_travels_as_the_contract_says() {
    let server = server([
        Act::Answer(json(YES)),
        Act::Answer(json(r#"{"code":"A6"}"#)),
    ])
    .await;
    let client = client(&format!("{}/", server.url));
    assert_eq!(
        client.validate(&question(), AMPLE).await.unwrap(),
        Answer::Yes(PassFacts {
            valid_until: Some("2026-07-20".parse().unwrap()),
            entries_left: Some(EntriesLeft::Count(1)),
        })
    );
    assert_eq!(
        client.declare(&question(), AMPLE).await.unwrap(),
        Answer::No {
            refusal: Refusal::AlreadyUsed,
            pass: None
        }
    );
    let requests = server.requests.lock().unwrap();
    let [(first, validation), (second, declaration)] = &requests[..] else {
        panic!("{} requests", requests.len());
    };
    assert_eq!(first, second, "the connection is used again");
    assert!(validation.starts_with("POST /api/villeneuve/v1/validation HTTP/1.1\r\n"));
    assert!(declaration.starts_with("POST /api/villeneuve/v1/declaration HTTP/1.1\r\n"));
    assert!(validation.contains("\r\nauthorization: Basic bXVzZXVtOnMzY3JldA==\r\n"));
    assert!(validation.contains("\r\ncontent-type: application/x-www-form-urlencoded\r\n"));
    assert!(validation.ends_with(
        "\r\n\r\nnumotipass=00029975&type=numotipass&service=PCUMID000FSA5CD6\
         &space=PROVIDER%23PCUMID000FSA5CD6&time=2026-07-14T07%3A00%3A00.114Z\
         &reference=1d426cfd-51d7-490e-9ba3-cc79bc1ae8d3"
    ));
}

#[tokio::test]
async fn inquiry_and_cancellation_take_the_same_form() {
    let refusal = r#"{"code":"A5","message":"unknown_pass"}"#;
    let server = server([YES, YES, refusal, refusal].map(|body| Act::Answer(json(body)))).await;
    let client = client(&server.url);
    let asked = client.inquire(&question(), AMPLE).await.unwrap();
    assert!(matches!(asked, Answer::Yes(_)), "{asked:?}");
    client.cancel(&question(), AMPLE).await.unwrap();
    let asked = client.inquire(&question(), AMPLE).await.unwrap();
    assert!(matches!(asked, Answer::No { .. }), "{asked:?}");
    let error = client.cancel(&question(), AMPLE).await.unwrap_err();
    assert!(
        matches!(
            error,
            AskError::NotUnderstood {
                source: NotUnderstood::CancellationRefused {
                    refusal: Refusal::UnknownPass
                },
                ..
            }
        ),
        "{error:?}"
    );
    let requests = server.requests.lock().unwrap();
    for ((_, request), path) in requests.iter().zip(["inquiries", "cancellations"]) {
        assert!(request.starts_with(&format!("POST /api/villeneuve/v1/{path} HTTP/1.1\r\n")));
        assert!(request.ends_with("&reference=1d426cfd-51d7-490e-9ba3-cc79bc1ae8d3"));
    }
}

#[tokio::test]
async fn the_list_of_passes_is_read_page_by_page() {
    let long = "x".repeat(257);
    let page = r#"{"whole":true,"state":"s 7","next":"p&2","passes":[
        {"number":"00029975","status":"active"},
        {"number":"00292151","status":"created","since":"2026"},
        {"number":"01755172","status":"expired"},
        {"number":"00686790","status":"invalid"},
        {"number":"01937150","status":"undefined"},
        {"number":"01966563","status":"lost"},
        {"number":"no number","status":"invalid"}]}"#;
    let server = server([
        Act::Answer(json(page)),
        Act::Answer(json(r#"{"whole":false,"state":"s8","passes":[]}"#)),
        Act::Answer(json(r#"{"whole":true,"state":"","passes":[]}"#)),
        Act::Answer(json(&format!(
            r#"{{"whole":true,"state":"{long}","passes":[]}}"#
        ))),
        Act::Answer(json(&" ".repeat(1024 * 1024 + 1))),
    ])
    .await;
    let client = client(&server.url);
    let query = |since: Option<&str>, after: Option<&str>| PageQuery {
        num_type: NumType::Number,
        since: since.map(|mark| mark.to_owned().try_into().unwrap()),
        after: after.map(|mark| mark.to_owned().try_into().unwrap()),
    };
    let first = client.pass_page(&query(None, None), AMPLE).await.unwrap();
    assert!(first.whole);
    assert_eq!(first.state.as_str(), "s 7");
    let refusals: Vec<_> = first.passes.iter().map(|pass| pass.refusal).collect();
    assert_eq!(
        refusals,
        [
            None,
            Some(Refusal::PassNotSold),
            Some(Refusal::PassExpired),
            Some(Refusal::PassBlocked),
            Some(Refusal::UnknownPass),
            None,
        ]
    );
    assert!(!format!("{first:?}").contains("00029975"));
    let next = first.next.as_ref().map(|mark| mark.as_str());
    let second = query(Some("s 6"), next);
    let second = client.pass_page(&second, AMPLE).await.unwrap();
    assert!(!second.whole && second.next.is_none() && second.passes.is_empty());
    for expected in ["NotTheContract", "NotTheContract", "TooLong"] {
        let error = client.pass_page(&query(None, None), AMPLE).await;
        let Err(AskError::NotUnderstood { source, .. }) = error else {
            panic!("{error:?}");
        };
        assert!(format!("{source:?}").starts_with(expected), "{source:?}");
    }
    let requests = server.requests.lock().unwrap();
    let path = "GET /api/villeneuve/v1/passes?type=numotipass&limit=5000";
    assert!(requests[0].1.starts_with(&format!("{path} HTTP/1.1\r\n")));
    let more = format!("{path}&since=s+6&after=p%262 HTTP/1.1\r\n");
    assert!(requests[1].1.starts_with(&more), "{}", requests[1].1);
}

#[tokio::test]
async fn names_codes_and_credentials_can_be_others() {
    let server = server([Act::Answer(json(r#"{"code":"OUT"}"#))]).await;
    let mut settings = settings(&server.url);
    settings.credentials = Credentials::ApiKey("k3y".into());
    settings.contract.api_key_header = "X-Otipass-Key".to_owned();
    settings.contract.validation_path = "/v2/check".to_owned();
    settings.contract.fields.num_type = "kind".to_owned();
    settings
        .contract
        .codes
        .refusals
        .insert("OUT".to_owned(), Refusal::PassBlocked);
    let client = OtipassClient::new(settings).unwrap();
    let serial = Question {
        num_type: NumType::Serial,
        ..question()
    };
    let answer = client.validate(&serial, AMPLE).await.unwrap();
    assert_eq!(
        answer,
        Answer::No {
            refusal: Refusal::PassBlocked,
            pass: None
        }
    );
    let requests = server.requests.lock().unwrap();
    let request = &requests[0].1;
    assert!(request.starts_with("POST /api/villeneuve/v2/check HTTP/1.1\r\n"));
    assert!(request.contains("\r\nx-otipass-key: k3y\r\n") && !request.contains("authorization"));
    assert!(request.contains("&kind=serial&"));
}

#[tokio::test]
async fn the_connection_test_reads_project_and_clock() {
    let body = r#"{"project":"villeneuve","time":"2026-07-14T07:00:00.000Z"}"#;
    let server = server([Act::Answer(json(body))]).await;
    let status = client(&server.url).status(AMPLE).await.unwrap();
    assert_eq!(status.project, "villeneuve");
    assert_eq!(status.time, "2026-07-14T07:00:00Z".parse().unwrap());
    let requests = server.requests.lock().unwrap();
    assert!(
        requests[0]
            .1
            .starts_with("GET /api/villeneuve/v1/status HTTP/1.1\r\n")
    );
}

#[tokio::test]
async fn statuses_that_are_no_answer_are_told_apart() {
    // Without a project, whoever answers at the URL will do.
    for (status, kind, knocks) in [
        ("401 Unauthorized", "credentials 401", false),
        ("403 Forbidden", "credentials 403", true),
        ("407 Proxy Authentication Required", "proxy", false),
        ("302 Found\r\nlocation: /elsewhere", "status 302", false),
        ("400 Bad Request", "status 400", true),
        ("404 Not Found", "status 404", true),
        ("429 Too Many Requests", "status 429", true),
        ("503 Service Unavailable", "status 503", false),
    ] {
        let answer = || Act::Answer(http(status, "application/json", YES));
        let server = server([answer()]).await;
        let knocked = client(&server.url).knock(AMPLE).await;
        assert_eq!(knocked.is_ok(), knocks, "{status}: {knocked:?}");
        let requests = server.requests.lock().unwrap().clone();
        assert!(requests[0].1.starts_with("GET /api HTTP/1.1\r\n"));
        let error = ask(answer()).await.unwrap_err();
        let found = match error {
            AskError::CredentialsRefused { status, .. } => format!("credentials {status}"),
            AskError::HttpStatus { status, .. } => format!("status {status}"),
            AskError::ProxyRefused { .. } => "proxy".to_owned(),
            other => format!("{other:?}"),
        };
        assert_eq!(found, kind);
    }
}

#[tokio::test]
async fn what_is_no_answer_of_the_contract_is_not_understood() {
    let long = format!("{YES}{}", " ".repeat(64 * 1024));
    for (body, expected) in [
        ("", "NotTheContract { line: 1, column: 0 }"),
        (&YES[..40], "NotTheContract { line: 1, column: 40 }"),
        (
            "<!doctype html><p>Sign in",
            "NotTheContract { line: 1, column: 1 }",
        ),
        (
            r#"{"message":"ok"}"#,
            "NotTheContract { line: 1, column: 16 }",
        ),
        (r#"{"code":"Z9"}"#, r#"Code(UnknownCode { code: "Z9" })"#),
        (&long, "TooLong { limit_bytes: 65536 }"),
    ] {
        let error = ask(Act::Answer(json(body))).await.unwrap_err();
        let AskError::NotUnderstood { source, .. } = error else {
            panic!("{error:?}");
        };
        let source: NotUnderstood = source;
        assert_eq!(format!("{source:?}"), expected, "{body:.60}");
    }
}

#[tokio::test]
async fn what_only_informs_cannot_spoil_an_answer() {
    let body = r#"{"code":"A0","message":7,"pass":{"valid_until":"soon","entries_left":"unlimited"},"new":[]}"#;
    let answer = ask(Act::Answer(http("200 OK", "text/html", body)))
        .await
        .unwrap();
    assert_eq!(
        answer,
        Answer::Yes(PassFacts {
            valid_until: None,
            entries_left: Some(EntriesLeft::Unlimited)
        })
    );
}

#[tokio::test]
async fn silence_ends_with_the_time_given() {
    for start in ["", "HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n{\"code\""] {
        let server = server([Act::Hang(start)]).await;
        let within = Duration::from_millis(60);
        let error = client(&server.url)
            .validate(&question(), within)
            .await
            .unwrap_err();
        assert!(
            matches!(error, AskError::TimedOut { within_ms: 60, .. }),
            "{error:?}"
        );
        assert_eq!(server.requests.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn nobody_there_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/api", listener.local_addr().unwrap());
    drop(listener);
    let error = client(&url).validate(&question(), AMPLE).await.unwrap_err();
    assert!(matches!(error, AskError::Unreachable { .. }), "{error:?}");
    assert!(error.source().is_some());
}

#[tokio::test]
async fn a_resting_connection_that_was_closed_is_replaced() {
    let answer = || Act::AnswerThenClose(json(YES));
    let mut server = server(std::iter::repeat_with(answer).take(20)).await;
    let client = client(&server.url);
    for _ in 0..20 {
        client.validate(&question(), AMPLE).await.unwrap();
        server.closed.recv().await.unwrap();
        runtime_looks_at_its_sockets().await;
    }
    let connections: Vec<_> = server
        .requests
        .lock()
        .unwrap()
        .iter()
        .map(|r| r.0)
        .collect();
    assert_eq!(
        connections,
        (0..20).collect::<Vec<_>>(),
        "each asked once, each on a new connection"
    );
}

/// A round trip through another connection: afterwards the runtime has seen
/// what happened to every socket before it.
async fn runtime_looks_at_its_sockets() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut near = TcpStream::connect(listener.local_addr().unwrap())
        .await
        .unwrap();
    let (mut far, _) = listener.accept().await.unwrap();
    near.write_all(b"?").await.unwrap();
    assert_eq!(far.read_u8().await.unwrap(), b'?');
}

#[tokio::test]
async fn a_question_that_went_out_is_never_asked_again() {
    for script in [vec![Act::Close], vec![Act::Answer(json(YES)), Act::Close]] {
        let last = script.len();
        let server = server(script).await;
        let client = client(&server.url);
        for _ in 1..last {
            client.validate(&question(), AMPLE).await.unwrap();
        }
        let error = client.validate(&question(), AMPLE).await.unwrap_err();
        assert!(matches!(error, AskError::AnswerLost { .. }), "{error:?}");
        let connections: Vec<_> = server
            .requests
            .lock()
            .unwrap()
            .iter()
            .map(|r| r.0)
            .collect();
        assert_eq!(connections, vec![0; last]);
    }
}

#[tokio::test]
async fn half_an_answer_is_a_lost_answer() {
    let half = "HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n{\"code\"".to_owned();
    let error = ask(Act::AnswerThenClose(half)).await.unwrap_err();
    assert!(matches!(error, AskError::AnswerLost { .. }), "{error:?}");
}

#[tokio::test]
async fn a_proxy_is_gone_through_and_its_refusal_named() {
    let refusal =
        || Act::AnswerThenClose(http("407 Proxy Authentication Required", "text/plain", ""));
    for (base_url, line, act) in [
        (
            "http://pass.example.org/api",
            "POST http://pass.example.org/api/villeneuve/v1/validation HTTP/1.1\r\n",
            Act::Answer(json(YES)),
        ),
        (
            "http://pass.example.org/api",
            "POST http://pass.example.org/api/villeneuve/v1/validation HTTP/1.1\r\n",
            refusal(),
        ),
        (
            "https://pass.example.org/api",
            "CONNECT pass.example.org:443 HTTP/1.1\r\n",
            refusal(),
        ),
    ] {
        let accepts = matches!(act, Act::Answer(_));
        let proxy = server([act]).await;
        let settings = OtipassSettings {
            proxy: Some(proxy.url.trim_end_matches("/api").to_owned()),
            ..settings(base_url)
        };
        let client = OtipassClient::new(settings).unwrap();
        let answer = client.validate(&question(), AMPLE).await;
        assert!(proxy.requests.lock().unwrap()[0].1.starts_with(line));
        match answer {
            Ok(answer) => assert!(accepts, "{answer:?}"),
            Err(AskError::ProxyRefused { .. }) => assert!(!accepts),
            Err(error) => panic!("{base_url}: {error:?}"),
        }
    }
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let with = |change: fn(&mut OtipassSettings)| {
        let mut settings = settings("https://pass.example.org/api");
        change(&mut settings);
        OtipassClient::new(settings)
    };
    assert!(with(|_| {}).is_ok());
    assert!(matches!(
        with(|s| s.base_url.clear()),
        Err(SettingsError::Url(_))
    ));
    assert!(matches!(
        with(|s| s.proxy = Some("http://".to_owned())),
        Err(SettingsError::Proxy(_))
    ));
    assert!(matches!(
        with(|s| s.credentials = Credentials::ApiKey("a\nb".into())),
        Err(SettingsError::ApiKey)
    ));
}

#[test]
fn no_message_holds_a_card_number_or_a_secret() {
    let settings = settings("https://pass.example.org/api");
    assert!(!format!("{settings:?}{:?}", client(&settings.base_url)).contains("s3cret"));
    assert!(!format!("{:?}", question()).contains("00029975"));
    let form = HashMap::from([("numotipass".to_owned(), "00029975!".to_owned())]);
    let error = Contract::default().question(&form).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("00029975"));
}

#[test]
fn a_form_is_read_as_it_was_written() {
    let contract = Contract::default();
    for num_type in [NumType::Number, NumType::Serial] {
        let question = Question {
            num_type,
            ..question()
        };
        let mut form: HashMap<String, String> = contract
            .form(&question)
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        assert_eq!(contract.question(&form).unwrap(), question);
        for (name, _) in contract.form(&question) {
            let value = form.insert(name.to_owned(), "…".to_owned()).unwrap();
            assert!(contract.question(&form).is_err(), "{name}");
            form.remove(name);
            assert!(contract.question(&form).is_err(), "{name}");
            form.insert(name.to_owned(), value);
        }
    }
}
