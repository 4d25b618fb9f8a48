//! Which code is meant by one that nobody knows.

/// How many characters may differ: more is another code, not a slip.
const MOST_CHANGES: usize = 2;

/// The code that is meant by `written`: the nearest of `known`, whatever the
/// case, if it is near and no other is as near.
#[must_use]
pub fn meant<'k>(written: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let written = written.trim().to_uppercase();
    let mut near: Vec<_> = known
        .into_iter()
        .map(|known| (distance(&written, &known.to_uppercase()), known))
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

/// How many characters must be put in, taken out or replaced to get from one
/// text to the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(a != *b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[other.len()]
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
            assert_eq!(distance(one, other), expected, "{one} {other}");
            assert_eq!(distance(other, one), expected, "{other} {one}");
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
