//! The one open question for a card at a sector: two devices that read one card at
//! the same time ask Otipass once.
//!
//! It is a row, so it holds across processes; it names when it ends, so that a
//! crash leaves it behind for no longer than a visitor waits.

use crate::decide::intent::Asker;
use crate::decide::rules::Recognised;
use db::{DbError, Tx, params};
use kernel::CheckId;

/// Opens the question about this card and sector for the check `id`, for as long as
/// may be asked; gives the check that has it open instead, if one has. Whoever comes
/// with the card meanwhile waits for the end of this transaction.
pub(crate) fn open(
    tx: &mut Tx<'_>,
    id: CheckId,
    recognised: &Recognised,
    asker: &Asker,
) -> Result<Option<CheckId>, DbError> {
    let Recognised { card, sector, .. } = recognised;
    let opened = tx.execute(
        "INSERT INTO gate_open_question (card, sector, check_id, until) VALUES ($1, $2, $3, $4)
         ON CONFLICT (card, sector) DO UPDATE SET check_id = $3, until = $4
         WHERE gate_open_question.check_id = $3 OR gate_open_question.until <= $5
            OR gate_open_question.until > $6",
        params![
            card,
            sector,
            id,
            asker.until(),
            asker.now,
            asker.impossible()
        ],
    )?;
    if opened == 1 {
        return Ok(None);
    }
    tx.value_opt(
        "SELECT check_id FROM gate_open_question WHERE card = $1 AND sector = $2",
        params![card, sector],
    )
}

/// Closes the question that the check `id` had open, if it had one.
pub(crate) fn close(tx: &mut Tx<'_>, id: CheckId) -> Result<(), DbError> {
    tx.run(
        "DELETE FROM gate_open_question WHERE check_id = $1",
        params![id],
    )
}
