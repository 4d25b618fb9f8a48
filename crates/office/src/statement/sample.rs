//! Sample data of this page.

use super::*;
use crate::frame::Frame;
use crate::tests::html;
use kernel::{Money, VatRate};

/// Two sales and a cancellation.
pub(crate) fn statement(period: Period) -> Statement {
    let vat_basis_points = VatRate::from_basis_points(550);
    let amount = |lines: i64, each: i64| {
        let amount_minor = Money::from_minor(lines * each);
        Amount {
            lines,
            amount_minor,
            vat_minor: vat_basis_points.contained_in(amount_minor),
        }
    };
    let (sold, cancelled) = (amount(120, 1_050), amount(2, -1_050));
    let mut rows = Vec::new();
    for (kind, amount) in [(LineKind::Sale, sold), (LineKind::Cancellation, cancelled)] {
        rows.push(StatementRow {
            business_day: period.from,
            kind,
            season: "2026".parse().unwrap(),
            product: "PASSVN".parse().unwrap(),
            tariff: "PASS".parse().unwrap(),
            contact: "000042".parse().unwrap(),
            price_minor: Money::from_minor(1_050),
            vat_basis_points,
            amount,
        });
    }
    Statement::of((period.from, period.to), rows, Vec::new(), 0)
}

/// As [`sample`], with lines of another contact and entries that are not sold.
fn of_two(period: Period) -> Statement {
    let usual = statement(period);
    let other = "000077".parse::<ContactNumber>().unwrap();
    let of_other = usual.rows.iter().cloned().map(|row| StatementRow {
        contact: other.clone(),
        ..row
    });
    let rows = usual.rows.iter().cloned().chain(of_other).collect();
    Statement::of((period.from, period.to), rows, Vec::new(), 12)
}

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let month = Asked::month(frame).period;
    let noted = |statement, pass_backs, estimated| Noted {
        statement,
        pass_backs,
        estimated,
        aside: estimated,
    };
    let statements = [
        Some(noted(statement(month), 0, 0)),
        Some(noted(of_two(month), 2, 3)),
        None,
    ];
    html(
        statements
            .iter()
            .map(|statement| page(Asked::month(frame), None, statement.as_ref())),
    )
}
