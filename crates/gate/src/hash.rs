//! What is kept of a text that must not be, and ids made of a text.

use kernel::hex;
use sha2::{Digest, Sha256};
use std::str::FromStr;

/// The SHA-256 of a text, in lower-case hex.
pub(crate) fn sha256_hex(text: &str) -> String {
    hex(sha256(text))
}

/// The SHA-256 of a text.
pub(crate) fn sha256(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

/// An id of our own for what `text` names. No device chooses it: it is a UUID of
/// version 8, made of a hash.
pub(crate) fn derived<T: FromStr>(text: &str) -> Result<T, T::Err> {
    let mut hex = sha256_hex(text);
    hex.truncate(32);
    hex.replace_range(12..13, "8");
    hex.replace_range(16..17, "8");
    hex.parse()
}
