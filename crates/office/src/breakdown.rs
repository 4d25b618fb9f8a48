//! What a period comes to, broken down by day and by whatever else there is: a
//! plot with its table for each.

use super::figure::Figure;
use super::format::Formats;
use super::period::Period;
use super::plot::{Bar, HALF, Plot, WIDE};
use kernel::BusinessDay;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::AddAssign;

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    by_day: "Par jour", "By day";
    by_month: "Par mois", "By month";
    month: "Mois", "Month";
});

/// The most days that are shown one by one.
const DAYS: usize = 64;

/// What can be summed up and shown.
pub(crate) trait Sum: Copy + Default + AddAssign {
    /// How high it stands in a plot.
    fn height(&self) -> i64;

    /// What stands at its bar.
    fn shown(&self, formats: &Formats) -> String;

    /// What such a height is on a scale.
    fn on_scale(height: i64, formats: &Formats) -> String;

    /// What its columns in the table say.
    fn cells(&self, formats: &Formats) -> Vec<String>;
}

impl Sum for i64 {
    fn height(&self) -> i64 {
        *self
    }

    fn shown(&self, formats: &Formats) -> String {
        formats.number(*self)
    }

    fn on_scale(height: i64, formats: &Formats) -> String {
        formats.number(height)
    }

    fn cells(&self, formats: &Formats) -> Vec<String> {
        vec![formats.number(*self)]
    }
}

/// What a figure is called: its id, its title, and the column of its parts.
pub(crate) type Names = (&'static str, &'static str, &'static str);

/// A part of the whole: its short name for the plot, the whole one, and its sum.
pub(crate) type Part<S> = (String, String, S);

/// How a plot shows the parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// One after the other, such as hours.
    Given,
    /// The same, if they may be many.
    Days,
    /// The largest first.
    BySize,
}

/// The whole that is broken down.
pub(crate) struct Breakdown<'a> {
    pub(crate) formats: &'a Formats,
    /// The names of the columns of a sum.
    pub(crate) columns: &'a [&'static str],
}

/// The sums of rows that have something in common.
pub(crate) fn sums<K: Ord, S: Sum>(rows: impl IntoIterator<Item = (K, S)>) -> BTreeMap<K, S> {
    let mut sums = BTreeMap::<K, S>::new();
    for (key, sum) in rows {
        *sums.entry(key).or_default() += sum;
    }
    sums
}

impl Breakdown<'_> {
    /// What is said of the highest bar, with places for its `label` and `value`.
    pub(crate) fn most(&self) -> &'static str {
        Texts::of(self.formats.language).most
    }

    /// The figure of these parts, which together are the whole.
    pub(crate) fn figure<S: Sum>(
        &self,
        (id, title, label): Names,
        parts: &[Part<S>],
        order: Order,
    ) -> Figure {
        let t = Texts::of(self.formats.language);
        let bar = |(short, _, sum): &Part<S>| Bar {
            label: short.clone(),
            value: sum.height(),
            shown: sum.shown(self.formats),
        };
        let bars: Vec<Bar> = parts.iter().map(bar).collect();
        let (most, say) = (self.most(), |height| S::on_scale(height, self.formats));
        let columns = |whole| Plot::columns(whole, (id, title, most), &bars, &say);
        let plot = match order {
            Order::Given => columns(HALF),
            Order::Days => columns(WIDE),
            Order::BySize => Plot::rows(id, title, most, &bars),
        };
        let mut total = S::default();
        parts.iter().for_each(|(_, _, sum)| total += *sum);
        let row = |name: &str, sum: &S| {
            let mut cells = sum.cells(self.formats);
            cells.insert(0, name.to_owned());
            cells
        };
        let head = std::iter::once(&label).chain(self.columns);
        Figure {
            id,
            title,
            plot: Some(plot),
            as_table: t.as_table,
            head: head.map(|name| (*name).to_owned()).collect(),
            rows: parts.iter().map(|(_, name, sum)| row(name, sum)).collect(),
            total: row(t.total, &total),
            ..Figure::default()
        }
    }

    /// By whatever names the rows, the largest first.
    pub(crate) fn by<S: Sum>(
        &self,
        names: Names,
        rows: impl IntoIterator<Item = (String, S)>,
    ) -> Figure {
        let parts = sums(rows).into_iter();
        let mut parts: Vec<_> = parts.map(|(name, sum)| (name.clone(), name, sum)).collect();
        parts.sort_by_key(|(_, _, sum)| Reverse(sum.height()));
        self.figure(names, &parts, Order::BySize)
    }

    /// By day, or by month if the days are too many. A day without anything has its
    /// place.
    pub(crate) fn by_day<S: Sum>(
        &self,
        period: Period,
        rows: impl IntoIterator<Item = (BusinessDay, S)>,
    ) -> Figure {
        let t = Texts::of(self.formats.language);
        let formats = self.formats;
        let rows = rows.into_iter();
        if period.is_long() {
            let months = sums(rows.map(|(day, sum)| (day.first_of_month(), sum))).into_iter();
            let part = |(month, sum)| (formats.month(month), formats.month(month), sum);
            let parts: Vec<_> = months.map(part).collect();
            return self.figure(("by-day", t.by_month, t.month), &parts, Order::Days);
        }
        let days = sums(rows);
        let all = std::iter::successors(Some(period.from), |day| Some(day.plus_days(1)));
        let all = all.take_while(|day| *day <= period.to).take(DAYS);
        let part = |day| {
            let sum = days.get(&day).copied().unwrap_or_default();
            (formats.short_day(day), formats.day(day), sum)
        };
        let parts: Vec<_> = all.map(part).collect();
        self.figure(("by-day", t.by_day, t.day), &parts, Order::Days)
    }
}
