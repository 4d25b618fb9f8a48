//! Which code is meant by one that nobody knows.

use strsim::{levenshtein, osa_distance};

/// How many characters may differ: more is another code, not a slip.
const MOST_CHANGES: usize = 2;

/// The code that is meant by `written`: the nearest of `known`, whatever the
/// case, if it is near and no other is as near.
#[must_use]
pub fn meant<'k>(written: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let written = written.trim().to_uppercase();
    let mut near: Vec<_> = known
        .into_iter()
        .map(|known| (levenshtein(&written, &known.to_uppercase()), known))
        .filter(|(changes, known)| {
            // Of a code of two characters, two changes leave nothing.
            *changes <= MOST_CHANGES && *changes < known.chars().count()
        })
        .collect();
    near.sort_unstable();
    match near.as_slice() {
        [(_, only)] => Some(only),
        [(nearest, first), (next, _), ..] if nearest < next => Some(first),
        _ => None,
    }
}

/// Whether one code is the other but for a slip of the pen: a letter put in, left out
/// or taken for another, two letters swapped, or other capitals. Codes that differ in
/// their digits are numbered, and no slip.
#[must_use]
pub fn is_slip(one: &str, other: &str) -> bool {
    let [one, other] = [one, other].map(|code| code.trim().to_uppercase());
    if one == other {
        return true;
    }
    let letters = |code: &str| code.replace(|c: char| c.is_ascii_digit(), "");
    let shortest = one.chars().count().min(other.chars().count());
    shortest > 1 && letters(&one) != letters(&other) && osa_distance(&one, &other) == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_changes() {
        for (one, other, expected) in [
            ("", "", 0),
            ("VN_AUG", "VN_AUG", 0),
            ("VN_AUG", "VN_AUX", 1),
            ("VN_AUG", "VNAUG", 1),
            ("VN_AUG", "VN_AUGE", 1),
            ("VN_AUG", "NV_AUG", 2),
            ("VN_RAY", "VN_AUG", 3),
            ("VN_AUG", "", 6),
            ("", "abc", 3),
        ] {
            assert_eq!(levenshtein(one, other), expected, "{one} {other}");
            assert_eq!(levenshtein(other, one), expected, "{other} {one}");
        }
    }

    #[test]
    fn a_slip_is_one_letter_and_no_number() {
        for (one, other, expected) in [
            ("VN_AUX", "VN_AUG", true),
            ("VN_AU", "VN_AUG", true),
            ("vn_aug", "VN_AUG", true),
            ("VN_GUA", "VN_GAU", true),
            ("VN_RAY", "VN_AUG", false),
            ("PDA01", "PDA02", false),
            ("PDA1", "PDA11", false),
            ("D1A", "D2B", false),
            ("A", "B", false),
        ] {
            assert_eq!(is_slip(one, other), expected, "{one} {other}");
            assert_eq!(is_slip(other, one), expected, "{other} {one}");
        }
    }

    #[test]
    fn the_nearest_is_meant_if_it_is_the_only_one() {
        let known = ["VN_AUG", "VN_RAY", "VN_GEO", "VN_CAS"];
        for (written, expected) in [
            ("VN_AUX", Some("VN_AUG")),
            ("vn_aug", Some("VN_AUG")),
            (" VNRAY", Some("VN_RAY")),
            ("VN_GEX", Some("VN_GEO")),
            ("LOUVRE", None),
            ("VN_AAY", Some("VN_RAY")),
            // As near to two of them.
            ("VN_A", None),
            ("VN_XXX", None),
            ("", None),
        ] {
            assert_eq!(meant(written, known), expected, "{written}");
        }
        assert_eq!(meant("VN_AUX", ["VN_AUG", "VN_AUS"]), None);
        assert_eq!(meant("X", ["Y", "ABCDE"]), None);
        assert_eq!(meant("X", []), None);
    }
}
