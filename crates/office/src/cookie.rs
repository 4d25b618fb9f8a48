//! The few cookies there are, by hand.

use axum::http::{HeaderMap, HeaderValue, header};
use staff::Token;

/// What a cookie is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// The session.
    Session,
    /// A browser that has none: its forms, and its way to the provider and back.
    Browser,
    /// A word for the next page.
    Flash,
}

/// What longer values are not looked at.
const LONGEST: usize = 200;

impl Cookie {
    /// Over `https`, browsers take cookies of this prefix only from this very
    /// host, so that no other can plant one.
    fn name(self, secure: bool) -> String {
        let prefix = if secure { "__Host-" } else { "" };
        let word = match self {
            Self::Session => "session",
            Self::Browser => "browser",
            Self::Flash => "flash",
        };
        format!("{prefix}passerelle_{word}")
    }

    /// How long the browser keeps it, in seconds.
    const fn max_age_s(self) -> i64 {
        match self {
            Self::Session => staff::session::LONGEST_MS / 1_000,
            Self::Browser => 86_400,
            Self::Flash => 60,
        }
    }

    /// Its value in a request.
    pub(crate) fn value(self, headers: &HeaderMap, secure: bool) -> Option<&str> {
        let own = self.name(secure);
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, _)| *name == own)
            .map(|(_, value)| value)
            .filter(|value| !value.is_empty() && value.len() <= LONGEST)
    }

    /// Its value as a token.
    pub(crate) fn token(self, headers: &HeaderMap, secure: bool) -> Option<Token> {
        self.value(headers, secure).map(Token::presented)
    }

    /// Sets it in an answer.
    pub(crate) fn set(self, headers: &mut HeaderMap, value: &str, secure: bool) {
        self.put(headers, value, self.max_age_s(), secure);
    }

    /// Takes it away.
    pub(crate) fn clear(self, headers: &mut HeaderMap, secure: bool) {
        self.put(headers, "", 0, secure);
    }

    fn put(self, headers: &mut HeaderMap, value: &str, max_age_s: i64, secure: bool) {
        let secure_word = if secure { "; Secure" } else { "" };
        let text = format!(
            "{}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age_s}{secure_word}",
            self.name(secure)
        );
        // Values are tokens and names of our own: always a header's text.
        if let Ok(text) = HeaderValue::from_str(&text) {
            headers.append(header::SET_COOKIE, text);
        }
    }
}
