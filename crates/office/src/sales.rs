//! Sales of a period: by day, product, tariff and sector.

#[cfg(test)]
pub(crate) mod sample;

use super::breakdown::{Breakdown, Sum};
use super::figure::{Asked, Figure, Figures, Known};
use super::period::Period;
use super::table_file::{self, Cell, Column, Form, Stems, maybe, number, text};
use crate::page::*;
use boxoffice::report::{self, Moved, SalesReport, SalesRow};
use gate::Names;

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    nothing: "Rien n’a été vendu ni annulé pendant cette période.",
        "Nothing was sold or cancelled in this period.";
    by_product: "Par produit", "By product";
    by_tariff: "Par tarif", "By tariff";
    no_sector: "Sans secteur", "No sector";
    sold: "Vendus", "Sold";
    cancelled: "Annulés", "Cancelled";
    net: "Net", "Net";
    vat: "dont TVA", "of which VAT";
    tickets: "Billets, nets", "Tickets, net";
});

impl Sum for Moved {
    fn height(&self) -> i64 {
        self.net.gross_minor.minor()
    }

    fn shown(&self, formats: &Formats) -> String {
        formats.money(self.net.gross_minor)
    }

    fn on_scale(height: i64, formats: &Formats) -> String {
        let amount = formats.money(kernel::Money::from_minor(height));
        match formats.language {
            Language::Fr => amount.replace(",00", ""),
            _ => amount.replace(".00", ""),
        }
    }

    fn cells(&self, formats: &Formats) -> Vec<String> {
        vec![
            formats.number(self.sold.tickets),
            formats.number(self.cancelled.tickets),
            formats.number(self.net.tickets),
            formats.money(self.net.gross_minor),
            formats.money(self.net.vat_minor),
        ]
    }
}

fn figures(formats: &Formats, period: Period, report: &SalesReport, names: &Names) -> Vec<Figure> {
    if report.rows.is_empty() {
        return Vec::new();
    }
    let t = Texts::of(formats.language);
    let breakdown = Breakdown {
        formats,
        columns: &[t.sold, t.cancelled, t.net, t.gross, t.vat],
    };
    let by = |id, title, label, name: &dyn Fn(&SalesRow) -> String| {
        let rows = report.rows.iter().map(|row| (name(row), row.moved));
        breakdown.by((id, title, label), rows)
    };
    let days = report.rows.iter().map(|row| (row.business_day, row.moved));
    let sector = |row: &SalesRow| row.sector.as_ref().map(|code| names.short(code));
    vec![
        breakdown.by_day(period, days),
        by("by-product", t.by_product, t.product, &|row| {
            format!("{} {}", row.product, row.season)
        }),
        by("by-tariff", t.by_tariff, t.tariff, &|row| {
            row.tariff.to_string()
        }),
        by("by-sector", t.by_sector, t.sector, &|row| {
            sector(row).unwrap_or_else(|| t.no_sector.to_owned())
        }),
    ]
}

fn page(asked: Asked, report: Option<&SalesReport>, names: &Names) -> Figures {
    let formats = &asked.frame.formats;
    let t = Texts::of(formats.language);
    let known = report.map(|report| {
        let Moved { cancelled, net, .. } = report.total;
        Known {
            tiles: vec![
                (t.tickets, formats.number(net.tickets)),
                (t.gross, formats.money(net.gross_minor)),
                (t.vat, formats.money(net.vat_minor)),
                (t.cancelled, formats.number(cancelled.tickets)),
            ],
            figures: figures(formats, asked.period, report, names),
            downloads: asked.downloads(&access::SALES_TABLE),
            ..Known::default()
        }
    });
    let words = (t.sales, asked.frame.t.no_box_office, t.nothing);
    Figures::new(asked, access::SALES, words, known)
}

pub(crate) async fn show(visit: Visit, Query(query): Query) -> Answer {
    let asked = Asked::of(&visit, &query);
    let mut report = None;
    if visit.office.box_office.is_some() {
        let Period { from, to } = asked.period;
        report = Some(report::sales(&visit.office.db, from, to).await?);
    }
    let names = SiteNames::read(visit.db()).await?.sectors;
    visit.page(&page(asked, report.as_ref(), &names))
}

fn rows(report: &SalesReport, currency: &str) -> Vec<Vec<Cell>> {
    let columns: [Column<'_, SalesRow>; 11] = [
        ("business_day", &|row| text(row.business_day)),
        ("season", &|row| text(&row.season)),
        ("product", &|row| text(&row.product)),
        ("tariff", &|row| text(&row.tariff)),
        ("sector", &|row| maybe(row.sector.as_ref())),
        ("sold", &|row| number(row.moved.sold.tickets)),
        ("cancelled", &|row| number(row.moved.cancelled.tickets)),
        ("net", &|row| number(row.moved.net.tickets)),
        ("gross", &|row| number(row.moved.net.gross_minor)),
        ("vat", &|row| number(row.moved.net.vat_minor)),
        ("currency", &|_| text(currency)),
    ];
    table_file::table(&columns, &report.rows)
}

pub(crate) async fn table(visit: Visit, Path(form): Path<Form>, Query(query): Query) -> Answer {
    let Period { from, to } = Asked::of(&visit, &query).whole()?;
    visit.box_office()?;
    let report = report::sales(visit.db(), from, to).await?;
    let rows = rows(&report, &visit.office.role.currency);
    let stem = Stems::of(visit.language).sales;
    table_file::send(form, &format!("{stem}-{from}-{to}"), &rows)
}

#[cfg(test)]
mod tests {
    use super::super::frame::Frame;
    use super::*;
    use kernel::Language;

    #[test]
    fn the_rows_of_the_file_come_to_the_reports_total() {
        let report = sample::report(Period::month_of("2026-07-14".parse().unwrap()));
        let (mut net, mut gross_minor) = (0, 0);
        for row in rows(&report, "EUR").iter().skip(1) {
            let of = |at: usize| match &row[at] {
                Cell::Number(number) => number.replace('.', "").parse::<i64>().unwrap(),
                Cell::Text(text) => panic!("{text}"),
            };
            net += of(7);
            gross_minor += of(8);
        }
        assert_eq!((net, gross_minor), (65, 68_250));
    }

    #[test]
    fn every_figure_comes_to_the_reports_total() {
        let formats = Frame::sample(Language::En, None).formats;
        let period = Period::month_of("2026-07-14".parse().unwrap());
        let report = sample::report(period);
        let figures = figures(&formats, period, &report, &Names::default());
        assert_eq!(figures.len(), 4);
        for figure in figures {
            let total = &figure.total[3..];
            assert_eq!(total, ["65", "€682.50", "€35.75"], "{}", figure.id);
            let net = figure.rows.iter().map(|row| row[3].parse::<i64>().unwrap());
            assert_eq!(net.sum::<i64>(), 65, "{}", figure.id);
        }
    }
}
