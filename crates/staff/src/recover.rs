//! The way back in when no administrator can sign in any more.

use crate::account::{by_id, by_login, invite, tidied_login, withdraw_invitations};
use crate::audit::{Actor, Change};
use crate::second_step;
use crate::secret::Token;
use crate::session;
use crate::{AccountError, Invited, Role, Staff};
use db::params;

impl Staff {
    /// Makes an administrator, who may sign in, of whoever has this login, and gives the
    /// token of the link by which they choose a password. For the way back in: the
    /// former password, the identity at a provider, the second step and all sessions end.
    ///
    /// # Errors
    /// [`AccountError::Unknown`] if nobody has it; [`AccountError::Db`].
    pub async fn recover(&self, actor: &Actor, login: &str) -> Result<Invited, AccountError> {
        let token = Token::new()?;
        let (login, now) = (tidied_login(login), self.clock.now());
        self.change(actor, "recover account", move |tx| {
            let before = by_login(tx, &login)?.ok_or(AccountError::Unknown)?;
            let id = before.id;
            tx.execute(
                "UPDATE staff_account SET role = $2, disabled_at = NULL, password_hash = NULL
                 WHERE id = $1",
                params![id, Role::Administrator],
            )?;
            tx.execute("DELETE FROM staff_identity WHERE account = $1", params![id])?;
            second_step::forget(tx, id)?;
            session::end_all(tx, id, None)?;
            withdraw_invitations(tx, id)?;
            invite(tx, id, &token, now)?;
            let account = by_id(tx, id)?;
            let change = Change::done("account.recovered", "account", id);
            let change = change.from(before.shown()).to(account.shown());
            let token = token.clone();
            Ok((Invited { account, token }, vec![change]))
        })
        .await
    }
}
