//! The pending-account statement: the box office's lines, those that Otipass
//! disputes apart. Which these are only the gate knows.

use boxoffice::pending_account::{self, Statement};
use db::{Db, DbError};
use kernel::BusinessDay;

/// What Otipass owes for the business days `from` to `to`.
///
/// # Errors
/// [`DbError`].
pub async fn statement(db: &Db, from: BusinessDay, to: BusinessDay) -> Result<Statement, DbError> {
    let disputed = gate::ledger::disputed(db).await?;
    pending_account::statement(db, from, to, disputed).await
}
