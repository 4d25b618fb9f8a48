//! What the gate's records say about its set-up, for the doctor.

use db::{Db, DbError, Tx, params};
use kernel::DeviceCode;
use otipass::{Checksum, NumberFormat, detect};
use std::collections::BTreeMap;

/// What the records show. Codes that were scanned are counted and never given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Symptoms {
    /// Of the latest checks, those that found no pass and have the shape of a
    /// serial: letters, then digits, of allowed lengths.
    pub shaped_like_serials: usize,
    /// Of these, those whose digits also prove themselves.
    pub proven_serials: usize,
    /// How far each device's clock was off when it last said its time, in
    /// milliseconds: above 0 if it is fast.
    pub clock_offsets_ms: BTreeMap<DeviceCode, i64>,
    /// Control barcodes that ticketing refused for good, by its reason.
    pub refused: BTreeMap<String, i64>,
}

/// Reads the symptoms; looks at the latest `checks` checks. `serial` is what a
/// serial of the project looks like.
///
/// # Errors
/// [`DbError`].
pub async fn symptoms(
    db: &Db,
    project_id: String,
    serial: NumberFormat,
    checks: u32,
) -> Result<Symptoms, DbError> {
    db.read("symptoms", move |tx| {
        let mut symptoms = Symptoms {
            clock_offsets_ms: clock_offsets_ms(tx)?,
            refused: refused(tx)?,
            ..Symptoms::default()
        };
        let shape = NumberFormat {
            checksum: Checksum::None,
            ..serial
        };
        for code in codes_of_no_pass(tx, checks)? {
            let is = |format| usize::from(detect(&code, &project_id, format).is_some());
            symptoms.shaped_like_serials += is(&shape);
            symptoms.proven_serials += is(&serial);
        }
        Ok(symptoms)
    })
    .await
}

fn codes_of_no_pass(tx: &mut Tx<'_>, checks: u32) -> Result<Vec<String>, DbError> {
    // The day comes first because there is an index on it.
    tx.query(
        "SELECT code FROM (SELECT code, outcome FROM gate_check
             ORDER BY business_day DESC, decided_at DESC LIMIT $1) AS latest
         WHERE outcome = 'not_a_pass'",
        params![checks],
    )?
    .iter()
    .map(|row| row.get("code"))
    .collect()
}

fn clock_offsets_ms(tx: &mut Tx<'_>) -> Result<BTreeMap<DeviceCode, i64>, DbError> {
    tx.query(
        "SELECT code, clock_offset_ms FROM gate_device WHERE clock_offset_ms IS NOT NULL",
        params![],
    )?
    .iter()
    .map(|row| Ok((row.get("code")?, row.get("clock_offset_ms")?)))
    .collect()
}

fn refused(tx: &mut Tx<'_>) -> Result<BTreeMap<String, i64>, DbError> {
    tx.query(
        "SELECT refused, COUNT(*) AS barcodes FROM gate_control_barcode
         WHERE refused IS NOT NULL GROUP BY refused",
        params![],
    )?
    .iter()
    .map(|row| Ok((row.get("refused")?, row.get("barcodes")?)))
    .collect()
}
