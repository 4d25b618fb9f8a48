//! The gate's side of the access control service.

mod backoff;
mod error;
mod probe;
mod reading;
mod settings;

pub use backoff::backoff;
pub use error::{CallError, ClientSetupError, Fault, Outage};
pub use probe::{Probe, Understood};
pub use settings::{ClientSettings, RequestIds, api_version};

use crate::mask::Scrubber;
use crate::rate_limit::RateLimit;
use crate::token::{self, Claims};
use crate::wire::{
    Catalogue, GetAccessControlCatalogRequest, GetControlledTicketRequest, GetTimeZoneRequest,
    ImportControlledTicketAnswer, ImportControlledTicketRequest, MAX_CONTROLLED_TICKETS,
    ReadTicket, ReadTicketAnswer, StatusCode, TimeZoneAnswer,
};
use kernel::{Clock, ControlBarcode, SeasonCode, Zone, is_this_machine};
use reading::Answered;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// From the Unix epoch to 2020, in seconds.
const SECONDS_TO_2020: i64 = 1_577_836_800;
/// How long a connection is kept for the next call.
const IDLE: Duration = Duration::from_secs(15);
/// The largest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// Calls the access control service. Keeps connections open, mints a token for
/// each call, waits its turn under the rate limit, and does not repeat a call:
/// that is for the caller to decide, with [`CallError::fault`] and
/// [`backoff`].
#[derive(Debug)]
pub struct AccessControlClient {
    http: reqwest::Client,
    settings: ClientSettings,
    clock: Arc<dyn Clock>,
    base: Url,
    limit: RateLimit,
    scrubber: Scrubber,
    /// The number of the latest call, if calls have numbers.
    latest: AtomicI64,
}

/// Where the gate brings its control barcodes. [`AccessControlClient`] carries
/// them over HTTP; a simulation puts its own in this place.
pub trait Ticketing: Sync {
    /// Hands over at most [`MAX_CONTROLLED_TICKETS`]. Gives a result for each, in their
    /// order, or none at all if all were taken.
    fn import_controlled_ticket(
        &self,
        request: &ImportControlledTicketRequest,
    ) -> impl Future<Output = Result<ImportControlledTicketAnswer, CallError>> + Send;

    /// Whether it has a word for an entry that was taken back. If not, it is not told.
    fn is_told_of_cancellations(&self) -> bool {
        true
    }
}

impl Ticketing for AccessControlClient {
    async fn import_controlled_ticket(
        &self,
        request: &ImportControlledTicketRequest,
    ) -> Result<ImportControlledTicketAnswer, CallError> {
        let count = request.controlled_tickets.len();
        if count > MAX_CONTROLLED_TICKETS {
            return Err(CallError::BatchTooLarge {
                count,
                limit: MAX_CONTROLLED_TICKETS,
            });
        }
        let answer = self.call("importControlledTicket", request).await?;
        Ok(ImportControlledTicketAnswer {
            ticket_results: reading::results(answer, &request.controlled_tickets, &self.scrubber)?,
        })
    }

    fn is_told_of_cancellations(&self) -> bool {
        !self.settings.cancelled_word.is_empty()
    }
}

impl AccessControlClient {
    /// Prepares the client; connects to nothing yet.
    ///
    /// # Errors
    /// If the URL is none, has a user, or names a version before 1.4, or TLS cannot be set up.
    pub fn new(settings: ClientSettings, clock: Arc<dyn Clock>) -> Result<Self, ClientSetupError> {
        let base = service_url(&settings.base_url)?;
        if let Some((major, minor)) = api_version(&settings.base_url)
            && (major, minor) < (1, 4)
        {
            return Err(ClientSetupError::VersionTooOld { major, minor });
        }
        // reqwest is built without a TLS provider and panics where none is
        // installed. Fails only if there is one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut http = reqwest::Client::builder()
            .timeout(Duration::from_millis(settings.timeout_ms))
            // Given up before the other end gives it up, in the middle of a call.
            .pool_idle_timeout(IDLE)
            // A token must not follow a redirect to someone else.
            .redirect(reqwest::redirect::Policy::none());
        match &settings.proxy {
            Some(proxy) => {
                http = http.proxy(
                    reqwest::Proxy::all(proxy.expose_secret())
                        .map_err(|_| ClientSetupError::Proxy)?,
                );
            }
            // Gate and box office in one process meet here; a museum's proxy
            // has no part in it.
            None if base.host_str().is_some_and(is_this_machine) => http = http.no_proxy(),
            None => {}
        }
        if let Some(pem) = &settings.authority_pem {
            let certificates = reqwest::Certificate::from_pem_bundle(pem)
                .ok()
                .filter(|certificates| !certificates.is_empty())
                .ok_or(ClientSetupError::Authority)?;
            for certificate in certificates {
                http = http.add_root_certificate(certificate);
            }
        }
        Ok(Self {
            http: http.build().map_err(ClientSetupError::Http)?,
            base,
            scrubber: Scrubber::new(secrets(&settings)),
            limit: RateLimit::per_minute(settings.calls_per_minute),
            latest: AtomicI64::new(0),
            settings,
            clock,
        })
    }

    /// How often it may call; its copies count together.
    #[must_use]
    pub fn limit(&self) -> RateLimit {
        self.limit.clone()
    }

    /// The same client, whose calls count together with those of others under this limit.
    #[must_use]
    pub fn under(self, limit: RateLimit) -> Self {
        Self { limit, ..self }
    }

    /// Where the service is.
    #[must_use]
    pub fn address(&self) -> String {
        self.base.to_string()
    }

    /// The ticket with this barcode, or `None` if ticketing has none.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn get_controlled_ticket(
        &self,
        barcode: &ControlBarcode,
    ) -> Result<Option<ReadTicket>, CallError> {
        let request = GetControlledTicketRequest {
            bar_code_or_tax_number: barcode.clone(),
        };
        let answer: Result<ReadTicketAnswer, _> = self.call("getControlledTicket", &request).await;
        match answer {
            Ok(answer) => Ok(Some(answer.controlled_ticket_data)),
            Err(CallError::Refused {
                status: StatusCode::TicketNotFound,
                ..
            }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The seasons and their products; only `season_code` if given.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn get_access_control_catalog(
        &self,
        request_id: String,
        season_code: Option<SeasonCode>,
    ) -> Result<Catalogue, CallError> {
        let request = GetAccessControlCatalogRequest {
            request_id,
            season_code,
        };
        self.call("getAccessControlCatalog", &request).await
    }

    /// The institution's time zone; also the test of a connection.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn get_time_zone(&self, request_id: String) -> Result<Zone, CallError> {
        let request = GetTimeZoneRequest { request_id };
        let answer: TimeZoneAnswer = self.call("getTimeZone", &request).await?;
        Ok(answer.time_zone)
    }

    async fn call<A: DeserializeOwned>(
        &self,
        method: &str,
        request: &impl Serialize,
    ) -> Result<A, CallError> {
        self.ask(method, &self.written(request)?).await?.read()
    }

    /// Sends one call.
    async fn ask(&self, method: &str, request: &Value) -> Result<Answered, CallError> {
        self.limit.turn().await;
        let mut url = self.base.clone();
        url.set_path(&format!("{}/{method}", url.path().trim_end_matches('/')));
        let caller = &self.settings.caller;
        let claims = Claims::styled(caller, self.clock.now(), self.settings.token);
        let token = token::mint(&claims, &caller.password);
        let response = self
            .http
            .post(url.clone())
            .bearer_auth(&token)
            .json(request)
            .send()
            .await
            .map_err(|error| self.outage(error))?;
        tracing::debug!(
            path = url.path(),
            status = response.status().as_u16(),
            "access control service answered"
        );
        let mut answered = Answered::begun(&response, self.clock.now(), &self.scrubber);
        answered.body = match self.body(response).await {
            // A refusal needs no words.
            Err(_) if !answered.http_status.is_success() => Vec::new(),
            body => body?,
        };
        Ok(answered)
    }

    /// `request` as this service wants it written.
    fn written(&self, request: &impl Serialize) -> Result<Value, CallError> {
        let mut request =
            serde_json::to_value(request).map_err(|error| CallError::NotUnderstood {
                what: format!("the call cannot be written: {error}"),
            })?;
        let number = self.number();
        request["requestId"] = match (self.settings.request_ids, request["requestId"].as_str()) {
            (RequestIds::Number, _) => number.into(),
            (RequestIds::Text, Some(text)) => format!("{text}-{number}").into(),
            (RequestIds::Text, None) => number.to_string().into(),
        };
        let items = request
            .get_mut("controlledTickets")
            .and_then(Value::as_array_mut);
        for item in items.into_iter().flatten() {
            let result = &mut item["controlResult"];
            if result == ClientSettings::DEFAULT_CANCELLED_WORD {
                *result = self.settings.cancelled_word.as_str().into();
            }
        }
        Ok(request)
    }

    /// A number that no call of this client had before, nor of one before it: the
    /// seconds since 2020, or one more than that of the latest call. It fits 32 bits.
    /// Another client at the same time may have the same.
    fn number(&self) -> i64 {
        let seconds = self.clock.now().millis() / 1_000 - SECONDS_TO_2020;
        let next = |latest: i64| Some(seconds.max(latest + 1));
        let (relaxed, latest) = (Ordering::Relaxed, &self.latest);
        let before = latest.fetch_update(relaxed, relaxed, next);
        seconds.max(before.unwrap_or_default() + 1)
    }

    async fn body(&self, mut response: reqwest::Response) -> Result<Vec<u8>, CallError> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.outage(error))? {
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(CallError::NotUnderstood {
                    what: format!("its answer has more than {MAX_ANSWER_BYTES} bytes"),
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn outage(&self, error: reqwest::Error) -> CallError {
        CallError::Unavailable(if error.is_timeout() {
            Outage::TimedOut {
                timeout_ms: self.settings.timeout_ms,
            }
        } else if error.is_connect() {
            if wants_proxy_credentials(&error) {
                return CallError::ProxyCredentials;
            }
            match self.settings.proxy.as_ref().and_then(proxy_address) {
                Some(proxy) => Outage::NotReachedByProxy {
                    proxy,
                    source: error,
                },
                None => Outage::NotReached(error),
            }
        } else {
            Outage::Broken(error)
        })
    }
}

/// Whether the service can be called at this URL.
///
/// # Errors
/// [`ClientSetupError::Url`].
pub fn check_url(text: &str) -> Result<(), ClientSetupError> {
    service_url(text).map(drop)
}

/// The base URL, if it is one: http or https, with a host, without query, and without a
/// user, whose password would go out in the place of the token.
fn service_url(text: &str) -> Result<Url, ClientSetupError> {
    Url::parse(text.trim())
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.query().is_none())
        .filter(|url| url.username().is_empty() && url.password().is_none())
        .ok_or(ClientSetupError::Url)
}

/// What no message may hold.
fn secrets(settings: &ClientSettings) -> Vec<String> {
    let proxy = settings.proxy.as_ref();
    let proxy = proxy.and_then(|proxy| Url::parse(proxy.expose_secret()).ok());
    let of_proxy = proxy.and_then(|url| url.password().map(ToOwned::to_owned));
    let of_operator = settings.caller.password.expose_secret().to_owned();
    of_proxy.into_iter().chain([of_operator]).collect()
}

/// Where a proxy is, without what its URL says of a user.
fn proxy_address(proxy: &SecretString) -> Option<String> {
    let url = Url::parse(proxy.expose_secret()).ok()?;
    let host = url.host_str()?;
    Some(match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    })
}

/// The library keeps the type of a refused tunnel to itself, so its words are
/// all there is to go by; a test holds them.
fn wants_proxy_credentials(error: &reqwest::Error) -> bool {
    std::iter::successors(error.source(), |&source| source.source())
        .any(|source| source.to_string().contains("proxy authorization required"))
}

#[cfg(test)]
mod tests;
