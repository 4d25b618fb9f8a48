//! An enum in Rust, a word outside.

use std::fmt;

/// A text that is none of the words it could be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownWord {
    kind: &'static str,
    words: Vec<&'static str>,
    found: String,
}

/// The most characters of an unknown word that are repeated.
const SHOWN_CHARS: usize = 32;

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no {}; choose ", self.found, self.kind)?;
        match self.words.as_slice() {
            [most @ .., last] if !most.is_empty() => write!(f, "{} or {last}", most.join(", ")),
            words => f.write_str(&words.concat()),
        }
    }
}

impl std::error::Error for UnknownWord {}

/// Whether a word may be written in capitals as well as in small letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// Only as it was declared.
    Told,
    /// Either way.
    Ignored,
}

/// What is a word outside, as an enum made by [`words!`](crate::words).
pub trait Word: Copy + 'static {
    /// What such a word names, for messages.
    const KIND: &'static str;
    /// All values, as declared.
    const VALUES: &'static [Self];
    /// Whether capitals and small letters are told apart.
    const CASE: Case = Case::Told;

    /// The word for it outside.
    fn word(self) -> &'static str;

    /// The value that `text` names, letter for letter.
    ///
    /// # Errors
    /// There is no such word.
    fn read(text: &str) -> Result<Self, UnknownWord> {
        let mut values = Self::VALUES.iter().copied();
        let value = values.find(|value| match Self::CASE {
            Case::Told => value.word() == text,
            Case::Ignored => value.word().eq_ignore_ascii_case(text),
        });
        value.ok_or_else(|| {
            let mut found: String = text.chars().take(SHOWN_CHARS).collect();
            if found.len() < text.len() {
                found.push('…');
            }
            UnknownWord {
                kind: Self::KIND,
                words: Self::VALUES.iter().map(|value| value.word()).collect(),
                found,
            }
        })
    }
}

/// Declares an enum whose values are words outside: in JSON, in the
/// configuration, in forms and in the database. It is [`Copy`] and compares;
/// what else it derives stands with it. After the kind may follow `Ignored`: then
/// the words are read in capitals, too.
///
/// ```
/// kernel::words! {
///     /// Which way a visitor passes the door.
///     #[derive(Default)]
///     pub enum Direction: "direction" {
///         /// In.
///         #[default]
///         Entry = "entry",
///         /// Out.
///         Exit = "exit",
///     }
/// }
///
/// assert_eq!("exit".parse(), Ok(Direction::Exit));
/// assert_eq!(Direction::ALL.map(Direction::as_str), ["entry", "exit"]);
/// let error = "in".parse::<Direction>().unwrap_err();
/// assert_eq!(error.to_string(), "\"in\" is no direction; choose entry or exit");
/// ```
#[macro_export]
macro_rules! words {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident: $kind:literal $(, $case:ident)? {
            $($(#[$of_value:meta])* $value:ident = $word:literal),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        $vis enum $name {
            $($(#[$of_value])* $value),+
        }

        impl $name {
            /// Every value there is.
            $vis const ALL: [Self; [$($word),+].len()] = [$(Self::$value),+];

            /// The word for it outside.
            #[must_use]
            $vis const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $word),+
                }
            }
        }

        $crate::as_word!($name: $kind $(, $case)?);
    };
}

/// Makes a type with `ALL` and `as_str` a [`Word`]: read and written as text.
#[macro_export]
macro_rules! as_word {
    ($name:ident: $kind:literal $(, $case:ident)?) => {
        impl $crate::Word for $name {
            const KIND: &'static str = $kind;
            const VALUES: &'static [Self] = &Self::ALL;
            $(const CASE: $crate::Case = $crate::Case::$case;)?

            fn word(self) -> &'static str {
                self.as_str()
            }
        }

        impl ::core::fmt::Display for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl ::core::str::FromStr for $name {
            type Err = $crate::UnknownWord;

            fn from_str(text: &str) -> Result<Self, $crate::UnknownWord> {
                <Self as $crate::Word>::read(text)
            }
        }

        $crate::as_text!($name, |word| word.as_str());
    };
}

/// As [`words!`](crate::words), for the words of someone who may use others,
/// too: those are kept as `Other`.
#[macro_export]
macro_rules! open_words {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident {
            $($(#[$of_value:meta])* $value:ident = $word:literal),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        $vis enum $name {
            $($(#[$of_value])* $value,)+
            /// Any other text.
            Other(String),
        }

        impl $name {
            /// The word for it outside.
            #[must_use]
            $vis fn as_str(&self) -> &str {
                match self {
                    $(Self::$value => $word,)+
                    Self::Other(text) => text,
                }
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $($word => Self::$value,)+
                    _ => Self::Other(text.to_owned()),
                }
            }
        }

        impl ::core::fmt::Display for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl ::core::str::FromStr for $name {
            type Err = ::core::convert::Infallible;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Ok(Self::from(text))
            }
        }

        $crate::as_text!($name, |word| word.as_str());
    };
}

#[cfg(test)]
mod tests {
    use crate::{FromValue, Value};

    words! {
        /// Of a lamp.
        #[derive(PartialOrd, Ord, Default)]
        enum Light: "light" {
            /// Stop.
            Red = "red",
            /// Soon.
            #[default]
            Amber = "AMBER_LIGHT",
            /// Go.
            Green = "green",
        }
    }

    open_words! {
        /// Of someone else's lamp.
        enum Their {
            /// Stop.
            Red = "RED",
        }
    }

    #[test]
    fn each_value_is_read_back_from_json_and_from_the_database() {
        for light in Light::ALL {
            assert_eq!(light.to_string().parse(), Ok(light));
            assert_eq!(Light::from_value(&Value::from(light)), Ok(light));
            let json = serde_json::to_string(&light).unwrap();
            assert_eq!(json, format!("\"{light}\""));
            assert_eq!(serde_json::from_str::<Light>(&json).unwrap(), light);
        }
        assert_eq!(format!("{:>6}", Light::Red), "   red");
        assert!(Light::default() < Light::Green);
    }

    #[test]
    fn an_unknown_word_is_shown_cut_with_those_there_are() {
        let said = "\"Red\" is no light; choose red, AMBER_LIGHT or green";
        assert_eq!("Red".parse::<Light>().unwrap_err().to_string(), said);
        let error = serde_json::from_str::<Light>("\"Red\"").unwrap_err();
        assert!(error.to_string().starts_with(said), "{error}");
        let error = Light::from_value(&Value::from("Red")).unwrap_err();
        assert_eq!(error, format!("cannot be read: {said}"));
        let long = "é".repeat(1_000).parse::<Light>().unwrap_err().to_string();
        assert!(
            long.starts_with(&format!("\"{}…\"", "é".repeat(32))),
            "{long}"
        );
    }

    #[test]
    fn other_words_than_ours_are_kept() {
        for (text, word) in [("RED", Their::Red), ("red", Their::Other("red".into()))] {
            assert_eq!(Their::from(text), word);
            assert_eq!(Their::from_value(&Value::from(&word)), Ok(word));
        }
    }
}
