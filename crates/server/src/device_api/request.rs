//! Who asks, and with what body.

use crate::decode::Frames;
use crate::problem::Problem;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use deviceapi::ProblemCode;
use gate::{DeviceToken, Enrolled, Gate, Holder};
use kernel::{DeviceCode, EnrolmentId, network};
use office::visitor_address;
use serde::de::DeserializeOwned;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

/// What the device API works with.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    pub(crate) gate: Arc<Gate>,
    /// Checks in hand, which a shutdown waits for.
    pub(crate) tasks: TaskTracker,
    /// Frames of cameras in hand.
    pub(crate) frames: Frames,
    /// Whose word on an address counts.
    pub(crate) proxies: Arc<[IpAddr]>,
}

/// Where a request comes from, as far as it is counted by that.
pub(super) struct Origin(pub(super) IpAddr);

impl FromRequestParts<Shared> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Infallible> {
        let address = visitor_address(parts, &shared.proxies);
        Ok(Self(network(address)))
    }
}

/// The device whose token came with the request.
pub(crate) struct Caller {
    pub(crate) device: DeviceCode,
    pub(crate) enrolment: EnrolmentId,
    pub(crate) token: DeviceToken,
}

impl FromRequestParts<Shared> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Problem> {
        let token = presented(parts)?;
        let holder = shared.gate.devices.holder_of(token.clone()).await?;
        let Holder { device, enrolment } = holder.ok_or_else(unknown)?;
        Ok(Self {
            device,
            enrolment,
            token,
        })
    }
}

fn unknown() -> Problem {
    Problem::of(ProblemCode::TokenInvalid)
}

fn presented(parts: &Parts) -> Result<DeviceToken, Problem> {
    let token = bearer(&parts.headers).ok_or_else(unknown)?;
    Ok(DeviceToken::presented(token))
}

/// Who brings a journal: also a device whose token was revoked, so that what it did
/// by then is put aside and stays on no phone.
pub(super) struct Bringer(pub(super) Enrolled);

impl FromRequestParts<Shared> for Bringer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Problem> {
        let enrolled = shared.gate.devices.bringer(presented(parts)?).await?;
        enrolled.map(Self).ok_or_else(unknown)
    }
}

/// The bearer token of a request.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// How long all of a body may take: it is held until it is whole.
const BODY_WITHIN: Duration = Duration::from_secs(30);

/// A whole body, whatever it holds.
pub(crate) struct Whole(pub(crate) Bytes);

impl<S: Send + Sync> FromRequest<S> for Whole {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        // No verdict on what it was to be.
        let broken = |why: &dyn std::fmt::Display| {
            let detail = format!("The body broke off: {why}.");
            Problem::new(ProblemCode::Unavailable, detail)
        };
        let whole = timeout(BODY_WITHIN, Bytes::from_request(request, state)).await;
        whole
            .map_err(|late| broken(&late))?
            .map(Self)
            .map_err(|error| match error.status() {
                StatusCode::PAYLOAD_TOO_LARGE => Problem::of(ProblemCode::BodyTooLarge),
                _ => broken(&error),
            })
    }
}

/// A JSON body.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Shared> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, shared: &Shared) -> Result<Self, Problem> {
        let Whole(bytes) = Whole::from_request(request, shared).await?;
        serde_json::from_slice(&bytes).map(Body).map_err(|error| {
            let detail = format!("This is not the JSON expected: {error}.");
            Problem::new(ProblemCode::BodyInvalid, detail)
        })
    }
}

/// What the query says.
pub(super) fn said<T>(query: Result<Query<T>, QueryRejection>) -> Result<T, Problem> {
    let Query(said) =
        query.map_err(|error| Problem::new(ProblemCode::QueryInvalid, error.body_text()))?;
    Ok(said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use hyper::body::Frame;
    use std::pin::Pin;
    use std::task::{Context, Poll};
    use tokio::time::{Instant, Interval, interval};

    /// A byte now and then, without end.
    struct Dripping(Interval);

    impl hyper::body::Body for Dripping {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            let byte = || Some(Ok(Frame::data(Bytes::from_static(b" "))));
            self.0.poll_tick(cx).map(|_| byte())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_drips_is_not_waited_for() {
        let begun = Instant::now();
        let body = Body::new(Dripping(interval(Duration::from_secs(9))));
        let read = Whole::from_request(Request::new(body), &()).await;
        assert!(read.is_err());
        assert_eq!(begun.elapsed(), BODY_WITHIN);
    }
}
