//! The period that a page of the books is about.

use super::access::Address;
use super::entered::Entered;
use super::form::{Input, Mistakes};
use super::format::Formats;
use super::frame::Frame;
use super::visit::Visit;
use askama::Template;
use askama::filters::HtmlSafe;
use kernel::BusinessDay;
use kernel::text::fill;

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    to: "Au (inclus)", "To (included)";
    show: "Afficher", "Show";
    this_month: "Ce mois-ci", "This month";
    last_month: "Le mois dernier", "Last month";
    not_a_day: "Ce n’est pas une date. Écrivez-la ainsi : 2026-07-14.",
        "That is no date. Write it like this: 2026-07-14.";
    too_long: "La période dépasse 366 jours. Choisissez-en une plus courte.",
        "The period is longer than 366 days. Choose a shorter one.";
    span: "du {from} au {to}", "{from} to {to}";
});

/// The longest period, in days: a leap year.
const LONGEST_DAYS: i64 = 366;

/// First and last business day, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) from: BusinessDay,
    pub(crate) to: BusinessDay,
}

impl Period {
    /// The month so far.
    pub(crate) fn month_of(today: BusinessDay) -> Self {
        Self {
            from: today.first_of_month(),
            to: today,
        }
    }

    fn month_before(today: BusinessDay) -> Self {
        let to = today.first_of_month().plus_days(-1);
        Self {
            from: to.first_of_month(),
            to,
        }
    }

    /// Whether days are too many to be shown one by one.
    pub(crate) fn is_long(self) -> bool {
        self.from.plus_days(62) < self.to
    }

    /// In words.
    pub(crate) fn words(self, formats: &Formats) -> String {
        let (from, to) = (formats.day(self.from), formats.day(self.to));
        if from == to {
            return from;
        }
        let t = Texts::of(formats.language);
        fill(t.span, &[("from", &from), ("to", &to)])
    }

    /// What was asked for, else the month of `today`; with what is wrong.
    pub(crate) fn read(query: &Entered, today: BusinessDay, formats: &Formats) -> (Self, Mistakes) {
        let t = Texts::of(formats.language);
        let mut mistakes = Mistakes::default();
        let usual = Self::month_of(today);
        let mut day = |field: &'static str, usual: BusinessDay| match query.some(field) {
            None => usual,
            Some(text) => text.parse().unwrap_or_else(|_| {
                mistakes.add(field, t.not_a_day);
                usual
            }),
        };
        let from = day("from", usual.from);
        let to = day("to", usual.to.max(from));
        if !mistakes.0.is_empty() {
            return (usual, mistakes);
        }
        if to < from {
            return (usual, Mistakes::one("to", t.backwards));
        }
        if from.plus_days(LONGEST_DAYS) <= to {
            return (usual, Mistakes::one("to", t.too_long));
        }
        (Self { from, to }, mistakes)
    }
}

/// The form that chooses a period; a template shows it by `{{ filter }}`.
#[derive(Debug, Clone, Template)]
#[template(path = "period.html")]
pub(crate) struct Filter {
    path: Address,
    inputs: Vec<Input>,
    ready: [(&'static str, Period); 2],
    frame: Frame,
}

impl HtmlSafe for Filter {}

impl Filter {
    pub(crate) fn new(frame: &Frame, path: Address, period: Period, today: BusinessDay) -> Self {
        let t = Texts::of(frame.formats.language);
        let day = |name, label, day: BusinessDay| Input::day(name, label, &day.to_string());
        let inputs = [day("from", t.from, period.from), day("to", t.to, period.to)];
        Self {
            path,
            inputs: frame.filled(inputs),
            ready: [
                (t.this_month, Period::month_of(today)),
                (t.last_month, Period::month_before(today)),
            ],
            frame: frame.clone(),
        }
    }
}

/// Today, by the organisation's zone.
pub(crate) fn today(visit: &Visit) -> BusinessDay {
    let role = &visit.office.role;
    role.zone.business_day(role.staff.now())
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Language;

    #[test]
    fn a_period_is_the_month_unless_days_are_given() {
        let formats = Frame::sample(Language::En, None).formats;
        let today = "2026-03-14".parse().unwrap();
        let read = |text: &str| {
            let (period, mistakes) =
                Period::read(&Entered::parse(text.as_bytes()), today, &formats);
            (
                period.from.to_string(),
                period.to.to_string(),
                mistakes.0.len(),
            )
        };
        let found = |from: &str, to: &str, mistakes| (from.to_owned(), to.to_owned(), mistakes);
        assert_eq!(read(""), found("2026-03-01", "2026-03-14", 0));
        assert_eq!(
            read("from=2024-01-01&to=2024-12-31"),
            found("2024-01-01", "2024-12-31", 0)
        );
        for wrong in [
            "from=2026-03-05&to=2026-03-04",
            "from=2024-01-01&to=2025-01-01",
            "to=%3Cscript%3E",
        ] {
            assert_eq!(read(wrong), found("2026-03-01", "2026-03-14", 1), "{wrong}");
        }
        let before = Period::month_before(today);
        assert_eq!(before.from.to_string(), "2026-02-01");
        assert_eq!(before.to.to_string(), "2026-02-28");
    }
}
