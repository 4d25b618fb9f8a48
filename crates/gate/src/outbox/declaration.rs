//! Telling Otipass of entries it was not asked about: those that a device
//! admitted offline, and those admitted while Otipass was silent. What was
//! cancelled is declared like any other, and given back afterwards.

use crate::decide::partner::{counted, is_outage};
use crate::decide::rules::Counted;
use crate::outbox::Outbox;
use db::{DbError, FromRow, Row, Tx, params};
use kernel::{CheckId, Timestamp};
use otipass::{Answer, AskError, Question, References, Refusal};
use std::time::Duration;

/// How long one declaration may take. Nobody waits for it.
const DECLARATION_TIMEOUT: Duration = Duration::from_secs(10);
/// For how long a process that tells Otipass of an entry keeps the others from it, in
/// milliseconds.
pub(crate) const CLAIMED_MS: i64 = 30_000;
/// The longest pause before an entry is declared again, in milliseconds.
const LONGEST_PAUSE_MS: i64 = 300_000;

/// What one step of declaring came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Declared {
    /// Nothing is due.
    Nothing,
    /// Another process tells Otipass of what is due.
    Elsewhere,
    /// Otipass took the entry.
    Taken,
    /// Otipass gave back an entry that was cancelled.
    GivenBack,
    /// Otipass took it and says it would have refused it: the entry is disputed.
    Disputed(Refusal),
}

/// Why Otipass could not be told; it stays due.
#[derive(Debug, thiserror::Error)]
pub enum DeclareError {
    /// Otipass did not answer.
    #[error("Otipass did not take what it was told; it is sent again later")]
    Ask(#[from] AskError),
    /// The database failed.
    #[error("the declaration could not be read or kept")]
    Db(#[from] DbError),
}

/// Notes that Otipass is to be told of the entry of this record.
pub(crate) fn owe(
    tx: &mut Tx<'_>,
    record: CheckId,
    counted: Counted,
    due_at: Timestamp,
) -> Result<(), DbError> {
    tx.run(
        "INSERT INTO gate_declaration (check_id, maybe_counted, attempts, due_at)
         VALUES ($1, $2, 0, $3)",
        params![record, counted == Counted::Maybe, due_at],
    )
}

/// The question about a kept check, under its own id as reference: a follow-up is
/// an entry of its own, and what the refusal before it counted is given back.
pub(crate) fn question(row: &Row) -> Result<Question, DbError> {
    Ok(Question {
        card: row.get("card")?,
        num_type: row.get("num_type")?,
        service_id: row.get("service_id")?,
        space_id: row.get("space_id")?,
        time: row.get("scanned_at")?,
        reference: row.get("check_id")?,
    })
}

/// An entry that Otipass is to hear of.
struct Due {
    question: Question,
    maybe_counted: bool,
    attempts: i64,
    due_at: Timestamp,
}

impl DeclareError {
    /// Whether any other entry would fare the same now. If not, this one waits
    /// alone for its next attempt.
    #[must_use]
    pub const fn concerns_all(&self) -> bool {
        match self {
            Self::Ask(error) => is_outage(error),
            Self::Db(_) => true,
        }
    }
}

impl Outbox {
    /// Declares the oldest entry that is due; if there is none, has Otipass give
    /// back the oldest that was cancelled.
    ///
    /// # Errors
    /// The entry is due again after a pause that grows with each attempt.
    pub async fn declare_next(&self) -> Result<Declared, DeclareError> {
        let now = self.clock.now();
        // Mostly there are none, and nobody has to wait for a write.
        let due = self.db.read("declaration due", move |tx| {
            due_now(now, |behind, up_to| due(tx, behind, up_to))
        });
        let Some(due) = due.await? else {
            return self.give_back_next().await;
        };
        let claim = "UPDATE gate_declaration SET due_at = $4
                     WHERE check_id = $1 AND declared_at IS NULL AND attempts = $2 AND due_at = $3";
        if !self
            .claim(claim, due.question.reference, due.attempts, due.due_at)
            .await?
        {
            return Ok(Declared::Elsewhere);
        }
        let check = due.question.reference;
        let disputed = match self
            .otipass
            .declare(&due.question, DECLARATION_TIMEOUT)
            .await
        {
            Ok(Answer::Yes(_)) => None,
            // Our own entry coming back is no dispute.
            Ok(Answer::No { refusal, .. })
                if refusal == Refusal::AlreadyUsed
                    && due.maybe_counted
                    && self.references == References::Ignored =>
            {
                None
            }
            Ok(Answer::No { refusal, .. }) => Some(refusal),
            Err(error) => {
                let attempts = due.attempts + 1;
                let due_at = self.clock.now().plus_ms(pause_ms(attempts));
                let maybe_counted = due.maybe_counted || counted(&error) == Counted::Maybe;
                self.execute(
                    "declaration postponed",
                    "UPDATE gate_declaration
                     SET attempts = $2, due_at = $3,
                         maybe_counted = CASE WHEN maybe_counted = 1 THEN 1 ELSE $4 END
                     WHERE check_id = $1 AND declared_at IS NULL",
                    params![check, attempts, due_at, maybe_counted].to_vec(),
                )
                .await?;
                return Err(error.into());
            }
        };
        self.execute(
            "declared",
            "UPDATE gate_declaration SET declared_at = $2, disputed = $3
             WHERE check_id = $1 AND declared_at IS NULL",
            params![check, self.clock.now(), disputed].to_vec(),
        )
        .await?;
        Ok(disputed.map_or(Declared::Taken, Declared::Disputed))
    }
}

/// Looks with `find` for what is due at `now`: behind the first moment and up to the
/// second. What is further ahead than the longest pause was put off by a clock that
/// was set back since, and is due, too.
pub(crate) fn due_now<T>(
    now: Timestamp,
    mut find: impl FnMut(Timestamp, Timestamp) -> Result<Option<T>, DbError>,
) -> Result<Option<T>, DbError> {
    match find(Timestamp::MIN, now)? {
        Some(due) => Ok(Some(due)),
        None => find(now.plus_ms(LONGEST_PAUSE_MS), Timestamp::MAX),
    }
}

fn due(tx: &mut Tx<'_>, behind: Timestamp, up_to: Timestamp) -> Result<Option<Due>, DbError> {
    tx.query_opt_as(
        "SELECT d.check_id, d.maybe_counted, d.attempts, d.due_at, c.card, c.num_type, c.service_id,
                c.space_id, c.scanned_at
         FROM gate_declaration d JOIN gate_check c ON c.check_id = d.check_id
         LEFT JOIN gate_give_back g ON g.check_id = c.follows AND g.told_at IS NULL
         WHERE d.declared_at IS NULL AND d.due_at > $1 AND d.due_at <= $2
           AND g.check_id IS NULL
         ORDER BY d.due_at, d.seq LIMIT 1",
        params![behind, up_to],
    )
}

impl FromRow for Due {
    fn from_row(row: &Row) -> Result<Self, DbError> {
        Ok(Self {
            question: question(row)?,
            maybe_counted: row.get("maybe_counted")?,
            attempts: row.get("attempts")?,
            due_at: row.get("due_at")?,
        })
    }
}

/// 1 s, 2 s, 4 s … up to five minutes.
pub(crate) fn pause_ms(attempts: i64) -> i64 {
    let doublings = u32::try_from(attempts - 1).unwrap_or(0).min(20);
    (1_000 << doublings).min(LONGEST_PAUSE_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_end() {
        let pauses: Vec<_> = [1, 2, 3, 9, 10, 1_000].map(pause_ms).into();
        assert_eq!(pauses, [1_000, 2_000, 4_000, 256_000, 300_000, 300_000]);
    }
}
