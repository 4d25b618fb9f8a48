//! What there is to say of a line of the mapping parameters, and the buttons that
//! cure it.

use crate::findings::ways;
use crate::page::*;
use kernel::finding::{Finding, Position, Severity};
use otipass::cure::{Cure, Deed, cures, replaced, with_num_type};
use otipass::read_mapping;
use std::fmt::Display;

use super::Way;

kernel::texts!(Texts in Fr, En {
    insert: "Écrire ici « {what} »", "Write “{what}” here";
    take_out: "Supprimer « {what} »", "Take out “{what}”";
    replace: "Remplacer « {wrong} » par « {right} »", "Write “{right}” instead of “{wrong}”";
    mend_site: "Sur le site : renommer « {wrong} » en « {right} »", "In the site: rename “{wrong}” to “{right}”";
    keep: "Garder l’entrée de la ligne {line}", "Keep the entry of line {line}";
});

/// What there is to say of one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MappingRemark {
    pub(super) line: usize,
    pub(super) severity: Severity,
    /// Whether the parameters cannot be used until this is cured.
    pub(super) keeps_from_use: bool,
    /// What is wrong, and what to do.
    pub(super) text: String,
    /// Buttons that cure it at one click: what each sends, and its label.
    pub(super) buttons: Vec<(String, String)>,
    pub(super) ways: Vec<Way>,
}

/// A finding at its place, with its cures.
struct Case {
    at: Position,
    finding: Finding,
    /// Whether the reader of the text says it, not only the doctor, who knows the
    /// rest of the set-up, too.
    is_read: bool,
    cures: Vec<Cure>,
}

/// Everything there is to say of `text`, in its order.
fn cases(text: &str, findings: &[Finding]) -> Vec<Case> {
    let read = read_mapping(text).findings;
    let is_new = |found: &&Finding| {
        let is_it = |r: &Finding| {
            (r.part, r.code, r.mapped_at) == (found.part, found.code, found.mapped_at)
        };
        !read.iter().any(is_it)
    };
    let of_doctor = findings.iter().filter(is_new).filter_map(|finding| {
        let at = finding.mapped_at?;
        let cure = match (&finding.meant, finding.code) {
            (Some(meant), _) => replaced(text, at.line, at.column, meant),
            (None, "num_type_missing") => with_num_type(text),
            (None, _) => None,
        };
        Some(Case {
            at,
            finding: finding.clone(),
            is_read: false,
            cures: cure.into_iter().collect(),
        })
    });
    let of_reader = read.iter().filter_map(|finding| {
        Some(Case {
            at: finding.mapped_at?,
            cures: cures(text, finding),
            finding: finding.clone(),
            is_read: true,
        })
    });
    let mut cases: Vec<_> = of_doctor.chain(of_reader).collect();
    cases.sort_by_key(|case| case.at);
    cases
}

/// What there is to say of `text`, by its reader and by the doctor's `findings`.
pub(super) fn remarks(
    text: &str,
    findings: &[Finding],
    set_up: &SetUp,
    frame: &Frame,
) -> Vec<MappingRemark> {
    let language = frame.formats.language;
    let remark = |case: Case| {
        let finding = &case.finding;
        let Position { line, column } = case.at;
        let buttons = case.cures.iter().enumerate().map(|(choice, cure)| {
            let name = format!("{} {line} {column} {choice}", finding.code);
            (name, label(&cure.deed, language))
        });
        let mut buttons: Vec<_> = buttons.collect();
        if set_up.site == Managed::Here
            && let Some((wrong, right)) = slip(text, finding)
        {
            let words = [("wrong", &wrong as &dyn Display), ("right", &right)];
            let label = fill(Texts::of(language).mend_site, &words);
            buttons.push((format!("{MEND_SITE}{line} {column}"), label));
        }
        let mut ways = ways(finding, set_up, frame);
        // One is here already.
        ways.retain(|(path, _)| *path != access::MAPPING);
        MappingRemark {
            line,
            severity: finding.severity,
            keeps_from_use: case.is_read && finding.severity == Severity::Mistake,
            text: format!("{} {}", finding.what(language), finding.cure(language)),
            buttons,
            ways,
        }
    };
    cases(text, findings).into_iter().map(remark).collect()
}

/// The text after the cure that a form names: by the finding, its line and column, and
/// which of its cures. Where something was written above
/// it since, its place has moved: then it is the only one of its kind, or nobody
/// knows which is meant.
pub(super) fn chosen(text: &str, findings: &[Finding], name: &str) -> Option<String> {
    let words: Vec<_> = name.split(' ').collect();
    let [code, line, column, choice] = words[..] else {
        return None;
    };
    let (line, column) = (line.parse().ok()?, column.parse().ok()?);
    let choice: usize = choice.parse().ok()?;
    let mut alike: Vec<_> = cases(text, findings)
        .into_iter()
        .filter(|case| case.finding.code == code && case.cures.len() > choice)
        .collect();
    let here = |case: &Case| case.at == Position { line, column };
    let index = match alike.iter().position(here) {
        Some(index) => index,
        None if alike.len() == 1 => 0,
        None => return None,
    };
    Some(alike.swap_remove(index).cures.swap_remove(choice).text)
}

/// What a button sends that mends the site instead; the place follows.
const MEND_SITE: &str = "site ";

/// A sector's code in the site, and the one in the mapping parameters that it may be a
/// slip of: nobody but the reader knows which of the two is right.
fn slip(text: &str, finding: &Finding) -> Option<(String, String)> {
    if finding.code != "mapped_sector_unknown" {
        return None;
    }
    let outline = read_mapping(text).outline;
    let mut sectors = outline.sectors.into_iter();
    let written = sectors.find(|sector| Some(sector.code.at) == finding.mapped_at)?;
    Some((finding.meant.clone()?, written.code.text))
}

/// The sector of the site that a form asks to be given the code that stands in the
/// mapping parameters, and that code.
pub(super) fn mended(
    text: &str,
    findings: &[Finding],
    name: &str,
) -> Option<(SectorCode, SectorCode)> {
    let (line, column) = name.strip_prefix(MEND_SITE)?.split_once(' ')?;
    let (line, column) = (line.parse().ok()?, column.parse().ok()?);
    let at = Some(Position { line, column });
    let finding = findings
        .iter()
        .find(|finding| finding.code == "mapped_sector_unknown" && finding.mapped_at == at)?;
    let (wrong, right) = slip(text, finding)?;
    Some((wrong.parse().ok()?, right.parse().ok()?))
}

fn label(deed: &Deed, language: Language) -> String {
    let t = Texts::of(language);
    match deed {
        Deed::Insert(what) => fill(t.insert, &[("what", what)]),
        Deed::TakeOut(what) => fill(t.take_out, &[("what", what)]),
        Deed::Replace { wrong, right } => fill(t.replace, &[("wrong", wrong), ("right", right)]),
        Deed::Keep { line } => fill(t.keep, &[("line", line)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::finding;
    use staff::Role;

    const GOOD: &str = include_str!("../../../../../examples/villeneuve/mapping.json");

    fn remarks_of(text: &str, findings: &[Finding]) -> Vec<MappingRemark> {
        let frame = Frame::sample(Language::En, Some(Role::Administrator));
        remarks(text, findings, &SetUp::default(), &frame)
    }

    fn found(code: &'static str, at: Position, meant: Option<&str>) -> Finding {
        finding(code, at.into()).concerning(at, meant)
    }

    const fn at(line: usize) -> Position {
        Position { line, column: 5 }
    }

    #[test]
    fn a_misspelt_sector_has_its_cure_at_its_line() {
        let wrong = GOOD.replacen("VN_AUG", "VN_AUX", 1);
        let findings = [found("mapped_sector_unknown", at(4), Some("VN_AUG"))];
        let remarks = remarks_of(&wrong, &findings);
        assert_eq!(remarks.len(), 1);
        assert!(!remarks[0].keeps_from_use && remarks[0].line == 4);
        assert_eq!(
            remarks[0].ways,
            [(access::PLACES, "Sectors, doors, devices")]
        );
        let mend = &remarks[0].buttons[1];
        assert_eq!(mend.1, "In the site: rename “VN_AUG” to “VN_AUX”");
        let codes = ["VN_AUG", "VN_AUX"].map(|code| code.parse().unwrap());
        assert_eq!(mended(&wrong, &findings, &mend.0), Some(codes.into()));
        assert_eq!(mended(&wrong, &[], &mend.0), None);
        let button = &remarks[0].buttons[0];
        assert_eq!(button.0, "mapped_sector_unknown 4 5 0");
        assert_eq!(button.1, "Write “VN_AUG” instead of “VN_AUX”");
        assert_eq!(chosen(&wrong, &findings, &button.0).as_deref(), Some(GOOD));
        assert_eq!(
            chosen(&wrong, &findings, "mapped_sector_unknown 4 5 1"),
            None
        );
        assert_eq!(chosen(&wrong, &findings, "mapped_sector_unknown 4 5"), None);
    }

    #[test]
    fn what_the_reader_says_is_said_once() {
        let wrong = GOOD.replacen("\"villeneuve\",", "\"villeneuve\"", 1);
        let read = &read_mapping(&wrong).findings[0];
        let twin = found("comma_missing", read.mapped_at.unwrap(), None);
        let remarks = remarks_of(&wrong, &[twin]);
        assert_eq!(remarks.len(), 1);
        assert!(remarks[0].keeps_from_use);
        assert_eq!(remarks[0].buttons.len(), 1);
    }

    #[test]
    fn a_cure_follows_its_place_only_where_it_is_the_only_one() {
        let wrong = GOOD.replacen("\"villeneuve\",", "\"villeneuve\"", 1);
        let name = remarks_of(&wrong, &[])[0].buttons[0].0.clone();
        let moved = format!("\n\n{wrong}");
        assert_eq!(chosen(&moved, &[], &name), Some(format!("\n\n{GOOD}")));
        let two = moved.replacen("\"VN26\",", "\"VN26\"", 1);
        assert_eq!(chosen(&two, &[], &name), None);
        assert_eq!(chosen(GOOD, &[], &name), None);
    }

    #[test]
    fn num_type_is_written_where_the_doctor_misses_it() {
        let findings = [found("num_type_missing", at(2), None)];
        let remarks = remarks_of(GOOD, &findings);
        let cured = chosen(GOOD, &findings, &remarks[0].buttons[0].0).unwrap();
        let mapping = read_mapping(&cured).mapping.unwrap();
        assert_eq!(mapping.num_type, otipass::NumType::Serial);
    }
}
