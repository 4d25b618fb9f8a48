//! What a running gate knows of the database's site, until it reads it again.

use crate::{InterfaceSettings, Site, SiteError};
use db::{Db, DbError, Tx, params};
use kernel::{Clock, DeviceCode, EnrolmentId, Timestamp};
use parking_lot::RwLock;
use std::collections::HashMap;
use std::sync::Arc;

/// The site and its tokens as the database last gave them.
#[derive(Debug)]
pub(crate) struct KnownSite {
    db: Db,
    settings: Arc<InterfaceSettings>,
    clock: Arc<dyn Clock>,
    /// In memory, because each check and each request looks at it. Every change,
    /// and every revocation, counts the revision up in the database, where each
    /// process looks once a second: so long it may go by what was.
    known: RwLock<Known>,
}

/// Who holds a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The device.
    pub device: DeviceCode,
    /// The enrolment that gave it the token.
    pub enrolment: EnrolmentId,
}

db::from_row! { Holder { device, enrolment } }

#[derive(Debug)]
struct Known {
    revision: i64,
    /// The revision of the set-up, as devices and their checks name it.
    set_up: i64,
    site: Arc<Site>,
    /// Who shows a token, by its hash; those that were shown since.
    tokens: HashMap<String, Holder>,
}

impl KnownSite {
    pub(crate) async fn open(
        db: Db,
        settings: Arc<InterfaceSettings>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SiteError> {
        let known = RwLock::new(load(&db, &settings, clock.now()).await?);
        Ok(Self {
            db,
            settings,
            clock,
            known,
        })
    }

    pub(crate) fn site(&self) -> Arc<Site> {
        Arc::clone(&self.known.read().site)
    }

    /// The site, and the revision of the set-up in which it is so.
    pub(crate) fn site_and_revision(&self) -> (Arc<Site>, i64) {
        let known = self.known.read();
        (Arc::clone(&known.site), known.set_up)
    }

    pub(crate) async fn reload(&self) -> Result<(), SiteError> {
        let known = self.known.read().revision;
        let there: i64 = self.db.read("site revision", revision).await?;
        if there != known {
            let fresh = load(&self.db, &self.settings, self.clock.now()).await?;
            *self.known.write() = fresh;
        }
        Ok(())
    }

    pub(crate) fn holder(&self, token_sha256: &str) -> Option<Holder> {
        self.known.read().tokens.get(token_sha256).cloned()
    }

    /// Remembers who held a token at `revision`, unless it may have been revoked
    /// since.
    pub(crate) fn remember(&self, token_sha256: String, holder: Holder, revision: i64) {
        let mut known = self.known.write();
        if known.revision == revision {
            known.tokens.insert(token_sha256, holder);
        }
    }
}

/// Counts the changes of the site and the revocations.
pub(crate) fn revision(tx: &mut Tx<'_>) -> Result<i64, DbError> {
    tx.value("SELECT revision FROM gate_site WHERE id = 1", params![])
}

async fn load(
    db: &Db,
    settings: &Arc<InterfaceSettings>,
    now: Timestamp,
) -> Result<Known, SiteError> {
    let settings = Arc::clone(settings);
    db.write("load site", move |tx| {
        // Whoever changes it writes this row first: what is read behind it is whole.
        let revision = tx.value_opt(
            "UPDATE gate_site SET revision = revision WHERE id = 1 RETURNING revision",
            params![],
        )?;
        let site = Site::load(tx)?;
        Ok(Known {
            revision: revision.ok_or(SiteError::Missing)?,
            set_up: super::revision::record(tx, &site, &settings, now)?,
            site: Arc::new(site),
            tokens: HashMap::new(),
        })
    })
    .await
}
