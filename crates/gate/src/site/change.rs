//! Changes of the site one by one, as people make them. Each is looked at
//! against the whole site, in the transaction that keeps it, and a running gate
//! takes it up within a second.

pub use crate::site::layout::save_organisation;
pub use crate::site::rename::{Use, rename_device, rename_door, rename_sector};

use crate::site::layout::{write_device, write_door, write_sector};
use crate::{Device, Door, Site, SiteError};
use db::{DbError, Tx, params};
use kernel::{DeviceCode, DoorCode, SectorCode, Timestamp};

/// The most characters of a name: an organisation's, a sector's, a door's, a device's.
pub const NAME_LIMIT_CHARS: usize = 100;

/// Active codes of ISO 4217 for money that people pay with.
const CURRENCIES: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND \
    BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB \
    EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY \
    KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR \
    MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF \
    SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS \
    UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG";

/// Why the site was not changed.
#[derive(Debug, thiserror::Error)]
pub enum SiteChangeError {
    /// There is one of this code already.
    #[error("this code is taken; choose another")]
    Taken,
    /// There is none of this code.
    #[error("there is nothing of this code (any more); look at the site again")]
    Unknown,
    /// The door would lead to a sector that is not there.
    #[error("there is no sector {0}; add it first")]
    UnknownSector(SectorCode),
    /// The device would stand at a door that is not there.
    #[error("there is no door {0}; add it first")]
    UnknownDoor(DoorCode),
    /// Doors lead to the sector.
    #[error("doors lead to this sector: {}; remove them or lead them elsewhere first", list(.0))]
    HasDoors(Vec<DoorCode>),
    /// Devices stand at the door.
    #[error("devices stand at this door: {}; remove them or move them first", list(.0))]
    HasDevices(Vec<DeviceCode>),
    /// Something names the code, so that it cannot change.
    #[error("the code cannot change any more: {0:?} name it")]
    InUse(Use),
    /// There is no site, or the database failed.
    #[error(transparent)]
    Site(#[from] SiteError),
}

impl From<DbError> for SiteChangeError {
    fn from(error: DbError) -> Self {
        Self::Site(SiteError::Db(error))
    }
}

fn list<T: ToString>(codes: &[T]) -> String {
    let codes: Vec<_> = codes.iter().map(ToString::to_string).collect();
    codes.join(", ")
}

/// Whether this is the code of a currency, in capitals.
#[must_use]
pub fn is_currency(code: &str) -> bool {
    code.len() == 3 && CURRENCIES.split_whitespace().any(|known| known == code)
}

/// Whether this can be the name of an organisation, a sector, a door or a device: 1 to
/// [`NAME_LIMIT_CHARS`] characters, none of them for control.
#[must_use]
pub fn is_name(name: &str) -> bool {
    (1..=NAME_LIMIT_CHARS).contains(&name.chars().count())
        && !name.trim().is_empty()
        && !name.chars().any(char::is_control)
}

/// The site as it stands, about to be changed: a running gate reads it again.
pub(crate) fn changing(tx: &mut Tx<'_>) -> Result<Site, SiteError> {
    // First, so that another one who changes it waits.
    tx.execute(
        "UPDATE gate_site SET revision = revision + 1 WHERE id = 1",
        params![],
    )?;
    Site::load(tx)
}

/// Whether there must be such a thing already, or none of its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// It is added.
    New,
    /// It is changed.
    Known,
}

fn before<T>(there: Option<T>, wanted: Wanted) -> Result<Option<T>, SiteChangeError> {
    match (&there, wanted) {
        (Some(_), Wanted::New) => Err(SiteChangeError::Taken),
        (None, Wanted::Known) => Err(SiteChangeError::Unknown),
        _ => Ok(there),
    }
}

/// Adds a sector, or gives it another name, and says what the former was.
pub fn save_sector(
    tx: &mut Tx<'_>,
    code: &SectorCode,
    name: &str,
    wanted: Wanted,
) -> Result<Option<String>, SiteChangeError> {
    let before = before(changing(tx)?.sectors.remove(code), wanted)?;
    write_sector(tx, code, name)?;
    Ok(before)
}

/// Removes a sector that no door leads to, and says what its name was. Checks
/// that were made there stay.
///
/// # Errors
/// [`SiteChangeError`]; `HasDoors` names the doors.
pub fn remove_sector(tx: &mut Tx<'_>, code: &SectorCode) -> Result<String, SiteChangeError> {
    let mut site = changing(tx)?;
    let doors = site.doors_of(code);
    if !doors.is_empty() {
        return Err(SiteChangeError::HasDoors(doors));
    }
    let before = site.sectors.remove(code).ok_or(SiteChangeError::Unknown)?;
    tx.execute("DELETE FROM gate_sector WHERE code = $1", params![code])?;
    Ok(before)
}

/// Adds a door, or changes its name and where it leads, and says what it was.
pub fn save_door(
    tx: &mut Tx<'_>,
    code: &DoorCode,
    door: &Door,
    wanted: Wanted,
) -> Result<Option<Door>, SiteChangeError> {
    let mut site = changing(tx)?;
    let before = before(site.doors.remove(code), wanted)?;
    let mut sectors = door.sectors.iter();
    if let Some(sector) = sectors.find(|sector| !site.sectors.contains_key(*sector)) {
        return Err(SiteChangeError::UnknownSector(sector.clone()));
    }
    write_door(tx, code, door)?;
    Ok(before)
}

/// Removes a door that no device stands at, and says what it was.
///
/// # Errors
/// [`SiteChangeError`]; `HasDevices` names the devices.
pub fn remove_door(tx: &mut Tx<'_>, code: &DoorCode) -> Result<Door, SiteChangeError> {
    let mut site = changing(tx)?;
    let devices = site.devices_at(code);
    if !devices.is_empty() {
        return Err(SiteChangeError::HasDevices(devices));
    }
    let before = site.doors.remove(code).ok_or(SiteChangeError::Unknown)?;
    tx.execute(
        "DELETE FROM gate_door_sector WHERE door = $1",
        params![code],
    )?;
    tx.execute("DELETE FROM gate_door WHERE code = $1", params![code])?;
    Ok(before)
}

/// Adds a device, or changes its name, door, language and settings, and says what they were.
pub fn save_device(
    tx: &mut Tx<'_>,
    code: &DeviceCode,
    device: &Device,
    wanted: Wanted,
) -> Result<Option<Device>, SiteChangeError> {
    let mut site = changing(tx)?;
    let before = before(site.devices.remove(code), wanted)?;
    if !site.doors.contains_key(&device.door) {
        return Err(SiteChangeError::UnknownDoor(device.door.clone()));
    }
    write_device(tx, code, device)?;
    Ok(before)
}

/// Removes a device, takes back its tokens and codes, and says what it was. Its
/// checks stay. What its journal still holds goes aside when it comes.
pub fn remove_device(
    tx: &mut Tx<'_>,
    code: &DeviceCode,
    now: Timestamp,
) -> Result<Device, SiteChangeError> {
    let before = changing(tx)?.devices.remove(code);
    let before = before.ok_or(SiteChangeError::Unknown)?;
    // The codes first: whoever is being enrolled by one is waited for.
    tx.execute(
        "DELETE FROM gate_enrolment_code WHERE device = $1",
        params![code],
    )?;
    tx.execute(
        "UPDATE gate_device_token SET revoked_at = $2 WHERE device = $1 AND revoked_at IS NULL",
        params![code, now],
    )?;
    tx.execute("DELETE FROM gate_device WHERE code = $1", params![code])?;
    Ok(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn currencies_and_names() {
        for good in ["EUR", "CHF", "GBP", "USD"] {
            assert!(is_currency(good), "{good}");
        }
        for bad in ["", "eur", "EURO", "FOO", "UR ", " EU", "Eur"] {
            assert!(!is_currency(bad), "{bad}");
        }
        assert!(is_name("Musée de l’Île") && is_name(&"é".repeat(NAME_LIMIT_CHARS)));
        for bad in ["", "  ", "a\nb", &"é".repeat(NAME_LIMIT_CHARS + 1)] {
            assert!(!is_name(bad), "{bad:?}");
        }
    }
}
