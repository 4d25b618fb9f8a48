//! Periods for pages with sample data.

use super::*;

impl Asked {
    /// A month so far.
    pub(crate) fn month(frame: &Frame) -> Self {
        let today = "2026-07-14".parse().unwrap();
        Self {
            frame: frame.clone(),
            period: Period::month_of(today),
            today,
        }
    }

    /// A year so far.
    pub(crate) fn year(frame: &Frame) -> Self {
        let month = Self::month(frame);
        let from = "2026-01-01".parse().unwrap();
        let period = Period {
            from,
            ..month.period
        };
        Self { period, ..month }
    }
}
