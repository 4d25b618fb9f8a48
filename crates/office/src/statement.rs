//! The pending account's statement of a period, for people; the files of the
//! same are in `statement_file`.

#[cfg(test)]
pub(crate) mod sample;

use super::figure::{Asked, Figure, Figures, Known};
use super::period::Period;
use super::table_file::downloads;
use crate::page::*;
use boxoffice::pending_account::{Amount, ContactTotal, LineKind, Statement, StatementRow};
use gate::decide::aside;
use gate::records::doubts;
use kernel::ContactNumber;
use std::collections::BTreeMap;

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    title: "Relevé du compte d’attente", "Pending-account statement";
    nothing: "Le compte n’a pas bougé pendant cette période.",
        "Nothing moved on the account in this period.";
    pdf: "Télécharger en PDF", "Download PDF";
    cancellations: "Annulations", "Cancellations";
    sale: "Vente", "Sale";
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
    pass_backs: "Entrées de cette période qui peuvent être deux personnes sur un pass : {n}.", "Entries of this period that may be two persons on one pass: {n}.";
    estimated: "Entrées dont l’heure, et peut-être le jour, est estimée : {n}.", "Entries whose time, and perhaps day, is an estimate: {n}.";
    set_aside: "Entrées mises de côté, qui ne sont peut-être pas ici : {n}. Réglez-les d’abord.", "Entries that lie aside, and may be missing here: {n}. Settle these first.";
    made: "Établi le {moment}", "Made on {moment}";
    by_vat: "TVA par taux", "VAT by rate";
    by_product: "Par produit et tarif", "By product and tariff";
    disputed_lines: "Lignes contestées par Otipass", "Lines that Otipass disputes";
    summary: "Récapitulatif", "Summary";
    lines_by_day: "Lignes par jour", "Lines by day";
    rate: "Taux", "Rate";
    price: "Prix", "Price";
    kind: "Nature", "Kind";
    lines: "Lignes", "Lines";
    net: "Montant HT", "Amount excl. VAT";
    net_short: "Montant HT", "Excl. VAT";
    gross_short: "Montant TTC", "Incl. VAT";
    some_disputed: "{shown} lignes contestées sur {all} : le total les compte toutes, et les fichiers les contiennent toutes.",
        "{shown} of {all} disputed lines: the total counts all, and the files have all.";
    page: "Page {n} sur {all}", "Page {n} of {all}";
});

impl Texts {
    pub(super) fn of_kind(&self, kind: LineKind) -> &'static str {
        match kind {
            LineKind::Sale => self.sale,
            LineKind::Cancellation => self.cancellation,
        }
    }
}

/// The tables of a statement.
pub(super) struct Tables<'a> {
    t: &'static Texts,
    formats: &'a Formats,
    statement: &'a Statement,
    /// The columns of an amount.
    money: [&'static str; 4],
}

impl<'a> Tables<'a> {
    /// For a page.
    pub(super) fn new(formats: &'a Formats, statement: &'a Statement) -> Self {
        let t = Texts::of(formats.language);
        Self {
            t,
            formats,
            statement,
            money: [t.lines, t.net, t.vat, t.gross],
        }
    }

    /// For a sheet of paper, where columns are narrow.
    pub(super) fn narrow(mut self) -> Self {
        let t = self.t;
        self.money = [t.lines, t.net_short, t.vat, t.gross_short];
        self
    }

    /// Each amount with what it is, in so many columns, and perhaps what they come
    /// to.
    fn table<const N: usize>(
        &self,
        (id, title): (&'static str, &'static str),
        first: [&'static str; N],
        rows: impl IntoIterator<Item = ([String; N], Amount)>,
        total: Option<Amount>,
    ) -> Figure {
        let formats = self.formats;
        let row = |(first, amount): ([String; N], Amount)| {
            let amounts = [
                formats.number(amount.lines),
                formats.money(amount.amount_minor + -amount.vat_minor),
                formats.money(amount.vat_minor),
                formats.money(amount.amount_minor),
            ];
            first.into_iter().chain(amounts).collect()
        };
        let total = total.map(|total| {
            let mut first = [const { String::new() }; N];
            self.t.total.clone_into(&mut first[0]);
            row((first, total))
        });
        let head = first.iter().chain(&self.money);
        Figure {
            id,
            title,
            head: head.map(|name| (*name).to_owned()).collect(),
            rows: rows.into_iter().map(row).collect(),
            total: total.unwrap_or_default(),
            ..Figure::default()
        }
    }

    /// What it comes to.
    pub(super) fn summary(&self) -> Figure {
        let (t, statement) = (self.t, self.statement);
        let sums = [
            (t.sales, statement.sold),
            (t.cancellations, statement.cancelled),
            (t.total, statement.total),
            (t.disputed, statement.disputed_total),
            (t.undisputed, statement.undisputed_total),
        ];
        let rows = sums.map(|(name, amount)| ([name.to_owned()], amount));
        self.table(("summary", t.summary), [""], rows, None)
    }

    pub(super) fn by_vat(&self) -> Figure {
        let rows = self.statement.by_vat_rate.iter();
        let rows = rows.map(|vat| ([self.formats.rate(vat.vat_basis_points)], vat.amount));
        let names = ("by-vat", self.t.by_vat);
        self.table(names, [self.t.rate], rows, Some(self.statement.total))
    }

    fn by_product(&self) -> Figure {
        let t = self.t;
        let mut products: BTreeMap<_, Amount> = BTreeMap::new();
        for line in &self.statement.rows {
            let product = format!("{} {}", line.product, line.season);
            let key = (
                product,
                line.tariff.to_string(),
                line.kind,
                line.price_minor,
            );
            *products.entry(key).or_default() += line.amount;
        }
        let rows = products
            .into_iter()
            .map(|((product, tariff, kind, price), amount)| {
                let price = self.formats.money(price);
                ([product, tariff, t.of_kind(kind).to_owned(), price], amount)
            });
        let first = [t.product, t.tariff, t.kind, t.price];
        let names = ("by-product", t.by_product);
        Figure {
            words: 3,
            ..self.table(names, first, rows, Some(self.statement.total))
        }
    }

    /// By contact, if there is more than one.
    pub(super) fn by_contact(&self) -> Option<Figure> {
        let contacts = &self.statement.by_contact;
        let rows = contacts
            .iter()
            .map(|total| ([total.contact.to_string()], total.amount));
        let names = ("by-contact", self.t.by_contact);
        let total = Some(self.statement.total);
        (contacts.len() > 1).then(|| self.table(names, [self.t.contact], rows, total))
    }

    /// All lines, day by day.
    pub(super) fn by_day(&self) -> Figure {
        let (t, formats) = (self.t, self.formats);
        let row = |line: &StatementRow| {
            let first = [
                formats.day(line.business_day),
                t.of_kind(line.kind).to_owned(),
                format!("{} {}", line.product, line.season),
                line.tariff.to_string(),
            ];
            (first, line.amount)
        };
        let rows = self.statement.rows.iter().map(row);
        let first = [t.day, t.kind, t.product, t.tariff];
        Figure {
            words: 4,
            ..self.table(("by-day", t.lines_by_day), first, rows, None)
        }
    }

    /// The disputed lines, `most` of them at the most.
    pub(super) fn disputed(&self, most: usize) -> Option<Figure> {
        let (t, formats, statement) = (self.t, self.formats, self.statement);
        let all = statement.disputed.len();
        if all == 0 {
            return None;
        }
        let rows = statement.disputed.iter().take(most).map(|line| {
            vec![
                formats.day(line.business_day),
                t.of_kind(line.kind).to_owned(),
                line.order_number.to_string(),
                format!("{} {}", line.product, line.season),
                formats.money(line.vat_minor),
                formats.money(line.amount_minor),
            ]
        });
        let (shown, count) = (formats.count(most), formats.count(all));
        let total = statement.disputed_total;
        let blank = String::new;
        Some(Figure {
            id: "disputed",
            title: t.disputed_lines,
            head: [t.day, t.kind, t.order, t.product, t.vat, self.money[3]]
                .map(str::to_owned)
                .into(),
            words: 4,
            rows: rows.collect(),
            total: vec![
                t.total.to_owned(),
                blank(),
                blank(),
                blank(),
                formats.money(total.vat_minor),
                formats.money(total.amount_minor),
            ],
            note: if all > most {
                fill(t.some_disputed, &[("shown", &shown), ("all", &count)])
            } else {
                blank()
            },
            ..Figure::default()
        })
    }

    fn all(&self) -> Vec<Figure> {
        if self.statement.rows.is_empty() {
            return Vec::new();
        }
        let mut figures = vec![self.summary(), self.by_vat(), self.by_product()];
        figures.extend(self.by_contact());
        figures.extend(self.disputed(SHOWN));
        figures
    }
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
            let contact = fill(t.of_contact, &[("contact", &only.contact)]);
            format!("{words} · {contact}")
        }
        _ => words,
    }
}

/// A statement, and what the gates say of the entries of its period.
pub(super) struct Noted {
    pub(super) statement: Statement,
    /// How many may be two persons on one pass.
    pub(super) pass_backs: i64,
    /// Of how many the time is an estimate.
    pub(super) estimated: i64,
    /// How many lie aside, of whatever period.
    pub(super) aside: i64,
}

/// What is missing from the statement, and what to look at before it goes out; empty
/// if there is nothing.
pub(super) fn warning(t: &Texts, formats: &Formats, noted: &Noted) -> String {
    let notes = [
        (t.unsold, noted.statement.unsold),
        (t.pass_backs, noted.pass_backs),
        (t.estimated, noted.estimated),
        (t.set_aside, noted.aside),
    ];
    let some = notes.iter().filter(|(_, n)| *n > 0);
    let said: Vec<_> = some
        .map(|(text, n)| fill(text, &[("n", &formats.number(n))]))
        .collect();
    said.join(" ")
}

/// What an address asks for: a period, and a contact or all of them.
fn query<'a>(
    [from, to]: &'a [String; 2],
    contact: Option<&'a ContactNumber>,
) -> [(&'static str, &'a str); 3] {
    let contact = contact.map_or("", ContactNumber::as_str);
    [("from", from), ("to", to), ("contact", contact)]
}

fn page(asked: Asked, contact: Option<&ContactNumber>, noted: Option<&Noted>) -> Figures {
    let formats = &asked.frame.formats;
    let t = Texts::of(formats.language);
    let Period { from, to } = asked.period;
    let period = [from.to_string(), to.to_string()];
    let of = |at: Address, contact: Option<&ContactNumber>| at.with(&query(&period, contact));
    let alone = |total: &ContactTotal| {
        let name = fill(t.only, &[("contact", &total.contact)]);
        (name, of(access::STATEMENT, Some(&total.contact)))
    };
    let known = noted.map(|noted| (noted, &noted.statement));
    let known = known.map(|(noted, statement)| Known {
        about: Some(about(t, formats, statement)),
        parts: match (contact, statement.by_contact.as_slice()) {
            (Some(_), _) => vec![(t.all_contacts.to_owned(), of(access::STATEMENT, None))],
            (None, [] | [_]) => Vec::new(),
            (None, contacts) => contacts.iter().map(alone).collect(),
        },
        warning: warning(t, formats, noted),
        downloads: std::iter::once((t.pdf, of(access::STATEMENT_PDF, contact)))
            .chain(downloads(
                formats.language,
                &access::STATEMENT_TABLE,
                &query(&period, contact),
            ))
            .collect(),
        tiles: [
            (t.owed, statement.total.amount_minor),
            (t.vat, statement.total.vat_minor),
            (t.disputed, statement.disputed_total.amount_minor),
            (t.undisputed, statement.undisputed_total.amount_minor),
        ]
        .map(|(name, money)| (name, formats.money(money)))
        .into(),
        figures: Tables::new(formats, statement).all(),
    });
    let words = (t.title, asked.frame.t.no_box_office, t.nothing);
    Figures::new(asked, access::STATEMENT, words, known)
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
) -> Result<Option<Noted>, PageError> {
    if visit.office.box_office.is_none() {
        return Ok(None);
    }
    let db = &visit.office.db;
    let statement = boxoffice::pending_account::statement(db, period.from, period.to).await?;
    // The gates know nothing of contacts.
    let (pass_backs, estimated, aside) = match (&visit.office.gate, contact) {
        (Some(_), None) => {
            let (pass_backs, estimated) = doubts::of_days(db, period.from, period.to).await?;
            (pass_backs, estimated, aside::count(db).await?)
        }
        _ => (0, 0, 0),
    };
    Ok(Some(Noted {
        statement: match contact {
            Some(contact) => statement.of_contact(contact),
            None => statement,
        },
        pass_backs,
        estimated,
        aside,
    }))
}

pub(crate) async fn show(visit: Visit, Query(query): Query) -> Answer {
    let asked = Asked::of(&visit, &query);
    let contact = contact(&query)?;
    let noted = read(&visit, asked.period, contact.as_ref()).await?;
    visit.page(&page(asked, contact.as_ref(), noted.as_ref()))
}
