//! What is asked for: each page and file of the back office's table of routes,
//! and those that read much once more for long periods and rare wishes.

use crate::browser::Visit;
use crate::seed::DAYS;
use kernel::BusinessDay;
use office::access::{ALL, Who};
use rusqlite::Connection;
use std::path::Path;

/// What is measured together, in turns.
pub struct Page {
    pub name: String,
    pub visits: Vec<Visit>,
    /// Whether what was read is kept for the next who ask, for five seconds.
    pub kept: bool,
}

/// What pages are asked about.
struct Subjects {
    last: BusinessDay,
    checks: Vec<String>,
    cards: Vec<String>,
    /// Where a list of all checks goes on half-way.
    halfway: String,
}

/// How many checks and cards are asked for, one after the other.
const SUBJECTS: i64 = 40;

impl Subjects {
    fn read(database: &Path, last: BusinessDay) -> Self {
        let connection = Connection::open(database).unwrap();
        let mut find = connection
            .prepare(
                "SELECT check_id, code, arrived_at FROM gate_check
                 WHERE rowid = ?1 * (SELECT MAX(rowid) FROM gate_check) / (?2 + 1)",
            )
            .unwrap();
        let found: Vec<(String, String, i64)> = (1..=SUBJECTS)
            .map(|n| {
                find.query_row([n, SUBJECTS], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                })
                .unwrap()
            })
            .collect();
        let (id, _, at) = &found[found.len() / 2];
        Self {
            last,
            halfway: format!("{at}_{id}"),
            checks: found.iter().map(|(id, ..)| id.clone()).collect(),
            cards: found.into_iter().map(|(_, card, _)| card).collect(),
        }
    }

    /// Thirty days each.
    fn months(&self) -> Vec<String> {
        (0..12)
            .map(|n| self.last.plus_days(-30 * n))
            .map(|to| format!("from={}&to={to}", to.plus_days(-29)))
            .collect()
    }

    fn year(&self) -> String {
        let from = self.last.plus_days(1 - DAYS);
        format!("from={from}&to={}", self.last)
    }

    fn day(&self, before: i64) -> String {
        let day = self.last.plus_days(-before);
        format!("from={day}&to={day}")
    }

    /// The queries with which a path is asked for, beside the plain one; with a
    /// name each.
    fn queries(&self, path: &str) -> Vec<(&'static str, Vec<String>)> {
        match path {
            "/office/sales"
            | "/office/attendance"
            | "/office/statement"
            | "/office/statement.pdf" => {
                vec![("30 days", self.months()), ("a year", vec![self.year()])]
            }
            "/office/checks" => {
                let devices = || (1..=12).map(|n| format!("device=PDA{n:02}"));
                let outcomes = ["accepted", "pass_blocked", "accepted_forced", "exit"];
                let of_outcome = outcomes.map(|outcome| format!("outcome={outcome}"));
                let days = (0..12).map(|n| self.day(30 * n));
                vec![
                    ("a device", devices().collect()),
                    ("an outcome", of_outcome.to_vec()),
                    (
                        "both",
                        devices()
                            .zip(of_outcome.iter().cycle())
                            .map(|(device, outcome)| format!("{device}&{outcome}"))
                            .collect(),
                    ),
                    (
                        "both, never together",
                        vec![
                            "device=PDA13&outcome=accepted".to_owned(),
                            "device=PDA01&outcome=sector_not_mapped".to_owned(),
                        ],
                    ),
                    ("a day", days.clone().collect()),
                    (
                        "a day, a device, an outcome",
                        days.map(|day| format!("{day}&device=PDA05&outcome=pass_expired"))
                            .collect(),
                    ),
                    ("half a year back", vec![format!("before={}", self.halfway)]),
                ]
            }
            _ => Vec::new(),
        }
    }

    /// Paths that stand for one with `{…}` in it.
    fn places(&self, path: &str) -> Vec<String> {
        let each = |place: &str, subjects: &[&str]| -> Vec<String> {
            subjects
                .iter()
                .map(|subject| path.replace(place, subject))
                .collect()
        };
        let ids: Vec<&str> = self.checks.iter().map(String::as_str).collect();
        if path.contains("/checks/{id}") || path.contains("/test-card/{id}") {
            return each("{id}", &ids);
        }
        for (beginning, code) in [
            ("/office/set-up/sectors/", "VN_AUG"),
            ("/office/set-up/doors/", "VN_AUG_D1"),
            ("/office/set-up/devices/", "PDA01"),
            ("/office/accounts/", "1"),
        ] {
            if path.starts_with(beginning) {
                return each("{id}", &[code]);
            }
        }
        match path {
            "/office/queue/{list}" => each("{list}", LISTS),
            _ if path.ends_with("/table/{form}") => each("{form}", &["csv", "xlsx"]),
            // The files themselves are not on this disk.
            "/office/sales-files/{id}" => each("{id}", &["1", "2", "3"]),
            _ => Vec::new(),
        }
    }
}

/// It compares all books barcode by barcode, and says so if there is no time.
const BUNDLE: &str = "/office/support/bundle.tar";

/// The lists of what waits and what explains.
const LISTS: &[&str] = &[
    "in_flight",
    "refused",
    "disputed",
    "cancelled",
    "cancellations_in_flight",
    "cancellations_refused",
    "ready",
    "tariff_not_mapped",
];

/// All pages, and the paths of which nobody has said here what stands for `{…}`.
/// What everybody may ask for shows nothing of the year, and is left out.
pub fn pages(database: &Path, last: BusinessDay) -> (Vec<Page>, Vec<&'static str>) {
    let subjects = Subjects::read(database, last);
    let mut pages = Vec::new();
    let mut unknown = Vec::new();
    for address in ALL {
        let path = address.path;
        if !matches!(address.look, Some(Who::Roles(_))) || path == BUNDLE {
            continue;
        }
        if path.contains('{') {
            let places = subjects.places(path);
            if places.is_empty() {
                unknown.push(path);
            } else {
                pages.push(Page {
                    name: path.to_owned(),
                    visits: places.into_iter().map(Visit::Page).collect(),
                    kept: false,
                });
            }
            continue;
        }
        let plain = path.to_owned();
        pages.push(Page {
            name: plain.clone(),
            visits: vec![match path {
                "/office/live" => Visit::Stream(plain),
                _ => Visit::Page(plain),
            }],
            kept: ["/office/", "/office/live"].contains(&path),
        });
        for (name, queries) in subjects.queries(path) {
            pages.push(Page {
                name: format!("{path}, {name}"),
                visits: queries
                    .into_iter()
                    .map(|query| Visit::Page(format!("{path}?{query}")))
                    .collect(),
                kept: false,
            });
        }
        if path == "/office/checks" {
            pages.push(Page {
                name: format!("{path}, a card"),
                visits: subjects.cards.iter().cloned().map(Visit::Card).collect(),
                kept: false,
            });
        }
    }
    (pages, unknown)
}
