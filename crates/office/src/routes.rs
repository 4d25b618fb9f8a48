//! The one table: every address of the back office, and who may use it.
//!
//! Architecture invariant: a route is served because it stands here, behind the
//! guard of its row. There is no other way to register one.

use super::frame::Frame;
use super::guard::{guard, nothing_here};
use super::page_error::PageError;
use super::{
    Office, accounts, assets, attendance, audit, checks, me, provider, queue, reconciliation,
    sales, sales_files, second_step, set_up, sign_in, statement, statement_file, support, today,
    welcome,
};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, any, get, post};
use staff::Role;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;

/// Who may use a route.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Who {
    /// Whoever comes, signed in or not.
    Everybody,
    /// Those who are signed in with one of these roles.
    Roles(&'static [Role]),
}

/// A page's HTML with sample data, for the test that renders all pages.
pub(crate) type Samples = fn(&Frame) -> Vec<String>;

/// A row.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) who: Who,
    handler: fn() -> MethodRouter<Office>,
    /// What it looks like; `None` if it only leads elsewhere or is no page.
    #[cfg_attr(not(test), expect(dead_code, reason = "only tests look at samples"))]
    pub(crate) samples: Option<Samples>,
}

/// All who are signed in.
const ANY: Who = Who::Roles(&Role::ALL);
/// Those who give others their accounts, and see what was done.
const ADMINISTRATORS: Who = Who::Roles(&[Role::Administrator]);
/// Administrators, and those who are called when it hurts and only look.
const ADMINISTRATORS_AND_SUPPORT: Who = Who::Roles(&[Role::Administrator, Role::Support]);
/// Those who close the books, and those who only look.
const BOOKS: Who = Who::Roles(&[Role::Administrator, Role::Finance, Role::Support]);
/// Those who close the books, and change them.
const CLOSERS: Who = Who::Roles(&[Role::Administrator, Role::Finance]);
/// Those who see to it that what the gates did gets into the books.
const BOOKS_OR_GATES: Who = Who::Roles(&[Role::Administrator, Role::GateManager, Role::Finance]);
/// Those who set up what the gates are made of.
const GATES: Who = Who::Roles(&[Role::Administrator, Role::GateManager]);
/// The same, and those who only look.
const GATES_AND_SUPPORT: Who = Who::Roles(&[Role::Administrator, Role::GateManager, Role::Support]);
const EVERYBODY: Who = Who::Everybody;

/// A page.
const fn page(
    path: &'static str,
    who: Who,
    handler: fn() -> MethodRouter<Office>,
    samples: Samples,
) -> Route {
    Route {
        method: "GET",
        path,
        who,
        handler,
        samples: Some(samples),
    }
}

/// What a form does; it leads to a page, or shows the form again.
const fn action(path: &'static str, who: Who, handler: fn() -> MethodRouter<Office>) -> Route {
    Route {
        method: "POST",
        path,
        who,
        handler,
        samples: None,
    }
}

/// A form that answers with a page of its own.
const fn answering(
    path: &'static str,
    who: Who,
    handler: fn() -> MethodRouter<Office>,
    samples: Samples,
) -> Route {
    Route {
        method: "POST",
        path,
        who,
        handler,
        samples: Some(samples),
    }
}

/// A file, or an address that leads elsewhere.
const fn file(path: &'static str, who: Who, handler: fn() -> MethodRouter<Office>) -> Route {
    Route {
        method: "GET",
        path,
        who,
        handler,
        samples: None,
    }
}

#[rustfmt::skip]
pub(crate) const TABLE: &[Route] = &[
    // Getting in.
    page("/office/welcome", EVERYBODY, || get(welcome::show), welcome::samples),
    action("/office/welcome", EVERYBODY, || post(welcome::take)),
    page("/office/invitation", EVERYBODY, || get(welcome::show_invitation), welcome::invitation_samples),
    action("/office/invitation", EVERYBODY, || post(welcome::take_invitation)),
    page("/office/sign-in", EVERYBODY, || get(sign_in::show), sign_in::samples),
    action("/office/sign-in", EVERYBODY, || post(sign_in::take)),
    page("/office/sign-in/code", EVERYBODY, || get(second_step::show), second_step::samples),
    action("/office/sign-in/code", EVERYBODY, || post(second_step::take)),
    file("/office/provider", EVERYBODY, || get(provider::begin)),
    file("/office/provider/back", EVERYBODY, || get(provider::back)),
    action("/office/sign-out", ANY, || post(sign_in::leave)),
    file(assets::PATH, EVERYBODY, || get(assets::get_asset)),

    // The day.
    file("/office", ANY, || get(today::lead)),
    page("/office/", ANY, || get(today::show), today::samples),
    file("/office/live", ANY, || get(today::watch)),
    page("/office/checks", ANY, || get(checks::list), checks::samples),
    answering("/office/checks", ANY, || post(checks::of_card), checks::card_samples),
    page("/office/checks/{id}", ANY, || get(checks::show), checks::story_samples),
    action("/office/checks/{id}/settle", BOOKS_OR_GATES, || post(checks::settle::take)),

    // The books.
    page("/office/sales", BOOKS, || get(sales::show), sales::samples),
    page("/office/attendance", BOOKS, || get(attendance::show), attendance::samples),
    page("/office/statement", BOOKS, || get(statement::show), statement::samples),
    file("/office/statement.csv", BOOKS, || get(statement_file::csv)),
    file("/office/statement.xlsx", BOOKS, || get(statement_file::xlsx)),
    file("/office/statement.pdf", BOOKS, || get(statement_file::pdf)),
    page("/office/reconciliation", BOOKS, || get(reconciliation::show), reconciliation::samples),
    action("/office/reconciliation", CLOSERS, || post(reconciliation::compare)),
    page("/office/queue", ANY, || get(queue::show), queue::samples),
    page("/office/queue/{list}", ANY, || get(queue::list::show), queue::list::samples),
    answering("/office/queue/try-again", CLOSERS, || post(queue::try_again), queue::said_samples),
    answering("/office/queue/send-again", BOOKS_OR_GATES, || post(queue::send_again), queue::said_samples),
    page("/office/sales-files", BOOKS, || get(sales_files::list), sales_files::samples),
    answering("/office/sales-files", CLOSERS, || post(sales_files::upload::take).layer(DefaultBodyLimit::max(sales_files::upload::LIMIT_BYTES)), sales_files::said_samples),
    answering("/office/sales-files/run", CLOSERS, || post(sales_files::run), sales_files::said_samples),
    page("/office/sales-files/{id}", BOOKS, || get(sales_files::show), sales_files::file_samples),
    answering("/office/sales-files/{id}/again", CLOSERS, || post(sales_files::upload::again), sales_files::again_samples),
    file("/office/sales-files/{id}/file", CLOSERS, || get(sales_files::download::file)),
    file("/office/sales-files/{id}/report", CLOSERS, || get(sales_files::download::report)),

    // One's own account.
    page("/office/me", ANY, || get(me::show), me::samples),
    action("/office/me/language", ANY, || post(me::set_language)),
    action("/office/me/password", ANY, || post(me::change_password)),
    answering("/office/me/two-steps", ANY, || post(me::two_steps::begin), me::two_steps::samples),
    answering("/office/me/two-steps/confirm", ANY, || post(me::two_steps::confirm), me::two_steps::code_samples),
    action("/office/me/two-steps/end", ANY, || post(me::two_steps::end)),

    // The set-up.
    page("/office/set-up", GATES_AND_SUPPORT, || get(set_up::show), set_up::samples),
    page("/office/set-up/organisation", GATES_AND_SUPPORT, || get(set_up::organisation::show), set_up::organisation::samples),
    action("/office/set-up/organisation", GATES, || post(set_up::organisation::save)),
    page("/office/set-up/doors", GATES_AND_SUPPORT, || get(set_up::places::show), set_up::places::samples),
    page("/office/set-up/new-sector", GATES, || get(set_up::sector::new), set_up::sector::new_samples),
    action("/office/set-up/new-sector", GATES, || post(set_up::sector::add)),
    page("/office/set-up/sectors/{id}", GATES, || get(set_up::sector::show), set_up::sector::one_samples),
    action("/office/set-up/sectors/{id}", GATES, || post(set_up::sector::save)),
    action("/office/set-up/sectors/{id}/remove", GATES, || post(set_up::sector::remove)),
    page("/office/set-up/new-door", GATES, || get(set_up::door::new), set_up::door::new_samples),
    action("/office/set-up/new-door", GATES, || post(set_up::door::add)),
    page("/office/set-up/doors/{id}", GATES, || get(set_up::door::show), set_up::door::one_samples),
    action("/office/set-up/doors/{id}", GATES, || post(set_up::door::save)),
    action("/office/set-up/doors/{id}/remove", GATES, || post(set_up::door::remove)),
    page("/office/set-up/new-device", GATES, || get(set_up::device::new), set_up::device::new_samples),
    action("/office/set-up/new-device", GATES, || post(set_up::device::add)),
    page("/office/set-up/devices", GATES_AND_SUPPORT, || get(set_up::devices::show), set_up::devices::samples),
    page("/office/set-up/devices/{id}", GATES_AND_SUPPORT, || get(set_up::enrolment::show), set_up::enrolment::samples),
    action("/office/set-up/devices/{id}", GATES, || post(set_up::device::save)),
    answering("/office/set-up/devices/{id}/enrol", GATES, || post(set_up::enrolment::enrol), set_up::enrolment::code_samples),
    page("/office/set-up/devices/{id}/revoke", GATES, || get(set_up::enrolment::ask_revoke), set_up::enrolment::revoke_samples),
    action("/office/set-up/devices/{id}/revoke", GATES, || post(set_up::enrolment::revoke)),
    page("/office/set-up/devices/{id}/remove", GATES, || get(set_up::enrolment::ask_remove), set_up::enrolment::remove_samples),
    action("/office/set-up/devices/{id}/remove", GATES, || post(set_up::device::remove)),
    page("/office/set-up/table", GATES_AND_SUPPORT, || get(set_up::table::show), set_up::table::samples),
    action("/office/set-up/table", GATES, || post(set_up::table::save)),
    file("/office/set-up/table.csv", GATES_AND_SUPPORT, || get(set_up::table::export)),
    page("/office/set-up/site", GATES, || get(set_up::parts::show_site), set_up::parts::site_samples),
    action("/office/set-up/site", GATES, || post(set_up::parts::save_site)),
    page("/office/set-up/connection", ADMINISTRATORS_AND_SUPPORT, || get(set_up::connection::show), set_up::connection::samples),
    answering("/office/set-up/connection", ADMINISTRATORS, || post(set_up::connection::save), set_up::connection::samples),
    page("/office/set-up/mapping", ADMINISTRATORS_AND_SUPPORT, || get(set_up::mapping::show), set_up::mapping::samples),
    action("/office/set-up/mapping", ADMINISTRATORS, || post(set_up::mapping::save)),
    page("/office/set-up/catalogue", ADMINISTRATORS_AND_SUPPORT, || get(set_up::catalogue::show), set_up::catalogue::samples),
    action("/office/set-up/catalogue/season", ADMINISTRATORS, || post(set_up::catalogue::add_season)),
    action("/office/set-up/catalogue/product", ADMINISTRATORS, || post(set_up::catalogue::add_product)),
    action("/office/set-up/catalogue/tariff", ADMINISTRATORS, || post(set_up::catalogue::add_tariff)),
    action("/office/set-up/catalogue/remove", ADMINISTRATORS, || post(set_up::catalogue::remove)),
    action("/office/set-up/catalogue/wanted", ADMINISTRATORS, || post(set_up::catalogue::take_wanted)),
    page("/office/set-up/catalogue/text", ADMINISTRATORS, || get(set_up::parts::show_catalogue), set_up::parts::catalogue_samples),
    action("/office/set-up/catalogue/text", ADMINISTRATORS, || post(set_up::parts::save_catalogue)),
    page("/office/set-up/tariff-mapping", ADMINISTRATORS_AND_SUPPORT, || get(set_up::tariff_mapping::show), set_up::tariff_mapping::samples),
    action("/office/set-up/tariff-mapping", ADMINISTRATORS, || post(set_up::tariff_mapping::save)),
    page("/office/set-up/buyer", ADMINISTRATORS_AND_SUPPORT, || get(set_up::buyer::show), set_up::buyer::samples),
    action("/office/set-up/buyer", ADMINISTRATORS, || post(set_up::buyer::save)),
    action("/office/set-up/buyer/channel", ADMINISTRATORS, || post(set_up::buyer::make_channel)),
    page("/office/set-up/test-card", GATES, || get(set_up::test_card::show), set_up::test_card::samples),
    action("/office/set-up/test-card", GATES, || post(set_up::test_card::run)),
    page("/office/set-up/test-card/{id}", GATES, || get(set_up::test_card::show_outcome), set_up::test_card::outcome_samples),
    action("/office/set-up/test-card/{id}/take-back", GATES, || post(set_up::test_card::take_back)),
    page("/office/set-up/doctor", GATES_AND_SUPPORT, || get(set_up::doctor::show), set_up::doctor::samples),

    // When it hurts.
    page("/office/support", ADMINISTRATORS_AND_SUPPORT, || get(support::show), support::samples),
    file("/office/support/bundle.tar", ADMINISTRATORS_AND_SUPPORT, || get(support::bundle)),

    // Accounts.
    page("/office/accounts", ADMINISTRATORS_AND_SUPPORT, || get(accounts::list), accounts::list_samples),
    page("/office/accounts/new", ADMINISTRATORS, || get(accounts::new), accounts::new_samples),
    answering("/office/accounts/new", ADMINISTRATORS, || post(accounts::create), accounts::invited_samples),
    page("/office/accounts/{id}", ADMINISTRATORS, || get(accounts::show), accounts::one_samples),
    action("/office/accounts/{id}", ADMINISTRATORS, || post(accounts::save)),
    action("/office/accounts/{id}/disable", ADMINISTRATORS, || post(accounts::disable)),
    action("/office/accounts/{id}/enable", ADMINISTRATORS, || post(accounts::enable)),
    answering("/office/accounts/{id}/reset", ADMINISTRATORS, || post(accounts::reset), accounts::invited_samples),
    action("/office/accounts/{id}/two-steps", ADMINISTRATORS, || post(accounts::reset_two_steps)),

    // What was done.
    page("/office/audit", ADMINISTRATORS_AND_SUPPORT, || get(audit::show), audit::samples),
];

/// Whether a role may use the route of this method and path, such as to show a
/// link to it.
pub(crate) fn may(role: Role, method: &str, path: &str) -> bool {
    TABLE.iter().any(|route| {
        route.method == method
            && route.path == path
            && match route.who {
                Who::Everybody => true,
                Who::Roles(roles) => roles.contains(&role),
            }
    })
}

/// One cell row of the matrix: a route, and who may use it.
#[derive(Debug, Clone, Copy)]
pub struct Cell {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The path, with `{…}` where it varies.
    pub path: &'static str,
    /// The roles that may; `None` if whoever comes may.
    pub roles: Option<&'static [Role]>,
}

/// The whole matrix, for tests and documents.
#[must_use]
pub fn access_table() -> Vec<Cell> {
    TABLE
        .iter()
        .map(|route| Cell {
            method: route.method,
            path: route.path,
            roles: match route.who {
                Who::Everybody => None,
                Who::Roles(roles) => Some(roles),
            },
        })
        .collect()
}

/// Scripts, styles and pictures are our own files; nothing frames us, and forms
/// go nowhere else.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; object-src 'none'; \
    base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

pub(crate) fn router(office: Office) -> Router {
    let mut router = Router::new();
    for route in TABLE {
        let guarded = from_fn_with_state((office.clone(), route), guard);
        let handler = (route.handler)()
            .route_layer(CatchPanicLayer::custom(panicked))
            .route_layer(guarded);
        router = router.route(route.path, handler);
    }
    router = router
        .route("/office/{*rest}", any(nothing_here))
        .method_not_allowed_fallback(nothing_here);
    let mut headers = vec![
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=()",
        ),
        (header::CACHE_CONTROL, "no-store"),
    ];
    if office.secure {
        headers.push((header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"));
    }
    router = router.layer(DefaultBodyLimit::max(super::guard::FORM_LIMIT_BYTES));
    for (name, value) in headers {
        router = router.layer(SetResponseHeaderLayer::if_not_present(
            name,
            HeaderValue::from_static(value),
        ));
    }
    router.with_state(office)
}

/// The guard makes a page of it.
fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    tracing::error!("a page panicked");
    PageError::Internal.into_response()
}
