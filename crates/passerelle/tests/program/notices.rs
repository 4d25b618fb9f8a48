//! Who is told when something is not well, by the program.

use crate::BIN;
use crate::doctor::set_up::SetUp;
use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use db::{Db, DbUrl};
use kernel::{Clock, SystemClock, Timestamp};
use serde_json::Value;
use stage::{Program, SET_UP};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::sync::mpsc::{Receiver, Sender, channel};

const SECRET: &str = "Asters-are-s3cret";

/// A receiver of posts: where it is, and what comes, with what it was shown.
async fn receiver() -> (String, Receiver<(String, Value)>) {
    let (put, posts) = channel(8);
    let take = async |State(put): State<Sender<_>>, headers: HeaderMap, Json(post): Json<Value>| {
        let shown = headers["authorization"].to_str().unwrap().to_owned();
        put.send((shown, post)).await.unwrap();
        StatusCode::NO_CONTENT
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook-s3cret", listener.local_addr().unwrap());
    let router = Router::new()
        .route("/hook-s3cret", post(take))
        .with_state(put);
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, posts)
}

async fn run(program: &Program, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::from(program.command(arguments));
    command.env("PASSERELLE_NOTICES__WEBHOOK_SECRET", SECRET);
    let output = command.output().await.unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    for secret in [SECRET, "hook-s3cret"] {
        assert!(!said.contains(secret), "{said}");
    }
    (output.status.code().unwrap(), said)
}

#[tokio::test]
async fn a_test_message_goes_by_every_way_and_what_fails_is_said() {
    let (url, mut posts) = receiver().await;
    let program = Program::new(BIN, "", SET_UP);
    let (exit, said) = run(&program, &["notices", "test"]).await;
    assert_eq!(exit, 2);
    assert!(said.contains("[notices.mail]"), "{said}");

    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = nobody.local_addr().unwrap().port();
    drop(nobody);
    let text = program.read("passerelle.toml");
    program.write(
        "passerelle.toml",
        &format!(
            "{text}\n[notices]\nwebhook = \"{url}\"\nlanguage = \"fr\"\n\
             [notices.mail]\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\n\
             from = \"passerelle@example.org\"\nto = [\"gates@example.org\"]\n"
        ),
    );
    let (exit, said) = run(&program, &["notices", "test"]).await;
    assert_eq!(exit, 1, "{said}");
    assert!(
        said.contains("✔ webhook: ") && said.contains("✘ mail: "),
        "{said}"
    );
    let (shown, post) = posts.recv().await.unwrap();
    assert_eq!(shown, format!("Bearer {SECRET}"));
    assert_eq!(
        post["subject"],
        "Passerelle, Musées de Villeneuve\u{a0}: message d’essai"
    );
}

#[tokio::test]
async fn the_doctor_looks_at_who_is_told() {
    let set_up = SetUp::healthy();
    let healthy = set_up.read("passerelle.toml");
    let mail = "[notices.mail]\nhost = \"127.0.0.1\"\nport = 9\ntls = \"none\"\n\
                from = \"passerelle@example.org\"\nto = [\"gates@example.org\"]\n";
    let with = |more: &str| set_up.write("passerelle.toml", &format!("{healthy}\n{more}"));
    with(mail);
    let findings = set_up.findings().await;
    let warning = findings.iter().find(|f| f.severity == "warning").unwrap();
    assert_eq!(warning.code, "mail_unreachable");
    assert!(warning.place.contains("[notices.mail] host"), "{warning:?}");
    let (exit, page) = set_up.examine(&["--offline"]).await;
    assert!(exit == 0 && !page.contains("mail_unreachable"), "{page}");
    for (more, code, place) in [
        (
            "[notices]\nwebhook = \"hooks.example.org\"\n",
            "webhook_wrong",
            "[notices] webhook",
        ),
        (
            &mail.replace("gates@", "gates"),
            "mail_address_wrong",
            "[notices.mail] to",
        ),
        (
            &format!("{mail}username = \"p\"\n"),
            "mail_password_missing",
            "[notices.mail] username",
        ),
        (
            &format!("{mail}username = \"p\"\npassword_file = \"none\"\n"),
            "secret_unreadable",
            "[notices.mail] password_file",
        ),
    ] {
        with(more);
        let mistakes = set_up.mistakes().await;
        let named = mistakes
            .iter()
            .any(|f| f.code == code && f.place.contains(place));
        assert!(named, "{code}: {mistakes:?}");
    }
}

/// Held sales, by a card at a sector whose product has no tariff.
const HELD: &str = "00029975;active;7;2099-12-31;PCUMID000FS3031D:*\n";

#[tokio::test]
async fn a_running_service_tells_what_today_says_and_a_restart_repeats_nothing() {
    let (url, mut posts) = receiver().await;
    let mut program = Program::at_work(BIN, HELD, SET_UP);
    let token = program.token("PDA11");
    let answer = program.check(&token, &crate::id(1), "00029975").await;
    assert_eq!(answer["outcome"], "accepted", "{answer}");
    let staged = async || {
        let db = Db::open_read_only(&program.path("passerelle.db")).await;
        let held = boxoffice::report::held_reasons(&db.unwrap()).await;
        held.is_ok_and(|held| !held.is_empty())
    };
    stage::eventually("the sale is held", staged).await;
    program.stop();
    // It has lasted.
    let db = Db::open(&DbUrl::SqliteFile(program.path("passerelle.db"))).await;
    let db = db.unwrap();
    let now = SystemClock.now();
    let write = move |tx: &mut db::Tx<'_>| {
        tx.execute(
            "INSERT INTO notice_cause (cause, since, seen_at) VALUES ('sales_held', $1, $2)",
            db::params![now.plus_ms(-600_000), now],
        )
    };
    db.write("a cause", write).await.unwrap();
    drop(db);
    let text = program.read("passerelle.toml");
    let notices = format!("[notices]\nwebhook = \"{url}\"\nlanguage = \"en\"\n");
    program.write("passerelle.toml", &format!("{text}\n{notices}"));
    program.write("webhook.secret", SECRET);
    let secret = "webhook_secret_file = \"webhook.secret\"\n";
    program.write("passerelle.toml", &format!("{text}\n{notices}{secret}"));
    program.start();
    let (shown, post) = posts.recv().await.unwrap();
    assert_eq!(shown, format!("Bearer {SECRET}"));
    assert_eq!(post["begun"][0]["cause"], "sales_held", "{post}");
    assert!(!post.to_string().contains("9975"), "{post}");
    stage::eventually("it is noted", async || told(&program).await.is_some()).await;
    program.stop();
    let before = told(&program).await;
    program.start();
    stage::eventually("it has looked", async || told(&program).await > before).await;
    program.stop();
    assert!(posts.try_recv().is_err(), "it was told");
    assert!(!program.log().contains(SECRET) && !program.log().contains("hook-s3cret"));
}

/// When a cause that was told was seen last.
async fn told(program: &Program) -> Option<Timestamp> {
    let db = Db::open_read_only(&program.path("passerelle.db")).await;
    let read = |tx: &mut db::Tx<'_>| {
        let rows = tx.query_opt(
            "SELECT c.seen_at FROM notice_cause c JOIN notice_told t ON t.cause = c.cause",
            db::params![],
        )?;
        rows.map(|row| row.get("seen_at")).transpose()
    };
    db.unwrap().read("told", read).await.unwrap()
}
