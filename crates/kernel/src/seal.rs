//! Secrets that stand in a database, under a key that stands elsewhere.
//!
//! AES-256-GCM (NIST SP 800-38D). Kept is `sealed1:`, a nonce and what it makes, in
//! hexadecimal digits. What a secret is for is sealed with it, so that none can
//! be put in another's place.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use std::fmt;
use std::sync::Arc;

/// What everything sealed begins with.
const PREFIX: &str = "sealed1:";

/// What secrets are sealed with. Without a key they stand as they are.
#[derive(Clone, Default)]
pub struct Seal(Option<Arc<LessSafeKey>>);

/// Why a secret cannot be sealed or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Whoever makes keys gives longer ones.
    #[error(
        "the key has fewer than {} characters; make one by: openssl rand -hex 32",
        Seal::MIN_CHARS
    )]
    KeyTooShort,
    /// It is sealed, and there is no key.
    #[error("a secret in the database is sealed, and [secrets] key_file names no key")]
    KeyMissing,
    /// It was sealed by another key, or is damaged.
    #[error(
        "a secret in the database was sealed by another key than the one in [secrets] key_file"
    )]
    KeyWrong,
    /// The operating system gives no random numbers.
    #[error("the operating system gives no random numbers")]
    NoRandomness,
}

impl Seal {
    /// The least characters of a key.
    pub const MIN_CHARS: usize = 32;

    /// With this key, a text of whoever runs the service.
    ///
    /// # Errors
    /// [`SealError::KeyTooShort`].
    pub fn with(key: &str) -> Result<Self, SealError> {
        if key.chars().count() < Self::MIN_CHARS {
            return Err(SealError::KeyTooShort);
        }
        let key = digest(&SHA256, format!("passerelle secrets:{key}").as_bytes());
        let key = UnboundKey::new(&AES_256_GCM, key.as_ref());
        let key = key.map_err(|_| SealError::KeyTooShort)?;
        Ok(Self(Some(Arc::new(LessSafeKey::new(key)))))
    }

    /// Whether there is a key.
    #[must_use]
    pub const fn is_with_key(&self) -> bool {
        self.0.is_some()
    }

    /// What is kept for a secret; `what` it is for.
    ///
    /// # Errors
    /// [`SealError::NoRandomness`].
    pub fn seal(&self, what: &str, secret: &str) -> Result<String, SealError> {
        let Some(key) = &self.0 else {
            return Ok(secret.to_owned());
        };
        let mut nonce = [0; NONCE_LEN];
        let filled = SystemRandom::new().fill(&mut nonce);
        filled.map_err(|_| SealError::NoRandomness)?;
        let mut text = secret.as_bytes().to_vec();
        let unique = Nonce::assume_unique_for_key(nonce);
        key.seal_in_place_append_tag(unique, Aad::from(what), &mut text)
            .map_err(|_| SealError::NoRandomness)?;
        Ok(format!("{PREFIX}{}{}", crate::hex(nonce), crate::hex(text)))
    }

    /// The secret that was kept like this. One that stands as it is, from before
    /// there was a key, is given as it is.
    ///
    /// # Errors
    /// [`SealError::KeyMissing`] or [`SealError::KeyWrong`].
    pub fn open(&self, what: &str, kept: &str) -> Result<String, SealError> {
        let Some(sealed) = kept.strip_prefix(PREFIX) else {
            return Ok(kept.to_owned());
        };
        let key = self.0.as_ref().ok_or(SealError::KeyMissing)?;
        let bytes = crate::from_hex(sealed).ok_or(SealError::KeyWrong)?;
        let (nonce, text) = bytes.split_first_chunk().ok_or(SealError::KeyWrong)?;
        let (nonce, mut text) = (Nonce::assume_unique_for_key(*nonce), text.to_vec());
        let opened = key.open_in_place(nonce, Aad::from(what), &mut text);
        let opened = opened.map_err(|_| SealError::KeyWrong)?;
        String::from_utf8(opened.to_vec()).map_err(|_| SealError::KeyWrong)
    }
}

/// Whether what is kept is sealed.
#[must_use]
pub fn is_sealed(kept: &str) -> bool {
    kept.starts_with(PREFIX)
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_with_key() {
            "Seal(…)"
        } else {
            "Seal(none)"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn only_the_key_opens_what_it_sealed_and_only_in_its_place() {
        let seal = Seal::with(KEY).unwrap();
        let kept = seal.seal("password", "Käse-tide").unwrap();
        assert!(is_sealed(&kept) && !kept.contains("tide"));
        assert_ne!(seal.seal("password", "Käse-tide").unwrap(), kept);
        assert_eq!(seal.open("password", &kept).unwrap(), "Käse-tide");
        assert_eq!(seal.open("api_key", &kept), Err(SealError::KeyWrong));
        let other = Seal::with(&KEY.replace('0', "1")).unwrap();
        assert_eq!(other.open("password", &kept), Err(SealError::KeyWrong));
        let none = Seal::default();
        assert_eq!(none.open("password", &kept), Err(SealError::KeyMissing));
        for at in [PREFIX.len(), kept.len() - 1] {
            let mut broken = kept.clone().into_bytes();
            broken[at] = if broken[at] == b'0' { b'1' } else { b'0' };
            let broken = String::from_utf8(broken).unwrap();
            assert_eq!(seal.open("password", &broken), Err(SealError::KeyWrong));
        }
        for nothing in ["sealed1:", "sealed1:zz", "sealed1:é", "sealed1:0"] {
            assert_eq!(seal.open("password", nothing), Err(SealError::KeyWrong));
        }
    }

    #[test]
    fn without_a_key_and_from_before_it_secrets_stand_as_they_are() {
        let none = Seal::default();
        assert_eq!(none.seal("password", "tide").unwrap(), "tide");
        for seal in [none, Seal::with(KEY).unwrap()] {
            assert_eq!(seal.open("password", "tide").unwrap(), "tide");
            assert!(!format!("{seal:?}").contains("0123"));
        }
        assert_eq!(Seal::with("short").err(), Some(SealError::KeyTooShort));
    }
}
