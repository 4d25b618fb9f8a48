//! The gate's side of the access control service.

mod backoff;
mod error;

pub use backoff::backoff;
pub use error::{CallError, ClientSetupError, Outage};

use crate::mask::without_numbers;
use crate::rate_limit::RateLimit;
use crate::token::{self, Caller, Claims};
use crate::wire::{
    AnswerStatus, Catalogue, ControlledTicketAnswer, ControlledTicketData,
    GetAccessControlCatalogRequest, GetControlledTicketRequest, GetTimeZoneRequest,
    ImportControlledTicketAnswer, ImportControlledTicketRequest, MAX_CONTROLLED_TICKETS,
    StatusCode, TimeZoneAnswer,
};
use kernel::{Clock, ControlBarcode, SeasonCode, Zone};
use reqwest::{StatusCode as HttpStatus, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

/// How long a connection is kept for the next call.
const IDLE: Duration = Duration::from_secs(15);
/// The largest answer that is read, in bytes.
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// Where the service is and how to speak to it.
#[derive(Debug, Clone)]
pub struct ClientSettings {
    /// Up to and with the version:
    /// `https://<institution>.ws.secutix.com/tnci/backend-apis/externalAccessControlService/v1_4`.
    pub base_url: String,
    /// Who calls it.
    pub caller: Caller,
    /// How many calls of one method may go out in a minute.
    pub calls_per_minute: NonZeroU32,
    /// How long a call may take from connecting to the end of the answer. The
    /// wait for a turn under the rate limit is not part of it.
    pub timeout_ms: u64,
}

impl ClientSettings {
    /// The calls a minute that the service's older text allows for each method.
    pub const DEFAULT_CALLS_PER_MINUTE: NonZeroU32 = NonZeroU32::MIN.saturating_add(59);
    /// The time-out unless configured.
    pub const DEFAULT_TIMEOUT_MS: u64 = 10_000;

    /// Settings with the defaults for rate (60 calls a minute) and time-out
    /// (10 s).
    #[must_use]
    pub fn new(base_url: String, caller: Caller) -> Self {
        Self {
            base_url,
            caller,
            calls_per_minute: Self::DEFAULT_CALLS_PER_MINUTE,
            timeout_ms: Self::DEFAULT_TIMEOUT_MS,
        }
    }
}

/// The version at the end of a service URL, `(1, 4)` for `…/v1_4`; `None` if
/// there is none.
#[must_use]
pub fn api_version(base_url: &str) -> Option<(u32, u32)> {
    let last = base_url.trim_end_matches('/').rsplit('/').next()?;
    let (major, minor) = last.strip_prefix(['v', 'V'])?.split_once('_')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// A method of the service, with its own rate limit.
#[derive(Debug)]
struct Endpoint {
    url: Url,
    limit: RateLimit,
}

/// Calls the access control service. Keeps connections open, mints a token for
/// each call, waits its turn under the rate limit, and does not repeat a call:
/// that is for the caller to decide, with [`CallError::is_retryable`] and
/// [`backoff`].
#[derive(Debug)]
pub struct AccessControlClient {
    http: reqwest::Client,
    settings: ClientSettings,
    clock: Arc<dyn Clock>,
    import_controlled_ticket: Endpoint,
    get_controlled_ticket: Endpoint,
    get_access_control_catalog: Endpoint,
    get_time_zone: Endpoint,
}

/// Where the gate brings its control barcodes. [`AccessControlClient`] carries
/// them over HTTP; a simulation puts its own in this place.
pub trait Ticketing: Sync {
    /// As [`AccessControlClient::import_controlled_ticket`].
    fn import_controlled_ticket(
        &self,
        request: &ImportControlledTicketRequest,
    ) -> impl Future<Output = Result<ImportControlledTicketAnswer, CallError>> + Send;
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
        let mut answer: ImportControlledTicketAnswer =
            self.call(&self.import_controlled_ticket, request).await?;
        // What strangers write may repeat a barcode; people read it later.
        for result in &mut answer.ticket_results {
            result.failure_reason = result
                .failure_reason
                .take()
                .map(|reason| without_numbers(&reason, 300));
        }
        let results = answer.ticket_results.len();
        if results != 0 && results != count {
            return Err(CallError::NotUnderstood {
                what: format!("it gives {results} results for {count} tickets"),
            });
        }
        Ok(answer)
    }
}

impl AccessControlClient {
    /// Prepares the client; connects to nothing yet.
    ///
    /// # Errors
    /// If the URL is none or names a version before 1.4, or TLS cannot be set up.
    pub fn new(settings: ClientSettings, clock: Arc<dyn Clock>) -> Result<Self, ClientSetupError> {
        let base = service_url(&settings.base_url)?;
        if let Some((major, minor)) = api_version(&settings.base_url)
            && (major, minor) < (1, 4)
        {
            return Err(ClientSetupError::VersionTooOld { major, minor });
        }
        let endpoint = |method: &str| {
            let mut url = base.clone();
            url.set_path(&format!("{}/{method}", base.path().trim_end_matches('/')));
            Endpoint {
                url,
                limit: RateLimit::per_minute(settings.calls_per_minute),
            }
        };
        // reqwest is built without a TLS provider and panics where none is
        // installed. Fails only if there is one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut http = reqwest::Client::builder()
            .timeout(Duration::from_millis(settings.timeout_ms))
            // Given up before the other end gives it up, in the middle of a call.
            .pool_idle_timeout(IDLE)
            // A token must not follow a redirect to someone else.
            .redirect(reqwest::redirect::Policy::none());
        if is_loopback(&base) {
            // Gate and box office in one process meet here; a museum's proxy
            // has no part in it.
            http = http.no_proxy();
        }
        Ok(Self {
            http: http.build().map_err(ClientSetupError::Http)?,
            import_controlled_ticket: endpoint("importControlledTicket"),
            get_controlled_ticket: endpoint("getControlledTicket"),
            get_access_control_catalog: endpoint("getAccessControlCatalog"),
            get_time_zone: endpoint("getTimeZone"),
            settings,
            clock,
        })
    }

    /// The ticket with this barcode, or `None` if ticketing has none.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn get_controlled_ticket(
        &self,
        barcode: &ControlBarcode,
    ) -> Result<Option<ControlledTicketData>, CallError> {
        let request = GetControlledTicketRequest {
            bar_code_or_tax_number: barcode.clone(),
        };
        let answer: Result<ControlledTicketAnswer, _> =
            self.call(&self.get_controlled_ticket, &request).await;
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
        self.call(&self.get_access_control_catalog, &request).await
    }

    /// The institution's time zone; also the test of a connection.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn get_time_zone(&self, request_id: String) -> Result<Zone, CallError> {
        let request = GetTimeZoneRequest { request_id };
        let answer: TimeZoneAnswer = self.call(&self.get_time_zone, &request).await?;
        Ok(answer.time_zone)
    }

    async fn call<A: DeserializeOwned>(
        &self,
        endpoint: &Endpoint,
        request: &impl Serialize,
    ) -> Result<A, CallError> {
        endpoint.limit.turn().await;
        let caller = &self.settings.caller;
        let claims = Claims::new(caller, self.clock.now(), token::LIFETIME_S);
        let response = self
            .http
            .post(endpoint.url.clone())
            .bearer_auth(token::mint(&claims, &caller.password))
            .json(request)
            .send()
            .await
            .map_err(|error| self.outage(error))?;
        let http_status = response.status();
        let retry_after = retry_after(&response);
        tracing::debug!(
            path = endpoint.url.path(),
            status = http_status.as_u16(),
            "access control service answered"
        );
        match http_status.as_u16() {
            401 => return Err(CallError::Unauthorised),
            429 | 509 => return Err(CallError::RateLimited { retry_after }),
            408 | 500..=599 => {
                return Err(CallError::Unavailable(Outage::Status {
                    http_status: http_status.as_u16(),
                }));
            }
            _ => {}
        }
        let body = self.body(response).await?;
        if http_status.is_success() {
            read_answer(http_status, &body)
        } else {
            Err(refusal(http_status, &body))
        }
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
            Outage::NotReached(error)
        } else {
            Outage::Broken(error)
        })
    }
}

/// The base URL, if it is one: http or https, with a host, without query.
fn service_url(text: &str) -> Result<Url, ClientSetupError> {
    Url::parse(text.trim())
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.query().is_none())
        .ok_or(ClientSetupError::Url)
}

fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(|host| {
        let host = host.trim_matches(['[', ']']);
        host == "localhost"
            || host
                .parse::<std::net::IpAddr>()
                .is_ok_and(|ip| ip.is_loopback())
    })
}

/// `Retry-After` in its form of whole seconds; a date is not worth a parser,
/// because the caller backs off anyway.
fn retry_after(response: &reqwest::Response) -> Option<Duration> {
    let seconds = response.headers().get(reqwest::header::RETRY_AFTER)?;
    Some(Duration::from_secs(
        seconds.to_str().ok()?.trim().parse().ok()?,
    ))
}

fn detail(status: AnswerStatus) -> String {
    match status.status_detail {
        Some(detail) => without_numbers(&detail, 300),
        None => "it gives no reason".to_owned(),
    }
}

/// Reads a 2xx answer: its status first, because a failed one has no more.
fn read_answer<A: DeserializeOwned>(http_status: HttpStatus, body: &[u8]) -> Result<A, CallError> {
    let status: AnswerStatus = serde_json::from_slice(body).map_err(not_understood)?;
    match status.status_code {
        StatusCode::Ok => serde_json::from_slice(body).map_err(not_understood),
        StatusCode::InternalError => Err(CallError::Unavailable(Outage::Internal {
            detail: detail(status),
        })),
        _ => Err(refused(http_status, status)),
    }
}

/// Reads a 3xx or 4xx answer, which may come from a proxy and be anything.
fn refusal(http_status: HttpStatus, body: &[u8]) -> CallError {
    match serde_json::from_slice::<AnswerStatus>(body) {
        Ok(status) => refused(http_status, status),
        Err(_) if http_status.is_redirection() => CallError::NotUnderstood {
            what: format!("it redirects elsewhere (HTTP {})", http_status.as_u16()),
        },
        Err(_) => CallError::Refused {
            http_status: http_status.as_u16(),
            status: StatusCode::Other(format!("HTTP {}", http_status.as_u16())),
            detail: match http_status {
                HttpStatus::NOT_FOUND => "the URL is not the service's; check it up to its version",
                HttpStatus::PROXY_AUTHENTICATION_REQUIRED => {
                    "a proxy on the way asks for credentials; have it let this address through"
                }
                HttpStatus::FORBIDDEN => {
                    "the operator lacks the right, or a proxy on the way blocks the address"
                }
                _ => "it gives no reason",
            }
            .to_owned(),
        },
    }
}

fn refused(http_status: HttpStatus, status: AnswerStatus) -> CallError {
    CallError::Refused {
        http_status: http_status.as_u16(),
        status: match &status.status_code {
            StatusCode::Other(text) => StatusCode::Other(without_numbers(text, 60)),
            known => known.clone(),
        },
        detail: detail(status),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the shape map_err wants")]
fn not_understood(error: serde_json::Error) -> CallError {
    CallError::NotUnderstood {
        what: without_numbers(&format!("its answer cannot be read: {error}"), 300),
    }
}

#[cfg(test)]
mod tests;
