//! Sample data of this page.

use super::*;
use crate::form::Mistakes;
use crate::frame::Frame;
use crate::tests::html;
use boxoffice::report::Sales;
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
        total += moved;
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
    let (month, year) = (Asked::month(frame), Asked::year(frame));
    let (full, long) = (report(month.period), report(year.period));
    let wrong = Asked {
        frame: frame.wrong("", Mistakes::one("to", "?")),
        ..year
    };
    let names = Names::default();
    html([
        page(month, Some(&full), &names),
        page(wrong, Some(&long), &names),
        page(Asked::month(frame), None, &names),
    ])
}
