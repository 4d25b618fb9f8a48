//! The pending account's statement of a period, for people; the files of the
//! same are in `statement_file`.

#[cfg(test)]
pub(crate) mod sample;

use super::entered::{Entered, Query};
use super::figure::{Figure, Figures};
use super::form::Mistakes;
use super::format::Formats;
use super::frame::Frame;
use super::page_error::PageError;
use super::period::{Filter, Period, today};
use super::visit::{Answer, Visit};
use crate::access::{self, Address};
use boxoffice::pending_account::{Amount, ContactTotal, LineKind, Statement};
use kernel::text::fill;
use kernel::{BusinessDay, ContactNumber};
use std::collections::BTreeMap;

kernel::texts!(Texts in Fr, En {
    title: "Relevé du compte d’attente", "Pending-account statement";
    not_kept: "Ce service ne tient pas la billetterie : regardez sur celui qui la tient.",
        "This service keeps no ticketing: look at the one that does.";
    nothing: "Le compte n’a pas bougé pendant cette période.",
        "Nothing moved on the account in this period.";
    csv: "Télécharger en CSV", "Download CSV";
    xlsx: "Télécharger en XLSX", "Download XLSX";
    pdf: "Télécharger en PDF", "Download PDF";
    sales: "Ventes", "Sales";
    cancellations: "Annulations", "Cancellations";
    sale: "Vente", "Sale";
    cancellation: "Annulation", "Cancellation";
    owed: "Total TTC", "Total incl. VAT";
    undisputed: "Non contesté", "Not disputed";
    disputed: "Contesté", "Disputed";
    by_contact: "Par contact", "By contact";
    contact: "Contact", "Contact";
    of_contact: "Contact {contact}", "Contact {contact}";
    only: "Le relevé de {contact} seul", "The statement of {contact} alone";
    all_contacts: "Le relevé de tous les contacts", "The statement of all contacts";
    unsold: "Entrées de cette période qui ne sont pas encore vendues et ne figurent pas ici : {n}. Une fois vendues, elles comptent pour leur jour : établissez alors le relevé à nouveau.",
        "Entries of this period that are not sold yet and do not stand here: {n}. Once sold, they count for their day: then make the statement anew.";
    made: "Établi le {moment}", "Made on {moment}";
    by_vat: "TVA par taux", "VAT by rate";
    by_product: "Par produit et tarif", "By product and tariff";
    disputed_lines: "Lignes contestées par Otipass", "Lines that Otipass disputes";
    summary: "Récapitulatif", "Summary";
    lines_by_day: "Lignes par jour", "Lines by day";
    rate: "Taux", "Rate";
    product: "Produit", "Product";
    tariff: "Tarif", "Tariff";
    price: "Prix", "Price";
    kind: "Nature", "Kind";
    day: "Jour", "Day";
    order: "Commande", "Order";
    lines: "Lignes", "Lines";
    net: "Montant HT", "Amount excl. VAT";
    vat: "TVA", "VAT";
    gross: "Montant TTC", "Amount incl. VAT";
    net_short: "Montant HT", "Excl. VAT";
    gross_short: "Montant TTC", "Incl. VAT";
    total: "Total", "Total";
    some_disputed: "{shown} lignes contestées sur {all} : le total les compte toutes, et les fichiers les contiennent toutes.",
        "{shown} of {all} disputed lines: the total counts all, and the files have all.";
    page: "Page {n} sur {all}", "Page {n} of {all}";
});

impl Texts {
    pub(super) const fn of_kind(&self, kind: LineKind) -> &'static str {
        match kind {
            LineKind::Sale => self.sale,
            LineKind::Cancellation => self.cancellation,
        }
    }
}

/// Number of lines, then money without VAT, VAT, and both.
pub(super) fn amounts(formats: &Formats, amount: Amount) -> [String; 4] {
    [
        formats.number(amount.lines),
        formats.money(amount.amount_minor + -amount.vat_minor),
        formats.money(amount.vat_minor),
        formats.money(amount.amount_minor),
    ]
}

/// What the statement comes to, each with its name.
pub(super) fn summary(t: &'static Texts, statement: &Statement) -> [(&'static str, Amount); 5] {
    [
        (t.sales, statement.sold),
        (t.cancellations, statement.cancelled),
        (t.total, statement.total),
        (t.disputed, statement.disputed_total),
        (t.undisputed, statement.undisputed_total),
    ]
}

fn row(first: Vec<String>, formats: &Formats, amount: Amount) -> Vec<String> {
    first.into_iter().chain(amounts(formats, amount)).collect()
}

fn figures(formats: &Formats, statement: &Statement) -> Vec<Figure> {
    let t = Texts::of(formats.language);
    let head = |first: &[&str]| -> Vec<String> {
        let money = [t.lines, t.net, t.vat, t.gross];
        first
            .iter()
            .chain(&money)
            .map(|s| (*s).to_owned())
            .collect()
    };
    if statement.rows.is_empty() {
        return Vec::new();
    }
    let mut products: BTreeMap<_, Amount> = BTreeMap::new();
    for line in &statement.rows {
        let key = (
            format!("{} {}", line.product, line.season),
            line.tariff.to_string(),
            line.kind,
            line.price_minor,
        );
        let sum = products.entry(key).or_default();
        sum.lines += line.amount.lines;
        sum.amount_minor = sum.amount_minor + line.amount.amount_minor;
        sum.vat_minor = sum.vat_minor + line.amount.vat_minor;
    }
    let blank = String::new;
    let mut figures = vec![
        Figure {
            note: String::new(),
            id: "summary",
            title: t.summary,
            plot: None,
            head: head(&[""]),
            rows: summary(t, statement)
                .into_iter()
                .map(|(name, amount)| row(vec![name.to_owned()], formats, amount))
                .collect(),
            total: Vec::new(),
        },
        Figure {
            note: String::new(),
            id: "by-vat",
            title: t.by_vat,
            plot: None,
            head: head(&[t.rate]),
            rows: statement
                .by_vat_rate
                .iter()
                .map(|vat| {
                    row(
                        vec![formats.rate(vat.vat_basis_points)],
                        formats,
                        vat.amount,
                    )
                })
                .collect(),
            total: row(vec![t.total.to_owned()], formats, statement.total),
        },
        Figure {
            note: String::new(),
            id: "by-product",
            title: t.by_product,
            plot: None,
            head: head(&[t.product, t.tariff, t.kind, t.price]),
            rows: products
                .into_iter()
                .map(|((product, tariff, kind, price), amount)| {
                    let kind = t.of_kind(kind).to_owned();
                    row(
                        vec![product, tariff, kind, formats.money(price)],
                        formats,
                        amount,
                    )
                })
                .collect(),
            total: row(
                vec![t.total.to_owned(), blank(), blank(), blank()],
                formats,
                statement.total,
            ),
        },
    ];
    if statement.by_contact.len() > 1 {
        figures.push(Figure {
            note: String::new(),
            id: "by-contact",
            title: t.by_contact,
            plot: None,
            head: head(&[t.contact]),
            rows: statement
                .by_contact
                .iter()
                .map(|total| row(vec![total.contact.to_string()], formats, total.amount))
                .collect(),
            total: row(vec![t.total.to_owned()], formats, statement.total),
        });
    }
    if !statement.disputed.is_empty() {
        let all = statement.disputed.len();
        let note = if all > SHOWN {
            let (shown, all) = (formats.count(SHOWN), formats.count(all));
            fill(t.some_disputed, &[("shown", &shown), ("all", &all)])
        } else {
            String::new()
        };
        figures.push(Figure {
            note,
            id: "disputed",
            title: t.disputed_lines,
            plot: None,
            head: [t.order, t.day, t.kind, t.product, t.vat, t.gross]
                .map(str::to_owned)
                .into(),
            rows: statement
                .disputed
                .iter()
                .take(SHOWN)
                .map(|line| {
                    vec![
                        line.order_number.to_string(),
                        formats.day(line.business_day),
                        t.of_kind(line.kind).to_owned(),
                        format!("{} {}", line.product, line.season),
                        formats.money(line.vat_minor),
                        formats.money(line.amount_minor),
                    ]
                })
                .collect(),
            total: vec![
                t.total.to_owned(),
                blank(),
                blank(),
                blank(),
                formats.money(statement.disputed_total.vat_minor),
                formats.money(statement.disputed_total.amount_minor),
            ],
        });
    }
    figures
}

/// Disputed lines on the page; the files have all.
const SHOWN: usize = 200;

/// What the statement is of, in words: the period, and the contact if it is of
/// one.
pub(super) fn about(t: &Texts, formats: &Formats, statement: &Statement) -> String {
    let period = Period {
        from: statement.from,
        to: statement.to,
    };
    let words = period.words(formats);
    match statement.by_contact.as_slice() {
        [only] => {
            let contact = fill(t.of_contact, &[("contact", only.contact.as_str())]);
            format!("{words} · {contact}")
        }
        _ => words,
    }
}

/// What is missing from the statement; empty if nothing is.
pub(super) fn warning(t: &Texts, formats: &Formats, statement: &Statement) -> String {
    match statement.unsold {
        0 => String::new(),
        n => fill(t.unsold, &[("n", &formats.number(n))]),
    }
}

fn page(
    frame: Frame,
    period: Period,
    contact: Option<&ContactNumber>,
    today: BusinessDay,
    mistakes: Mistakes,
    statement: Option<&Statement>,
) -> Figures {
    let formats = &frame.formats;
    let t = Texts::of(formats.language);
    let Period { from, to } = period;
    let of = |at: Address, contact: Option<&ContactNumber>| {
        let contact = contact.map_or("", ContactNumber::as_str);
        at.with(&[
            ("from", &from.to_string()),
            ("to", &to.to_string()),
            ("contact", contact),
        ])
    };
    let parts = match (contact, statement) {
        (Some(_), _) => vec![(t.all_contacts.to_owned(), of(access::STATEMENT, None))],
        (None, Some(statement)) if statement.by_contact.len() > 1 => statement
            .by_contact
            .iter()
            .map(|ContactTotal { contact, .. }| {
                let name = fill(t.only, &[("contact", contact.as_str())]);
                (name, of(access::STATEMENT, Some(contact)))
            })
            .collect(),
        _ => Vec::new(),
    };
    Figures {
        title: t.title,
        period: statement.map_or_else(
            || period.words(formats),
            |statement| about(t, formats, statement),
        ),
        parts,
        warning: statement.map_or_else(String::new, |statement| warning(t, formats, statement)),
        filter: Filter::new(&frame, access::STATEMENT, period, today, mistakes),
        kept: statement.is_some(),
        not_kept: t.not_kept,
        nothing: t.nothing,
        downloads: statement.map_or_else(Vec::new, |_| {
            vec![
                (t.pdf, of(access::STATEMENT_PDF, contact)),
                (t.xlsx, of(access::STATEMENT_XLSX, contact)),
                (t.csv, of(access::STATEMENT_CSV, contact)),
            ]
        }),
        tiles: statement.map_or_else(Vec::new, |statement| {
            vec![
                (t.owed, formats.money(statement.total.amount_minor)),
                (t.vat, formats.money(statement.total.vat_minor)),
                (
                    t.disputed,
                    formats.money(statement.disputed_total.amount_minor),
                ),
                (
                    t.undisputed,
                    formats.money(statement.undisputed_total.amount_minor),
                ),
            ]
        }),
        figures: statement.map_or_else(Vec::new, |statement| figures(formats, statement)),
        frame,
    }
}

/// The contact that was asked for.
///
/// # Errors
/// [`PageError::NotFound`] if it is none.
pub(super) fn contact(query: &Entered) -> Result<Option<ContactNumber>, PageError> {
    let contact = query.some("contact").map(str::parse).transpose();
    contact.map_err(|_| PageError::NotFound)
}

/// The statement, if this process keeps the account.
pub(super) async fn read(
    visit: &Visit,
    period: Period,
    contact: Option<&ContactNumber>,
) -> Result<Option<Statement>, PageError> {
    if visit.office.box_office.is_none() {
        return Ok(None);
    }
    let db = &visit.office.db;
    let statement = boxoffice::pending_account::statement(db, period.from, period.to).await?;
    Ok(Some(match contact {
        Some(contact) => statement.of_contact(contact),
        None => statement,
    }))
}

pub(crate) async fn show(visit: Visit, Query(query): Query) -> Answer {
    let frame = visit.frame();
    let today = today(&visit);
    let (period, mistakes) = Period::read(&query, today, &frame.formats);
    let contact = contact(&query)?;
    let statement = read(&visit, period, contact.as_ref()).await?;
    visit.page(&page(
        frame,
        period,
        contact.as_ref(),
        today,
        mistakes,
        statement.as_ref(),
    ))
}
