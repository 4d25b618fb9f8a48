//! What was sold, and what is counted.

use crate::HeldReason;
use crate::pending_account;
use db::{Db, DbError, Tx, params};
use kernel::{BusinessDay, Money, ProductCode, SeasonCode, SectorCode, TariffCode};
use serde::Serialize;
use std::collections::BTreeMap;

/// The sales of a period, first and last day included. Days are those of the
/// scans.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SalesReport {
    /// The first business day.
    pub from: BusinessDay,
    /// The last business day.
    pub to: BusinessDay,
    /// By day, season, product, tariff and sector.
    pub rows: Vec<SalesRow>,
    /// All of them.
    pub total: Sales,
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
    /// The day of the scans.
    pub business_day: BusinessDay,
    /// The season.
    pub season: SeasonCode,
    /// The product.
    pub product: ProductCode,
    /// The tariff.
    pub tariff: TariffCode,
    /// Where it was scanned; none if the gate never said.
    pub sector: Option<SectorCode>,
    /// The sales.
    #[serde(flatten)]
    pub sales: Sales,
}

/// The sales of the days `from` to `to`.
///
/// # Errors
/// [`DbError`].
pub async fn sales(db: &Db, from: BusinessDay, to: BusinessDay) -> Result<SalesReport, DbError> {
    db.read("sales report", move |tx| {
        let rows = tx
            .query(
                "SELECT business_day, season, product, tariff, sector, COUNT(*) AS tickets,
                        CAST(SUM(price_minor) AS BIGINT) AS gross_minor,
                        CAST(SUM(vat_minor) AS BIGINT) AS vat_minor
                 FROM box_ticket WHERE business_day BETWEEN $1 AND $2
                 GROUP BY business_day, season, product, tariff, sector
                 ORDER BY business_day, season, product, tariff, COALESCE(sector, '')",
                params![from, to],
            )?
            .iter()
            .map(|row| {
                Ok(SalesRow {
                    business_day: row.get("business_day")?,
                    season: row.get("season")?,
                    product: row.get("product")?,
                    tariff: row.get("tariff")?,
                    sector: row.get("sector")?,
                    sales: Sales {
                        tickets: row.get("tickets")?,
                        gross_minor: row.get("gross_minor")?,
                        vat_minor: row.get("vat_minor")?,
                    },
                })
            })
            .collect::<Result<Vec<_>, DbError>>()?;
        let total = rows.iter().fold(Sales::default(), |sum, row| Sales {
            tickets: sum.tickets + row.sales.tickets,
            gross_minor: sum.gross_minor + row.sales.gross_minor,
            vat_minor: sum.vat_minor + row.sales.vat_minor,
        });
        Ok(SalesReport {
            from,
            to,
            rows,
            total,
        })
    })
    .await
}

/// The first and the last business day with a sale; `None` if there are none.
///
/// # Errors
/// [`DbError`].
pub async fn period(db: &Db) -> Result<Option<(BusinessDay, BusinessDay)>, DbError> {
    db.read("sales period", |tx| {
        let row = tx.query_one(
            "SELECT MIN(business_day) AS first, MAX(business_day) AS last FROM box_ticket",
            params![],
        )?;
        Ok(row
            .get::<Option<BusinessDay>>("first")?
            .zip(row.get("last")?))
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
    /// Orders.
    pub orders: i64,
    /// Tickets.
    pub tickets: i64,
    /// Tickets by product.
    pub sales_by_product: BTreeMap<ProductCode, i64>,
    /// Lines of the pending account, with what they come to.
    pub account: pending_account::Amount,
}

/// Counts everything.
///
/// # Errors
/// [`DbError`].
pub async fn counts(db: &Db) -> Result<Counts, DbError> {
    db.read("box office counts", |tx| {
        let held_reasons = held(tx)?;
        let ready = "SELECT COUNT(*) AS n FROM box_staged WHERE state = 'ready'";
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
            orders: count(tx, "SELECT COUNT(*) AS n FROM box_order")?,
            tickets: sales_by_product.values().sum(),
            sales_by_product,
            account: pending_account::total_of(tx)?,
        })
    })
    .await
}

fn count(tx: &mut Tx<'_>, sql: &str) -> Result<i64, DbError> {
    tx.query_one(sql, params![])?.get("n")
}

fn held(tx: &mut Tx<'_>) -> Result<BTreeMap<HeldReason, i64>, DbError> {
    tx.query(
        "SELECT held_reason, COUNT(*) AS n FROM box_staged
         WHERE state <> 'sold' AND state = 'held' GROUP BY held_reason",
        params![],
    )?
    .iter()
    .map(|row| {
        let reason: String = row.get("held_reason")?;
        let reason = reason.parse().map_err(|error| DbError::Column {
            column: "held_reason".to_owned(),
            problem: format!("{error}"),
        })?;
        Ok((reason, row.get("n")?))
    })
    .collect()
}
