//! Cures of mapping texts at one click: text in, text out.
//!
//! A cure is offered only if the reader then has less to say, and nothing that
//! it did not say before. So no cure makes anything worse, and none changes what
//! was understood already.

mod edit;
mod entry;

use crate::json::{Findings, Node, read};
use crate::mapping::read_mapping;
use edit::{Edit, applied};
use kernel::finding::{Finding, Position, Severity};

/// What a cure does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Writes this.
    Insert(String),
    /// Takes this out.
    TakeOut(String),
    /// Writes the one instead of the other.
    Replace {
        /// What stands there.
        wrong: String,
        /// What is written instead.
        right: String,
    },
    /// Keeps what begins on this line, and takes out what has the same name.
    Keep {
        /// The line, from 1.
        line: usize,
    },
}

/// A cure: what it does, and what becomes of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cure {
    /// What it does.
    pub deed: Deed,
    /// The text after it.
    pub text: String,
}

/// A cure before it is looked at.
struct Proposal {
    deed: Deed,
    edits: Vec<Edit>,
}

impl Proposal {
    fn new(deed: Deed, edit: Edit) -> Self {
        Self {
            deed,
            edits: vec![edit],
        }
    }
}

/// The cures of a finding that [`read_mapping`] has of `text`: none if somebody
/// must say what is right, several if somebody must choose.
#[must_use]
pub fn cures(text: &str, finding: &Finding) -> Vec<Cure> {
    let before = read_mapping(text).findings;
    proposals(text, &root(text), finding)
        .into_iter()
        .filter_map(|proposal| {
            let cured = applied(text, &proposal.edits)?;
            let after = read_mapping(&cured).findings;
            (after.len() < before.len() && nothing_new(&before, &after)).then_some(Cure {
                deed: proposal.deed,
                text: cured,
            })
        })
        .collect()
}

/// `text` without all that the reader only has notes of, such as comments and
/// commas too many; what it means stays. `None` if there is nothing to tidy up.
#[must_use]
pub fn tidied(text: &str) -> Option<String> {
    let mut tidy = text.to_owned();
    // What is left out because it touches something else comes next time.
    for _ in 0..PASSES {
        let before = read_mapping(&tidy).findings;
        let root = root(&tidy);
        let notes = before.iter().filter(|f| f.severity == Severity::Note);
        let edits: Vec<Edit> = notes
            .map(|note| proposals(&tidy, &root, note))
            // Of several somebody must choose.
            .filter(|proposals| proposals.len() == 1)
            .flatten()
            .flat_map(|proposal| proposal.edits)
            .collect();
        let Some(next) = applied(&tidy, &edit::apart(edits)) else {
            break;
        };
        let after = read_mapping(&next).findings;
        if after.len() >= before.len() || !nothing_new(&before, &after) {
            break;
        }
        tidy = next;
    }
    (tidy != text).then_some(tidy)
}

const PASSES: usize = 5;

/// Writes `right` instead of the code or id that stands at a place of `text`.
/// `None` if there is none, or if that would be no code.
#[must_use]
pub fn replaced(text: &str, line: usize, column: usize, right: &str) -> Option<Cure> {
    let at = edit::offset(text, Position { line, column })?;
    let token = edit::token(text, at)?;
    let proposal = Proposal::new(
        Deed::Replace {
            wrong: token.inside.to_owned(),
            right: right.to_owned(),
        },
        Edit::replace(token.range, edit::quoted(right)),
    );
    harmless(text, proposal)
}

/// Writes `"NumType": "serial"` beside the project. `None` if it is there, or if
/// there is no project.
#[must_use]
pub fn with_num_type(text: &str) -> Option<Cure> {
    harmless(text, entry::num_type(text, &root(text))?)
}

fn harmless(text: &str, Proposal { deed, edits }: Proposal) -> Option<Cure> {
    let cured = applied(text, &edits)?;
    let (before, after) = (read_mapping(text).findings, read_mapping(&cured).findings);
    nothing_new(&before, &after).then_some(Cure { deed, text: cured })
}

fn root(text: &str) -> Node {
    read(text, &mut Findings::default())
}

/// Whether each code comes at most as often as before.
fn nothing_new(before: &[Finding], after: &[Finding]) -> bool {
    let count = |of: &[Finding], code| of.iter().filter(|finding| finding.code == code).count();
    after
        .iter()
        .all(|found| count(after, found.code) <= count(before, found.code))
}

fn proposals(text: &str, root: &Node, finding: &Finding) -> Vec<Proposal> {
    let Some(place) = finding.mapped_at else {
        return Vec::new();
    };
    let Some(at) = edit::offset(text, place) else {
        return Vec::new();
    };
    match finding.code {
        "sector_given_twice" | "key_given_twice" => entry::given_twice(text, root, place),
        "text_twice" => entry::text_twice(text, root, place, at),
        "num_type_unknown" => entry::num_type_unknown(text, root, place, at),
        "service_space_mismatch" => {
            let right = entry::fitting_space(root, place);
            right
                .and_then(|right| rewritten(text, at, |_| Some(right)))
                .into_iter()
                .collect()
        }
        "key_unknown" => {
            let right = entry::meant_key(root, place);
            right
                .and_then(|right| rewritten(text, at, |_| Some(right.to_owned())))
                .into_iter()
                .collect()
        }
        code => plain(text, code, at).into_iter().collect(),
    }
}

/// The cure of what can be cured where it stands.
fn plain(text: &str, code: &str, at: usize) -> Option<Proposal> {
    let take_out = |range: std::ops::Range<usize>| {
        let what = edit::shortened(text.get(range.clone())?);
        Some(Proposal::new(
            Deed::TakeOut(what),
            Edit::replace(range, String::new()),
        ))
    };
    let next = text[at..].chars().next();
    match code {
        "comma_missing" => Some(written(text, at, ";", ",")),
        "colon_missing" => Some(written(text, at, "=", ":")),
        "extra_comma" | "trailing_comma" | "control_character" | "unexpected_character" => {
            take_out(at..at + next?.len_utf8())
        }
        "text_after_end" if matches!(next, Some('}' | ']')) => take_out(at..at + 1),
        "byte_order_mark" => take_out(0..edit::MARK.len_utf8()),
        "bad_escape" => take_out(at..at + 1),
        "comment_left_in" => {
            let comment = edit::comment(text, at)?;
            let what = edit::shortened(&text[comment.clone()]);
            let range = edit::with_blanks(text, comment);
            Some(Proposal::new(
                Deed::TakeOut(what),
                Edit::replace(range, String::new()),
            ))
        }
        "odd_space" => Some(Proposal {
            deed: Deed::Replace {
                wrong: edit::shortened(&text[at..at + next?.len_utf8()]),
                right: " ".to_owned(),
            },
            edits: edit::odd_spaces(text),
        }),
        "brace_not_closed" => {
            // The reader is at the end; what was opened last is closed first.
            let close = edit::closing(text)?;
            let end = text.trim_end().len();
            Some(Proposal::new(
                Deed::Insert(close.to_string()),
                Edit::replace(end..end, format!("\n{close}")),
            ))
        }
        "wrong_bracket" => {
            let (wrong, right) = if next? == '}' { ("}", "]") } else { ("]", "}") };
            Some(Proposal::new(
                Deed::Replace {
                    wrong: wrong.to_owned(),
                    right: right.to_owned(),
                },
                Edit::replace(at..at + 1, right.to_owned()),
            ))
        }
        "quote_not_closed" => {
            let line = text[at..].lines().next()?;
            let end = at + line.trim_end().trim_end_matches(',').trim_end().len();
            Some(Proposal::new(
                Deed::Insert("\"".to_owned()),
                Edit::replace(end..end, "\"".to_owned()),
            ))
        }
        "space_around" => rewritten(text, at, |inside| Some(inside.trim().to_owned())),
        "key_spelling" => rewritten(text, at, |inside| {
            let known = entry::KEYS.iter();
            let key = known
                .copied()
                .find(|key| key.eq_ignore_ascii_case(inside.trim()));
            key.map(str::to_owned)
        }),
        "id_in_small_letters" => rewritten(text, at, |inside| Some(inside.to_ascii_uppercase())),
        "num_type_spelling" => rewritten(text, at, |_| Some("serial".to_owned())),
        "number_without_quotes" | "quotes_missing" | "wrong_quotes" => {
            rewritten(text, at, |inside| Some(inside.to_owned()))
        }
        // The project id is the last part of the URL that Otipass gave.
        "project_invalid" => rewritten(text, at, |inside| {
            let (path, last) = inside.trim_end_matches('/').rsplit_once('/')?;
            (!path.is_empty()).then(|| last.to_owned())
        }),
        _ => None,
    }
}

/// Puts `sign` in at a place, or instead of the sign that stands for it there.
fn written(text: &str, at: usize, instead: &str, sign: &str) -> Proposal {
    let blank = text[at..].len() - text[at..].trim_start().len();
    let next = at + blank;
    if text[next..].starts_with(instead) {
        let deed = Deed::Replace {
            wrong: instead.to_owned(),
            right: sign.to_owned(),
        };
        return Proposal::new(deed, Edit::replace(next..next + 1, sign.to_owned()));
    }
    Proposal::new(
        Deed::Insert(sign.to_owned()),
        Edit::replace(at..at, sign.to_owned()),
    )
}

/// Writes a text at a place anew, in straight quotes.
fn rewritten(
    text: &str,
    at: usize,
    right: impl FnOnce(&str) -> Option<String>,
) -> Option<Proposal> {
    let token = edit::token(text, at)?;
    let right = right(token.inside)?;
    let (wrong, with) = (&text[token.range.clone()], edit::raw_quoted(&right));
    let deed = if right == token.inside {
        // Only the quotes are another's.
        Deed::Replace {
            wrong: edit::shortened(wrong),
            right: edit::shortened(&with),
        }
    } else {
        Deed::Replace {
            wrong: edit::shortened(token.inside),
            right,
        }
    };
    Some(Proposal::new(deed, Edit::replace(token.range, with)))
}
