//! The one table: which handler answers at which address.
//!
//! Architecture invariant: a route is served because it stands here, behind the
//! guard of its address. There is no other way to register one.

use super::access::{self, Address};
use super::entered::FORM_LIMIT_BYTES;
use super::guard::{guard, nothing_here};
use super::office::Office;
use super::page_error::PageError;
use super::set_up::sector::Sector;
use super::set_up::thing;
use super::{
    accounts, aside, assets, attendance, audit, checks, help, me, provider, queue, reconciliation,
    sales, sales_files, second_step, set_up, sign_in, statement, statement_file, support, today,
    welcome,
};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, any, get, post};
use boxoffice::catalogue::{Product, Season, Tariff};
use gate::{Device, Door};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;

/// An address with what answers there: who looks, by `get`, and who acts, by `post`.
type Route = (Address, fn() -> MethodRouter<Office>);

#[rustfmt::skip]
const TABLE: &[Route] = &[
    // Getting in.
    (access::WELCOME, || get(welcome::show).post(welcome::take)),
    (access::INVITATION, || get(welcome::show_invitation).post(welcome::take_invitation)),
    (access::SIGN_IN, || get(sign_in::show).post(sign_in::take)),
    (access::SECOND_STEP, || get(second_step::show).post(second_step::take)),
    (access::PROVIDER, || get(provider::begin)),
    (access::FROM_PROVIDER, || get(provider::back)),
    (access::SIGN_OUT, || post(sign_in::leave)),
    (access::ASSET, || get(assets::answer::get)),

    // The day.
    (access::OFFICE, || get(today::lead)),
    (access::TODAY, || get(today::show)),
    (access::LIVE, || get(today::watch)),
    (access::CHECKS_TABLE, || get(checks::table)),
    (access::CHECKS, || get(checks::list).post(checks::of_card)),
    (access::CHECK, || get(checks::show)),
    (access::SETTLE, || post(checks::settle::take)),

    // The books.
    (access::SALES, || get(sales::show)),
    (access::SALES_TABLE, || get(sales::table)),
    (access::ATTENDANCE, || get(attendance::show)),
    (access::ATTENDANCE_TABLE, || get(attendance::table)),
    (access::STATEMENT, || get(statement::show)),
    (access::STATEMENT_TABLE, || get(statement_file::table)),
    (access::STATEMENT_PDF, || get(statement_file::pdf)),
    (access::RECONCILIATION_TABLE, || get(reconciliation::table)),
    (access::RECONCILIATION, || get(reconciliation::show).post(reconciliation::compare)),
    (access::QUEUE, || get(queue::show)),
    (access::QUEUE_LIST, || get(queue::list::show)),
    (access::TRY_AGAIN, || post(queue::try_again)),
    (access::SEND_AGAIN, || post(queue::send_again)),
    (access::ASIDE, || get(aside::list).post(aside::settle_all)),
    (access::ASIDE_ONE, || get(aside::show)),
    (access::ASIDE_BOOK, || post(aside::book_one)),
    (access::ASIDE_DISMISS, || post(aside::dismiss_one)),
    (access::SALES_FILES, || get(sales_files::list).post(sales_files::upload::take).layer(DefaultBodyLimit::max(sales_files::upload::LIMIT_BYTES))),
    (access::SALES_RUN, || post(sales_files::run)),
    (access::SALES_FILE, || get(sales_files::show)),
    (access::SALES_FILE_AGAIN, || post(sales_files::upload::again)),
    (access::SALES_FILE_ITSELF, || get(sales_files::download::file)),
    (access::SALES_FILE_REPORT, || get(sales_files::download::report)),

    // One's own account.
    (access::ME, || get(me::show)),
    (access::MY_LANGUAGE, || post(me::set_language)),
    (access::MY_PASSWORD, || post(me::change_password)),
    (access::TWO_STEPS, || post(me::two_steps::begin)),
    (access::TWO_STEPS_CONFIRM, || post(me::two_steps::confirm)),
    (access::TWO_STEPS_END, || post(me::two_steps::end)),

    // The set-up.
    (access::SET_UP, || get(set_up::show)),
    (access::ORGANISATION, || get(set_up::organisation::show).post(set_up::organisation::save)),
    (access::PLACES, || get(set_up::places::show)),
    (access::SECTORS_WANTED, || post(set_up::places::take_wanted)),
    (access::NEW_SECTOR, || get(thing::new::<Sector>).post(thing::add::<Sector>)),
    (access::SECTOR, || get(thing::show::<Sector>).post(thing::save::<Sector>)),
    (access::SECTOR_REMOVE, || post(thing::remove::<Sector>)),
    (access::NEW_DOOR, || get(thing::new::<Door>).post(thing::add::<Door>)),
    (access::DOOR, || get(thing::show::<Door>).post(thing::save::<Door>)),
    (access::DOOR_REMOVE, || post(thing::remove::<Door>)),
    (access::NEW_DEVICE, || get(thing::new::<Device>).post(thing::add::<Device>)),
    (access::DEVICES, || get(set_up::devices::show)),
    (access::DEVICE, || get(thing::show::<Device>).post(thing::save::<Device>)),
    (access::DEVICE_ENROL, || post(set_up::enrolment::enrol)),
    (access::DEVICE_REVOKE, || get(set_up::enrolment::ask_revoke).post(set_up::enrolment::revoke)),
    (access::DEVICE_REMOVE, || get(set_up::enrolment::ask_remove).post(thing::remove::<Device>)),
    (access::ENROL_SHEET, || get(set_up::sheet::show).post(set_up::sheet::make)),
    (access::SITE_TABLE, || get(set_up::table::show).post(set_up::table::save)),
    (access::SITE_TABLE_CSV, || get(set_up::table::export)),
    (access::CONNECTION, || get(set_up::connection::show).post(set_up::connection::save)),
    (access::MAPPING, || get(set_up::mapping::show).post(set_up::mapping::save)),
    (access::CATALOGUE, || get(set_up::catalogue::show)),
    (access::NEW_SEASON, || post(set_up::catalogue::add::<Season>)),
    (access::NEW_PRODUCT, || post(set_up::catalogue::add::<Product>)),
    (access::NEW_TARIFF, || post(set_up::catalogue::add::<Tariff>)),
    (access::CATALOGUE_EDIT, || get(set_up::catalogue::edit::show).post(set_up::catalogue::edit::save)),
    (access::CATALOGUE_REMOVE, || post(set_up::catalogue::remove)),
    (access::CATALOGUE_WANTED, || post(set_up::catalogue::take_wanted)),
    (access::CATALOGUE_TEXT, || get(set_up::parts::show).post(set_up::parts::save)),
    (access::TARIFF_MAPPING, || get(set_up::tariff_mapping::show).post(set_up::tariff_mapping::save)),
    (access::BUYER, || get(set_up::buyer::show).post(set_up::buyer::save)),
    (access::CHANNEL, || post(set_up::buyer::make_channel)),
    (access::TEST_CARD, || get(set_up::test_card::show).post(set_up::test_card::run)),
    (access::TESTED, || get(set_up::test_card::show_outcome)),
    (access::TAKE_BACK, || post(set_up::test_card::take_back)),
    (access::DOCTOR, || get(set_up::doctor::show)),

    // When it hurts.
    (access::SUPPORT, || get(support::show)),
    (access::HELP, || get(help::show)),
    (access::SUPPORT_BUNDLE, || get(support::bundle)),

    // Accounts.
    (access::ACCOUNTS, || get(accounts::list)),
    (access::NEW_ACCOUNT, || get(accounts::new).post(accounts::create)),
    (access::ACCOUNT, || get(accounts::show).post(accounts::save)),
    (access::ACCOUNT_DISABLE, || post(accounts::disable)),
    (access::ACCOUNT_ENABLE, || post(accounts::enable)),
    (access::ACCOUNT_RESET, || post(accounts::reset)),
    (access::ACCOUNT_TWO_STEPS, || post(accounts::reset_two_steps)),

    // What was done.
    (access::AUDIT, || get(audit::show)),
    (access::AUDIT_TABLE, || get(audit::table)),
];

/// Scripts, styles and pictures are our own files; nothing frames us, and forms
/// go nowhere else.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; object-src 'none'; \
    base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

pub(crate) fn router(office: Office) -> Router {
    let mut router = Router::new();
    for (address, handler) in TABLE {
        let guarded = from_fn_with_state((office.clone(), *address), guard);
        let mut handler = handler();
        if set_up::progress::may_lead_on(*address) {
            handler = handler.route_layer(from_fn(set_up::progress::lead_on));
        }
        let handler = handler
            .route_layer(CatchPanicLayer::custom(panicked))
            .route_layer(guarded);
        router = router.route(address.path, handler);
    }
    router = router
        .route("/office/{*rest}", any(nothing_here))
        .method_not_allowed_fallback(nothing_here);
    let mut headers = vec![
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        (
            "permissions-policy",
            "camera=(), geolocation=(), microphone=()",
        ),
        ("cache-control", "no-store"),
    ];
    if office.secure {
        headers.push(("strict-transport-security", "max-age=31536000"));
    }
    router = router.layer(DefaultBodyLimit::max(FORM_LIMIT_BYTES));
    for (name, value) in headers {
        let (name, value) = (
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
        router = router.layer(SetResponseHeaderLayer::if_not_present(name, value));
    }
    router.with_state(office)
}

/// The guard makes a page of it.
fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    tracing::error!("a page panicked");
    PageError::Internal.into_response()
}
