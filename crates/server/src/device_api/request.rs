//! Who asks, and with what body.

use crate::decode::Frames;
use crate::problem::Problem;
use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use deviceapi::{BODY_LIMIT_BYTES, ProblemCode};
use gate::{DeviceToken, Enrolled, Gate, Holder};
use kernel::{DeviceCode, EnrolmentId, network};
use office::visitor_address;
use serde::de::DeserializeOwned;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
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

/// A whole body, whatever it holds.
pub(crate) struct Whole(pub(crate) Bytes);

impl FromRequest<Shared> for Whole {
    type Rejection = Problem;

    async fn from_request(request: Request, shared: &Shared) -> Result<Self, Problem> {
        let bytes = Bytes::from_request(request, shared).await;
        bytes.map(Self).map_err(|error| {
            if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
                let code = ProblemCode::BodyTooLarge;
                let cure = code.cure();
                Problem::new(
                    code,
                    format!("At most {BODY_LIMIT_BYTES} bytes are taken. {cure}"),
                )
            } else {
                Problem::new(
                    ProblemCode::BodyInvalid,
                    format!("The body broke off: {error}."),
                )
            }
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
