//! Another code for a sector, door or device, as long as nothing that was done names
//! the present one: what is on record stays under the code it was done with.

use super::change::{SiteChangeError, changing};
use db::{DbError, Tx, params};
use kernel::{DeviceCode, DoorCode, SectorCode};

/// What names a code, so that it cannot change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Checks on record.
    Checks,
    /// Tokens: the device was enrolled, and may still bring what it did.
    Tokens,
    /// The mapping parameters.
    Mapping,
}

/// Gives a sector another code; its doors lead to it as before.
///
/// # Errors
/// [`SiteChangeError`]; `InUse` says what stands in the way.
pub fn rename_sector(
    tx: &mut Tx<'_>,
    from: &SectorCode,
    to: &SectorCode,
) -> Result<(), SiteChangeError> {
    let site = changing(tx)?;
    let name = site.sectors.get(from).ok_or(SiteChangeError::Unknown)?;
    if site.sectors.contains_key(to) {
        return Err(SiteChangeError::Taken);
    }
    let mapping = super::interface::load(tx)?.mapping;
    let mapping = mapping.and_then(|text| otipass::read_mapping(&text).mapping);
    if mapping.is_some_and(|mapping| mapping.sectors.contains_key(from)) {
        return Err(SiteChangeError::InUse(Use::Mapping));
    }
    // By the devices that have ever stood for it: their checks are found quickly.
    let checks = "SELECT 1 AS one FROM gate_check WHERE sector = $1 AND device IN
             (SELECT device FROM gate_revision_device WHERE sector = $1
              UNION SELECT d.code FROM gate_device d
                    JOIN gate_door_sector s ON s.door = d.door WHERE s.sector = $1)
         LIMIT 1";
    let open = "SELECT 1 AS one FROM gate_intent WHERE sector = $1 LIMIT 1";
    for sql in [checks, open] {
        if tx.exists(sql, params![from])? {
            return Err(SiteChangeError::InUse(Use::Checks));
        }
    }
    super::layout::write_sector(tx, to, name)?;
    tx.execute(
        "UPDATE gate_door_sector SET sector = $2 WHERE sector = $1",
        params![from, to],
    )?;
    tx.execute("DELETE FROM gate_sector WHERE code = $1", params![from])?;
    Ok(())
}

/// Gives a door another code; it leads where it led, and its devices stand at it as
/// before.
///
/// # Errors
/// [`SiteChangeError`]; `InUse` says what stands in the way.
pub fn rename_door(tx: &mut Tx<'_>, from: &DoorCode, to: &DoorCode) -> Result<(), SiteChangeError> {
    let site = changing(tx)?;
    let door = site.doors.get(from).ok_or(SiteChangeError::Unknown)?;
    if site.doors.contains_key(to) {
        return Err(SiteChangeError::Taken);
    }
    for device in site.devices_at(from) {
        if has_checks(tx, &device)? {
            return Err(SiteChangeError::InUse(Use::Checks));
        }
    }
    super::layout::write_door(tx, to, door)?;
    tx.execute(
        "UPDATE gate_device SET door = $2 WHERE door = $1",
        params![from, to],
    )?;
    tx.execute(
        "DELETE FROM gate_door_sector WHERE door = $1",
        params![from],
    )?;
    tx.execute("DELETE FROM gate_door WHERE code = $1", params![from])?;
    Ok(())
}

/// Gives a device that was never enrolled another code. Codes that were made for it
/// are good no more.
///
/// # Errors
/// [`SiteChangeError`]; `InUse` says what stands in the way.
pub fn rename_device(
    tx: &mut Tx<'_>,
    from: &DeviceCode,
    to: &DeviceCode,
) -> Result<(), SiteChangeError> {
    let site = changing(tx)?;
    if !site.devices.contains_key(from) {
        return Err(SiteChangeError::Unknown);
    }
    if site.devices.contains_key(to) {
        return Err(SiteChangeError::Taken);
    }
    // First, so that whoever is being enrolled by one is waited for.
    tx.execute(
        "DELETE FROM gate_enrolment_code WHERE device = $1",
        params![from],
    )?;
    let tokens = "SELECT 1 AS one FROM gate_device_token WHERE device = $1 LIMIT 1";
    if tx.exists(tokens, params![from])? {
        return Err(SiteChangeError::InUse(Use::Tokens));
    }
    // Neither may what one of the other code did become this one's.
    for device in [from, to] {
        if has_checks(tx, device)? || tx.exists(tokens, params![device])? {
            return Err(SiteChangeError::InUse(Use::Checks));
        }
    }
    tx.execute(
        "UPDATE gate_device SET code = $2 WHERE code = $1",
        params![from, to],
    )?;
    Ok(())
}

fn has_checks(tx: &mut Tx<'_>, device: &DeviceCode) -> Result<bool, DbError> {
    let checks = "SELECT 1 AS one FROM gate_check WHERE device = $1 LIMIT 1";
    let open = "SELECT 1 AS one FROM gate_intent WHERE device = $1 LIMIT 1";
    Ok(tx.exists(checks, params![device])? || tx.exists(open, params![device])?)
}
