//! What was decided, to be read: sums, lists, single checks, the ledger; and how
//! card numbers leave it.

pub mod attendance;
pub mod doubts;
pub mod explained;
pub mod history;
pub mod ledger;
pub mod retention;
pub mod symptoms;
