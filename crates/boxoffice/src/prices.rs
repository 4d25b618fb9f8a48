//! What a tariff will be sold at from today on, looked at for slips before the
//! first visitor pays for them.

use crate::catalogue::Tariff;
use crate::found;
use kernel::finding::{Finding, Phrase, Place};
use kernel::{BusinessDay, Money, VatRate};
use std::ops::RangeInclusive;

/// A tariff that ends within so many days is worth a word.
const SOON_DAYS: i64 = 3;
/// The prices that are usual, in minor units. A tariff that is free is meant so.
const USUAL_MINOR: RangeInclusive<i64> = 100..=20_000;
/// The rates of VAT that are usual, in basis points: more than any in Europe, and
/// less than any but none.
const USUAL_VAT: RangeInclusive<u32> = 100..=3_000;

/// Looks at the entries of one tariff, one of which is valid `today`.
pub fn examine(entries: &[&Tariff], today: BusinessDay, place: &Place) -> Vec<Finding> {
    let mut findings = Vec::new();
    let is_past = |entry: &Tariff| entry.valid_until.is_some_and(|until| until < today);
    let mut ahead: Vec<_> = entries.iter().copied().filter(|e| !is_past(e)).collect();
    ahead.sort_by_key(|entry| entry.valid_from);
    for entry in &ahead {
        if is_unusual(entry)
            && let Some(price) = price(entry)
        {
            let (product, tariff) = (&entry.product, &entry.code);
            findings.push(found::price_unusual(place.clone(), product, tariff, price));
        }
    }
    for pair in ahead.windows(2) {
        // One without an end goes on until the next begins: a new price is entered
        // beside the old one.
        if let [earlier, later] = pair
            && let (Some(until), Some(from)) = (earlier.valid_until, later.valid_from)
            && from <= until
            && let Some(price) = price(later)
        {
            let (product, tariff) = (&later.product, &later.code);
            let place = place.clone();
            findings.push(found::tariffs_overlap(
                place, product, tariff, until, from, price,
            ));
        }
    }
    findings.extend(end(&ahead, today, place));
    findings
}

/// The end of what is valid from today on without a day between.
fn end(ahead: &[&Tariff], today: BusinessDay, place: &Place) -> Option<Finding> {
    let first = ahead.first()?;
    let (product, tariff) = (&first.product, &first.code);
    let mut last = today;
    // Sorted by their beginnings: each goes on from those before, or nothing does.
    for entry in ahead {
        let next = last.plus_days(1);
        match entry.valid_from {
            Some(from) if from > next => {
                let until = from.plus_days(-1);
                let place = place.clone();
                return Some(found::tariff_gap(place, product, tariff, next, until));
            }
            _ => last = last.max(entry.valid_until?),
        }
    }
    (last <= today.plus_days(SOON_DAYS))
        .then(|| found::tariff_ends_soon(place.clone(), product, tariff, last))
}

fn is_unusual(entry: &Tariff) -> bool {
    let price = entry.price.map_or(0, Money::minor);
    let vat = entry.vat.map_or(0, VatRate::basis_points);
    (price != 0 && !USUAL_MINOR.contains(&price)) || (vat != 0 && !USUAL_VAT.contains(&vat))
}

/// What is paid for it, in words.
fn price(entry: &Tariff) -> Option<Phrase> {
    let (price, vat) = (entry.price?.to_string(), entry.vat?.to_string());
    Some(Phrase::new(
        format!("{price} with {vat} VAT"),
        format!(
            "{} avec {} de TVA",
            price.replace('.', ","),
            vat.replace('.', ",").replace(' ', "\u{a0}")
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Language::{En, Fr};
    use kernel::finding::Thing;

    /// Entries with their first and last day, price and VAT.
    type Entry = (&'static str, &'static str, i64, u32);

    fn found(entries: &[Entry]) -> Vec<Finding> {
        let day = |text: &str| (!text.is_empty()).then(|| text.parse().unwrap());
        let tariff = |(from, until, price, vat): &Entry| Tariff {
            product: "PASSVN".parse().unwrap(),
            code: "CITYPASS".parse().unwrap(),
            price: Some(Money::from_minor(*price)),
            vat: Some(VatRate::from_basis_points(*vat)),
            valid_from: day(from),
            valid_until: day(until),
        };
        let tariffs: Vec<_> = entries.iter().map(tariff).collect();
        let tariffs: Vec<_> = tariffs.iter().collect();
        let today = "2026-07-14".parse().unwrap();
        let place = Place::Thing(Thing::TariffOf("PASSVN".to_owned()));
        examine(&tariffs, today, &place)
    }

    // One case, one line.
    #[rustfmt::skip]
    const CASES: &[(&[&str], &[Entry])] = &[
        (&[], &[("", "", 950, 550)]),
        (&[], &[("", "", 0, 0)]),
        (&[], &[("", "", 100, 100), ("2027-01-01", "", 20_000, 3_000)]),
        (&[], &[("", "2026-07-18", 950, 550)]),
        (&[], &[("", "2026-07-15", 950, 550), ("2026-07-16", "", 990, 550)]),
        // A price for the summer, and the old one again.
        (&[], &[("", "", 950, 550), ("2026-07-20", "2026-08-31", 990, 550)]),
        // What is past is past.
        (&[], &[("", "2026-07-13", 9, 550), ("2026-07-01", "", 950, 550)]),
        (&["price_unusual"], &[("", "", 9, 550)]),
        (&["price_unusual"], &[("", "", 950_000, 550)]),
        (&["price_unusual"], &[("", "", 950, 20)]),
        (&["price_unusual"], &[("", "", 950, 5_500)]),
        (&["price_unusual"], &[("", "", 950, 550), ("2027-01-01", "", 95, 550)]),
        (&["tariff_ends_soon"], &[("", "2026-07-14", 950, 550)]),
        (&["tariff_ends_soon"], &[("", "2026-07-17", 950, 550)]),
        (&["tariffs_overlap"], &[("", "2026-12-31", 950, 550), ("2026-10-01", "", 990, 550)]),
        (&["tariff_gap"], &[("", "2026-12-31", 950, 550), ("2027-01-02", "", 990, 550)]),
        (&["tariff_gap"], &[("2027-01-02", "", 990, 550), ("", "2026-07-14", 950, 550)]),
        (&["tariffs_overlap", "tariff_gap"], &[("", "2026-12-31", 950, 550), ("2026-10-01", "2026-11-30", 990, 550), ("2027-02-01", "", 990, 550)]),
    ];

    #[test]
    fn slips_are_named_and_the_usual_is_not() {
        for (codes, entries) in CASES {
            let found = found(entries);
            let told: Vec<_> = found.iter().map(|finding| finding.code).collect();
            assert_eq!(told, *codes, "{entries:?}");
        }
    }

    #[test]
    fn what_will_be_sold_is_told() {
        let slip = &found(&[("", "", 9, 20)])[0];
        let (en, fr) = (slip.what(En), slip.what(Fr));
        for part in ["PASSVN", "CITYPASS", "0.09", "0.20 %"] {
            assert!(en.contains(part), "{en}");
        }
        assert!(fr.contains("0,09 avec 0,20\u{a0}% de TVA"), "{fr}");
        let gap = &found(&[("", "2026-12-31", 950, 550), ("2027-01-05", "", 990, 550)])[0];
        assert!(gap.what(En).contains("from 2027-01-01 until 2027-01-04"));
    }
}
