//! Signing in by password, and changing it.
//!
//! Nothing tells from outside whether there is an account: an unknown login
//! takes the same work, waits the same and gets the same answer.

use crate::account::{self, AccountError, Invalid, by_id, by_login, set_password, weak};
use crate::audit::{Actor, Change, PEOPLE, record};
use crate::password::PasswordError;
use crate::secret::{NoRandomness, Token, sha256};
use crate::session::{self, Step};
use crate::throttle::{self, ACCOUNT, ADDRESS, LOGIN, Limit};
use crate::{AccountId, Session, Staff};
use db::{DbError, Tx, params};
use kernel::{Timestamp, network};
use secrecy::SecretString;
use std::net::IpAddr;

/// What someone enters to sign in.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// The login, as typed.
    pub login: String,
    /// The password.
    pub password: SecretString,
    /// The network address it comes from.
    pub address: String,
    /// What session the browser shows now: it ends.
    pub present: Option<Token>,
}

/// How far they came.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The new session's token.
    pub token: Token,
    /// Whether the second step is still due.
    pub step: Step,
}

/// Why someone is not signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Login or password is wrong, or the account is disabled: no telling which.
    #[error("login or password is wrong")]
    Wrong,
    /// Too many wrong attempts.
    #[error("too many wrong attempts; the next is looked at in {wait_ms} ms")]
    TooMany {
        /// How long to wait, in milliseconds.
        wait_ms: i64,
    },
    /// The password could not be worked on.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// No random bytes.
    #[error(transparent)]
    Random(#[from] NoRandomness),
    /// The database failed.
    #[error("the sign-in could not be kept")]
    Db(#[from] DbError),
}

/// The subject of wrong attempts at a login; a hash, since people type their
/// password there by mistake.
fn of_login(login: &str) -> String {
    format!("login:{}", sha256(login))
}

/// That of the attempts from one place.
fn of_login_from(login: &str, address: &str) -> String {
    format!("{}:{}", of_login(login), place(address))
}

/// That of someone signed in who is asked for the password again: what others
/// try at the door is not counted here.
fn of_proof(account: AccountId) -> String {
    format!("proof:{account}")
}

pub(crate) fn of_address(address: &str) -> String {
    format!("address:{}", place(address))
}

/// Whose address it is.
fn place(address: &str) -> String {
    match address.parse().map(network) {
        Ok(IpAddr::V6(subscriber)) => format!("{subscriber}/64"),
        Ok(address) => address.to_string(),
        Err(_) => address.to_owned(),
    }
}

impl Staff {
    /// Signs in by password.
    pub async fn sign_in(&self, attempt: SignIn) -> Result<SignedIn, SignInError> {
        let login = account::tidied_login(&attempt.login);
        let mut subjects = vec![
            (of_login_from(&login, &attempt.address), ACCOUNT),
            (of_address(&attempt.address), ADDRESS),
        ];
        // What is tried elsewhere keeps nobody out of where they signed in last.
        if !self.is_usual(&login, &attempt.address).await? {
            subjects.push((of_login(&login), LOGIN));
        }
        self.counted(subjects.clone())
            .await?
            .map_err(|wait_ms| SignInError::TooMany { wait_ms })?;
        let known = self
            .db
            .read("password", {
                let login = login.clone();
                move |tx| password_of(tx, &login)
            })
            .await?;
        let (id, hash) = known.unzip();
        let right = self
            .looked_at(attempt.password, hash.clone(), subjects)
            .await?
            .map_err(SignInError::Password)?;
        let (Some(id), true) = (id, right) else {
            return Err(SignInError::Wrong);
        };
        let (token, now) = (Token::new()?, self.clock.now());
        let new = token.sha256();
        let step = self
            .db
            .write("sign in", move |tx| {
                tx.one_at_a_time(PEOPLE)?;
                // Once more: it may have been changed or disabled meanwhile.
                if password_of(tx, &login)? != hash.clone().map(|hash| (id, hash)) {
                    return Err(SignInError::Wrong);
                }
                throttle::forget(tx, &of_login_from(&login, &attempt.address))?;
                throttle::forget(tx, &of_login(&login))?;
                throttle::forgive(tx, &of_address(&attempt.address))?;
                if let Some(present) = &attempt.present {
                    session::end(tx, &present.sha256())?;
                }
                let account = by_id(tx, id).map_err(unknown)?;
                if account.two_steps {
                    session::begin(tx, id, Step::SecondDue, &new, now)?;
                    return Ok(Step::SecondDue);
                }
                enter(tx, id, &new, "password", &attempt.address, now)?;
                Ok(Step::Whole)
            })
            .await?;
        Ok(SignedIn { token, step })
    }

    /// Whether the last to sign in by this login came from there.
    async fn is_usual(&self, login: &str, address: &str) -> Result<bool, DbError> {
        let (login, place) = (login.to_owned(), place(address));
        let read = move |tx: &mut Tx<'_>| {
            let found = tx.query_opt(
                "SELECT 1 FROM staff_account WHERE login = $1 AND signed_in_from = $2",
                params![&login, &place],
            );
            found.map(|row| row.is_some())
        };
        self.db.read("usual place", read).await
    }

    /// Changes one's own password. Other sessions of the account end, and this
    /// one gets the new token that is given back.
    pub async fn change_password(
        &self,
        actor: &Actor,
        session: &Session,
        present: SecretString,
        new: SecretString,
    ) -> Result<Token, AccountError> {
        let account = &session.account;
        self.prove(account.id, &account.login, present).await?;
        weak(&new, &account.name, &account.login)?;
        let hash = self.passwords.hash(new).await?;
        let (id, present) = (account.id, session.token.sha256());
        self.change(actor, "change password", move |tx| {
            set_password(tx, id, &hash, Some(&present))?;
            let change = Change::done("account.password_changed", "account", id);
            Ok::<_, AccountError>(((), vec![change]))
        })
        .await?;
        self.rotate(session).await
    }

    /// Asks for the present password again, with the same limits as a sign-in.
    pub(crate) async fn prove(
        &self,
        id: AccountId,
        login: &str,
        present: SecretString,
    ) -> Result<(), AccountError> {
        let login = login.to_owned();
        let subjects = vec![(of_proof(id), ACCOUNT)];
        self.counted(subjects.clone())
            .await?
            .map_err(|wait_ms| AccountError::TooMany { wait_ms })?;
        let hash = self
            .db
            .read("password", move |tx| password_of(tx, &login))
            .await?
            .filter(|(found, _)| *found == id)
            .map(|(_, hash)| hash);
        let right = self.looked_at(present, hash, subjects).await??;
        if !right {
            return Err(AccountError::Invalid(vec![Invalid::PresentPassword]));
        }
        self.db
            .write("password right", move |tx| {
                throttle::forget(tx, &of_proof(id))
            })
            .await?;
        Ok(())
    }

    /// Whether the password is right. If there is no room to find out, the
    /// attempt that was counted for `subjects` is taken back.
    async fn looked_at(
        &self,
        password: SecretString,
        hash: Option<String>,
        subjects: Vec<(String, Limit)>,
    ) -> Result<Result<bool, PasswordError>, DbError> {
        let looked_at = self.passwords.verify(password, hash).await;
        if looked_at.is_err() {
            self.db
                .write("attempt taken back", move |tx| {
                    for (subject, _) in &subjects {
                        throttle::forgive(tx, subject)?;
                    }
                    Ok::<_, DbError>(())
                })
                .await?;
        }
        Ok(looked_at)
    }

    /// Counts an attempt of each subject, or says how long to wait.
    pub(crate) async fn counted(
        &self,
        subjects: Vec<(String, Limit)>,
    ) -> Result<Result<(), i64>, DbError> {
        let now = self.clock.now();
        self.db
            .write("count attempt", move |tx| {
                throttle::one_at_a_time(tx)?;
                throttle::count(tx, &subjects, now)
            })
            .await
    }
}

/// An account cannot vanish between two reads of one transaction.
pub(crate) fn unknown(error: AccountError) -> SignInError {
    match error {
        AccountError::Db(error) => SignInError::Db(error),
        _ => SignInError::Wrong,
    }
}

/// The account of this login that may sign in by password, and its hash.
fn password_of(tx: &mut Tx<'_>, login: &str) -> Result<Option<(AccountId, String)>, DbError> {
    let Some(account) = by_login(tx, login)? else {
        return Ok(None);
    };
    if account.disabled_at.is_some() {
        return Ok(None);
    }
    let row = tx.query_one(
        "SELECT password_hash FROM staff_account WHERE id = $1",
        params![account.id],
    )?;
    Ok(row
        .get::<Option<String>>("password_hash")?
        .map(|hash| (account.id, hash)))
}

/// Begins a whole session, and notes it.
pub(crate) fn enter(
    tx: &mut Tx<'_>,
    id: AccountId,
    token_sha256: &str,
    by: &'static str,
    address: &str,
    now: Timestamp,
) -> Result<(), SignInError> {
    session::begin(tx, id, Step::Whole, token_sha256, now)?;
    tx.execute(
        "UPDATE staff_account SET signed_in_at = $2, signed_in_from = $3 WHERE id = $1",
        params![id, now, place(address)],
    )?;
    let actor = Actor {
        account: Some(id),
        name: by_id(tx, id).map_err(unknown)?.name,
        address: address.to_owned(),
    };
    let change =
        Change::done("session.signed_in", "session", id).to(serde_json::json!({ "by": by }));
    record(tx, &actor, &change, now)?;
    Ok(())
}
