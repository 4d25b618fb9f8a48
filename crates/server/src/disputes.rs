//! Disputed entries cross from the gate to the box office: the access control
//! service has no word for them, so they can only where one database holds the
//! books of both.

use boxoffice::dispute::{self, Noted};
use db::{Db, DbError};
use kernel::Timestamp;

/// How many disputes are carried in one transaction.
const STEP: u32 = 500;

/// Tells the box office of the disputes it has yet to hear of. What it does not
/// have, though ticketing took it, is told again later; the reconciliation names it.
///
/// # Errors
/// [`DbError`]; what was told stays told.
pub async fn carry(db: &Db, now: Timestamp) -> Result<(), DbError> {
    let mut after = 0;
    loop {
        let step = db.write("disputes", move |tx| {
            let disputes = gate::dispute::untold(tx, after, STEP)?;
            for dispute in &disputes {
                if dispute::note(tx, &dispute.barcode)? == Noted::Yes {
                    gate::dispute::told(tx, dispute.check_id, now)?;
                }
            }
            Ok::<_, DbError>(disputes.last().map(|last| last.seq))
        });
        match step.await? {
            None => return Ok(()),
            Some(last) => after = last,
        }
    }
}
