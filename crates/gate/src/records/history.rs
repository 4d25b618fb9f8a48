//! Looking checks up: a list to search, and one check with all that the gate
//! made of it.

use crate::decide::door_admitted::Settlement;
use crate::records::doubts::Doubt;
use crate::{Decision, Direction, Mode};
use db::{Db, DbError, FromRow, Tx, Value, params};
use kernel::{
    BusinessDay, CardNumber, CheckId, ControlBarcode, DeviceCode, DeviceTime, ProductCode,
    SeasonCode, SectorCode, Timestamp,
};
use std::fmt::Write;

/// Which checks are wanted; an empty filter wants all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckFilter {
    /// Of this pass.
    pub card: Option<CardNumber>,
    /// At this device.
    pub device: Option<DeviceCode>,
    /// So decided.
    pub decision: Option<Decision>,
    /// That bear this mark.
    pub doubt: Option<Doubt>,
    /// That arrived at this moment or later.
    pub from: Option<Timestamp>,
    /// That arrived before.
    pub until: Option<Timestamp>,
    /// Behind this check in the list.
    pub before: Option<(Timestamp, CheckId)>,
}

/// A check in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckLine {
    /// Its id.
    pub id: CheckId,
    /// The device.
    pub device: DeviceCode,
    /// Whether the device decided by itself.
    pub mode: Mode,
    /// Which way the visitor went.
    pub direction: Direction,
    /// When it was scanned.
    pub scanned_at: Timestamp,
    /// When the server heard of it.
    pub arrived_at: Timestamp,
    /// When it was decided.
    pub decided_at: Timestamp,
    /// The decision.
    pub decision: Decision,
    /// The pass, if it is one and its number was not removed.
    pub card: Option<CardNumber>,
    /// Where, if the device leads to a mapped sector.
    pub sector: Option<SectorCode>,
    /// Whether the entry was cancelled.
    pub cancelled: bool,
}

/// One check with all that the gate made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// The check.
    pub check: CheckLine,
    /// What the device's clock showed then.
    pub device_time: DeviceTime,
    /// Whether the scan time is an estimate.
    pub is_estimated: bool,
    /// The admission that it repeats: why it was refused, or what makes it a possible
    /// pass-back.
    pub repeats: Option<CheckId>,
    /// What the agent noted on a forced entry.
    pub forced_note: Option<String>,
    /// The day it counts for.
    pub business_day: BusinessDay,
    /// Until when the pass is valid, as Otipass said.
    pub valid_until: Option<String>,
    /// Entries left, as Otipass said.
    pub entries_left: Option<String>,
    /// The refused check whose visitor the device admitted all the same.
    pub follows: Option<CheckId>,
    /// The check that holds instead of this one.
    pub followed_by: Option<CheckId>,
    /// Whether the device admitted whom the gate cannot recognise.
    pub door_admitted: bool,
    /// That somebody has settled that by hand.
    pub settlement: Option<Settlement>,
    /// When its card number was removed.
    pub card_removed_at: Option<Timestamp>,
    /// Its control barcode.
    pub barcode: Option<BarcodeHistory>,
    /// What Otipass has to be told.
    pub declaration: Option<DeclarationHistory>,
    /// That it was taken back.
    pub cancellation: Option<CancellationHistory>,
    /// That Otipass has to give the entry back.
    pub give_back: Option<GiveBackHistory>,
}

/// A control barcode on its way to ticketing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BarcodeHistory {
    /// The barcode.
    pub barcode: ControlBarcode,
    /// Its season.
    pub season: SeasonCode,
    /// Its product.
    pub product: ProductCode,
    /// When the visitor was controlled.
    pub controlled_at: Timestamp,
    /// When ticketing took it.
    pub delivered_at: Option<Timestamp>,
    /// Why ticketing refused it.
    pub refused: Option<String>,
}

/// A declaration to Otipass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclarationHistory {
    /// How often it was tried.
    pub attempts: i64,
    /// When it is tried next.
    pub due_at: Timestamp,
    /// When Otipass heard of it.
    pub declared_at: Option<Timestamp>,
    /// Why Otipass disputes the entry.
    pub disputed: Option<String>,
}

/// A cancellation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancellationHistory {
    /// Why, in one word.
    pub cause: String,
    /// When, by the device's clock.
    pub cancelled_at: Timestamp,
    /// When the server heard of it.
    pub arrived_at: Timestamp,
    /// When ticketing heard of it.
    pub delivered_at: Option<Timestamp>,
    /// Why ticketing refused it.
    pub refused: Option<String>,
}

/// An entry that Otipass is to give back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GiveBackHistory {
    /// How often it was tried.
    pub attempts: i64,
    /// When it is tried next.
    pub due_at: Timestamp,
    /// When Otipass heard of it.
    pub told_at: Option<Timestamp>,
}

/// What a [`CheckLine`] is read from, of the check `c`.
pub(crate) const LINE: &str = "c.*, (SELECT COUNT(*) FROM gate_cancellation x
    WHERE x.check_id = c.check_id) AS cancelled";

/// The checks that are wanted, the latest arrival first, at most `limit`.
pub async fn checks(db: &Db, filter: CheckFilter, limit: u32) -> Result<Vec<CheckLine>, DbError> {
    db.read("search checks", move |tx| {
        let (condition, mut values) = condition(&filter);
        values.push(limit.into());
        let sql = format!(
            "SELECT {LINE} FROM gate_check c WHERE {condition}
             ORDER BY c.arrived_at DESC, c.check_id DESC LIMIT ${}",
            values.len()
        );
        tx.query_as(&sql, &values)
    })
    .await
}

/// Those of these checks that are there.
pub async fn of_ids(db: &Db, ids: Vec<CheckId>) -> Result<Vec<CheckLine>, DbError> {
    db.read("checks by id", move |tx| {
        let sql = format!("SELECT {LINE} FROM gate_check c WHERE c.check_id = $1");
        let mut found = Vec::new();
        for id in &ids {
            found.extend(tx.query_opt_as(&sql, params![id])?);
        }
        Ok(found)
    })
    .await
}

/// What stands behind WHERE, and its parameters. It is made of constants only.
fn condition(filter: &CheckFilter) -> (String, Vec<Value>) {
    let mut values = Vec::<Value>::new();
    let mut text = String::from("1 = 1");
    // Writing to a string does not fail.
    if let Some(doubt) = filter.doubt {
        let _ = write!(text, " AND {}", doubt.condition());
    }
    let mut and = |condition: &str, value: Value| {
        values.push(value);
        let _ = write!(text, " AND {condition} ${}", values.len());
    };
    if let Some(card) = &filter.card {
        and("c.card =", card.into());
    }
    if let Some(device) = &filter.device {
        and("c.device =", device.into());
    }
    if let Some(decision) = filter.decision {
        and("c.outcome =", decision.into());
    }
    if let Some(from) = filter.from {
        and("c.arrived_at >=", from.into());
    }
    if let Some(until) = filter.until {
        and("c.arrived_at <", until.into());
    }
    if let Some((at, id)) = filter.before {
        and("c.arrived_at <=", at.into());
        and("(c.arrived_at <", at.into());
        values.push(id.into());
        let _ = write!(text, " OR c.check_id < ${})", values.len());
    }
    (text, values)
}

db::from_row! {
    CheckLine {
        id = "check_id", device, mode, direction, scanned_at, arrived_at, decided_at,
        decision = "outcome", card, sector, cancelled
    }
    BarcodeHistory { barcode, season, product, controlled_at, delivered_at, refused }
    DeclarationHistory { attempts, due_at, declared_at, disputed }
    CancellationHistory { cause, cancelled_at, arrived_at, delivered_at, refused }
    GiveBackHistory { attempts, due_at, told_at }
    Settlement { at = "settled_at", by = "settled_by", note = "settled_note" }
}

/// One check with all that was made of it; `None` if there is none of this id.
pub async fn history(db: &Db, id: CheckId) -> Result<Option<History>, DbError> {
    db.read("one check", move |tx| {
        let sql = format!(
            "SELECT {LINE}, f.check_id AS followed_by,
                    (SELECT COUNT(*) FROM gate_door_admitted a
                     WHERE a.check_id = c.check_id) AS door_admitted
             FROM gate_check c LEFT JOIN gate_check f ON f.follows = c.check_id
             WHERE c.check_id = $1"
        );
        let Some(row) = tx.query_opt(&sql, params![id])? else {
            return Ok(None);
        };
        Ok(Some(History {
            check: CheckLine::from_row(&row)?,
            device_time: row.get("device_time")?,
            is_estimated: row.get("time_estimated")?,
            repeats: row.get("repeats")?,
            forced_note: row.get("forced_note")?,
            business_day: row.get("business_day")?,
            valid_until: row.get("valid_until")?,
            entries_left: row.get("entries_left")?,
            follows: row.get("follows")?,
            followed_by: row.get("followed_by")?,
            door_admitted: row.get("door_admitted")?,
            settlement: tx.query_opt_as(
                "SELECT settled_at, settled_by, settled_note FROM gate_door_admitted
                 WHERE check_id = $1 AND settled_at IS NOT NULL",
                params![id],
            )?,
            card_removed_at: row.get("card_removed_at")?,
            barcode: of(tx, "gate_control_barcode", id)?,
            declaration: of(tx, "gate_declaration", id)?,
            cancellation: of(tx, "gate_cancellation", id)?,
            give_back: of(tx, "gate_give_back", id)?,
        }))
    })
    .await
}

/// The row of the check `id` in a table of the gate's.
fn of<T: FromRow>(tx: &mut Tx<'_>, table: &str, id: CheckId) -> Result<Option<T>, DbError> {
    let sql = format!("SELECT * FROM {table} WHERE check_id = $1");
    tx.query_opt_as(&sql, params![id])
}
