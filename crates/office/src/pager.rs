//! From page to page of a long list: newest first, by the last row's key, so
//! that what comes in meanwhile moves nothing.

use super::access::with;
use super::entered::Entered;
use super::frame::Frame;
use askama::Template;
use askama::filters::HtmlSafe;
use kernel::{BusinessDay, Timestamp, Zone};
use std::fmt::Display;

/// Leaves the rows of one page, at most `most`; the last of them if there were
/// more, behind which the next page begins.
pub(crate) fn cut<T>(rows: &mut Vec<T>, most: usize) -> Option<&T> {
    let is_more = rows.len() > most;
    rows.truncate(most);
    rows.last().filter(|_| is_more)
}

/// The first moment of the days that a list is filtered by, and the one at which they
/// have ended; what cannot be read is as if it were not there.
pub(crate) fn days(query: &Entered, zone: &Zone) -> (Option<Timestamp>, Option<Timestamp>) {
    let [from, to] = ["from", "to"].map(|field| query.read::<BusinessDay>(field));
    let end = to.map(|day| day.plus_days(1));
    let start = |day| zone.start_of(day);
    (from.map(start), end.map(start))
}

/// The links below a list; a template shows them by `{{ pager }}`.
#[derive(Debug, Clone, Template)]
#[template(path = "pager.html")]
pub(crate) struct Pager {
    newest: Option<String>,
    older: Option<String>,
    labels: (&'static str, &'static str),
}

impl HtmlSafe for Pager {}

impl Pager {
    /// Links of the list at `path` with the filter `query` (pairs of name and
    /// value; empty ones are left out). `present` is the `before` of this page,
    /// `next` that of the one after it.
    pub(crate) fn new(
        frame: &Frame,
        path: impl Display,
        query: &[(&str, &str)],
        present: Option<impl Display>,
        next: Option<impl Display>,
    ) -> Self {
        let link = |before: &str| with(&path, &[query, &[("before", before)]].concat());
        Self {
            newest: present.map(|_| link("")),
            older: next.map(|next| link(&next.to_string())),
            labels: (frame.t.newest, frame.t.older),
        }
    }
}
