//! `passerelle report`: what was sold, who came, what Otipass owes.

use crate::Verdict;
use crate::house::ConfigOption;
use crate::out::{Format, print};
use crate::table::{Align, table};
use anyhow::{Context, Result, ensure};
use boxoffice::pending_account::{Amount, Statement};
use boxoffice::report::{Moved, SalesReport};
use clap::Subcommand;
use db::Db;
use gate::records::attendance::Attendance;
use kernel::BusinessDay;
use std::collections::BTreeMap;

/// What is said when the database does not answer.
const UNREADABLE: &str = "the report could not be read";

/// `passerelle report`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    report: Report,
}

#[derive(Debug, Subcommand)]
enum Report {
    /// Sales by day, product, tariff and sector
    Sales(Period),
    /// Visitors by sector, hour and device; checks by outcome
    Attendance(Period),
    /// What Otipass owes: lines, VAT, total, disputed lines apart
    Account(Period),
}

#[derive(Debug, clap::Args)]
struct Period {
    /// The first business day, like 2026-07-01; by default the first there is
    #[arg(long, value_name = "DAY")]
    from: Option<BusinessDay>,
    /// The last business day; by default the last there is
    #[arg(long, value_name = "DAY")]
    to: Option<BusinessDay>,
    /// For people or for programs
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    #[command(flatten)]
    config: ConfigOption,
}

pub async fn run(arguments: Arguments) -> Result<Verdict> {
    let (Report::Sales(period) | Report::Attendance(period) | Report::Account(period)) =
        &arguments.report;
    let house = period.config.open().await?;
    let site = house.site().await?;
    let today = site.zone.business_day(house.clock.now());
    let known = known(&house.db).await.context(UNREADABLE)?;
    let known = known.unwrap_or((today, today));
    let from = period.from.unwrap_or(known.0);
    let to = period.to.unwrap_or(known.1.max(from));
    ensure!(
        from <= to,
        "the period ends on {to}, before it begins on {from}; swap --from and --to"
    );
    let (db, format, currency) = (&house.db, period.format, site.currency.as_str());
    match &arguments.report {
        Report::Sales(_) => {
            let report = boxoffice::report::sales(db, from, to).await;
            print(format, &report.context(UNREADABLE)?, |r| sales(r, currency))
        }
        Report::Attendance(_) => {
            let report = gate::records::attendance::attendance(db, from, to).await;
            print(format, &report.context(UNREADABLE)?, attendance)
        }
        Report::Account(_) => {
            let report = boxoffice::pending_account::statement(db, from, to).await;
            print(format, &report.context(UNREADABLE)?, |r| {
                account(r, currency)
            })
        }
    }
}

/// The days of which anything is known.
async fn known(db: &Db) -> Result<Option<(BusinessDay, BusinessDay)>> {
    let checks = gate::records::attendance::period(db).await?;
    let sales = boxoffice::report::period(db).await?;
    let both = checks.into_iter().chain(sales);
    Ok(both.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))))
}

fn sales(report: &SalesReport, currency: &str) -> String {
    let moved = |moved: &Moved| {
        [
            moved.sold.tickets.to_string(),
            moved.sold.gross_minor.to_string(),
            moved.cancelled.tickets.to_string(),
            moved.cancelled.gross_minor.to_string(),
            moved.net.tickets.to_string(),
            moved.net.gross_minor.to_string(),
            moved.net.vat_minor.to_string(),
        ]
    };
    let mut rows: Vec<Vec<String>> = report
        .rows
        .iter()
        .map(|row| {
            vec![
                row.business_day.to_string(),
                row.season.to_string(),
                row.product.to_string(),
                row.tariff.to_string(),
                row.sector
                    .as_ref()
                    .map_or("–".to_owned(), ToString::to_string),
            ]
            .into_iter()
            .chain(moved(&row.moved))
            .collect()
        })
        .collect();
    let mut total = vec!["total".to_owned()];
    total.resize(5, String::new());
    total.extend(moved(&report.total));
    rows.push(total);
    let columns = [
        ("day", Align::Left),
        ("season", Align::Left),
        ("product", Align::Left),
        ("tariff", Align::Left),
        ("sector", Align::Left),
        ("sold", Align::Right),
        ("gross", Align::Right),
        ("cancelled", Align::Right),
        ("gross", Align::Right),
        ("net", Align::Right),
        ("gross", Align::Right),
        ("of which VAT", Align::Right),
    ];
    format!(
        "Sales from {} to {}, in {currency}\n\n{}",
        report.from,
        report.to,
        table(&columns, &rows)
    )
}

fn attendance(report: &Attendance) -> String {
    let block = |name: &str, counts: &BTreeMap<String, i64>| {
        let rows: Vec<_> = counts
            .iter()
            .map(|(name, count)| vec![name.clone(), count.to_string()])
            .collect();
        table(&[(name, Align::Left), ("visitors", Align::Right)], &rows)
    };
    let outcomes: Vec<_> = report
        .by_outcome
        .iter()
        .map(|(outcome, count)| vec![outcome.clone(), count.to_string()])
        .collect();
    format!(
        "Attendance from {} to {}: {} checks, {} visitors admitted\n\n{}\n{}\n{}\n{}",
        report.from,
        report.to,
        report.checks,
        report.admitted,
        block("sector", &report.by_sector),
        block("hour", &report.by_hour),
        block("device", &report.by_device),
        table(
            &[("outcome", Align::Left), ("checks", Align::Right)],
            &outcomes
        ),
    )
}

fn account(report: &Statement, currency: &str) -> String {
    let amount = |amount: &Amount| {
        [
            amount.lines.to_string(),
            amount.amount_minor.to_string(),
            amount.vat_minor.to_string(),
        ]
    };
    let rows: Vec<_> = report
        .rows
        .iter()
        .map(|row| {
            let mut cells = vec![
                row.business_day.to_string(),
                row.kind.as_str().to_owned(),
                row.product.to_string(),
                row.tariff.to_string(),
                row.price_minor.to_string(),
                row.vat_basis_points.to_string(),
            ];
            cells.extend(amount(&row.amount));
            cells
        })
        .collect();
    let columns = [
        ("day", Align::Left),
        ("line", Align::Left),
        ("product", Align::Left),
        ("tariff", Align::Left),
        ("price", Align::Right),
        ("VAT rate", Align::Right),
        ("lines", Align::Right),
        ("amount", Align::Right),
        ("of which VAT", Align::Right),
    ];
    let mut totals: Vec<_> = report
        .by_vat_rate
        .iter()
        .map(|total| {
            let mut cells = vec![format!("at {}", total.vat_basis_points)];
            cells.extend(amount(&total.amount));
            cells
        })
        .collect();
    for (name, sum) in [
        ("sold", &report.sold),
        ("cancelled", &report.cancelled),
        ("owed in all", &report.total),
        ("disputed", &report.disputed_total),
        ("undisputed", &report.undisputed_total),
    ] {
        let mut cells = vec![name.to_owned()];
        cells.extend(amount(sum));
        totals.push(cells);
    }
    if report.by_contact.len() > 1 {
        for total in &report.by_contact {
            let mut cells = vec![format!("by {}", total.contact)];
            cells.extend(amount(&total.amount));
            totals.push(cells);
        }
    }
    let total_columns = [
        ("total", Align::Left),
        ("lines", Align::Right),
        ("amount", Align::Right),
        ("of which VAT", Align::Right),
    ];
    let disputed: Vec<_> = report
        .disputed
        .iter()
        .map(|line| {
            vec![
                line.business_day.to_string(),
                line.kind.as_str().to_owned(),
                line.order_number.to_string(),
                line.product.to_string(),
                line.amount_minor.to_string(),
            ]
        })
        .collect();
    let disputed = if disputed.is_empty() {
        String::new()
    } else {
        let columns = [
            ("day", Align::Left),
            ("line", Align::Left),
            ("order", Align::Left),
            ("product", Align::Left),
            ("amount", Align::Right),
        ];
        format!(
            "\nLines that Otipass disputes\n\n{}",
            table(&columns, &disputed)
        )
    };
    let unsold = match report.unsold {
        0 => String::new(),
        n => format!(
            "\nEntries of these days that are not sold yet and do not stand here: {n}. Once sold, they \
             count for their day;\n`passerelle reconcile` says what they wait for.\n"
        ),
    };
    format!(
        "Pending account from {} to {}, in {currency}\n\n{}\n{}{disputed}{unsold}",
        report.from,
        report.to,
        table(&columns, &rows),
        table(&total_columns, &totals),
    )
}
