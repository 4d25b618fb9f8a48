//! The statement as files: CSV and XLSX in machine form, with ISO dates and
//! amounts with a point; PDF in the reader's language, fit to send. Barcodes
//! stay out of all of them: they are personal data.

use super::figure::{Asked, Figure};
use super::pdf::{Columns, Pdf, Weight};
use super::statement::{Noted, Tables, Texts, about, contact, read, warning};
use super::table_file::{self, Cell, Form, Of, Stems, number, text};
use crate::page::*;
use boxoffice::pending_account::{Statement, StatementLine, StatementRow};

/// A column: its name, and what stands there of a line and of a disputed line.
type Column<'a> = (&'static str, Of<'a, StatementRow>, Of<'a, StatementLine>);

/// The rows of CSV and XLSX. `part` is `line` for the lines, which together are
/// the total, and `disputed` for those of them that are disputed, once more: their
/// money stands in columns of its own, so that each column can be summed.
fn rows(statement: &Statement, currency: &str) -> Vec<Vec<Cell>> {
    let percent = |rate: kernel::VatRate| {
        let points = rate.basis_points();
        Cell::Number(format!("{}.{:02}", points / 100, points % 100))
    };
    let columns: [Column<'_>; 16] = [
        ("part", &|_| text("line"), &|_| text("disputed")),
        ("business_day", &|of| text(of.business_day), &|of| {
            text(of.business_day)
        }),
        ("kind", &|of| text(of.kind.as_str()), &|of| {
            text(of.kind.as_str())
        }),
        ("season", &|of| text(&of.season), &|of| text(&of.season)),
        ("product", &|of| text(&of.product), &|of| text(&of.product)),
        ("tariff", &|of| text(&of.tariff), &|of| text(&of.tariff)),
        ("order_number", &|_| text(""), &|of| text(&of.order_number)),
        ("contact", &|of| text(&of.contact), &|of| text(&of.contact)),
        ("price", &|of| number(of.price_minor), &|_| text("")),
        ("vat_percent", &|of| percent(of.vat_basis_points), &|of| {
            percent(of.vat_basis_points)
        }),
        ("lines", &|of| number(of.amount.lines), &|_| text("")),
        ("amount", &|of| number(of.amount.amount_minor), &|_| {
            text("")
        }),
        ("vat", &|of| number(of.amount.vat_minor), &|_| text("")),
        ("disputed_amount", &|_| text(""), &|of| {
            number(of.amount_minor)
        }),
        ("disputed_vat", &|_| text(""), &|of| number(of.vat_minor)),
        ("currency", &|_| text(currency), &|_| text(currency)),
    ];
    let lines = columns.map(|(name, of, _)| (name, of));
    let disputed = columns.map(|(name, _, of)| (name, of));
    let mut rows = table_file::table(&lines, &statement.rows);
    rows.extend(table_file::cells(&disputed, &statement.disputed));
    rows
}

/// Where the columns of an amount stand behind one, and behind four.
const FEW: Columns = (1, &[40, 224, 284, 374, 464, 559]);
const MANY: Columns = (4, &[40, 118, 178, 262, 344, 380, 442, 496, 559]);
/// Where those of a disputed line stand.
const DISPUTED: Columns = (4, &[40, 118, 178, 324, 428, 494, 559]);

fn pdf_of(formats: &Formats, site_name: &str, noted: &Noted, now: Timestamp) -> Vec<u8> {
    let (t, statement) = (Texts::of(formats.language), &noted.statement);
    let about = about(t, formats, statement);
    let mut pdf = Pdf::new();
    pdf.lines(16, Weight::Bold, site_name);
    pdf.down(26);
    pdf.line(12, Weight::Bold, t.title);
    pdf.down(16);
    pdf.line(10, Weight::Plain, &about);
    pdf.down(14);
    let made = fill(t.made, &[("moment", &formats.moment(now))]);
    pdf.line(10, Weight::Plain, &made);
    let warning = warning(t, formats, noted);
    if !warning.is_empty() {
        pdf.down(16);
        pdf.lines(10, Weight::Plain, &warning);
    }
    let part = |pdf: &mut Pdf, columns: Columns, table: &Figure| {
        if !pdf.has_room(90) {
            pdf.down(i32::MAX / 2);
        } else {
            pdf.down(32);
        }
        let heading = |pdf: &mut Pdf| {
            pdf.row(Weight::Bold, columns, &table.head);
            pdf.rule();
            pdf.down(15);
        };
        pdf.line(10, Weight::Bold, table.title);
        pdf.down(16);
        heading(pdf);
        for (at, row) in table.rows.iter().enumerate() {
            if at > 0 && pdf.down(13) {
                heading(pdf);
            }
            pdf.row(Weight::Plain, columns, row);
        }
    };
    let tables = Tables::new(formats, statement).narrow();
    part(&mut pdf, FEW, &tables.summary());
    part(&mut pdf, FEW, &tables.by_vat());
    if let Some(contacts) = tables.by_contact() {
        part(&mut pdf, FEW, &contacts);
    }
    part(&mut pdf, MANY, &tables.by_day());
    if let Some(disputed) = tables.disputed(usize::MAX) {
        part(&mut pdf, DISPUTED, &disputed);
    }
    pdf.finish(|n, all| {
        let page = fill(t.page, &[("n", &n), ("all", &all)]);
        let right = format!("{about} – {page}");
        (site_name.to_owned(), right)
    })
}

async fn asked_for(visit: &Visit, Query(query): Query) -> Result<Noted, PageError> {
    let period = Asked::of(visit, &query).whole()?;
    let contact = contact(&query)?;
    let noted = read(visit, period, contact.as_ref()).await?;
    noted.ok_or(PageError::NotFound)
}

fn stem(language: Language, statement: &Statement) -> String {
    let stem = Stems::of(language).statement;
    format!("{stem}-{}-{}", statement.from, statement.to)
}

pub(crate) async fn table(visit: Visit, Path(form): Path<Form>, query: Query) -> Answer {
    let statement = asked_for(&visit, query).await?.statement;
    let rows = rows(&statement, &visit.office.role.currency);
    table_file::send(form, &stem(visit.language, &statement), &rows)
}

pub(crate) async fn pdf(visit: Visit, query: Query) -> Answer {
    let noted = asked_for(&visit, query).await?;
    let (frame, now) = (visit.frame(), visit.staff().now());
    let file = pdf_of(&frame.formats, &frame.site_name, &noted, now);
    let name = format!("{}.pdf", stem(visit.language, &noted.statement));
    download("application/pdf", &name, file)
}

#[cfg(test)]
mod tests {
    use super::super::frame::Frame;
    use super::super::period::Period;
    use super::super::statement::sample;
    use super::*;
    use kernel::Language;

    fn statement() -> Statement {
        sample::statement(Period::month_of("2026-07-14".parse().unwrap()))
    }

    #[test]
    fn the_lines_of_the_file_come_to_the_total() {
        let rows = rows(&statement(), "EUR");
        let file = String::from_utf8(table_file::csv_of(&rows)).unwrap();
        let mut lines = file.lines().skip(1);
        assert_eq!(
            lines.next().unwrap(),
            "line,2026-07-01,SALE,2026,PASSVN,PASS,,000042,10.50,5.50,120,1260.00,65.69,,,EUR"
        );
        let cancelled = lines.next().unwrap();
        assert!(cancelled.contains(",2,-21.00,-1.09,,,EUR"), "{cancelled}");
        assert_eq!(statement().total.amount_minor.minor(), 126_000 - 2_100);
    }

    #[test]
    fn the_letter_is_in_the_readers_language() {
        for (language, title) in [
            (Language::Fr, "Relev\u{e9} du compte d\u{92}attente"),
            (Language::En, "Pending-account statement"),
        ] {
            let formats = Frame::sample(language, None).formats;
            let now = Timestamp::from_millis_clamped(1_784_019_600_000);
            let noted = Noted {
                statement: statement(),
                pass_backs: 2,
                estimated: 0,
                aside: 0,
            };
            let file = pdf_of(&formats, "Musée (de Villeneuve)", &noted, now);
            let text: String = file.iter().map(|byte| char::from(*byte)).collect();
            assert!(text.contains(title) && text.contains(": 2."));
            assert!(text.contains("Mus\u{e9}e \\(de Villeneuve\\)"));
        }
    }
}
