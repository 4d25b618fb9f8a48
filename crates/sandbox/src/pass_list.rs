//! The list of all passes, page by page: what was read before is remembered for
//! a while, so that pages fit together and later readings are differences.

use crate::{PassBook, PassStatus};
use kernel::{BusinessDay, CardNumber};
use otipass::pass_list::{Mark, PASSES_PER_PAGE, WireListedPass, WirePassPage};
use std::collections::{BTreeMap, VecDeque};

/// How many readings are remembered.
const REMEMBERED: usize = 8;

/// A page that cannot be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the place is of a reading that is no longer remembered; begin again without it")]
pub struct PlaceForgotten;

type Statuses = BTreeMap<CardNumber, PassStatus>;

/// The readings that are remembered, each under its number.
#[derive(Debug, Default)]
pub(crate) struct Readings {
    latest: u64,
    remembered: VecDeque<(u64, Statuses)>,
}

impl Readings {
    /// The page behind `after` of what has changed since the state `since`, as
    /// the passes stand on `today` when the first page is asked for.
    pub(crate) fn page(
        &mut self,
        passes: &PassBook,
        today: BusinessDay,
        since: Option<&str>,
        after: Option<&str>,
        limit: usize,
    ) -> Result<WirePassPage, PlaceForgotten> {
        let (number, place) = match after {
            None => (self.begin(passes, today), None),
            Some(after) => {
                let (number, place) = after.split_once(':').ok_or(PlaceForgotten)?;
                let place: CardNumber = place.parse().map_err(|_| PlaceForgotten)?;
                (number.parse().map_err(|_| PlaceForgotten)?, Some(place))
            }
        };
        let now = self.reading(number).ok_or(PlaceForgotten)?;
        let before = since
            .and_then(|since| since.parse().ok())
            .and_then(|since| self.reading(since));
        let mut changed = now
            .iter()
            .filter(|(card, _)| place.as_ref().is_none_or(|place| *card > place))
            .filter(|(card, status)| before.is_none_or(|b| b.get(*card) != Some(status)));
        let page: Vec<_> = changed
            .by_ref()
            .take(limit.clamp(1, PASSES_PER_PAGE))
            .collect();
        let next = changed.next().and(page.last()).map(|(card, _)| {
            // The number stands in the list itself, so the place gives nothing away.
            format!("{number}:{}", card.reveal())
        });
        let mark = |text: String| Mark::try_from(text).map_err(|_| PlaceForgotten);
        Ok(WirePassPage {
            whole: before.is_none(),
            state: mark(number.to_string())?,
            next: next.map(mark).transpose()?,
            passes: page
                .into_iter()
                .map(|(card, status)| WireListedPass {
                    number: card.reveal().to_owned(),
                    status: status.as_str().to_owned(),
                })
                .collect(),
        })
    }

    /// Remembers the passes as they stand; gives the number of the reading.
    fn begin(&mut self, passes: &PassBook, today: BusinessDay) -> u64 {
        let statuses: Statuses = passes
            .iter()
            .map(|pass| (pass.number.clone(), pass.status_on(today)))
            .collect();
        if self
            .remembered
            .back()
            .is_none_or(|(_, last)| *last != statuses)
        {
            self.latest += 1;
            self.remembered.push_back((self.latest, statuses));
            if self.remembered.len() > REMEMBERED {
                self.remembered.pop_front();
            }
        }
        self.latest
    }

    fn reading(&self, number: u64) -> Option<&Statuses> {
        let mut remembered = self.remembered.iter();
        let found = remembered.find(|(known, _)| *known == number);
        found.map(|(_, all)| all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book(text: &str) -> PassBook {
        let head = "number;status;duration_days;valid_until;services\n";
        PassBook::from_csv(format!("{head}{text}").as_bytes()).unwrap()
    }

    fn day(text: &str) -> BusinessDay {
        text.parse().unwrap()
    }

    /// All pages, two passes each: whether they are the whole, the state, and
    /// the passes.
    fn read(
        readings: &mut Readings,
        book: &PassBook,
        today: &str,
        since: Option<&str>,
    ) -> (bool, String, String) {
        let mut after: Option<String> = None;
        let mut said = Vec::new();
        loop {
            let page = readings.page(book, day(today), since, after.as_deref(), 2);
            let page = page.unwrap();
            assert!(page.passes.len() <= 2);
            let words = page
                .passes
                .iter()
                .map(|p| format!("{} {}", p.number, p.status));
            said.extend(words);
            match page.next {
                Some(next) => after = Some(next.into()),
                None => return (page.whole, page.state.into(), said.join(", ")),
            }
        }
    }

    const FIVE: &str = "00029975;active;7;2026-07-14;S1:2\n\
                        00292151;inactive;3;;S1:1\n\
                        00300004;active;3;2026-07-16;S1:0\n\
                        00686790;invalid;3;;S1:1\n\
                        01966563;created;3;;S1:1\n";

    #[test]
    fn a_later_reading_is_a_difference() {
        let mut readings = Readings::default();
        let mut book = book(FIVE);
        let (whole, first, said) = read(&mut readings, &book, "2026-07-14", None);
        assert!(whole);
        assert_eq!(
            said,
            "00029975 active, 00292151 inactive, 00300004 active, 00686790 invalid, \
             01966563 created"
        );
        let (whole, again, said) = read(&mut readings, &book, "2026-07-14", Some(&first));
        assert_eq!((whole, again, said), (false, first.clone(), String::new()));

        let sold = book.get_mut(&"01966563".parse().unwrap()).unwrap();
        sold.status = PassStatus::Inactive;
        // Over by its date, though nobody used it.
        let (whole, _, said) = read(&mut readings, &book, "2026-07-15", Some(&first));
        assert!(!whole);
        assert_eq!(said, "00029975 expired, 01966563 inactive");
        let (whole, _, _) = read(&mut readings, &book, "2026-07-15", Some("no state"));
        assert!(whole);
    }

    #[test]
    fn pages_show_the_moment_of_the_first_and_are_forgotten_in_time() {
        let mut readings = Readings::default();
        let mut book = book(FIVE);
        let today = day("2026-07-14");
        let page = readings.page(&book, today, None, None, 4).unwrap();
        let next: String = page.next.unwrap().into();
        let sold = book.get_mut(&"01966563".parse().unwrap()).unwrap();
        sold.status = PassStatus::Inactive;
        let page = readings.page(&book, today, None, Some(&next), 4).unwrap();
        assert_eq!(page.passes[0].status, "created");
        for later in 0..8 {
            let today = day("2026-07-14").plus_days(later);
            let pass = book.get_mut(&"00686790".parse().unwrap()).unwrap();
            pass.status = match pass.status {
                PassStatus::Invalid => PassStatus::Active,
                _ => PassStatus::Invalid,
            };
            readings.page(&book, today, None, None, 4).unwrap();
        }
        for after in [next.as_str(), "1", "x:00029975", "1:"] {
            let forgotten = readings.page(&book, today, None, Some(after), 4);
            assert_eq!(forgotten, Err(PlaceForgotten), "{after}");
        }
    }
}
