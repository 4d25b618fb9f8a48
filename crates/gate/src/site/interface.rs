//! The interface to Otipass as the back office keeps it: where it is, with what
//! credentials, and the mapping parameters as they were pasted.
//!
//! A secret changes only where a [`SecretChange`] says so: saving anything else
//! cannot erase it.

use crate::{SiteError, WhenSilent};
use db::{Db, DbError, Row, Tx, params};
use kernel::seal::is_sealed;
use kernel::{Seal, SealError};
use otipass::Credentials;
use secrecy::{ExposeSecret, SecretString};
use std::ops::RangeInclusive;

/// The kind of pass system; there is one.
const KIND: &str = "OTIPASS";

/// Where Otipass is, and how long it may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// What Otipass gave, up to and including `/api`.
    pub url: String,
    /// What Otipass gave; empty with an API key.
    pub username: String,
    /// How long a visitor waits for an answer at most.
    pub decision_budget_ms: u32,
    /// For how long an admitted card is not admitted at its sector again; 0 is
    /// never.
    pub repeat_window_ms: u32,
    /// What happens when Otipass does not answer within it.
    pub when_silent: WhenSilent,
}

impl Connection {
    /// The bounds of [`decision_budget_ms`](Self::decision_budget_ms): shorter, no
    /// answer could come, and longer, nobody would wait.
    pub const BUDGET_MS: RangeInclusive<u32> = 200..=10_000;
}

impl Default for Connection {
    fn default() -> Self {
        Self {
            url: String::new(),
            username: String::new(),
            decision_budget_ms: 1_500,
            repeat_window_ms: 60_000,
            when_silent: WhenSilent::default(),
        }
    }
}

/// The interface as it is kept.
#[derive(Debug, Clone, Default)]
pub struct StoredInterface {
    /// Where Otipass is; its URL is empty if nobody has said yet.
    pub connection: Connection,
    /// The password that goes with the user name, as it is kept: under a [`Seal`]
    /// or as it is.
    pub password: Option<SecretString>,
    /// The key that stands instead of user name and password, kept alike.
    pub api_key: Option<SecretString>,
    /// The mapping parameters as they were pasted, without mistakes.
    pub mapping: Option<String>,
    /// Mapping parameters with mistakes that someone is still at.
    pub mapping_draft: Option<String>,
    /// Counts the changes.
    pub revision: i64,
}

impl StoredInterface {
    /// What Otipass is shown: the API key if there is one.
    ///
    /// # Errors
    /// [`SealError`] if it is sealed and this does not open it.
    pub fn credentials(&self, seal: &Seal) -> Result<Credentials, SealError> {
        let open = |what, kept: &SecretString| seal.open(what, kept.expose_secret());
        if let Some(key) = &self.api_key {
            return Ok(Credentials::ApiKey(open(API_KEY, key)?.into()));
        }
        let password = self.password.as_ref();
        let password = password.map(|kept| open(PASSWORD, kept)).transpose()?;
        Ok(Credentials::Basic {
            username: self.connection.username.clone(),
            password: password.unwrap_or_default().into(),
        })
    }

    /// Whether a secret stands as it is.
    #[must_use]
    pub fn stands_open(&self) -> bool {
        let secrets = [&self.password, &self.api_key].into_iter().flatten();
        secrets
            .into_iter()
            .any(|kept| !is_sealed(kept.expose_secret()))
    }
}

/// What the password is called under a seal.
pub const PASSWORD: &str = "otipass.password";
/// What the API key is called there.
pub const API_KEY: &str = "otipass.api_key";

/// What becomes of a secret.
#[derive(Debug, Clone, Default)]
pub enum SecretChange {
    /// It stays as it is.
    #[default]
    Keep,
    /// It is replaced; by nothing, it is removed.
    Set(Option<SecretString>),
}

impl SecretChange {
    /// The same, as it is to be kept; `what` it is for.
    ///
    /// # Errors
    /// [`SealError::NoRandomness`].
    pub fn sealed(self, seal: &Seal, what: &str) -> Result<Self, SealError> {
        let Self::Set(Some(secret)) = self else {
            return Ok(self);
        };
        let kept = seal.seal(what, secret.expose_secret())?;
        Ok(Self::Set(Some(kept.into())))
    }

    fn applied(self, present: Option<SecretString>) -> Option<SecretString> {
        match self {
            Self::Keep => present,
            Self::Set(secret) => secret,
        }
    }
}

/// The interface as the back office keeps it; empty if it was never saved.
pub fn load(tx: &mut Tx<'_>) -> Result<StoredInterface, DbError> {
    let row = tx.query_opt("SELECT * FROM gate_interface WHERE id = 1", params![])?;
    row.as_ref()
        .map_or_else(|| Ok(StoredInterface::default()), stored)
}

/// As [`load`], after every other change of it: a row is written as a whole.
fn load_to_change(tx: &mut Tx<'_>) -> Result<StoredInterface, DbError> {
    tx.one_at_a_time("interface")?;
    load(tx)
}

/// As [`load`], in a transaction of its own.
pub async fn read(db: &Db) -> Result<StoredInterface, DbError> {
    db.read("interface", load).await
}

fn stored(row: &Row) -> Result<StoredInterface, DbError> {
    let secret = |column| Ok::<_, DbError>(row.get::<Option<String>>(column)?.map(Into::into));
    let budget_ms: i64 = row.get("decision_budget_ms")?;
    let usual = Connection::default();
    Ok(StoredInterface {
        connection: Connection {
            url: row.get("url")?,
            username: row.get("username")?,
            // Earlier versions took shorter ones.
            decision_budget_ms: u32::try_from(budget_ms)
                .unwrap_or(usual.decision_budget_ms)
                .clamp(*Connection::BUDGET_MS.start(), *Connection::BUDGET_MS.end()),
            repeat_window_ms: u32::try_from(row.get::<i64>("repeat_window_ms")?)
                .unwrap_or(usual.repeat_window_ms),
            when_silent: row.get("when_silent")?,
        },
        password: secret("password")?,
        api_key: secret("api_key")?,
        mapping: row.get("mapping")?,
        mapping_draft: row.get("mapping_draft")?,
        revision: row.get("revision")?,
    })
}

/// Saves where Otipass is; the mapping parameters stay.
pub fn save_connection(
    tx: &mut Tx<'_>,
    connection: Connection,
    password: SecretChange,
    api_key: SecretChange,
) -> Result<(), DbError> {
    let present = load_to_change(tx)?;
    save(
        tx,
        &StoredInterface {
            connection,
            password: password.applied(present.password),
            api_key: api_key.applied(present.api_key),
            ..present
        },
    )
}

/// Saves mapping parameters; connection and secrets stay.
///
/// Text with mistakes is kept apart, so that what the gate works with stays
/// whole.
pub fn save_mapping(tx: &mut Tx<'_>, text: &str) -> Result<(), DbError> {
    let present = load_to_change(tx)?;
    let readable = otipass::read_mapping(text).mapping.is_some();
    let (mapping, mapping_draft) = if readable {
        (Some(text.to_owned()), None)
    } else {
        (present.mapping, Some(text.to_owned()))
    };
    save(
        tx,
        &StoredInterface {
            mapping,
            mapping_draft,
            ..present
        },
    )
}

/// Why secrets were not put under another key; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ResealError {
    /// The present key does not open one.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The database.
    #[error("the secrets in the database could not be read or written")]
    Db(#[from] DbError),
}

/// Puts all secrets under another key, and says how many there are. It is no change
/// of the interface: a service that has the former key goes on.
pub fn reseal(tx: &mut Tx<'_>, from: &Seal, to: &Seal) -> Result<usize, ResealError> {
    let mut interface = load_to_change(tx)?;
    let mut count = 0;
    for (what, stored) in [
        (PASSWORD, &mut interface.password),
        (API_KEY, &mut interface.api_key),
    ] {
        if let Some(secret) = stored {
            let open = from.open(what, secret.expose_secret())?;
            *secret = to.seal(what, &open)?.into();
            count += 1;
        }
    }
    if count > 0 {
        tx.execute(
            "UPDATE gate_interface SET password = $1, api_key = $2 WHERE id = 1",
            params![kept(&interface.password), kept(&interface.api_key)],
        )?;
    }
    Ok(count)
}

fn kept(secret: &Option<SecretString>) -> Option<String> {
    secret.as_ref().map(|s| s.expose_secret().to_owned())
}

fn save(tx: &mut Tx<'_>, interface: &StoredInterface) -> Result<(), DbError> {
    let connection = &interface.connection;
    tx.execute(
        "INSERT INTO gate_interface (id, type, url, username, password, api_key, mapping,
                                     mapping_draft, decision_budget_ms, when_silent, revision,
                                     repeat_window_ms)
         VALUES (1, $1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10)
         ON CONFLICT (id) DO UPDATE SET type = $1, url = $2, username = $3, password = $4,
             api_key = $5, mapping = $6, mapping_draft = $7, decision_budget_ms = $8,
             when_silent = $9, repeat_window_ms = $10,
             revision = gate_interface.revision + 1",
        params![
            KIND,
            &connection.url,
            &connection.username,
            kept(&interface.password),
            kept(&interface.api_key),
            interface.mapping.as_deref(),
            interface.mapping_draft.as_deref(),
            i64::from(connection.decision_budget_ms),
            connection.when_silent,
            i64::from(connection.repeat_window_ms),
        ],
    )?;
    Ok(())
}

/// Counts the changes of the interface; 0 if it was never saved.
///
/// # Errors
/// If the database fails.
pub async fn revision(db: &Db) -> Result<String, DbError> {
    db.read("interface revision", |tx| {
        let site: Option<String> = tx.value_opt(
            "SELECT institution || '/' || organisation || '/' || name || '/' || timezone || '/'
                 || currency || '/' || language AS site FROM gate_site WHERE id = 1",
            params![],
        )?;
        let interface: Option<i64> = tx.value_opt(
            "SELECT revision FROM gate_interface WHERE id = 1",
            params![],
        )?;
        let (interface, site) = (interface.unwrap_or(0), site.unwrap_or_default());
        Ok(format!("{interface} {site}"))
    })
    .await
}

/// The site as the database holds it, if there is one.
pub async fn read_site(db: &Db) -> Result<Option<crate::Site>, DbError> {
    let read = db.read("site", crate::Site::load).await;
    match read {
        Ok(site) => Ok(Some(site)),
        Err(SiteError::Missing) => Ok(None),
        Err(SiteError::Db(error)) => Err(error),
    }
}
