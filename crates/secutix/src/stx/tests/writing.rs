use super::super::*;
use super::{HEADER, ROW, exact, row, rows, with, written};
use kernel::{ContactNumber, ControlBarcode, Money, OrderNumber, ProductCode, VatRate};
use std::io::Cursor;

#[test]
fn what_breaks_a_rule_is_written_and_rejected_when_it_is_read() {
    use RowReason as R;
    let changed = |change: &dyn Fn(&mut StxRow)| {
        let mut row = row();
        change(&mut row);
        row
    };
    let cases: Vec<(StxRow, RowReason)> = vec![
        (
            changed(&|r| r.remark = "two\tcells".to_owned()),
            R::ForbiddenCharacter,
        ),
        (changed(&|r| r.remark = "é".repeat(2_001)), R::TooLong),
        (
            changed(&|r| r.price = Money::from_minor(-1)),
            R::InvalidNumber,
        ),
        (
            changed(&|r| r.price = Money::from_minor(i64::MAX)),
            R::OutOfRange,
        ),
        (
            changed(&|r| r.price = Money::ZERO),
            R::PaymentDateWithoutPrice,
        ),
        (
            changed(&|r| r.vat = VatRate::from_basis_points(10_001)),
            R::OutOfRange,
        ),
        (
            changed(&|r| r.buying_contact = Some("K42".parse().unwrap())),
            R::InvalidNumber,
        ),
        (
            changed(&|r| r.generation_date = None),
            R::GenerationDateMissing,
        ),
        (changed(&|r| r.shipment_mode = None), R::ShipmentModeMissing),
        (
            changed(&|r| r.shipment_mode = Some(String::new())),
            R::ShipmentModeMissing,
        ),
        (
            changed(&|r| r.tax_number = Some("7".repeat(51))),
            R::TooLong,
        ),
    ];
    for separator in [Separator::Semicolon, Separator::Tab] {
        let dialect = Dialect {
            separator,
            ..exact()
        };
        for (bad, reason) in &cases {
            let read = rows(&written(&[bad.clone(), row()], &dialect), &dialect);
            let problems = &read[0].as_ref().unwrap_err().problems;
            assert_eq!(problems.len(), 1, "{problems:?}");
            assert_eq!(problems[0].reason, *reason, "{problems:?}");
            assert_eq!(read[1].as_ref().unwrap().row, row());
        }
    }
}

/// A line's end in a field would make two rows of one, and nothing looks for it.
#[test]
fn no_code_can_break_a_line() {
    for text in ["a\nb", "a\rb", "a\u{85}b"] {
        assert!(text.parse::<ProductCode>().is_err(), "{text:?}");
        assert!(text.parse::<OrderNumber>().is_err(), "{text:?}");
        assert!(text.parse::<ContactNumber>().is_err(), "{text:?}");
        assert!(text.parse::<ControlBarcode>().is_err(), "{text:?}");
    }
}

#[test]
fn a_column_may_be_left_out() {
    let without_remark = Dialect {
        columns: Column::ALL
            .iter()
            .copied()
            .filter(|c| *c != Column::Remark)
            .collect(),
        ..exact()
    };
    let silent = StxRow {
        remark: String::new(),
        ..row()
    };
    let file = written(&[row()], &without_remark);
    assert_eq!(
        rows(&file, &without_remark)[0].as_ref().unwrap().row,
        silent
    );
}

#[test]
fn the_report_names_line_reasons_and_the_row_as_it_was() {
    let bad = with(Column::Price, "\"9;50\"");
    let file = format!("{HEADER}\n{ROW}\n{bad}\n");
    let dialect = Dialect::default();
    let mut reported = Vec::new();
    for read in rows(&file, &dialect) {
        let rejection = match read {
            Ok(good) => good.reject(vec![
                RowProblem::of(
                    Column::Product,
                    RowReason::ProductUnknown,
                    "is not in the catalogue; add it",
                ),
                RowProblem::of_row(RowReason::ProductUnknown, "Nothing sold"),
            ]),
            Err(rejection) => rejection,
        };
        reported.push(ReportedRow {
            line: rejection.line,
            reasons: reasons(&rejection.problems),
            explanations: explanations(&rejection.problems),
            text: rejection.text,
        });
    }
    let report = report(&reported, 0, &dialect);
    let lines: Vec<Vec<String>> = report
        .lines()
        .map(|l| {
            line::split(l, ';')
                .unwrap()
                .into_iter()
                .map(Into::into)
                .collect()
        })
        .collect();
    assert_eq!(lines[0], ["LINE", "REASON", "EXPLANATION", "ROW"]);
    assert_eq!(
        lines[1],
        [
            "2",
            "product_unknown",
            "EVENT is not in the catalogue; add it. Nothing sold",
            ROW
        ]
    );
    assert_eq!(
        (lines[2][0].as_str(), lines[2][1].as_str()),
        ("3", "invalid_number")
    );
    assert_eq!(lines[2][3], bad);
    assert_eq!(lines.len(), 3);
}

#[test]
fn nothing_printed_for_the_log_holds_a_barcode() {
    let file = format!("{HEADER}\n{ROW}\n");
    let mut rows = read(Cursor::new(file), &Dialect::default()).unwrap();
    let shown = format!("{rows:?}");
    assert!(!shown.contains("29997501"), "{shown}");
    let mut read = rows.next().unwrap().unwrap().unwrap();
    // The order number is a code like any other; it is the importer's choice.
    read.row.order_number = Some("7".parse().unwrap());
    let shown = format!("{read:?} {:?}", read.clone().reject(Vec::new()));
    assert!(!shown.contains("29997501"), "{shown}");
}
