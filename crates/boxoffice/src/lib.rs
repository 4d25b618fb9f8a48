//! The box office: the catalogue, the barcodes the gate hands over, external
//! sales, orders, tickets, the pending account, and what people read of it.
//!
//! What never goes in: devices, checks and Otipass; it knows of an admission what
//! ticketing would know.
//!
//! The rules are pure: [`price`] and [`readiness`] know no database and no
//! clock. [`BoxOffice`] puts them to work: stage, write the STX_File, import it.
//!
//! Architecture invariant: the only way to a ticket is the import of an
//! STX_File, be the file our own or a stranger's; and a barcode has at most one
//! ticket, whatever is repeated, interrupted or done twice at a time.

mod account_day;
mod box_office;
mod cancellation;
pub mod catalogue;
mod catalogue_file;
pub mod dispute;
pub mod doctor;
mod external_sales;
mod found;
pub mod history;
pub mod ledger;
mod order;
pub mod pending_account;
pub mod price;
mod prices;
pub mod readiness;
pub mod report;
pub mod retention;
pub mod sales_file;
mod staged;
mod staging;
pub mod stx_content;
pub mod stx_file;
mod stx_import;
mod stx_row_check;
mod stx_upload;
mod ticket;
pub mod unsold;

/// What changes staged barcodes, tickets, lines or the catalogue comes one after the
/// other; no check waits for it. [`db::Tx::one_at_a_time`].
pub const BOOKS: &str = "books";

pub use box_office::{BoxOffice, Waiting};
pub use catalogue::{Catalogue, CatalogueError};
pub use catalogue_file::{
    CatalogueReading, look_through_catalogue, new_codes_with_space, read_catalogue, write_catalogue,
};
pub use external_sales::{Reevaluated, RunError, RunReport};
pub use found::ALL as FINDINGS;
pub use readiness::HeldReason;
pub use staged::StagedState;
pub use staging::{CatalogueAnswerError, StagingError};
pub use stx_file::ImportKind;
pub use stx_import::{ImportError, ImportReport, REJECTIONS_KEPT};
pub use stx_upload::{Incoming, ReceiveError, Received};

/// The box office's tables.
pub const SCHEMA: db::Schema = db::Schema {
    context: "boxoffice",
    migrations: &[db::Migration {
        name: "the box office's tables",
        works_from: 1,
        sql: include_str!("../migrations/0001_boxoffice.sql"),
    }],
};
