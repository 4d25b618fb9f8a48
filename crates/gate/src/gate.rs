use crate::decide::breaker::{Breaker, Failure};
use crate::decide::budget::Budget;
use crate::decide::check::{self, Check, CheckError, Deciding, Freshness};
use crate::decide::intent::{self, Begun};
use crate::decide::partner_window::{PartnerState, PartnerWindow};
use crate::decide::rules::{self, Asked, Counted, Intent, Recognised, StaysOpen};
use crate::devices::enrolment::Throttle;
use crate::outbox::declaration::{counted, is_outage};
use crate::outbox::delivery::Aims;
use crate::{InterfaceSettings, MIGRATIONS, Mode, Scan, Site, SiteError};
use db::{Db, DbError, Tx, params};
use kernel::{CheckId, Clock, DeviceCode, Timestamp, causes};
use otipass::Partner;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// How many intents one sweep of recovery takes up.
const RECOVERY_BATCH: u32 = 100;
/// How long recovery waits for an answer. Nobody stands at the gate for it.
const RECOVERY_TIMEOUT: Duration = Duration::from_secs(5);

/// The gate of one site.
#[derive(Debug)]
pub struct Gate {
    pub(crate) db: Db,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: Arc<InterfaceSettings>,
    pub(crate) otipass: Arc<dyn Partner>,
    pub(crate) known: RwLock<Known>,
    breaker: Mutex<Breaker>,
    /// How the latest questions to Otipass went.
    asked: Mutex<PartnerWindow>,
    aims: Mutex<Aims>,
    pub(crate) enrolling: Mutex<Throttle>,
    /// Checks that are being decided: the same id asks Otipass once at a time.
    deciding: Mutex<HashMap<CheckId, Arc<tokio::sync::Mutex<()>>>>,
    /// Told of each new admission: there may be something to deliver.
    pub delivery_due: Notify,
    /// Told of each new admission that Otipass does not know of.
    pub declaration_due: Notify,
}

/// What the gate keeps in memory of what the database says.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) revision: i64,
    site: Arc<Site>,
    pub(crate) tokens: HashMap<String, DeviceCode>,
}

/// Why the gate could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// The site.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// The database.
    #[error("the gate's tables could not be prepared")]
    Db(#[from] DbError),
}

/// How much work waits behind the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Control barcodes on their way to ticketing.
    pub deliveries: i64,
    /// Entries Otipass has yet to be told of.
    pub declarations: i64,
    /// Cancellations on their way to ticketing.
    pub cancellations: i64,
    /// Cancelled entries that Otipass has yet to give back.
    pub give_backs: i64,
    /// Checks whose decision a crash or a lost caller left open.
    pub unresolved: i64,
}

impl Gate {
    /// Prepares the gate's tables.
    ///
    /// # Errors
    /// [`DbError`] if the database cannot be brought up to this version.
    pub async fn prepare(db: &Db, clock: &dyn Clock) -> Result<(), DbError> {
        db.migrate("gate", MIGRATIONS, clock.now()).await
    }

    /// Keeps `site` in the database: inserts and updates; what is there and not
    /// in `site` stays.
    ///
    /// # Errors
    /// [`SiteError::Db`].
    pub async fn apply_site(db: &Db, site: Site) -> Result<(), SiteError> {
        db.write("apply site", move |tx| site.save(tx)).await
    }

    /// Opens the gate on a database with a site.
    ///
    /// # Errors
    /// [`SiteError::Missing`] if no site was applied yet; [`DbError`].
    pub async fn open(
        db: Db,
        clock: Arc<dyn Clock>,
        settings: InterfaceSettings,
        otipass: Arc<dyn Partner>,
    ) -> Result<Self, GateError> {
        Self::prepare(&db, &*clock).await?;
        let known = load(&db).await?;
        Ok(Self {
            db,
            clock,
            settings: Arc::new(settings),
            otipass,
            known: RwLock::new(known),
            breaker: Mutex::default(),
            asked: Mutex::default(),
            aims: Mutex::default(),
            enrolling: Mutex::default(),
            deciding: Mutex::default(),
            delivery_due: Notify::new(),
            declaration_due: Notify::new(),
        })
    }

    /// The site as it stands.
    #[must_use]
    pub fn site(&self) -> Arc<Site> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&known.site)
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

    /// Takes up what another process changed in the site or its tokens.
    ///
    /// # Errors
    /// [`SiteError`]; the gate goes on with what it knew.
    pub async fn refresh(&self) -> Result<(), SiteError> {
        let known = {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            known.revision
        };
        let revision: i64 = self
            .db
            .read("site revision", revision)
            .await
            .map_err(SiteError::Db)?;
        if revision != known {
            let fresh = load(&self.db).await?;
            *self.known.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        }
        Ok(())
    }

    /// Decides an online check: intent, ask, record. The same id gets the first
    /// answer again.
    ///
    /// # Errors
    /// [`CheckError`]; nothing was decided then.
    pub async fn check(&self, scan: Scan) -> Result<(Check, Freshness), CheckError> {
        scan.within_limits()?;
        let arrived_at = self.clock.now();
        let budget = Budget::start(self.settings.decision_budget);
        let _alone = self.alone_with(scan.id).await;
        let begun = {
            let (scan, site) = (scan.clone(), self.site());
            let recognised = rules::recognise(&scan.code, &scan.device, &site, &self.settings);
            self.db
                .write("begin check", move |tx| {
                    intent::begin(tx, &scan, &recognised, arrived_at, &site)
                })
                .await?
        };
        let (intent, recognised) = match begun {
            Begun::Ask(intent, recognised) => (intent, recognised),
            Begun::Decided(check, freshness) => {
                if freshness == Freshness::First {
                    self.note_decided(&check);
                }
                return Ok((*check, freshness));
            }
        };
        let asked = self.ask(&scan, &recognised, budget).await;
        self.record(scan, recognised, &asked, intent, arrived_at)
            .await
    }

    /// Asks Otipass about the intents that arrived before `before` and were left
    /// without a decision, under the same reference. Says how many were
    /// resolved; those Otipass does not answer about stay.
    ///
    /// # Errors
    /// [`CheckError`].
    pub async fn recover(&self, before: Timestamp) -> Result<usize, CheckError> {
        let open = self
            .db
            .read("unresolved intents", move |tx| {
                intent::unresolved(tx, before, RECOVERY_BATCH)
            })
            .await?;
        let mut resolved = 0;
        for id in open {
            let _alone = self.alone_with(id).await;
            // Its device may have come back meanwhile.
            let still_open = self
                .db
                .read("unresolved intent", move |tx| intent::load(tx, id))
                .await?;
            let Some(open) = still_open else { continue };
            // With the breaker open this question is the one that tries. With it
            // closed its failure is no visitor's business.
            let trying = self.partner_is_spared();
            if !self.breaker().may_ask(self.clock.now()) {
                break;
            }
            let question = open.recognised.question(open.scan.scanned_at, open.scan.id);
            match self.otipass.validate(&question, RECOVERY_TIMEOUT).await {
                Ok(answer) => {
                    self.breaker().answered();
                    let asked = Asked::Answered(answer);
                    let (scan, recognised) = (open.scan, open.recognised);
                    self.record(
                        scan,
                        recognised,
                        &asked,
                        Intent::Unresolved,
                        open.arrived_at,
                    )
                    .await?;
                    resolved += 1;
                }
                Err(error) => {
                    tracing::warn!(check = %id, error = causes(&error), "an open check stays open");
                    if trying {
                        self.breaker().failed(Failure::Silent, self.clock.now());
                    }
                    if is_outage(&error) {
                        break;
                    }
                }
            }
        }
        Ok(resolved)
    }

    /// How much work waits.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn waiting(&self) -> Result<Waiting, DbError> {
        self.db
            .read("waiting work", |tx| {
                let row = tx.query_one(
                    "SELECT (SELECT COUNT(*) FROM gate_control_barcode
                             WHERE delivered_at IS NULL AND refused IS NULL) AS deliveries,
                            (SELECT COUNT(*) FROM gate_declaration
                             WHERE declared_at IS NULL) AS declarations,
                            (SELECT COUNT(*) FROM gate_cancellation x
                             JOIN gate_control_barcode b ON b.check_id = x.check_id
                             WHERE x.delivered_at IS NULL AND x.refused IS NULL
                               AND b.refused IS NULL) AS cancellations,
                            (SELECT COUNT(*) FROM gate_give_back
                             WHERE told_at IS NULL) AS give_backs,
                            (SELECT COUNT(*) FROM gate_intent) AS unresolved",
                    params![],
                )?;
                Ok(Waiting {
                    deliveries: row.get("deliveries")?,
                    declarations: row.get("declarations")?,
                    cancellations: row.get("cancellations")?,
                    give_backs: row.get("give_backs")?,
                    unresolved: row.get("unresolved")?,
                })
            })
            .await
    }

    /// Whether the breaker before Otipass is open.
    #[must_use]
    pub fn partner_is_spared(&self) -> bool {
        self.breaker().is_open()
    }

    /// How Otipass has answered visitors of late, and whether it is asked.
    #[must_use]
    pub fn partner_state(&self) -> PartnerState {
        let spared = self.partner_is_spared();
        self.asked().state(self.clock.now(), spared)
    }

    fn asked(&self) -> MutexGuard<'_, PartnerWindow> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn aims(&self) -> MutexGuard<'_, Aims> {
        self.aims.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks within what is left of the budget, if the breaker lets it through.
    async fn ask(&self, scan: &Scan, recognised: &Recognised, budget: Budget) -> Asked {
        let Some(within) = budget.for_asking() else {
            tracing::warn!(check = %scan.id, "the database was too slow to leave time for asking Otipass");
            return Asked::Silent(Counted::No);
        };
        if !self.breaker().may_ask(self.clock.now()) {
            metrics::counter!("passerelle_partner_calls_total", "result" => "spared").increment(1);
            return Asked::Silent(Counted::No);
        }
        let asked_at = Instant::now();
        let question = recognised.question(scan.scanned_at, scan.id);
        let error = match self.otipass.validate(&question, within).await {
            Ok(answer) => {
                self.breaker().answered();
                metrics::counter!("passerelle_partner_calls_total", "result" => "answered")
                    .increment(1);
                let took = asked_at.elapsed();
                metrics::histogram!("passerelle_partner_seconds").record(took);
                self.asked().note(self.clock.now(), Some(took));
                return Asked::Answered(answer);
            }
            Err(error) => error,
        };
        let failure = if budget.was_long_since(asked_at) {
            Failure::Silent
        } else {
            Failure::Quick
        };
        self.breaker().failed(failure, self.clock.now());
        self.asked().note(self.clock.now(), None);
        metrics::counter!("passerelle_partner_calls_total", "result" => "failed").increment(1);
        tracing::warn!(
            check = %scan.id,
            error = causes(&error),
            "Otipass could not be asked; the site's policy decides"
        );
        Asked::Silent(counted(&error))
    }

    async fn record(
        &self,
        scan: Scan,
        recognised: Recognised,
        asked: &Asked,
        intent: Intent,
        arrived_at: Timestamp,
    ) -> Result<(Check, Freshness), CheckError> {
        let settings = &self.settings;
        let verdict = rules::decide(asked, intent, settings.references, settings.when_silent)
            .map_err(|StaysOpen| CheckError::StaysOpen(scan.id))?;
        let counted = match asked {
            Asked::Answered(_) => Counted::No,
            Asked::Silent(counted) => counted.after(intent),
        };
        let site = self.site();
        let decided_at = self.clock.now();
        let (check, freshness) = self
            .db
            .write("record decision", move |tx| {
                let deciding = Deciding {
                    scan: &scan,
                    mode: Mode::Online,
                    recognised: Some(&recognised),
                    verdict,
                    counted,
                    arrived_at,
                    decided_at,
                };
                check::record(tx, &deciding, &site)
            })
            .await?;
        if freshness == Freshness::First {
            self.note_decided(&check);
        }
        Ok((check, freshness))
    }

    /// Wakes the workers and counts.
    pub(crate) fn note_decided(&self, check: &Check) {
        let outcome = check.decision.as_str();
        metrics::counter!("passerelle_checks_total", "outcome" => outcome).increment(1);
        if check.decision.is_admitted() {
            self.delivery_due.notify_one();
            self.declaration_due.notify_one();
        }
    }

    /// Waits until nobody else decides the check `id`.
    async fn alone_with(&self, id: CheckId) -> Alone<'_> {
        let lock = {
            let mut deciding = self.deciding.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(deciding.entry(id).or_default())
        };
        let held = Arc::clone(&lock).lock_owned().await;
        Alone {
            gate: self,
            id,
            lock,
            held: Some(held),
        }
    }
}

/// The right to decide one check. Its place in the map goes with the last one
/// who wanted it.
struct Alone<'a> {
    gate: &'a Gate,
    id: CheckId,
    lock: Arc<tokio::sync::Mutex<()>>,
    held: Option<tokio::sync::OwnedMutexGuard<()>>,
}

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        self.held = None;
        let mut deciding = self
            .gate
            .deciding
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // One count is ours, one the map's.
        if Arc::strong_count(&self.lock) == 2 {
            deciding.remove(&self.id);
        }
    }
}

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
