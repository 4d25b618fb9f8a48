use super::super::*;
use super::{HEADER, ROW, exact, read_one, row, rows, with, written};
use kernel::table::{is_debris, is_shortened};
use kernel::{Money, Timestamp, VatRate};
use proptest::prelude::*;

prop_compose! {
    fn moment()(ms in 946_684_800_000_i64..4_102_444_800_000) -> Timestamp {
        Timestamp::from_millis(ms).unwrap()
    }
}

fn text(limit: usize) -> impl Strategy<Value = String> {
    // Weighted towards what could break a line apart.
    prop::collection::vec(
        prop_oneof![
            Just(';'),
            Just('"'),
            Just(','),
            Just('|'),
            Just(' '),
            Just('='),
            // A byte-order mark at the beginning of a file is none of its text.
            "[^\\p{Cc}\u{feff}]".prop_map(|s| s.chars().next().unwrap())
        ],
        0..limit,
    )
    .prop_map(|chars| chars.into_iter().collect())
}

/// One that no spreadsheet has spoilt: such are not read.
fn barcode() -> impl Strategy<Value = String> {
    "[!-:<-~]{1,50}".prop_filter("spoilt", |text| !is_debris(text) && !is_shortened(text))
}

fn trimmed(limit: usize) -> impl Strategy<Value = Option<String>> {
    text(limit).prop_map(|text| Some(text.trim().to_owned()).filter(|t| !t.is_empty()))
}

prop_compose! {
    fn any_row()(
        (institution, order_number, contact) in ("[A-Z\"',]{1,15}", prop::option::of("[A-Z0-9\"|]{1,50}"), "[0-9]{1,20}"),
        (product, tariff, barcode) in ("[A-Z0-9\"]{1,8}", "[A-Z]{1,20}", barcode()),
        (remark, tax_number, mode) in (text(60), trimmed(50), trimmed(19)),
        (order_date, payment, generation, shipment) in (moment(), prop::option::of(moment()), moment(), prop::option::of(moment())),
        (price, vat) in (0_i64..=1_000_000_000, 0_u32..=10_000),
        sale in any::<bool>(),
        state in prop::sample::select(vec![TicketState::NotPrinted, TicketState::Printed, TicketState::Controlled]),
    ) -> StxRow {
        let printed = state != TicketState::NotPrinted;
        StxRow {
            institution: institution.parse().unwrap(),
            organisation: "VILLEN".parse().unwrap(),
            order_number: order_number.map(|number| number.parse().unwrap()),
            order_date,
            operation: if sale { Operation::Sale } else { Operation::Reservation },
            remark,
            buying_contact: Some(contact.parse().unwrap()),
            season: "VN26".parse().unwrap(),
            product: product.parse().unwrap(),
            tariff: tariff.parse().unwrap(),
            price: Money::from_minor(price),
            vat: VatRate::from_basis_points(vat),
            payment_date: payment.filter(|_| price != 0),
            ticket_state: state,
            generation_date: printed.then_some(generation),
            barcode: barcode.parse().unwrap(),
            tax_number,
            shipment_date: shipment,
            shipment_mode: if printed { Some(mode.unwrap_or_else(|| "POST".to_owned())) } else { mode },
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back_equal(
        written_rows in prop::collection::vec(any_row(), 1..5),
        separator in prop::sample::select(vec![Separator::Semicolon, Separator::Comma, Separator::Tab, Separator::Pipe]),
        price_factor in prop::sample::select(vec![PriceFactor::Hundred, PriceFactor::Thousand]),
        header in prop::sample::select(vec![HeaderLine::Present, HeaderLine::Absent]),
        columns in Just(Column::ALL.to_vec()).prop_shuffle(),
    ) {
        let dialect = Dialect { separator, header, price_factor, columns, ..exact() };
        let file = written(&written_rows, &dialect);
        let read: Vec<StxRow> = rows(&file, &dialect).into_iter().map(|read| read.unwrap().row).collect();
        prop_assert_eq!(read, written_rows);
    }

    #[test]
    fn any_line_is_a_row_or_a_rejection_with_a_reason(line in ".{0,200}") {
        let file = format!("{HEADER}\n{line}\n{ROW}\n");
        let read = rows(&file, &Dialect::default());
        for rejection in read.iter().filter_map(|read| read.as_ref().err()) {
            prop_assert!(!rejection.problems.is_empty());
        }
        prop_assert_eq!(&read.last().unwrap().as_ref().unwrap().row, &row());
    }

    #[test]
    fn a_damaged_field_never_panics(column in 0..Column::ALL.len(), field in ".{0,60}") {
        if let Ok(read) = read_one(&with(Column::ALL[column], &field.replace('\n', " "))) {
            let again = rows(&written(std::slice::from_ref(&read), &exact()), &exact());
            prop_assert_eq!(&again[0].as_ref().unwrap().row, &read);
        }
    }
}
