//! What was sold, and what is counted.

use crate::HeldReason;
use crate::pending_account::{self, ACCOUNT_DAYS, Amount, LineKind};
use db::{Db, DbError, FromRow, Row, Tx, params};
use kernel::{BusinessDay, Money, ProductCode, SeasonCode, SectorCode, TariffCode};
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::{AddAssign, Neg};

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
    /// What lines of the account say was moved.
    fn of(kind: LineKind, amount: Amount) -> Self {
        let mut moved = Self::default();
        let sales = |sign| Sales {
            tickets: sign * amount.lines,
            gross_minor: amount.amount_minor,
            vat_minor: amount.vat_minor,
        };
        match kind {
            LineKind::Sale => (moved.sold, moved.net) = (sales(1), sales(1)),
            // Its money is below zero.
            LineKind::Cancellation => (moved.cancelled, moved.net) = (-sales(-1), sales(-1)),
        }
        moved
    }
}

impl AddAssign for Moved {
    fn add_assign(&mut self, more: Self) {
        self.sold += more.sold;
        self.cancelled += more.cancelled;
        self.net += more.net;
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

impl AddAssign for Sales {
    fn add_assign(&mut self, more: Self) {
        self.tickets += more.tickets;
        self.gross_minor = self.gross_minor + more.gross_minor;
        self.vat_minor = self.vat_minor + more.vat_minor;
    }
}

impl Neg for Sales {
    type Output = Self;

    fn neg(self) -> Self {
        Self {
            tickets: -self.tickets,
            gross_minor: -self.gross_minor,
            vat_minor: -self.vat_minor,
        }
    }
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

impl SalesRow {
    /// What it is about, whatever became of it.
    fn about(
        &self,
    ) -> (
        BusinessDay,
        &SeasonCode,
        &ProductCode,
        &TariffCode,
        Option<&SectorCode>,
    ) {
        let sector = self.sector.as_ref();
        (
            self.business_day,
            &self.season,
            &self.product,
            &self.tariff,
            sector,
        )
    }
}

impl FromRow for SalesRow {
    fn from_row(row: &Row) -> Result<Self, DbError> {
        let nowhere = row.get::<String>("sector")?.is_empty();
        Ok(Self {
            business_day: row.get("business_day")?,
            season: row.get("season")?,
            product: row.get("product")?,
            tariff: row.get("tariff")?,
            sector: (!nowhere).then(|| row.get("sector")).transpose()?,
            moved: Moved::of(row.get("kind")?, Amount::from_row(row)?),
        })
    }
}

/// The sales of the days `from` to `to`.
pub async fn sales(db: &Db, from: BusinessDay, to: BusinessDay) -> Result<SalesReport, DbError> {
    db.read("sales report", move |tx| {
        let by = "business_day, season, product, tariff, sector, kind";
        let mut rows: Vec<SalesRow> = Vec::new();
        let mut total = Moved::default();
        for part in ACCOUNT_DAYS.by(tx, by, from, to)? {
            let row = SalesRow::from_row(&part)?;
            total += row.moved;
            match rows.last_mut() {
                Some(last) if last.about() == row.about() => last.moved += row.moved,
                _ => rows.push(row),
            }
        }
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
    db.read("sales period", |tx| ACCOUNT_DAYS.days(tx)).await
}

/// Whether anything was ever sold.
pub async fn has_sold(db: &Db) -> Result<bool, DbError> {
    db.read("has sold", |tx| {
        tx.exists("SELECT id FROM box_ticket LIMIT 1", params![])
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
    /// Tickets by season and product.
    pub sales_by_season_and_product: BTreeMap<(SeasonCode, ProductCode), i64>,
    /// Lines of the pending account, with what they come to.
    pub account: pending_account::Amount,
}

/// Counts everything.
pub async fn counts(db: &Db) -> Result<Counts, DbError> {
    db.read("box office counts", |tx| {
        let held_reasons = held(tx)?;
        let count = |tx: &mut Tx<'_>, of: &str| {
            tx.value::<i64>(&format!("SELECT COUNT(*) AS n FROM {of}"), params![])
        };
        let tickets: Vec<(_, ProductCode, i64)> = tx.query_as(
            "SELECT season, product, COUNT(*) FROM box_ticket GROUP BY season, product",
            params![],
        )?;
        let mut sales_by_product = BTreeMap::new();
        for (_, product, count) in &tickets {
            *sales_by_product.entry(product.clone()).or_default() += count;
        }
        let tickets = tickets.into_iter();
        let sales_by_season_and_product = tickets
            .map(|(season, product, count)| ((season, product), count))
            .collect();
        Ok(Counts {
            staged: count(tx, "box_staged")?,
            ready: count(tx, "box_staged WHERE state = 'ready'")?,
            held: held_reasons.values().sum(),
            held_reasons,
            cancelled_unsold: count(tx, "box_staged WHERE state = 'cancelled'")?,
            cancelled_tickets: count(tx, "box_ticket WHERE cancelled_on IS NOT NULL")?,
            orders: count(tx, "box_order")?,
            tickets: sales_by_product.values().sum(),
            sales_by_product,
            sales_by_season_and_product,
            account: pending_account::total_of(tx)?,
        })
    })
    .await
}

/// Held barcodes by reason; reasons without barcodes are left out.
pub async fn held_reasons(db: &Db) -> Result<BTreeMap<HeldReason, i64>, DbError> {
    db.read("held barcodes", held).await
}

fn held(tx: &mut Tx<'_>) -> Result<BTreeMap<HeldReason, i64>, DbError> {
    let held = tx.query_as(
        "SELECT held_reason, COUNT(*) AS n FROM box_staged
         WHERE state IN ('ready', 'held') AND state = 'held' GROUP BY held_reason",
        params![],
    )?;
    Ok(held.into_iter().collect())
}
