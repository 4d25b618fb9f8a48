//! Bearer tokens of devices: shown once, kept as a hash.

use db::{DbError, Tx, params};
use kernel::{DeviceCode, Timestamp};
use sha2::{Digest, Sha256};
use std::fmt;
use std::fmt::Write;

/// What a device shows to prove who it is. Never logged, never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceToken(String);

/// Why a token could not be given or taken back.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// There is no such device.
    #[error(
        "there is no device {0}; see the [[device]] entries of the site file for those there are"
    )]
    UnknownDevice(DeviceCode),
    /// The database failed.
    #[error("the token could not be kept")]
    Db(#[from] DbError),
}

impl DeviceToken {
    /// A token made of 32 random bytes.
    #[must_use]
    pub fn from_random(bytes: [u8; 32]) -> Self {
        Self(format!("pst_{}", hex(&bytes)))
    }

    /// A token that a device showed.
    #[must_use]
    pub fn presented(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The token itself, to show it once.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// A plain SHA-256 is enough: the token is 32 random bytes, not a password.
    pub(crate) fn sha256(&self) -> String {
        hex(&Sha256::digest(&self.0))
    }
}

impl fmt::Debug for DeviceToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceToken(…)")
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub(crate) fn grant(
    tx: &mut Tx<'_>,
    device: &DeviceCode,
    token: &DeviceToken,
    now: Timestamp,
) -> Result<(), TokenError> {
    tx.query_opt(
        "SELECT code FROM gate_device WHERE code = $1",
        params![device],
    )?
    .ok_or_else(|| TokenError::UnknownDevice(device.clone()))?;
    tx.execute(
        "INSERT INTO gate_device_token (token_sha256, device, created_at) VALUES ($1, $2, $3)
         ON CONFLICT (token_sha256) DO NOTHING",
        params![token.sha256(), device, now],
    )?;
    Ok(())
}

pub(crate) fn revoke(
    tx: &mut Tx<'_>,
    device: &DeviceCode,
    now: Timestamp,
) -> Result<u64, TokenError> {
    Ok(tx.execute(
        "UPDATE gate_device_token SET revoked_at = $2 WHERE device = $1 AND revoked_at IS NULL",
        params![device, now],
    )?)
}

pub(crate) fn holder(
    tx: &mut Tx<'_>,
    token: &DeviceToken,
) -> Result<Option<DeviceCode>, TokenError> {
    let row = tx.query_opt(
        "SELECT device FROM gate_device_token WHERE token_sha256 = $1 AND revoked_at IS NULL",
        params![token.sha256()],
    )?;
    Ok(row.map(|row| row.get("device")).transpose()?)
}
