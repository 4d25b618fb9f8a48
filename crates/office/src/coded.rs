//! Texts for codes that come from outside: from the audit log, from a file's
//! report, from the books.

/// Declares a function that finds the texts of a code: `"code": "in French",
/// "in English";`. Where a cure is named behind them, the function takes the texts
/// that have the cures, and gives a cure too.
macro_rules! coded {
    ($(#[$meta:meta])* $vis:vis fn $name:ident() { $($code:literal: $fr:literal, $en:literal;)* }) => {
        $(#[$meta])*
        $vis fn $name(code: &str, language: kernel::Language) -> Option<&'static str> {
            $($crate::coded::coded!(@whole $code $fr $en);)*
            Some(match (code, language) {
                $(($code, kernel::Language::Fr) => $fr, ($code, _) => $en,)*
                _ => return None,
            })
        }
    };
    ($(#[$meta:meta])* $vis:vis fn $name:ident($cures:ty) {
        $($code:literal: $fr:literal, $en:literal => $cure:ident;)*
    }) => {
        $(#[$meta])*
        $vis fn $name(code: &str, language: kernel::Language) -> Option<(&'static str, &'static str)> {
            $($crate::coded::coded!(@whole $code $fr $en);)*
            let cures = <$cures>::of(language);
            Some(match (code, language) {
                $(($code, kernel::Language::Fr) => ($fr, cures.$cure), ($code, _) => ($en, cures.$cure),)*
                _ => return None,
            })
        }
    };
    (@whole $code:literal $fr:literal $en:literal) => {
        const { assert!(
            kernel::text::alike(&[$fr, $en]) && !kernel::text::tears($fr),
            concat!("the languages differ, or a line may break before a mark: ", $code),
        ) }
    };
}

/// What something is called in a language: `pattern => "in French", "in English";`.
macro_rules! said {
    ($language:expr, $what:expr, { $($known:pat => $fr:literal, $en:literal;)* }) => {
        match $what {
            $($known => {
                $crate::coded::coded!(@whole "" $fr $en);
                match $language {
                    kernel::Language::Fr => $fr,
                    _ => $en,
                }
            })*
        }
    };
}

pub(crate) use {coded, said};
