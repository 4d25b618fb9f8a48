//! Orders: what one buyer bought at one moment, under one number of the
//! reseller's.

use crate::readiness::CHANNEL_CODE;
use crate::stx_file::StxFileId;
use db::{DbError, Tx, params};
use kernel::{BusinessDay, ContactNumber, OrderNumber, Timestamp};

/// An order, as far as rows that name it again must agree with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    pub id: i64,
    pub contact: ContactNumber,
    pub ordered_at: Timestamp,
}

db::from_row! { Order { id, contact, ordered_at } }

/// An order to be made.
#[derive(Debug)]
pub(crate) struct NewOrder<'a> {
    pub number: &'a OrderNumber,
    pub contact: &'a ContactNumber,
    pub ordered_at: Timestamp,
    pub business_day: BusinessDay,
    pub file: StxFileId,
    pub created_at: Timestamp,
}

pub(crate) fn find(tx: &mut Tx<'_>, number: &OrderNumber) -> Result<Option<Order>, DbError> {
    tx.query_opt_as(
        "SELECT id, contact, ordered_at FROM box_order WHERE channel = $1 AND order_number = $2",
        params![CHANNEL_CODE, number],
    )
}

/// Makes the order and gives its id.
pub(crate) fn insert(tx: &mut Tx<'_>, order: &NewOrder<'_>) -> Result<i64, DbError> {
    tx.value(
        "INSERT INTO box_order
             (channel, order_number, contact, ordered_at, business_day, stx_file_id, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (channel, order_number) DO NOTHING RETURNING id",
        params![
            CHANNEL_CODE,
            order.number,
            order.contact,
            order.ordered_at,
            order.business_day,
            order.file,
            order.created_at
        ],
    )
}

/// The number before that of the first order.
const FIRST_NUMBER: i64 = 1_000_000_000;

/// The number of the order for the staged barcode `staged_id`: the same each
/// time, so that a barcode written to two files is one order. Digits only, none of
/// which a spreadsheet takes away. A later `choice` than the first is for the case
/// that a stranger's order bears the number.
pub(crate) fn number(staged_id: i64, choice: u32) -> Result<OrderNumber, DbError> {
    let first = FIRST_NUMBER.saturating_add(staged_id);
    parsed(match choice {
        1 => first.to_string(),
        _ => format!("{first}{choice:03}"),
    })
}

fn parsed(text: String) -> Result<OrderNumber, DbError> {
    text.parse().map_err(|_| DbError::Column {
        column: "id".to_owned(),
        problem: "makes no order number".to_owned(),
    })
}

/// The number of an order whose row gives it none: of file and line.
pub(crate) fn number_of_row(
    tx: &mut Tx<'_>,
    file: StxFileId,
    line: u64,
) -> Result<OrderNumber, DbError> {
    free(tx, 1, |choice| {
        parsed(match choice {
            1 => format!("{file}-{line}"),
            _ => format!("{file}-{line}-{choice}"),
        })
    })
}

/// The first choice after the first that no order bears.
pub(crate) fn free_number(tx: &mut Tx<'_>, staged_id: i64) -> Result<OrderNumber, DbError> {
    free(tx, 2, |choice| number(staged_id, choice))
}

/// The first of these numbers that no order bears.
fn free(
    tx: &mut Tx<'_>,
    first: u32,
    number: impl Fn(u32) -> Result<OrderNumber, DbError>,
) -> Result<OrderNumber, DbError> {
    let mut choice = first;
    loop {
        let number = number(choice)?;
        if find(tx, &number)?.is_none() {
            return Ok(number);
        }
        choice += 1;
    }
}
