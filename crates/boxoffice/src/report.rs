//! What was sold, and what is counted.

use crate::HeldReason;
use crate::pending_account;
use db::{Db, DbError, Tx, params};
use kernel::{BusinessDay, Money, ProductCode, SeasonCode, SectorCode, TariffCode};
use serde::Serialize;
use std::collections::BTreeMap;

/// The sales of a period, first and last day included. What was sold counts on
/// the day of its scan, what was cancelled on the day of its cancellation: a day
/// that is over stays as it was, and the account statement of the same period
/// comes to the same money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SalesReport {
    /// The first business day.
    pub from: BusinessDay,
    /// The last business day.
    pub to: BusinessDay,
    /// By day, season, product, tariff and sector.
    pub rows: Vec<SalesRow>,
    /// All of them.
    pub total: Moved,
}

/// What was sold and what was cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Moved {
    /// Sold, whether or not it was cancelled afterwards.
    pub sold: Sales,
    /// Cancelled: what it had cost.
    pub cancelled: Sales,
    /// Sold less cancelled. Below zero on a day whose cancellations are of
    /// sales of the day before.
    #[serde(flatten)]
    pub net: Sales,
}

impl Moved {
    fn of(sold: Sales, cancelled: Sales) -> Self {
        Self {
            sold,
            cancelled,
            net: Sales {
                tickets: sold.tickets - cancelled.tickets,
                gross_minor: sold.gross_minor + -cancelled.gross_minor,
                vat_minor: sold.vat_minor + -cancelled.vat_minor,
            },
        }
    }
}

/// Tickets with their money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Sales {
    /// Number of tickets.
    pub tickets: i64,
    /// What they cost, VAT included.
    pub gross_minor: Money,
    /// The VAT in it.
    pub vat_minor: Money,
}

/// The sales of one kind on one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SalesRow {
    /// The day of the scans, or of the cancellations.
    pub business_day: BusinessDay,
    /// The season.
    pub season: SeasonCode,
    /// The product.
    pub product: ProductCode,
    /// The tariff.
    pub tariff: TariffCode,
    /// Where it was scanned; none if the gate never said.
    pub sector: Option<SectorCode>,
    /// The tickets.
    #[serde(flatten)]
    pub moved: Moved,
}

/// The sales of the days `from` to `to`.
pub async fn sales(db: &Db, from: BusinessDay, to: BusinessDay) -> Result<SalesReport, DbError> {
    db.read("sales report", move |tx| {
        let rows = tx
            .query(
                "SELECT business_day, season, product, tariff, NULLIF(d.sector, '') AS sector,
                        CAST(SUM(CASE kind WHEN 'SALE' THEN line_count ELSE 0 END) AS BIGINT)
                            AS sold,
                        CAST(SUM(CASE kind WHEN 'SALE' THEN amount_minor ELSE 0 END) AS BIGINT)
                            AS sold_gross,
                        CAST(SUM(CASE kind WHEN 'SALE' THEN vat_minor ELSE 0 END) AS BIGINT)
                            AS sold_vat,
                        CAST(SUM(CASE kind WHEN 'SALE' THEN 0 ELSE line_count END) AS BIGINT)
                            AS cancelled,
                        CAST(SUM(CASE kind WHEN 'SALE' THEN 0 ELSE -amount_minor END) AS BIGINT)
                            AS cancelled_gross,
                        CAST(SUM(CASE kind WHEN 'SALE' THEN 0 ELSE -vat_minor END) AS BIGINT)
                            AS cancelled_vat
                 FROM box_account_day d
                 WHERE business_day >= $1 AND business_day <= $2 AND line_count <> 0
                 GROUP BY business_day, season, product, tariff, d.sector
                 ORDER BY business_day, season, product, tariff, d.sector",
                params![from, to],
            )?
            .iter()
            .map(|row| {
                let sales = |tickets, gross, vat| {
                    Ok::<_, DbError>(Sales {
                        tickets: row.get(tickets)?,
                        gross_minor: row.get(gross)?,
                        vat_minor: row.get(vat)?,
                    })
                };
                Ok(SalesRow {
                    business_day: row.get("business_day")?,
                    season: row.get("season")?,
                    product: row.get("product")?,
                    tariff: row.get("tariff")?,
                    sector: row.get("sector")?,
                    moved: Moved::of(
                        sales("sold", "sold_gross", "sold_vat")?,
                        sales("cancelled", "cancelled_gross", "cancelled_vat")?,
                    ),
                })
            })
            .collect::<Result<Vec<_>, DbError>>()?;
        let sum = |part: fn(&Moved) -> Sales| {
            rows.iter().fold(Sales::default(), |sum, row: &SalesRow| {
                let sales = part(&row.moved);
                Sales {
                    tickets: sum.tickets + sales.tickets,
                    gross_minor: sum.gross_minor + sales.gross_minor,
                    vat_minor: sum.vat_minor + sales.vat_minor,
                }
            })
        };
        let total = Moved::of(sum(|moved| moved.sold), sum(|moved| moved.cancelled));
        Ok(SalesReport {
            from,
            to,
            rows,
            total,
        })
    })
    .await
}

/// The first and the last business day with a sale or a cancellation; `None` if
/// there are none.
pub async fn period(db: &Db) -> Result<Option<(BusinessDay, BusinessDay)>, DbError> {
    db.read("sales period", |tx| {
        let row = tx.query_one(
            "SELECT (SELECT MIN(business_day) FROM box_account_day) AS first,
                    (SELECT MAX(business_day) FROM box_account_day) AS last",
            params![],
        )?;
        Ok(row
            .get::<Option<BusinessDay>>("first")?
            .zip(row.get("last")?))
    })
    .await
}

/// Whether anything was ever sold.
pub async fn has_sold(db: &Db) -> Result<bool, DbError> {
    db.read("has sold", |tx| {
        let first = tx.query_opt("SELECT id FROM box_ticket LIMIT 1", params![])?;
        Ok(first.is_some())
    })
    .await
}

/// How much there is of everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Barcodes staged, sold or not.
    pub staged: i64,
    /// Barcodes that wait for the next run.
    pub ready: i64,
    /// Barcodes that are held.
    pub held: i64,
    /// Held barcodes by reason; reasons without barcodes are left out.
    pub held_reasons: BTreeMap<HeldReason, i64>,
    /// Barcodes that were cancelled before they were sold.
    pub cancelled_unsold: i64,
    /// Orders.
    pub orders: i64,
    /// Tickets, cancelled or not.
    pub tickets: i64,
    /// Of these: cancelled.
    pub cancelled_tickets: i64,
    /// Tickets by product.
    pub sales_by_product: BTreeMap<ProductCode, i64>,
    /// Lines of the pending account, with what they come to.
    pub account: pending_account::Amount,
}

/// Counts everything.
pub async fn counts(db: &Db) -> Result<Counts, DbError> {
    db.read("box office counts", |tx| {
        let held_reasons = held(tx)?;
        let ready = "SELECT COUNT(*) AS n FROM box_staged WHERE state = 'ready'";
        let unsold = "SELECT COUNT(*) AS n FROM box_staged WHERE state = 'cancelled'";
        let cancelled = "SELECT COUNT(*) AS n FROM box_ticket WHERE cancelled_on IS NOT NULL";
        let sales_by_product: BTreeMap<ProductCode, i64> = tx
            .query(
                "SELECT product, COUNT(*) AS n FROM box_ticket GROUP BY product",
                params![],
            )?
            .iter()
            .map(|row| Ok((row.get("product")?, row.get("n")?)))
            .collect::<Result<_, DbError>>()?;
        Ok(Counts {
            staged: count(tx, "SELECT COUNT(*) AS n FROM box_staged")?,
            ready: count(tx, ready)?,
            held: held_reasons.values().sum(),
            held_reasons,
            cancelled_unsold: count(tx, unsold)?,
            cancelled_tickets: count(tx, cancelled)?,
            orders: count(tx, "SELECT COUNT(*) AS n FROM box_order")?,
            tickets: sales_by_product.values().sum(),
            sales_by_product,
            account: pending_account::total_of(tx)?,
        })
    })
    .await
}

/// Held barcodes by reason; reasons without barcodes are left out.
pub async fn held_reasons(db: &Db) -> Result<BTreeMap<HeldReason, i64>, DbError> {
    db.read("held barcodes", held).await
}

fn count(tx: &mut Tx<'_>, sql: &str) -> Result<i64, DbError> {
    tx.query_one(sql, params![])?.get("n")
}

fn held(tx: &mut Tx<'_>) -> Result<BTreeMap<HeldReason, i64>, DbError> {
    tx.query(
        "SELECT held_reason, COUNT(*) AS n FROM box_staged
         WHERE state IN ('ready', 'held') AND state = 'held' GROUP BY held_reason",
        params![],
    )?
    .iter()
    .map(|row| Ok((row.get("held_reason")?, row.get("n")?)))
    .collect()
}
