//! The judgement: what the facts mean. Nothing here does I/O.

use super::database::{Absent, Records, Structure};
use super::facts::{Backups, Facts, Unfit};
use super::partner::apart;
use super::probe::{Kept, Refusal};
use super::{notices, partner, selling, site, tls};
use crate::found;
use config::Role;
use db::DbUrl;
use gate::CLOCK_TOLERANCE_MS;
use gate::outbox::trouble::{Stopped, Trouble};
use gate::records::symptoms::Symptoms;
use kernel::Language::{En, Fr};
use kernel::finding::{Finding, Part, Phrase, Place, Position, Thing};
use kernel::without_numbers;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;

/// This many codes that were refused and look like serials are no accident.
const SERIALS_SUSPECT: usize = 3;

/// Everything that is wrong, doubtful or good to know, part by part.
pub fn examine(facts: &Facts) -> Vec<Finding> {
    let mut findings = configuration(facts);
    findings.extend(tls::examine(facts));
    findings.extend(tls::self_signed(facts));
    findings.extend(tls::phones(facts));
    findings.extend(notices::examine(facts));
    findings.extend(machine(facts));
    if facts.config.has(Role::Gate) {
        findings.extend(partner::examine(facts));
        findings.extend(mapping(facts));
    }
    findings.extend(site::examine(facts));
    if facts.config.has(Role::BoxOffice) {
        findings.extend(selling::examine_catalogue(facts));
    }
    findings.extend(selling::examine_ticketing(facts));
    findings.extend(database(facts));
    findings
}

fn configuration(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(facts.secrets.iter().map(|(place, unfit)| match unfit {
        Unfit::Unreadable(error) => found::secret_unreadable(place.clone(), Phrase::of_file(error)),
        Unfit::Odd(how) => found::secret_odd(place.clone(), how.clone()),
    }));
    let open = facts.open_secrets.iter();
    findings.extend(open.map(|path| found::secret_open_to_all(path.clone(), path.display())));
    findings
}

/// What this machine does not let the service do.
fn machine(facts: &Facts) -> Vec<Finding> {
    let (machine, mut findings) = (&facts.machine, Vec::new());
    if let Some(error) = &machine.listen {
        let place = facts.key("server", "listen");
        findings.push(unheard(place, facts.config.server.listen, error));
    }
    let is_told = matches!(facts.database, Err(Absent::Unreadable(_)));
    let refusals = machine.write.iter();
    let refusals = refusals.filter(|refusal| !(is_told && refusal.what == Kept::Database));
    findings.extend(refusals.map(unwritten));
    if machine.backups == Backups::None {
        findings.push(found::backup_missing(facts.key("backup", "every_h")));
    }
    findings
}

/// Why the service cannot listen.
fn unheard(place: Place, listen: SocketAddr, error: &io::Error) -> Finding {
    match error.kind() {
        ErrorKind::AddrInUse => found::listen_in_use(place, listen),
        ErrorKind::AddrNotAvailable => found::listen_elsewhere(place, listen.ip()),
        ErrorKind::PermissionDenied => found::listen_forbidden(place, listen.port()),
        _ => found::listen_impossible(place, listen, error),
    }
}

/// Why something cannot be written.
fn unwritten(refusal: &Refusal) -> Finding {
    let (place, path) = (refusal.place.clone(), refusal.path.display());
    let why = Phrase::of_file(&refusal.error);
    let folder = kernel::folder_of(&refusal.path).display();
    match (refusal.what, refusal.error.kind()) {
        (Kept::Backups, ErrorKind::ReadOnlyFilesystem) => found::backup_read_only(place, path),
        (Kept::Database, ErrorKind::ReadOnlyFilesystem) => {
            found::database_read_only(place, path, folder)
        }
        (Kept::Backups, _) => found::backup_unwritable(place, path, why),
        (_, ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => found::disk_full(place, path),
        (Kept::Database, _) => found::database_unwritable(place, path, why),
    }
}

fn mapping(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    let empty = |place| {
        let findings = otipass::read_mapping("").findings;
        findings.into_iter().next().map(|found| found.at(place))
    };
    let unreadable = found::mapping_unreadable;
    let mapping = facts
        .mapping
        .examine(Part::Mapping, &mut findings, unreadable, empty);
    if mapping.is_some()
        && let Ok(Records { symptoms, .. }) = &facts.database
        && facts.mapping.outline().num_type.is_none()
        && symptoms.proven_serials >= SERIALS_SUSPECT
        // Other codes with letters prove themselves one time in ten, by chance.
        && 2 * symptoms.proven_serials > symptoms.shaped_like_serials
    {
        let project = facts.mapping.outline().project_id.as_ref();
        let at = project.map_or(Position::START, |written| written.at);
        let found = found::num_type_missing(facts.mapping.at(at), symptoms.proven_serials);
        findings.push(found.concerning(at, None));
    }
    findings
}

fn database(facts: &Facts) -> Vec<Finding> {
    let place = || facts.key("database", "url");
    match &facts.database {
        Err(Absent::NotAsked) => vec![found::database_not_asked(place())],
        Err(Absent::NotThereYet) if facts.is_not_begun() => {
            let config = &facts.config;
            let database = match config.database_url() {
                Ok(DbUrl::SqliteFile(path)) => path.display().to_string(),
                // It may hold a password.
                _ => "[database] url".to_owned(),
            };
            let url = match &config.office.url {
                Some(url) => url.trim_end_matches('/').to_owned(),
                None if config.server.tls_certificate.is_some() => {
                    format!("https://{}", config.server.listen)
                }
                None => format!("http://{}", config.server.listen),
            };
            let url = format!("{url}/office/");
            vec![found::set_up_not_begun(place(), database, url)]
        }
        Err(Absent::NotThereYet) => vec![found::database_not_there_yet(place())],
        Err(Absent::Outdated) => vec![found::database_outdated(place())],
        Err(Absent::Refused(found)) => vec![found.clone()],
        Err(Absent::Damaged(what)) => vec![found::database_damaged(place(), what)],
        Err(Absent::Unreadable(why)) => vec![found::database_unreachable(place(), why)],
        Ok(Records {
            structure,
            symptoms,
            troubles,
            held,
            not_loaded,
            ..
        }) => {
            let mut findings = devices(facts, symptoms);
            let others = not_loaded.iter().cloned();
            findings.extend(others.map(found::file_not_loaded));
            if *structure == Structure::NotLookedThrough {
                findings.push(found::database_not_looked_through(place()));
            }
            if facts.config.has(Role::Gate) {
                findings.extend(troubles.iter().map(stopped));
            }
            findings.extend(held.iter().map(|(reason, count)| {
                let name = Phrase::new(reason.as_str(), reason.name(Fr));
                let cure = Phrase::new(reason.cure(En), reason.cure(Fr));
                found::barcodes_held(Place::Database, count, name, cure)
            }));
            findings
        }
    }
}

fn devices(facts: &Facts, symptoms: &Symptoms) -> Vec<Finding> {
    if !facts.config.has(Role::Gate) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (device, &offset_ms) in &symptoms.clock_offsets_ms {
        if offset_ms.unsigned_abs() > CLOCK_TOLERANCE_MS.unsigned_abs() {
            let place = Place::Thing(Thing::Device(device.to_string()));
            findings.push(found::device_clock_off(place, device, apart(offset_ms)));
        }
    }
    let named = &facts.config.otipass.additions.prefixes;
    let is_named = |beginning: &str| named.iter().any(|named| beginning.starts_with(named));
    for (device, beginning) in &symptoms.beginnings {
        // What is taken off by now; codes of before keep it.
        if is_named(beginning) {
            continue;
        }
        let place = Place::Thing(Thing::Device(device.to_string()));
        findings.push(found::device_codes_alike(place, device, beginning));
    }
    for (reason, count) in &symptoms.refused {
        let reason = of_strangers(reason.trim_end_matches('.'));
        findings.push(found::barcodes_refused(Place::Database, count, reason));
    }
    findings
}

/// What ticketing takes none of.
fn stopped(trouble: &Trouble) -> Finding {
    let [en, fr] = [En, Fr].map(|language| {
        let why = trouble.why(language).trim_end_matches('.');
        of_strangers(why)
    });
    let reason = Phrase::new(en, fr);
    let (place, since) = (Place::Database, trouble.since);
    match &trouble.of {
        Stopped::Line => found::ticketing_takes_none(place, since, reason),
        Stopped::Cancellations => found::ticketing_takes_no_cancellation(place, since, reason),
        Stopped::Kind(kind) => {
            let kind = format!("{}, {}, {}", kind.sector, kind.season, kind.product);
            found::ticketing_takes_none_of(place, kind, since, reason)
        }
    }
}

/// A stranger's text, without words that could hold a card number or barcode, however it is
/// written.
fn of_strangers(text: &str) -> String {
    let text = without_numbers(text);
    let words = text.split_whitespace().take(40).map(|word| {
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        if digits >= 6 { "…" } else { word }
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_card_is_told_however_a_stranger_writes_it() {
        for text in [
            "29997501",
            "2999 7501",
            "2999.7501",
            "29/99/75/01",
            "ABCD299975",
        ] {
            let told = of_strangers(&format!("card {text} unknown"));
            let digits = told.bytes().filter(u8::is_ascii_digit).count();
            assert!(digits < 6 && told.starts_with("card "), "{told}");
        }
    }

    #[test]
    fn each_reason_of_the_machine_has_its_own_cure() {
        let address = SocketAddr::from(([127, 0, 0, 1], 443));
        for (kind, code) in [
            (ErrorKind::AddrInUse, "listen_in_use"),
            (ErrorKind::AddrNotAvailable, "listen_elsewhere"),
            (ErrorKind::PermissionDenied, "listen_forbidden"),
            (ErrorKind::Unsupported, "listen_impossible"),
        ] {
            assert_eq!(unheard(Place::Machine, address, &kind.into()).code, code);
        }
        let read_only = ErrorKind::ReadOnlyFilesystem;
        let (full, refused) = (ErrorKind::StorageFull, ErrorKind::PermissionDenied);
        for (what, kind, code) in [
            (Kept::Database, full, "disk_full"),
            (Kept::Database, refused, "database_unwritable"),
            (Kept::Backups, full, "backup_unwritable"),
            (Kept::Database, read_only, "database_unwritable"),
            (Kept::Backups, read_only, "backup_unwritable"),
        ] {
            let finding = unwritten(&Refusal {
                what,
                place: Place::Machine,
                path: "/srv/p".into(),
                error: kind.into(),
            });
            assert_eq!(finding.code, code);
            assert!(finding.what(Fr).contains("/srv/p"), "{}", finding.what(Fr));
            let leads = finding.cure(Fr).contains("ReadWritePaths=/srv");
            assert_eq!(leads, kind == read_only);
        }
    }
}
