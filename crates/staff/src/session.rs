//! Sessions: what the cookie stands for.

use crate::account::{self, Account, AccountError};
use crate::secret::Token;
use crate::{AccountId, Staff};
use db::{DbError, Tx, params};
use kernel::{CLOCK_AHEAD_MS, Timestamp};

/// A session nobody uses ends, in milliseconds.
pub const IDLE_MS: i64 = 8 * 3_600_000;
/// A session ends, used or not, in milliseconds.
pub const LONGEST_MS: i64 = 24 * 3_600_000;
/// The second step must follow the first, in milliseconds.
pub const SECOND_STEP_MS: i64 = 5 * 60_000;
/// Use is noted no more often than this, in milliseconds: reading a page is no
/// write.
const NOTED_EVERY_MS: i64 = 60_000;

kernel::words! {
    /// How far a sign-in has come.
    pub enum Step: "step of a sign-in" {
        /// The password was right; the code is still to come. It opens no page.
        SecondDue = "second_due",
        /// Signed in.
        Whole = "whole",
    }
}

/// A session that is good now.
#[derive(Debug, Clone)]
pub struct Session {
    /// Whose it is, as it is now.
    pub account: Account,
    /// How far the sign-in has come.
    pub step: Step,
    /// What the browser holds.
    pub token: Token,
}

impl Staff {
    /// The session of a token, if it is good; its use is noted.
    pub async fn session(&self, token: &Token) -> Result<Option<Session>, DbError> {
        let (hash, now) = (token.sha256(), self.clock.now());
        let found = self
            .db
            .read("session", {
                let hash = hash.clone();
                move |tx| find(tx, &hash, now)
            })
            .await?;
        let Some((account, step, seen_at)) = found else {
            return Ok(None);
        };
        if now.ms_since(seen_at) >= NOTED_EVERY_MS {
            self.db
                .write("session seen", move |tx| {
                    tx.run(
                        "UPDATE staff_session SET seen_at = $2 WHERE token_sha256 = $1",
                        params![&hash, now],
                    )
                })
                .await?;
        }
        Ok(Some(Session {
            account,
            step,
            token: token.clone(),
        }))
    }

    /// Whether a session is still good, without noting that it was used: a page
    /// that stays open is nobody's work.
    pub async fn is_still_good(&self, session: &Session) -> Result<bool, DbError> {
        let (hash, now) = (session.token.sha256(), self.clock.now());
        let found = self
            .db
            .read("session still good", move |tx| find(tx, &hash, now))
            .await?;
        Ok(found.is_some_and(|(account, step, _)| {
            step == session.step && account.role == session.account.role
        }))
    }

    /// Ends a session; it is good no more, wherever its cookie is.
    pub async fn sign_out(&self, token: &Token) -> Result<(), DbError> {
        let hash = token.sha256();
        self.db.write("sign out", move |tx| end(tx, &hash)).await
    }

    /// Another token for the same session; the old one is good no more.
    pub async fn rotate(&self, session: &Session) -> Result<Token, AccountError> {
        let new = Token::new()?;
        let (old, fresh) = (session.token.sha256(), new.sha256());
        self.db
            .write("rotate session", move |tx| {
                tx.run(
                    "UPDATE staff_session SET token_sha256 = $2 WHERE token_sha256 = $1",
                    params![&old, &fresh],
                )
            })
            .await
            .map_err(|error: DbError| error)?;
        Ok(new)
    }
}

fn find(
    tx: &mut Tx<'_>,
    hash: &str,
    now: Timestamp,
) -> Result<Option<(Account, Step, Timestamp)>, DbError> {
    let Some(row) = tx.query_opt(
        "SELECT account, step, created_at, seen_at FROM staff_session WHERE token_sha256 = $1",
        params![hash],
    )?
    else {
        return Ok(None);
    };
    let (step, seen_at): (Step, Timestamp) = (row.get("step")?, row.get("seen_at")?);
    let longest = match step {
        Step::SecondDue => SECOND_STEP_MS,
        Step::Whole => LONGEST_MS,
    };
    let created_at: Timestamp = row.get("created_at")?;
    // Begun further ahead, it was by a clock that was wrong, and would be good for too long.
    let good = |since: Timestamp, life| (-CLOCK_AHEAD_MS..life).contains(&now.ms_since(since));
    if !good(created_at, longest) || !good(seen_at, IDLE_MS) {
        return Ok(None);
    }
    let account = match account::by_id(tx, row.get("account")?) {
        Ok(account) => account,
        Err(AccountError::Db(error)) => return Err(error),
        Err(_) => return Ok(None),
    };
    let good = account.disabled_at.is_none();
    Ok(good.then_some((account, step, seen_at)))
}

/// Begins a session, and clears away what is not good any more.
pub(crate) fn begin(
    tx: &mut Tx<'_>,
    account: AccountId,
    step: Step,
    hash: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "DELETE FROM staff_session WHERE created_at <= $1 OR created_at > $2",
        params![now.plus_ms(-LONGEST_MS), now.plus_ms(CLOCK_AHEAD_MS)],
    )?;
    tx.execute(
        "INSERT INTO staff_session (token_sha256, account, step, created_at, seen_at)
         VALUES ($1, $2, $3, $4, $4)",
        params![hash, account, step.as_str(), now],
    )?;
    Ok(())
}

pub(crate) fn end(tx: &mut Tx<'_>, hash: &str) -> Result<(), DbError> {
    tx.execute(
        "DELETE FROM staff_session WHERE token_sha256 = $1",
        params![hash],
    )?;
    Ok(())
}

/// Ends all sessions of the account but one.
pub(crate) fn end_all(
    tx: &mut Tx<'_>,
    account: AccountId,
    except: Option<&str>,
) -> Result<(), DbError> {
    tx.execute(
        "DELETE FROM staff_session WHERE account = $1 AND token_sha256 <> $2",
        params![account, except.unwrap_or_default()],
    )?;
    Ok(())
}
