//! The day, read once for all who watch it.

use crate::day::{Day, Facts, GateFacts, SalesFacts, Watched};
use boxoffice::report;
use db::DbError;
use gate::SiteNames;
use gate::outbox::trouble;
use gate::records::attendance::{self, Admitted};
use gate::records::explained::refusals;
use kernel::{BusinessDay, Timestamp};
use std::sync::Arc;

/// How long what was read is good, in milliseconds.
const GOOD_MS: i64 = 5_000;
/// How long last week's day is good: it changes only when a device brings old
/// checks.
const LAST_WEEK_GOOD_MS: i64 = 10 * 60_000;
/// Days of a week.
const WEEK: i64 = 7;

impl Day {
    /// The day, at most five seconds old.
    pub(super) async fn facts(&self) -> Result<Arc<Facts>, DbError> {
        // Whoever comes while it is read waits for that reading.
        let of = &self.of;
        let mut kept = self.kept.lock().await;
        let now = of.clock.now();
        if let Some(facts) = &kept.facts
            && is_good(facts.at, now, GOOD_MS)
        {
            return Ok(Arc::clone(facts));
        }
        let today = of.zone.business_day(now);
        let last_week = match &kept.last_week {
            Some((day, at, known)) if *day == today && is_good(*at, now, LAST_WEEK_GOOD_MS) => {
                Arc::clone(known)
            }
            _ if of.gate.is_some() => {
                let read = attendance::admitted(&of.db, today.plus_days(-WEEK));
                let read = Arc::new(read.await?);
                kept.last_week = Some((today, now, Arc::clone(&read)));
                read
            }
            _ => Arc::default(),
        };
        let facts = Arc::new(Facts {
            unnamed_proxy: self.unnamed_proxy.get().copied(),
            ..read(of, now, today, last_week).await?
        });
        kept.facts = Some(Arc::clone(&facts));
        Ok(facts)
    }
}

fn is_good(at: Timestamp, now: Timestamp, ms: i64) -> bool {
    (0..ms).contains(&now.ms_since(at))
}

async fn read(
    of: &Watched,
    at: Timestamp,
    today: BusinessDay,
    last_week: Arc<Admitted>,
) -> Result<Facts, DbError> {
    let db = &of.db;
    let nodes = gate::nodes::list(db, at).await?;
    let gate = match &of.gate {
        None => None,
        Some(gate) => Some(GateFacts {
            admitted: attendance::admitted(db, today).await?,
            last_week,
            outcomes: attendance::outcomes(db, today).await?,
            devices: gate::devices(db).await?,
            waiting: gate.outbox.waiting().await?,
            waiting_since: gate.outbox.waiting_since().await?,
            stopped: trouble::list(db).await?,
            refused: refusals(db).await?.barcodes,
            aside: gate::decide::aside::count(db).await?,
            partner: gate.partner_of_all(&nodes),
            when_silent: gate.settings().when_silent,
        }),
    };
    let sales = match &of.box_office {
        None => None,
        Some(box_office) => {
            let staged = box_office.waiting().await?;
            let sales = report::sales(db, today, today).await?;
            Some(SalesFacts {
                ready: staged.ready,
                held: staged.held,
                sold: sales.total.net.gross_minor,
            })
        }
    };
    Ok(Facts {
        at,
        day: today,
        set_up_lacks: of.set_up_lacks,
        unnamed_proxy: None,
        nodes,
        ailments: of.vitals.look(at).await,
        failing: notices::failing(db, at).await?,
        names: SiteNames::read(db).await?,
        gate,
        sales,
    })
}
