//! Where a database is, and what it promises.

use crate::DbError;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Where a database is.
#[derive(Clone, PartialEq, Eq)]
pub enum DbUrl {
    /// `sqlite::memory:`: gone when the last [`Db`](crate::Db) is dropped.
    SqliteMemory,
    /// `sqlite:PATH`: one file (and its write-ahead log beside it).
    SqliteFile(PathBuf),
    /// `postgres://…`, as libpq writes it.
    Postgres(String),
}

impl FromStr for DbUrl {
    type Err = DbError;

    fn from_str(text: &str) -> Result<Self, DbError> {
        match text.split_once(':') {
            Some(("sqlite", ":memory:")) => Ok(Self::SqliteMemory),
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::SqliteFile(path.into())),
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres(text.to_owned())),
            _ => Err(DbError::Url),
        }
    }
}

impl DbUrl {
    /// Where it is, for people: without names and passwords.
    #[must_use]
    pub fn place(&self) -> String {
        let Self::Postgres(url) = self else {
            return format!("{self:?}");
        };
        let after = url.split_once("://").map_or(&**url, |(_, after)| after);
        let (address, parameters) = after.split_once('?').unwrap_or((after, ""));
        let address = address.rsplit('@').next().unwrap_or_default();
        let shown = parameters
            .split('&')
            .filter(|of| of.starts_with("options="));
        let shown: String = shown.map(|of| format!("?{of}")).collect();
        format!("postgres://{address}{shown}")
    }
}

impl fmt::Debug for DbUrl {
    /// Without the password a PostgreSQL URL may hold.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SqliteMemory => f.write_str("sqlite::memory:"),
            Self::SqliteFile(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(_) => f.write_str("postgres://…"),
        }
    }
}
