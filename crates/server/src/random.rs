//! Random bytes for what devices and pseudonyms are known by.

use uuid::Uuid;

/// As many as a token has; UUIDs come from the operating system's generator.
#[must_use]
pub fn random_bytes() -> [u8; 32] {
    let mut bytes = [0; 32];
    for half in bytes.chunks_exact_mut(16) {
        half.copy_from_slice(Uuid::new_v4().as_bytes());
    }
    bytes
}
