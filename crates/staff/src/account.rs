//! Accounts: who there is, and what administrators do with them.

use crate::audit::{Actor, Change};
use crate::password::{self, PasswordError, Weak};
use crate::secret::{NoRandomness, Token};
use crate::session;
use crate::{LANGUAGES, Role, Staff};
use db::{DbError, Tx, params};
use kernel::{CLOCK_AHEAD_MS, Language, Timestamp};
use secrecy::SecretString;
use serde_json::{Value, json};

/// The most characters of a name.
pub const NAME_LIMIT: usize = 100;
/// The most characters of a login.
pub const LOGIN_LIMIT: usize = 150;
/// The most accounts that are listed.
pub const LIST_LIMIT: u32 = 1_000;
/// How long an invitation is good for, in milliseconds.
pub const INVITATION_MS: i64 = 72 * 3_600_000;

kernel::row_number! {
    /// The number of an account.
    pub struct AccountId;
}

/// Someone who may use the back office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub id: AccountId,
    /// The person's name.
    pub name: String,
    /// What they sign in with, mostly an e-mail address; in lower case.
    pub login: String,
    /// What they may do.
    pub role: Role,
    /// The language they chose.
    pub language: Option<Language>,
    /// Whether they have chosen a password.
    pub has_password: bool,
    /// Whether they sign in in two steps.
    pub two_steps: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When they last signed in.
    pub signed_in_at: Option<Timestamp>,
    /// Since when they may not sign in.
    pub disabled_at: Option<Timestamp>,
}

db::from_row! {
    Account {
        id, name, login, role, language, has_password, two_steps, created_at, signed_in_at,
        disabled_at
    }
}

impl Account {
    /// For the audit log: what others may see of it.
    pub(crate) fn shown(&self) -> Value {
        json!({
            "name": self.name,
            "login": self.login,
            "role": self.role,
            "language": self.language,
            "two_steps": self.two_steps,
            "disabled": self.disabled_at.is_some(),
        })
    }
}

/// What is wrong with what someone entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invalid {
    /// The name is empty, too long, or holds control characters.
    Name,
    /// The login is too short, too long, or holds other than letters, digits
    /// and `@ . _ + -`.
    Login,
    /// Another account has this login.
    LoginTaken,
    /// The new password.
    Password(Weak),
    /// The present password is another.
    PresentPassword,
    /// The code of the second step is not right, or was used.
    Code,
}

/// Why something about an account was not done.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// What was entered is not right; all of it at once.
    #[error("what was entered is not right: {0:?}")]
    Invalid(Vec<Invalid>),
    /// There is no such account.
    #[error("there is no such account")]
    Unknown,
    /// Nobody could administer any more.
    #[error("the last administrator must stay one")]
    LastAdministrator,
    /// Too many wrong attempts.
    #[error("too many wrong attempts; the next is looked at in {wait_ms} ms")]
    TooMany {
        /// How long to wait, in milliseconds.
        wait_ms: i64,
    },
    /// The link or secret is unknown, used or too old.
    #[error("the link or secret is unknown, used or too old")]
    NoInvitation,
    /// The password could not be worked on.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// No random bytes.
    #[error(transparent)]
    Random(#[from] NoRandomness),
    /// The database failed.
    #[error("the account could not be read or kept")]
    Db(#[from] DbError),
}

/// What an administrator enters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The person's name.
    pub name: String,
    /// What they sign in with.
    pub login: String,
    /// What they may do.
    pub role: Role,
}

/// Who chooses a password, and who asks for it.
#[derive(Debug, Clone)]
pub struct Invited {
    /// The account.
    pub account: Account,
    /// The link's token, or the secret.
    pub token: Token,
}

impl Profile {
    /// The same, trimmed and in lower case where that does not count.
    fn tidied(&self) -> Self {
        Self {
            name: self.name.trim().to_owned(),
            login: tidied_login(&self.login),
            role: self.role,
        }
    }

    fn mistakes(&self) -> Vec<Invalid> {
        let mut mistakes = Vec::new();
        let name = self.name.chars();
        if self.name.is_empty()
            || name.clone().count() > NAME_LIMIT
            || name.clone().any(char::is_control)
        {
            mistakes.push(Invalid::Name);
        }
        let plain = |c: char| c.is_alphanumeric() || "@._+-".contains(c);
        let length = self.login.chars().count();
        if !(3..=LOGIN_LIMIT).contains(&length) || !self.login.chars().all(plain) {
            mistakes.push(Invalid::Login);
        }
        mistakes
    }
}

/// A login as it is kept.
pub(crate) fn tidied_login(login: &str) -> String {
    login.trim().to_lowercase()
}

impl Staff {
    /// Whether there is any account.
    pub async fn has_accounts(&self) -> Result<bool, DbError> {
        self.db.read("has accounts", any).await
    }

    /// All accounts, by name; at most [`LIST_LIMIT`].
    pub async fn accounts(&self) -> Result<Vec<Account>, DbError> {
        self.db
            .read("accounts", |tx| {
                tx.query_as(
                    &format!("{SELECT} ORDER BY name, id LIMIT $1"),
                    params![LIST_LIMIT],
                )
            })
            .await
    }

    /// One account.
    ///
    /// # Errors
    /// [`AccountError::Unknown`]; [`AccountError::Db`].
    pub async fn account(&self, id: AccountId) -> Result<Account, AccountError> {
        self.db.read("account", move |tx| by_id(tx, id)).await
    }

    /// Makes an account, and the token of the link by which its owner chooses a
    /// password.
    pub async fn create_account(
        &self,
        actor: &Actor,
        profile: Profile,
    ) -> Result<Invited, AccountError> {
        let profile = profile.tidied();
        let token = Token::new()?;
        let now = self.clock.now();
        self.change(actor, "create account", move |tx| {
            let account = insert(tx, &profile, None, now)?;
            invite(tx, account.id, &token, now)?;
            let change = Change::done("account.created", "account", account.id).to(account.shown());
            let token = token.clone();
            Ok((Invited { account, token }, vec![change]))
        })
        .await
    }

    /// Changes name, login and role. Another role ends the account's sessions.
    pub async fn change_account(
        &self,
        actor: &Actor,
        id: AccountId,
        profile: Profile,
    ) -> Result<(), AccountError> {
        let profile = profile.tidied();
        self.change(actor, "change account", move |tx| {
            let before = by_id(tx, id)?;
            let mut mistakes = profile.mistakes();
            if taken(tx, &profile.login, Some(id))? {
                mistakes.push(Invalid::LoginTaken);
            }
            if !mistakes.is_empty() {
                return Err(AccountError::Invalid(mistakes));
            }
            set_role(tx, &before, profile.role)?;
            tx.execute(
                "UPDATE staff_account SET name = $2, login = $3 WHERE id = $1",
                params![id, &profile.name, &profile.login],
            )?;
            changed(tx, "account.changed", &before)
        })
        .await
    }

    /// Lets the account sign in no more: its sessions and links end at once.
    pub async fn disable(&self, actor: &Actor, id: AccountId) -> Result<(), AccountError> {
        let now = self.clock.now();
        self.change(actor, "disable account", move |tx| {
            let before = by_id(tx, id)?;
            if before.disabled_at.is_some() {
                return Ok(((), Vec::new()));
            }
            spare_last_administrator(tx, &before)?;
            session::end_all(tx, id, None)?;
            withdraw_invitations(tx, id)?;
            tx.execute(
                "UPDATE staff_account SET disabled_at = $2 WHERE id = $1",
                params![id, now],
            )?;
            changed(tx, "account.disabled", &before)
        })
        .await
    }

    /// Lets a disabled account sign in again.
    pub async fn enable(&self, actor: &Actor, id: AccountId) -> Result<(), AccountError> {
        self.change(actor, "enable account", move |tx| {
            let before = by_id(tx, id)?;
            tx.execute(
                "UPDATE staff_account SET disabled_at = NULL WHERE id = $1",
                params![id],
            )?;
            changed(tx, "account.enabled", &before)
        })
        .await
    }

    /// Takes the password away, ends all sessions, and gives the token of a new
    /// link.
    pub async fn reset_password(
        &self,
        actor: &Actor,
        id: AccountId,
    ) -> Result<Invited, AccountError> {
        let token = Token::new()?;
        let now = self.clock.now();
        self.change(actor, "reset password", move |tx| {
            let account = by_id(tx, id)?;
            if account.has_password {
                spare_last_administrator(tx, &account)?;
            }
            tx.execute(
                "UPDATE staff_account SET password_hash = NULL WHERE id = $1",
                params![id],
            )?;
            session::end_all(tx, id, None)?;
            withdraw_invitations(tx, id)?;
            invite(tx, id, &token, now)?;
            let change = Change::done("account.password_reset", "account", id);
            let token = token.clone();
            Ok((Invited { account, token }, vec![change]))
        })
        .await
    }

    /// The account that a link is for.
    ///
    /// # Errors
    /// [`AccountError::NoInvitation`] if it is unknown, used or too old.
    pub async fn invited(&self, token: &Token) -> Result<Account, AccountError> {
        let (hash, now) = (token.sha256(), self.clock.now());
        self.db
            .read("invited", move |tx| by_invitation(tx, &hash, now))
            .await
    }

    /// Takes the link and sets the password; whoever was signed in is no more.
    pub async fn accept_invitation(
        &self,
        token: &Token,
        new: SecretString,
        address: &str,
    ) -> Result<AccountId, AccountError> {
        let account = self.invited(token).await?;
        weak(&new, &account.name, &account.login)?;
        let hash = self.passwords.hash(new).await?;
        let actor = Actor {
            account: Some(account.id),
            name: account.name,
            address: address.to_owned(),
        };
        let (token, now) = (token.sha256(), self.clock.now());
        self.change(&actor, "accept invitation", move |tx| {
            // Once more: it may have been used meanwhile.
            let account = by_invitation(tx, &token, now)?;
            set_password(tx, account.id, &hash, None)?;
            let change = Change::done("account.password_chosen", "account", account.id);
            Ok((account.id, vec![change]))
        })
        .await
    }

    /// Sets the language someone reads.
    pub async fn set_language(
        &self,
        actor: &Actor,
        id: AccountId,
        language: Option<Language>,
    ) -> Result<(), AccountError> {
        self.change(actor, "set language", move |tx| {
            let language = language.filter(|language| LANGUAGES.contains(language));
            let before = by_id(tx, id)?;
            if before.language == language {
                return Ok(((), Vec::new()));
            }
            tx.execute(
                "UPDATE staff_account SET language = $2 WHERE id = $1",
                params![id, language],
            )?;
            changed(tx, "account.changed", &before)
        })
        .await
    }
}

pub(crate) const SELECT: &str = "SELECT id, name, login, role, language, created_at, signed_in_at,
    disabled_at, totp_confirmed_at IS NOT NULL AS two_steps,
    password_hash IS NOT NULL AS has_password
    FROM staff_account";

pub(crate) fn by_id(tx: &mut Tx<'_>, id: AccountId) -> Result<Account, AccountError> {
    tx.query_opt_as(&format!("{SELECT} WHERE id = $1"), params![id])?
        .ok_or(AccountError::Unknown)
}

pub(crate) fn by_login(tx: &mut Tx<'_>, login: &str) -> Result<Option<Account>, DbError> {
    tx.query_opt_as(&format!("{SELECT} WHERE login = $1"), params![login])
}

fn by_invitation(tx: &mut Tx<'_>, hash: &str, now: Timestamp) -> Result<Account, AccountError> {
    let row = tx.query_opt(
        // Further away than it may be, it was made while the clock was ahead.
        "SELECT account FROM staff_invitation
         WHERE token_sha256 = $1 AND expires_at > $2 AND expires_at <= $3",
        params![hash, now, now.plus_ms(INVITATION_MS + CLOCK_AHEAD_MS)],
    )?;
    let row = row.ok_or(AccountError::NoInvitation)?;
    let account = by_id(tx, row.get("account")?)?;
    if account.disabled_at.is_some() {
        return Err(AccountError::NoInvitation);
    }
    Ok(account)
}

/// Whether there is any account.
pub(crate) fn any(tx: &mut Tx<'_>) -> Result<bool, DbError> {
    Ok(!tx
        .query("SELECT id FROM staff_account LIMIT 1", params![])?
        .is_empty())
}

fn taken(tx: &mut Tx<'_>, login: &str, by_other_than: Option<AccountId>) -> Result<bool, DbError> {
    let found = by_login(tx, login)?;
    Ok(found.is_some_and(|account| Some(account.id) != by_other_than))
}

pub(crate) fn insert(
    tx: &mut Tx<'_>,
    profile: &Profile,
    password_hash: Option<&str>,
    now: Timestamp,
) -> Result<Account, AccountError> {
    let profile = profile.tidied();
    let mut mistakes = profile.mistakes();
    if taken(tx, &profile.login, None)? {
        mistakes.push(Invalid::LoginTaken);
    }
    if !mistakes.is_empty() {
        return Err(AccountError::Invalid(mistakes));
    }
    let row = tx.query_one(
        "INSERT INTO staff_account (name, login, role, password_hash, created_at)
         VALUES ($1, $2, $3, $4, $5) RETURNING id",
        params![
            &profile.name,
            &profile.login,
            profile.role,
            password_hash,
            now
        ],
    )?;
    by_id(tx, row.get("id")?)
}

/// Another role ends all sessions: nobody keeps what they may no more.
pub(crate) fn set_role(tx: &mut Tx<'_>, account: &Account, role: Role) -> Result<(), AccountError> {
    if role == account.role {
        return Ok(());
    }
    spare_last_administrator(tx, account)?;
    tx.execute(
        "UPDATE staff_account SET role = $2 WHERE id = $1",
        params![account.id, role],
    )?;
    session::end_all(tx, account.id, None)?;
    Ok(())
}

/// Refuses what would leave no administrator who can sign in; one who was only
/// invited can't.
fn spare_last_administrator(tx: &mut Tx<'_>, account: &Account) -> Result<(), AccountError> {
    let others = tx.query(
        "SELECT id FROM staff_account a
         WHERE role = $1 AND disabled_at IS NULL AND id <> $2
             AND (password_hash IS NOT NULL
                 OR EXISTS (SELECT 1 FROM staff_identity i WHERE i.account = a.id))
         LIMIT 1",
        params![Role::Administrator, account.id],
    )?;
    let is_one = account.role == Role::Administrator && account.disabled_at.is_none();
    if is_one && others.is_empty() {
        return Err(AccountError::LastAdministrator);
    }
    Ok(())
}

/// The change of an account that was `before` and is now as the database has it.
pub(crate) fn changed(
    tx: &mut Tx<'_>,
    action: &'static str,
    before: &Account,
) -> Result<((), Vec<Change>), AccountError> {
    let (was, is) = (before.shown(), by_id(tx, before.id)?.shown());
    if was == is {
        return Ok(((), Vec::new()));
    }
    let change = Change::done(action, "account", before.id).from(was).to(is);
    Ok(((), vec![change]))
}

pub(crate) fn invite(
    tx: &mut Tx<'_>,
    account: AccountId,
    token: &Token,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO staff_invitation (token_sha256, account, expires_at) VALUES ($1, $2, $3)
         ON CONFLICT (token_sha256) DO NOTHING",
        params![token.sha256(), account, now.plus_ms(INVITATION_MS)],
    )?;
    Ok(())
}

pub(crate) fn withdraw_invitations(tx: &mut Tx<'_>, account: AccountId) -> Result<(), DbError> {
    tx.execute(
        "DELETE FROM staff_invitation WHERE account = $1",
        params![account],
    )?;
    Ok(())
}

/// Sets the password, and ends every session and link but the session kept.
pub(crate) fn set_password(
    tx: &mut Tx<'_>,
    account: AccountId,
    hash: &str,
    except: Option<&str>,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE staff_account SET password_hash = $2 WHERE id = $1",
        params![account, hash],
    )?;
    withdraw_invitations(tx, account)?;
    session::end_all(tx, account, except)
}

pub(crate) fn weak(password: &SecretString, name: &str, login: &str) -> Result<(), AccountError> {
    password::judge(password, name, login)
        .map_err(|weak| AccountError::Invalid(vec![Invalid::Password(weak)]))
}

pub(crate) fn mistakes(profile: &Profile) -> Vec<Invalid> {
    profile.tidied().mistakes()
}
