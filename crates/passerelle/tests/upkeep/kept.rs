//! A house whose set-up the back office keeps in the database: examined, cured
//! and bundled through the pages of the real service.

use crate::house::{House, OTIPASS_PASSWORD, otipass};
use crate::support::pages;
use db::{Db, DbError, DbUrl};
use gate::site::interface::{Connection, SecretChange, save_connection, save_mapping};
use kernel::SystemClock;
use reqwest::header::{COOKIE, SET_COOKIE};
use staff::password::Cost;
use staff::{Actor, Profile, Role, Staff};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::net::TcpListener;

const PASSWORD: &str = "a museum by the river";

/// A house with everything in its database and one sector misspelt.
async fn house(otipass: &str) -> House {
    let house = House::set_up(otipass, "");
    let read = |file| std::fs::read_to_string(house.path(file)).unwrap();
    let site = gate::read_site(&read("site.toml")).0.unwrap();
    let catalogue = read("catalogue.toml")
        + "\n[[tariff_mapping]]\nproduct = \"PASSVN3\"\ntariff = \"CITYLATE\"\n";
    let catalogue = boxoffice::read_catalogue(&catalogue).unwrap();
    let mapping = read("mapping.json").replacen("VN_AUG", "VN_AUX", 1);
    let url = otipass.to_owned();

    let db = Db::open(&DbUrl::SqliteFile(house.database()))
        .await
        .unwrap();
    gate::Gate::prepare(&db, &SystemClock).await.unwrap();
    boxoffice::BoxOffice::prepare(&db, &SystemClock)
        .await
        .unwrap();
    Staff::prepare(&db, &SystemClock).await.unwrap();
    gate::Gate::apply_site(&db, site).await.unwrap();
    boxoffice::catalogue::apply_catalogue(&db, catalogue)
        .await
        .unwrap();
    let write = move |tx: &mut db::Tx<'_>| {
        let connection = Connection {
            url: url.clone(),
            username: "villeneuve".to_owned(),
            ..Connection::default()
        };
        let password = SecretChange::Set(Some(OTIPASS_PASSWORD.into()));
        save_connection(tx, connection, password, SecretChange::Keep)?;
        save_mapping(tx, &mapping)
    };
    let done: Result<(), DbError> = db.write("set up", write).await;
    done.unwrap();
    let staff = Staff::open(db.clone(), Arc::new(SystemClock), Cost::LEAST)
        .await
        .unwrap();
    let profile = Profile {
        name: "Camille".to_owned(),
        login: "camille".to_owned(),
        role: Role::Administrator,
    };
    let invited = staff.create_account(&Actor::service(), profile).await;
    let token = invited.unwrap().token;
    staff
        .accept_invitation(&token, PASSWORD.into(), "192.0.2.1")
        .await
        .unwrap();

    for file in [
        "site.toml",
        "mapping.json",
        "catalogue.toml",
        "otipass.password",
    ] {
        std::fs::remove_file(house.path(file)).unwrap();
    }
    let config = "[server]\nlisten = \"127.0.0.1:0\"\n[access_control]\ncalls_per_minute = 6000\n";
    std::fs::write(house.path("passerelle.toml"), config).unwrap();
    house
}

/// Someone at the pages.
struct Visitor<'h> {
    house: &'h House,
    http: reqwest::Client,
    cookies: BTreeMap<String, String>,
}

impl<'h> Visitor<'h> {
    async fn signed_in(house: &'h House) -> Self {
        let none = reqwest::redirect::Policy::none();
        let http = reqwest::Client::builder().no_proxy().redirect(none);
        let mut visitor = Self {
            house,
            http: http.build().unwrap(),
            cookies: BTreeMap::new(),
        };
        let csrf = visitor.csrf("/office/sign-in").await;
        let fields = [
            ("login", "camille"),
            ("password", PASSWORD),
            ("csrf", &csrf),
        ];
        let status = visitor.post("/office/sign-in", &fields).await;
        assert_eq!(status, 303);
        visitor
    }

    async fn send(&mut self, request: reqwest::RequestBuilder) -> (u16, Vec<u8>) {
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let answer = request
            .header(COOKIE, cookies.join("; "))
            .send()
            .await
            .unwrap();
        for cookie in answer.headers().get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = cookie.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        (
            answer.status().as_u16(),
            answer.bytes().await.unwrap().to_vec(),
        )
    }

    async fn file(&mut self, path: &str) -> Vec<u8> {
        let request = self.http.get(self.house.url(path));
        let (status, body) = self.send(request).await;
        assert_eq!(status, 200, "{path}");
        body
    }

    async fn page(&mut self, path: &str) -> String {
        String::from_utf8(self.file(path).await).unwrap()
    }

    async fn csrf(&mut self, path: &str) -> String {
        let page = self.page(path).await;
        let (_, rest) = page.split_once("name=\"csrf\" value=\"").unwrap();
        rest.split('"').next().unwrap().to_owned()
    }

    async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> u16 {
        let request = self.http.post(self.house.url(path)).form(fields);
        self.send(request).await.0
    }
}

#[tokio::test]
async fn a_set_up_in_the_database_is_examined_cured_and_bundled() {
    let mut house = house(&otipass().await).await;
    house.start();
    let mut visitor = Visitor::signed_in(&house).await;
    let page = visitor.page("/office/set-up/doctor").await;
    assert!(page.contains("One mistake is to be cured"), "{page}");
    assert!(page.contains("<code>mapped_sector_unknown</code>"));
    assert!(page.contains("the mapping parameters (back office), line 4"));

    let path = "/office/set-up/mapping";
    let page = visitor.page(path).await;
    assert!(
        page.contains("value=\"mapped_sector_unknown 4 5 0\""),
        "{page}"
    );
    let csrf = visitor.csrf(path).await;
    let (_, text) = page.split_once("<textarea").unwrap();
    let (_, text) = text.split_once(">\n").unwrap();
    let text = text.split("</textarea>").next().unwrap();
    let text = text.replace("&#34;", "\"");
    let fields = [
        ("text", text.as_str()),
        ("cure", "mapped_sector_unknown 4 5 0"),
        ("csrf", &csrf),
    ];
    assert_eq!(visitor.post(path, &fields).await, 303);
    house.stop();
    house.start();
    let mut visitor = Visitor::signed_in(&house).await;
    let page = visitor.page("/office/set-up/doctor").await;
    assert!(page.contains("All is ready."), "{page}");
    // The command says the same of the same set-up. (The Otipass of the test
    // stands still meanwhile.)
    let said = house.fine(&["doctor", "--offline"]);
    assert!(said.contains("the site (back office)"), "{said}");

    let bundle = visitor.file("/office/support/bundle.tar").await;
    let all = String::from_utf8_lossy(&bundle);
    assert!(!all.contains(OTIPASS_PASSWORD) && !all.contains(PASSWORD));
    let pages = pages(&bundle);
    for (page, tells) in [
        ("configuration.json", "calls_per_minute"),
        ("versions.json", "\"engine\": \"SQLite\""),
        (
            "doctor.txt",
            "Mapping parameters  the mapping parameters (back office)",
        ),
        ("events.jsonl", ""),
        ("queues.json", "\"deliveries\": 0"),
        ("devices.json", "PDA01"),
        ("reconciliation.json", "\"accepted_checks\": 0"),
    ] {
        assert!(pages[page].contains(tells), "{page}: {}", pages[page]);
    }
}

#[tokio::test]
async fn an_otipass_that_never_answers_does_not_hang_the_page() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/api", silent.local_addr().unwrap());
    let mut house = house(&url).await;
    house.start();
    let mut visitor = Visitor::signed_in(&house).await;
    let page = visitor.page("/office/set-up/doctor").await;
    assert!(page.contains("<code>otipass_silent</code>"), "{page}");
    assert!(page.contains("within 4 s"), "{page}");
    assert!(page.contains("<code>mapped_sector_unknown</code>"));
}
