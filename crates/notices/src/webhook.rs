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

/// Whether messages can be posted there.
#[must_use]
pub fn is_web_address(text: &str) -> bool {
    address(text).is_some()
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
