//! What the gate has to tell others: control barcodes and cancellations to
//! ticketing; declarations and give-backs to Otipass; disputes to the box office.

pub(crate) mod declaration;
pub(crate) mod delivery;
pub mod dispute;
pub(crate) mod give_back;
