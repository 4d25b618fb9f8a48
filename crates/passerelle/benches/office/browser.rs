//! A browser in which an administrator is signed in.

use reqwest::{Client, Method, Response};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

const LOGIN: &str = "bench";
const PASSWORD: &str = "five million visitors";

/// What is asked for.
#[derive(Debug, Clone)]
pub enum Visit {
    Page(String),
    /// The first event of a stream.
    Stream(String),
    /// The search by card, which is a form.
    Card(String),
}

/// An answer, read to its end.
pub struct Answer {
    pub status: u16,
    pub bytes: usize,
    pub took: Duration,
    leads_to: String,
    text: String,
}

impl Answer {
    fn csrf(&self) -> String {
        let (_, rest) = self.text.split_once("name=\"csrf\" value=\"").unwrap();
        rest.split_once('"').unwrap().0.to_owned()
    }
}

pub struct Browser {
    base: String,
    http: Client,
    cookies: BTreeMap<String, String>,
    csrf: String,
}

impl Browser {
    /// Signs in; makes the account first with the `secret` of a new database.
    pub async fn signed_in(base: &str, secret: impl Fn() -> String) -> Self {
        let mut browser = Self {
            base: base.to_owned(),
            http: Client::builder()
                .no_proxy()
                .tcp_nodelay(true)
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap(),
            cookies: BTreeMap::new(),
            csrf: String::new(),
        };
        let front = browser.ask(Method::GET, "/office/", &[]).await;
        if front.leads_to == "/office/welcome" {
            let secret = secret();
            let fields = [
                ("secret", secret.as_str()),
                ("name", "Bench"),
                ("login", LOGIN),
                ("password", PASSWORD),
                ("again", PASSWORD),
            ];
            browser.submit("/office/welcome", &fields).await;
        } else {
            let fields = [("login", LOGIN), ("password", PASSWORD)];
            browser.submit("/office/sign-in", &fields).await;
        }
        let inside = browser.ask(Method::GET, "/office/checks", &[]).await;
        assert_eq!(inside.status, 200, "nobody could sign in");
        browser.csrf = inside.csrf();
        browser
    }

    async fn submit(&mut self, page: &str, fields: &[(&str, &str)]) {
        let csrf = self.ask(Method::GET, page, &[]).await.csrf();
        let mut fields = fields.to_vec();
        fields.push(("csrf", &csrf));
        self.ask(Method::POST, page, &fields).await;
    }

    pub async fn visit(&mut self, visit: &Visit) -> Answer {
        match visit {
            Visit::Page(path) => self.ask(Method::GET, path, &[]).await,
            Visit::Card(card) => {
                let csrf = self.csrf.clone();
                let fields = [("card", card.as_str()), ("csrf", &csrf)];
                self.ask(Method::POST, "/office/checks", &fields).await
            }
            Visit::Stream(path) => {
                let begun = Instant::now();
                let mut response = self.send(Method::GET, path, &[]).await;
                let first = response.chunk().await.unwrap().unwrap_or_default();
                Answer {
                    status: response.status().as_u16(),
                    bytes: first.len(),
                    took: begun.elapsed(),
                    leads_to: String::new(),
                    text: String::new(),
                }
            }
        }
    }

    async fn ask(&mut self, method: Method, path: &str, fields: &[(&str, &str)]) -> Answer {
        let begun = Instant::now();
        let response = self.send(method, path, fields).await;
        let status = response.status().as_u16();
        let location = response.headers().get("location");
        let leads_to = location.map_or("", |to| to.to_str().unwrap()).to_owned();
        let body = response.bytes().await.unwrap();
        Answer {
            status,
            bytes: body.len(),
            took: begun.elapsed(),
            leads_to,
            text: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    async fn send(&mut self, method: Method, path: &str, fields: &[(&str, &str)]) -> Response {
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut request = self
            .http
            .request(method.clone(), format!("{}{path}", self.base))
            .header("accept-language", "fr")
            .header("sec-fetch-site", "same-origin");
        if !cookies.is_empty() {
            request = request.header("cookie", cookies.join("; "));
        }
        if method == Method::POST {
            request = request.form(fields);
        }
        let response = request.send().await.unwrap();
        for value in response.headers().get_all("set-cookie") {
            let text = value.to_str().unwrap();
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        response
    }
}
