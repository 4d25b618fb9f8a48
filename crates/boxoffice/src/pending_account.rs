//! The pending account: one line for each sale, settled later by who bought, and
//! a counter line for each sale that was cancelled.

use db::{Db, DbError, FromRow, Sums, Tx, params};
use kernel::{
    BusinessDay, ContactNumber, ControlBarcode, Money, OrderNumber, ProductCode, SeasonCode,
    TariffCode, VatRate,
};
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::AddAssign;

/// Lines with their money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Amount {
    /// Number of lines.
    pub lines: i64,
    /// What is owed, VAT included.
    pub amount_minor: Money,
    /// The VAT in it.
    pub vat_minor: Money,
}

db::from_row! {
    Amount { lines = "line_count", amount_minor, vat_minor }
    StatementRow {
        business_day, kind, season, product, tariff, contact, price_minor, vat_basis_points; amount
    }
    StatementLine {
        barcode, kind, order_number, contact, business_day, season, product, tariff,
        vat_basis_points, amount_minor, vat_minor
    }
}

/// The sums of the account by day.
pub(crate) const ACCOUNT_DAYS: Sums = Sums {
    table: "box_account_day",
    of: &["line_count", "amount_minor", "vat_minor"],
};

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        self.lines += other.lines;
        self.amount_minor = self.amount_minor + other.amount_minor;
        self.vat_minor = self.vat_minor + other.vat_minor;
    }
}

impl Amount {
    fn less(self, other: Self) -> Self {
        Self {
            lines: self.lines - other.lines,
            amount_minor: self.amount_minor + -other.amount_minor,
            vat_minor: self.vat_minor + -other.vat_minor,
        }
    }
}

kernel::words! {
    /// What a line is about.
    #[derive(PartialOrd, Ord)]
    pub enum LineKind: "kind of line on the account" {
        /// A ticket was sold; its day is that of the scan.
        Sale = "SALE",
        /// A sold ticket was cancelled: the sale's amount below zero. Its day is that
        /// of the cancellation, mostly later: what comes in for a past day still counts
        /// for it, so a statement is of the moment it is made.
        Cancellation = "CANCELLATION",
    }
}

/// What is owed for a period, first and last day included: sold + cancelled =
/// total = disputed + undisputed.
///
/// Mostly one contact owes it all; where another reseller's files are imported,
/// or the buyer's number has changed, [`Statement::of_contact`] tells one's part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// The first business day.
    pub from: BusinessDay,
    /// The last business day.
    pub to: BusinessDay,
    /// All lines, by day, kind, product, tariff, price and VAT rate.
    pub rows: Vec<StatementRow>,
    /// All lines by VAT rate.
    pub by_vat_rate: Vec<VatTotal>,
    /// All lines by who owes them.
    pub by_contact: Vec<ContactTotal>,
    /// The lines of sales.
    pub sold: Amount,
    /// The lines of cancellations; their money is below zero.
    pub cancelled: Amount,
    /// All lines.
    pub total: Amount,
    /// The lines of the entries that Otipass disputes, one by one. If such an
    /// entry was cancelled, both its lines stand here.
    pub disputed: Vec<StatementLine>,
    /// What is disputed.
    pub disputed_total: Amount,
    /// What is not.
    pub undisputed_total: Amount,
    /// Entries of these days that ticketing has and that are not sold yet: ready, or
    /// held for a cure. Once they are sold, their lines are of these days.
    pub unsold: i64,
}

/// Lines that are alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatementRow {
    /// The day of the scans, or of the cancellations.
    pub business_day: BusinessDay,
    /// What they are about.
    pub kind: LineKind,
    /// The season.
    pub season: SeasonCode,
    /// The product.
    pub product: ProductCode,
    /// The tariff.
    pub tariff: TariffCode,
    /// Who owes them.
    pub contact: ContactNumber,
    /// The price of one.
    pub price_minor: Money,
    /// The VAT rate.
    pub vat_basis_points: VatRate,
    /// All of them.
    #[serde(flatten)]
    pub amount: Amount,
}

/// Lines of one VAT rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct VatTotal {
    /// The rate.
    pub vat_basis_points: VatRate,
    /// The lines.
    #[serde(flatten)]
    pub amount: Amount,
}

/// Lines of one contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ContactTotal {
    /// Who owes them.
    pub contact: ContactNumber,
    /// The lines.
    #[serde(flatten)]
    pub amount: Amount,
}

/// One line. Its barcode is personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatementLine {
    /// The barcode that was sold.
    pub barcode: ControlBarcode,
    /// What the line is about.
    pub kind: LineKind,
    /// The order.
    pub order_number: OrderNumber,
    /// Who owes it.
    pub contact: ContactNumber,
    /// The day of the scan, or of the cancellation.
    pub business_day: BusinessDay,
    /// The season.
    pub season: SeasonCode,
    /// The product.
    pub product: ProductCode,
    /// The tariff.
    pub tariff: TariffCode,
    /// The VAT rate.
    pub vat_basis_points: VatRate,
    /// What is owed, VAT included; below zero for a cancellation.
    pub amount_minor: Money,
    /// The VAT in it.
    pub vat_minor: Money,
}

impl Statement {
    /// What these lines come to.
    #[must_use]
    pub fn of(
        (from, to): (BusinessDay, BusinessDay),
        rows: Vec<StatementRow>,
        disputed: Vec<StatementLine>,
        unsold: i64,
    ) -> Self {
        let [mut total, mut sold, mut cancelled, mut disputed_total] = [Amount::default(); 4];
        let mut by_vat_rate: BTreeMap<VatRate, Amount> = BTreeMap::new();
        let mut by_contact: BTreeMap<ContactNumber, Amount> = BTreeMap::new();
        for row in &rows {
            total += row.amount;
            match row.kind {
                LineKind::Sale => sold += row.amount,
                LineKind::Cancellation => cancelled += row.amount,
            }
            let rate = by_vat_rate.entry(row.vat_basis_points).or_default();
            *rate += row.amount;
            let contact = by_contact.entry(row.contact.clone()).or_default();
            *contact += row.amount;
        }
        for line in &disputed {
            disputed_total += Amount {
                lines: 1,
                amount_minor: line.amount_minor,
                vat_minor: line.vat_minor,
            };
        }
        Self {
            from,
            to,
            rows,
            by_vat_rate: by_vat_rate
                .into_iter()
                .map(|(vat_basis_points, amount)| VatTotal {
                    vat_basis_points,
                    amount,
                })
                .collect(),
            by_contact: by_contact
                .into_iter()
                .map(|(contact, amount)| ContactTotal { contact, amount })
                .collect(),
            sold,
            cancelled,
            total,
            disputed,
            disputed_total,
            undisputed_total: total.less(disputed_total),
            unsold,
        }
    }

    /// The part that one contact owes. What is not sold yet stays: nobody has
    /// bought it.
    #[must_use]
    pub fn of_contact(self, contact: &ContactNumber) -> Self {
        let rows = self.rows.into_iter();
        let disputed = self.disputed.into_iter();
        Self::of(
            (self.from, self.to),
            rows.filter(|row| row.contact == *contact).collect(),
            disputed.filter(|line| line.contact == *contact).collect(),
            self.unsold,
        )
    }
}

/// The statement of the days `from` to `to`.
pub async fn statement(db: &Db, from: BusinessDay, to: BusinessDay) -> Result<Statement, DbError> {
    db.read("account statement", move |tx| {
        let by =
            "business_day, kind, season, product, tariff, contact, price_minor, vat_basis_points";
        let rows = ACCOUNT_DAYS.by(tx, by, from, to)?;
        let rows = rows.iter().map(StatementRow::from_row);
        let mut rows = rows.collect::<Result<Vec<_>, DbError>>()?;
        // The sales of a day before its cancellations.
        rows.sort_by_key(|row| (row.business_day, row.kind));
        let disputed = tx.query_as(
            "SELECT barcode, kind, order_number, contact, business_day, season, product, tariff,
                    vat_basis_points, amount_minor, vat_minor
             FROM box_disputed_line WHERE business_day >= $1 AND business_day <= $2
             ORDER BY business_day, barcode, kind DESC",
            params![from, to],
        )?;
        let unsold = tx.value(
            "SELECT COUNT(*) AS n FROM box_staged
             WHERE state IN ('ready', 'held') AND business_day >= $1 AND business_day <= $2",
            params![from, to],
        )?;
        Ok(Statement::of((from, to), rows, disputed, unsold))
    })
    .await
}

/// The lines of the days `from` to `to` one by one, in the bytewise order of
/// their barcodes, a cancellation behind its sale, after the line `after`, at
/// most `limit`.
pub async fn lines(
    db: &Db,
    from: BusinessDay,
    to: BusinessDay,
    after: Option<(ControlBarcode, LineKind)>,
    limit: u32,
) -> Result<Vec<StatementLine>, DbError> {
    let (after, kind) = after.map_or((String::new(), ""), |(barcode, kind)| {
        (barcode.reveal().to_owned(), kind.as_str())
    });
    db.read("account lines", move |tx| {
        tx.query_as(
            "SELECT t.barcode, l.kind, o.order_number, l.contact, l.business_day, t.season,
                    t.product, t.tariff, t.vat_basis_points, l.amount_minor, l.vat_minor
             FROM box_ticket t
             JOIN box_account_line l ON l.ticket_id = t.id
             JOIN box_order o ON o.id = t.order_id
             WHERE l.business_day BETWEEN $1 AND $2 AND t.barcode >= $3
               AND (t.barcode > $3 OR l.kind < $4)
             ORDER BY t.barcode, l.kind DESC LIMIT $5",
            params![from, to, &after, kind, limit],
        )
    })
    .await
}

/// What is owed in all, over all days, less what was cancelled.
pub async fn total(db: &Db) -> Result<Amount, DbError> {
    db.read("account total", total_of).await
}

pub(crate) fn total_of(tx: &mut Tx<'_>) -> Result<Amount, DbError> {
    tx.query_one_as(
        "SELECT COUNT(*) AS line_count,
                CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) AS amount_minor,
                CAST(COALESCE(SUM(vat_minor), 0) AS BIGINT) AS vat_minor
         FROM box_account_line",
        params![],
    )
}
