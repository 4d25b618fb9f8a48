//! The pass list in the database: what Otipass said of each pass, by key, with
//! the version since which it holds; and the last whole.

use super::{ByReason, Content, Difference, ListReason, PassKey};
use crate::json::Json;
use db::{DbError, Row, Tx, params};
use kernel::Timestamp;

/// How long a process that refreshes the list keeps the others from it. One that
/// died in the middle keeps them for as long.
const LEASE_MS: i64 = 10 * 60 * 1000;
/// Before every other moment: the lease is free.
const LONG_AGO: Timestamp = Timestamp::MIN;

/// The right to change the list, until another process takes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lease(Timestamp);

/// A pass and why it is refused, if it is.
pub(super) type Known = (PassKey, Option<ListReason>);

/// The list's own row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    /// 0 before the first reading.
    pub version: i64,
    pub dated: Timestamp,
    pub state: Option<String>,
    pub all_read_at: Timestamp,
    pub whole_version: i64,
    pub whole_dated: Timestamp,
}

/// What devices must hear of a pass when it is not refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Nothing,
    TakenWrongly,
}

pub(super) fn head(tx: &mut Tx<'_>) -> Result<Option<Head>, DbError> {
    tx.query_opt_as(
        "SELECT version, dated, state, all_read_at, whole_version, whole_dated
         FROM gate_pass_list WHERE id = 1 AND version > 0",
        params![],
    )
}

db::from_row! {
    Head { version, dated, state, all_read_at, whole_version, whole_dated }
}

/// Takes the right to change the list; `None` if another process has it.
pub(super) fn lease(tx: &mut Tx<'_>, now: Timestamp) -> Result<Option<(Lease, Head)>, DbError> {
    tx.execute(
        "INSERT INTO gate_pass_list (id, version, dated, all_read_at, whole_version, whole_dated,
                                     whole, leased_until)
         VALUES (1, 0, $1, $1, 0, $1, '', $1) ON CONFLICT (id) DO NOTHING",
        params![LONG_AGO],
    )?;
    let lease = Lease(now.plus_ms(LEASE_MS));
    let head = tx.query_opt_as(
        "UPDATE gate_pass_list SET leased_until = $2 WHERE id = 1 AND (leased_until <= $1 OR leased_until > $3)
         RETURNING version, dated, state, all_read_at, whole_version, whole_dated",
        // None ends that late, unless the clock was set back since.
        params![now, lease.0, lease.0.plus_ms(LEASE_MS)],
    )?;
    Ok(head.map(|head| (lease, head)))
}

/// Gives the right back, if it is still there.
pub(super) fn release(tx: &mut Tx<'_>, lease: Lease) -> Result<(), DbError> {
    tx.run(
        "UPDATE gate_pass_list SET leased_until = $1 WHERE id = 1 AND leased_until = $2",
        params![LONG_AGO, lease.0],
    )
}

/// Whether nobody else took the right meanwhile, nor takes it until this transaction
/// ends.
fn holds(tx: &mut Tx<'_>, lease: Lease) -> Result<bool, DbError> {
    let held = tx.execute(
        "UPDATE gate_pass_list SET leased_until = $1 WHERE id = 1 AND leased_until = $1",
        params![lease.0],
    )?;
    Ok(held == 1)
}

/// The filters and exceptions of the last whole; `None` before the first.
pub(super) fn whole(tx: &mut Tx<'_>) -> Result<Option<Content>, DbError> {
    let whole: Option<Json<_>> = tx.value_opt(
        "SELECT whole FROM gate_pass_list WHERE id = 1 AND whole_version > 0",
        params![],
    )?;
    Ok(whole.map(|Json(content)| content))
}

/// The passes after `after`, in the order of their keys as the database has it,
/// at most `limit`.
pub(super) fn page(
    tx: &mut Tx<'_>,
    after: Option<PassKey>,
    limit: u32,
) -> Result<Vec<Known>, DbError> {
    let first = match after {
        None => i64::MIN,
        Some(last) => match last.0.cast_signed().checked_add(1) {
            Some(next) => next,
            None => return Ok(Vec::new()),
        },
    };
    tx.query(
        "SELECT pass_key, reason FROM gate_pass
         WHERE pass_key >= $1 ORDER BY pass_key LIMIT $2",
        params![first, limit],
    )?
    .iter()
    .map(known)
    .collect()
}

fn known(row: &Row) -> Result<Known, DbError> {
    let key: i64 = row.get("pass_key")?;
    Ok((PassKey(key.cast_unsigned()), row.get("reason")?))
}

/// Saves what Otipass said of these passes, with `version` where that is new.
/// `false` if another process took the right to.
pub(super) fn save(
    tx: &mut Tx<'_>,
    lease: Lease,
    passes: &[(Known, Told)],
    version: i64,
) -> Result<bool, DbError> {
    if !holds(tx, lease)? {
        return Ok(false);
    }
    for ((key, reason), told) in passes {
        let told = match (reason, told) {
            (Some(_), _) => 1,
            (None, Told::Nothing) => 0,
            (None, Told::TakenWrongly) => 2,
        };
        // What was refused before is told to be no longer.
        tx.execute(
            "INSERT INTO gate_pass (pass_key, reason, version, told) VALUES ($1, $2, $3, $4)
             ON CONFLICT (pass_key) DO UPDATE
             SET reason = $2, version = $3,
                 told = CASE WHEN gate_pass.told = 1 THEN 1 ELSE $4 END
             WHERE COALESCE(gate_pass.reason, '') <> COALESCE($2, '')",
            params![key.0.cast_signed(), *reason, version, i64::from(told)],
        )?;
    }
    Ok(true)
}

/// How many passes are known, and how many have changed since `version`.
pub(super) fn counts(tx: &mut Tx<'_>, version: i64) -> Result<(i64, i64), DbError> {
    tx.query_one_as(
        "SELECT (SELECT COUNT(*) FROM gate_pass) AS known,
                (SELECT COUNT(*) FROM gate_pass WHERE version > $1) AS changed",
        params![version],
    )
}

/// What a reading came to.
#[derive(Debug)]
pub(super) struct Read {
    pub dated: Timestamp,
    pub state: String,
    pub all: bool,
    /// The new whole as JSON, if there is one.
    pub whole: Option<String>,
}

/// Ends a refresh: a new version if something has changed, and the new whole.
/// Gives the version; `None` if another process took the right to.
pub(super) fn conclude(
    tx: &mut Tx<'_>,
    lease: Lease,
    before: &Head,
    read: &Read,
) -> Result<Option<i64>, DbError> {
    if !holds(tx, lease)? {
        return Ok(None);
    }
    let (_, changed) = counts(tx, before.version)?;
    let first = before.version == 0;
    let version = before.version + i64::from(first || changed > 0);
    let all_read_at = if read.all {
        read.dated
    } else {
        before.all_read_at
    };
    tx.execute(
        "UPDATE gate_pass_list
         SET version = $1, dated = $2, state = $3, all_read_at = $4, leased_until = $5
         WHERE id = 1",
        params![version, read.dated, &read.state, all_read_at, LONG_AGO],
    )?;
    if let Some(whole) = &read.whole {
        tx.execute(
            "UPDATE gate_pass_list SET whole = $1, whole_version = $2, whole_dated = $3
             WHERE id = 1",
            params![whole, version, read.dated],
        )?;
        tx.execute(
            "UPDATE gate_pass SET told = 0 WHERE reason IS NULL AND told <> 0",
            params![],
        )?;
    } else if version == before.whole_version {
        tx.execute(
            "UPDATE gate_pass_list SET whole_dated = $1 WHERE id = 1",
            params![read.dated],
        )?;
    }
    Ok(Some(version))
}

/// What has changed between `since` and the list's version.
pub(super) fn difference(tx: &mut Tx<'_>, head: &Head, since: i64) -> Result<Difference, DbError> {
    let mut difference = Difference {
        since,
        version: head.version,
        dated: head.dated,
        added: ByReason::default(),
        removed: Vec::new(),
        exceptions: Vec::new(),
    };
    for row in tx.query(
        "SELECT pass_key, reason, told FROM gate_pass
         WHERE version > $1 AND version <= $2 ORDER BY pass_key",
        params![since, head.version],
    )? {
        let (key, reason) = known(&row)?;
        match (reason, row.get::<i64>("told")?) {
            (Some(reason), _) => difference.added.get_mut(reason).push(key),
            (None, 1) => difference.removed.push(key),
            (None, 2) => difference.exceptions.push(key),
            (None, _) => {}
        }
    }
    Ok(difference)
}
