//! The judgement: what the facts mean. Nothing here does I/O.

use super::database::Database;
use super::facts::Facts;
use super::gathered::{Finding, Findings, Part, Position, Severity};
use super::partner::{CLOCK_TOLERANCE_MS, apart};
use super::{partner, selling, site, tls};
use config::{ConfigError, Role};
use gate::records::symptoms::Symptoms;

/// This many codes that were refused and look like serials are no accident.
const SERIALS_SUSPECT: usize = 3;

/// Everything that is wrong, doubtful or good to know, part by part.
pub fn examine(facts: &Facts) -> Vec<Finding> {
    let mut findings = configuration(facts);
    findings.extend(tls::examine(facts));
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
    let mut findings = Findings::of(Part::Configuration);
    if facts.config.server.roles.is_empty() {
        findings.mistake(
            "roles_missing",
            facts.key("server", "roles"),
            "The process has no role, so it would do nothing.",
            "Write roles = [\"gate\", \"box_office\"], or one of the two.",
        );
    }
    if let Err(error) = facts.config.external_sales.dialect.check() {
        findings.mistake(
            "dialect_invalid",
            facts.key("external_sales", "dialect"),
            format!("STX_Files cannot be spelt like this: {error}."),
            "Correct the columns; docs/interfaces/stx-file.md lists them.",
        );
    }
    let secrets = [
        facts.interface.credentials.as_ref().err(),
        facts.operator_password.as_ref().err(),
    ];
    for error in secrets.into_iter().flatten() {
        if let ConfigError::Secret { path, source } = error {
            findings.mistake(
                "secret_unreadable",
                path.display().to_string(),
                format!("The secret in this file cannot be read: {source}."),
                "Correct the path in the configuration, or let the user that the service runs as read the file.",
            );
        }
    }
    for path in &facts.open_secrets {
        findings.warning(
            "secret_open_to_all",
            path.display().to_string(),
            "Every user of this machine can read the secret in this file.",
            format!("Run chmod 600 {}.", path.display()),
        );
    }
    findings.into_list()
}

fn mapping(facts: &Facts) -> Vec<Finding> {
    let file = &facts.mapping;
    let mut findings = Findings::of(Part::Mapping);
    let unreadable = |findings: &mut Findings, place, error: &std::io::Error| {
        findings.mistake(
            "mapping_unreadable",
            place,
            format!("The mapping parameters cannot be read: {error}."),
            "Give their path in [set_up] mapping.",
        );
    };
    let missing = |findings: &mut Findings, place| {
        findings.mistake(
            "mapping_empty",
            place,
            "There are no mapping parameters.",
            "Paste the JSON that Otipass or SecuTix gave you.",
        );
    };
    let Some(text) = file.text_or_why(&mut findings, unreadable, missing) else {
        return findings.into_list();
    };
    for found in otipass::read_mapping(text).findings {
        let severity = match found.severity {
            otipass::Severity::Mistake => Severity::Mistake,
            otipass::Severity::Note => Severity::Note,
        };
        let (line, column) = (found.line, found.column);
        let at = Position { line, column };
        findings.push(severity, found.code, file.at(at), found.what, found.cure);
        findings.concerning(at, None);
    }
    if let Database::Read { symptoms, .. } = &facts.database
        && facts.sketch.num_type.is_none()
        && symptoms.proven_serials >= SERIALS_SUSPECT
        // Other codes with letters prove themselves one time in ten, by chance.
        && 2 * symptoms.proven_serials > symptoms.shaped_like_serials
    {
        findings.mistake(
            "num_type_missing",
            file.place(),
            format!(
                "NumType is missing, but {} of the latest refused codes begin with letters and fit a serial.",
                symptoms.proven_serials
            ),
            "Add \"NumType\": \"serial\" beside OtipassProjectId.",
        );
        let project = facts.sketch.project_id.as_ref();
        let start = Position { line: 1, column: 1 };
        findings.concerning(project.map_or(start, |said| said.at), None);
    }
    findings.into_list()
}

fn database(facts: &Facts) -> Vec<Finding> {
    let mut findings = Findings::of(Part::Database);
    let place = facts.key("database", "url");
    match &facts.database {
        Database::NotAsked => findings.not_checked(
            place,
            "The database server was not asked: --offline leaves out what goes over the network.",
            "Run the doctor without --offline.",
        ),
        Database::NotThereYet => findings.note(
            "database_not_there_yet",
            place,
            "There is no database yet; the first start makes it. Clocks of devices and what is held show up after that.",
            "Run the doctor again after the first scans.",
        ),
        Database::Unreadable(why) => findings.mistake(
            "database_unreachable",
            place,
            format!("The database cannot be opened: {why}."),
            "Correct [database] url, start the database server, or give the service's user access to it.",
        ),
        Database::Read { symptoms, held } => {
            devices(facts, symptoms, &mut findings);
            for (reason, count) in held {
                findings.warning(
                    "barcodes_held",
                    "the database",
                    format!("{count} control barcode(s) are held: {reason}."),
                    format!("{} They are sold by themselves after that.", reason.cure()),
                );
            }
        }
    }
    findings.into_list()
}

fn devices(facts: &Facts, symptoms: &Symptoms, findings: &mut Findings) {
    if !facts.config.has(Role::Gate) {
        return;
    }
    for (device, &offset_ms) in &symptoms.clock_offsets_ms {
        if offset_ms.unsigned_abs() > CLOCK_TOLERANCE_MS.unsigned_abs() {
            findings.mistake(
                "device_clock_off",
                format!("the device {device}"),
                format!(
                    "The clock of the device {device} is {} this machine's; scans made offline get a wrong time.",
                    apart(offset_ms)
                ),
                "Switch on the device's automatic time, or set it right by hand.",
            );
        }
    }
    for (reason, count) in &symptoms.refused {
        findings.mistake(
            "barcodes_refused",
            "the database",
            format!(
                "Ticketing refused {count} control barcode(s) for good: {}.",
                without_numbers(reason.trim_end_matches('.'))
            ),
            "Cure what ticketing says, then run `passerelle sales resend`.",
        );
    }
}

/// A stranger's text without words that could hold a card number or barcode.
fn without_numbers(text: &str) -> String {
    text.split_whitespace()
        .take(40)
        .map(|word| {
            let digits = word.bytes().filter(u8::is_ascii_digit).count();
            if digits >= 6 { "…" } else { word }
        })
        .collect::<Vec<_>>()
        .join(" ")
}
