//! Sums over a period: what reports of days are made of.

use crate::{DbError, Row, Tx, params};
use kernel::BusinessDay;

/// A table that has a row for each `business_day` and whatever else its sums are
/// broken down by.
#[derive(Debug, Clone, Copy)]
pub struct Sums {
    /// The table.
    pub table: &'static str,
    /// What is summed up; what comes to nothing in the first is left out.
    pub of: &'static [&'static str],
}

impl Sums {
    /// The sums of the days `from` to `to`, broken down by the columns `by` and in
    /// their order.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn by(
        &self,
        tx: &mut Tx<'_>,
        by: &str,
        from: BusinessDay,
        to: BusinessDay,
    ) -> Result<Vec<Row>, DbError> {
        let sum = |of| format!("CAST(SUM({of}) AS BIGINT) AS {of}");
        let sums: Vec<String> = self.of.iter().map(sum).collect();
        let (table, sums) = (self.table, sums.join(", "));
        let first = self.of.first().copied().unwrap_or("1");
        let sql = format!(
            "SELECT {by}, {sums} FROM {table} WHERE business_day >= $1 AND business_day <= $2
             GROUP BY {by} HAVING SUM({first}) <> 0 ORDER BY {by}"
        );
        tx.query(&sql, params![from, to])
    }

    /// The first and the last business day of the table; `None` if it is empty.
    ///
    /// # Errors
    /// [`DbError`].
    pub fn days(&self, tx: &mut Tx<'_>) -> Result<Option<(BusinessDay, BusinessDay)>, DbError> {
        let table = self.table;
        // Each by itself is found at an end of the index.
        let sql = format!(
            "SELECT (SELECT MIN(business_day) FROM {table}) AS first,
                    (SELECT MAX(business_day) FROM {table}) AS last"
        );
        let (first, last): (Option<BusinessDay>, _) = tx.query_one_as(&sql, params![])?;
        Ok(first.zip(last))
    }
}
