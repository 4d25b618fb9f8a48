//! A message by webhook: one POST with JSON.

use crate::message::Message;
use crate::notices::NotSent;
use reqwest::Url;
use reqwest::header::AUTHORIZATION;
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;

/// How long the receiver may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Who takes messages by HTTP.
#[derive(Debug, Clone)]
pub struct Webhook {
    http: reqwest::Client,
    url: Url,
    secret: Option<SecretString>,
}

/// The host that messages would be posted to, with its port if it is not the usual one;
/// none if they cannot be. The rest of an address may hold a secret.
#[must_use]
pub fn host_of(text: &str) -> Option<String> {
    let url = address(text)?;
    let host = url.host_str()?;
    Some(
        url.port()
            .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}")),
    )
}

fn address(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

impl Webhook {
    /// For who takes messages at `url`, and is shown `secret` as a bearer token.
    ///
    /// # Errors
    /// [`NotSent::Settings`].
    pub fn new(url: &str, secret: Option<SecretString>) -> Result<Self, NotSent> {
        // reqwest panics without a process-wide provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(PATIENCE)
            .build()
            .map_err(|error| NotSent::Settings(error.without_url().into()))?;
        Ok(Self {
            http,
            url: address(url)
                .ok_or_else(|| NotSent::Settings("the webhook is no web address".into()))?,
            secret,
        })
    }

    /// Whether somebody answers at the host, whose certificate is accepted. Asked is for the
    /// host's first page: any request to the address itself might be taken for a message.
    ///
    /// # Errors
    /// [`NotSent::Line`].
    pub async fn test(&self) -> Result<(), NotSent> {
        let mut first = self.url.clone();
        first.set_path("/");
        first.set_query(None);
        // Neither fails for what has a host.
        let _ = first.set_username("").and(first.set_password(None));
        let asked = self.http.head(first).send().await;
        let line = |error: reqwest::Error| NotSent::Line(error.without_url().into());
        asked.map(drop).map_err(line)
    }

    /// Posts a message. The address may hold a secret: no error repeats it.
    pub(crate) async fn send(&self, message: &Message) -> Result<(), NotSent> {
        let mut request = self.http.post(self.url.clone()).json(&message.json);
        if let Some(secret) = &self.secret {
            request = request.header(AUTHORIZATION, format!("Bearer {}", secret.expose_secret()));
        }
        let sent = request.send().await;
        let answer = sent.map_err(|error| NotSent::Line(error.without_url().into()))?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status => Err(NotSent::Refused(format!("HTTP status {}", status.as_u16()))),
        }
    }
}
