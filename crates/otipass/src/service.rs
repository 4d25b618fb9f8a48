//! The two names Otipass gives a museum's service.

use std::fmt;
use std::str::FromStr;

/// A service or space id that is empty, too long or holds odd characters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the {what} must have 1 to {} printable ASCII characters without spaces",
    ServiceId::MAX_CHARS
)]
pub struct InvalidServiceText {
    /// Which of the two.
    pub what: &'static str,
}

macro_rules! service_text {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        ///
        /// 1 to 64 printable ASCII characters without spaces; letters are kept
        /// in capitals, because published examples show ids in either case.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The most characters it may have.
            pub const MAX_CHARS: usize = 64;

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidServiceText;

            fn from_str(text: &str) -> Result<Self, InvalidServiceText> {
                let text = text.trim();
                let fits = (1..=Self::MAX_CHARS).contains(&text.len())
                    && text.bytes().all(|b| b.is_ascii_graphic());
                fits.then(|| Self(text.to_ascii_uppercase()))
                    .ok_or(InvalidServiceText { what: $what })
            }
        }

        kernel::as_text!($name, |id| id.0.as_str());

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

service_text!(
    /// What a pass includes at a museum (`OtipassServiceId`), such as
    /// `PCUMID000FSA5CD6`.
    ServiceId, "service id"
);
service_text!(
    /// Where the service is given (`OtipassPSpaceId`), such as
    /// `PROVIDER#PCUMID000FSA5CD6`.
    SpaceId, "space id"
);

impl SpaceId {
    /// How every published space id begins; its service id follows. Assumed to
    /// hold for all of them.
    pub const PREFIX: &str = "PROVIDER#";

    /// Whether this space is the one of `service`.
    #[must_use]
    pub fn belongs_to(&self, service: &ServiceId) -> bool {
        self.0.strip_prefix(Self::PREFIX) == Some(service.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_kept_in_capitals_and_belong_together_in_any_case() {
        let service: ServiceId = " pcumid000fsa5cd6 ".parse().unwrap();
        assert_eq!(service.as_str(), "PCUMID000FSA5CD6");
        for (space, belongs) in [
            ("PROVIDER#PCUMID000FSA5CD6", true),
            ("provider#PcuMid000fsa5cd6", true),
            ("PROVIDER#PCUMID000FS4D3C1", false),
            ("PCUMID000FSA5CD6", false),
        ] {
            assert_eq!(
                space.parse::<SpaceId>().unwrap().belongs_to(&service),
                belongs,
                "{space}"
            );
        }
        for wrong in ["", "  ", "A B", "É", &"x".repeat(65)] {
            assert!(wrong.parse::<ServiceId>().is_err(), "{wrong}");
        }
    }
}
