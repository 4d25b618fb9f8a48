//! What a tariff costs on a business day.

use crate::catalogue::Tariff;
use kernel::{BusinessDay, Money, ProductCode, TariffCode, VatRate};

/// A price with its VAT rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// What is paid, VAT included.
    pub gross: Money,
    /// The rate of the VAT in it.
    pub vat: VatRate,
}

impl Price {
    /// The VAT in it, rounded for each ticket.
    #[must_use]
    pub fn vat_amount(self) -> Money {
        self.vat.contained_in(self.gross)
    }
}

/// The price of `product` in `tariff` on `day`. Of several entries that are
/// valid then, the one that began last counts: a new price is entered beside
/// the old one. `None` if none is valid, or if it lacks its price or VAT.
#[must_use]
pub fn price_on(
    tariffs: &[Tariff],
    product: &ProductCode,
    tariff: &TariffCode,
    day: BusinessDay,
) -> Option<Price> {
    let entry = tariffs
        .iter()
        .filter(|t| t.product == *product && t.code == *tariff && t.is_valid_on(day))
        .max_by_key(|t| t.valid_from)?;
    Some(Price {
        gross: entry.price?,
        vat: entry.vat?,
    })
}

impl Tariff {
    /// Whether `day` lies within its validity; both ends belong to it.
    #[must_use]
    pub fn is_valid_on(&self, day: BusinessDay) -> bool {
        self.valid_from.is_none_or(|from| from <= day)
            && self.valid_until.is_none_or(|until| day <= until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> BusinessDay {
        text.parse().unwrap()
    }

    fn entry(from: Option<&str>, until: Option<&str>, price: Option<i64>) -> Tariff {
        Tariff {
            product: "PASSVN".parse().unwrap(),
            code: "CITYPASS".parse().unwrap(),
            price: price.map(Money::from_minor),
            vat: Some(VatRate::from_basis_points(550)),
            valid_from: from.map(day),
            valid_until: until.map(day),
        }
    }

    fn price(tariffs: &[Tariff], on: &str) -> Option<i64> {
        let product = "PASSVN".parse().unwrap();
        let tariff = "CITYPASS".parse().unwrap();
        price_on(tariffs, &product, &tariff, day(on)).map(|price| price.gross.minor())
    }

    #[test]
    fn the_entry_valid_on_the_day_that_began_last_counts() {
        let tariffs = [
            entry(Some("2026-07-01"), Some("2026-07-31"), Some(1000)),
            entry(None, Some("2026-08-31"), Some(950)),
            entry(Some("2026-09-02"), None, None),
        ];
        for (on, expected) in [
            ("2020-01-01", Some(950)),
            ("2026-06-30", Some(950)),
            ("2026-07-01", Some(1000)),
            ("2026-07-31", Some(1000)),
            ("2026-08-01", Some(950)),
            ("2026-08-31", Some(950)),
            ("2026-09-01", None),
            ("2026-09-02", None),
        ] {
            assert_eq!(price(&tariffs, on), expected, "{on}");
        }
    }

    #[test]
    fn without_vat_or_for_another_product_there_is_no_price() {
        let mut without_vat = entry(None, None, Some(950));
        without_vat.vat = None;
        assert_eq!(price(&[without_vat], "2026-07-14"), None);
        let mut other = entry(None, None, Some(950));
        other.product = "PASSVN2".parse().unwrap();
        assert_eq!(price(&[other], "2026-07-14"), None);
        assert_eq!(price(&[], "2026-07-14"), None);
    }

    proptest! {
        #[test]
        fn the_order_of_the_entries_does_not_matter(
            days in prop::collection::btree_map(0i64..60, (0i64..60, 1i64..2000), 0..6),
            on in 0i64..70,
            seed in any::<prop::sample::Index>(),
        ) {
            let first = day("2026-07-01");
            let mut tariffs: Vec<Tariff> = days
                .into_iter()
                .map(|(from, (length, price))| {
                    let mut tariff = entry(None, None, Some(price));
                    tariff.valid_from = Some(first.plus_days(from));
                    tariff.valid_until = Some(first.plus_days(from + length));
                    tariff
                })
                .collect();
            let on = first.plus_days(on).to_string();
            let before = price(&tariffs, &on);
            if !tariffs.is_empty() {
                let turn = seed.index(tariffs.len());
                tariffs.rotate_left(turn);
            }
            prop_assert_eq!(before, price(&tariffs, &on));
            let any_valid = tariffs.iter().any(|t| t.is_valid_on(on.parse().unwrap()));
            prop_assert_eq!(before.is_some(), any_valid);
        }
    }
}
