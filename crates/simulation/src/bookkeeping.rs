//! The shipped bookkeeping of a story: the way of disputes, the reconciliation and
//! the retention, each held afterwards against statements of its own and against
//! what people know.

use crate::{Broken, Planted};
use books::reconciliation::{Reconciliation, Sides};
use books::retention::{Retention, RetentionDays, Run};
use books::{disputes, reconciliation, retention};
use db::{Db, DbError, Tx, params};
use kernel::{CheckId, PseudonymKey, Timestamp};
use secutix::stx::Dialect;
use std::path::PathBuf;

pub(crate) const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// For how many days card numbers stay.
pub(crate) const DAYS: u32 = RetentionDays::SHORTEST;

/// What looks at both sides' books.
pub struct Bookkeeping {
    /// Both books.
    pub db: Db,
    /// Where STX_Files are.
    pub files: PathBuf,
    /// What is wrong with it.
    pub planted: Option<Planted>,
}

impl Bookkeeping {
    /// The account hears of what is disputed.
    ///
    /// # Errors
    /// If it fails, or the box office does not know a barcode that it was given.
    pub async fn carry_disputes(&self, now: Timestamp) -> Result<(), Broken> {
        let failed = |e: DbError| Broken::error("disputes can be carried over", &e);
        if self.planted == Some(Planted::LostDispute) {
            let lose = move |tx: &mut Tx<'_>| {
                let untold = gate::outbox::dispute::untold(tx, 0, 1)?;
                let mut lost = untold.iter();
                lost.try_for_each(|lost| gate::outbox::dispute::told(tx, lost.check_id, now))
            };
            self.db.write("planted", lose).await.map_err(failed)?;
        }
        match disputes::carry(&self.db, now).await.map_err(failed)? {
            0 => Ok(()),
            unknown => Err(Broken::new(
                "ticketing has what was delivered",
                format!("{unknown} disputed entries are unknown there"),
            )),
        }
    }

    /// Compares both books.
    ///
    /// # Errors
    /// If it fails, counts wrong, or names other differences than there are.
    pub async fn reconcile(&self) -> Result<Reconciliation, Broken> {
        let reconciled = reconciliation::reconcile(&self.db, Sides::Both).await;
        let mut books = reconciled.map_err(|e| Broken::error("books can be compared", &e))?;
        if self.planted == Some(Planted::OverlookedDifference) && books.differences.pop().is_some()
        {
            books.unexplained -= 1;
        }
        let counted = books.clone();
        let read = self.db.read("what was compared", move |tx| {
            let wrong = miscounted(tx, &counted)?;
            Ok((wrong, differences(tx)?))
        });
        let (wrong, expected) = read.await.map_err(unreadable)?;
        if let Some(wrong) = wrong {
            return Err(Broken::new("the reconciliation counts right", wrong));
        }
        let named = books.differences.iter();
        let mut named: Vec<_> = named.map(|d| (d.code.to_owned(), d.of.check())).collect();
        named.sort();
        if named != expected || books.unexplained != expected.len() {
            return Err(Broken::new(
                "the reconciliation names each difference",
                format!(
                    "{} are named: {named:?}; there are {expected:?}",
                    books.unexplained
                ),
            ));
        }
        Ok(books)
    }

    /// Card numbers go that have stayed long enough.
    ///
    /// # Errors
    /// If that fails, or some go too early.
    pub async fn retain(&self, now: Timestamp) -> Result<(), Broken> {
        let failed = |e: &dyn std::error::Error| Broken::error("card numbers can be removed", e);
        let retention = Retention {
            days: RetentionDays::new(DAYS).map_err(|e| failed(&e))?,
            files: Some((self.files.clone(), Dialect::default())),
            fresh_key: PseudonymKey::from_random([7; 32]),
        };
        let runs_at = match self.planted {
            Some(Planted::EarlyRemoval) => now.plus_ms(2 * DAY_MS),
            _ => now,
        };
        let removed = retention::run(&self.db, &retention, runs_at, Run::Remove).await;
        let removed = removed.map_err(|e| failed(&e))?;
        if !removed.unreadable_files.is_empty() {
            let files = format!("{:?}", removed.unreadable_files);
            return Err(Broken::new("every file of ours can be read", files));
        }
        let young = now.plus_ms(-DAY_MS * i64::from(DAYS));
        let early = self.db.read("removed too early", move |tx| {
            tx.query_opt(
                "SELECT check_id AS found FROM gate_check
                 WHERE card_removed_at IS NOT NULL AND (arrived_at >= $1 OR scanned_at >= $1)
                 UNION ALL SELECT barcode FROM box_staged
                 WHERE card_removed_at IS NOT NULL AND controlled_at >= $1
                 UNION ALL SELECT t.barcode FROM box_ticket t JOIN box_order o ON o.id = t.order_id
                 LEFT JOIN gate_control_barcode b ON b.barcode = t.barcode
                 WHERE t.card_removed_at IS NOT NULL
                   AND (t.controlled_at >= $1 OR o.created_at >= $1 AND b.seq IS NULL)
                 LIMIT 1",
                params![young],
            )?
            .map(|row| row.get::<String>("found"))
            .transpose()
        });
        match early.await.map_err(unreadable)? {
            None => Ok(()),
            Some(found) => Err(Broken::new("card numbers stay for their time", found)),
        }
    }
}

pub(crate) fn unreadable(error: DbError) -> Broken {
    Broken::error("the books can be read", &error)
}

/// What the reconciliation counts, and how it is counted here.
fn miscounted(tx: &mut Tx<'_>, books: &Reconciliation) -> Result<Option<String>, DbError> {
    let counts = [
        (books.accepted_checks, "gate_check WHERE admitted = 1"),
        (books.control_barcodes, "gate_control_barcode"),
        (books.cancelled, "gate_cancellation"),
        (books.staged, "box_staged"),
        (books.ready, "box_staged WHERE state = 'ready'"),
        (books.held.values().sum(), "box_staged WHERE state = 'held'"),
        (
            books.cancelled_unsold,
            "box_staged WHERE state = 'cancelled'",
        ),
        (books.tickets + books.tickets_from_elsewhere, "box_ticket"),
        (
            books.cancelled_tickets,
            "box_ticket WHERE state = 'CANCELLED'",
        ),
        (books.orders, "box_order"),
        (books.account.lines, "box_account_line"),
        (
            books.disputed,
            "gate_declaration WHERE disputed IS NOT NULL",
        ),
        (
            books.settled_by_hand,
            "gate_door_admitted WHERE settled_at IS NOT NULL",
        ),
    ];
    for (counted, from) in counts {
        let sql = format!("SELECT COUNT(*) AS n FROM {from}");
        let there: i64 = tx.query_one(&sql, params![])?.get("n")?;
        if counted != there {
            return Ok(Some(format!("{counted} of {there} in {from}")));
        }
    }
    let owed: i64 = tx
        .query_one(
            "SELECT COALESCE(SUM(price_minor), 0) AS owed FROM box_ticket
             WHERE state <> 'CANCELLED'",
            params![],
        )?
        .get("owed")?;
    let booked = books.account.amount_minor.minor();
    Ok((booked != owed).then(|| format!("{booked} is owed, not {owed}")))
}

/// The differences that a museum has when nothing is wrong with the program.
fn differences(tx: &mut Tx<'_>) -> Result<Vec<(String, Option<CheckId>)>, DbError> {
    tx.query(
        "SELECT 'admitted_not_recognised' AS code, check_id FROM gate_door_admitted
         WHERE settled_at IS NULL
         UNION ALL SELECT 'refused_by_ticketing', check_id FROM gate_control_barcode
         WHERE refused IS NOT NULL
         UNION ALL SELECT 'cancellation_refused', check_id FROM gate_cancellation
         WHERE refused IS NOT NULL
         ORDER BY code, check_id",
        params![],
    )?
    .iter()
    .map(|row| Ok((row.get("code")?, Some(row.get("check_id")?))))
    .collect()
}
