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

/// The days that a list is filtered by; what cannot be read is as if it were not
/// there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Days {
    from: Option<BusinessDay>,
    to: Option<BusinessDay>,
}

impl Days {
    pub(crate) fn read(query: &Entered) -> Self {
        Self {
            from: query.read("from"),
            to: query.read("to"),
        }
    }

    /// The first moment, and the one at which they have ended.
    pub(crate) fn moments(self, zone: &Zone) -> (Option<Timestamp>, Option<Timestamp>) {
        let end = self.to.map(|day| day.plus_days(1));
        let start = |day| zone.start_of(day);
        (self.from.map(start), end.map(start))
    }

    /// The days as their fields have them.
    pub(crate) fn texts(self) -> [String; 2] {
        let text = |day: Option<BusinessDay>| day.map(|day| day.to_string());
        [self.from, self.to].map(|day| text(day).unwrap_or_default())
    }
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
    pub(crate) fn new<K: Display>(
        frame: &Frame,
        path: impl Display,
        query: &[(&str, &str)],
        present: Option<K>,
        next: Option<K>,
    ) -> Self {
        let link = |before: Option<K>| {
            let before = before.map(|before| before.to_string()).unwrap_or_default();
            let last = [("before", before.as_str())];
            with(&path, &[query, &last].concat())
        };
        Self {
            newest: present.map(|_| link(None)),
            older: next.map(|next| link(Some(next))),
            labels: (frame.t.newest, frame.t.older),
        }
    }
}
