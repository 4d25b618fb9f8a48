//! Entries that Otipass counted, or may have counted, and that did not happen
//! after all: the holder gets them back.

use crate::outbox::Outbox;
use crate::outbox::declaration::{DeclareError, Declared, due_now, pause_ms, question};
use db::{DbError, Tx, params};
use kernel::{CheckId, Timestamp};
use otipass::Question;
use std::time::Duration;

/// How long telling Otipass may take. Nobody waits for it.
const GIVE_BACK_TIMEOUT: Duration = Duration::from_secs(10);

/// Notes that Otipass is to give back the entry of this record, unless its card
/// number was removed: without it, Otipass cannot be told.
pub(crate) fn owe(tx: &mut Tx<'_>, record: CheckId, now: Timestamp) -> Result<(), DbError> {
    tx.run(
        "INSERT INTO gate_give_back (check_id, attempts, due_at)
         SELECT check_id, 0, $2 FROM gate_check WHERE check_id = $1 AND card_removed_at IS NULL",
        params![record, now],
    )
}

impl Outbox {
    /// Has Otipass give back the oldest entry that is due; one that Otipass does
    /// not know of yet is declared first.
    pub(crate) async fn give_back_next(&self) -> Result<Declared, DeclareError> {
        let now = self.clock.now();
        let due = self.db.read("give-back due", move |tx| {
            due_now(now, |behind, up_to| due(tx, behind, up_to))
        });
        let Some((question, attempts, due_at)) = due.await? else {
            return Ok(Declared::Nothing);
        };
        let check = question.reference;
        let claim = "UPDATE gate_give_back SET due_at = $4
                     WHERE check_id = $1 AND told_at IS NULL AND attempts = $2 AND due_at = $3";
        if !self.claim(claim, check, attempts, due_at).await? {
            return Ok(Declared::Elsewhere);
        }
        let given_back = self.otipass.cancel(&question, GIVE_BACK_TIMEOUT).await;
        let now = self.clock.now();
        if let Err(error) = given_back {
            let attempts = attempts + 1;
            self.execute(
                "give-back postponed",
                "UPDATE gate_give_back SET attempts = $2, due_at = $3
                 WHERE check_id = $1 AND told_at IS NULL",
                params![check, attempts, now.plus_ms(pause_ms(attempts))].to_vec(),
            )
            .await?;
            return Err(error.into());
        }
        self.execute(
            "given back",
            "UPDATE gate_give_back SET told_at = $2 WHERE check_id = $1 AND told_at IS NULL",
            params![check, now].to_vec(),
        )
        .await?;
        Ok(Declared::GivenBack)
    }
}

/// What is due, how often it was tried, and since when it is.
fn due(
    tx: &mut Tx<'_>,
    behind: Timestamp,
    up_to: Timestamp,
) -> Result<Option<(Question, i64, Timestamp)>, DbError> {
    tx.query_opt(
        "SELECT g.check_id, g.attempts, g.due_at, c.card, c.num_type, c.service_id, c.space_id,
                c.scanned_at
         FROM gate_give_back g JOIN gate_check c ON c.check_id = g.check_id
         LEFT JOIN gate_declaration d ON d.check_id = g.check_id
         WHERE g.told_at IS NULL AND c.card IS NOT NULL AND g.due_at > $1 AND g.due_at <= $2
           AND (d.check_id IS NULL OR d.declared_at IS NOT NULL)
         ORDER BY g.due_at, g.seq LIMIT 1",
        params![behind, up_to],
    )?
    .map(|row| Ok((question(&row)?, row.get("attempts")?, row.get("due_at")?)))
    .transpose()
}
