//! One request of one browser: who asks, in which language, with which token
//! for its forms.

use super::access::TODAY;
use super::cookie::{Cookie, Jar};
use super::entered::Entered;
use super::error_page::ErrorPage;
use super::flash::Flash;
use super::form::Mistakes;
use super::format::Formats;
use super::frame::{Csrf, Frame};
use super::managed::SetUp;
use super::office::Office;
use super::page_error::PageError;
use askama::Template;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use boxoffice::BoxOffice;
use db::{Db, DbError, Tx};
use gate::Gate;
use kernel::Language;
use staff::{Actor, Author, Change, Session, Staff, Token};
use std::fmt::Display;
use std::sync::Arc;

/// What the guard has found out; every handler takes it.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    pub(crate) office: Office,
    pub(crate) jar: Jar,
    pub(crate) language: Language,
    /// The whole session, if there is one.
    pub(crate) session: Option<Session>,
    /// The session that waits for its second step, if there is one.
    pub(crate) half: Option<Session>,
    /// The visitor's network address.
    pub(crate) address: String,
    /// What forms must bring back.
    pub(crate) csrf: String,
    /// The browser that has no session.
    pub(crate) browser: Token,
    /// The path of the request.
    pub(crate) path: String,
    /// A word from the page before.
    pub(crate) flash: Option<Flash>,
    /// With what status pages are answered.
    pub(crate) status: StatusCode,
    /// What was entered into the page's form and is to be corrected.
    pub(crate) entered: Entered,
    pub(crate) mistakes: Mistakes,
}

/// What handlers give.
pub(crate) type Answer = Result<Response, PageError>;

impl Visit {
    /// The session that the guard has asked for.
    ///
    /// # Errors
    /// [`PageError::Forbidden`] where the table lets everybody in.
    pub(crate) fn session(&self) -> Result<&Session, PageError> {
        self.session.as_ref().ok_or(PageError::Forbidden)
    }

    /// Who does it, for the audit log.
    ///
    /// # Errors
    /// [`PageError::Forbidden`] if nobody is signed in.
    pub(crate) fn actor(&self) -> Result<Actor, PageError> {
        let account = &self.session()?.account;
        Ok(Actor {
            account: Some(account.id),
            name: account.name.clone(),
            address: self.address.clone(),
        })
    }

    /// The same, with what they change.
    ///
    /// # Errors
    /// [`PageError::Forbidden`] if nobody is signed in.
    pub(crate) fn author(&self) -> Result<Author, PageError> {
        Ok(self.office.role.staff.author(&self.actor()?))
    }

    /// The same, to show a page again with what was entered and is wrong.
    pub(crate) fn wrong(self, entered: Entered, mistakes: Mistakes) -> Self {
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        Self {
            status,
            entered,
            mistakes,
            ..self
        }
    }

    /// What surrounds a page.
    pub(crate) fn frame(&self) -> Frame {
        let role = &self.office.role;
        let formats = Formats {
            language: self.language,
            zone: role.zone.clone(),
            currency: role.currency.clone(),
        };
        let account = self.session.as_ref().map(|session| &session.account);
        Frame {
            flash: self.flash.map(|flash| flash.text(self.language)),
            csrf: Csrf(self.csrf.clone()),
            site_name: role.site_name.clone(),
            entered: self.entered.clone(),
            mistakes: self.mistakes.clone(),
            ..Frame::new(
                formats,
                account.map(|account| (account.name.clone(), account.role)),
                &self.path,
            )
        }
    }

    /// A page.
    ///
    /// # Errors
    /// [`PageError::Internal`] if it does not render.
    pub(crate) fn page(&self, page: &impl Template) -> Answer {
        let html = page.render().map_err(PageError::internal)?;
        let mut response = (
            self.status,
            [(header::CONTENT_TYPE, "text/html; charset=utf-8")],
            html,
        )
            .into_response();
        if self.flash.is_some() {
            Cookie::Flash.clear(response.headers_mut(), self.jar);
        }
        Ok(response)
    }

    /// The page that says what went wrong.
    pub(crate) fn error(&self, error: &PageError, request_id: &str) -> Response {
        let page = ErrorPage::new(error, self.frame(), request_id);
        let status = error.status();
        let visit = Self {
            status,
            ..self.clone()
        };
        let answer = visit.page(&page);
        let mut response = answer.unwrap_or_else(|_| status.into_response());
        let wait_s = match error {
            PageError::TooMany { wait_ms } => (wait_ms + 999) / 1_000,
            PageError::Busy => 1,
            _ => return response,
        };
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, HeaderValue::from(wait_s));
        response
    }

    /// The gate of this process.
    ///
    /// # Errors
    /// [`PageError::NotFound`] if there is none here; the same below.
    pub(crate) fn gate(&self) -> Result<&Arc<Gate>, PageError> {
        self.office.gate.as_ref().ok_or(PageError::NotFound)
    }

    pub(crate) fn box_office(&self) -> Result<&Arc<BoxOffice>, PageError> {
        self.office.box_office.as_ref().ok_or(PageError::NotFound)
    }

    pub(crate) fn db(&self) -> &Db {
        &self.office.db
    }

    /// Who may use it, and what they did.
    pub(crate) fn staff(&self) -> &Staff {
        &self.office.role.staff
    }

    /// Who manages the set-up.
    pub(crate) fn set_up(&self) -> &SetUp {
        &self.office.role.set_up
    }

    /// Makes a change together with its rows in the audit log; the inner error is
    /// that of `work`.
    ///
    /// # Errors
    /// [`PageError::Forbidden`] if nobody is signed in.
    pub(crate) async fn change<T, E, F>(
        &self,
        name: &'static str,
        work: F,
    ) -> Result<Result<T, E>, PageError>
    where
        F: Fn(&mut Tx<'_>) -> Result<(T, Vec<Change>), E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        Ok(self.author()?.change(name, work).await)
    }

    /// Goes on to a page of ours, as after each change.
    pub(crate) fn go(&self, to: impl Display) -> Response {
        let mut response = StatusCode::SEE_OTHER.into_response();
        let to = HeaderValue::from_str(&to.to_string());
        let to = to.unwrap_or(HeaderValue::from_static(TODAY.path));
        response.headers_mut().insert(header::LOCATION, to);
        response
    }

    /// The same, with a word on what was done.
    pub(crate) fn go_with(&self, to: impl Display, flash: Flash) -> Response {
        let mut response = self.go(to);
        Cookie::Flash.set(response.headers_mut(), flash.as_str(), self.jar);
        response
    }

    /// Gives the browser the session's new token.
    pub(crate) fn hand_over(&self, mut response: Response, token: &Token) -> Response {
        Cookie::Session.set(response.headers_mut(), token.reveal(), self.jar);
        response
    }
}

/// A file that browsers keep under this name.
pub(crate) fn download(kind: &'static str, name: &str, file: impl IntoResponse) -> Answer {
    let disposition = format!("attachment; filename=\"{name}\"");
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_str(&disposition).map_err(PageError::internal)?,
        ),
    ];
    Ok((headers, file).into_response())
}

/// A path of ours to go to after signing in; anything else is the start page.
/// A browser reads `//host` and `/\host` as other sites.
pub(crate) fn own_path(path: Option<&str>) -> &str {
    path.filter(|path| {
        path.starts_with(TODAY.path)
            && path.len() <= 1_000
            && path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
            && !path.starts_with("/office/sign-")
            && !path.contains("//")
    })
    .unwrap_or(TODAY.path)
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, PageError> {
        // Only routes of the table are reached, and the guard stands before each.
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or(PageError::Forbidden)
    }
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn only_own_paths_are_gone_to() {
        for path in [
            "/office/",
            "/office/audit?kind=account",
            "/office/accounts/3",
        ] {
            assert_eq!(own_path(Some(path)), path);
        }
        for path in [
            "",
            "https://elsewhere.example/",
            "//elsewhere.example/office/",
            "/office/\r\nSet-Cookie: a=b",
            "/office/\\elsewhere",
            "/office//elsewhere",
            "/office/sign-out",
            "/api/v1/checks",
            "javascript:alert(1)",
        ] {
            assert_eq!(own_path(Some(path)), "/office/", "{path}");
        }
        assert_eq!(own_path(None), "/office/");
    }
}
