//! `passerelle report`: what was sold, who came, what Otipass owes.

use crate::Verdict;
use crate::house::ConfigOption;
use crate::out::{Format, print};
use crate::table::table;
use anyhow::{Context, Result, ensure};
use boxoffice::pending_account::{Amount, Statement};
use boxoffice::report::{Moved, SalesReport};
use clap::Subcommand;
use config::Role;
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
    let role = match arguments.report {
        Report::Attendance(_) => Role::Gate,
        Report::Sales(_) | Report::Account(_) => Role::BoxOffice,
    };
    house.say_if_elsewhere(role, period.format);
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
    let row = |about: Vec<String>,
               Moved {
                   sold,
                   cancelled,
                   net,
               }: &Moved| {
        let moved = cells![
            sold.tickets,
            sold.gross_minor,
            cancelled.tickets,
            cancelled.gross_minor,
            net.tickets,
            net.gross_minor,
            net.vat_minor,
        ];
        [about, moved].concat()
    };
    let mut rows: Vec<_> = report
        .rows
        .iter()
        .map(|of| {
            let sector = of.sector.as_ref().map_or("–", |sector| sector.as_str());
            let about = cells![of.business_day, of.season, of.product, of.tariff, sector];
            row(about, &of.moved)
        })
        .collect();
    rows.push(row(cells!["total", "", "", "", ""], &report.total));
    let headings = "day, season, product, tariff, sector, >sold, >gross, >cancelled, >gross, >net, \
                    >gross, >of which VAT";
    format!(
        "Sales from {} to {}, in {currency}\n\n{}",
        report.from,
        report.to,
        table(headings, &rows)
    )
}

fn attendance(report: &Attendance) -> String {
    let block = |headings: &str, counts: &BTreeMap<String, i64>| {
        let rows: Vec<_> = counts.iter().map(|(name, n)| cells![name, n]).collect();
        table(headings, &rows)
    };
    let outcomes = report.by_outcome.iter();
    let outcomes: Vec<_> = outcomes.map(|(outcome, n)| cells![outcome, n]).collect();
    format!(
        "Attendance from {} to {}: {} checks, {} visitors admitted\n\n{}\n{}\n{}\n{}",
        report.from,
        report.to,
        report.checks,
        report.admitted,
        block("sector, >visitors", &report.by_sector),
        block("hour, >visitors", &report.by_hour),
        block("device, >visitors", &report.by_device),
        table("outcome, >checks", &outcomes),
    )
}

fn account(report: &Statement, currency: &str) -> String {
    let row = |about: Vec<String>, of: &Amount| {
        let amount = cells![of.lines, of.amount_minor, of.vat_minor];
        [about, amount].concat()
    };
    let rows: Vec<_> = report
        .rows
        .iter()
        .map(|of| {
            let (price, rate) = (of.price_minor, of.vat_basis_points);
            let about = cells![of.business_day, of.kind, of.product, of.tariff, price, rate];
            row(about, &of.amount)
        })
        .collect();
    let by_rate = report.by_vat_rate.iter();
    let mut totals: Vec<_> = by_rate
        .map(|of| row(vec![format!("at {}", of.vat_basis_points)], &of.amount))
        .collect();
    for (name, sum) in [
        ("sold", &report.sold),
        ("cancelled", &report.cancelled),
        ("owed in all", &report.total),
        ("disputed", &report.disputed_total),
        ("undisputed", &report.undisputed_total),
    ] {
        totals.push(row(cells![name], sum));
    }
    if report.by_contact.len() > 1 {
        let by_contact = report.by_contact.iter();
        totals.extend(by_contact.map(|of| row(vec![format!("by {}", of.contact)], &of.amount)));
    }
    let disputed = report.disputed.iter();
    let disputed: Vec<_> = disputed
        .map(|of| {
            let (day, order, amount) = (of.business_day, &of.order_number, of.amount_minor);
            cells![day, of.kind, order, of.product, amount]
        })
        .collect();
    let disputed = match disputed[..] {
        [] => String::new(),
        _ => format!(
            "\nLines that Otipass disputes\n\n{}",
            table("day, line, order, product, >amount", &disputed)
        ),
    };
    let unsold = match report.unsold {
        0 => String::new(),
        n => format!(
            "\nEntries of these days that are not sold yet and do not stand here: {n}. Once sold, they \
             count for their day;\n`passerelle reconcile` says what they wait for.\n"
        ),
    };
    let headings = "day, line, product, tariff, >price, >VAT rate, >lines, >amount, >of which VAT";
    format!(
        "Pending account from {} to {}, in {currency}\n\n{}\n{}{disputed}{unsold}",
        report.from,
        report.to,
        table(headings, &rows),
        table("total, >lines, >amount, >of which VAT", &totals),
    )
}
