use super::super::*;
use super::{HEADER, ROW, exact, row, rows, with, written};
use kernel::{Money, VatRate};
use std::io::Cursor;

#[test]
fn the_writer_takes_no_row_that_the_reader_would_reject() {
    use RowReason as R;
    let changed = |change: &dyn Fn(&mut StxRow)| {
        let mut row = row();
        change(&mut row);
        row
    };
    let cases: Vec<(StxRow, RowReason)> = vec![
        (
            changed(&|r| r.remark = "two\nlines".to_owned()),
            R::FORBIDDEN_CHARACTER,
        ),
        (changed(&|r| r.remark = "é".repeat(2_001)), R::TOO_LONG),
        (
            changed(&|r| r.price = Money::from_minor(-1)),
            R::OUT_OF_RANGE,
        ),
        (
            changed(&|r| r.price = Money::from_minor(i64::MAX)),
            R::OUT_OF_RANGE,
        ),
        (
            changed(&|r| r.price = Money::ZERO),
            R::PAYMENT_DATE_WITHOUT_PRICE,
        ),
        (
            changed(&|r| r.vat = VatRate::from_basis_points(10_001)),
            R::OUT_OF_RANGE,
        ),
        (
            changed(&|r| r.buying_contact = Some("K42".parse().unwrap())),
            R::INVALID_NUMBER,
        ),
        (
            changed(&|r| r.generation_date = None),
            R::GENERATION_DATE_MISSING,
        ),
        (
            changed(&|r| r.shipment_mode = None),
            R::SHIPMENT_MODE_MISSING,
        ),
        (
            changed(&|r| r.shipment_mode = Some(String::new())),
            R::FORBIDDEN_CHARACTER,
        ),
        (
            changed(&|r| r.tax_number = Some(" 7".to_owned())),
            R::FORBIDDEN_CHARACTER,
        ),
        (
            changed(&|r| r.tax_number = Some("7".repeat(51))),
            R::TOO_LONG,
        ),
    ];
    let mut writer = StxWriter::new(Vec::new(), Dialect::default()).unwrap();
    for (row, reason) in cases {
        let error = writer.write(&row).unwrap_err();
        let StxWriteError::Row { problems } = &error else {
            panic!("{error:?}");
        };
        assert_eq!(problems.len(), 1, "{error}");
        assert_eq!(problems[0].reason, reason, "{error}");
    }
    let file = String::from_utf8(writer.finish().unwrap()).unwrap();
    assert_eq!(file, format!("{HEADER}\n"), "nothing of them was written");
}

#[test]
fn the_writer_drops_no_value_for_want_of_a_column() {
    let without_remark = Dialect {
        columns: Column::ALL
            .iter()
            .copied()
            .filter(|c| *c != Column::Remark)
            .collect(),
        ..exact()
    };
    let mut writer = StxWriter::new(Vec::new(), without_remark.clone()).unwrap();
    let error = writer.write(&row()).unwrap_err();
    assert!(error.to_string().contains("REMARK has a value"), "{error}");
    let silent = StxRow {
        remark: String::new(),
        ..row()
    };
    let file = written(std::slice::from_ref(&silent), &without_remark);
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
    let mut report = RejectionReport::new(Vec::new(), &dialect).unwrap();
    for read in rows(&file, &dialect) {
        let rejection = match read {
            Ok(good) => good.reject(vec![
                RowProblem::of(
                    Column::Product,
                    RowReason::new("product_unknown"),
                    "is not in the catalogue; add it",
                ),
                RowProblem::of_row(RowReason::new("product_unknown"), "Nothing sold"),
            ]),
            Err(rejection) => rejection,
        };
        let (line, problems) = (rejection.line, &rejection.problems);
        let (why, told) = (reasons(problems), explanations(problems));
        report.write(line, &why, &told, &rejection.text).unwrap();
    }
    let report = String::from_utf8(report.finish().unwrap()).unwrap();
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
