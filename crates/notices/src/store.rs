//! What is known of causes and ways, in the database.

use crate::digest::{Cause, Digest, Fare, GONE_MS, Told};
use db::{Db, DbError, Row, Tx, params};
use kernel::Timestamp;
use std::collections::BTreeMap;

/// A way on which nothing gets out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failing {
    /// `mail` or `webhook`.
    pub way: String,
    /// Since when.
    pub since: Timestamp,
}

/// A way that was not tried again by so long after its time is used no more.
const LEFT_MS: i64 = 10 * 60_000;

/// The ways on which nothing gets out at present.
///
/// # Errors
/// If the database fails.
pub async fn failing(db: &Db, now: Timestamp) -> Result<Vec<Failing>, DbError> {
    db.read("failing notices", move |tx| {
        let rows = tx.query(
            "SELECT way, failing_since FROM notice_way
             WHERE failing_since IS NOT NULL AND again_at > $1 ORDER BY way",
            params![now.plus_ms(-LEFT_MS)],
        )?;
        let failing = |row: &Row| {
            Ok(Failing {
                way: row.get("way")?,
                since: row.get("failing_since")?,
            })
        };
        rows.iter().map(failing).collect()
    })
    .await
}

/// What there is to know before a message is made for a way.
pub(crate) struct Known {
    pub(crate) since: BTreeMap<String, Timestamp>,
    pub(crate) told: BTreeMap<String, Told>,
    pub(crate) fare: Fare,
}

/// Notes what is not well now: what is new, what goes on, and what is over by now.
pub(crate) fn note(tx: &mut Tx<'_>, causes: &[Cause], now: Timestamp) -> Result<(), DbError> {
    for cause in causes {
        let sql = match cause.goes_on {
            true => "UPDATE notice_cause SET seen_at = $2 WHERE cause = $1",
            false => {
                "INSERT INTO notice_cause (cause, since, seen_at) VALUES ($1, $2, $2)
                 ON CONFLICT (cause) DO UPDATE SET seen_at = $2"
            }
        };
        tx.execute(sql, params![cause.key(), now])?;
    }
    // Those from the future tell that the clock was put back.
    tx.execute(
        "DELETE FROM notice_cause WHERE seen_at <= $1 OR seen_at > $2",
        params![now.plus_ms(-GONE_MS), now],
    )?;
    tx.run(
        "UPDATE notice_cause SET since = $1 WHERE since > $1",
        params![now],
    )
}

/// What is known for a way.
pub(crate) fn known(tx: &mut Tx<'_>, way: &str) -> Result<Known, DbError> {
    let since = tx.query("SELECT cause, since FROM notice_cause", params![])?;
    let told = tx.query(
        "SELECT cause, title, told_at FROM notice_told WHERE way = $1",
        params![way],
    )?;
    let fare = tx.query_opt(
        "SELECT sent_at, failures, again_at FROM notice_way WHERE way = $1",
        params![way],
    )?;
    let told_of = |row: &Row| {
        let told = Told {
            title: row.get("title")?,
            at: row.get("told_at")?,
        };
        Ok((row.get("cause")?, told))
    };
    Ok(Known {
        since: since
            .iter()
            .map(|row| Ok((row.get("cause")?, row.get("since")?)))
            .collect::<Result<_, DbError>>()?,
        told: told.iter().map(told_of).collect::<Result<_, DbError>>()?,
        fare: match fare {
            None => Fare::default(),
            Some(row) => Fare {
                sent_at: row.get("sent_at")?,
                failures: row.get("failures")?,
                again_at: Some(row.get("again_at")?),
            },
        },
    })
}

/// Keeps others off a way until then; whether nobody did so before us.
pub(crate) fn claim(
    tx: &mut Tx<'_>,
    way: &str,
    fare: &Fare,
    until: Timestamp,
) -> Result<bool, DbError> {
    let claimed = match fare.again_at {
        None => tx.execute(
            "INSERT INTO notice_way (way, sent_at, failures, failing_since, again_at)
             VALUES ($1, NULL, 0, NULL, $2) ON CONFLICT (way) DO NOTHING",
            params![way, until],
        )?,
        Some(known) => tx.execute(
            "UPDATE notice_way SET again_at = $3 WHERE way = $1 AND again_at = $2",
            params![way, known, until],
        )?,
    };
    Ok(claimed == 1)
}

/// A message got out.
pub(crate) fn sent(
    tx: &mut Tx<'_>,
    way: &str,
    digest: &Digest,
    now: Timestamp,
) -> Result<(), DbError> {
    for line in digest.begun.iter().chain(&digest.standing) {
        tx.execute(
            "INSERT INTO notice_told (way, cause, title, told_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (way, cause) DO UPDATE SET told_at = $4",
            params![way, &line.key, &line.title, now],
        )?;
    }
    for line in &digest.over {
        tx.execute(
            "DELETE FROM notice_told WHERE way = $1 AND cause = $2",
            params![way, &line.key],
        )?;
    }
    tx.run(
        "INSERT INTO notice_way (way, sent_at, failures, failing_since, again_at)
         VALUES ($1, $2, 0, NULL, $2)
         ON CONFLICT (way) DO UPDATE
         SET sent_at = $2, failures = 0, failing_since = NULL, again_at = $2",
        params![way, now],
    )
}

/// A message did not get out.
pub(crate) fn failed(
    tx: &mut Tx<'_>,
    way: &str,
    now: Timestamp,
    again_at: Timestamp,
) -> Result<(), DbError> {
    tx.run(
        "INSERT INTO notice_way (way, sent_at, failures, failing_since, again_at)
         VALUES ($1, NULL, 1, $2, $3)
         ON CONFLICT (way) DO UPDATE
         SET failures = notice_way.failures + 1, again_at = $3,
             failing_since = COALESCE(notice_way.failing_since, $2)",
        params![way, now, again_at],
    )
}
