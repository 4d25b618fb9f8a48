//! Signing in by an OpenID Connect provider: who its people are here.

use crate::account::{self, Account, AccountError, Profile, by_id, by_login};
use crate::audit::{Actor, Change, PEOPLE, record};
use crate::provider::Identity;
use crate::secret::{NoRandomness, Token};
use crate::session::{self, Step};
use crate::sign_in::{SignInError, SignedIn, enter, of_address};
use crate::throttle::{self, ADDRESS};
use crate::{AccountId, Role, Staff};
use db::{DbError, Tx, params};
use kernel::Timestamp;

/// How many may be there at a time; the oldest are forgotten before their time.
const ATTEMPTS_MAX: i64 = 2_000;

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

db::from_row! { Attempt { nonce, verifier, next_path } }

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
    /// The account with that e-mail address belongs to someone else at the
    /// provider: addresses are given away again.
    #[error("the account with the provider's e-mail address is linked to another of its people")]
    OtherPerson,
    /// Too many sign-ins were begun from there and not ended.
    #[error("too many sign-ins were begun; the next may begin in {wait_ms} ms")]
    TooMany {
        /// How long to wait, in milliseconds.
        wait_ms: i64,
    },
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
    /// [`IdentityError::TooMany`] if too many have gone from `address` and not
    /// come back; [`IdentityError::Db`].
    pub async fn store_attempt(
        &self,
        state: &Token,
        browser: &Token,
        address: &str,
        attempt: Attempt,
    ) -> Result<(), IdentityError> {
        let begun = [(of_provider(address), ADDRESS)];
        let (state, browser, now) = (state.sha256(), browser.sha256(), self.clock.now());
        self.db
            .write("store attempt", move |tx| {
                throttle::one_at_a_time(tx)?;
                if let Err(wait_ms) = throttle::count(tx, &begun, now)? {
                    return Ok(Err(IdentityError::TooMany { wait_ms }));
                }
                tx.execute(
                    "DELETE FROM staff_oidc_attempt WHERE expires_at <= $1",
                    params![now],
                )?;
                tx.execute(
                    "DELETE FROM staff_oidc_attempt WHERE expires_at <
                        (SELECT expires_at FROM staff_oidc_attempt
                         ORDER BY expires_at DESC LIMIT 1 OFFSET $1)",
                    params![ATTEMPTS_MAX],
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
                )?;
                Ok::<_, DbError>(Ok(()))
            })
            .await?
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
        let taken = self.db.write("take attempt", move |tx| {
            tx.query_opt_as(
                "DELETE FROM staff_oidc_attempt
                 WHERE state_sha256 = $1 AND browser_sha256 = $2 AND expires_at > $3
                 RETURNING nonce, verifier, next_path",
                params![&state, &browser, now],
            )
        });
        // Anyone may come with a wrong state: that undoes nobody else's write.
        let taken: Result<Option<Attempt>, DbError> = taken.await;
        taken?.ok_or(IdentityError::NoAttempt)
    }

    /// Signs in whom the provider has named. The second step is the provider's
    /// business.
    pub async fn sign_in_as(
        &self,
        identity: Identity,
        roles: Roles,
        address: &str,
        present: Option<Token>,
    ) -> Result<SignedIn, IdentityError> {
        let (token, now) = (Token::new()?, self.clock.now());
        let (new, address) = (token.sha256(), address.to_owned());
        let role = match (roles, identity.role) {
            (Roles::FromHere, _) => None,
            (Roles::FromProvider, Some(role)) => Some(role),
            (Roles::FromProvider, None) => {
                self.without_role(identity, address).await?;
                return Err(IdentityError::NoRole);
            }
        };
        self.db
            .write("sign in by provider", move |tx| {
                tx.one_at_a_time(PEOPLE)?;
                let actor = by_provider(&identity, &address);
                throttle::forgive(tx, &of_provider(&address))?;
                let account = whose(tx, &identity, role, &actor, now)?;
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

    /// Ends the sessions of whom the provider gives no role any more.
    async fn without_role(&self, identity: Identity, address: String) -> Result<(), DbError> {
        let now = self.clock.now();
        self.db
            .write("role taken by provider", move |tx| {
                tx.one_at_a_time(PEOPLE)?;
                let Some(id) = linked(tx, &identity)? else {
                    return Ok(());
                };
                session::end_all(tx, id, None)?;
                let change = Change::done("account.role_withdrawn", "account", id)
                    .to(serde_json::json!({ "issuer": identity.issuer }));
                record(tx, &by_provider(&identity, &address), &change, now)
            })
            .await
    }
}

/// The subject of sign-ins that were begun at the provider from one place.
fn of_provider(address: &str) -> String {
    format!("provider:{}", of_address(address))
}

/// Who does what the provider's word leads to.
fn by_provider(identity: &Identity, address: &str) -> Actor {
    Actor {
        account: None,
        name: identity.issuer.clone(),
        address: address.to_owned(),
    }
}

fn linked(tx: &mut Tx<'_>, identity: &Identity) -> Result<Option<AccountId>, DbError> {
    tx.query_opt(
        "SELECT account FROM staff_identity WHERE issuer = $1 AND subject = $2",
        params![&identity.issuer, &identity.subject],
    )?
    .map(|row| row.get("account"))
    .transpose()
}

/// The account behind an identity: the linked one, else the one of the verified
/// e-mail address, else a new one where the provider gives roles.
fn whose(
    tx: &mut Tx<'_>,
    identity: &Identity,
    role: Option<Role>,
    actor: &Actor,
    now: Timestamp,
) -> Result<Account, IdentityError> {
    let account = match linked(tx, identity)? {
        Some(id) => by_id(tx, id)?,
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
        (Some(account), _) => {
            let other = tx.query_opt(
                "SELECT subject FROM staff_identity WHERE issuer = $1 AND account = $2 LIMIT 1",
                params![&identity.issuer, account.id],
            )?;
            match other {
                None => Ok(account),
                Some(_) => Err(IdentityError::OtherPerson),
            }
        }
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
                account = account.id.0,
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
