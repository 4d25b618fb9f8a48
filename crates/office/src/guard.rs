//! What stands before each route: who asks, whether they may, and whether the
//! form is one of ours.

use super::access::{self, Address, Who};
use super::cookie::{Cookie, Jar};
use super::entered::{Entered, FORM_LIMIT_BYTES, NEXT_FIELD};
use super::form::Mistakes;
use super::frame::CSRF_FIELD;
use super::office::Office;
use super::page_error::PageError;
use super::visit::Visit;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use kernel::{Language, hex};
use ring::hmac;
use staff::{LANGUAGES, Step, Token};
use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::Ordering;
use tracing::Instrument;

/// The other end of a connection, as whoever took it says.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// What a proxy writes a visitor's address into.
const FORWARDED: &str = "x-forwarded-for";
/// The most bytes of a form that anyone may send, signed in or not.
const OPEN_FORM_LIMIT_BYTES: usize = 16 * 1024;
/// The most fields of a form: each takes far more room than its bytes.
const FIELDS_LIMIT: usize = 2_000;

/// Lets a request through to its route, or answers itself.
pub(crate) async fn guard(
    State((office, address)): State<(Office, Address)>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let request_id = text(&parts.headers, "x-request-id");
    let jar = Jar::of(&parts.headers, office.secure);
    let known_browser = Cookie::Browser.token(&parts.headers, jar);
    let visit = match visit(office, &parts, jar, known_browser.clone()).await {
        Ok(visit) => visit,
        Err(error) => return error.into_response(),
    };
    let mut response = match enter(address, &visit, parts, body).await {
        Ok(Entry::Go(request)) if is_read(request.method()) => next.run(request).await,
        Ok(Entry::Go(request)) => to_its_end(next, request).await,
        Ok(Entry::Elsewhere(response)) => response,
        Err(error) => visit.error(&error, &request_id),
    };
    if let Some(error) = response.extensions_mut().remove::<PageError>() {
        response = visit.error(&error, &request_id);
    }
    let is_page = address != access::ASSET;
    let is_new = known_browser.is_none() && visit.session.is_none();
    // What may be kept between us and the browser gets no cookie: another
    // browser would be handed it.
    if is_new && is_page && address.look == Some(Who::Everybody) {
        Cookie::Browser.set(response.headers_mut(), visit.browser.reveal(), jar);
    }
    response
}

/// The page for an address that no route has.
pub(crate) async fn nothing_here(State(office): State<Office>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let request_id = text(&parts.headers, "x-request-id");
    let jar = Jar::of(&parts.headers, office.secure);
    let browser = Cookie::Browser.token(&parts.headers, jar);
    match visit(office, &parts, jar, browser).await {
        Ok(visit) => visit.error(&PageError::NotFound, &request_id),
        Err(error) => error.into_response(),
    }
}

/// Does what a form asks for on a task of its own: a browser that hangs up
/// meanwhile leaves nothing half done.
async fn to_its_end(next: Next, request: Request) -> Response {
    match tokio::spawn(next.run(request).in_current_span()).await {
        Ok(response) => response,
        Err(error) => PageError::internal(error).into_response(),
    }
}

enum Entry {
    Go(Request),
    Elsewhere(Response),
}

/// Finds out who asks.
async fn visit(
    office: Office,
    request: &Parts,
    jar: Jar,
    browser: Option<Token>,
) -> Result<Visit, PageError> {
    let headers = &request.headers;
    let browser = match browser {
        Some(browser) => browser,
        None => Token::new().map_err(PageError::internal)?,
    };
    let found = match Cookie::Session.token(headers, jar) {
        Some(token) => office.role.staff.session(&token).await?,
        None => None,
    };
    let (session, half) = match found {
        Some(session) if session.step == Step::Whole => (Some(session), None),
        half => (None, half),
    };
    let key = session.as_ref().or(half.as_ref());
    let key = key.map_or(&browser, |session| &session.token);
    let language = session
        .as_ref()
        .and_then(|session| session.account.language)
        .or_else(|| Language::accepted(&text(headers, "accept-language"), &LANGUAGES))
        .unwrap_or_default();
    // A stranger may write what they like.
    if session.is_some()
        && let Some(proxy) = unnamed_proxy(request, &office.role.proxies)
    {
        office.day.unnamed_proxy.get_or_init(|| proxy);
    }
    Ok(Visit {
        language,
        address: visitor_address(request, &office.role.proxies).to_string(),
        csrf: csrf_token(key),
        path: request.uri.path().to_owned(),
        flash: Cookie::Flash
            .value(headers, jar)
            .and_then(|name| name.parse().ok()),
        office,
        jar,
        session,
        half,
        browser,
        status: StatusCode::OK,
        entered: Entered::default(),
        mistakes: Mistakes::default(),
    })
}

/// Lets in who may, with a form of ours.
async fn enter(
    address: Address,
    visit: &Visit,
    parts: Parts,
    body: Body,
) -> Result<Entry, PageError> {
    let is_read = is_read(&parts.method);
    let who = if is_read { address.look } else { address.act };
    let who = who.ok_or(PageError::NotFound)?;
    let role = visit.session.as_ref().map(|session| session.account.role);
    if !who.has(role) {
        return match role {
            None => Ok(Entry::Elsewhere(to_sign_in(visit, &parts).await?)),
            Some(_) => Err(PageError::Forbidden),
        };
    }
    let body = if is_read {
        body
    } else {
        with_token(visit, &parts, body, who).await?
    };
    let mut request = Request::from_parts(parts, body);
    request.extensions_mut().insert(visit.clone());
    Ok(Entry::Go(request))
}

const fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// Where someone goes who is not signed in: the first run if there is no
/// account, else the sign-in, and from there back.
async fn to_sign_in(visit: &Visit, request: &Parts) -> Result<Response, PageError> {
    let office = &visit.office;
    if !office.settled.load(Ordering::Relaxed) {
        if !office.role.staff.has_accounts().await? {
            return Ok(visit.go(access::WELCOME));
        }
        office.settled.store(true, Ordering::Relaxed);
    }
    if visit.half.is_some() {
        return Ok(visit.go(access::SECOND_STEP));
    }
    let wanted = request.uri.path_and_query();
    let wanted = wanted.map_or(access::TODAY.path, |path| path.as_str());
    if !is_read(&request.method) || wanted == access::TODAY.path {
        return Ok(visit.go(access::SIGN_IN));
    }
    Ok(visit.go(access::SIGN_IN.with(&[(NEXT_FIELD, wanted)])))
}

/// Refuses what another site sends: by what the browser says of it, and by the
/// form's token, which no other site knows.
async fn with_token(
    visit: &Visit,
    request: &Parts,
    body: Body,
    who: Who,
) -> Result<Body, PageError> {
    let headers = &request.headers;
    if !is_same_site(headers) {
        return Err(PageError::Stale);
    }
    let kind = text(headers, "content-type");
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let (limit, takes_files) = match who {
        Who::Everybody => (OPEN_FORM_LIMIT_BYTES, false),
        Who::Roles(_) => (FORM_LIMIT_BYTES, true),
    };
    // A file is not read before it is known to be wanted: its form has the token
    // in its address.
    if kind.eq_ignore_ascii_case("multipart/form-data") {
        if !takes_files {
            return Err(PageError::Stale);
        }
        let query = request.uri.query().unwrap_or_default();
        right(visit, &token_in(query.as_bytes()))?;
        return Ok(body);
    }
    let body = axum::body::to_bytes(body, limit)
        .await
        .map_err(|_| PageError::TooLarge)?;
    if body.iter().filter(|byte| **byte == b'&').count() >= FIELDS_LIMIT {
        return Err(PageError::TooLarge);
    }
    right(visit, &token_in(&body))?;
    Ok(Body::from(body))
}

/// The token among the fields of a form or of a query; empty if there is none.
fn token_in(fields: &[u8]) -> Cow<'_, str> {
    form_urlencoded::parse(fields)
        .find(|(name, _)| name == CSRF_FIELD)
        .map_or(Cow::Borrowed(""), |(_, value)| value)
}

fn is_same_site(headers: &HeaderMap) -> bool {
    let site = text(headers, "sec-fetch-site");
    if !site.is_empty() {
        return site == "same-origin";
    }
    // Older browsers say where a form comes from, and nothing else does without
    // the token.
    let (origin, host) = (text(headers, "origin"), text(headers, "host"));
    origin.is_empty()
        || origin
            .split_once("://")
            .is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(&host))
}

fn right(visit: &Visit, token: &str) -> Result<(), PageError> {
    // Compared as digests: how long it takes says nothing of the token.
    let key = hmac::Key::new(hmac::HMAC_SHA256, visit.csrf.as_bytes());
    let expected = hmac::sign(&key, visit.csrf.as_bytes());
    hmac::verify(&key, token.as_bytes(), expected.as_ref()).map_err(|_| PageError::Stale)
}

/// The token of the forms of one session, or of a browser without: made of its
/// cookie, and gone with it.
fn csrf_token(cookie: &Token) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, cookie.reveal().as_bytes());
    hex(hmac::sign(&key, b"passerelle form"))
}

/// The visitor's address: the connection's, or what a proxy that we trust says
/// of it.
pub fn visitor_address(request: &Parts, proxies: &[IpAddr]) -> IpAddr {
    let peer = peer_of(request);
    let forwarded = || {
        let all = request.headers.get_all(FORWARDED);
        // The last entry is the one our own proxy has added.
        let last = all.iter().next_back()?.to_str().ok()?.rsplit(',').next()?;
        last.trim().parse::<IpAddr>().ok()
    };
    let trusted = proxies.contains(&peer);
    let address = trusted.then(forwarded).flatten().unwrap_or(peer);
    address.to_canonical()
}

/// A neighbour that forwards others' requests, and whose word on their addresses counts
/// for nothing: they all seem to come from it. Strangers elsewhere may write that header
/// as they like.
fn unnamed_proxy(request: &Parts, proxies: &[IpAddr]) -> Option<IpAddr> {
    let peer = peer_of(request);
    let is_near = match peer {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local(),
    };
    let forwards = request.headers.contains_key(FORWARDED);
    (is_near && forwards && !proxies.contains(&peer)).then_some(peer)
}

/// The other end of the connection that a request came by.
fn peer_of(request: &Parts) -> IpAddr {
    let peer = request.extensions.get::<ConnectInfo<Peer>>();
    peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| {
        peer.0.ip().to_canonical()
    })
}

fn text(headers: &HeaderMap, name: &str) -> String {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned()
}
