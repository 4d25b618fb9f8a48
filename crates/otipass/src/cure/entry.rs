//! Cures that must know which entry of the parameters they are at.

use super::edit::{Edit, offset, raw_quoted, token};
use super::{Deed, Proposal};
use crate::SpaceId;
use crate::json::{Member, Node, Value};
use crate::mapping::{NUM_TYPE, PRODUCT, PROJECT, SEASON, SECTORS, SERVICE, SPACE};
use kernel::finding::Position;
use std::ops::Range;

const OUTER: [&str; 3] = [PROJECT.key, NUM_TYPE, SECTORS];
const INNER: [&str; 4] = [SERVICE.key, SPACE.key, SEASON.key, PRODUCT.key];

/// All names of parameters.
pub(super) const KEYS: [&str; 7] = [
    PROJECT.key,
    NUM_TYPE,
    SECTORS,
    SERVICE.key,
    SPACE.key,
    SEASON.key,
    PRODUCT.key,
];

/// The object that has a member for which `is_it`, and that member.
fn find<'n>(
    node: &'n Node,
    is_it: &impl Fn(&Member) -> bool,
) -> Option<(&'n [Member], &'n Member)> {
    let Value::Object(members) = &node.value else {
        return None;
    };
    let mine = members.iter().find(|member| is_it(member));
    mine.map(|member| (members.as_slice(), member))
        .or_else(|| members.iter().find_map(|member| find(&member.node, is_it)))
}

fn named<'n>(members: &'n [Member], key: &str) -> Option<&'n Member> {
    let mut members = members.iter();
    members.find(|member| member.key.trim().eq_ignore_ascii_case(key))
}

fn said(member: &Member) -> Option<&str> {
    match &member.node.value {
        Value::Text(text) => Some(text.trim()),
        _ => None,
    }
}

/// The bytes of an entry with its comma, and with its lines if they are its own.
fn entry(text: &str, member: &Member) -> Option<Range<usize>> {
    let start = offset(text, member.key_at)?;
    let end = offset(text, member.node.end)?;
    let behind = text[end..].trim_start();
    if let Some(rest) = behind.strip_prefix(',') {
        let end = text.len() - rest.len();
        return Some(super::edit::with_blanks(text, start..end));
    }
    // The last one takes the comma of the one before with it.
    let before = text[..start].trim_end();
    Some(before.trim_end_matches(',').len()..end)
}

/// Which of two with the same name stays.
pub(super) fn given_twice(text: &str, root: &Node, place: Position) -> Vec<Proposal> {
    let Some((members, second)) = find(root, &|member| member.key_at == place) else {
        return Vec::new();
    };
    let is_parameter = KEYS
        .iter()
        .any(|key| key.eq_ignore_ascii_case(second.key.trim()));
    let same_name = |member: &&Member| {
        let (one, other) = (member.key.trim(), second.key.trim());
        one == other || is_parameter && one.eq_ignore_ascii_case(other)
    };
    let earlier = members.iter().take_while(|member| member.key_at != place);
    let Some(first) = earlier.filter(same_name).last() else {
        return Vec::new();
    };
    let (Some(of_first), Some(of_second)) = (entry(text, first), entry(text, second)) else {
        return Vec::new();
    };
    let without = |range| Edit::replace(range, String::new());
    if is_same(&first.node, &second.node) {
        let name = second.key.trim().to_owned();
        return vec![Proposal::new(Deed::TakeOut(name), without(of_second))];
    }
    vec![
        Proposal::new(
            Deed::Keep {
                line: first.key_at.line,
            },
            without(of_second),
        ),
        Proposal::new(
            Deed::Keep {
                line: second.key_at.line,
            },
            without(of_first),
        ),
    ]
}

/// Which of two whole texts stays.
pub(super) fn text_twice(text: &str, root: &Node, place: Position, at: usize) -> Vec<Proposal> {
    let second = Edit::replace(at..text.len(), String::new());
    let other = super::root(&text[at..]);
    if is_same(root, &other) {
        let what = super::edit::shortened(&text[at..]);
        return vec![Proposal::new(Deed::TakeOut(what), second)];
    }
    let keep = |line, edit| Proposal::new(Deed::Keep { line }, edit);
    vec![
        keep(root.at.line, second),
        keep(place.line, Edit::replace(0..at, String::new())),
    ]
}

/// Whether two values mean the same, whatever their order.
fn is_same(one: &Node, other: &Node) -> bool {
    match (&one.value, &other.value) {
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|member| {
                    named(other, member.key.trim())
                        .is_some_and(|twin| is_same(&member.node, &twin.node))
                })
        }
        (Value::Text(one), Value::Text(other)) => one.trim() == other.trim(),
        (Value::Number(one), Value::Number(other)) => one == other,
        (Value::Null, Value::Null) => true,
        _ => false,
    }
}

/// The space id that belongs to the service id beside it.
pub(super) fn fitting_space(root: &Node, place: Position) -> Option<String> {
    let (members, _) = find(root, &|member| member.node.at == place)?;
    let service = said(named(members, SERVICE.key)?)?;
    Some(format!(
        "{}{}",
        SpaceId::PREFIX,
        service.to_ascii_uppercase()
    ))
}

/// The parameter that is meant by a name that nobody knows, and missing there.
pub(super) fn meant_key(root: &Node, place: Position) -> Option<&'static str> {
    let (members, member) = find(root, &|member| member.key_at == place)?;
    let known: &[&str] = match &root.value {
        Value::Object(outer) if outer.iter().any(|outer| outer.key_at == place) => &OUTER,
        _ => &INNER,
    };
    let missing = known.iter().copied();
    let missing = missing.filter(|key| named(members, key).is_none());
    kernel::meant(&member.key, missing)
}

/// `serial`, or nothing.
pub(super) fn num_type_unknown(
    text: &str,
    root: &Node,
    place: Position,
    at: usize,
) -> Vec<Proposal> {
    let Some((_, member)) = find(root, &|member| member.node.at == place) else {
        return Vec::new();
    };
    let end = offset(text, member.node.end);
    let written = token(text, at).map(|token| token.range);
    let range = written.or_else(|| Some(at..end?));
    let serial = range.map(|range| {
        let wrong = super::edit::shortened(&text[range.clone()]);
        let deed = Deed::Replace {
            wrong,
            right: raw_quoted("serial"),
        };
        Proposal::new(deed, Edit::replace(range, raw_quoted("serial")))
    });
    let nothing = entry(text, member).map(|range| {
        Proposal::new(
            Deed::TakeOut(NUM_TYPE.to_owned()),
            Edit::replace(range, String::new()),
        )
    });
    serial.into_iter().chain(nothing).collect()
}

/// `NumType` behind the project, written as the project is.
pub(super) fn num_type(text: &str, root: &Node) -> Option<Proposal> {
    let Value::Object(members) = &root.value else {
        return None;
    };
    let project = named(members, PROJECT.key)?;
    if named(members, NUM_TYPE).is_some() {
        return None;
    }
    let (start, end) = (
        offset(text, project.key_at)?,
        offset(text, project.node.end)?,
    );
    let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
    let indent = &text[line_start..start];
    let between = if line_start > 0 && indent.trim().is_empty() {
        format!(",\n{indent}")
    } else {
        ", ".to_owned()
    };
    let parameter = "\"NumType\": \"serial\"";
    Some(Proposal::new(
        Deed::Insert(parameter.to_owned()),
        Edit::replace(end..end, format!("{between}{parameter}")),
    ))
}
