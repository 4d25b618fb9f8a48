//! Columns that hold a word of the gate's own.

use db::{DbError, Row};
use otipass::NumType;

/// Reads a text column as a type of the gate's own.
pub(crate) fn read_as<T: std::str::FromStr>(row: &Row, column: &str) -> Result<T, DbError> {
    row.get::<String>(column)?
        .parse()
        .map_err(|_| unreadable(column))
}

pub(crate) fn unreadable(column: &str) -> DbError {
    DbError::Column {
        column: column.to_owned(),
        problem: "holds a word this version does not know".to_owned(),
    }
}

/// The number type in a database.
pub(crate) const fn num_type_text(num_type: NumType) -> &'static str {
    match num_type {
        NumType::Number => "number",
        NumType::Serial => "serial",
    }
}

/// Reads the column `num_type`.
pub(crate) fn num_type(row: &Row) -> Result<NumType, DbError> {
    match row.get::<String>("num_type")?.as_str() {
        "serial" => Ok(NumType::Serial),
        "number" => Ok(NumType::Number),
        _ => Err(unreadable("num_type")),
    }
}
