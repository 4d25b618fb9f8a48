//! A plot with the table of its numbers below, and pages made of these.

use super::access;
use super::frame::Frame;
use super::period::Filter;
use super::plot::Plot;
use askama::Template;
use askama::filters::HtmlSafe;

/// A plot and its table; a template shows it by `{{ figure }}`.
#[derive(Debug, Clone, Template)]
#[template(path = "figure.html")]
pub(crate) struct Figure {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) plot: Option<Plot>,
    /// The columns' names; the first is that of the rows' names.
    pub(crate) head: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
    /// The last row; empty if there is none.
    pub(crate) total: Vec<String>,
    /// What is to be said below; empty if nothing.
    pub(crate) note: String,
}

impl HtmlSafe for Figure {}

/// A page of figures.
#[derive(Debug, Template)]
#[template(path = "figures.html")]
pub(crate) struct Figures {
    pub(crate) frame: Frame,
    pub(crate) title: &'static str,
    /// The period in words.
    pub(crate) period: String,
    pub(crate) filter: Filter,
    /// Whether this process keeps what the page is about.
    pub(crate) kept: bool,
    pub(crate) not_kept: &'static str,
    pub(crate) nothing: &'static str,
    /// Parts of the same, each a page: its name and its address.
    pub(crate) parts: Vec<(String, String)>,
    /// What is missing from it and why; empty if nothing is.
    pub(crate) warning: String,
    /// What can be downloaded: its name and its address.
    pub(crate) downloads: Vec<(&'static str, String)>,
    pub(crate) tiles: Vec<(&'static str, String)>,
    pub(crate) figures: Vec<Figure>,
}
