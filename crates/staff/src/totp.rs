//! One-time codes of an authenticator app (RFC 6238: SHA-1, six digits, thirty
//! seconds, which is what all apps take).

use crate::secret::{NoRandomness, random};
use data_encoding::BASE32_NOPAD;
use kernel::{Timestamp, percent_encoded};
use ring::hmac;
use std::fmt;

const STEP_MS: i64 = 30_000;
/// A code of the step before or after counts too: clocks differ.
const TOLERANCE: i64 = 1;

/// What the app and this service share.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpSecret(Vec<u8>);

impl TotpSecret {
    /// 20 random bytes, as RFC 4226 advises.
    pub fn new() -> Result<Self, NoRandomness> {
        Ok(Self(random::<20>()?.to_vec()))
    }

    /// The secret as apps take it typed (RFC 4648 base32).
    #[must_use]
    pub fn base32(&self) -> String {
        BASE32_NOPAD.encode(&self.0)
    }

    pub(crate) fn from_base32(text: &str) -> Option<Self> {
        BASE32_NOPAD.decode(text.as_bytes()).ok().map(Self)
    }

    /// The address an app reads from the QR code.
    #[must_use]
    pub fn uri(&self, login: &str) -> String {
        let login = percent_encoded(login);
        format!(
            "otpauth://totp/Passerelle:{login}?secret={}&issuer=Passerelle",
            self.base32()
        )
    }

    /// That address as a QR code, an SVG image. `None` if it does not fit, which
    /// no login is long enough for.
    #[must_use]
    pub fn qr_svg(&self, login: &str) -> Option<String> {
        let code = qrcode::QrCode::new(self.uri(login)).ok()?;
        let image = code
            .render::<qrcode::render::svg::Color<'_>>()
            .min_dimensions(220, 220)
            .build();
        // As part of a page it has no XML declaration.
        Some(image[image.find("<svg")?..].to_owned())
    }

    /// The code of the step `step`.
    #[must_use]
    pub fn code(&self, step: i64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let tag = tag.as_ref();
        let offset = usize::from(tag[tag.len() - 1] & 15);
        let number = tag[offset..offset + 4]
            .iter()
            .fold(0_u32, |number, byte| number << 8 | u32::from(*byte))
            & 0x7fff_ffff;
        format!("{:06}", number % 1_000_000)
    }

    /// The step that `code` belongs to at `now`, if it is one that was not used
    /// yet: later than `last_used`.
    #[must_use]
    pub fn step_of(&self, code: &str, now: Timestamp, last_used: Option<i64>) -> Option<i64> {
        let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        let present = step_at(now);
        (present - TOLERANCE..=present + TOLERANCE)
            .filter(|step| last_used.is_none_or(|last| *step > last))
            .find(|step| self.code(*step) == code)
    }
}

/// The step at `now`.
#[must_use]
pub const fn step_at(now: Timestamp) -> i64 {
    now.millis().div_euclid(STEP_MS)
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rfc() -> TotpSecret {
        TotpSecret(b"12345678901234567890".to_vec())
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis_clamped(seconds * 1_000)
    }

    #[test]
    fn codes_are_those_of_rfc_6238() {
        // Appendix B, the last six of its eight digits.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            assert_eq!(rfc().code(seconds / 30), code);
        }
    }

    #[test]
    fn one_step_off_is_forgiven_and_none_counts_twice() {
        let now = at(2_000_000_000);
        let step = step_at(now);
        for (offset, used, good) in [
            (0, None, true),
            (-1, None, true),
            (1, None, true),
            (-2, None, false),
            (2, None, false),
            (0, Some(step), false),
            (-1, Some(step), false),
            (1, Some(step), true),
            (0, Some(step - 1), true),
        ] {
            let code = rfc().code(step + offset);
            let found = rfc().step_of(&code, now, used);
            assert_eq!(found, good.then_some(step + offset), "{offset} {used:?}");
        }
        assert_eq!(rfc().step_of("", now, None), None);
        let spaced = format!(" {} ", rfc().code(step));
        assert_eq!(rfc().step_of(&spaced, now, None), Some(step));
    }

    #[test]
    fn base32_goes_there_and_back() {
        assert_eq!(rfc().base32(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        let secret = TotpSecret::new().unwrap();
        assert_eq!(TotpSecret::from_base32(&secret.base32()), Some(secret));
    }

    #[test]
    fn a_login_cannot_change_the_address() {
        let uri = rfc().uri("a b&secret=x@y");
        assert!(
            uri.starts_with("otpauth://totp/Passerelle:a%20b%26secret%3Dx%40y?secret=GEZ"),
            "{uri}"
        );
        assert!(rfc().qr_svg("a").unwrap().starts_with("<svg"));
    }
}
