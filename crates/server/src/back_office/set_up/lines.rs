//! A text with what is wrong in it, each under its line. The rules are those of
//! whoever reads the text; here stand only the places and the cures.

use gate::Site;
use kernel::SectorCode;
use otipass::Severity;

/// What there is to say of one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Remark {
    /// The line, from 1.
    pub(super) line: usize,
    /// Whether it stands in the way.
    pub(super) is_mistake: bool,
    /// What is wrong, and what to do.
    pub(super) text: String,
    /// What one click would write instead of what.
    pub(super) cure: Option<(String, String)>,
}

/// A line of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) number: usize,
    pub(super) text: String,
    pub(super) remarks: Vec<Remark>,
}

/// The lines that have remarks, with theirs.
pub(super) fn remarked(text: &str, remarks: &[Remark]) -> Vec<Line> {
    let of = |number: usize| -> Vec<Remark> {
        let mine = remarks.iter().filter(|remark| remark.line == number);
        mine.cloned().collect()
    };
    let last = text.lines().count().max(1);
    let lines = text.lines().chain(text.is_empty().then_some(""));
    let mut lines: Vec<Line> = lines
        .zip(1..)
        .map(|(line, number)| Line {
            number,
            text: line.to_owned(),
            remarks: of(number),
        })
        .filter(|line| !line.remarks.is_empty())
        .collect();
    // What stands behind the end belongs to it.
    let behind = remarks.iter().filter(|remark| remark.line > last);
    for remark in behind {
        lines.push(Line {
            number: remark.line,
            text: String::new(),
            remarks: vec![remark.clone()],
        });
    }
    lines
}

pub(super) fn of_mapping(text: &str, site: Option<&Site>) -> Vec<Remark> {
    let reading = otipass::read_mapping(text);
    let mut remarks: Vec<Remark> = reading
        .findings
        .iter()
        .map(|found| Remark {
            line: found.line,
            is_mistake: found.severity == Severity::Mistake,
            text: format!("{} {}", found.what, found.cure),
            cure: None,
        })
        .collect();
    if let (Some(mapping), Some(site)) = (reading.mapping, site) {
        let unknown = mapping.sectors.keys();
        let unknown = unknown.filter(|code| !site.sectors.contains_key(code));
        remarks.extend(unknown.map(|code| misspelt(text, code, site, &mapping)));
    }
    remarks.sort_by_key(|remark| remark.line);
    remarks
}

/// A sector that the site does not have, and the one that may be meant: the
/// nearest that nothing is mapped to yet, if it is near and the only one.
fn misspelt(text: &str, code: &SectorCode, site: &Site, mapping: &otipass::Mapping) -> Remark {
    let quoted = format!("\"{code}\"");
    let line = text.lines().position(|line| line.contains(&quoted));
    let free = site
        .sectors
        .keys()
        .filter(|known| !mapping.sectors.contains_key(known));
    let mut near: Vec<_> = free
        .map(|known| (distance(code.as_str(), known.as_str()), known))
        .filter(|(distance, _)| *distance <= 2)
        .collect();
    near.sort();
    let meant = match near.as_slice() {
        [(_, only)] => Some(only),
        [(nearest, first), (next, _), ..] if nearest < next => Some(first),
        _ => None,
    };
    Remark {
        line: line.map_or(1, |line| line + 1),
        is_mistake: false,
        text: format!("The site has no sector {code}: nobody is admitted there by it."),
        cure: meant.map(|meant| (code.to_string(), meant.to_string())),
    }
}

/// How many characters must be put in, taken out or replaced.
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

pub(super) fn of_site(text: &str) -> (Option<Site>, Vec<Remark>) {
    let (site, findings) = gate::read_site(text);
    let is_mistake = site.is_none();
    let remarks = findings.into_iter().map(|found| Remark {
        line: found.line,
        is_mistake,
        text: format!("{} {}", found.what, found.cure),
        cure: None,
    });
    (site, remarks.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SITE: &str = include_str!("../../../../../examples/villeneuve/site.toml");
    const MAPPING: &str = include_str!("../../../../../examples/villeneuve/mapping.json");

    #[test]
    fn distances_count_changes() {
        for (one, other, expected) in [
            ("", "", 0),
            ("VN_AUG", "VN_AUG", 0),
            ("VN_AUG", "VN_AUX", 1),
            ("VN_AUG", "VNAUG", 1),
            ("VN_AUG", "NV_AUG", 2),
            ("", "abc", 3),
        ] {
            assert_eq!(distance(one, other), expected, "{one} {other}");
            assert_eq!(distance(other, one), expected, "{other} {one}");
        }
    }

    #[test]
    fn a_misspelt_sector_has_its_cure_at_its_line() {
        let (site, _) = gate::read_site(SITE);
        assert_eq!(of_mapping(MAPPING, site.as_ref()), []);
        let wrong = MAPPING.replacen("VN_AUG", "VN_AUX", 1);
        let remarks = of_mapping(&wrong, site.as_ref());
        let cure = Some(("VN_AUX".to_owned(), "VN_AUG".to_owned()));
        assert_eq!((remarks[0].line, &remarks[0].cure), (4, &cure));
        assert_eq!(remarked(&wrong, &remarks)[0].number, 4);
    }
}
