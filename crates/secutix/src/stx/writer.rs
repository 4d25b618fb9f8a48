use super::rejection::explanations;
use super::{Column, Dialect, HeaderLine, InvalidDialect, RowProblem, RowReason, StxRow, line};
use std::io::{self, Write};

/// Why a row could not be written.
#[derive(Debug, thiserror::Error)]
pub enum StxWriteError {
    /// The sink does not take it.
    #[error("the STX_File cannot be written; check disk space and rights, then export again")]
    Io(#[from] io::Error),
    /// The dialect cannot be used.
    #[error(transparent)]
    Dialect(#[from] InvalidDialect),
    /// The row breaks a rule of the format; nothing of it was written.
    #[error("a row cannot be written to the STX_File: {}", explanations(.problems))]
    Row {
        /// All the rules it breaks.
        problems: Vec<RowProblem>,
    },
}

/// Writes an STX_File. What it writes, [`read`](super::read) reads back equal
/// in the same dialect, apart from what its [`DateFormat`](super::DateFormat) loses.
#[derive(Debug)]
pub struct StxWriter<W> {
    sink: W,
    dialect: Dialect,
}

impl<W: Write> StxWriter<W> {
    /// Starts a file, with its header line if the dialect has one. Writes
    /// often and little: hand over a buffered sink.
    ///
    /// # Errors
    /// If the dialect cannot be used or the sink does not take the header line.
    pub fn new(mut sink: W, dialect: Dialect) -> Result<Self, StxWriteError> {
        dialect.check()?;
        if dialect.header == HeaderLine::Present {
            let names = dialect.columns.iter().map(|column| column.as_str());
            sink.write_all(line::join(names, dialect.separator.as_char()).as_bytes())?;
        }
        Ok(Self { sink, dialect })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// If the row breaks a rule of the format or the sink does not take it.
    pub fn write(&mut self, row: &StxRow) -> Result<(), StxWriteError> {
        let mut problems = row.problems();
        for column in Column::ALL {
            if !self.dialect.columns.contains(&column) && !self.cell(row, column).is_empty() {
                problems.push(RowProblem::of(
                    column,
                    RowReason::COLUMN_NOT_WRITTEN,
                    "has a value, but the dialect has no such column; add the column",
                ));
            }
        }
        if !problems.is_empty() {
            return Err(StxWriteError::Row { problems });
        }
        let cells = self
            .dialect
            .columns
            .iter()
            .map(|column| self.cell(row, *column));
        let line = line::join(cells, self.dialect.separator.as_char());
        self.sink.write_all(line.as_bytes())?;
        Ok(())
    }

    /// Flushes and gives back the sink.
    ///
    /// # Errors
    /// If the sink does not take what is left.
    pub fn finish(mut self) -> Result<W, StxWriteError> {
        self.sink.flush()?;
        Ok(self.sink)
    }

    fn cell(&self, row: &StxRow, column: Column) -> String {
        let date = |moment| self.dialect.date_text(column, moment);
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
            Column::Price => self.dialect.price_text(row.price),
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
}
