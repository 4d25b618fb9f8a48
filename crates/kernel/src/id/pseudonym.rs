//! What stands in the place of a card number that was removed.

use super::{CheckId, ControlBarcode};
use ring::hmac;
use std::fmt;
use std::str::FromStr;

/// What each pseudonym begins with, so that people see what it is.
const PREFIX: &str = "removed-";
/// How much of the code is kept, in bytes: two of 160 bits never meet.
const KEPT_BYTES: usize = 20;

/// The key of pseudonyms. There are few card numbers, so a plain hash could be
/// tried out; with a secret key that takes the key too. Whoever has database and
/// key can still do it: a pseudonym can be recognised, which is what it is for.
#[derive(Clone, PartialEq, Eq)]
pub struct PseudonymKey([u8; 32]);

/// A text that is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a key of pseudonyms has 64 hexadecimal digits")]
pub struct InvalidPseudonymKey;

impl PseudonymKey {
    /// A key made of 32 random bytes.
    #[must_use]
    pub const fn from_random(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The whole key, for the database.
    #[must_use]
    pub fn reveal(&self) -> String {
        crate::hex(self.0)
    }

    /// What stands for a control barcode: the same in all books, and a barcode
    /// itself, of 48 characters.
    #[must_use]
    pub fn barcode(&self, barcode: &ControlBarcode) -> ControlBarcode {
        ControlBarcode(self.pseudonym(&["barcode", barcode.reveal()]))
    }

    /// What stands for the code that the check `id` scanned. Another check of the
    /// same card has another: visits cannot be put together.
    #[must_use]
    pub fn code(&self, id: CheckId, code: &str) -> String {
        self.pseudonym(&["code", &id.to_string(), code])
    }

    fn pseudonym(&self, parts: &[&str]) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.0);
        let tag = hmac::sign(&key, parts.join(":").as_bytes());
        format!("{PREFIX}{}", crate::hex(&tag.as_ref()[..KEPT_BYTES]))
    }
}

impl FromStr for PseudonymKey {
    type Err = InvalidPseudonymKey;

    fn from_str(text: &str) -> Result<Self, InvalidPseudonymKey> {
        let bytes = crate::from_hex(text).and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or(InvalidPseudonymKey)
    }
}

crate::as_text!(@kept PseudonymKey, |key| key.reveal());

impl fmt::Debug for PseudonymKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PseudonymKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(seed: u8) -> PseudonymKey {
        PseudonymKey::from_random([seed; 32])
    }

    #[test]
    fn a_pseudonym_tells_nothing_and_stays_the_same() {
        let barcode: ControlBarcode = "OTI0002997520260714070000114".parse().unwrap();
        let pseudonym = key(7).barcode(&barcode);
        assert_eq!(pseudonym, key(7).barcode(&barcode));
        assert_ne!(pseudonym, key(8).barcode(&barcode));
        assert!(!pseudonym.reveal().contains("00029975"));
        assert_eq!(format!("{:?}", key(7)), "PseudonymKey(…)");
    }

    #[test]
    fn two_checks_of_one_card_have_nothing_in_common() {
        let id = |n: u8| -> CheckId {
            format!("00000000-0000-4000-8000-00000000000{n}")
                .parse()
                .unwrap()
        };
        assert_eq!(
            key(7).code(id(1), "00029975"),
            key(7).code(id(1), "00029975")
        );
        assert_ne!(
            key(7).code(id(1), "00029975"),
            key(7).code(id(2), "00029975")
        );
    }

    #[test]
    fn a_key_comes_back_as_it_went() {
        assert_eq!(key(7).reveal().parse(), Ok(key(7)));
        for wrong in ["", "07", &"é".repeat(32), &"x".repeat(64)] {
            assert_eq!(wrong.parse::<PseudonymKey>(), Err(InvalidPseudonymKey));
        }
    }

    proptest! {
        #[test]
        fn every_barcode_has_a_pseudonym_that_is_a_barcode(text in "[!-:<-~]{1,50}") {
            let barcode: ControlBarcode = text.parse().unwrap();
            let pseudonym = key(1).barcode(&barcode);
            prop_assert_eq!(pseudonym.reveal().parse::<ControlBarcode>(), Ok(pseudonym.clone()));
        }
    }
}
