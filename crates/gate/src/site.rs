//! The site: whose it is, its sectors, doors and devices, and the interface to
//! Otipass; read from files and tables, kept in the database, changed one by one.

pub mod change;
pub(crate) mod file;
mod form;
pub(crate) mod found;
pub mod interface;
pub(crate) mod known;
pub(crate) mod layout;
pub mod loaded;
pub(crate) mod names;
pub(crate) mod outline;
pub(crate) mod rename;
pub mod revision;
pub(crate) mod settings;
pub mod table;
