//! Texts in both languages. Each page declares its own with [`texts!`]; one
//! that is missing in a language does not compile.

/// Declares a struct of texts: `key: "in French", "in English";`.
macro_rules! texts {
    ($name:ident { $($key:ident: $fr:literal, $en:literal;)* }) => {
        #[derive(Debug)]
        pub(crate) struct $name { $(pub(crate) $key: &'static str),* }

        impl $name {
            /// The texts in a language.
            pub(crate) const fn of(language: staff::Language) -> &'static Self {
                $(const { assert!(
                    $crate::text::slots($fr) == $crate::text::slots($en),
                    concat!("the languages differ in what is filled in: ", stringify!($key)),
                ) };)*
                $(const { assert!(
                    !$crate::text::tears($fr),
                    concat!("a line may break before a mark or within quotes: ", stringify!($key)),
                ) };)*
                match language {
                    staff::Language::Fr => &Self { $($key: $fr),* },
                    staff::Language::En => &Self { $($key: $en),* },
                }
            }
        }
    };
}

pub(crate) use texts;

/// How many places a text has to fill in.
pub(crate) const fn slots(text: &str) -> usize {
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
pub(crate) fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    // One walk: what is filled in is not looked through again.
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let (name, behind) = after.split_once('}').unwrap_or((after, ""));
        let value = values.iter().find(|(known, _)| *known == name);
        filled.push_str(value.map_or("", |(_, value)| value));
        rest = behind;
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_is_not_looked_through() {
        let filled = fill("{a} and {b}.", &[("a", "{b}"), ("b", "two")]);
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
