//! Asking and telling Otipass over HTTP.

use crate::contract::{Call, Contract, WireAnswer, WireStatus};
use crate::error::{AskError, NotUnderstood};
use crate::partner::{Asking, Partner};
use crate::pass_list::{PAGE_LIMIT_BYTES, PageQuery, PassPage, WirePassPage};
use crate::url::web_url;
use crate::{Answer, Question};
use kernel::Timestamp;
use kernel::finding::Finding;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, RequestBuilder, Response, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use std::error::Error;
use std::time::Duration;

/// The most bytes of an answer that are read; a page of the list of passes has a
/// limit of its own.
pub const ANSWER_LIMIT_BYTES: usize = 64 * 1024;

/// How long a connection may rest before it is given up. Shorter than the
/// keep-alive of common servers, so that it is rarely they who close it.
const IDLE_MS: u64 = 15_000;

/// How to reach one Otipass installation.
#[derive(Debug, Clone)]
pub struct OtipassSettings {
    /// The URL Otipass gave, ending in `/api`.
    pub base_url: String,
    /// `OtipassProjectId` of the mapping parameters.
    pub project_id: String,
    /// Who asks.
    pub credentials: Credentials,
    /// Paths, names and codes.
    pub contract: Contract,
    /// The URL of a proxy to go through; the machine's own proxy settings are
    /// not looked at.
    pub proxy: Option<String>,
    /// How long connecting may take, within the time given to each call.
    pub connect_timeout: Duration,
}

/// Who asks.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// HTTP Basic.
    Basic {
        /// The user name Otipass gave.
        username: String,
        /// Its password.
        password: SecretString,
    },
    /// A key in a header; which one, the contract says.
    ApiKey(SecretString),
}

/// Settings from which no client can be made.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The URL is none.
    #[error("the Otipass interface cannot be used: {0}")]
    Url(Box<Finding>),
    /// The proxy's URL is none.
    #[error(
        "the Otipass interface cannot be used: its proxy is not a URL; write it like http://proxy.example.org:3128"
    )]
    Proxy(#[source] reqwest::Error),
    /// The API key's header or the key itself cannot stand in a header.
    #[error(
        "the Otipass interface cannot be used: the API key or its header name holds characters that no HTTP header can carry; enter them again"
    )]
    ApiKey,
    /// The machine cannot make TLS connections.
    #[error("no secure connections can be made on this machine; check its certificate store")]
    Tls(#[source] reqwest::Error),
}

/// What the connection test says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerStatus {
    /// The project whose credentials were accepted.
    pub project: String,
    /// Otipass's clock.
    pub time: Timestamp,
}

/// A client of one Otipass installation. Cheap to clone; clones share their
/// connections.
///
/// A question is sent once. It is sent again only if it was handed to a resting
/// connection that turned out to be closed before a byte of it was written; the
/// HTTP library does that by itself. A connection that breaks later is an
/// [`AskError::AnswerLost`].
#[derive(Debug, Clone)]
pub struct OtipassClient {
    http: reqwest::Client,
    credentials: Credentials,
    contract: Contract,
    host: String,
    base: Url,
    project_id: String,
}

impl OtipassClient {
    /// Makes a client; connects to nobody yet.
    ///
    /// # Errors
    /// If a URL or the API key cannot be used, or the machine has no TLS.
    pub fn new(settings: OtipassSettings) -> Result<Self, SettingsError> {
        // reqwest panics without a process-wide provider. If another part
        // installed one already, that one stays.
        let _ = rustls::crypto::ring::default_provider().install_default();

        let base = web_url(&settings.base_url).map_err(SettingsError::Url)?;
        let mut headers = HeaderMap::new();
        if let Credentials::ApiKey(key) = &settings.credentials {
            let name: HeaderName = settings
                .contract
                .api_key_header
                .parse()
                .map_err(|_| SettingsError::ApiKey)?;
            let mut value =
                HeaderValue::from_str(key.expose_secret()).map_err(|_| SettingsError::ApiKey)?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        let mut http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .default_headers(headers)
            .tcp_nodelay(true)
            .connect_timeout(settings.connect_timeout)
            .pool_idle_timeout(Duration::from_millis(IDLE_MS));
        if let Some(proxy) = &settings.proxy {
            http = http.proxy(reqwest::Proxy::all(proxy).map_err(SettingsError::Proxy)?);
        }
        Ok(Self {
            http: http.build().map_err(SettingsError::Tls)?,
            host: match (base.host_str().unwrap_or_default(), base.port()) {
                (host, Some(port)) => format!("{host}:{port}"),
                (host, None) => host.to_owned(),
            },
            project_id: settings.project_id,
            credentials: settings.credentials,
            contract: settings.contract,
            base,
        })
    }

    /// Tries the connection and the credentials; changes nothing.
    ///
    /// # Errors
    /// If no answer came `within` this time; see [`AskError`].
    pub async fn status(&self, within: Duration) -> Result<PartnerStatus, AskError> {
        let request = self.request(Method::GET, self.endpoint(&self.contract.status_path));
        let wire: WireStatus = self.send(request, within, ANSWER_LIMIT_BYTES).await?;
        Ok(PartnerStatus {
            project: wire.project,
            time: wire.time,
        })
    }

    /// Tries the connection as far as it can be without a project: who answers at
    /// the URL need not have a page there.
    ///
    /// # Errors
    /// If nobody answers `within` this time, or somebody who sends elsewhere, wants
    /// other credentials or fails; see [`AskError`].
    pub async fn knock(&self, within: Duration) -> Result<(), AskError> {
        let request = self.request(Method::GET, self.base.clone());
        match self.answered(request, within).await {
            // Many a server says 403 of a folder whose pages it serves.
            Err(
                AskError::CredentialsRefused { status: 403, .. }
                | AskError::HttpStatus {
                    status: 400 | 404..=499,
                    ..
                },
            ) => Ok(()),
            answered => answered.map(|_| ()),
        }
    }

    fn endpoint(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_query(None);
        url.set_fragment(None);
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.pop_if_empty().push(&self.project_id);
            parts.extend(path.split('/').filter(|part| !part.is_empty()));
        }
        url
    }

    fn request(&self, method: Method, url: Url) -> RequestBuilder {
        let request = self.http.request(method, url);
        match &self.credentials {
            Credentials::Basic { username, password } => {
                request.basic_auth(username, Some(password.expose_secret()))
            }
            // It is among the client's default headers.
            Credentials::ApiKey(_) => request,
        }
    }

    async fn send<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
        within: Duration,
        limit_bytes: usize,
    ) -> Result<T, AskError> {
        let failed = |error| self.failed(error, within);
        let mut response = self.answered(request, within).await?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > limit_bytes {
                return Err(self.not_understood(NotUnderstood::TooLong { limit_bytes }));
            }
            body.extend_from_slice(&chunk);
        }
        serde_json::from_slice(&body).map_err(|error| {
            self.not_understood(NotUnderstood::NotTheContract {
                line: error.line(),
                column: error.column(),
            })
        })
    }

    /// The response, if it is one of success.
    async fn answered(
        &self,
        request: RequestBuilder,
        within: Duration,
    ) -> Result<Response, AskError> {
        let sent = request.timeout(within).send().await;
        let response = sent.map_err(|error| self.failed(error, within))?;
        let (host, source) = (self.host.clone(), None);
        match response.status().as_u16() {
            200..=299 => Ok(response),
            407 => Err(AskError::ProxyRefused { host, source }),
            status @ (401 | 403) => Err(AskError::CredentialsRefused { host, status }),
            status => Err(AskError::HttpStatus { host, status }),
        }
    }

    fn not_understood(&self, source: NotUnderstood) -> AskError {
        AskError::NotUnderstood {
            host: self.host.clone(),
            source,
        }
    }

    fn failed(&self, error: reqwest::Error, within: Duration) -> AskError {
        let host = self.host.clone();
        let source = error.without_url();
        if source.is_connect() {
            if wants_proxy_credentials(&source) {
                let source = Some(source);
                return AskError::ProxyRefused { host, source };
            }
            return AskError::Unreachable { host, source };
        }
        if source.is_timeout() {
            let within_ms = within.as_millis();
            return AskError::TimedOut {
                host,
                within_ms,
                source,
            };
        }
        AskError::AnswerLost { host, source }
    }
}

impl Partner for OtipassClient {
    fn ask<'a>(
        &'a self,
        call: Call,
        question: &'a Question,
        within: Duration,
    ) -> Asking<'a, Answer> {
        Box::pin(async move {
            let url = self.endpoint(self.contract.path(call));
            let form = self.contract.form(question);
            let request = self.request(Method::POST, url).form(&form);
            let wire: WireAnswer = self.send(request, within, ANSWER_LIMIT_BYTES).await?;
            let understood = match self.contract.answer(&wire) {
                Ok(Answer::No { refusal, .. }) if call == Call::Cancellation => {
                    Err(NotUnderstood::CancellationRefused { refusal })
                }
                answer => answer.map_err(NotUnderstood::from),
            };
            understood.map_err(|error| self.not_understood(error))
        })
    }

    fn pass_page<'a>(&'a self, query: &'a PageQuery, within: Duration) -> Asking<'a, PassPage> {
        Box::pin(async move {
            let mut url = self.endpoint(&self.contract.pass_list_path);
            url.query_pairs_mut()
                .extend_pairs(self.contract.page_query(query));
            let request = self.request(Method::GET, url);
            let wire: WirePassPage = self.send(request, within, PAGE_LIMIT_BYTES).await?;
            Ok(self.contract.pass_page(wire))
        })
    }
}

/// The library keeps the type of a refused tunnel to itself, so its words are
/// all there is to go by; a test holds them.
fn wants_proxy_credentials(error: &reqwest::Error) -> bool {
    std::iter::successors(error.source(), |&source| source.source())
        .any(|source| source.to_string().contains("proxy authorization required"))
}
