//! The shipped bookkeeping of a story: the way of disputes, the reconciliation and
//! the retention, each held afterwards against statements of its own and against
//! what people know.

use crate::broken::ensure;
use crate::ticketing::Abroad;
use crate::{Broken, Planted};
use books::reconciliation::{Reconciliation, Sides};
use books::retention::{Retention, RetentionDays, Run};
use books::{disputes, reconciliation, retention};
use db::{Db, DbError, Tx, params};
use kernel::{CheckId, ControlBarcode, PseudonymKey, Timestamp};

pub(crate) const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// For how many days card numbers stay.
pub(crate) const DAYS: u32 = RetentionDays::SHORTEST;

/// About how many barcodes a ticketing elsewhere is asked.
const ASKED: u32 = 5;
const REMOVED: &str = "card numbers can be removed";
const COUNT: &str = "COUNT(*)";

/// What looks at both sides' books.
pub struct Bookkeeping {
    /// Both books.
    pub db: Db,
    /// The ticketing elsewhere, if its books are not in the database.
    pub abroad: Option<Abroad>,
    /// What is wrong with it.
    pub planted: Option<Planted>,
}

impl Bookkeeping {
    /// The account hears of what is disputed.
    ///
    /// # Errors
    /// If it fails, or the box office does not know a barcode that it was given.
    pub async fn carry_disputes(&self, now: Timestamp) -> Result<(), Broken> {
        if self.abroad.is_some() {
            return Ok(());
        }
        if self.planted == Some(Planted::LostDispute) {
            let lose = move |tx: &mut Tx<'_>| {
                let untold = gate::outbox::dispute::untold(tx, 0, 1)?;
                let mut lost = untold.iter();
                lost.try_for_each(|lost| gate::outbox::dispute::told(tx, lost.check_id, now))
            };
            self.db.write("planted", lose).await?;
        }
        let unknown = disputes::carry(&self.db, now).await?;
        ensure!(
            unknown == 0,
            "ticketing has what was delivered",
            "{unknown} disputed entries are unknown there"
        );
        Ok(())
    }

    /// Compares both books.
    ///
    /// # Errors
    /// If it fails, counts wrong, or names other differences than there are.
    pub async fn reconcile(&self) -> Result<Reconciliation, Broken> {
        let sides = match &self.abroad {
            Some(_) => Sides::Gate,
            None => Sides::Both,
        };
        let mut books = reconciliation::reconcile(&self.db, sides).await?;
        if let Some(abroad) = &self.abroad {
            let ask = async |barcode: &ControlBarcode| Ok(abroad.tells(barcode));
            let asked = reconciliation::asked(&self.db, ask, ASKED).await?;
            let found = asked.differences.first().map(|found| found.code);
            ensure!(
                found.is_none(),
                "a ticketing elsewhere has what it took",
                "{asked:?}"
            );
        }
        if self.planted == Some(Planted::OverlookedDifference) && books.differences.pop().is_some()
        {
            books.unexplained -= 1;
        }
        let counted = books.clone();
        let read = self.db.read("what was compared", move |tx| {
            count_again(tx, &counted)?;
            Ok::<_, Broken>(differences(tx)?)
        });
        let expected = read.await?;
        let named = books.differences.iter();
        let mut named: Vec<_> = named.map(|d| (d.code.to_owned(), d.of.check())).collect();
        named.sort();
        ensure!(
            named == expected && books.unexplained == expected.len(),
            "the reconciliation names each difference",
            "{} are named: {named:?}; there are {expected:?}",
            books.unexplained
        );
        Ok(books)
    }

    /// Card numbers go that have stayed long enough.
    ///
    /// # Errors
    /// If that fails, or some go too early.
    pub async fn retain(&self, now: Timestamp) -> Result<(), Broken> {
        let retention = Retention {
            days: RetentionDays::new(DAYS).map_err(Broken::error(REMOVED))?,
            fresh_key: PseudonymKey::from_random([7; 32]),
        };
        let runs_at = match self.planted {
            Some(Planted::EarlyRemoval) => now.plus_ms(2 * DAY_MS),
            _ => now,
        };
        let removed = retention::run(&self.db, &retention, runs_at, Run::Remove).await;
        removed.map_err(|error| Broken::new(REMOVED, format!("{error:#}")))?;
        let young = now.plus_ms(-DAY_MS * i64::from(DAYS));
        let early = self.db.read("removed too early", move |tx| {
            tx.column::<String>(
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
            )
        });
        let early = early.await?;
        ensure!(
            early.is_empty(),
            "card numbers stay for their time",
            "{early:?}"
        );
        Ok(())
    }
}

/// What the reconciliation counts, and how it is counted here.
fn count_again(tx: &mut Tx<'_>, books: &Reconciliation) -> Result<(), Broken> {
    let all_tickets = books.tickets + books.tickets_from_elsewhere;
    let held = books.held.values().sum();
    let owed = books.account.amount_minor.minor();
    for (counted, what, from) in [
        (
            books.accepted_checks,
            COUNT,
            "gate_check WHERE admitted = 1",
        ),
        (books.control_barcodes, COUNT, "gate_control_barcode"),
        (books.cancelled, COUNT, "gate_cancellation"),
        (books.staged, COUNT, "box_staged"),
        (books.ready, COUNT, "box_staged WHERE state = 'ready'"),
        (held, COUNT, "box_staged WHERE state = 'held'"),
        (
            books.cancelled_unsold,
            COUNT,
            "box_staged WHERE state = 'cancelled'",
        ),
        (all_tickets, COUNT, "box_ticket"),
        (
            books.cancelled_tickets,
            COUNT,
            "box_ticket WHERE state = 'CANCELLED'",
        ),
        (books.orders, COUNT, "box_order"),
        (books.account.lines, COUNT, "box_account_line"),
        (
            books.disputed,
            COUNT,
            "gate_declaration WHERE disputed IS NOT NULL",
        ),
        (
            books.settled_by_hand,
            COUNT,
            "gate_door_admitted WHERE settled_at IS NOT NULL",
        ),
        (
            owed,
            "COALESCE(SUM(price_minor), 0)",
            "box_ticket WHERE state <> 'CANCELLED'",
        ),
    ] {
        let there: i64 = tx.value(&format!("SELECT {what} AS n FROM {from}"), params![])?;
        ensure!(
            counted == there,
            "the reconciliation counts right",
            "{counted}, not {there} in {from}"
        );
    }
    Ok(())
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
         UNION ALL SELECT 'set_aside', NULL FROM gate_aside WHERE settled_at IS NULL
         ORDER BY code, check_id",
        params![],
    )?
    .iter()
    .map(|row| Ok((row.get("code")?, row.get("check_id")?)))
    .collect()
}
