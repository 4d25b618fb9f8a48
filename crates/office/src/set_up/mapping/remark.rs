//! What there is to say of a line of the mapping parameters, and the buttons that
//! cure it.

use crate::SetUp;
use crate::access;
use crate::findings::{Words, ways, words};
use crate::frame::Frame;
use ::doctor::{Finding, Part, Severity};
use kernel::Language;
use kernel::text::fill;
use otipass::cure::{Cure, Deed, cures, replaced, with_num_type};
use otipass::{MappingFinding, read_mapping};

use super::Way;

kernel::texts!(Texts in Fr, En {
    insert: "Écrire ici « {what} »", "Write “{what}” here";
    take_out: "Supprimer « {what} »", "Take out “{what}”";
    replace: "Remplacer « {wrong} » par « {right} »", "Write “{right}” instead of “{wrong}”";
    keep: "Garder l’entrée de la ligne {line}", "Keep the entry of line {line}";
});

/// What there is to say of one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MappingRemark {
    pub(super) line: usize,
    pub(super) severity: Severity,
    /// Whether the parameters cannot be used until this is cured.
    pub(super) keeps_from_use: bool,
    pub(super) words: Words,
    pub(super) buttons: Vec<Button>,
    pub(super) ways: Vec<Way>,
}

/// A button that cures at one click.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Button {
    /// What the form sends.
    pub(super) value: String,
    pub(super) label: String,
}

/// A cure as a form names it: the finding, its place, and which of its cures.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Name<'a> {
    code: &'a str,
    line: usize,
    column: usize,
    choice: usize,
}

impl<'a> Name<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut words = text.split(' ');
        let name = Self {
            code: words.next()?,
            line: words.next()?.parse().ok()?,
            column: words.next()?.parse().ok()?,
            choice: words.next()?.parse().ok()?,
        };
        words.next().is_none().then_some(name)
    }

    fn text(&self) -> String {
        let Self {
            code,
            line,
            column,
            choice,
        } = self;
        format!("{code} {line} {column} {choice}")
    }
}

/// A finding at its place, with its cures.
struct Case<'f> {
    line: usize,
    column: usize,
    said: Said<'f>,
    cures: Vec<Cure>,
}

enum Said<'f> {
    /// The reader of the text says it.
    Reader(MappingFinding),
    /// The doctor says it, who knows the rest of the set-up, too.
    Doctor(&'f Finding),
}

impl Said<'_> {
    fn code(&self) -> &str {
        match self {
            Self::Reader(found) => found.code,
            Self::Doctor(found) => found.code,
        }
    }
}

/// Everything there is to say of `text`, in its order.
fn cases<'f>(text: &str, findings: &'f [Finding]) -> Vec<Case<'f>> {
    let read = read_mapping(text).findings;
    let is_read = |found: &Finding, line, column| {
        let mut read = read.iter();
        found.part == Part::Mapping
            && read.any(|r| (r.code, r.line, r.column) == (found.code, line, column))
    };
    let of_doctor = findings.iter().filter_map(|found| {
        let at = found.mapped_at?;
        if is_read(found, at.line, at.column) {
            return None;
        }
        let cure = match (&found.meant, found.code) {
            (Some(meant), _) => replaced(text, at.line, at.column, meant),
            (None, "num_type_missing") => with_num_type(text),
            (None, _) => None,
        };
        Some(Case {
            line: at.line,
            column: at.column,
            said: Said::Doctor(found),
            cures: cure.into_iter().collect(),
        })
    });
    let mut cases: Vec<_> = of_doctor.collect();
    cases.extend(read.iter().map(|found| Case {
        line: found.line,
        column: found.column,
        cures: cures(text, found),
        said: Said::Reader(found.clone()),
    }));
    cases.sort_by_key(|case| (case.line, case.column));
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
    let remark = |case: Case<'_>| {
        let name = |choice| Name {
            code: case.said.code(),
            line: case.line,
            column: case.column,
            choice,
        };
        let buttons = case.cures.iter().enumerate().map(|(choice, cure)| Button {
            value: name(choice).text(),
            label: label(&cure.deed, language),
        });
        let buttons = buttons.collect();
        let (severity, keeps_from_use, words, mut ways) = match &case.said {
            Said::Reader(found) => {
                let is_mistake = found.severity == otipass::Severity::Mistake;
                let severity = if is_mistake {
                    Severity::Mistake
                } else {
                    Severity::Note
                };
                let words = words(found.code, &found.what, &found.cure, language);
                (severity, is_mistake, words, Vec::new())
            }
            Said::Doctor(found) => (
                found.severity,
                false,
                words(found.code, &found.what, &found.cure, language),
                ways(found, set_up, frame),
            ),
        };
        // One is here already.
        ways.retain(|(path, _)| *path != access::MAPPING);
        MappingRemark {
            line: case.line,
            severity,
            keeps_from_use,
            words,
            buttons,
            ways,
        }
    };
    cases(text, findings).into_iter().map(remark).collect()
}

/// The text after the cure that a form names. Where something was written above
/// it since, its place has moved: then it is the only one of its kind, or nobody
/// knows which is meant.
pub(super) fn chosen(text: &str, findings: &[Finding], name: &str) -> Option<String> {
    let name = Name::parse(name)?;
    let mut alike: Vec<_> = cases(text, findings)
        .into_iter()
        .filter(|case| case.said.code() == name.code && case.cures.len() > name.choice)
        .collect();
    let here = |case: &Case<'_>| (case.line, case.column) == (name.line, name.column);
    let index = match alike.iter().position(here) {
        Some(index) => index,
        None if alike.len() == 1 => 0,
        None => return None,
    };
    Some(alike.swap_remove(index).cures.swap_remove(name.choice).text)
}

fn label(deed: &Deed, language: Language) -> String {
    let t = Texts::of(language);
    match deed {
        Deed::Insert(what) => fill(t.insert, &[("what", what)]),
        Deed::TakeOut(what) => fill(t.take_out, &[("what", what)]),
        Deed::Replace { wrong, right } => fill(t.replace, &[("wrong", wrong), ("right", right)]),
        Deed::Keep { line } => fill(t.keep, &[("line", &line.to_string())]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::doctor::Position;
    use staff::Role;

    const GOOD: &str = include_str!("../../../../../examples/villeneuve/mapping.json");

    fn remarks_of(text: &str, findings: &[Finding]) -> Vec<MappingRemark> {
        let frame = Frame::sample(Language::En, Some(Role::Administrator));
        remarks(text, findings, &SetUp::default(), &frame)
    }

    fn found(part: Part, code: &'static str, line: usize, meant: Option<&str>) -> Finding {
        Finding {
            part,
            severity: Severity::Mistake,
            code,
            place: "here".to_owned(),
            what: "It is wrong.".to_owned(),
            cure: "Cure it.".to_owned(),
            mapped_at: Some(Position { line, column: 5 }),
            meant: meant.map(str::to_owned),
        }
    }

    #[test]
    fn a_misspelt_sector_has_its_cure_at_its_line() {
        let wrong = GOOD.replacen("VN_AUG", "VN_AUX", 1);
        let findings = [found(
            Part::Site,
            "mapped_sector_unknown",
            4,
            Some("VN_AUG"),
        )];
        let remarks = remarks_of(&wrong, &findings);
        assert_eq!(remarks.len(), 1);
        assert!(!remarks[0].keeps_from_use && remarks[0].line == 4);
        assert_eq!(
            remarks[0].ways,
            [(access::PLACES, "Sectors, doors, devices")]
        );
        let button = &remarks[0].buttons[0];
        assert_eq!(button.value, "mapped_sector_unknown 4 5 0");
        assert_eq!(button.label, "Write “VN_AUG” instead of “VN_AUX”");
        assert_eq!(
            chosen(&wrong, &findings, &button.value).as_deref(),
            Some(GOOD)
        );
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
        let mut twin = found(Part::Mapping, "comma_missing", read.line, None);
        twin.mapped_at = Some(Position {
            line: read.line,
            column: read.column,
        });
        let remarks = remarks_of(&wrong, &[twin]);
        assert_eq!(remarks.len(), 1);
        assert!(remarks[0].keeps_from_use);
        assert_eq!(remarks[0].buttons.len(), 1);
    }

    #[test]
    fn a_cure_follows_its_place_only_where_it_is_the_only_one() {
        let wrong = GOOD.replacen("\"villeneuve\",", "\"villeneuve\"", 1);
        let name = remarks_of(&wrong, &[])[0].buttons[0].value.clone();
        let moved = format!("\n\n{wrong}");
        assert_eq!(chosen(&moved, &[], &name), Some(format!("\n\n{GOOD}")));
        let two = moved.replacen("\"VN26\",", "\"VN26\"", 1);
        assert_eq!(chosen(&two, &[], &name), None);
        assert_eq!(chosen(GOOD, &[], &name), None);
    }

    #[test]
    fn num_type_is_written_where_the_doctor_misses_it() {
        let findings = [found(Part::Mapping, "num_type_missing", 2, None)];
        let remarks = remarks_of(GOOD, &findings);
        let cured = chosen(GOOD, &findings, &remarks[0].buttons[0].value).unwrap();
        let mapping = read_mapping(&cured).mapping.unwrap();
        assert_eq!(mapping.num_type, otipass::NumType::Serial);
    }
}
