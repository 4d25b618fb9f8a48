//! Bearer tokens of devices: shown once, kept as a hash.

use crate::Gate;
use crate::gate::revision;
use db::{Db, DbError, Tx, params};
use kernel::{Clock, DeviceCode, Timestamp, hex};
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::PoisonError;

/// What a device shows to prove who it is. Never logged, never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceToken(String);

/// No revision of a site: it differs from every one in the database.
const NEVER_READ: i64 = -1;

/// Why a token could not be given or taken back.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// There is no such device.
    #[error(
        "there is no device {0}; add it in the back office, or to the site file, which `passerelle apply` takes up"
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
        Self(format!("pst_{}", hex(bytes)))
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
    fn sha256(&self) -> String {
        sha256_hex(&self.0)
    }
}

impl fmt::Debug for DeviceToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceToken(…)")
    }
}

impl Gate {
    /// Gives `device` a token; earlier ones stay good until they are revoked.
    ///
    /// # Errors
    /// [`TokenError::UnknownDevice`]; [`TokenError::Db`].
    pub async fn grant_token(
        db: &Db,
        clock: &dyn Clock,
        device: DeviceCode,
        token: DeviceToken,
    ) -> Result<(), TokenError> {
        let now = clock.now();
        db.write("grant token", move |tx| grant(tx, &device, &token, now))
            .await
    }

    /// Takes back all tokens of `device` and says how many there were.
    ///
    /// # Errors
    /// [`TokenError::UnknownDevice`]; [`TokenError::Db`].
    pub async fn revoke_tokens(
        db: &Db,
        clock: &dyn Clock,
        device: DeviceCode,
    ) -> Result<u64, TokenError> {
        let now = clock.now();
        db.write("revoke tokens", move |tx| revoke_tokens(tx, &device, now))
            .await
    }

    /// Takes back all tokens of `device`, for this process at once.
    ///
    /// # Errors
    /// [`TokenError::UnknownDevice`]; [`TokenError::Db`].
    pub async fn revoke(&self, device: DeviceCode) -> Result<u64, TokenError> {
        let revoked = Self::revoke_tokens(&self.db, &*self.clock, device.clone()).await?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        // Who asked the database before the revocation must not be remembered
        // after it; the next refresh reads everything again.
        known.revision = NEVER_READ;
        known.tokens.retain(|_, holder| *holder != device);
        Ok(revoked)
    }

    /// The device that holds this token; `None` if it is unknown or revoked. A
    /// token revoked by another process is refused from the next
    /// [`refresh`](Self::refresh) on.
    ///
    /// # Errors
    /// [`TokenError::Db`].
    pub async fn holder_of(&self, token: DeviceToken) -> Result<Option<DeviceCode>, TokenError> {
        let hash = token.sha256();
        {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(device) = known.tokens.get(&hash) {
                return Ok(Some(device.clone()));
            }
        }
        let (holder, revision) = self
            .db
            .read("token holder", move |tx| {
                Ok::<_, TokenError>((holder(tx, &token)?, revision(tx)?))
            })
            .await?;
        if let Some(device) = &holder {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            // Else it may have been revoked between our look and now.
            if known.revision == revision {
                known.tokens.insert(hash, device.clone());
            }
        }
        Ok(holder)
    }
}

/// The SHA-256 of a text, as it is kept.
pub(crate) fn sha256_hex(text: &str) -> String {
    hex(Sha256::digest(text))
}

pub(crate) fn grant(
    tx: &mut Tx<'_>,
    device: &DeviceCode,
    token: &DeviceToken,
    now: Timestamp,
) -> Result<(), TokenError> {
    known(tx, device)?;
    tx.execute(
        "INSERT INTO gate_device_token (token_sha256, device, created_at) VALUES ($1, $2, $3)
         ON CONFLICT (token_sha256) DO NOTHING",
        params![token.sha256(), device, now],
    )?;
    Ok(())
}

pub(crate) fn known(tx: &mut Tx<'_>, device: &DeviceCode) -> Result<(), TokenError> {
    tx.query_opt(
        "SELECT code FROM gate_device WHERE code = $1",
        params![device],
    )?
    .map(drop)
    .ok_or_else(|| TokenError::UnknownDevice(device.clone()))
}

/// Takes back all tokens of `device`, and says how many there were. A running
/// gate refuses them within a second.
///
/// # Errors
/// [`TokenError::UnknownDevice`]; [`TokenError::Db`].
pub fn revoke_tokens(
    tx: &mut Tx<'_>,
    device: &DeviceCode,
    now: Timestamp,
) -> Result<u64, TokenError> {
    known(tx, device)?;
    let revoked = tx.execute(
        "UPDATE gate_device_token SET revoked_at = $2 WHERE device = $1 AND revoked_at IS NULL",
        params![device, now],
    )?;
    tx.execute(
        "UPDATE gate_site SET revision = revision + 1 WHERE id = 1",
        params![],
    )?;
    Ok(revoked)
}

fn holder(tx: &mut Tx<'_>, token: &DeviceToken) -> Result<Option<DeviceCode>, TokenError> {
    let row = tx.query_opt(
        "SELECT device FROM gate_device_token WHERE token_sha256 = $1 AND revoked_at IS NULL",
        params![token.sha256()],
    )?;
    Ok(row.map(|row| row.get("device")).transpose()?)
}
