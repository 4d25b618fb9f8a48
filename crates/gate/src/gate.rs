use crate::decide::Deciding;
use crate::decide::in_hand::InHand;
use crate::decide::partner::PartnerLine;
use crate::devices::Devices;
use crate::outbox::{Due, Outbox};
use crate::pass_list::PassLists;
use crate::site::known::KnownSite;
use crate::{InterfaceSettings, Site, SiteError};
use db::Db;
use kernel::{Clock, Timestamp};
use otipass::Partner;
use parking_lot::Mutex;
use std::sync::Arc;

/// The gate of one site, as one process runs it. What a part keeps in memory says
/// at its field what that means where several processes share one database.
#[derive(Debug)]
pub struct Gate {
    clock: Arc<dyn Clock>,
    settings: Arc<InterfaceSettings>,
    known: Arc<KnownSite>,
    /// Checks, journals, cancellations, and the help desk.
    pub deciding: Deciding,
    /// Devices and their tokens.
    pub devices: Devices,
    /// What others have yet to hear.
    pub outbox: Outbox,
    /// What devices without network know of passes.
    pub pass_lists: PassLists,
}

impl Gate {
    /// As [`Site::save`], in a transaction of its own.
    pub async fn apply_site(db: &Db, site: Site) -> Result<(), SiteError> {
        db.write("apply site", move |tx| site.save(tx)).await
    }

    /// Opens the gate on a database with its tables and a site. `node` is the name of
    /// this process among those that share the database, also when it is started again.
    ///
    /// # Errors
    /// [`SiteError::Missing`] if no site was applied yet.
    pub async fn open(
        db: Db,
        clock: Arc<dyn Clock>,
        settings: InterfaceSettings,
        otipass: Arc<dyn Partner>,
        node: &str,
    ) -> Result<Self, SiteError> {
        let settings = Arc::new(settings);
        let known = KnownSite::open(db.urgent(), Arc::clone(&settings), Arc::clone(&clock)).await?;
        let known = Arc::new(known);
        let due = Arc::new(Due::default());
        Ok(Self {
            deciding: Deciding {
                db: db.urgent(),
                journals: db.clone(),
                clock: Arc::clone(&clock),
                settings: Arc::clone(&settings),
                known: Arc::clone(&known),
                partner: PartnerLine::new(Arc::clone(&otipass), Arc::clone(&clock)),
                in_hand: InHand::default(),
                cards: InHand::default(),
                due: Arc::clone(&due),
                node: node.into(),
            },
            devices: Devices {
                db: db.urgent(),
                strangers: db.clone(),
                enrolling: tokio::sync::Mutex::default(),
                clock: Arc::clone(&clock),
                known: Arc::clone(&known),
            },
            outbox: Outbox {
                db: db.clone(),
                clock: Arc::clone(&clock),
                otipass: Arc::clone(&otipass),
                references: settings.references,
                lanes: Mutex::default(),
                due,
            },
            pass_lists: PassLists {
                db,
                clock: Arc::clone(&clock),
                settings: Arc::clone(&settings),
                otipass,
            },
            clock,
            settings,
            known,
        })
    }

    /// The site as it stands.
    #[must_use]
    pub fn site(&self) -> Arc<Site> {
        self.known.site()
    }

    /// The site, and the revision of the set-up in which it is so.
    #[must_use]
    pub fn site_and_set_up(&self) -> (Arc<Site>, i64) {
        self.known.site_and_revision()
    }

    /// The interface's settings.
    #[must_use]
    pub fn settings(&self) -> &InterfaceSettings {
        &self.settings
    }

    /// The clock decisions are dated by.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Reads again what another process changed in the site or its tokens.
    ///
    /// # Errors
    /// The gate goes on with what it knew.
    pub async fn reload(&self) -> Result<(), SiteError> {
        self.known.reload().await
    }
}
