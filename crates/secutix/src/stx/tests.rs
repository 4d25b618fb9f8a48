use super::*;
use kernel::{Money, Timestamp, VatRate};
use std::io::Cursor;

mod header;
mod reading;
mod round_trip;
mod writing;

const HEADER: &str = "INSTITUTION;ORGANIZATION;ORDER_NR;ORDER_DATE;OPERATION_TYPE;REMARK;BUYING_CONTACT_NR;SEASON;EVENT;TARIFF;PRICE;VAT;PAYMENT_DATE;TICKET_STATE;GENERATION_DATE;BARCODE;TAX_NUMBER;SHIPMENT_DATE;SHIPMENT_MODE";
const ROW: &str = "VILLEN;VILLEN;OTI2999750120260714070000114;2026-07-14T07:00:00.114Z;SALE;Otipass, VN_AUG;000042;VN26;PASSVN;CITYPASS;950;550;2026-07-14T07:00:00.114Z;CONTROLLED;2026-07-14T07:00:00.114Z;OTI2999750120260714070000114;;;E_TICKET";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn row() -> StxRow {
    let scanned_at = at("2026-07-14T07:00:00.114Z");
    StxRow {
        institution: "VILLEN".parse().unwrap(),
        organisation: "VILLEN".parse().unwrap(),
        order_number: Some("OTI2999750120260714070000114".parse().unwrap()),
        order_date: scanned_at,
        operation: Operation::Sale,
        remark: "Otipass, VN_AUG".to_owned(),
        buying_contact: Some("000042".parse().unwrap()),
        season: "VN26".parse().unwrap(),
        product: "PASSVN".parse().unwrap(),
        tariff: "CITYPASS".parse().unwrap(),
        price: Money::from_minor(950),
        vat: VatRate::from_basis_points(550),
        payment_date: Some(scanned_at),
        ticket_state: TicketState::Controlled,
        generation_date: Some(scanned_at),
        barcode: "OTI2999750120260714070000114".parse().unwrap(),
        tax_number: None,
        shipment_date: None,
        shipment_mode: Some("E_TICKET".to_owned()),
    }
}

/// `ROW` with the field of one column replaced.
fn with(column: Column, text: &str) -> String {
    let index = Column::ALL.iter().position(|c| *c == column).unwrap();
    let mut fields: Vec<&str> = ROW.split(';').collect();
    fields[index] = text;
    fields.join(";")
}

fn rows(file: &str, dialect: &Dialect) -> Vec<Result<ReadRow, RowRejection>> {
    let read = read(Cursor::new(file), dialect).unwrap();
    read.collect::<Result<_, _>>().unwrap()
}

fn read_one(line: &str) -> Result<StxRow, RowRejection> {
    let mut rows = rows(&format!("{HEADER}\n{line}\n"), &Dialect::default());
    assert_eq!(rows.len(), 1, "{line}");
    rows.remove(0).map(|read| read.row)
}

/// The usual dialect with moments to the millisecond.
fn exact() -> Dialect {
    Dialect {
        dates: DateFormat::IsoUtc,
        ..Dialect::default()
    }
}

fn written(rows: &[StxRow], dialect: &Dialect) -> String {
    write(rows, dialect)
}
