//! A plot with the table of its numbers below, and pages made of these for a
//! period of the books.

#[cfg(test)]
mod sample;

use super::period::{Filter, Period, today};
use super::plot::Plot;
use super::table_file::downloads;
use crate::page::*;

/// A plot and its table; a template shows it by `{{ figure }}`.
#[derive(Debug, Clone, Default, Template)]
#[template(path = "figure.html")]
pub(crate) struct Figure {
    pub(crate) id: &'static str,
    pub(crate) title: &'static str,
    pub(crate) plot: Option<Plot>,
    /// What the table is folded behind, if there is a plot.
    pub(crate) as_table: &'static str,
    /// The columns' names; the first is that of the rows' names.
    pub(crate) head: Vec<String>,
    /// How many columns, beside the first, hold words.
    pub(crate) words: usize,
    pub(crate) rows: Vec<Vec<String>>,
    /// The last row; empty if there is none.
    pub(crate) total: Vec<String>,
    /// What is to be said below; empty if nothing.
    pub(crate) note: String,
}

impl HtmlSafe for Figure {}

/// What is known of a period.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// What it is about, if not the period alone.
    pub(crate) about: Option<String>,
    /// Parts of the same, each a page: its name and its address.
    pub(crate) parts: Vec<(String, String)>,
    /// What is missing from it and why; empty if nothing is.
    pub(crate) warning: String,
    /// What can be downloaded: its name and its address.
    pub(crate) downloads: Vec<(&'static str, String)>,
    pub(crate) tiles: Vec<(&'static str, String)>,
    pub(crate) figures: Vec<Figure>,
}

/// The period that somebody asks for.
pub(crate) struct Asked {
    pub(crate) frame: Frame,
    pub(crate) period: Period,
    pub(crate) today: BusinessDay,
}

impl Asked {
    pub(crate) fn of(visit: &Visit, query: &Entered) -> Self {
        let (mut frame, today) = (visit.frame(), today(visit));
        let (period, mistakes) = Period::read(query, today, &frame.formats);
        frame.mistakes = mistakes;
        Self {
            frame,
            period,
            today,
        }
    }

    /// The period, if it was asked for without mistake: a file of another would be taken
    /// for the one.
    pub(crate) fn whole(&self) -> Result<Period, PageError> {
        match self.frame.mistakes.0.is_empty() {
            true => Ok(self.period),
            false => Err(PageError::NotFound),
        }
    }

    /// What leads to the files of the period.
    pub(crate) fn downloads(&self, at: &Address) -> Vec<(&'static str, String)> {
        let [from, to] = [self.period.from, self.period.to].map(|day| day.to_string());
        let query = [("from", from.as_str()), ("to", to.as_str())];
        downloads(self.frame.formats.language, at, &query)
    }
}

/// A page of figures.
#[derive(Debug, Template)]
#[template(path = "figures.html")]
pub(crate) struct Figures {
    frame: Frame,
    title: &'static str,
    /// The period in words.
    period: String,
    filter: Filter,
    /// What this process keeps of it, if it does.
    known: Option<Known>,
    not_kept: &'static str,
    nothing: &'static str,
}

impl Figures {
    /// The page at `at` with its title; what it says where this process keeps
    /// nothing of it, and where there is nothing.
    pub(crate) fn new(
        asked: Asked,
        at: Address,
        (title, not_kept, nothing): (&'static str, &'static str, &'static str),
        known: Option<Known>,
    ) -> Self {
        let (formats, period) = (&asked.frame.formats, asked.period);
        let about = known.as_ref().and_then(|known| known.about.clone());
        Self {
            title,
            period: about.unwrap_or_else(|| period.words(formats)),
            filter: Filter::new(&asked.frame, at, period, asked.today),
            known,
            not_kept,
            nothing,
            frame: asked.frame,
        }
    }
}
