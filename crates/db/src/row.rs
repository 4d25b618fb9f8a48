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
        let problem = |problem: String| DbError::Column {
            column: column.to_owned(),
            problem,
        };
        let at = self
            .columns
            .iter()
            .position(|name| name == column)
            .ok_or_else(|| problem("is not among the query's columns".to_owned()))?;
        T::from_value(&self.values[at]).map_err(problem)
    }
}
