use super::super::*;
use super::{HEADER, ROW, at, read_one, rows};
use kernel::Money;
use std::io::Cursor;

#[test]
fn columns_stand_in_the_order_of_the_header_and_optional_ones_may_lack() {
    let file = "BARCODE;TICKET_STATE;VAT;PRICE;TARIFF;EVENT;SEASON;BUYING_CONTACT_NR;OPERATION_TYPE;ORDER_DATE;ORDER_NR;ORGANIZATION;INSTITUTION;REMARK\n\
                OTI1;NOT_PRINTED;550;950;CITYPASS;PASSVN;VN26;000042;RESERVATION;2026-07-14T07:00:00.114Z;7;VILLEN;VILLEN;hello\n\
                OTI2;NOT_PRINTED;550;0;CITYPASS;PASSVN;VN26;000042;SALE;2026-07-14T07:00:00.114Z;7;VILLEN;VILLEN";
    let read = rows(file, &Dialect::default());
    let first = &read[0].as_ref().unwrap().row;
    assert_eq!(first.barcode.reveal(), "OTI1");
    assert_eq!(first.operation, Operation::Reservation);
    assert_eq!(first.remark, "hello");
    assert_eq!(first.payment_date, None);
    let second = &read[1].as_ref().unwrap().row;
    assert_eq!((second.remark.as_str(), second.price), ("", Money::ZERO));
    // A row may end early, but only where optional columns are left out.
    let short = ROW.rsplit_once(";;;").unwrap().0;
    let rejection = read_one(short).unwrap_err();
    assert_eq!(rejection.problems[0].reason, RowReason::ShipmentModeMissing);
}

#[test]
fn what_a_row_leaves_out_has_the_documented_default() {
    let short = |row: &str| {
        let file = format!(
            "INSTITUTION;OPERATION_TYPE;SEASON;EVENT;TARIFF;PRICE;VAT;TICKET_STATE;GENERATION_DATE;BARCODE;SHIPMENT_MODE;ORDER_DATE;CONTINGENT\n{row}"
        );
        let mut read = read(Cursor::new(file), &Dialect::default()).unwrap();
        let notes = read.notes().to_vec();
        (read.next().unwrap().unwrap(), notes)
    };
    let (full, notes) = short(
        "VILLEN;SALE;VN26;PASSVN;CITYPASS;950;550;CONTROLLED;2026-07-14 07:00:00;OTI1;POST;;X",
    );
    let full = full.unwrap().row;
    assert_eq!(full.organisation.as_str(), "VILLEN");
    // An order of its own; its barcode holds a card number, and is no order's.
    assert_eq!(full.order_number, None);
    assert_eq!(full.order_date, at("2026-07-14T07:00:00Z"));
    assert_eq!(full.buying_contact, None);
    assert_eq!(notes, [FileNote::Ignored(vec!["CONTINGENT"])]);
    let (undated, _) =
        short("VILLEN;SALE;VN26;PASSVN;CITYPASS;950;550;CONTROLLED;2026-07-14;OTI1;POST;;");
    let problems = undated.unwrap_err().problems;
    assert_eq!(
        (problems[0].column, problems[0].reason),
        (Some(Column::GenerationDate), RowReason::InvalidDate)
    );
    assert!(problems[0].explanation.contains("the time"), "{problems:?}");
    // An order is of its own day, and of no other ticket's.
    let (earlier, _) = short(
        "VILLEN;SALE;VN26;PASSVN;CITYPASS;950;550;PRINTED;2026-07-14 07:00:00;OTI1;POST;2026-07-01;",
    );
    assert_eq!(earlier.unwrap().row.order_date, at("2026-07-01T00:00:00Z"));
    let (never, _) = short("VILLEN;SALE;VN26;PASSVN;CITYPASS;950;550;NOT_PRINTED;;OTI1;;;");
    let problems = never.unwrap_err().problems;
    assert_eq!(
        (problems[0].column, problems[0].reason, problems.len()),
        (Some(Column::OrderDate), RowReason::MissingValue, 1)
    );
}

#[test]
fn a_header_that_cannot_be_used_refuses_the_file_with_all_that_is_wrong() {
    let refused = |file: &str| match read(Cursor::new(file), &Dialect::default()) {
        Err(FileRefusal::Header { problems }) => problems,
        other => panic!("{file}: {other:?}"),
    };
    assert_eq!(refused(""), [HeaderProblem::Empty]);
    assert_eq!(refused("\u{feff}\r\n \r\n"), [HeaderProblem::Empty]);
    let not_a_header = [HeaderProblem::NotAHeader { separator: ';' }];
    assert_eq!(refused(ROW), not_a_header);
    assert_eq!(refused("\"INSTITUTION"), [HeaderProblem::UnbalancedQuotes]);
    let header = HEADER
        .replace("REMARK", "REMRAK")
        .replace("VAT", "PRICE")
        .replace("BARCODE;", "");
    assert_eq!(
        refused(&header),
        [
            HeaderProblem::UnknownColumn {
                field: 6,
                name: "REMRAK".to_owned()
            },
            HeaderProblem::DuplicateColumn(Column::Price),
            HeaderProblem::MissingColumn(Column::Vat),
            HeaderProblem::MissingColumn(Column::Barcode),
        ]
    );
}

#[test]
fn a_line_of_separators_is_blank_and_a_title_above_the_header_is_told() {
    let file = format!(";;;;\r\r\n{HEADER}\r\r\n{ROW}\r\r\n \t;;;;;\n");
    assert_eq!(rows(&file, &Dialect::default()).len(), 1);
    let titled = format!("Sales of July\n{HEADER}\n{ROW}\n");
    let refused = read(Cursor::new(titled), &Dialect::default()).unwrap_err();
    assert!(refused.to_string().contains("above"), "{refused}");
}
