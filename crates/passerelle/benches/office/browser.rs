//! A browser in which an administrator is signed in.

use reqwest::Method;
use stage::{Answer, Browser, Program};
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

/// How an answer was.
pub struct Looked {
    pub status: u16,
    pub bytes: usize,
    pub took: Duration,
}

pub struct Visitor {
    browser: Browser,
    csrf: String,
}

impl Visitor {
    /// Signs in; makes the account first in a new database.
    pub async fn signed_in(house: &mut Program) -> Self {
        let mut browser = Browser::new(&house.url(""));
        browser.language = "fr";
        if browser.get("/office/").await.leads_to() == "/office/welcome" {
            let secret = house.service().secret();
            browser.begin(&secret, LOGIN, PASSWORD).await;
        } else {
            browser.sign_in(LOGIN, PASSWORD).await;
        }
        let inside = browser.get("/office/checks").await;
        assert_eq!(inside.status, 200, "nobody could sign in");
        let csrf = inside.field("csrf").unwrap();
        Self { browser, csrf }
    }

    pub async fn visit(&mut self, visit: &Visit) -> Looked {
        let begun = Instant::now();
        let (status, bytes) = match visit {
            Visit::Page(path) => size(&self.browser.get(path).await),
            Visit::Card(card) => {
                let fields = [("card", card.as_str())];
                let asked = self.browser.post("/office/checks", &self.csrf, &fields);
                size(&asked.await)
            }
            Visit::Stream(path) => {
                let request = self.browser.request(Method::GET, path);
                let mut response = request.send().await.unwrap();
                let first = response.chunk().await.unwrap().unwrap_or_default();
                (response.status().as_u16(), first.len())
            }
        };
        Looked {
            status,
            bytes,
            took: begun.elapsed(),
        }
    }
}

/// The status, and how long the body is; that of a file is no text.
fn size(answer: &Answer) -> (u16, usize) {
    let length = answer.headers.get("content-length");
    let length = length.and_then(|length| length.parse().ok());
    (answer.status, length.unwrap_or(answer.text.len()))
}
