//! What is told, when and to whom: with a mail server and a receiver on loopback, and
//! on every engine.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod receivers;

use db::testing::TestDb;
use db::{Db, params};
use kernel::{Language, Timestamp};
use notices::{About, Cause, Mail, MailSettings, Notices, Transport, Way, Webhook};
use receivers::{Hook, MailServer};

db::conformance! {
    a_cause_is_told_once_when_it_has_lasted_and_once_when_it_is_over,
    what_is_new_within_ten_minutes_comes_together,
    a_cause_that_comes_and_goes_is_one,
    what_stands_is_told_again_each_day,
    what_goes_on_from_an_earlier_day_is_over_only_when_it_is,
    what_does_not_get_out_is_tried_again_and_never_told_twice,
    one_process_tells,
    a_clock_that_is_put_back_leaves_nothing_standing,
}

const PASSWORD: &str = "Tulips-are-s3cret";
const SECRET: &str = "Lilies-are-s3cret";

fn at(minutes: i64) -> Timestamp {
    let begun: Timestamp = "2026-07-14T09:00:00Z".parse().unwrap();
    begun.plus_ms(minutes * 60_000)
}

fn held() -> Cause {
    Cause {
        code: "sales_held",
        of: String::new(),
        title: "entries cannot be sold".to_owned(),
        what: "Entries that cannot be sold: 3.".to_owned(),
        goes_on: false,
    }
}

fn silent(device: &str) -> Cause {
    Cause {
        code: "device_silent",
        of: device.to_owned(),
        title: format!("{device} is not heard of"),
        what: format!("{device} has not been heard of for 6 minutes."),
        goes_on: false,
    }
}

fn about(language: Language) -> About {
    About {
        site: "Musées de Villeneuve".to_owned(),
        office: Some("https://gates.example.org/office/".to_owned()),
        language,
        zone: "Europe/Paris".parse().unwrap(),
    }
}

fn mail(server: &MailServer) -> Way {
    let settings = MailSettings {
        host: "127.0.0.1".to_owned(),
        port: server.port,
        transport: Transport::None,
        credentials: Some(("passerelle".to_owned(), PASSWORD.into())),
        from: "Passerelle <passerelle@example.org>".to_owned(),
        to: vec![
            "gates@example.org".to_owned(),
            "Somebody gone <gone@example.org>".to_owned(),
            "Caisse <till@example.org>".to_owned(),
        ],
    };
    Way::Mail(Mail::new(&settings).unwrap())
}

fn hook(hook: &Hook) -> Way {
    Way::Webhook(Webhook::new(&hook.url, Some(SECRET.into())).unwrap())
}

/// A museum with both ways.
struct Told {
    test: TestDb,
    mail: MailServer,
    hook: Hook,
    ways: Vec<Way>,
}

impl Told {
    async fn open(test: TestDb) -> Self {
        test.db.migrate(&[notices::SCHEMA], at(0)).await.unwrap();
        let (server, receiver) = (MailServer::start().await, Hook::start().await);
        Self {
            test,
            ways: vec![mail(&server), hook(&receiver)],
            mail: server,
            hook: receiver,
        }
    }

    fn db(&self) -> &Db {
        &self.test.db
    }

    /// A look at this minute, by a process that knows nothing of those before.
    async fn step(&self, minute: i64, causes: &[Cause]) {
        let notices = Notices {
            about: about(Language::En),
            ways: self.ways.clone(),
        };
        let step = notices.step(self.db(), causes.to_vec(), at(minute));
        step.await.unwrap();
    }

    /// Looks at each minute from one to another.
    async fn steps(&self, minutes: std::ops::Range<i64>, causes: &[Cause]) {
        for minute in minutes {
            self.step(minute, causes).await;
        }
    }

    /// How many messages have come by mail and by webhook.
    fn came(&self) -> (usize, usize) {
        // One to each of the two recipients there are; the third is gone.
        (self.mail.mails().len() / 2, self.hook.posts().len())
    }

    async fn count(&self, table: &'static str) -> i64 {
        let sql = format!("SELECT COUNT(*) AS n FROM {table}");
        let count = move |tx: &mut db::Tx<'_>| tx.query_one(&sql, params![])?.get("n");
        self.db().read("count", count).await.unwrap()
    }
}

async fn a_cause_is_told_once_when_it_has_lasted_and_once_when_it_is_over(test: TestDb) {
    let told = Told::open(test).await;
    told.steps(0..5, &[held()]).await;
    assert_eq!(told.came(), (0, 0), "it may be over in a moment");
    told.steps(5..60, &[held()]).await;
    assert_eq!(told.came(), (1, 1));

    let mail = &told.mail.mails()[0];
    assert_eq!(mail.from, "passerelle@example.org");
    assert_eq!(mail.to, ["gates@example.org"]);
    assert_eq!(told.mail.mails()[1].to, ["till@example.org"]);
    assert_eq!(mail.user, format!("\0passerelle\0{PASSWORD}"));
    for said in [
        "Auto-Submitted: auto-generated",
        "From: Passerelle <passerelle@example.org>",
        "Entries that cannot be sold: 3.",
        "https://gates.example.org/office/",
        "since 2026-07-14, 11:00",
    ] {
        assert!(mail.text.contains(said), "{said}: {}", mail.text);
    }
    let (authorization, post) = &told.hook.posts()[0];
    assert_eq!(*authorization, format!("Bearer {SECRET}"));
    assert_eq!(
        post["subject"],
        "Passerelle, Musées de Villeneuve: entries cannot be sold"
    );
    assert_eq!(post["begun"][0]["cause"], "sales_held");
    assert_eq!(post["begun"][0]["since"], "2026-07-14T09:00:00.000Z");
    assert_eq!(post["language"], "en");
    let text = post["text"].as_str().unwrap();
    assert!(text.contains("\nNew:\n- since 2026-07-14, 11:00: Entries that"));

    told.steps(60..64, &[]).await;
    assert_eq!(told.came(), (1, 1), "it may come back");
    told.steps(64..90, &[]).await;
    assert_eq!(told.came(), (2, 2));
    let (_, post) = &told.hook.posts()[1];
    assert_eq!(post["over"][0]["cause"], "sales_held");
    assert_eq!(post["begun"].as_array().unwrap().len(), 0);
    assert_eq!(told.count("notice_cause").await, 0);
    assert_eq!(told.count("notice_told").await, 0);
    // And anew.
    told.steps(90..96, &[held()]).await;
    assert_eq!(told.came(), (3, 3));
}

async fn what_is_new_within_ten_minutes_comes_together(test: TestDb) {
    let told = Told::open(test).await;
    told.steps(0..6, &[held()]).await;
    let devices = ["PDA01", "PDA02", "PDA03"].map(silent);
    for minute in 6..15 {
        let so_far = &devices[..1 + usize::try_from(minute - 6).unwrap().min(2)];
        told.step(minute, &[&[held()], so_far].concat()).await;
    }
    assert_eq!(told.came(), (1, 1));
    told.step(15, &[&[held()], &devices[..]].concat()).await;
    assert_eq!(told.came(), (2, 2));
    let (_, post) = &told.hook.posts()[1];
    let begun = post["begun"].as_array().unwrap();
    let of: Vec<_> = begun
        .iter()
        .map(|line| line["of"].as_str().unwrap())
        .collect();
    assert_eq!(of, ["PDA01", "PDA02", "PDA03"]);
    assert_eq!(post["standing"][0]["cause"], "sales_held");
    assert_eq!(
        post["subject"],
        "Passerelle, Musées de Villeneuve: PDA01 is not heard of (and 2 more)"
    );
}

async fn a_cause_that_comes_and_goes_is_one(test: TestDb) {
    let told = Told::open(test).await;
    for minute in 0..120 {
        let is_there = minute % 4 == 0;
        let causes = if is_there { vec![held()] } else { vec![] };
        told.step(minute, &causes).await;
    }
    assert_eq!(told.came(), (1, 1));
}

async fn what_stands_is_told_again_each_day(test: TestDb) {
    let told = Told::open(test).await;
    let day = 24 * 60;
    for minute in (0..3 * day).step_by(30) {
        told.step(minute, &[held(), silent("PDA01")]).await;
    }
    assert_eq!(told.came(), (3, 3));
    let (_, post) = &told.hook.posts()[1];
    assert_eq!(post["at"], at(day + 30).to_string());
    assert_eq!(post["standing"].as_array().unwrap().len(), 2);
    assert!(post["subject"].as_str().unwrap().contains("still: "));
}

async fn what_goes_on_from_an_earlier_day_is_over_only_when_it_is(test: TestDb) {
    let told = Told::open(test).await;
    let old = |device| Cause {
        goes_on: true,
        ..silent(device)
    };
    told.steps(0..10, &[silent("PDA01")]).await;
    assert_eq!(told.came(), (1, 1));
    // Over midnight, and for two days; the other one was silent before anybody was told.
    for minute in (10..3_000).step_by(90) {
        told.step(minute, &[old("PDA01"), old("PDA02")]).await;
    }
    assert_eq!(told.came(), (1, 1));
    told.steps(3_000..3_010, &[old("PDA02")]).await;
    assert_eq!(told.came(), (2, 2));
    let (_, post) = &told.hook.posts()[1];
    assert_eq!(post["over"][0]["of"], "PDA01", "{post}");
}

async fn what_does_not_get_out_is_tried_again_and_never_told_twice(test: TestDb) {
    let told = Told::open(test).await;
    told.hook.refuse(true);
    told.mail.refuse(true);
    told.steps(0..6, &[held()]).await;
    let failing = notices::failing(told.db(), at(6)).await.unwrap();
    let ways: Vec<_> = failing.iter().map(|f| (&*f.way, f.since)).collect();
    assert_eq!(ways, [("mail", at(5)), ("webhook", at(5))]);
    // After 1, 2, 4, 8 … minutes, and an hour at most.
    told.steps(6..300, &[held()]).await;
    let tried: Vec<_> = [5, 6, 8, 12, 20, 36, 68, 128, 188, 248].map(at).to_vec();
    assert_eq!(told.hook.tried(), tried);
    told.mail.refuse(false);
    told.hook.refuse(false);
    told.steps(300..400, &[held(), silent("PDA01")]).await;
    // All that is new by then is in the first that gets out.
    assert_eq!(told.came(), (1, 1));
    let (_, post) = &told.hook.posts()[0];
    assert_eq!(post["begun"].as_array().unwrap().len(), 2);
    assert!(
        notices::failing(told.db(), at(400))
            .await
            .unwrap()
            .is_empty()
    );
}

async fn one_process_tells(test: TestDb) {
    let told = Told::open(test).await;
    told.step(0, &[held()]).await;
    let causes = [held()];
    tokio::join!(told.step(6, &causes), told.step(6, &causes));
    told.step(7, &[held()]).await;
    assert_eq!(told.came(), (1, 1));
}

async fn a_clock_that_is_put_back_leaves_nothing_standing(test: TestDb) {
    let told = Told::open(test).await;
    told.step(100_000, &[held()]).await;
    told.step(100_006, &[held()]).await;
    assert_eq!(told.came(), (1, 1));
    told.step(0, &[]).await;
    assert_eq!(told.came(), (2, 2));
    told.steps(20..26, &[held()]).await;
    assert_eq!(told.came(), (3, 3));
}

#[tokio::test]
async fn a_message_holds_no_card_number_and_no_error_a_secret() {
    let told = Told::open(db::testing::sqlite_in_memory().await).await;
    let odd = Cause {
        title: "ticketing says\r\nBcc: x@example.org 00029975".to_owned(),
        what: "refused OTI0002997520260714090000114 and 0002 9975".to_owned(),
        ..held()
    };
    told.steps(0..6, &[odd]).await;
    let (_, post) = &told.hook.posts()[0];
    let mail = &told.mail.mails()[0].text;
    for text in [&post.to_string(), mail] {
        assert!(!text.contains("9975"), "{text}");
    }
    assert!(!mail.contains("\nBcc:"), "{mail}");

    told.mail.refuse(true);
    told.hook.refuse(true);
    let message = notices::Message::test(&about(Language::Fr), at(0));
    assert!(
        message
            .text
            .contains("Ce message d’essai est arrivé\u{a0}:")
    );
    for way in &told.ways {
        let error = way.send(&message).await.unwrap_err();
        let said = format!("{error:?} {}", kernel::causes(&error));
        for secret in [PASSWORD, SECRET, "hook-s3cret"] {
            assert!(!said.contains(secret), "{said}");
        }
    }
}

#[tokio::test]
async fn a_mail_server_is_tried_without_a_mail() {
    let server = MailServer::start().await;
    let settings = |password: &str, transport| MailSettings {
        host: "127.0.0.1".to_owned(),
        port: server.port,
        transport,
        credentials: Some(("passerelle".to_owned(), password.into())),
        from: "passerelle@example.org".to_owned(),
        to: vec!["gates@example.org".to_owned()],
    };
    let test = async |password, transport| {
        let mail = Mail::new(&settings(password, transport)).unwrap();
        mail.test().await.map_err(|error| error.to_string())
    };
    assert_eq!(test(PASSWORD, Transport::None).await, Ok(()));
    let wrong = test("another", Transport::None).await.unwrap_err();
    assert!(wrong.contains("535"), "{wrong}");
    let insecure = test(PASSWORD, Transport::StartTls).await.unwrap_err();
    assert!(insecure.contains("offers no encryption") && !insecure.contains(PASSWORD));
    assert_eq!(server.mails().len(), 0);
}
