mod pseudonym;

pub use pseudonym::{InvalidPseudonymKey, PseudonymKey};

use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// An identifier that does not have the shape it must have. The text itself is
/// never repeated in the message: it may be a card number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// Not a UUID.
    #[error("a check id is a UUID such as 1d426cfd-51d7-490e-9ba3-cc79bc1ae8d3")]
    CheckId,
    /// Not a UUID.
    #[error("a cancellation's id is a UUID such as 1d426cfd-51d7-490e-9ba3-cc79bc1ae8d3")]
    CancellationId,
    /// Not a UUID.
    #[error("an enrolment is named by a UUID such as 1d426cfd-51d7-490e-9ba3-cc79bc1ae8d3")]
    EnrolmentId,
    /// Not 1 to 30 ASCII letters and digits.
    #[error(
        "a card number has 1 to {} ASCII letters and digits",
        CardNumber::MAX_CHARS
    )]
    CardNumber,
    /// Not 1 to 50 printable ASCII characters without semicolon.
    #[error(
        "a control barcode has 1 to {} printable ASCII characters without semicolon",
        ControlBarcode::MAX_CHARS
    )]
    ControlBarcode,
}

/// An id that is a UUID, most of them chosen by somebody else.
macro_rules! chosen {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// Takes a UUID that was made elsewhere.
            #[must_use]
            pub const fn from_uuid(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::try_parse(text.trim())
                    .map(Self)
                    .map_err(|_| InvalidId::$name)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        crate::as_text!($name, |id| id.to_string());
    };
}

chosen!(
    /// Names one enrolment of a device for ever: whoever had the token it gave was
    /// this device.
    EnrolmentId
);

impl EnrolmentId {
    /// The name of the enrolment that gave a token: the first half of the token's
    /// SHA-256, as a UUID of version 8.
    #[must_use]
    pub fn of_token(sha256: [u8; 32]) -> Self {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&sha256[..16]);
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    /// As [`of_token`](Self::of_token), from the hash in hexadecimal; `None` if it is
    /// no hash.
    #[must_use]
    pub fn of_token_hex(sha256: &str) -> Option<Self> {
        let sha256 = crate::from_hex(sha256)?.try_into().ok()?;
        Some(Self::of_token(sha256))
    }
}

chosen!(
    /// The id a device chose for one scan. Same id = same check, for ever.
    CheckId
);

chosen!(
    /// The id a device chose for taking back one entry.
    CancellationId
);

macro_rules! personal {
    ($(#[$doc:meta])* $name:ident, $limit:literal, $allowed:expr, $masked:expr) => {
        $(#[$doc])*
        ///
        /// Personal data: `Debug` and `Display` show it masked; only
        /// [`reveal`](Self::reveal) and serialisation give the whole text.
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The most characters it may have.
            pub const MAX_CHARS: usize = $limit;

            /// The whole text, for the wire, the database and those who need it.
            #[must_use]
            pub fn reveal(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let allowed: fn(char) -> bool = $allowed;
                if (1..=$limit).contains(&text.len()) && text.chars().all(allowed) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(InvalidId::$name)
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let masked: fn(&str) -> String = $masked;
                f.pad(&masked(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        crate::as_text!($name, |id| id.reveal());
    };
}

personal!(
    /// The number of a pass, normalised by detection: digits, or upper-case
    /// letters then digits. At most 30 characters, so that a control barcode
    /// (`OTI`, card number, 17 digits of time) keeps within its 50.
    CardNumber,
    30,
    |c| c.is_ascii_alphanumeric(),
    |text| format!("…{}", &text[text.len().saturating_sub(3)..])
);

personal!(
    /// The barcode the gate makes for one accepted check; at most 50 characters
    /// (the `BARCODE` field of an STX_File). It contains the card number.
    ControlBarcode,
    50,
    |c| c.is_ascii_graphic() && c != ';',
    |text| format!("…{}", &text[text.len().saturating_sub(9)..])
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn personal_data_is_masked_when_printed() {
        let card: CardNumber = "29997501".parse().unwrap();
        assert_eq!(card.to_string(), "…501");
        assert_eq!(format!("{card:?}"), "CardNumber(…501)");
        assert_eq!(card.reveal(), "29997501");
        let barcode: ControlBarcode = "OTI2999750120260714070000114".parse().unwrap();
        assert_eq!(barcode.to_string(), "…070000114");
    }

    #[test]
    fn ids_refuse_what_they_cannot_be() {
        assert!("".parse::<CardNumber>().is_err());
        assert!("12 34".parse::<CardNumber>().is_err());
        assert!("é2345678".parse::<CardNumber>().is_err());
        assert!("x".repeat(51).parse::<ControlBarcode>().is_err());
        assert!("a;b".parse::<ControlBarcode>().is_err());
        assert!("not-a-uuid".parse::<CheckId>().is_err());
    }

    #[test]
    fn a_check_id_reads_the_same_in_any_spelling() {
        let plain: CheckId = "1D426CFD51D7490E9BA3CC79BC1AE8D3".parse().unwrap();
        assert_eq!(plain.to_string(), "1d426cfd-51d7-490e-9ba3-cc79bc1ae8d3");
    }
}
