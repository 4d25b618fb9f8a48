//! Files as museums have them: each is read, or refused at its line with a cure.

use crate::desk::Desk;
use boxoffice::ImportError;
use db::testing::TestDb;
use kernel::causes;
use secutix::stx::reasons;
use std::path::Path;

db::conformance! {
    each_file_is_read_or_refused_at_its_line_with_a_cure,
}

/// What becomes of a file.
enum Comes {
    /// All of its rows are sold.
    Whole,
    /// The same, and people are told something of how it was read.
    With(&'static str),
    /// Some of it is sold; the others are refused at their lines, with a reason and
    /// words of the cure.
    But(&'static [(u64, &'static str, &'static str)]),
    /// Nothing of it is sold.
    Refused(&'static str),
}

use Comes::{But, Refused, Whole, With};

const FILES: [(&str, Comes); 27] = [
    ("01-as-we-write-it.csv", Whole),
    ("02-dates-with-dots.csv", Whole),
    ("03-tabs.txt", Whole),
    ("04-bars.csv", Whole),
    ("05-sep-line-and-commas.csv", Whole),
    ("06-windows-1252.csv", With("read as Windows-1252")),
    ("07-unicode-text.txt", Whole),
    ("08-with-a-mark.csv", Whole),
    ("09-defaults-left-out.csv", Whole),
    (
        "10-columns-of-single-entries.csv",
        With("CULTURAL_CONTACT_NR, FIRST_NAME, LAST_NAME, START_TIME"),
    ),
    ("11-older-names.csv", Whole),
    ("12-macintosh.csv", Whole),
    ("13-moments-in-utc.csv", Whole),
    (
        "14-anonymous-buyer.csv",
        But(&[(2, "buyer_anonymous", "write the number of the contact")]),
    ),
    (
        "15-barcode-shortened.csv",
        But(&[(3, "shortened_by_spreadsheet", "take the file anew")]),
    ),
    (
        "16-zeros-lost.csv",
        But(&[
            (2, "leading_zeros_lost", "the catalogue has 000042"),
            (3, "leading_zeros_lost", "the catalogue has 000042"),
        ]),
    ),
    (
        "17-dates-with-slashes.csv",
        But(&[(2, "invalid_date", "write it like 2026-07-14 09:00:00")]),
    ),
    (
        "18-decimal-comma.csv",
        But(&[(2, "invalid_number", "write the price × 100")]),
    ),
    (
        "19-workbook.xlsx",
        Refused("save the sheet as \"CSV UTF-8\""),
    ),
    ("20-half-utf-8.csv", Refused("line 3 is neither UTF-8")),
    (
        "21-separator-in-a-remark.csv",
        But(&[(2, "wrong_field_count", "in quotation marks")]),
    ),
    (
        "22-prices-in-thousandths.csv",
        But(&[
            (2, "price_mismatch", "price_factor of the dialect"),
            (3, "price_mismatch", "price_factor of the dialect"),
        ]),
    ),
    (
        "23-season-unknown.csv",
        But(&[(2, "season_unknown", "add the season or correct")]),
    ),
    (
        "24-column-misspelt.csv",
        Refused("field 6, \"REMARQUE\", names no column that is known"),
    ),
    (
        "25-debris-of-a-spreadsheet.csv",
        But(&[
            (
                2,
                "forbidden_character",
                "what a spreadsheet makes of a value",
            ),
            (
                3,
                "forbidden_character",
                "what a spreadsheet makes of a value",
            ),
        ]),
    ),
    (
        "26-day-and-month-swapped.csv",
        But(&[(3, "scan_to_come", "day and month may have changed places")]),
    ),
    ("27-empty-rows.csv", Whole),
];

async fn each_file_is_read_or_refused_at_its_line_with_a_cure(test: TestDb) {
    let desk = Desk::open(test).await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/files");
    let mut sold = 0;
    for (name, comes) in FILES {
        let path = desk.file(name, std::fs::read(folder.join(name)).unwrap());
        let imported = desk.office.import_file(&path).await;
        let report = match (&comes, imported) {
            (Refused(cure), Err(error @ ImportError::Refused { .. })) => {
                let said = causes(&error);
                assert!(said.contains(cure), "{name}: {said}");
                continue;
            }
            (_, imported) => imported.unwrap_or_else(|e| panic!("{name}: {}", causes(&e))),
        };
        let refused = match comes {
            But(refused) => refused,
            Whole | With(_) | Refused(_) => &[],
        };
        let found: Vec<_> = report
            .rejected
            .iter()
            .map(|r| (r.line, reasons(&r.problems)))
            .collect();
        let expected: Vec<_> = refused
            .iter()
            .map(|(line, reason, _)| (*line, (*reason).to_owned()))
            .collect();
        assert_eq!(
            found
                .iter()
                .map(|(line, reason)| (*line, reason.split(',').next().unwrap().to_owned()))
                .collect::<Vec<_>>(),
            expected,
            "{name}"
        );
        for (rejection, (_, _, cure)) in report.rejected.iter().zip(refused) {
            let said = rejection.to_string();
            assert!(said.contains(cure), "{name}: {said}");
            assert!(!said.contains("CP"), "{name} tells a barcode: {said}");
        }
        let notes: Vec<_> = report.notes.iter().map(ToString::to_string).collect();
        match comes {
            With(note) => assert!(notes.join("\n").contains(note), "{name}: {notes:?}"),
            _ => assert!(notes.is_empty(), "{name}: {notes:?}"),
        }
        assert_eq!(report.tickets, 2 - refused.len() as u64, "{name}");
        sold += report.tickets;
        // As often as one likes.
        let again = desk.office.import_file(&path).await;
        assert_eq!(again.unwrap().already_imported, report.tickets, "{name}");
    }
    let lines = desk.lines().await;
    assert_eq!(lines.len() as u64, sold);
    assert!(
        lines
            .iter()
            .all(|line| line.business_day.to_string() == "2026-07-14")
    );
    desk.sound_ledger().await;
}
