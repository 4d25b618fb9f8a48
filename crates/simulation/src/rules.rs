//! The books of gate and box office, read by statements of their own, and what
//! must hold of them: at any time, and when all is at rest.

use crate::Broken;
use crate::broken::ensure;
use crate::house::House;
use crate::model::Told;
use crate::operation::HANDHELDS;
use crate::site::Meaning;
use crate::ticketing::Abroad;
use db::{DbError, Tx, params};
use gate::{Direction, Mode};
use kernel::{CheckId, Timestamp};
use otipass::References;
use secutix::wire::ControlOperationType;
use std::collections::{HashMap, HashSet};

/// Counts what must not be there.
struct Rule {
    rule: &'static str,
    sql: &'static str,
}

const fn rule(rule: &'static str, sql: &'static str) -> Rule {
    Rule { rule, sql }
}

/// What must hold after each step. Each statement names what breaks its rule.
const ALWAYS: &[Rule] = &[
    rule(
        "an admission has its control barcode, and nothing else has one",
        "SELECT COALESCE(c.check_id, b.check_id) AS found
         FROM gate_check c FULL JOIN gate_control_barcode b ON b.check_id = c.check_id
         WHERE COALESCE(c.admitted, 0) <> CASE WHEN b.barcode IS NULL THEN 0 ELSE 1 END",
    ),
    rule(
        "one visitor has at most one admission",
        "SELECT COALESCE(follows, check_id) AS found FROM gate_check WHERE admitted = 1
         GROUP BY COALESCE(follows, check_id) HAVING COUNT(*) > 1",
    ),
    rule(
        "what is staged comes from an admission, just as it was",
        "SELECT s.barcode AS found FROM box_staged s
         LEFT JOIN gate_control_barcode b ON b.barcode = s.barcode
         WHERE b.barcode IS NULL OR b.season <> s.season OR b.product <> s.product
            OR b.sector <> s.sector OR b.controlled_at <> s.controlled_at",
    ),
    rule(
        "what is sold has a ticket, and a ticket is called sold",
        "SELECT s.barcode AS found FROM box_staged s
         LEFT JOIN box_ticket t ON t.barcode = s.barcode
         WHERE (s.state = 'sold') <> (t.id IS NOT NULL)",
    ),
    rule(
        "a ticket has its order and one account line of its amount",
        "SELECT t.barcode AS found FROM box_ticket t
         LEFT JOIN box_order o ON o.id = t.order_id
         LEFT JOIN box_account_line l ON l.ticket_id = t.id AND l.kind = 'SALE'
         WHERE o.id IS NULL OR l.id IS NULL OR l.amount_minor <> t.price_minor
            OR l.vat_minor <> t.vat_minor OR l.business_day <> t.business_day",
    ),
    rule(
        "an order has exactly one ticket",
        "SELECT o.order_number AS found FROM box_order o
         LEFT JOIN box_ticket t ON t.order_id = o.id
         GROUP BY o.order_number HAVING COUNT(t.id) <> 1",
    ),
    rule(
        "a cancelled ticket has one counter line over its amount, and no other has",
        "SELECT t.barcode AS found FROM box_ticket t
         LEFT JOIN box_account_line l ON l.ticket_id = t.id AND l.kind = 'CANCELLATION'
         LEFT JOIN box_staged s ON s.barcode = t.barcode
         WHERE (l.id IS NOT NULL) <> (t.state = 'CANCELLED')
            OR (l.id IS NOT NULL) <> (s.cancelled_at IS NOT NULL)
            OR l.amount_minor <> -t.price_minor OR l.vat_minor <> -t.vat_minor",
    ),
    rule(
        "ticketing cancels what the gate cancelled",
        "SELECT s.barcode AS found FROM box_staged s
         JOIN gate_control_barcode b ON b.barcode = s.barcode
         LEFT JOIN gate_cancellation x ON x.check_id = b.check_id
         WHERE (s.cancelled_at IS NOT NULL AND x.id IS NULL)
            OR s.cancelled_at <> x.cancelled_at
            OR (s.cancelled_at IS NULL AND x.delivered_at IS NOT NULL)",
    ),
    rule(
        "only admissions are cancelled",
        "SELECT x.check_id AS found FROM gate_cancellation x
         LEFT JOIN gate_check c ON c.check_id = x.check_id AND c.admitted = 1
         WHERE c.check_id IS NULL",
    ),
    rule(
        "attendance by the hour is that of the admissions",
        "SELECT device AS found
         FROM (SELECT business_day, device, hour, sector, admitted, cancelled
               FROM gate_attendance_hour
               UNION ALL
               SELECT c.business_day, c.device, c.hour, c.sector,
                      -(CASE WHEN x.id IS NULL THEN 1 ELSE 0 END),
                      -(CASE WHEN x.id IS NULL THEN 0 ELSE 1 END)
               FROM gate_check c LEFT JOIN gate_cancellation x ON x.check_id = c.check_id
               WHERE c.admitted = 1) AS both_sides
         GROUP BY business_day, device, hour, sector
         HAVING SUM(admitted) <> 0 OR SUM(cancelled) <> 0",
    ),
    rule(
        "outcomes by the day are those of the checks that hold",
        "SELECT device AS found
         FROM (SELECT business_day, device, outcome, checks FROM gate_outcome_day
               UNION ALL
               SELECT c.business_day, c.device, c.outcome, -1
               FROM gate_check c LEFT JOIN gate_check f ON f.follows = c.check_id
               WHERE f.check_id IS NULL) AS both_sides
         GROUP BY business_day, device, outcome HAVING SUM(checks) <> 0",
    ),
    rule(
        "the account by the day is that of its lines",
        "SELECT product AS found
         FROM (SELECT business_day, kind, season, product, tariff, price_minor, vat_basis_points,
                      sector, contact, line_count, amount_minor, vat_minor
               FROM box_account_day
               UNION ALL
               SELECT l.business_day, l.kind, t.season, t.product, t.tariff, t.price_minor,
                      t.vat_basis_points, COALESCE(t.sector, ''), l.contact, -1,
                      -l.amount_minor, -l.vat_minor
               FROM box_account_line l JOIN box_ticket t ON t.id = l.ticket_id) AS both_sides
         GROUP BY business_day, kind, season, product, tariff, price_minor, vat_basis_points,
                  sector, contact
         HAVING SUM(line_count) <> 0 OR SUM(amount_minor) <> 0 OR SUM(vat_minor) <> 0",
    ),
    rule(
        "the lines set apart are those of the disputed entries",
        "SELECT barcode AS found
         FROM (SELECT barcode, kind, business_day, 1 AS line_count, amount_minor, vat_minor
               FROM box_disputed_line
               UNION ALL
               SELECT t.barcode, l.kind, l.business_day, -1, -l.amount_minor, -l.vat_minor
               FROM box_account_line l JOIN box_ticket t ON t.id = l.ticket_id
               JOIN box_staged s ON s.barcode = t.barcode
               WHERE s.disputed = 1) AS both_sides
         GROUP BY barcode, kind, business_day
         HAVING SUM(line_count) <> 0 OR SUM(amount_minor) <> 0 OR SUM(vat_minor) <> 0",
    ),
    rule(
        "the box office holds as disputed what it was told of",
        "SELECT b.barcode AS found FROM gate_control_barcode b
         LEFT JOIN gate_declaration d ON d.check_id = b.check_id
         LEFT JOIN box_staged s ON s.barcode = b.barcode
         WHERE (d.dispute_told_at IS NOT NULL) <> (COALESCE(s.disputed, 0) = 1)
            OR (d.dispute_told_at IS NOT NULL AND d.disputed IS NULL)",
    ),
    rule(
        "a card that was let in is one visitor within the window, whatever reads it",
        "SELECT c.check_id AS found FROM gate_check c
         JOIN gate_check e ON e.card = c.card AND e.sector = c.sector
                          AND e.scanned_at BETWEEN c.scanned_at - 60000 AND c.scanned_at + 60000
         LEFT JOIN gate_cancellation x ON x.check_id = e.check_id
         WHERE c.mode = 'online' AND c.outcome = 'accepted'
           AND e.mode = 'online' AND e.outcome = 'accepted'
           -- Asked before it, and answered while a visitor waits.
           AND e.arrived_at < c.arrived_at AND e.decided_at <= e.arrived_at + 1500
           AND x.id IS NULL
           -- Nobody left, as far as the numbers still tell.
           AND NOT EXISTS (SELECT 1 FROM gate_check o
                           WHERE (o.card = c.card OR o.card_removed_at IS NOT NULL)
                             AND o.sector = c.sector AND o.outcome = 'exit')",
    ),
    rule(
        "an open intent has no decision",
        "SELECT i.check_id AS found FROM gate_intent i
         JOIN gate_check c ON c.check_id = i.check_id",
    ),
    rule(
        "Otipass is told of each admission it did not grant",
        "SELECT c.check_id AS found FROM gate_check c
         LEFT JOIN gate_declaration d ON d.check_id = c.check_id
         WHERE (c.admitted = 1 AND c.outcome <> 'accepted') <> (d.check_id IS NOT NULL)",
    ),
    rule(
        "Otipass gives back each cancelled entry of which it can still be told",
        "SELECT x.check_id AS found FROM gate_cancellation x
         JOIN gate_check c ON c.check_id = x.check_id
         LEFT JOIN gate_give_back g ON g.check_id = x.check_id
         WHERE g.check_id IS NULL
           AND (c.card_removed_at IS NULL OR c.card_removed_at > x.arrived_at)",
    ),
];

/// What must hold besides where the box office is here.
const HERE: &[Rule] = &[rule(
    "ticketing has what was delivered",
    "SELECT b.barcode AS found FROM gate_control_barcode b
     LEFT JOIN box_staged s ON s.barcode = b.barcode
     WHERE b.delivered_at IS NOT NULL AND s.barcode IS NULL",
)];

/// What must hold besides when all is at rest.
const AT_REST: &[Rule] = &[
    rule(
        "no check stays open",
        "SELECT check_id AS found FROM gate_intent",
    ),
    rule(
        "every barcode is delivered",
        "SELECT barcode AS found FROM gate_control_barcode
         WHERE delivered_at IS NULL OR refused IS NOT NULL",
    ),
    rule(
        "every cancellation is delivered",
        "SELECT check_id AS found FROM gate_cancellation
         WHERE delivered_at IS NULL OR refused IS NOT NULL",
    ),
    rule(
        "everything staged is sold, or was cancelled before",
        "SELECT barcode || ' ' || state || ' ' || COALESCE(held_reason, '') AS found
         FROM box_staged
         WHERE state <> 'sold' AND NOT (state = 'cancelled' AND cancelled_at IS NOT NULL)",
    ),
    rule(
        "Otipass has heard of everything",
        "SELECT check_id AS found FROM gate_declaration WHERE declared_at IS NULL
         UNION ALL SELECT check_id AS found FROM gate_give_back WHERE told_at IS NULL",
    ),
    rule(
        "no file is left over",
        "SELECT name AS found FROM box_stx_file WHERE state = 'WRITTEN' AND kind = 'RUN'",
    ),
];

/// The same where the box office is here.
const HERE_AT_REST: &[Rule] = &[rule(
    "the box office has heard of every dispute",
    "SELECT check_id AS found FROM gate_declaration
     WHERE disputed IS NOT NULL AND dispute_told_at IS NULL",
)];

/// Holds the books against what must hold at any time.
///
/// # Errors
/// The first rule that is broken.
pub async fn always(house: &House) -> Result<(), Broken> {
    look(house, ALWAYS).await?;
    match &house.abroad {
        Some(_) => Ok(()),
        None => look(house, HERE).await,
    }
}

/// What a ticketing elsewhere has is what the gate admitted and took back, no more and
/// no less.
async fn abroad(house: &House, abroad: &Abroad) -> Result<(), Broken> {
    let read = house.db.read("what was delivered", |tx| {
        tx.query(
            "SELECT b.barcode, b.mode, b.controlled_at, x.cancelled_at, c.card_removed_at
             FROM gate_control_barcode b JOIN gate_check c ON c.check_id = b.check_id
             LEFT JOIN gate_cancellation x ON x.check_id = b.check_id",
            params![],
        )
    });
    let delivered = read.await?;
    ensure!(
        delivered.len() == abroad.count(),
        "a ticketing elsewhere has each entry once",
        "{} were delivered, it has {}",
        delivered.len(),
        abroad.count()
    );
    for row in &delivered {
        // It keeps the number, we do not.
        if row.get::<Option<Timestamp>>("card_removed_at")?.is_some() {
            continue;
        }
        let barcode = row.get("barcode")?;
        let how = match row.get("mode")? {
            Mode::Online => ControlOperationType::Ok,
            Mode::Offline => ControlOperationType::OfflineOk,
        };
        let cancelled: Option<Timestamp> = row.get("cancelled_at")?;
        let taken_back = ControlOperationType::CancelledTicket;
        ensure!(
            abroad.has(&barcode, how, row.get("controlled_at")?)
                && cancelled.is_none_or(|at| abroad.has(&barcode, taken_back, at)),
            "a ticketing elsewhere has what was delivered",
            "{:?}",
            abroad.tells(&barcode)
        );
    }
    Ok(())
}

async fn look(house: &House, rules: &'static [Rule]) -> Result<(), Broken> {
    let looked = house.db.read("rules", move |tx| {
        for Rule { rule, sql } in rules {
            if let Some(row) = tx.query(sql, params![])?.first() {
                let found: Option<String> = row.get("found")?;
                return Err(Broken::new(rule, found.unwrap_or_default()));
            }
        }
        Ok(())
    });
    looked.await
}

/// What the gate has of one visitor.
#[derive(Debug, Default, Clone)]
struct Kept {
    /// An admission that was not cancelled.
    live: bool,
    /// An admission that was cancelled when its card number was gone already.
    untold: bool,
    outcome: String,
    /// Let in, and not recognised.
    door_admitted: bool,
    /// The rows of the visitor, by which Otipass knows the entry.
    records: Vec<CheckId>,
    /// What it is booked as, and when it was.
    booked: Option<Booked>,
}

#[derive(Debug, Clone)]
struct Booked {
    sector: String,
    product: String,
    scanned_at: Timestamp,
    arrived_at: Timestamp,
    is_estimated: bool,
}

/// Holds the books against what people know, when all is at rest.
///
/// # Errors
/// The first rule that is broken.
pub async fn at_rest(house: &House) -> Result<Unheard, Broken> {
    always(house).await?;
    look(house, AT_REST).await?;
    match &house.abroad {
        Some(elsewhere) => abroad(house, elsewhere).await?,
        None => look(house, HERE_AT_REST).await?,
    }
    let kept = house.db.read("visitors", visitors).await?;
    for (id, told) in house.model.all_told() {
        visitor(house, id, told, kept.get(&id))?;
    }
    for id in kept.keys() {
        ensure!(
            house.model.knows(*id),
            "every admission was somebody's scan",
            "check {id}"
        );
    }
    if house.setting.references == References::Honoured {
        counters(house, &kept)?;
    }
    let unheard = |(id, kept): (&CheckId, &Kept)| kept.live && house.model.told(*id).is_none();
    Ok(Unheard(kept.iter().filter(|one| unheard(*one)).count()))
}

/// How many admissions are sold of which nobody at a door ever heard.
pub struct Unheard(pub usize);

fn visitors(tx: &mut Tx<'_>) -> Result<HashMap<CheckId, Kept>, DbError> {
    let mut kept: HashMap<CheckId, Kept> = HashMap::new();
    for row in tx.query(
        "SELECT COALESCE(c.follows, c.check_id) AS id, c.check_id, c.admitted, c.outcome,
                c.scanned_at, c.arrived_at, c.time_estimated, b.sector, b.product,
                x.id AS cancelled, g.check_id AS given_back, a.check_id AS door
         FROM gate_check c
         LEFT JOIN gate_control_barcode b ON b.check_id = c.check_id
         LEFT JOIN gate_cancellation x ON x.check_id = c.check_id
         LEFT JOIN gate_give_back g ON g.check_id = c.check_id
         LEFT JOIN gate_door_admitted a ON a.check_id = c.check_id
         ORDER BY c.follows IS NOT NULL",
        params![],
    )? {
        let one = kept.entry(row.get("id")?).or_default();
        one.records.push(row.get("check_id")?);
        let admitted = row.get::<i64>("admitted")? == 1;
        let cancelled = row.get::<Option<String>>("cancelled")?.is_some();
        one.live |= admitted && !cancelled;
        let given_back = row.get::<Option<String>>("given_back")?.is_some();
        one.untold |= admitted && cancelled && !given_back;
        one.door_admitted |= row.get::<Option<String>>("door")?.is_some();
        one.outcome = row.get("outcome")?;
        if let Some(sector) = row.get::<Option<String>>("sector")? {
            one.booked = Some(Booked {
                sector,
                product: row.get("product")?,
                scanned_at: row.get("scanned_at")?,
                arrived_at: row.get("arrived_at")?,
                is_estimated: row.get("time_estimated")?,
            });
        }
    }
    Ok(kept)
}

fn visitor(house: &House, id: CheckId, told: Told, kept: Option<&Kept>) -> Result<(), Broken> {
    let live = kept.is_some_and(|kept| kept.live);
    let entered = told.open && told.direction == Direction::Entry;
    let expected = if entered && !house.model.is_cancelled(id) {
        let marked = kept.is_some_and(|kept| kept.door_admitted);
        ensure!(
            live != marked,
            "who was let in is admitted once",
            "check {id}: told {told:?}, kept {kept:?}"
        );
        live
    } else {
        false
    };
    if let (true, Some(booked)) = (live, kept.and_then(|kept| kept.booked.as_ref())) {
        truly_booked(house, id, booked)?;
    }
    let rule = if entered {
        "what was taken back is not sold"
    } else {
        "who was not let in is not sold"
    };
    ensure!(
        live == expected,
        rule,
        "check {id}: told {told:?}, kept {kept:?}"
    );
    // A turnstile whose journal is full lets people out all the same.
    let may_forget = told.direction == Direction::Exit && told.device >= HANDHELDS;
    ensure!(
        !told.open || kept.is_some() || may_forget,
        "what a door did is kept",
        "check {id}: told {told:?}"
    );
    Ok(())
}

/// The place, the product and the time are the visitor's, as far as anybody could
/// know them.
fn truly_booked(house: &House, id: CheckId, booked: &Booked) -> Result<(), Broken> {
    // The id under which a device sends again what another check's id was taken for
    // is nobody's.
    let Some((scanned, meant)) = house.model.truth(id) else {
        return Ok(());
    };
    let as_meant = |meaning: &Option<Meaning>| {
        let meaning = meaning.as_ref();
        meaning.is_some_and(|m| m.sector == booked.sector && m.product == booked.product)
    };
    ensure!(
        meant.iter().any(as_meant),
        "an entry is booked where the visitor went in",
        "check {id}: {booked:?}, meant {meant:?}"
    );
    let known = scanned.plus_ms(-TRIED_AGAIN_MS)..=booked.arrived_at;
    ensure!(
        booked.is_estimated || known.contains(&booked.scanned_at),
        "an entry is booked when the visitor went in",
        "check {id} at {scanned}: {booked:?}"
    );
    Ok(())
}

/// How long before its id was first heard of a scan may have been: the visitor's
/// next try at a turnstile that could not remember the first is the same scan.
const TRIED_AGAIN_MS: i64 = 5 * 60 * 1_000;

const COUNTED: &str = "Otipass counts each entry once, and nothing else";

/// Where Otipass honours references, its counters show each entry once.
fn counters(house: &House, kept: &HashMap<CheckId, Kept>) -> Result<(), Broken> {
    let counted = house.otipass.counted();
    let of = |record: &CheckId| counted.get(record).copied().unwrap_or(0);
    for (id, kept) in kept.iter().filter(|(id, _)| house.model.is_counted(**id)) {
        let times: i64 = kept.records.iter().map(of).sum();
        ensure!(
            times == i64::from(kept.live || kept.untold),
            COUNTED,
            "check {id} was counted {times} times: {kept:?}"
        );
    }
    let records: HashSet<_> = kept.values().flat_map(|kept| &kept.records).collect();
    for (id, times) in &counted {
        ensure!(
            *times == 0 || records.contains(id),
            COUNTED,
            "check {id} was counted {times} times and is not kept"
        );
    }
    Ok(())
}
