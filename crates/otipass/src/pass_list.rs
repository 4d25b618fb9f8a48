//! The list of all passes with their states, page by page: what a device may
//! know of passes when it is offline.

use crate::{Contract, NumType, Refusal};
use kernel::CardNumber;
use serde::{Deserialize, Serialize};

/// The most passes on a page.
pub const PASSES_PER_PAGE: usize = 5_000;
/// The most bytes of a page that are read.
pub const PAGE_LIMIT_BYTES: usize = 1024 * 1024;
/// The most characters of a [`Mark`].
const MARK_LIMIT: usize = 256;

/// A text of Otipass's own that is given back as it came: a place in the list,
/// or the state of the list at one moment. At most 256 characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Mark(String);

/// A text that is no [`Mark`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a mark has 1 to {MARK_LIMIT} characters")]
pub struct InvalidMark;

impl Mark {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Mark {
    type Error = InvalidMark;

    fn try_from(text: String) -> Result<Self, InvalidMark> {
        let fits = !text.is_empty() && text.chars().count() <= MARK_LIMIT;
        fits.then_some(Self(text)).ok_or(InvalidMark)
    }
}

impl From<Mark> for String {
    fn from(mark: Mark) -> String {
        mark.0
    }
}

/// Which page of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageQuery {
    /// By which kind of number the passes are named.
    pub num_type: NumType,
    /// Only what has changed since this state; all passes if missing.
    pub since: Option<Mark>,
    /// The page behind this place; the first one if missing.
    pub after: Option<Mark>,
}

/// One page of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassPage {
    /// Whether the pages together hold all passes, or only what has changed.
    pub whole: bool,
    /// The state of the list that the pages show, for the next
    /// [`since`](PageQuery::since). That of the first page counts.
    pub state: Mark,
    /// The place of the next page; `None` on the last one.
    pub next: Option<Mark>,
    /// The passes. One whose number no card can bear is left out.
    pub passes: Vec<ListedPass>,
}

/// One pass of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedPass {
    /// Its number.
    pub number: CardNumber,
    /// Why it is refused everywhere; `None` if it is not.
    pub refusal: Option<Refusal>,
}

/// The JSON of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WirePassPage {
    /// See [`PassPage::whole`].
    pub whole: bool,
    /// See [`PassPage::state`].
    pub state: Mark,
    /// See [`PassPage::next`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Mark>,
    /// The passes.
    pub passes: Vec<WireListedPass>,
}

/// The JSON of a pass on a page.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireListedPass {
    /// Its number.
    pub number: String,
    /// The state of the pass in Otipass's words; see [`Contract::states`].
    pub status: String,
}

impl std::fmt::Debug for WireListedPass {
    /// Without the number: it is a card number.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WireListedPass")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl Contract {
    /// The query parameters that ask for a page.
    #[must_use]
    pub fn page_query(&self, query: &PageQuery) -> Vec<(&str, String)> {
        let mut parameters = vec![
            (
                self.fields.num_type.as_str(),
                crate::contract::wire_num_type(query.num_type).to_owned(),
            ),
            ("limit", PASSES_PER_PAGE.to_string()),
        ];
        let marks = [("since", &query.since), ("after", &query.after)];
        parameters.extend(marks.into_iter().filter_map(|(name, mark)| {
            let mark = mark.as_ref()?;
            Some((name, mark.as_str().to_owned()))
        }));
        parameters
    }

    /// What a page says.
    #[must_use]
    pub fn pass_page(&self, wire: WirePassPage) -> PassPage {
        let listed = |pass: WireListedPass| {
            Some(ListedPass {
                number: pass.number.trim().parse().ok()?,
                refusal: self.states.get(&pass.status).copied(),
            })
        };
        PassPage {
            whole: wire.whole,
            state: wire.state,
            next: wire.next,
            passes: wire.passes.into_iter().filter_map(listed).collect(),
        }
    }
}
