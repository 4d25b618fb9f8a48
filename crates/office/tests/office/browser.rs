//! A browser: cookies, forms with their token, redirects one by one.

use reqwest::{Client, Method, RequestBuilder};
use std::collections::BTreeMap;

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub set_cookies: Vec<String>,
    pub text: String,
}

impl Answer {
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

/// What one person sits before.
#[derive(Debug, Clone)]
pub struct Browser {
    base: String,
    http: Client,
    pub cookies: BTreeMap<String, String>,
    pub language: &'static str,
}

impl Browser {
    pub fn new(base: &str) -> Self {
        // A browser knows TLS also where it does not need it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            base: base.to_owned(),
            http: Client::builder()
                .no_proxy()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap(),
            cookies: BTreeMap::new(),
            language: "en",
        }
    }

    /// A request with the cookies.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{}{path}", self.base)
        };
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(n, v)| format!("{n}={v}"))
            .collect();
        let request = self.http.request(method, url);
        let request = request.header("accept-language", self.language);
        if cookies.is_empty() {
            request
        } else {
            request.header("cookie", cookies.join("; "))
        }
    }

    /// Sends it, and keeps the cookies of the answer.
    pub async fn send(&mut self, request: RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let mut set_cookies = Vec::new();
        for value in response.headers().get_all("set-cookie") {
            let text = value.to_str().unwrap().to_owned();
            let (name, value) = text.split(';').next().unwrap().split_once('=').unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
            set_cookies.push(text);
        }
        // What goes on for ever is not read to its end.
        let kind = response.headers().get("content-type");
        let endless = kind.is_some_and(|kind| kind == "text/event-stream");
        let headers = response.headers().iter();
        Answer {
            status: response.status().as_u16(),
            headers: headers
                .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
                .collect(),
            set_cookies,
            text: if endless {
                String::new()
            } else {
                response.text().await.unwrap()
            },
        }
    }

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

    pub async fn post(&mut self, path: &str, csrf: &str, fields: &[(&str, &str)]) -> Answer {
        let mut fields = fields.to_vec();
        fields.push(("csrf", csrf));
        let request = self.request(Method::POST, path);
        let request = request
            .header("sec-fetch-site", "same-origin")
            .form(&fields);
        self.send(request).await
    }

    /// The session's cookie.
    pub fn session(&self) -> Option<&String> {
        self.cookies.get("passerelle_session")
    }
}
