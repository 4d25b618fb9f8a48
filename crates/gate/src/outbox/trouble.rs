//! What ticketing takes none of at present, kept for people: the back office, the
//! doctor, and whoever gets the support bundle.

use crate::outbox::lane::{Kind, Lane};
use db::{Db, DbError, Tx, params};
use kernel::Timestamp;

/// What it is that ticketing takes none of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stopped {
    /// No call at all.
    Line,
    /// Entries that were taken back.
    Cancellations,
    /// Control barcodes of one kind.
    Kind(Kind),
}

/// A trouble with ticketing that lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What is stopped.
    pub of: Stopped,
    /// Since when.
    pub since: Timestamp,
    /// When it was tried last.
    pub latest: Timestamp,
    /// Why, in ticketing's words or ours.
    pub reason: String,
}

const LINE: &str = "line";
const CANCELLATIONS: &str = "cancellations";

impl Stopped {
    /// That of a lane; everything goes by the line.
    pub(crate) fn of(lane: &Lane) -> Self {
        match lane {
            Lane::Barcodes => Self::Line,
            Lane::Cancellations => Self::Cancellations,
            Lane::Kind(kind) => Self::Kind(kind.clone()),
        }
    }

    fn word(&self) -> String {
        match self {
            Self::Line => LINE.to_owned(),
            Self::Cancellations => CANCELLATIONS.to_owned(),
            // No code holds a white space.
            Self::Kind(kind) => format!("{} {} {}", kind.sector, kind.season, kind.product),
        }
    }

    fn read(word: &str) -> Option<Self> {
        let parts: Vec<_> = word.split(' ').collect();
        match parts[..] {
            [LINE] => Some(Self::Line),
            [CANCELLATIONS] => Some(Self::Cancellations),
            [sector, season, product] => Some(Self::Kind(Kind {
                sector: sector.parse().ok()?,
                season: season.parse().ok()?,
                product: product.parse().ok()?,
            })),
            _ => None,
        }
    }
}

/// Notes that `of` is stopped.
pub(crate) fn note(
    tx: &mut Tx<'_>,
    of: &Stopped,
    reason: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO gate_ticketing_trouble (lane, since, latest, reason) VALUES ($1, $2, $2, $3)
         ON CONFLICT (lane) DO UPDATE SET latest = $2, reason = $3",
        params![of.word(), now, reason],
    )
    .map(drop)
}

/// Notes that `of` goes on.
pub(crate) fn clear(tx: &mut Tx<'_>, of: &Stopped) -> Result<(), DbError> {
    tx.execute(
        "DELETE FROM gate_ticketing_trouble WHERE lane = $1",
        params![of.word()],
    )
    .map(drop)
}

/// What is stopped, the longest first.
pub async fn list(db: &Db) -> Result<Vec<Trouble>, DbError> {
    db.read("trouble with ticketing", |tx| {
        let rows = tx.query(
            "SELECT lane, since, latest, reason FROM gate_ticketing_trouble ORDER BY since, lane",
            params![],
        )?;
        let mut found = Vec::new();
        for row in &rows {
            if let Some(of) = Stopped::read(&row.get::<String>("lane")?) {
                found.push(Trouble {
                    of,
                    since: row.get("since")?,
                    latest: row.get("latest")?,
                    reason: row.get("reason")?,
                });
            }
        }
        Ok(found)
    })
    .await
}
