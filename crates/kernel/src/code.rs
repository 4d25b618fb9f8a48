use std::fmt;
use std::str::FromStr;

/// A code that is empty, too long, or holds a character codes cannot hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCode {
    /// Nothing but white space.
    #[error("the {what} is empty")]
    Empty {
        /// Which code.
        what: &'static str,
    },
    /// Longer than its field allows.
    #[error("the {what} {value:?} has {length} characters; at most {limit} are allowed")]
    TooLong {
        /// Which code.
        what: &'static str,
        /// What was given.
        value: String,
        /// Its length in characters.
        length: usize,
        /// The most it may have.
        limit: usize,
    },
    /// A control character or a semicolon, which no STX_File field can carry.
    #[error("the {what} {value:?} holds the character {found:?}, which a code cannot hold")]
    Character {
        /// Which code.
        what: &'static str,
        /// What was given.
        value: String,
        /// The first offending character.
        found: char,
    },
}

macro_rules! code {
    ($(#[$doc:meta])* $name:ident, $what:literal, $limit:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The most characters this code may have.
            pub const MAX_CHARS: usize = $limit;

            /// The code as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidCode;

            fn from_str(text: &str) -> Result<Self, InvalidCode> {
                checked(text, $what, $limit).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        crate::as_text!($name, |code| code.as_str());
    };
}

fn checked(text: &str, what: &'static str, limit: usize) -> Result<String, InvalidCode> {
    let text = text.trim();
    let length = text.chars().count();
    let value = || text.chars().take(64).collect::<String>();
    if length == 0 {
        return Err(InvalidCode::Empty { what });
    }
    if length > limit {
        return Err(InvalidCode::TooLong {
            what,
            value: value(),
            length,
            limit,
        });
    }
    if let Some(found) = text.chars().find(|c| c.is_control() || *c == ';') {
        return Err(InvalidCode::Character {
            what,
            value: value(),
            found,
        });
    }
    Ok(text.to_owned())
}

code!(
    /// The upper of SecuTix's two levels. Source: SecuTix, at most 15 characters.
    InstitutionCode, "institution code", 15
);
code!(
    /// The lower of SecuTix's two levels. Source: SecuTix, at most 15 characters.
    OrganisationCode, "organisation code", 15
);
code!(
    /// A controlled area, such as `VN_AUG`.
    SectorCode, "sector code", 40
);
code!(
    /// A way into one or several sectors.
    DoorCode, "door code", 40
);
code!(
    /// A scanner or turnstile.
    DeviceCode, "device code", 40
);
code!(
    /// A SecuTix catalogue season.
    SeasonCode, "season code", 8
);
code!(
    /// A SecuTix catalogue product. Source: SecuTix, at most 8 characters.
    ProductCode, "product code", 8
);
code!(
    /// A SecuTix tariff.
    TariffCode, "tariff code", 20
);
code!(
    /// A SecuTix sales channel; Otipass's must be exactly `OTIPASS`.
    SalesChannelCode, "sales channel code", 20
);
code!(
    /// A SecuTix contact: digits kept as text, because leading zeros matter.
    ContactNumber, "contact number", 20
);
code!(
    /// The number an order bears in an STX_File (`ORDER_NR`).
    OrderNumber, "order number", 50
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_trimmed_and_bounded() {
        assert_eq!(
            " PASSVN ".parse::<ProductCode>().unwrap().as_str(),
            "PASSVN"
        );
        assert!("PASSVN123".parse::<ProductCode>().is_err());
        assert!("  ".parse::<SectorCode>().is_err());
        assert!("A;B".parse::<SectorCode>().is_err());
        assert!("A\u{0}B".parse::<SectorCode>().is_err());
    }

    #[test]
    fn a_code_read_from_json_is_checked_too() {
        assert!(serde_json::from_str::<ProductCode>("\"PASSVN\"").is_ok());
        let error = serde_json::from_str::<ProductCode>("\"MUCHTOOLONG\"").unwrap_err();
        assert!(error.to_string().contains("at most 8"), "{error}");
    }
}
