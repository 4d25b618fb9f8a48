//! Asking over HTTP.

use crate::{PATIENCE, eventually, within};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

/// A client that goes nowhere by itself: no proxy, no redirects.
pub fn client() -> Client {
    // It knows TLS also where it does not need it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().no_proxy().tcp_nodelay(true);
    let client = client.redirect(reqwest::redirect::Policy::none());
    client.build().unwrap()
}

/// A service, as it is seen from outside.
pub struct Front {
    /// Where it listens.
    pub address: SocketAddr,
    /// Asks it.
    pub http: Client,
}

impl Front {
    pub(crate) fn at(address: SocketAddr) -> Self {
        let http = client();
        Self { address, http }
    }

    /// An address of the service.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A request of nobody in particular.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.url(path))
    }

    /// Asks for a page or a document.
    pub async fn get(&self, path: &str) -> Answer {
        answer(self.request(Method::GET, path)).await
    }

    /// What the service answers to the device with this token.
    pub fn send(
        &self,
        token: &str,
        path: &str,
        body: &Value,
    ) -> impl Future<Output = Answer> + Send + use<> {
        let request = self.request(Method::POST, path).bearer_auth(token);
        answer(request.json(body))
    }

    /// Waits until `/health/ready` says so.
    pub async fn until(&self, what: &str, holds: impl Fn(&Value) -> bool) {
        eventually(what, async || holds(&self.ready().await)).await;
    }

    async fn ready(&self) -> Value {
        let ready = self.get("/health/ready").await;
        assert_eq!(ready.status, 200, "{ready:?}");
        ready.json()
    }

    /// Waits until the service says that it waits for nothing but for cures.
    pub async fn settle(&self) {
        self.settle_within(PATIENCE).await;
    }

    /// The same, for so much that it may take as long as this.
    pub async fn settle_within(&self, patience: Duration) {
        within(patience, "all queues are empty", async || {
            let ready = self.ready().await;
            let mut waiting = ready["waiting"].as_object().unwrap().iter();
            waiting.all(|(queue, count)| queue == "staged_held" || *count == 0)
        })
        .await;
    }
}

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its headers; of those that stand there twice, the last.
    pub headers: BTreeMap<String, String>,
    /// All cookies that it sets, with their attributes.
    pub set_cookies: Vec<String>,
    /// Its body; empty if it is a stream of events, which has no end.
    pub text: String,
}

/// Sends a request and reads the answer.
pub async fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let text = |value: &reqwest::header::HeaderValue| value.to_str().unwrap().to_owned();
    let named = response.headers().iter();
    let headers: BTreeMap<_, _> = named
        .map(|(name, value)| (name.to_string(), text(value)))
        .collect();
    let cookies = response.headers().get_all("set-cookie").iter();
    let set_cookies = cookies.map(text).collect();
    let kind = headers.get("content-type");
    let endless = kind.is_some_and(|kind| kind == "text/event-stream");
    Answer {
        status: response.status().as_u16(),
        headers,
        set_cookies,
        text: match endless {
            true => String::new(),
            false => response.text().await.unwrap(),
        },
    }
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// The code of a problem, after a look at its form.
    pub fn problem(&self) -> String {
        let problem = self.json();
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(problem["status"], self.status);
        let code = problem["code"].as_str().unwrap().to_owned();
        assert_eq!(problem["type"], format!("urn:passerelle:problem:{code}"));
        for text in ["title", "detail"] {
            assert!(!problem[text].as_str().unwrap().is_empty(), "{problem}");
        }
        code
    }

    /// The status, and the outcome of a decision or the code of a problem.
    pub fn told(&self) -> (u16, String) {
        let said = match self.status {
            200 => self.json()["outcome"].as_str().unwrap_or("").to_owned(),
            _ => self.problem(),
        };
        (self.status, said)
    }

    /// Where it leads.
    pub fn leads_to(&self) -> &str {
        assert_eq!(self.status, 303, "{self:?}");
        &self.headers["location"]
    }

    /// The value of a field of the page's forms.
    pub fn field(&self, name: &str) -> Option<String> {
        let start = format!("name=\"{name}\" value=\"");
        let (_, rest) = self.text.split_once(&start)?;
        Some(rest.split_once('"')?.0.to_owned())
    }

    /// What stands between two texts of the page.
    pub fn between(&self, before: &str, after: &str) -> String {
        let (_, rest) = self.text.split_once(before).unwrap();
        rest.split_once(after).unwrap().0.to_owned()
    }
}
