//! Enrolment: a code that a person reads out or a camera reads, good once and
//! for 15 minutes, or for the hours of a printed sheet, becomes the token of a device.

use crate::devices::token::{DeviceToken, TokenError, check_known, grant_token};
use crate::devices::{Devices, throttle};
use crate::hash::sha256_hex;
use db::{Db, DbError, Tx, params};
use kernel::{CLOCK_AHEAD_MS, DeviceCode, Timestamp};
use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

/// How long a code is valid that is read off a screen, in milliseconds.
pub const CODE_VALID_MS: i64 = 15 * 60 * 1_000;
/// After how long what became of a code is forgotten, in milliseconds.
const FORGOTTEN_AFTER_MS: i64 = 24 * 60 * 60 * 1_000;
/// How long somebody waits for those who enrol before.
const TURN: Duration = Duration::from_secs(5);
/// Digits and capitals, without those that people take for another.
const ALPHABET: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";
/// How many characters a code has.
const LENGTH: usize = 8;
/// A code that enrols a device once. Never logged, kept as a hash only.
#[derive(Clone, PartialEq, Eq)]
pub struct EnrolmentCode(String);

impl EnrolmentCode {
    /// A code made of random bytes.
    #[must_use]
    pub fn from_random(bytes: [u8; 16]) -> Self {
        let mut number = u128::from_be_bytes(bytes);
        let code = (0..LENGTH).map(|_| {
            let (rest, digit) = (number / 31, number % 31);
            number = rest;
            char::from(ALPHABET[usize::try_from(digit).unwrap_or_default()])
        });
        Self(code.collect())
    }

    /// The code that somebody entered; case, hyphens and spaces mean nothing.
    /// `None` if it cannot be one.
    #[must_use]
    pub fn presented(text: &str) -> Option<Self> {
        let code: String = text
            .chars()
            .filter(|c| *c != '-' && !c.is_whitespace())
            .map(|c| c.to_ascii_uppercase())
            .take(LENGTH + 1)
            .collect();
        let is_one = code.len() == LENGTH && code.bytes().all(|b| ALPHABET.contains(&b));
        is_one.then_some(Self(code))
    }

    /// The code as it is printed, to show it once: `ABCD-EFGH`.
    #[must_use]
    pub fn reveal(&self) -> String {
        let (first, second) = self.0.split_at(LENGTH / 2);
        format!("{first}-{second}")
    }

    fn sha256(&self) -> String {
        sha256_hex(&format!("passerelle-enrolment:{}", self.0))
    }
}

impl fmt::Debug for EnrolmentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnrolmentCode(…)")
    }
}

/// Why a device was not enrolled.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// The code is unknown, used or expired; which of them, nobody learns.
    #[error("the code is not valid (any more); ask for a new one: passerelle device enrol")]
    CodeInvalid,
    /// Too many wrong codes have been tried.
    #[error("too many wrong codes were tried; wait a minute and try again")]
    TooManyAttempts,
    /// The database failed.
    #[error("the device could not be enrolled")]
    Db(#[from] DbError),
}

impl From<TokenError> for EnrolError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::UnknownDevice(_) => Self::CodeInvalid,
            TokenError::Db(error) => Self::Db(error),
        }
    }
}

impl Devices {
    /// Gives `token` to the device that `code` was made for. Earlier tokens of
    /// the device stay good. `from` is who asks: wrong codes are counted by it.
    ///
    /// # Errors
    /// The code, if it is one, can still be used.
    pub async fn enrol(
        &self,
        code: &str,
        token: DeviceToken,
        from: IpAddr,
    ) -> Result<DeviceCode, EnrolError> {
        let now = self.clock.now();
        let code = EnrolmentCode::presented(code).ok_or(EnrolError::CodeInvalid)?;
        let turn = tokio::time::timeout(TURN, self.enrolling.lock()).await;
        let _alone = turn.map_err(|_| DbError::Busy {
            name: "enrol",
            attempts: 1,
        })?;
        // On SQLite there is one writer: who is not heard does not take its turn.
        let heard = move |tx: &mut Tx<'_>| throttle::may_try(tx, from, now);
        if !self.strangers.read("who enrols", heard).await? {
            return Err(EnrolError::TooManyAttempts);
        }
        let enrolled: Result<Result<DeviceCode, EnrolError>, EnrolError> = self
            .strangers
            .write("enrol", move |tx| {
                tx.one_at_a_time("enrolments")?;
                if !throttle::may_try(tx, from, now)? {
                    return Ok(Err(EnrolError::TooManyAttempts));
                }
                // Made further ahead, it was by a clock that was wrong, and would be valid for
                // too long.
                let used = tx.value_opt(
                    "UPDATE gate_enrolment_code SET used_at = $2
                     WHERE code_sha256 = $1 AND used_at IS NULL AND expires_at > $2
                         AND created_at <= $3
                     RETURNING device",
                    params![code.sha256(), now, now.plus_ms(CLOCK_AHEAD_MS)],
                )?;
                let Some(device) = used else {
                    throttle::count(tx, from, now)?;
                    return Ok(Err(EnrolError::CodeInvalid));
                };
                grant_token(tx, &device, &token, now)?;
                Ok(Ok(device))
            })
            .await;
        enrolled?
    }
}

/// What became of an enrolment code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EnrolmentState {
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it is valid.
    pub expires_at: Timestamp,
    /// When it enrolled its device, if it did.
    pub used_at: Option<Timestamp>,
}

db::from_row! { EnrolmentState { created_at, expires_at, used_at } }

/// Saves a code that enrols `device` within `valid_ms`, as a hash, and says until when
/// it is valid.
/// What became of codes is forgotten after a day.
pub fn save_enrolment_code(
    tx: &mut Tx<'_>,
    device: &DeviceCode,
    code: &EnrolmentCode,
    now: Timestamp,
    valid_ms: i64,
) -> Result<Timestamp, TokenError> {
    check_known(tx, device)?;
    let expires_at = now.plus_ms(valid_ms);
    tx.execute(
        "DELETE FROM gate_enrolment_code WHERE expires_at < $1",
        params![now.plus_ms(-FORGOTTEN_AFTER_MS)],
    )?;
    tx.execute(
        "INSERT INTO gate_enrolment_code (code_sha256, device, created_at, expires_at)
         VALUES ($1, $2, $3, $4)",
        params![code.sha256(), device, now, expires_at],
    )?;
    Ok(expires_at)
}

/// What became of this code of `device`; `None` if it has none such.
pub fn state_of_code(
    tx: &mut Tx<'_>,
    device: &DeviceCode,
    code: &EnrolmentCode,
) -> Result<Option<EnrolmentState>, DbError> {
    tx.query_opt_as(
        "SELECT * FROM gate_enrolment_code WHERE device = $1 AND code_sha256 = $2",
        params![device, code.sha256()],
    )
}

/// What became of the last code of `device`, if one was made of late.
pub fn state_of_enrolment(
    tx: &mut Tx<'_>,
    device: &DeviceCode,
) -> Result<Option<EnrolmentState>, DbError> {
    tx.query_opt_as(
        "SELECT * FROM gate_enrolment_code WHERE device = $1
         ORDER BY created_at DESC, code_sha256 LIMIT 1",
        params![device],
    )
}

/// The devices that a code was made for of late which nobody has used, by code.
pub async fn awaited(db: &Db) -> Result<Vec<DeviceCode>, DbError> {
    db.read("devices awaited", |tx| {
        tx.column(
            "SELECT DISTINCT device FROM gate_enrolment_code WHERE used_at IS NULL ORDER BY device",
            params![],
        )
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_write_it() {
        let code = EnrolmentCode::from_random([7; 16]);
        let printed = code.reveal();
        assert_eq!(printed.len(), 9);
        for text in [
            printed.clone(),
            printed.to_lowercase(),
            printed.replace('-', ""),
            format!(" {} ", printed.replace('-', " - ")),
        ] {
            assert_eq!(
                EnrolmentCode::presented(&text),
                Some(code.clone()),
                "{text}"
            );
        }
        for text in [
            "",
            "ABCD-EFG",
            "ABCD-EFGHJ",
            "ABCD-EFG0",
            "ABCD-ÉFGH",
            "ABCD_EFGH",
        ] {
            assert_eq!(EnrolmentCode::presented(text), None, "{text}");
        }
        assert!(!format!("{code:?}").contains(&printed[..4]));
        assert_ne!(code, EnrolmentCode::from_random([8; 16]));
    }
}
