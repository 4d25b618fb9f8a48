//! What stands in the books with a mark: admissions that somebody should look at.

use db::{Db, DbError, params};

/// How many admissions bear a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doubts {
    /// Admitted within the repeat window of another admission of the card.
    pub possible_pass_backs: i64,
    /// Their scan time is an estimate.
    pub estimated_times: i64,
}

/// Counts them; looks at every check.
///
/// # Errors
/// If the database fails.
pub async fn doubts(db: &Db) -> Result<Doubts, DbError> {
    db.read("doubts", |tx| {
        let row = tx.query_one(
            "SELECT CAST(COALESCE(SUM(CASE WHEN repeats IS NULL THEN 0 ELSE 1 END), 0) AS BIGINT)
                        AS possible_pass_backs,
                    CAST(COALESCE(SUM(time_estimated), 0) AS BIGINT) AS estimated_times
             FROM gate_check WHERE admitted = 1",
            params![],
        )?;
        Ok(Doubts {
            possible_pass_backs: row.get("possible_pass_backs")?,
            estimated_times: row.get("estimated_times")?,
        })
    })
    .await
}
