//! The few cookies there are, by hand.

use axum::http::uri::Authority;
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

/// By what names a browser keeps them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Jar {
    /// Over `https`, browsers take cookies of the prefix `__Host-` only from this very
    /// host, so that no other can plant one.
    secure: bool,
    /// A browser sends them to every port of the host: each museum of several there has
    /// its own.
    port: Option<u16>,
}

impl Jar {
    pub(crate) fn of(headers: &HeaderMap, secure: bool) -> Self {
        let host = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        let host = host.and_then(|host| host.parse::<Authority>().ok());
        let port = host.and_then(|host| host.port_u16());
        Self { secure, port }
    }

    fn name(self, cookie: Cookie) -> String {
        let prefix = if self.secure { "__Host-" } else { "" };
        let word = match cookie {
            Cookie::Session => "session",
            Cookie::Browser => "browser",
            Cookie::Flash => "flash",
        };
        let port = self.port.map(|port| format!("_{port}")).unwrap_or_default();
        format!("{prefix}passerelle_{word}{port}")
    }
}

impl Cookie {
    /// How long the browser keeps it, in seconds.
    const fn max_age_s(self) -> i64 {
        match self {
            Self::Session => staff::session::LONGEST_MS / 1_000,
            Self::Browser => 86_400,
            Self::Flash => 60,
        }
    }

    /// Its value in a request.
    pub(crate) fn value(self, headers: &HeaderMap, jar: Jar) -> Option<&str> {
        let own = jar.name(self);
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
    pub(crate) fn token(self, headers: &HeaderMap, jar: Jar) -> Option<Token> {
        self.value(headers, jar).map(Token::presented)
    }

    /// Sets it in an answer.
    pub(crate) fn set(self, headers: &mut HeaderMap, value: &str, jar: Jar) {
        self.put(headers, value, self.max_age_s(), jar);
    }

    /// Takes it away.
    pub(crate) fn clear(self, headers: &mut HeaderMap, jar: Jar) {
        self.put(headers, "", 0, jar);
    }

    fn put(self, headers: &mut HeaderMap, value: &str, max_age_s: i64, jar: Jar) {
        let secure_word = if jar.secure { "; Secure" } else { "" };
        let text = format!(
            "{}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age_s}{secure_word}",
            jar.name(self)
        );
        // Values are tokens and names of our own: always a header's text.
        if let Ok(text) = HeaderValue::from_str(&text) {
            headers.append(header::SET_COOKIE, text);
        }
    }
}
