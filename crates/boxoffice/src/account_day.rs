//! Sums over the account lines with their tickets, by day. They change in the
//! transaction that books a line or learns more of its ticket, so they are right
//! whenever anybody looks.

use crate::pending_account::LineKind;
use db::{DbError, Tx, params};

/// Whether the lines of a ticket come to the sums or go from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    In,
    Out,
}

/// Counts the line of `kind` of a ticket, as both now stand.
pub(crate) fn count(
    tx: &mut Tx<'_>,
    ticket_id: i64,
    kind: LineKind,
    direction: Direction,
) -> Result<(), DbError> {
    let sign: i64 = match direction {
        Direction::In => 1,
        Direction::Out => -1,
    };
    tx.run(
        "INSERT INTO box_account_day
             (business_day, kind, season, product, tariff, price_minor, vat_basis_points, sector,
              contact, line_count, amount_minor, vat_minor)
         SELECT l.business_day, l.kind, t.season, t.product, t.tariff, t.price_minor,
                t.vat_basis_points, COALESCE(t.sector, ''), l.contact, CAST($3 AS BIGINT),
                CAST($3 AS BIGINT) * l.amount_minor, CAST($3 AS BIGINT) * l.vat_minor
         FROM box_account_line l JOIN box_ticket t ON t.id = l.ticket_id
         WHERE l.ticket_id = $1 AND l.kind = $2
         ON CONFLICT (business_day, kind, season, product, tariff, price_minor, vat_basis_points,
                      sector, contact)
         DO UPDATE SET line_count = box_account_day.line_count + excluded.line_count,
                       amount_minor = box_account_day.amount_minor + excluded.amount_minor,
                       vat_minor = box_account_day.vat_minor + excluded.vat_minor",
        params![ticket_id, kind, sign],
    )
}
