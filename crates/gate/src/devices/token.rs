//! Bearer tokens of devices: shown once, kept as a hash.

use crate::devices::Devices;
use crate::hash::{sha256, sha256_hex};
use crate::site::known::{Holder, revision};
use db::{DbError, Tx, params};
use kernel::{DeviceCode, EnrolmentId, Timestamp, hex};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What a device shows to prove who it is. Never logged, never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceToken(String);

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
    #[must_use]
    pub fn sha256(&self) -> String {
        sha256_hex(&self.0)
    }

    /// The name of the enrolment that gave it.
    #[must_use]
    pub fn enrolment(&self) -> EnrolmentId {
        EnrolmentId::of_token(sha256(&self.0))
    }
}

impl fmt::Debug for DeviceToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceToken(…)")
    }
}

/// An enrolment as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolled {
    /// Whom it made a device.
    pub holder: Holder,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
}

db::from_row! { Enrolled { revoked_at; holder } }

impl Devices {
    /// Who holds this token; `None` if it is unknown or revoked. A token that was
    /// revoked is refused from the next [`reload`](crate::Gate::reload) on.
    pub async fn holder_of(&self, token: DeviceToken) -> Result<Option<Holder>, DbError> {
        let sha256 = token.sha256();
        if let Some(holder) = self.known.holder(&sha256) {
            return Ok(Some(holder));
        }
        let (enrolled, revision) = self
            .db
            .read("token holder", move |tx| {
                Ok::<_, DbError>((enrolled(tx, &token)?, revision(tx)?))
            })
            .await?;
        let valid = enrolled.filter(|enrolled| enrolled.revoked_at.is_none());
        let holder = valid.map(|enrolled| enrolled.holder);
        if let Some(holder) = &holder {
            self.known.remember(sha256, holder.clone(), revision);
        }
        Ok(holder)
    }

    /// Who brings a journal with this token: also a device whose token was revoked, so
    /// that what it did by then is put aside.
    pub async fn bringer(&self, token: DeviceToken) -> Result<Option<Enrolled>, DbError> {
        match self.holder_of(token.clone()).await? {
            Some(holder) => Ok(Some(Enrolled {
                holder,
                revoked_at: None,
            })),
            None => self.enrolled_by(token).await,
        }
    }

    /// The enrolment that gave this token, revoked or not.
    pub async fn enrolled_by(&self, token: DeviceToken) -> Result<Option<Enrolled>, DbError> {
        self.db
            .read("token holder", move |tx| enrolled(tx, &token))
            .await
    }

    /// What became of these enrolments; those that are unknown are left out.
    pub(crate) async fn enrolments(
        &self,
        named: BTreeSet<EnrolmentId>,
    ) -> Result<BTreeMap<EnrolmentId, Enrolled>, DbError> {
        if named.is_empty() {
            return Ok(BTreeMap::new());
        }
        let read = move |tx: &mut Tx<'_>| {
            let mut found = BTreeMap::new();
            for enrolment in &named {
                let enrolled = tx.query_opt_as::<Enrolled>(
                    "SELECT * FROM gate_device_token WHERE enrolment = $1",
                    params![enrolment],
                )?;
                found.extend(enrolled.map(|enrolled| (*enrolment, enrolled)));
            }
            Ok(found)
        };
        self.db.read("enrolments", read).await
    }
}

/// Gives `device` a token; earlier ones stay good until they are revoked.
pub fn grant_token(
    tx: &mut Tx<'_>,
    device: &DeviceCode,
    token: &DeviceToken,
    now: Timestamp,
) -> Result<(), TokenError> {
    check_known(tx, device)?;
    tx.execute(
        "INSERT INTO gate_device_token (token_sha256, device, enrolment, created_at)
         VALUES ($1, $2, $3, $4) ON CONFLICT (token_sha256) DO NOTHING",
        params![token.sha256(), device, token.enrolment(), now],
    )?;
    Ok(())
}

pub(crate) fn check_known(tx: &mut Tx<'_>, device: &DeviceCode) -> Result<(), TokenError> {
    let sql = "SELECT code FROM gate_device WHERE code = $1";
    if tx.exists(sql, params![device])? {
        return Ok(());
    }
    Err(TokenError::UnknownDevice(device.clone()))
}

/// Takes back all tokens of `device`, and says how many there were. A running
/// gate refuses them within a second.
pub fn revoke_tokens(
    tx: &mut Tx<'_>,
    device: &DeviceCode,
    now: Timestamp,
) -> Result<u64, TokenError> {
    check_known(tx, device)?;
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

fn enrolled(tx: &mut Tx<'_>, token: &DeviceToken) -> Result<Option<Enrolled>, DbError> {
    tx.query_opt_as(
        "SELECT * FROM gate_device_token WHERE token_sha256 = $1",
        params![token.sha256()],
    )
}
