//! What waits for its sale: how many for which reason and since when, and the
//! barcodes of one reason, the latest first.

use crate::HeldReason;
use db::{Db, DbError, params};
use kernel::{BusinessDay, ControlBarcode, ProductCode, SeasonCode, Timestamp};

/// What is held for one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// Why.
    pub reason: HeldReason,
    /// How many barcodes.
    pub count: i64,
    /// When the first of them came.
    pub since: Timestamp,
}

db::from_row! {
    Held { reason = "held_reason", count = "held", since = "received_at" }
    UnsoldLine { id, barcode, season, product, business_day, received_at }
}

/// Which unsold barcodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsold {
    /// The next external sales run sells them.
    Ready,
    /// They wait for a cure.
    Held(HeldReason),
}

/// An unsold barcode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsoldLine {
    /// Its number; later ones are higher.
    pub id: i64,
    /// The barcode.
    pub barcode: ControlBarcode,
    /// Its season.
    pub season: SeasonCode,
    /// Its product.
    pub product: ProductCode,
    /// The day it is sold for.
    pub business_day: BusinessDay,
    /// When it came.
    pub received_at: Timestamp,
}

/// What is held, by reason, the most first.
pub async fn held(db: &Db) -> Result<Vec<Held>, DbError> {
    db.read("held by reason", |tx| {
        let mut held: Vec<Held> = tx.query_as(
            "SELECT h.held_reason, h.held, s.received_at
             FROM (SELECT held_reason, COUNT(*) AS held, MIN(id) AS first FROM box_staged
                   WHERE state = 'held' GROUP BY held_reason) AS h
             JOIN box_staged s ON s.id = h.first",
            params![],
        )?;
        held.sort_by_key(|held| (std::cmp::Reverse(held.count), held.reason));
        Ok(held)
    })
    .await
}

/// The unsold barcodes before the number `before`, the latest first, at most
/// `limit`.
pub async fn list(
    db: &Db,
    unsold: Unsold,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<UnsoldLine>, DbError> {
    let before = before.unwrap_or(i64::MAX);
    db.read("unsold barcodes", move |tx| match unsold {
        Unsold::Ready => tx.query_as(
            "SELECT id, barcode, season, product, business_day, received_at FROM box_staged
                 WHERE state = 'ready' AND id < $1 ORDER BY id DESC LIMIT $2",
            params![before, limit],
        ),
        Unsold::Held(reason) => tx.query_as(
            "SELECT id, barcode, season, product, business_day, received_at FROM box_staged
                 WHERE state = 'held' AND held_reason = $3 AND id < $1
                 ORDER BY id DESC LIMIT $2",
            params![before, limit, reason],
        ),
    })
    .await
}
