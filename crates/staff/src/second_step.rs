//! The second step of a sign-in: a code from an app, or one of the recovery
//! codes that were handed out for the day the phone is lost.

use crate::account::{AccountError, Invalid, by_id};
use crate::audit::{Actor, Change, PEOPLE};
use crate::secret::{NoRandomness, Token};
use crate::session::{self, Step};
use crate::sign_in::{SignInError, SignedIn, enter, of_address};
use crate::throttle::{self, ACCOUNT, ADDRESS};
use crate::totp::TotpSecret;
use crate::{AccountId, Session, Staff};
use db::{DbError, Tx, params};
use kernel::{Seal, SealError, Timestamp};
use secrecy::SecretString;

/// How many recovery codes there are.
const RECOVERY_CODES: usize = 10;
/// Characters of each; five bits each.
const RECOVERY_LENGTH: usize = 10;

/// The recovery codes, to be shown once; each is good once.
#[derive(Debug, Clone)]
pub struct RecoveryCodes(pub Vec<Token>);

fn of_code(account: AccountId) -> String {
    format!("code:{account}")
}

/// What the seed of an account's app is called under a seal.
fn seed_of(account: AccountId) -> String {
    format!("totp:{account}")
}

impl Staff {
    /// Gives the code of the second step; on success another session, whole this
    /// time, takes the place of the first.
    pub async fn second_step(
        &self,
        session: &Session,
        code: &str,
        address: &str,
    ) -> Result<SignedIn, SignInError> {
        let id = session.account.id;
        self.counted(vec![(of_code(id), ACCOUNT), (of_address(address), ADDRESS)])
            .await?
            .map_err(|wait_ms| SignInError::TooMany { wait_ms })?;
        let (token, now) = (Token::new()?, self.clock.now());
        let (old, new) = (session.token.sha256(), token.sha256());
        let (code, address) = (code.to_owned(), address.to_owned());
        let seal = self.seal.clone();
        self.db
            .write("second step", move |tx| {
                tx.one_at_a_time(PEOPLE)?;
                let by = spend(tx, &seal, id, &code, now)?.ok_or(SignInError::Wrong)?;
                throttle::forget(tx, &of_code(id))?;
                throttle::forgive(tx, &of_address(&address))?;
                session::end(tx, &old)?;
                enter(tx, id, &new, by, &address, now)
            })
            .await?;
        Ok(SignedIn {
            token,
            step: Step::Whole,
        })
    }

    /// Makes a new secret for the app. It counts only once a code of it was
    /// given; until then the account signs in as before.
    pub async fn begin_two_steps(&self, id: AccountId) -> Result<TotpSecret, AccountError> {
        let secret = TotpSecret::new()?;
        let kept = self.seal.seal(&seed_of(id), &secret.base32());
        let kept = kept.map_err(|_| NoRandomness)?;
        self.db
            .write("begin two steps", move |tx| {
                tx.run(
                    "UPDATE staff_account SET totp_secret = $2, totp_last_step = NULL
                     WHERE id = $1 AND totp_confirmed_at IS NULL",
                    params![id, &kept],
                )
            })
            .await
            .map_err(|error: DbError| error)?;
        Ok(secret)
    }

    /// Takes a first code of the secret, and gives the recovery codes. The
    /// session gets another token; the account's others end.
    pub async fn confirm_two_steps(
        &self,
        actor: &Actor,
        session: &Session,
        code: &str,
    ) -> Result<(RecoveryCodes, Token), AccountError> {
        let id = session.account.id;
        self.counted(vec![(of_code(id), ACCOUNT)])
            .await?
            .map_err(|wait_ms| AccountError::TooMany { wait_ms })?;
        let codes = (0..RECOVERY_CODES)
            .map(|_| Token::to_type::<RECOVERY_LENGTH>())
            .collect::<Result<Vec<_>, _>>()?;
        let hashes: Vec<String> = codes.iter().map(Token::sha256).collect();
        let (code, present, now) = (code.to_owned(), session.token.sha256(), self.clock.now());
        let seal = self.seal.clone();
        self.change(actor, "confirm two steps", move |tx| {
            let invalid = || AccountError::Invalid(vec![Invalid::Code]);
            if by_id(tx, id)?.two_steps {
                return Err(invalid());
            }
            spend_app_code(tx, &seal, id, &code, now)?.ok_or_else(invalid)?;
            throttle::forget(tx, &of_code(id))?;
            tx.execute(
                "UPDATE staff_account SET totp_confirmed_at = $2 WHERE id = $1",
                params![id, now],
            )?;
            tx.execute(
                "DELETE FROM staff_recovery_code WHERE account = $1",
                params![id],
            )?;
            for hash in &hashes {
                tx.execute(
                    "INSERT INTO staff_recovery_code (account, code_sha256) VALUES ($1, $2)",
                    params![id, hash],
                )?;
            }
            session::end_all(tx, id, Some(&present))?;
            let change = Change::done("account.two_steps_on", "account", id);
            Ok(((), vec![change]))
        })
        .await?;
        Ok((RecoveryCodes(codes), self.rotate(session).await?))
    }

    /// Signs in with one step again; asks for the password. The session gets
    /// another token.
    pub async fn end_two_steps(
        &self,
        actor: &Actor,
        session: &Session,
        present: SecretString,
    ) -> Result<Token, AccountError> {
        let account = &session.account;
        self.prove(account.id, &account.login, present).await?;
        let id = account.id;
        self.change(actor, "end two steps", move |tx| forget(tx, id))
            .await?;
        self.rotate(session).await
    }

    /// An administrator's way for someone who lost phone and recovery codes. The
    /// account's sessions end.
    pub async fn reset_two_steps(&self, actor: &Actor, id: AccountId) -> Result<(), AccountError> {
        self.change(actor, "reset two steps", move |tx| {
            session::end_all(tx, id, None)?;
            forget(tx, id)
        })
        .await
    }

    /// How many recovery codes are left.
    pub async fn recovery_codes_left(&self, id: AccountId) -> Result<i64, DbError> {
        self.db
            .read("recovery codes left", move |tx| {
                tx.query_one(
                    "SELECT COUNT(*) AS n FROM staff_recovery_code WHERE account = $1",
                    params![id],
                )?
                .get("n")
            })
            .await
    }
}

pub(crate) fn forget(tx: &mut Tx<'_>, id: AccountId) -> Result<((), Vec<Change>), AccountError> {
    if !by_id(tx, id)?.two_steps {
        return Ok(((), Vec::new()));
    }
    tx.execute(
        "UPDATE staff_account SET totp_secret = NULL, totp_confirmed_at = NULL,
            totp_last_step = NULL WHERE id = $1",
        params![id],
    )?;
    tx.execute(
        "DELETE FROM staff_recovery_code WHERE account = $1",
        params![id],
    )?;
    let change = Change::done("account.two_steps_off", "account", id);
    Ok(((), vec![change]))
}

/// Uses up a code of the app, or a recovery code, and says which it was.
fn spend(
    tx: &mut Tx<'_>,
    seal: &Seal,
    id: AccountId,
    code: &str,
    now: Timestamp,
) -> Result<Option<&'static str>, DbError> {
    if spend_app_code(tx, seal, id, code, now)?.is_some() {
        return Ok(Some("password and code"));
    }
    let spent = tx.execute(
        "DELETE FROM staff_recovery_code WHERE account = $1 AND code_sha256 = $2",
        params![id, Token::typed(code).sha256()],
    )?;
    Ok((spent == 1).then_some("password and recovery code"))
}

fn spend_app_code(
    tx: &mut Tx<'_>,
    seal: &Seal,
    id: AccountId,
    code: &str,
    now: Timestamp,
) -> Result<Option<()>, DbError> {
    let row = tx.query_one(
        "SELECT totp_secret, totp_last_step FROM staff_account WHERE id = $1",
        params![id],
    )?;
    let kept: Option<String> = row.get("totp_secret")?;
    let last_used: Option<i64> = row.get("totp_last_step")?;
    let open = |kept: String| match seal.open(&seed_of(id), &kept) {
        Ok(secret) => Some(secret),
        Err(why) => {
            // A recovery code still counts.
            tracing::error!(account = %id, error = %why, "no code of the app can be compared");
            None
        }
    };
    let step = kept
        .and_then(open)
        .and_then(|text| TotpSecret::from_base32(&text))
        .and_then(|secret| secret.step_of(code, now, last_used));
    let Some(step) = step else {
        return Ok(None);
    };
    tx.execute(
        "UPDATE staff_account SET totp_last_step = $2 WHERE id = $1",
        params![id, step],
    )?;
    Ok(Some(()))
}

/// Puts the seeds of all apps under another seal, and says how many there are.
///
/// # Errors
/// If one is not opened, or the database fails; all is to be undone then.
pub fn reseal<E: From<DbError> + From<SealError>>(
    tx: &mut Tx<'_>,
    from: &Seal,
    to: &Seal,
) -> Result<usize, E> {
    let seeds = tx.query(
        "SELECT id, totp_secret FROM staff_account WHERE totp_secret IS NOT NULL",
        params![],
    )?;
    for seed in &seeds {
        let (id, kept): (AccountId, String) = (seed.get("id")?, seed.get("totp_secret")?);
        let what = seed_of(id);
        let kept = to.seal(&what, &from.open(&what, &kept)?)?;
        tx.execute(
            "UPDATE staff_account SET totp_secret = $2 WHERE id = $1",
            params![id, &kept],
        )?;
    }
    Ok(seeds.len())
}
