//! Random secrets: shown once, kept as a hash.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kernel::hex;
use ring::rand::{SecureRandom, SystemRandom};
use sha2::{Digest, Sha256};
use std::fmt;

/// No letters or digits that look alike.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
/// Characters between two hyphens where people type a secret.
const GROUP: usize = 5;

/// The operating system gave no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no random numbers")]
pub struct NoRandomness;

pub(crate) fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// What proves who someone is: never logged, and stored as a hash only.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// 32 random bytes, as text that a cookie or a link can carry.
    pub fn new() -> Result<Self, NoRandomness> {
        Ok(Self(URL_SAFE_NO_PAD.encode(random::<32>()?)))
    }

    /// `N` random characters that people can type, in groups: 5 bits each.
    pub fn to_type<const N: usize>() -> Result<Self, NoRandomness> {
        let mut text = String::new();
        for (at, byte) in random::<N>()?.into_iter().enumerate() {
            if at > 0 && at % GROUP == 0 {
                text.push('-');
            }
            text.push(char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]));
        }
        Ok(Self(text))
    }

    /// A token that someone showed.
    #[must_use]
    pub fn presented(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// A token that someone typed: case, spaces and hyphens don't count.
    #[must_use]
    pub fn typed(text: &str) -> Self {
        let plain: Vec<char> = text
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .map(|c| c.to_ascii_uppercase())
            .take(100)
            .collect();
        let groups: Vec<String> = plain.chunks(GROUP).map(|g| g.iter().collect()).collect();
        Self(groups.join("-"))
    }

    /// The token itself, to show it once.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// A plain SHA-256 is enough: the token is random, not a password.
    #[must_use]
    pub fn sha256(&self) -> String {
        sha256(&self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

pub(crate) fn sha256(text: &str) -> String {
    hex(Sha256::digest(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_forgiven_case_and_hyphens() {
        let token = Token::to_type::<20>().unwrap();
        assert_eq!(token.reveal().len(), 23);
        let sloppy = token.reveal().to_lowercase().replace('-', " ");
        assert_eq!(Token::typed(&sloppy), token);
        assert_ne!(Token::to_type::<20>().unwrap(), token);
        assert_eq!(format!("{token:?}"), "Token(…)");
    }
}
