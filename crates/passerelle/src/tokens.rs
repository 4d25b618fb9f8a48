//! Random tokens and secrets.

use db::{Db, Tx};
use gate::{DeviceToken, TokenError};
use kernel::{Clock, DeviceCode, PseudonymKey};
use secrecy::SecretString;

/// Two random UUIDs: 244 bits from the operating system.
fn random_bytes() -> [u8; 32] {
    let mut bytes = [0; 32];
    for half in bytes.chunks_exact_mut(16) {
        half.copy_from_slice(uuid::Uuid::new_v4().as_bytes());
    }
    bytes
}

/// What a random UUID holds: 122 bits from the operating system.
#[must_use]
pub fn random_16() -> [u8; 16] {
    *uuid::Uuid::new_v4().as_bytes()
}

/// Gives `device` a new token.
pub async fn grant(
    db: &Db,
    clock: &dyn Clock,
    device: &DeviceCode,
) -> Result<DeviceToken, TokenError> {
    let token = DeviceToken::from_random(random_bytes());
    let (of, given, now) = (device.clone(), token.clone(), clock.now());
    let grant = move |tx: &mut Tx<'_>| gate::grant_token(tx, &of, &given, now);
    db.write("grant token", grant).await?;
    Ok(token)
}

/// A password that lives as long as this process.
#[must_use]
pub fn password() -> SecretString {
    DeviceToken::from_random(random_bytes()).reveal().into()
}

/// A key for pseudonyms, for a database that has none.
#[must_use]
pub fn pseudonym_key() -> PseudonymKey {
    PseudonymKey::from_random(random_bytes())
}
