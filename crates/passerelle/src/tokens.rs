//! Random tokens and secrets.

use anyhow::Result;
use gate::{DeviceToken, Site};
use kernel::{DeviceCode, PseudonymKey};
use office::acts;
use secrecy::SecretString;
use server::random_bytes;
use staff::Author;
use std::collections::BTreeMap;

/// What a random UUID holds: 122 bits from the operating system.
#[must_use]
pub fn random_16() -> [u8; 16] {
    *uuid::Uuid::new_v4().as_bytes()
}

/// A new token for a device.
#[must_use]
pub fn random() -> DeviceToken {
    DeviceToken::from_random(random_bytes())
}

/// A new token for each device of `site`, given to it.
pub async fn for_all(author: &Author, site: &Site) -> Result<BTreeMap<DeviceCode, DeviceToken>> {
    let mut tokens = BTreeMap::new();
    for device in site.devices.keys() {
        let token = random();
        acts::give_token(author, device, &token).await?;
        tokens.insert(device.clone(), token);
    }
    Ok(tokens)
}

/// A password that lives as long as this process.
#[must_use]
pub fn password() -> SecretString {
    random().reveal().into()
}

/// A key for pseudonyms, for a database that has none.
#[must_use]
pub fn pseudonym_key() -> PseudonymKey {
    PseudonymKey::from_random(random_bytes())
}
