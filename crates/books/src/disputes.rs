//! Disputed entries cross from the gate to the box office: the access control
//! service has no word for them, so they can only where one database holds the
//! books of both.

use boxoffice::BOOKS;
use boxoffice::dispute::{self, Noted};
use db::{Db, DbError};
use kernel::Timestamp;

/// How many disputes are carried in one transaction.
const STEP: u32 = 500;

/// Tells the box office of the disputes it has yet to hear of, and says how many
/// are about barcodes that it does not have, though ticketing took them: they are
/// told again later, and the reconciliation names them.
///
/// # Errors
/// [`DbError`]; what was told stays told.
pub async fn carry(db: &Db, now: Timestamp) -> Result<usize, DbError> {
    let (mut after, mut unknown) = (0, 0);
    loop {
        // Mostly there are none, and nobody has to wait for a write.
        let untold = move |tx: &mut db::Tx<'_>| gate::outbox::dispute::untold(tx, after, STEP);
        let disputes: Vec<_> = db.read("disputes untold", untold).await?;
        let Some(last) = disputes.last() else {
            return Ok(unknown);
        };
        after = last.seq;
        let told = db.write("disputes", move |tx| {
            tx.one_at_a_time(BOOKS)?;
            let mut unknown = 0;
            for dispute in &disputes {
                match dispute::note(tx, &dispute.barcode)? {
                    Noted::Yes => gate::outbox::dispute::told(tx, dispute.check_id, now)?,
                    Noted::Unknown => unknown += 1,
                }
            }
            Ok::<_, DbError>(unknown)
        });
        unknown += told.await?;
    }
}
