//! Texts in several languages. Each place declares its own with
//! [`texts!`](crate::texts); one that is missing in a language does not compile.

use std::fmt::{Display, Write as _};

/// Declares a struct of texts for the crate that it stands in, each in French and English, or in all languages:
///
/// ```
/// kernel::texts!(Texts in Fr, En {
///     open: "Ouvert\u{a0}!", "Open!";
///     until: "jusqu’à {hour}", "until {hour}";
/// });
/// kernel::texts!(Signs in En, Fr, De, It, Es {
///     exit: "Exit", "Sortie", "Ausgang", "Uscita", "Salida";
/// });
///
/// assert_eq!(Texts::of(kernel::Language::Fr).open, "Ouvert\u{a0}!");
/// assert_eq!(Signs::of(kernel::Language::De).exit, "Ausgang");
/// ```
///
/// Texts that several places have in common stand `beside` those of each:
///
/// ```
/// kernel::texts!(Common in Fr, En {
///     door: "Porte", "Door";
/// });
/// kernel::texts!(Texts in Fr, En beside Common {
///     open: "Ouvert", "Open";
/// });
///
/// let t = Texts::of(kernel::Language::En);
/// assert_eq!((t.open, t.door), ("Open", "Door"));
/// ```
///
/// Where a text is there in two languages, readers of another get English.
/// That the languages differ in what is filled in, or that a line could break
/// at the wrong place in French, does not compile either.
#[macro_export]
macro_rules! texts {
    ($name:ident in Fr, En { $($key:ident: $fr:literal, $en:literal;)* }) => {
        $crate::texts!(@struct $name { $($key: $fr, [$fr $en];)* }
            Fr { $($key: $fr),* } _ { $($key: $en),* });
    };
    ($name:ident in Fr, En beside $other:path {
        $($key:ident: $fr:literal, $en:literal;)*
    }) => {
        #[derive(Debug)]
        pub(crate) struct $name { beside: &'static $other, $(pub(crate) $key: &'static str),* }

        impl $name {
            /// The texts in a language.
            pub(crate) const fn of(language: $crate::Language) -> &'static Self {
                $($crate::texts!(@whole $key $fr [$fr $en]);)*
                match language {
                    $crate::Language::Fr => const { &Self {
                        beside: <$other>::of($crate::Language::Fr), $($key: $fr),*
                    } },
                    _ => const { &Self {
                        beside: <$other>::of($crate::Language::En), $($key: $en),*
                    } },
                }
            }
        }

        impl ::core::ops::Deref for $name {
            type Target = $other;

            fn deref(&self) -> &$other {
                self.beside
            }
        }
    };
    ($name:ident in En, Fr, De, It, Es {
        $($key:ident: $en:literal, $fr:literal, $de:literal, $it:literal, $es:literal;)*
    }) => {
        $crate::texts!(@struct $name { $($key: $fr, [$en $fr $de $it $es];)* }
            En { $($key: $en),* } Fr { $($key: $fr),* } De { $($key: $de),* }
            It { $($key: $it),* } Es { $($key: $es),* });
    };
    (@struct $name:ident { $($key:ident: $fr:literal, [$($any:literal)*];)* }
        $($language:tt { $($field:ident: $text:literal),* })*) => {
        #[derive(Debug)]
        pub(crate) struct $name { $(pub(crate) $key: &'static str),* }

        impl $name {
            /// The texts in a language.
            pub(crate) const fn of(language: $crate::Language) -> &'static Self {
                $($crate::texts!(@whole $key $fr [$($any)*]);)*
                match language {
                    $($crate::texts!(@pattern $language) => &Self { $($field: $text),* },)*
                }
            }
        }
    };
    (@whole $key:ident $fr:literal [$($any:literal)*]) => {
        const {
            assert!(
                $crate::text::alike(&[$($any),*]),
                concat!("the languages differ in what is filled in: ", stringify!($key)),
            );
            assert!(
                !$crate::text::tears($fr),
                concat!("a line may break before a mark or within quotes: ", stringify!($key)),
            );
        }
    };
    (@pattern _) => { _ };
    (@pattern $language:ident) => { $crate::Language::$language };
}

/// Whether the texts have equally many places to fill in.
#[must_use]
pub const fn alike(texts: &[&str]) -> bool {
    let mut at = 1;
    while at < texts.len() {
        if slots(texts[at]) != slots(texts[0]) {
            return false;
        }
        at += 1;
    }
    true
}

/// How many places a text has to fill in.
const fn slots(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut found) = (0, 0);
    while at < bytes.len() {
        if bytes[at] == b'{' {
            found += 1;
        }
        at += 1;
    }
    found
}

/// Whether a line of a French text could break before a mark or within quotes,
/// where French sets a space: it has to be one that does not break (U+00A0).
#[must_use]
pub const fn tears(french: &str) -> bool {
    let bytes = french.as_bytes();
    let mut at = 0;
    while at + 1 < bytes.len() {
        match (bytes[at], bytes[at + 1]) {
            (b' ', b':' | b';' | b'?' | b'!' | b'%') => return true,
            // U+00AB is C2 AB in UTF-8, and U+00BB is C2 BB.
            (b' ', 0xc2) if at + 2 < bytes.len() && bytes[at + 2] == 0xbb => return true,
            (0xab, b' ') if at > 0 && bytes[at - 1] == 0xc2 => return true,
            _ => at += 1,
        }
    }
    false
}

/// Fills in the places of a text: `{name}`.
#[must_use]
pub fn fill(text: &str, values: &[(&str, &dyn Display)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    // One walk: what is filled in is not looked through again.
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let (name, behind) = after.split_once('}').unwrap_or((after, ""));
        let value = values.iter().find(|(known, _)| *known == name);
        if let Some((_, value)) = value {
            let _ = write!(filled, "{value}");
        }
        rest = behind;
    }
    filled.push_str(rest);
    filled
}

/// Declares a function that finds the texts of a code: `"code": "in French",
/// "in English";`. Where a cure is named behind them, the function takes the texts
/// that have the cures, and gives a cure too.
#[macro_export]
macro_rules! coded {
    ($(#[$meta:meta])* $vis:vis fn $name:ident() { $($code:literal: $fr:literal, $en:literal;)* }) => {
        $(#[$meta])*
        $vis fn $name(code: &str, language: $crate::Language) -> Option<&'static str> {
            $($crate::coded!(@whole $code $fr $en);)*
            Some(match (code, language) {
                $(($code, $crate::Language::Fr) => $fr, ($code, _) => $en,)*
                _ => return None,
            })
        }
    };
    ($(#[$meta:meta])* $vis:vis fn $name:ident($cures:ty) {
        $($code:literal: $fr:literal, $en:literal => $cure:ident;)*
    }) => {
        $(#[$meta])*
        $vis fn $name(code: &str, language: $crate::Language) -> Option<(&'static str, &'static str)> {
            $($crate::coded!(@whole $code $fr $en);)*
            let cures = <$cures>::of(language);
            Some(match (code, language) {
                $(($code, $crate::Language::Fr) => ($fr, cures.$cure), ($code, _) => ($en, cures.$cure),)*
                _ => return None,
            })
        }
    };
    (@whole $code:literal $fr:literal $en:literal) => {
        const { assert!(
            $crate::text::alike(&[$fr, $en]) && !$crate::text::tears($fr),
            concat!("the languages differ, or a line may break before a mark: ", $code),
        ) }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_is_not_looked_through() {
        let filled = fill("{a} and {b}.", &[("a", &"{b}"), ("b", &"two")]);
        assert_eq!(filled, "{b} and two.");
        assert_eq!(slots("{a} and {b}."), 2);
    }

    #[test]
    fn a_text_that_may_break_at_the_wrong_place_is_seen() {
        for torn in [
            "Quoi ?",
            "Ceci : cela",
            "5 % de",
            "« oui\u{a0}»",
            "«\u{a0}oui »",
        ] {
            assert!(tears(torn), "{torn}");
        }
        for whole in ["Quoi\u{a0}?", "«\u{a0}oui\u{a0}»", "de à\u{a0}: é", "", " "] {
            assert!(!tears(whole), "{whole}");
        }
    }
}
