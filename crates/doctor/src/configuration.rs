//! The configuration, read so that one mistake in it hides no other.

use super::gathered::{Finding, Findings, Part};
use config::overlay::{Fault, Mistake, Origin};
use config::{Config, Surroundings};
use std::collections::BTreeSet;
use std::path::Path;

/// The sections that say how to reach others: with a mistake there, nobody is
/// asked.
const PARTNERS: [&str; 2] = ["otipass", "access_control"];

/// What came of reading a configuration.
pub struct Reading {
    /// The configuration without what is wrong in it; none only if the file
    /// cannot be read.
    pub config: Option<Config>,
    /// The sections that lack something for that reason.
    pub broken_sections: BTreeSet<String>,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

/// Reads the configuration at `path`, with its surroundings over it.
pub fn read(path: &Path, surroundings: Surroundings) -> Reading {
    let mut findings = Findings::of(Part::Configuration);
    let mut broken_sections = BTreeSet::new();
    let config = match std::fs::read_to_string(path) {
        Ok(text) => {
            let reading = Config::reading(path, &text, &surroundings.variables());
            for mistake in &reading.mistakes {
                broken_sections.extend(broken(mistake));
                tell(mistake, &mut findings);
            }
            Some(reading.value)
        }
        Err(error) => {
            findings.mistake(
                "config_unreadable",
                path.display().to_string(),
                format!("The configuration cannot be read: {error}."),
                "Give the path of the configuration; a whole one is examples/villeneuve/passerelle.toml.",
            );
            None
        }
    };
    Reading {
        config,
        broken_sections,
        findings: findings.into_list(),
    }
}

/// The sections that lack something by this mistake. A broken line, a misspelt
/// section and a misspelt variable may have held anything.
fn broken(mistake: &Mistake) -> Vec<String> {
    match (mistake.key.split_once('.'), &mistake.origin) {
        (Some((section, _)), Origin::File { .. }) => vec![section.to_owned()],
        _ => PARTNERS.map(str::to_owned).to_vec(),
    }
}

fn tell(mistake: &Mistake, findings: &mut Findings) {
    let (place, what) = (mistake.origin.to_string(), &mistake.what);
    let name = match mistake.key.rsplit_once('.') {
        Some((section, key)) => format!("[{section}] {key}"),
        None => mistake.key.clone(),
    };
    if let Origin::Variable(_) = mistake.origin {
        return findings.mistake(
            "environment_wrong",
            place,
            format!("With the environment over it, the configuration is wrong: {what}."),
            "Correct the variable or take it out of the environment; PASSERELLE_SECTION__KEY stands for key in [section].",
        );
    }
    match mistake.fault {
        Fault::Syntax => findings.mistake(
            "config_broken",
            place,
            format!("This is not TOML: {what}."),
            "Correct this line; texts stand in quotation marks.",
        ),
        Fault::Secret => findings.mistake(
            "secret_in_config",
            place,
            format!("A secret stands in the configuration itself, as {name}."),
            "Put it into a file of its own that only the service can read, and name that with password_file or api_key_file.",
        ),
        Fault::Unknown => findings.mistake(
            "config_key_unknown",
            place,
            format!(
                "{name} is no key of the configuration; {}.",
                what.split_once(", ").map_or("", |(_, expected)| expected)
            ),
            "Correct its spelling, or take it out.",
        ),
        Fault::Value => findings.mistake(
            "config_value_wrong",
            place,
            format!("{name} cannot have this value: {what}."),
            "Correct the value.",
        ),
    }
}
