//! The pending-account statement: the box office's lines, those that Otipass
//! disputes apart. Which these are only the gate knows.

use boxoffice::pending_account::{self, Statement};
use db::{Db, DbError};
use kernel::{BusinessDay, Zone};

/// What Otipass owes for the business days `from` to `to`.
///
/// # Errors
/// [`DbError`].
pub async fn statement(db: &Db, from: BusinessDay, to: BusinessDay) -> Result<Statement, DbError> {
    // Days begin at the organisation's midnight, which is less than a day from
    // that of UTC; which lines count is told by their own day.
    let utc = Zone::utc();
    let (first, behind) = (from.plus_days(-1), to.plus_days(2));
    let disputed = gate::ledger::disputed(db, utc.start_of(first), utc.start_of(behind)).await?;
    pending_account::statement(db, from, to, disputed).await
}
