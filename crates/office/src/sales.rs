//! Sales of a period: by day, product, tariff and sector.

#[cfg(test)]
pub(crate) mod sample;

use super::entered::Query;
use super::figure::{Figure, Figures};
use super::form::Mistakes;
use super::format::Formats;
use super::frame::Frame;
use super::period::{Filter, Period, today};
use super::plot::{Bar, Plot};
use super::visit::{Answer, Visit};
use crate::access;
use boxoffice::report::{self, Moved, Sales, SalesReport, SalesRow};
use kernel::BusinessDay;
use std::collections::BTreeMap;

kernel::texts!(Texts in Fr, En {
    title: "Ventes", "Sales";
    not_kept: "Ce service ne tient pas la billetterie : regardez sur celui qui la tient.",
        "This service keeps no ticketing: look at the one that does.";
    nothing: "Rien n’a été vendu ni annulé pendant cette période.",
        "Nothing was sold or cancelled in this period.";
    by_day: "Par jour", "By day";
    by_month: "Par mois", "By month";
    by_product: "Par produit", "By product";
    by_tariff: "Par tarif", "By tariff";
    by_sector: "Par secteur", "By sector";
    day: "Jour", "Day";
    month: "Mois", "Month";
    product: "Produit", "Product";
    tariff: "Tarif", "Tariff";
    sector: "Secteur", "Sector";
    no_sector: "Sans secteur", "No sector";
    sold: "Vendus", "Sold";
    cancelled: "Annulés", "Cancelled";
    net: "Net", "Net";
    gross: "Montant TTC", "Amount incl. VAT";
    vat: "dont TVA", "of which VAT";
    tickets: "Billets, nets", "Tickets, net";
    total: "Total", "Total";
    most: "Le plus élevé : {label}, {value}.", "The highest: {label}, {value}.";
});

fn add(sum: &mut Moved, more: &Moved) {
    let add = |sum: &mut Sales, more: Sales| {
        sum.tickets += more.tickets;
        sum.gross_minor = sum.gross_minor + more.gross_minor;
        sum.vat_minor = sum.vat_minor + more.vat_minor;
    };
    add(&mut sum.sold, more.sold);
    add(&mut sum.cancelled, more.cancelled);
    add(&mut sum.net, more.net);
}

fn sums<K: Ord>(rows: &[SalesRow], key: impl Fn(&SalesRow) -> K) -> Vec<(K, Moved)> {
    let mut sums: BTreeMap<K, Moved> = BTreeMap::new();
    for row in rows {
        add(sums.entry(key(row)).or_default(), &row.moved);
    }
    sums.into_iter().collect()
}

fn cells(name: &str, moved: &Moved, formats: &Formats) -> Vec<String> {
    vec![
        name.to_owned(),
        formats.number(moved.sold.tickets),
        formats.number(moved.cancelled.tickets),
        formats.number(moved.net.tickets),
        formats.money(moved.net.gross_minor),
        formats.money(moved.net.vat_minor),
    ]
}

/// One figure: `parts` are the short name for the plot, the whole one, and what
/// was sold.
fn figure(
    formats: &Formats,
    (id, title, label): (&'static str, &'static str, &'static str),
    parts: &[(String, String, Moved)],
    total: &Moved,
    in_order: bool,
) -> Figure {
    let t = Texts::of(formats.language);
    let bars: Vec<Bar> = parts
        .iter()
        .map(|(short, _, moved)| Bar {
            label: short.clone(),
            value: moved.net.gross_minor.minor(),
            shown: formats.money(moved.net.gross_minor),
        })
        .collect();
    let plot = if in_order { Plot::columns } else { Plot::rows };
    let head = [label, t.sold, t.cancelled, t.net, t.gross, t.vat];
    Figure {
        note: String::new(),
        id,
        title,
        plot: Some(plot(id, title, t.most, &bars)),
        head: head.map(str::to_owned).into(),
        rows: parts
            .iter()
            .map(|(_, name, moved)| cells(name, moved, formats))
            .collect(),
        total: cells(t.total, total, formats),
    }
}

fn by_day(formats: &Formats, period: Period, report: &SalesReport) -> Figure {
    let t = Texts::of(formats.language);
    let parts: Vec<_> = if period.is_long() {
        sums(&report.rows, |row| row.business_day.first_of_month())
            .into_iter()
            .map(|(month, moved)| (formats.month(month), formats.month(month), moved))
            .collect()
    } else {
        // A day without sales has its place in the plot.
        let sold: BTreeMap<_, _> = sums(&report.rows, |row| row.business_day)
            .into_iter()
            .collect();
        let mut days = Vec::new();
        let mut day = period.from;
        while day <= period.to && days.len() < 64 {
            let moved = sold.get(&day).copied().unwrap_or_default();
            days.push((formats.short_day(day), formats.day(day), moved));
            day = day.plus_days(1);
        }
        days
    };
    let (title, label) = if period.is_long() {
        (t.by_month, t.month)
    } else {
        (t.by_day, t.day)
    };
    figure(
        formats,
        ("by-day", title, label),
        &parts,
        &report.total,
        true,
    )
}

fn figures(formats: &Formats, period: Period, report: &SalesReport) -> Vec<Figure> {
    if report.rows.is_empty() {
        return Vec::new();
    }
    let t = Texts::of(formats.language);
    let by = |names, key: &dyn Fn(&SalesRow) -> String| {
        let mut parts: Vec<_> = sums(&report.rows, key)
            .into_iter()
            .map(|(name, moved)| (name.clone(), name, moved))
            .collect();
        parts.sort_by_key(|(_, _, moved)| std::cmp::Reverse(moved.net.gross_minor));
        figure(formats, names, &parts, &report.total, false)
    };
    vec![
        by_day(formats, period, report),
        by(("by-product", t.by_product, t.product), &|row| {
            format!("{} {}", row.product, row.season)
        }),
        by(("by-tariff", t.by_tariff, t.tariff), &|row| {
            row.tariff.to_string()
        }),
        by(("by-sector", t.by_sector, t.sector), &|row| {
            row.sector
                .as_ref()
                .map_or(t.no_sector.to_owned(), ToString::to_string)
        }),
    ]
}

fn page(
    frame: Frame,
    period: Period,
    today: BusinessDay,
    mistakes: Mistakes,
    report: Option<&SalesReport>,
) -> Figures {
    let t = Texts::of(frame.formats.language);
    let formats = &frame.formats;
    let tiles = report.map(|report| {
        let Moved { cancelled, net, .. } = report.total;
        vec![
            (t.tickets, formats.number(net.tickets)),
            (t.gross, formats.money(net.gross_minor)),
            (t.vat, formats.money(net.vat_minor)),
            (t.cancelled, formats.number(cancelled.tickets)),
        ]
    });
    Figures {
        title: t.title,
        period: period.words(formats),
        filter: Filter::new(&frame, access::SALES, period, today, mistakes),
        kept: report.is_some(),
        not_kept: t.not_kept,
        nothing: t.nothing,
        parts: Vec::new(),
        warning: String::new(),
        downloads: Vec::new(),
        tiles: tiles.unwrap_or_default(),
        figures: report
            .map(|report| figures(formats, period, report))
            .unwrap_or_default(),
        frame,
    }
}

pub(crate) async fn show(visit: Visit, Query(query): Query) -> Answer {
    let frame = visit.frame();
    let today = today(&visit);
    let (period, mistakes) = Period::read(&query, today, &frame.formats);
    let mut report = None;
    if visit.office.box_office.is_some() {
        report = Some(report::sales(&visit.office.db, period.from, period.to).await?);
    }
    visit.page(&page(frame, period, today, mistakes, report.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::Language;

    #[test]
    fn every_figure_comes_to_the_reports_total() {
        let formats = Frame::sample(Language::En, None).formats;
        let period = Period::month_of("2026-07-14".parse().unwrap());
        let report = sample::report(period);
        let figures = figures(&formats, period, &report);
        assert_eq!(figures.len(), 4);
        for figure in figures {
            assert_eq!(
                figure.total[3..],
                ["65", "€682.50", "€35.75"],
                "{}",
                figure.id
            );
            let net: i64 = figure
                .rows
                .iter()
                .map(|row| row[3].parse::<i64>().unwrap())
                .sum();
            assert_eq!(net, 65, "{}", figure.id);
        }
    }
}
