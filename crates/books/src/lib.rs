//! What looks at the books of both sides at once: the reconciliation, the
//! retention of card numbers, the way of disputes, and backups.
//!
//! Nothing here decides, sells or speaks HTTP, and nobody below knows of it.

pub mod backup;
pub mod disputes;
pub mod reconciliation;
pub mod retention;

/// All tables, whatever the roles of a process: reports look at both sides.
pub const SCHEMAS: &[db::Schema] = &[
    gate::SCHEMA,
    boxoffice::SCHEMA,
    staff::SCHEMA,
    notices::SCHEMA,
];
