use super::{Column, Dialect, HeaderLine, StxRow, line};

/// An STX_File of `rows`, with its header line if the dialect has one. What is written,
/// [`read`](super::read) reads back equal in the same dialect, apart from what its
/// [`DateFormat`](super::DateFormat) loses; it is there that a row's mistakes are found.
#[must_use]
pub fn write<'a>(rows: impl IntoIterator<Item = &'a StxRow>, dialect: &Dialect) -> String {
    let (columns, separator) = (dialect.columns.iter(), dialect.separator.as_char());
    let mut file = match dialect.header {
        HeaderLine::Present => line::join(columns.clone().map(|c| c.as_str()), separator),
        HeaderLine::Absent => String::new(),
    };
    for row in rows {
        let cells = columns.clone().map(|column| cell(row, *column, dialect));
        file.push_str(&line::join(cells, separator));
    }
    file
}

fn cell(row: &StxRow, column: Column, dialect: &Dialect) -> String {
    let date = |moment| dialect.date_text(column, moment);
    match column {
        Column::Institution => row.institution.as_str().to_owned(),
        Column::Organisation => row.organisation.as_str().to_owned(),
        Column::OrderNumber => (row.order_number.as_ref())
            .map(|number| number.as_str().to_owned())
            .unwrap_or_default(),
        Column::OrderDate => date(row.order_date),
        Column::Operation => row.operation.as_str().to_owned(),
        Column::Remark => row.remark.clone(),
        Column::BuyingContact => (row.buying_contact.as_ref())
            .map(|contact| contact.as_str().to_owned())
            .unwrap_or_default(),
        Column::Season => row.season.as_str().to_owned(),
        Column::Product => row.product.as_str().to_owned(),
        Column::Tariff => row.tariff.as_str().to_owned(),
        Column::Price => dialect.price_text(row.price),
        Column::Vat => row.vat.basis_points().to_string(),
        Column::PaymentDate => row.payment_date.map(date).unwrap_or_default(),
        Column::TicketState => row.ticket_state.as_str().to_owned(),
        Column::GenerationDate => row.generation_date.map(date).unwrap_or_default(),
        Column::Barcode => row.barcode.reveal().to_owned(),
        Column::TaxNumber => row.tax_number.clone().unwrap_or_default(),
        Column::ShipmentDate => row.shipment_date.map(date).unwrap_or_default(),
        Column::ShipmentMode => row.shipment_mode.clone().unwrap_or_default(),
    }
}
