//! Sample data of this page.

use super::*;
use crate::tests::html;
use kernel::Money;

/// A report such as a small museum's.
pub(crate) fn report(period: Period) -> SalesReport {
    let mut rows = Vec::new();
    let mut total = Moved::default();
    for (at, (product, sector)) in [("OPEN", Some("VN_AUG")), ("OPEN48", None)]
        .into_iter()
        .enumerate()
    {
        let tickets = 40 - 15 * i64::try_from(at).unwrap();
        let sold = Sales {
            tickets,
            gross_minor: Money::from_minor(tickets * 1_050),
            vat_minor: Money::from_minor(tickets * 55),
        };
        let moved = Moved {
            sold,
            cancelled: Sales::default(),
            net: sold,
        };
        add(&mut total, &moved);
        rows.push(SalesRow {
            business_day: period.to,
            season: "2026".parse().unwrap(),
            product: product.parse().unwrap(),
            tariff: "PASS".parse().unwrap(),
            sector: sector.map(|sector| sector.parse().unwrap()),
            moved,
        });
    }
    SalesReport {
        from: period.from,
        to: period.to,
        rows,
        total,
    }
}

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let today = "2026-07-14".parse().unwrap();
    let january = "2026-01-01".parse().unwrap();
    let month = Period::month_of(today);
    let year = Period {
        from: january,
        to: today,
    };
    let wrong = Mistakes::one("to", "?");
    let full = report(month);
    let long = report(year);
    html([
        page(
            frame.clone(),
            month,
            today,
            Mistakes::default(),
            Some(&full),
        ),
        page(frame.clone(), year, today, wrong, Some(&long)),
        page(frame.clone(), month, today, Mistakes::default(), None),
    ])
}
