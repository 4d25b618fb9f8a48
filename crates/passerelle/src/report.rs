//! `passerelle report`: what was sold, who came, what Otipass owes.

use crate::Verdict;
use crate::house::ConfigOption;
use crate::language::{decimal, language};
use crate::out::{Format, print};
use crate::table::table;
use anyhow::{Context, Result, ensure};
use boxoffice::pending_account::{Amount, LineKind, Statement};
use boxoffice::report::{Moved, SalesReport};
use clap::Subcommand;
use config::Role;
use db::Db;
use gate::Decision;
use gate::records::attendance::Attendance;
use kernel::BusinessDay;
use kernel::text::fill;
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

kernel::texts!(Texts in Fr, En {
    sales: "Ventes du {from} au {to}, en {currency}",
        "Sales from {from} to {to}, in {currency}";
    sales_headings: "jour, saison, produit, tarif, secteur, >vendus, >TTC vendu, >annulés, >TTC annulé, >restants, >TTC restant, >dont TVA",
        "day, season, product, tariff, sector, >sold, >gross sold, >cancelled, >gross cancelled, >left, >gross left, >of which VAT";
    total: "total", "total";
    attendance: "Fréquentation du {from} au {to} : contrôles : {checks}, visiteurs admis : {admitted}",
        "Attendance from {from} to {to}: checks: {checks}, visitors admitted: {admitted}";
    by_sector: "secteur, >visiteurs", "sector, >visitors";
    by_hour: "heure, >visiteurs", "hour, >visitors";
    by_device: "appareil, >visiteurs", "device, >visitors";
    by_outcome: "issue, >contrôles", "outcome, >checks";
    account: "Compte d’attente du {from} au {to}, en {currency}",
        "Pending account from {from} to {to}, in {currency}";
    account_headings: "jour, ligne, produit, tarif, >prix, >taux de TVA, >lignes, >montant, >dont TVA",
        "day, line, product, tariff, >price, >VAT rate, >lines, >amount, >of which VAT";
    total_headings: "total, >lignes, >montant, >dont TVA",
        "total, >lines, >amount, >of which VAT";
    sale: "vente", "sale";
    cancellation: "annulation", "cancellation";
    at_rate: "à {rate}", "at {rate}";
    sold: "vendu", "sold";
    cancelled: "annulé", "cancelled";
    owed: "dû en tout", "owed in all";
    disputed: "contesté", "disputed";
    undisputed: "non contesté", "undisputed";
    by_contact: "par {contact}", "by {contact}";
    disputed_lines: "Lignes qu’Otipass conteste", "Lines that Otipass disputes";
    disputed_headings: "jour, ligne, commande, produit, >montant",
        "day, line, order, product, >amount";
    unsold: "Entrées de ces jours qui ne sont pas encore vendues et ne sont pas ici : {n}. Une fois vendues, elles comptent pour leur jour ;\n« passerelle reconcile » dit ce qu’elles attendent.",
        "Entries of these days that are not sold yet and do not stand here: {n}. Once sold, they count for their day;\n`passerelle reconcile` says what they wait for.";
});

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
    let t = Texts::of(language());
    match &arguments.report {
        Report::Sales(_) => {
            let report = boxoffice::report::sales(db, from, to).await;
            print(format, &report.context(UNREADABLE)?, |r| {
                sales(t, r, currency)
            })
        }
        Report::Attendance(_) => {
            let report = gate::records::attendance::attendance(db, from, to).await;
            print(format, &report.context(UNREADABLE)?, |r| attendance(t, r))
        }
        Report::Account(_) => {
            let report = boxoffice::pending_account::statement(db, from, to).await;
            print(format, &report.context(UNREADABLE)?, |r| {
                account(t, r, currency)
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

fn sales(t: &Texts, report: &SalesReport, currency: &str) -> String {
    let row = |about: Vec<String>,
               Moved {
                   sold,
                   cancelled,
                   net,
               }: &Moved| {
        let moved = cells![
            sold.tickets,
            decimal(sold.gross_minor),
            cancelled.tickets,
            decimal(cancelled.gross_minor),
            net.tickets,
            decimal(net.gross_minor),
            decimal(net.vat_minor),
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
    rows.push(row(cells![t.total, "", "", "", ""], &report.total));
    let (from, to) = (report.from, report.to);
    let title = fill(
        t.sales,
        &[("from", &from), ("to", &to), ("currency", &currency)],
    );
    format!("{title}\n\n{}", table(t.sales_headings, &rows))
}

fn attendance(t: &Texts, report: &Attendance) -> String {
    let block = |headings: &str, counts: &BTreeMap<String, i64>| {
        let rows: Vec<_> = counts.iter().map(|(name, n)| cells![name, n]).collect();
        table(headings, &rows)
    };
    let outcomes = report.by_outcome.iter();
    let said = |outcome: &String| match outcome.parse::<Decision>() {
        Ok(decision) => office::outcome_in_words(decision, language()).to_owned(),
        Err(_) => outcome.clone(),
    };
    let outcomes: Vec<_> = outcomes
        .map(|(outcome, n)| cells![said(outcome), n])
        .collect();
    let title = fill(
        t.attendance,
        &[
            ("from", &report.from),
            ("to", &report.to),
            ("checks", &report.checks),
            ("admitted", &report.admitted),
        ],
    );
    format!(
        "{title}\n\n{}\n{}\n{}\n{}",
        block(t.by_sector, &report.by_sector),
        block(t.by_hour, &report.by_hour),
        block(t.by_device, &report.by_device),
        table(t.by_outcome, &outcomes),
    )
}

const fn kind(t: &Texts, kind: LineKind) -> &'static str {
    match kind {
        LineKind::Sale => t.sale,
        LineKind::Cancellation => t.cancellation,
    }
}

fn account(t: &Texts, report: &Statement, currency: &str) -> String {
    let row = |about: Vec<String>, of: &Amount| {
        let amount = cells![of.lines, decimal(of.amount_minor), decimal(of.vat_minor)];
        [about, amount].concat()
    };
    let rows: Vec<_> = report
        .rows
        .iter()
        .map(|of| {
            let (price, rate) = (decimal(of.price_minor), decimal(of.vat_basis_points));
            let (day, kind) = (of.business_day, kind(t, of.kind));
            let about = cells![day, kind, of.product, of.tariff, price, rate];
            row(about, &of.amount)
        })
        .collect();
    let by_rate = report.by_vat_rate.iter();
    let mut totals: Vec<_> = by_rate
        .map(|of| {
            row(
                vec![fill(t.at_rate, &[("rate", &decimal(of.vat_basis_points))])],
                &of.amount,
            )
        })
        .collect();
    for (name, sum) in [
        (t.sold, &report.sold),
        (t.cancelled, &report.cancelled),
        (t.owed, &report.total),
        (t.disputed, &report.disputed_total),
        (t.undisputed, &report.undisputed_total),
    ] {
        totals.push(row(cells![name], sum));
    }
    if report.by_contact.len() > 1 {
        let by_contact = report.by_contact.iter();
        totals.extend(by_contact.map(|of| {
            row(
                vec![fill(t.by_contact, &[("contact", &of.contact)])],
                &of.amount,
            )
        }));
    }
    let disputed = report.disputed.iter();
    let disputed: Vec<_> = disputed
        .map(|of| {
            let (day, order, amount) = (of.business_day, &of.order_number, of.amount_minor);
            cells![day, kind(t, of.kind), order, of.product, decimal(amount)]
        })
        .collect();
    let disputed = match disputed[..] {
        [] => String::new(),
        _ => format!(
            "\n{}\n\n{}",
            t.disputed_lines,
            table(t.disputed_headings, &disputed)
        ),
    };
    let unsold = match report.unsold {
        0 => String::new(),
        n => format!("\n{}\n", fill(t.unsold, &[("n", &n)])),
    };
    let (from, to) = (report.from, report.to);
    let title = fill(
        t.account,
        &[("from", &from), ("to", &to), ("currency", &currency)],
    );
    format!(
        "{title}\n\n{}\n{}{disputed}{unsold}",
        table(t.account_headings, &rows),
        table(t.total_headings, &totals),
    )
}
