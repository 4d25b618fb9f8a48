//! What someone entered: the fields of a form or of a query, as text.

use super::page_error::PageError;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use secrecy::SecretString;
use std::str::FromStr;

/// The most bytes of a form.
pub(crate) const FORM_LIMIT_BYTES: usize = 1024 * 1024;
/// The field with the page to go to after signing in.
pub const NEXT_FIELD: &str = "next";

/// The fields of a form. One that is missing is empty: pages say what they
/// need, in words.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entered(Vec<(String, String)>);

/// What the address names where its path varies.
#[derive(Debug, Clone)]
pub(crate) struct Id<T>(pub(crate) T);

/// The fields of the address after `?`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query(pub(crate) Entered);

impl Entered {
    pub(crate) fn parse(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).into_owned().collect())
    }

    /// Fields that came another way; pairs of name and text.
    pub(crate) const fn of(fields: Vec<(String, String)>) -> Self {
        Self(fields)
    }

    /// With these fields, which come before those that were entered.
    pub(crate) fn beside<'f>(self, fields: impl Iterator<Item = (&'f str, &'f str)>) -> Self {
        let fields = fields.map(|(name, text)| (name.to_owned(), text.to_owned()));
        Self(fields.chain(self.0).collect())
    }

    /// A field's text, if the field was there.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut fields = self.0.iter();
        fields
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The texts of all fields of this name.
    pub(crate) fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e str> {
        let fields = self.0.iter().filter(move |(known, _)| known == name);
        fields.map(|(_, value)| value.as_str())
    }

    /// A field's text.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    /// A field's text, if it is not empty.
    pub(crate) fn some(&self, name: &str) -> Option<&str> {
        Some(self.text(name).trim()).filter(|text| !text.is_empty())
    }

    /// What a field's text names, if it names anything.
    pub(crate) fn read<T: FromStr>(&self, name: &str) -> Option<T> {
        self.some(name)?.parse().ok()
    }

    /// A field's text that is never shown again.
    pub(crate) fn secret(&self, name: &str) -> SecretString {
        self.text(name).into()
    }
}

impl<S: Sync> FromRequest<S> for Entered {
    type Rejection = PageError;

    /// The body has been read and measured by the guard.
    async fn from_request(request: Request, _: &S) -> Result<Self, PageError> {
        let body = axum::body::to_bytes(request.into_body(), FORM_LIMIT_BYTES)
            .await
            .map_err(|_| PageError::TooLarge)?;
        Ok(Self::parse(&body))
    }
}

impl<S: Send + Sync, T: FromStr> FromRequestParts<S> for Id<T> {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, PageError> {
        let named = Path::<String>::from_request_parts(parts, state).await.ok();
        let read = named.and_then(|Path(text)| text.parse().ok());
        read.map(Self).ok_or(PageError::NotFound)
    }
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self(Entered::parse(query.as_bytes())))
    }
}
