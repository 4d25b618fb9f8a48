//! From a scan to its decision, and what the journals of devices add to it.
//!
//! [`rules`], [`barcode`], [`breaker`] and [`offline`] are pure: they know no
//! database, no clock and no network.

pub mod barcode;
pub mod breaker;
pub(crate) mod budget;
pub(crate) mod cancellation;
pub(crate) mod check;
pub(crate) mod decision;
pub mod door_admitted;
pub(crate) mod intent;
pub(crate) mod journal;
pub(crate) mod look;
pub mod offline;
pub(crate) mod partner_window;
pub mod rules;
pub(crate) mod scan;
pub(crate) mod tally;
pub mod wording;
