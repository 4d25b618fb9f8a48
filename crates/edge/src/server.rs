//! Speaking with the server over HTTP.

use crate::config::{ConfigError, EdgeConfig};
use crate::pass_list::SignedList;
use crate::wire::{HttpAnswer, Reply};
use deviceapi::pass_list::{LIMIT_BYTES, ListQuery, SIGNATURE};
use deviceapi::{
    BatchAnswer, BatchRequest, CheckAnswer, CheckRequest, DeviceReport, DeviceSnapshot,
    EnrolmentAnswer, EnrolmentRequest, Problem,
};
use gate::DeviceToken;
use parking_lot::RwLock;
use reqwest::{RequestBuilder, Url, header};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::time::Duration;

/// The server's budget until it has said its own.
const BUDGET_MS: u64 = 1_500;
/// What the way to the server and back may take besides the server's budget.
const WAY: Duration = Duration::from_millis(300);
/// How long looking for the server may take.
const LOOK: Duration = Duration::from_secs(3);
/// How long a batch may take: up to 1 MiB over a thin line.
const BATCH: Duration = Duration::from_secs(30);
/// How long connecting may take, within the above.
const CONNECT: Duration = Duration::from_millis(1_000);
/// How long a connection may rest. Shorter than the keep-alive of common
/// proxies, so that it is rarely they who close it.
const IDLE: Duration = Duration::from_secs(15);

/// A configuration from which no client can be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The URL is none.
    #[error(
        "{0:?} is no address of a server; write [server] url like https://passerelle.example.org"
    )]
    Url(String),
    /// The file with certificates.
    #[error("the certificates in {path} cannot be used; they must be PEM")]
    Certificates {
        /// Which file.
        path: std::path::PathBuf,
        /// Why not.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The proxy's URL is none.
    #[error("the proxy is no URL; write it like http://proxy.example.org:3128")]
    Proxy(#[source] reqwest::Error),
    /// The machine cannot make TLS connections.
    #[error("no secure connections can be made on this machine; check its certificate store")]
    Tls(#[source] reqwest::Error),
}

/// Why a device was not enrolled.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// No client.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The server did not answer as a Passerelle does.
    #[error("{0} did not answer as Passerelle does; check the address and the line")]
    Silent(Url),
    /// The server refused.
    #[error("the server did not enrol this device: {0}")]
    Refused(String),
}

/// The server, as this device knows it. Clones share their connections.
#[derive(Debug, Clone)]
pub struct ServerClient {
    http: reqwest::Client,
    base: Url,
    token: Arc<RwLock<SecretString>>,
}

impl ServerClient {
    /// Connects to nobody yet.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn new(config: &EdgeConfig, token: SecretString) -> Result<Self, ClientError> {
        // reqwest panics without a process-wide provider. If another part
        // installed one already, that one stays.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let server = &config.server;
        let base = Url::parse(&server.url)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| ClientError::Url(server.url.clone()))?;
        let mut http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .pool_idle_timeout(IDLE)
            .tcp_nodelay(true);
        if let Some(file) = &server.ca_file {
            let path = config.path(file);
            let unusable = |source| ClientError::Certificates {
                path: path.clone(),
                source,
            };
            let pem = std::fs::read(&path).map_err(|error| unusable(error.into()))?;
            let certificates = reqwest::Certificate::from_pem_bundle(&pem)
                .map_err(|error| unusable(error.into()))?;
            http = http.tls_certs_merge(certificates);
        }
        if let Some(proxy) = &server.proxy {
            http = http.proxy(reqwest::Proxy::all(proxy).map_err(ClientError::Proxy)?);
        }
        Ok(Self {
            http: http.build().map_err(ClientError::Tls)?,
            base,
            token: Arc::new(RwLock::new(token)),
        })
    }

    /// Takes the token that the configuration has now, and gives its digest if
    /// it is another one.
    ///
    /// # Errors
    /// [`ConfigError::Token`]; the old one stays.
    pub fn renew_token(&self, config: &EdgeConfig) -> Result<Option<String>, ConfigError> {
        let token = config.token()?;
        let mut known = self.token.write();
        if known.expose_secret() == token.expose_secret() {
            return Ok(None);
        }
        *known = token;
        Ok(Some(DeviceToken::presented(known.expose_secret()).sha256()))
    }

    /// Asks about one check. `budget_ms` is the server's decision budget.
    pub async fn ask(&self, attempt: &CheckRequest, budget_ms: Option<u64>) -> Reply<CheckAnswer> {
        let within = Duration::from_millis(budget_ms.unwrap_or(BUDGET_MS)) + WAY;
        let request = self.http.post(self.at("api/v1/checks"));
        let request = request.json(attempt).timeout(within);
        self.send(request).await
    }

    /// Sends a batch.
    pub async fn batch(&self, body: &BatchRequest) -> Reply<BatchAnswer> {
        let request = self.http.post(self.at("api/v1/checks/batch"));
        self.send(request.json(body).timeout(BATCH)).await
    }

    /// Looks for the server, and tells it how the device stands.
    pub async fn look(&self, report: &DeviceReport) -> Reply<Box<DeviceSnapshot>> {
        let request = self.http.get(self.at("api/v1/device")).query(report);
        self.send(request.timeout(LOOK)).await
    }

    /// Asks for the list of refused passes, or for what has changed since the
    /// version of a whole; with the token that it is signed for.
    pub async fn pass_list(&self, since: Option<i64>) -> Option<(SignedList, DeviceToken)> {
        let token = self.token();
        let request = self.http.get(self.at("api/v1/pass-list"));
        let request = request.query(&ListQuery { since }).timeout(BATCH);
        let answer = Self::receive(request.bearer_auth(token.reveal())).await?;
        let signature = answer.signature.filter(|_| answer.status == 200)?;
        let body = answer.body;
        Some((SignedList { body, signature }, token))
    }

    /// The token in use.
    #[must_use]
    pub fn token(&self) -> DeviceToken {
        let token = self.token.read();
        DeviceToken::presented(token.expose_secret())
    }

    /// Turns an enrolment code into a token.
    ///
    /// # Errors
    /// [`EnrolError`].
    pub async fn enrol(config: &EdgeConfig, code: &str) -> Result<EnrolmentAnswer, EnrolError> {
        let client = Self::new(config, String::new().into())?;
        let url = client.at("api/v1/enrolments");
        let request = client.http.post(url.clone());
        let code = code.to_owned();
        let request = request.json(&EnrolmentRequest { code }).timeout(LOOK);
        let answer = Self::receive(request).await;
        let refused = |problem: Problem| {
            // As a part of our sentence.
            let mut detail = problem.detail.trim_end_matches('.').to_owned();
            if let Some(first) = detail.get_mut(..1) {
                first.make_ascii_lowercase();
            }
            EnrolError::Refused(detail)
        };
        match Reply::of(answer.as_ref(), "") {
            Reply::Answer(enrolled) => Ok(enrolled),
            Reply::Problem(problem) => Err(refused(problem)),
            Reply::Failing { code, .. } => Err(EnrolError::Refused(format!(
                "{}; wait a minute, then try again",
                code.map_or("it is out of order".to_owned(), |code| code.to_string())
            ))),
            Reply::Silent | Reply::TokenInvalid(_) => Err(EnrolError::Silent(url)),
        }
    }

    fn at(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_query(None);
        url.set_fragment(None);
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path.split('/'));
        }
        url
    }

    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Reply<T> {
        let token = self.token();
        let answer = Self::receive(request.bearer_auth(token.reveal())).await;
        Reply::of(answer.as_ref(), &token.sha256())
    }

    async fn receive(request: RequestBuilder) -> Option<HttpAnswer> {
        let mut response = request
            .send()
            .await
            .inspect_err(|error| tracing::debug!(error = kernel::causes(error), "no answer"))
            .ok()?;
        let header = |name: header::HeaderName| response.headers().get(name)?.to_str().ok();
        let content_type = header(header::CONTENT_TYPE).unwrap_or("").to_owned();
        let retry_after_s = header(header::RETRY_AFTER).and_then(|text| text.parse().ok());
        let signature = response.headers().get(SIGNATURE);
        let signature = signature.and_then(|text| text.to_str().ok().map(str::to_owned));
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.ok()? {
            if body.len() + chunk.len() > LIMIT_BYTES {
                return None;
            }
            body.extend_from_slice(&chunk);
        }
        Some(HttpAnswer {
            status,
            content_type,
            retry_after_s,
            signature,
            body,
        })
    }
}
