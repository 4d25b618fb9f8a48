//! The back office's pages as a browser without scripts sees them.

use crate::http::{Answer, answer, client};
use reqwest::{Client, Method, RequestBuilder};
use std::collections::BTreeMap;

/// Good enough for everyone here.
pub const PASSWORD: &str = "a museum by the river";

/// What one person sits before: it keeps cookies, and follows redirects one by one.
#[derive(Debug, Clone)]
pub struct Browser {
    base: String,
    http: Client,
    /// The cookies that it has, by name.
    pub cookies: BTreeMap<String, String>,
    /// The language that it asks for.
    pub language: &'static str,
}

impl Browser {
    /// Before the service at this address.
    pub fn new(base: &str) -> Self {
        Self {
            base: base.to_owned(),
            http: client(),
            cookies: BTreeMap::new(),
            language: "en",
        }
    }

    /// A request with the cookies.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = match path.starts_with("http") {
            true => path.to_owned(),
            false => format!("{}{path}", self.base),
        };
        let request = self.http.request(method, url);
        let request = request.header("accept-language", self.language);
        let cookies = self.cookies.iter();
        let cookies: Vec<_> = cookies
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        match cookies.is_empty() {
            true => request,
            false => request.header("cookie", cookies.join("; ")),
        }
    }

    /// Sends it, and keeps the cookies of the answer.
    pub async fn send(&mut self, request: RequestBuilder) -> Answer {
        let answer = answer(request).await;
        for text in &answer.set_cookies {
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            match value.is_empty() {
                true => self.cookies.remove(name),
                false => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        answer
    }

    /// Opens a page.
    pub async fn get(&mut self, path: &str) -> Answer {
        let request = self.request(Method::GET, path);
        self.send(request).await
    }

    /// The token of the forms of a page.
    pub async fn csrf(&mut self, page: &str) -> String {
        self.get(page).await.field("csrf").unwrap_or_default()
    }

    /// Opens a page, fills its form in, and sends it.
    pub async fn submit(&mut self, page: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.csrf(page).await;
        self.post(path, &csrf, fields).await
    }

    /// Sends a form with this token.
    pub async fn post(&mut self, path: &str, csrf: &str, fields: &[(&str, &str)]) -> Answer {
        let mut fields = fields.to_vec();
        fields.push(("csrf", csrf));
        let request = self.request(Method::POST, path).form(&fields);
        let request = request.header("sec-fetch-site", "same-origin");
        self.send(request).await
    }

    /// Signs in.
    pub async fn sign_in(&mut self, login: &str, password: &str) -> Answer {
        let fields = [("login", login), ("password", password)];
        let page = "/office/sign-in";
        self.submit(page, page, &fields).await
    }

    /// Makes the first account of a new museum, with the `secret` that was printed.
    pub async fn begin(&mut self, secret: &str, login: &str, password: &str) -> Answer {
        let fields = [
            ("secret", secret),
            ("name", "Camille Martin"),
            ("login", login),
            ("password", password),
            ("again", password),
        ];
        let page = "/office/welcome";
        self.submit(page, page, &fields).await
    }

    /// The session's cookie.
    pub fn session(&self) -> Option<&String> {
        self.cookies.get(&self.cookie_name("session"))
    }

    /// The name of a cookie, which is the port's own.
    pub fn cookie_name(&self, word: &str) -> String {
        let port = self.base.rsplit(':').next().unwrap();
        format!("passerelle_{word}_{port}")
    }
}
