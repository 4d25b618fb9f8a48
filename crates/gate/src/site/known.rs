//! What a running gate knows of the database's site, until it reads it again.

use crate::{Site, SiteError};
use db::{Db, DbError, Tx, params};
use kernel::{Clock, DeviceCode, Timestamp};
use otipass::Mapping;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The site and its tokens as the database last gave them.
#[derive(Debug)]
pub(crate) struct KnownSite {
    db: Db,
    mapping: Arc<Mapping>,
    clock: Arc<dyn Clock>,
    /// In memory, because each check and each request looks at it. Every change,
    /// and every revocation, counts the revision up in the database, where each
    /// process looks once a second: so long it may go by what was.
    known: RwLock<Known>,
}

#[derive(Debug)]
struct Known {
    revision: i64,
    /// The revision of the set-up, as devices and their checks name it.
    set_up: i64,
    site: Arc<Site>,
    /// Who shows a token, by its hash; those that were shown since.
    tokens: HashMap<String, DeviceCode>,
}

impl KnownSite {
    pub(crate) async fn open(
        db: Db,
        mapping: Arc<Mapping>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SiteError> {
        let known = RwLock::new(load(&db, &mapping, clock.now()).await?);
        Ok(Self {
            db,
            mapping,
            clock,
            known,
        })
    }

    pub(crate) fn site(&self) -> Arc<Site> {
        Arc::clone(&self.read().site)
    }

    /// The site, and the revision of the set-up in which it is so.
    pub(crate) fn site_and_revision(&self) -> (Arc<Site>, i64) {
        let known = self.read();
        (Arc::clone(&known.site), known.set_up)
    }

    pub(crate) async fn reload(&self) -> Result<(), SiteError> {
        let known = self.read().revision;
        let there: i64 = self.db.read("site revision", revision).await?;
        if there != known {
            let fresh = load(&self.db, &self.mapping, self.clock.now()).await?;
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

async fn load(db: &Db, mapping: &Arc<Mapping>, now: Timestamp) -> Result<Known, SiteError> {
    let mapping = Arc::clone(mapping);
    db.write("load site", move |tx| {
        let site = Site::load(tx)?;
        Ok(Known {
            revision: revision(tx)?,
            set_up: super::revision::record(tx, &site, &mapping, now)?,
            site: Arc::new(site),
            tokens: HashMap::new(),
        })
    })
    .await
}
