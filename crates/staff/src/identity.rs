//! Signing in by an OpenID Connect provider: who its people are here.

use crate::account::{self, Account, AccountError, Profile, by_id, by_login};
use crate::audit::{Actor, Change, record};
use crate::provider::Identity;
use crate::secret::{NoRandomness, Token};
use crate::session::{self, Step};
use crate::sign_in::{SignInError, SignedIn, enter};
use crate::{Role, Staff};
use db::{DbError, Tx, params};
use kernel::Timestamp;

/// How long someone may take at the provider, in milliseconds.
const ATTEMPT_MS: i64 = 10 * 60_000;

/// What is remembered while someone is at the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// What the ID token must repeat.
    pub nonce: String,
    /// What proves that the code is ours (RFC 7636).
    pub verifier: String,
    /// The page they wanted.
    pub next_path: Option<String>,
}

/// Why the provider's word lets nobody in.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// No sign-in of this browser waits for an answer; or it took too long.
    #[error("no sign-in of this browser waits for the provider's answer")]
    NoAttempt,
    /// Nobody here has that verified e-mail address.
    #[error(
        "no account here has the provider's e-mail address, or the provider has not verified it"
    )]
    NoAccount,
    /// The roles of the configuration name none of theirs.
    #[error("the provider gives this person none of the roles of the configuration")]
    NoRole,
    /// The account is disabled.
    #[error("the account is disabled")]
    Disabled,
    /// No random bytes.
    #[error(transparent)]
    Random(#[from] NoRandomness),
    /// The account could not be made or changed.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The sign-in could not be kept.
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// The database failed.
    #[error("the sign-in could not be read or kept")]
    Db(#[from] DbError),
}

/// Whether the provider says who has which role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Roles {
    /// Accounts are made here, and have their role from here.
    FromHere,
    /// The provider gives the role, at each sign-in anew; accounts are made by
    /// themselves.
    FromProvider,
}

impl Staff {
    /// Remembers that `browser` has gone to the provider with `state`.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn keep_attempt(
        &self,
        state: &Token,
        browser: &Token,
        attempt: Attempt,
    ) -> Result<(), DbError> {
        let (state, browser, now) = (state.sha256(), browser.sha256(), self.clock.now());
        self.db
            .write("keep attempt", move |tx| {
                tx.execute(
                    "DELETE FROM staff_oidc_attempt WHERE expires_at <= $1",
                    params![now],
                )?;
                tx.execute(
                    "INSERT INTO staff_oidc_attempt
                        (state_sha256, browser_sha256, nonce, verifier, next_path, expires_at)
                     VALUES ($1, $2, $3, $4, $5, $6)",
                    params![
                        &state,
                        &browser,
                        &attempt.nonce,
                        &attempt.verifier,
                        attempt.next_path.as_deref(),
                        now.plus_ms(ATTEMPT_MS)
                    ],
                )
                .map(drop)
            })
            .await
    }

    /// What was remembered; once.
    ///
    /// # Errors
    /// [`IdentityError::NoAttempt`] if it is none of this browser's, used, or too
    /// old; [`IdentityError::Db`].
    pub async fn take_attempt(
        &self,
        state: &Token,
        browser: &Token,
    ) -> Result<Attempt, IdentityError> {
        let (state, browser, now) = (state.sha256(), browser.sha256(), self.clock.now());
        self.db
            .write("take attempt", move |tx| {
                let row = tx
                    .query_opt(
                        "DELETE FROM staff_oidc_attempt
                         WHERE state_sha256 = $1 AND browser_sha256 = $2 AND expires_at > $3
                         RETURNING nonce, verifier, next_path",
                        params![&state, &browser, now],
                    )?
                    .ok_or(IdentityError::NoAttempt)?;
                Ok(Attempt {
                    nonce: row.get("nonce")?,
                    verifier: row.get("verifier")?,
                    next_path: row.get("next_path")?,
                })
            })
            .await
    }

    /// Signs in whom the provider has named. The second step is the provider's
    /// business.
    ///
    /// # Errors
    /// [`IdentityError`].
    pub async fn sign_in_as(
        &self,
        identity: Identity,
        roles: Roles,
        address: &str,
        present: Option<Token>,
    ) -> Result<SignedIn, IdentityError> {
        let (token, now) = (Token::new()?, self.clock.now());
        let (new, address) = (token.sha256(), address.to_owned());
        self.db
            .write("sign in by provider", move |tx| {
                let actor = Actor {
                    account: None,
                    name: identity.issuer.clone(),
                    address: address.clone(),
                };
                let account = whose(tx, &identity, roles, &actor, now)?;
                if account.disabled_at.is_some() {
                    return Err(IdentityError::Disabled);
                }
                if let Some(present) = &present {
                    session::end(tx, &present.sha256())?;
                }
                Ok(enter(tx, account.id, &new, "provider", &address, now)?)
            })
            .await?;
        Ok(SignedIn {
            token,
            step: Step::Whole,
        })
    }
}

/// The account behind an identity: the linked one, else the one of the verified
/// e-mail address, else a new one where the provider gives roles.
fn whose(
    tx: &mut Tx<'_>,
    identity: &Identity,
    roles: Roles,
    actor: &Actor,
    now: Timestamp,
) -> Result<Account, IdentityError> {
    let role = match roles {
        Roles::FromHere => None,
        Roles::FromProvider => Some(identity.role.ok_or(IdentityError::NoRole)?),
    };
    let linked = tx.query_opt(
        "SELECT account FROM staff_identity WHERE issuer = $1 AND subject = $2",
        params![&identity.issuer, &identity.subject],
    )?;
    let account = match linked {
        Some(row) => by_id(tx, row.get("account")?)?,
        None => {
            let account = first_time(tx, identity, role, actor, now)?;
            tx.execute(
                "INSERT INTO staff_identity (issuer, subject, account) VALUES ($1, $2, $3)",
                params![&identity.issuer, &identity.subject, account.id],
            )?;
            let change = Change::done("account.linked", "account", account.id)
                .to(serde_json::json!({ "issuer": identity.issuer }));
            record(tx, actor, &change, now)?;
            account
        }
    };
    match role {
        Some(role) if role != account.role => with_role(tx, account, role, actor, now),
        _ => Ok(account),
    }
}

fn first_time(
    tx: &mut Tx<'_>,
    identity: &Identity,
    role: Option<Role>,
    actor: &Actor,
    now: Timestamp,
) -> Result<Account, IdentityError> {
    let login = identity
        .verified_email
        .as_deref()
        .ok_or(IdentityError::NoAccount)?;
    let login = account::tidied_login(login);
    match (by_login(tx, &login)?, role) {
        (Some(account), _) => Ok(account),
        (None, None) => Err(IdentityError::NoAccount),
        (None, Some(role)) => {
            let profile = Profile {
                name: name_of(identity).unwrap_or_else(|| login.clone()),
                login,
                role,
            };
            let account =
                account::insert(tx, &profile, None, now).map_err(|error| match error {
                    // The address is none that an account could have.
                    AccountError::Invalid(_) => IdentityError::NoAccount,
                    error => error.into(),
                })?;
            let change = Change::done("account.created", "account", account.id).to(account.shown());
            record(tx, actor, &change, now)?;
            Ok(account)
        }
    }
}

/// The provider's name for the person, as an account may have it.
fn name_of(identity: &Identity) -> Option<String> {
    let name = identity.name.as_deref()?;
    let shown = name.chars().filter(|c| !c.is_control());
    let name: String = shown.take(account::NAME_LIMIT).collect();
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

/// The account with the role the provider gives; the last administrator stays
/// one, whatever it says.
fn with_role(
    tx: &mut Tx<'_>,
    account: Account,
    role: Role,
    actor: &Actor,
    now: Timestamp,
) -> Result<Account, IdentityError> {
    match account::set_role(tx, &account, role) {
        Ok(()) => {}
        Err(AccountError::LastAdministrator) => {
            tracing::warn!(
                account = account.id.number(),
                "the provider would take the last administrator's role; it was left"
            );
            return Ok(account);
        }
        Err(error) => return Err(error.into()),
    }
    let ((), changes) = account::changed(tx, "account.changed", &account)?;
    for change in &changes {
        record(tx, actor, change, now)?;
    }
    Ok(by_id(tx, account.id)?)
}
