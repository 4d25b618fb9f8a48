//! The first run: a secret that the service prints makes the first
//! administrator.

use crate::account::{self, AccountError, Profile, weak};
use crate::audit::{Actor, Change, PEOPLE};
use crate::secret::Token;
use crate::sign_in::of_address;
use crate::throttle::ADDRESS;
use crate::{Account, Role, Staff};
use db::{Tx, params};
use secrecy::SecretString;

/// How many secrets are good at a time: one for each process that starts.
const SECRETS: i64 = 8;
/// Characters of the secret; five bits each.
const LENGTH: usize = 20;

impl Staff {
    /// A new secret for the first run, or `None` if there is an account. Those that
    /// other processes on the database print are good as well, the latest
    /// eight of them, until one was used.
    pub async fn open_welcome(&self) -> Result<Option<Token>, AccountError> {
        let secret = Token::to_type::<LENGTH>()?;
        let hash = secret.sha256();
        let opened = self
            .db
            .write("open welcome", move |tx| {
                tx.one_at_a_time(PEOPLE)?;
                if account::any(tx)? {
                    tx.execute("DELETE FROM staff_welcome", params![])?;
                    return Ok::<_, AccountError>(false);
                }
                tx.execute(
                    "INSERT INTO staff_welcome (secret_sha256) VALUES ($1)",
                    params![&hash],
                )?;
                tx.execute(
                    "DELETE FROM staff_welcome WHERE id <=
                         (SELECT MAX(id) FROM staff_welcome) - $1",
                    params![SECRETS],
                )?;
                Ok(true)
            })
            .await?;
        Ok(opened.then_some(secret))
    }

    /// Makes the first administrator; the secret is good no more.
    ///
    /// # Errors
    /// [`AccountError::NoInvitation`] if the secret is another, or there is an
    /// account; other [`AccountError`]s.
    pub async fn welcome(
        &self,
        secret: &Token,
        name: &str,
        login: &str,
        password: SecretString,
        address: &str,
    ) -> Result<Account, AccountError> {
        self.counted(vec![(of_address(address), ADDRESS)])
            .await?
            .map_err(|wait_ms| AccountError::TooMany { wait_ms })?;
        let given = secret.sha256();
        self.db
            .read("welcome", {
                let given = given.clone();
                move |tx| known(tx, &given)
            })
            .await?;
        let profile = Profile {
            name: name.to_owned(),
            login: login.to_owned(),
            role: Role::Administrator,
        };
        let mut mistakes = account::mistakes(&profile);
        if let Err(AccountError::Invalid(weak)) = weak(&password, name, login) {
            mistakes.extend(weak);
        }
        if !mistakes.is_empty() {
            return Err(AccountError::Invalid(mistakes));
        }
        let hash = self.passwords.hash(password).await?;
        let actor = Actor {
            account: None,
            name: profile.name.trim().to_owned(),
            address: address.to_owned(),
        };
        let now = self.clock.now();
        self.change(&actor, "welcome", move |tx| {
            // Once more: someone else may have used it meanwhile.
            known(tx, &given)?;
            tx.execute("DELETE FROM staff_welcome", params![])?;
            let account = account::insert(tx, &profile, Some(&hash), now)?;
            let change =
                Change::done("account.first_created", "account", account.id).to(account.shown());
            Ok((account, vec![change]))
        })
        .await
    }
}

fn known(tx: &mut Tx<'_>, sha256: &str) -> Result<(), AccountError> {
    let found = tx.query_opt(
        "SELECT id FROM staff_welcome WHERE secret_sha256 = $1",
        params![sha256],
    )?;
    if found.is_none() || account::any(tx)? {
        return Err(AccountError::NoInvitation);
    }
    Ok(())
}
