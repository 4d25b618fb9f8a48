use crate::DbError;
use kernel::{FromValue, Value};
use std::sync::Arc;

/// Makes the parameters of a statement: `params![id, name, None::<i64>]`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::Value::from($value)),*] as &[$crate::Value] };
}

/// One row of a query's result; its columns are read by name.
#[derive(Debug, Clone)]
pub struct Row {
    pub(crate) columns: Arc<[String]>,
    pub(crate) values: Vec<Value>,
}

impl Row {
    /// The value of the column named `column`.
    ///
    /// # Errors
    /// [`DbError::Column`] if there is no such column or it holds something else.
    pub fn get<T: FromValue>(&self, column: &str) -> Result<T, DbError> {
        let at = self.columns.iter().position(|name| name == column);
        let at = at.ok_or_else(|| DbError::Column {
            column: column.to_owned(),
            problem: "is not among the query's columns".to_owned(),
        });
        self.at(at?)
    }

    /// The value of its only column.
    ///
    /// # Errors
    /// [`DbError::Column`] if there are more, or it holds something else.
    pub fn only<T: FromValue>(&self) -> Result<T, DbError> {
        self.are(1)?.at(0)
    }

    fn at<T: FromValue>(&self, at: usize) -> Result<T, DbError> {
        T::from_value(&self.values[at]).map_err(|problem| DbError::Column {
            column: self.columns[at].clone(),
            problem,
        })
    }

    /// Itself, if it has so many columns.
    fn are(&self, count: usize) -> Result<&Self, DbError> {
        if self.columns.len() == count {
            return Ok(self);
        }
        Err(DbError::Column {
            column: self.columns.join(", "),
            problem: format!("were to be {count}"),
        })
    }
}

/// What a row is read as: see [`from_row!`](crate::from_row).
pub trait FromRow: Sized {
    /// Reads its columns.
    ///
    /// # Errors
    /// [`DbError::Column`] names one that is missing or holds something else.
    fn from_row(row: &Row) -> Result<Self, DbError>;
}

/// Its columns in their order.
impl<A: FromValue, B: FromValue> FromRow for (A, B) {
    fn from_row(row: &Row) -> Result<Self, DbError> {
        let row = row.are(2)?;
        Ok((row.at(0)?, row.at(1)?))
    }
}

/// Its columns in their order.
impl<A: FromValue, B: FromValue, C: FromValue> FromRow for (A, B, C) {
    fn from_row(row: &Row) -> Result<Self, DbError> {
        let row = row.are(3)?;
        Ok((row.at(0)?, row.at(1)?, row.at(2)?))
    }
}

/// Says which columns a struct is read from: those named as its fields, unless
/// another is named; behind a semicolon stand fields that are read from several
/// columns, as what they are themselves.
///
/// ```
/// struct Size { wide: i64, high: i64 }
/// struct Picture { id: i64, title: String, size: Size }
///
/// db::from_row! {
///     Size { wide, high = "height" }
///     Picture { id, title; size }
/// }
/// ```
#[macro_export]
macro_rules! from_row {
    ($($name:ident { $($field:ident $(= $column:literal)?),* $(; $($part:ident),*)? })*) => {$(
        impl $crate::FromRow for $name {
            fn from_row(row: &$crate::Row) -> Result<Self, $crate::DbError> {
                Ok(Self {
                    $($field: row.get($crate::from_row!(@ $field $($column)?))?,)*
                    $($($part: $crate::FromRow::from_row(row)?,)*)?
                })
            }
        }
    )*};
    (@ $field:ident) => { stringify!($field) };
    (@ $field:ident $column:literal) => { $column };
}
