//! What a running gate knows of the database's site, until it reads it again.

use crate::{Site, SiteError};
use db::{Db, DbError, Tx, params};
use kernel::DeviceCode;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The site and its tokens as the database last gave them.
#[derive(Debug)]
pub(crate) struct KnownSite {
    db: Db,
    /// In memory, because each check and each request looks at it. Every change,
    /// and every revocation, counts the revision up in the database, where each
    /// process looks once a second: so long it may go by what was.
    known: RwLock<Known>,
}

#[derive(Debug)]
struct Known {
    revision: i64,
    site: Arc<Site>,
    /// Who shows a token, by its hash; those that were shown since.
    tokens: HashMap<String, DeviceCode>,
}

impl KnownSite {
    pub(crate) async fn open(db: Db) -> Result<Self, SiteError> {
        let known = RwLock::new(load(&db).await?);
        Ok(Self { db, known })
    }

    pub(crate) fn site(&self) -> Arc<Site> {
        Arc::clone(&self.read().site)
    }

    pub(crate) async fn reload(&self) -> Result<(), SiteError> {
        let known = self.read().revision;
        let there: i64 = self.db.read("site revision", revision).await?;
        if there != known {
            let fresh = load(&self.db).await?;
            *self.write() = fresh;
        }
        Ok(())
    }

    pub(crate) fn holder(&self, token_sha256: &str) -> Option<DeviceCode> {
        self.read().tokens.get(token_sha256).cloned()
    }

    /// Remembers who held a token at `revision`, unless it may have been revoked
    /// since.
    pub(crate) fn remember(&self, token_sha256: String, holder: DeviceCode, revision: i64) {
        let mut known = self.write();
        if known.revision == revision {
            known.tokens.insert(token_sha256, holder);
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts the changes of the site and the revocations.
pub(crate) fn revision(tx: &mut Tx<'_>) -> Result<i64, DbError> {
    tx.query_one("SELECT revision FROM gate_site WHERE id = 1", params![])?
        .get("revision")
}

async fn load(db: &Db) -> Result<Known, SiteError> {
    db.read("load site", |tx| {
        Ok(Known {
            site: Arc::new(Site::load(tx)?),
            revision: revision(tx)?,
            tokens: HashMap::new(),
        })
    })
    .await
}
