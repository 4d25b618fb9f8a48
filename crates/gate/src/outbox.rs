//! What the gate has to tell others: control barcodes and cancellations to
//! ticketing; declarations and give-backs to Otipass; disputes to the box office.

pub(crate) mod declaration;
pub(crate) mod delivery;
pub mod dispute;
pub(crate) mod give_back;
pub(crate) mod lane;
pub mod trouble;

use crate::outbox::lane::Lanes;
use db::{Db, DbError, Tx, Value, params};
use kernel::{CheckId, Clock, Timestamp};
use otipass::{Partner, References};
use parking_lot::Mutex;
use std::sync::Arc;
use tokio::sync::Notify;

/// What tells others, one durable step after the other.
///
/// Two processes on one database may take the same step at once. Ticketing takes
/// what is sent twice for one. An Otipass that ignores references would count an entry
/// that is declared twice, so a process that tells it of one claims the row first.
#[derive(Debug)]
pub struct Outbox {
    pub(crate) db: Db,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) otipass: Arc<dyn Partner>,
    pub(crate) references: References,
    /// In memory: each process finds out by itself what ticketing takes.
    pub(crate) lanes: Mutex<Lanes>,
    pub(crate) due: Arc<Due>,
}

/// Wakes the workers that tell others. In memory, because it saves time only:
/// what another process recorded is found when its worker, or ours, looks again.
#[derive(Debug, Default)]
pub struct Due {
    /// There may be something to deliver.
    pub deliveries: Notify,
    /// There may be something to declare.
    pub declarations: Notify,
    /// Somebody wants ticketing to be tried now, whatever it said last.
    pub again: Notify,
}

impl Due {
    /// Something may be due.
    pub fn wake(&self) {
        self.deliveries.notify_one();
        self.declarations.notify_one();
    }
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

db::from_row! { Waiting { deliveries, declarations, cancellations, give_backs, unresolved } }

impl Outbox {
    /// Told when something may be due.
    #[must_use]
    pub fn due(&self) -> &Due {
        &self.due
    }

    /// How much work waits.
    pub async fn waiting(&self) -> Result<Waiting, DbError> {
        self.db
            .read("waiting work", |tx| {
                tx.query_one_as(
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
                )
            })
            .await
    }

    /// When the oldest control barcode on its way to ticketing was made.
    pub async fn waiting_since(&self) -> Result<Option<Timestamp>, DbError> {
        self.db
            .read("oldest delivery", |tx| {
                tx.value_opt(
                    "SELECT c.decided_at FROM gate_control_barcode b
                     JOIN gate_check c ON c.check_id = b.check_id
                     WHERE b.delivered_at IS NULL AND b.refused IS NULL
                     ORDER BY b.seq LIMIT 1",
                    params![],
                )
            })
            .await
    }

    /// Claims what was due at `due_at` for this process, by a statement that puts it off;
    /// whether no other has.
    pub(crate) async fn claim(
        &self,
        sql: &'static str,
        check: CheckId,
        attempts: i64,
        due_at: Timestamp,
    ) -> Result<bool, DbError> {
        let until = self.clock.now().plus_ms(declaration::CLAIMED_MS);
        self.db
            .write("claim", move |tx| {
                let claimed = tx.execute(sql, params![check, attempts, due_at, until])?;
                Ok(claimed == 1)
            })
            .await
    }

    /// Runs one statement in a transaction of its own.
    pub(crate) async fn execute(
        &self,
        name: &'static str,
        sql: &'static str,
        params: Vec<Value>,
    ) -> Result<(), DbError> {
        let execute = move |tx: &mut Tx<'_>| tx.run(sql, &params);
        self.db.write(name, execute).await
    }
}
