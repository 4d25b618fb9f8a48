//! The one open question for a card at a sector: two devices that read one card at
//! the same time ask Otipass once.
//!
//! It is a row, so it holds across processes; it names when it ends, so that a
//! crash leaves it behind for no longer than a visitor waits.

use crate::decide::rules::Recognised;
use db::{DbError, Tx, params};
use kernel::{CheckId, Timestamp};

/// Opens the question about this card and sector for the check `id`, for so long
/// from `now` on; gives the check that has it open instead, if one has.
pub(crate) fn open(
    tx: &mut Tx<'_>,
    id: CheckId,
    recognised: &Recognised,
    now: Timestamp,
    budget_ms: i64,
) -> Result<Option<CheckId>, DbError> {
    let Recognised { card, sector, .. } = recognised;
    let until = now.plus_ms(budget_ms);
    // One that ends far later than ours was opened by a clock that was set since;
    // clocks of two processes are less than a budget apart.
    let impossible = until.plus_ms(budget_ms);
    let opened = tx.execute(
        "INSERT INTO gate_open_question (card, sector, check_id, until) VALUES ($1, $2, $3, $4)
         ON CONFLICT (card, sector) DO UPDATE SET check_id = $3, until = $4
         WHERE gate_open_question.check_id = $3 OR gate_open_question.until <= $5
            OR gate_open_question.until > $6",
        params![card, sector, id, until, now, impossible],
    )?;
    if opened == 1 {
        return Ok(None);
    }
    tx.query_opt(
        "SELECT check_id FROM gate_open_question WHERE card = $1 AND sector = $2",
        params![card, sector],
    )?
    .map(|row| row.get("check_id"))
    .transpose()
}

/// Closes the question that the check `id` had open, if it had one.
pub(crate) fn close(tx: &mut Tx<'_>, id: CheckId) -> Result<(), DbError> {
    tx.execute(
        "DELETE FROM gate_open_question WHERE check_id = $1",
        params![id],
    )
    .map(drop)
}
