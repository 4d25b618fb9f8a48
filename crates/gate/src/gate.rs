use crate::breaker::{Breaker, Failure};
use crate::check::{self, Check, CheckError, Deciding, Freshness, Mode, Scan};
use crate::decide::{self, Asked, Intent, Recognised, Verdict};
use crate::device_token::{self, DeviceToken, TokenError};
use crate::{Decision, InterfaceSettings, MIGRATIONS, Site, SiteError};
use db::{Db, DbError, params};
use kernel::{CheckId, Clock, DeviceCode, Timestamp};
use otipass::{AskError, OtipassClient, Question};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use tokio::sync::Notify;

/// How many intents one sweep of recovery takes up.
const RECOVERY_BATCH: u32 = 100;

/// The gate of one site.
#[derive(Debug)]
pub struct Gate {
    pub(crate) db: Db,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: Arc<InterfaceSettings>,
    pub(crate) otipass: OtipassClient,
    known: RwLock<Known>,
    breaker: Mutex<Breaker>,
    /// Checks that are being decided: the same id asks Otipass once at a time.
    deciding: Mutex<HashMap<CheckId, Arc<tokio::sync::Mutex<()>>>>,
    /// Told of each new admission: there may be something to deliver.
    pub delivery_due: Notify,
    /// Told of each new admission that Otipass does not know of.
    pub declaration_due: Notify,
}

/// What the gate keeps in memory of what the database says.
#[derive(Debug, Clone)]
struct Known {
    revision: i64,
    site: Arc<Site>,
    tokens: HashMap<String, DeviceCode>,
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
        otipass: OtipassClient,
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
            .read("site revision", |tx| {
                tx.query_one("SELECT revision FROM gate_site WHERE id = 1", params![])?
                    .get("revision")
            })
            .await
            .map_err(SiteError::Db)?;
        if revision != known {
            let fresh = load(&self.db).await?;
            *self.known.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        }
        Ok(())
    }

    /// Gives `device` a token; earlier ones stay good until they are revoked.
    ///
    /// # Errors
    /// [`TokenError::UnknownDevice`]; [`TokenError::Db`].
    pub async fn grant_token(
        db: &Db,
        clock: &dyn Clock,
        device: DeviceCode,
        token: DeviceToken,
    ) -> Result<(), TokenError> {
        let now = clock.now();
        db.write("grant token", move |tx| {
            device_token::grant(tx, &device, &token, now)
        })
        .await
    }

    /// Takes back all tokens of `device` and says how many there were.
    ///
    /// # Errors
    /// [`TokenError::Db`].
    pub async fn revoke_tokens(
        db: &Db,
        clock: &dyn Clock,
        device: DeviceCode,
    ) -> Result<u64, TokenError> {
        let now = clock.now();
        db.write("revoke tokens", move |tx| {
            let revoked = device_token::revoke(tx, &device, now)?;
            tx.execute(
                "UPDATE gate_site SET revision = revision + 1 WHERE id = 1",
                params![],
            )?;
            Ok(revoked)
        })
        .await
    }

    /// The device that holds this token; `None` if it is unknown or revoked. A
    /// token revoked by another process is refused from the next
    /// [`refresh`](Self::refresh) on.
    ///
    /// # Errors
    /// [`TokenError::Db`].
    pub async fn holder_of(&self, token: DeviceToken) -> Result<Option<DeviceCode>, TokenError> {
        let hash = token.sha256();
        {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(device) = known.tokens.get(&hash) {
                return Ok(Some(device.clone()));
            }
        }
        let holder = self
            .db
            .read("token holder", move |tx| device_token::holder(tx, &token))
            .await?;
        if let Some(device) = &holder {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            known.tokens.insert(hash, device.clone());
        }
        Ok(holder)
    }

    /// Notes that `device` was heard of, and how far its clock is off.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn note_seen(
        &self,
        device: DeviceCode,
        device_time: Option<Timestamp>,
    ) -> Result<(), DbError> {
        let now = self.clock.now();
        let offset_ms = device_time.map(|time| time.ms_since(now));
        self.db
            .write("device seen", move |tx| {
                tx.execute(
                    "UPDATE gate_device
                     SET seen_at = $2, clock_offset_ms = COALESCE($3, clock_offset_ms)
                     WHERE code = $1",
                    params![&device, now, offset_ms],
                )
                .map(drop)
            })
            .await
    }

    /// Decides an online check: intent, ask, record. The same id gets the first
    /// answer again.
    ///
    /// # Errors
    /// [`CheckError`]; nothing was decided then.
    pub async fn check(&self, scan: Scan) -> Result<(Check, Freshness), CheckError> {
        scan.within_limits()?;
        let arrived_at = self.clock.now();
        // The budget runs from here: it is what the visitor waits.
        let budget = tokio::time::sleep(self.settings.decision_budget);
        tokio::pin!(budget);
        let _alone = self.alone_with(scan.id).await;
        let recognised = decide::recognise(&scan.code, &scan.device, &self.site(), &self.settings);
        let recognised = match recognised {
            Ok(recognised) => recognised,
            Err(reason) => {
                let verdict = Verdict::without_partner(Decision::Refused(reason));
                return self.record(scan, None, verdict, arrived_at).await;
            }
        };
        let intent = {
            let (scan, recognised) = (scan.clone(), recognised.clone());
            self.db
                .write("open intent", move |tx| match check::find(tx, &scan)? {
                    Some(known) => Ok(Err(known)),
                    None => check::open_intent(tx, &scan, &recognised, arrived_at).map(Ok),
                })
                .await?
        };
        let intent = match intent {
            Ok(intent) => intent,
            Err(known) => return Ok((known, Freshness::Repeated)),
        };
        let asked = self.ask(&scan, &recognised, budget).await;
        let verdict = decide::decide(
            &asked,
            intent,
            self.settings.references,
            self.settings.when_silent,
        );
        self.record(scan, Some(recognised), verdict, arrived_at)
            .await
    }

    /// Asks Otipass about the intents that arrived before `before` and were left
    /// without a decision, under the same reference. Says how many were
    /// resolved; those Otipass is silent about stay.
    ///
    /// # Errors
    /// [`CheckError`].
    pub async fn recover(&self, before: Timestamp) -> Result<usize, CheckError> {
        let open = self
            .db
            .read("unresolved intents", move |tx| {
                check::unresolved(tx, before, RECOVERY_BATCH)
            })
            .await?;
        let mut resolved = 0;
        for intent in open {
            let _alone = self.alone_with(intent.scan.id).await;
            let budget = tokio::time::sleep(self.settings.decision_budget);
            tokio::pin!(budget);
            let asked = self.ask(&intent.scan, &intent.recognised, budget).await;
            if asked == Asked::Silent {
                break;
            }
            let verdict = decide::decide(
                &asked,
                Intent::Unresolved,
                self.settings.references,
                self.settings.when_silent,
            );
            self.record(
                intent.scan,
                Some(intent.recognised),
                verdict,
                intent.arrived_at,
            )
            .await?;
            resolved += 1;
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
                            (SELECT COUNT(*) FROM gate_intent) AS unresolved",
                    params![],
                )?;
                Ok(Waiting {
                    deliveries: row.get("deliveries")?,
                    declarations: row.get("declarations")?,
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

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks within what is left of the budget, if the breaker lets it through.
    async fn ask(
        &self,
        scan: &Scan,
        recognised: &Recognised,
        budget: std::pin::Pin<&mut tokio::time::Sleep>,
    ) -> Asked {
        if !self.breaker().may_ask(self.clock.now()) {
            metrics::counter!("passerelle_partner_calls_total", "result" => "spared").increment(1);
            return Asked::Silent;
        }
        let question = Question {
            card: recognised.card.clone(),
            num_type: self.settings.format.num_type,
            service_id: recognised.info.service_id.clone(),
            space_id: recognised.info.space_id.clone(),
            time: scan.scanned_at,
            reference: scan.id,
        };
        let (failure, error) = tokio::select! {
            answer = self.otipass.validate(&question, self.settings.decision_budget) => match answer {
                Ok(answer) => {
                    self.breaker().answered();
                    metrics::counter!("passerelle_partner_calls_total", "result" => "answered")
                        .increment(1);
                    return Asked::Answered(answer);
                }
                Err(error @ AskError::TimedOut { .. }) => (Failure::Silent, error.to_string()),
                Err(error) => (Failure::Quick, describe(&error)),
            },
            () = budget => (Failure::Silent, "no answer within the decision budget".to_owned()),
        };
        self.breaker().failed(failure, self.clock.now());
        metrics::counter!("passerelle_partner_calls_total", "result" => "failed").increment(1);
        tracing::warn!(check = %scan.id, error, "Otipass could not be asked; the site's policy decides");
        Asked::Silent
    }

    async fn record(
        &self,
        scan: Scan,
        recognised: Option<Recognised>,
        verdict: Verdict,
        arrived_at: Timestamp,
    ) -> Result<(Check, Freshness), CheckError> {
        let site = self.site();
        let decided_at = self.clock.now();
        let (check, freshness) = self
            .db
            .write("record decision", move |tx| {
                let deciding = Deciding {
                    scan: &scan,
                    mode: Mode::Online,
                    recognised: recognised.as_ref(),
                    verdict,
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

/// An error with its causes in one line.
fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

async fn load(db: &Db) -> Result<Known, SiteError> {
    db.read("load site", |tx| {
        let site = Site::load(tx)?;
        let revision = tx
            .query_one("SELECT revision FROM gate_site WHERE id = 1", params![])?
            .get("revision")?;
        Ok(Known {
            revision,
            site: Arc::new(site),
            tokens: HashMap::new(),
        })
    })
    .await
}
