//! One barcode with all that the box office made of it.

use crate::StagedState;
use crate::pending_account::LineKind;
use db::{Db, DbError, params};
use kernel::{
    BusinessDay, ContactNumber, ControlBarcode, Money, OrderNumber, ProductCode, TariffCode,
    Timestamp,
};

/// What was made of a barcode, as far as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// How it was handed over.
    pub staged: Option<StagedHistory>,
    /// What it was sold as.
    pub sale: Option<SaleHistory>,
    /// Its lines on the pending account, in their order.
    pub lines: Vec<LineHistory>,
}

/// A barcode that the access control service took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StagedHistory {
    /// Where it stands.
    pub state: StagedState,
    /// When it came.
    pub received_at: Timestamp,
    /// When the gate's cancellation of it was dated.
    pub cancelled_at: Option<Timestamp>,
}

/// A ticket with its order, and the STX_File both came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaleHistory {
    /// The ticket's number here.
    pub ticket: i64,
    /// The product.
    pub product: ProductCode,
    /// The tariff.
    pub tariff: TariffCode,
    /// The price.
    pub price: Money,
    /// The VAT in it.
    pub vat: Money,
    /// On which day it was cancelled.
    pub cancelled_on: Option<BusinessDay>,
    /// The order.
    pub order: OrderNumber,
    /// Who buys.
    pub contact: ContactNumber,
    /// When the order was made here.
    pub order_created_at: Timestamp,
    /// The STX_File's name.
    pub file: String,
    /// When it was written.
    pub file_created_at: Timestamp,
    /// When it was imported.
    pub file_imported_at: Option<Timestamp>,
}

/// A line on the pending account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineHistory {
    /// What it is about.
    pub kind: LineKind,
    /// The amount.
    pub amount: Money,
    /// The VAT in it.
    pub vat: Money,
    /// The day it counts for.
    pub business_day: BusinessDay,
    /// When it was booked.
    pub booked_at: Timestamp,
}

db::from_row! {
    StagedHistory { received_at, cancelled_at; state }
    SaleHistory {
        ticket = "id", product, tariff, price = "price_minor", vat = "vat_minor", cancelled_on,
        order = "order_number", contact, order_created_at, file = "name",
        file_created_at = "created_at", file_imported_at = "imported_at"
    }
    LineHistory { kind, amount = "amount_minor", vat = "vat_minor", business_day, booked_at }
}

/// What was made of `barcode`.
pub async fn history(db: &Db, barcode: ControlBarcode) -> Result<History, DbError> {
    db.read("one barcode", move |tx| {
        let staged = tx.query_opt_as(
            "SELECT state, held_reason, received_at, cancelled_at FROM box_staged
             WHERE barcode = $1",
            params![&barcode],
        )?;
        let sale: Option<SaleHistory> = tx.query_opt_as(
            "SELECT t.id, t.product, t.tariff, t.price_minor, t.vat_minor,
                    t.cancelled_on, o.order_number, o.contact, o.created_at AS order_created_at,
                    f.name, f.created_at, f.imported_at
             FROM box_ticket t
             JOIN box_order o ON o.id = t.order_id
             JOIN box_stx_file f ON f.id = o.stx_file_id
             WHERE t.barcode = $1",
            params![&barcode],
        )?;
        let lines = tx.query_as(
            "SELECT l.kind, l.amount_minor, l.vat_minor, l.business_day, l.booked_at
             FROM box_account_line l JOIN box_ticket t ON t.id = l.ticket_id
             WHERE t.barcode = $1 ORDER BY l.id",
            params![&barcode],
        )?;
        Ok(History {
            staged,
            sale,
            lines,
        })
    })
    .await
}
