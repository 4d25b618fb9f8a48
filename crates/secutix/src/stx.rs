//! The STX_File: the flat file by which an external reseller's sales come into
//! ticketing. One line is one ticket; lines with the same order number form one
//! order.
//!
//! Its own layout is not public. Columns and spelling are those of published sibling
//! imports; everything else is assumed and stands in [`Dialect`] and [`Column`],
//! nowhere else.

mod column;
mod dialect;
mod line;
mod parse;
mod reader;
mod rejection;
mod row;
mod writer;

pub use column::Column;
pub use dialect::{DateFormat, Dialect, HeaderLine, InvalidDialect, PriceFactor, Separator};
pub use reader::{
    FileNote, FileRefusal, HeaderProblem, MAX_FILE_BYTES, MAX_LINE_BYTES, ReadRow, StxRows, read,
};
pub use rejection::{
    ReportedRow, RowProblem, RowReason, RowRejection, explanations, reasons, report,
};
pub use row::{
    MAX_PRICE, MAX_REMARK_CHARS, MAX_SHIPMENT_MODE_CHARS, MAX_TAX_NUMBER_CHARS, MAX_VAT, Operation,
    StxRow, TicketState,
};
pub use writer::write;

#[cfg(test)]
mod tests;
