//! The configuration, read so that one mistake in it hides no other.

use super::gathered::{Finding, Findings, Part, position, within};
use config::{Config, ConfigError};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use toml::de::{DeTable, Deserializer};

/// The sections that say how to reach others: with a mistake there, nobody is
/// asked.
const PARTNERS: [&str; 2] = ["otipass", "access_control"];

/// Keys that would hold a secret, which belongs in a file of its own.
const SECRETS: [&str; 2] = ["password", "api_key"];

/// What came of reading a configuration.
pub struct Reading {
    /// The configuration without what is wrong in it, and its text; none only
    /// if the file cannot be read.
    pub config: Option<(Config, String)>,
    /// The sections that lack something for that reason.
    pub broken_sections: BTreeSet<String>,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

/// What stands over the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surroundings {
    /// The process's variables.
    Variables,
    /// Nothing, as for the demo.
    Nothing,
}

impl Surroundings {
    /// The names of what stands over the file.
    pub fn names(self) -> BTreeSet<String> {
        match self {
            Self::Variables => std::env::vars_os()
                .filter_map(|(name, _)| name.into_string().ok())
                .collect(),
            Self::Nothing => BTreeSet::new(),
        }
    }

    /// Reads the configuration as the service does.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn read(self, path: &Path) -> Result<Config, ConfigError> {
        match self {
            Self::Variables => Config::read(path),
            Self::Nothing => Config::read_alone(path),
        }
    }
}

/// Reads the configuration at `path`, with its surroundings over it.
pub fn read(path: &Path, surroundings: Surroundings) -> Reading {
    let mut findings = Findings::of(Part::Configuration);
    let mut broken_sections = BTreeSet::new();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            findings.mistake(
                "config_unreadable",
                path.display().to_string(),
                format!("The configuration cannot be read: {error}."),
                "Give the path of the configuration; a whole one is examples/villeneuve/passerelle.toml.",
            );
            return Reading {
                config: None,
                broken_sections,
                findings: findings.into_list(),
            };
        }
    };
    let config = surroundings.read(path).unwrap_or_else(|error| {
        let cured = cured(path, &text, &mut broken_sections, &mut findings);
        let mut config =
            with_surroundings(cured, surroundings, &mut broken_sections, &mut findings);
        config.folder = path.parent().unwrap_or(Path::new("")).to_owned();
        if findings.is_empty() {
            // Whatever keeps the service from reading it must be said.
            findings.mistake(
                "config_value_wrong",
                path.display().to_string(),
                format!("{error}."),
                "Correct it.",
            );
        }
        config
    });
    Reading {
        config: Some((config, text)),
        broken_sections,
        findings: findings.into_list(),
    }
}

/// The file's table without what is wrong in it.
fn cured(
    path: &Path,
    text: &str,
    broken_sections: &mut BTreeSet<String>,
    findings: &mut Findings,
) -> toml::Table {
    let (root, errors) = DeTable::parse_recoverable(text);
    let mut broken_lines = Vec::new();
    for error in errors {
        let at = position(text, error.span().map_or(0, |span| span.start));
        broken_lines.push(at.line);
        // It may have held anything.
        broken_sections.extend(PARTNERS.map(str::to_owned));
        findings.mistake(
            "config_broken",
            within(path, at),
            format!("This is not TOML: {}.", error.message().replace('\n', ", ")),
            "Correct this line; texts stand in quotation marks.",
        );
    }
    let mut table = toml::Table::deserialize(Deserializer::from(root.clone())).unwrap_or_default();
    let mut refuse = |offset: usize, name: String, error: Option<String>| {
        let at = position(text, offset);
        if broken_lines.contains(&at.line) {
            return;
        }
        let (code, what, cure) = match error {
            None => (
                "secret_in_config",
                format!("A secret stands in the configuration itself, as {name}."),
                "Put it into a file of its own that only the service can read, and name that with password_file or api_key_file.",
            ),
            Some(error) if error.starts_with("unknown field") => {
                let expected = error.split_once(", ").map_or("", |(_, expected)| expected);
                (
                    "config_key_unknown",
                    format!("{name} is no key of the configuration; {expected}."),
                    "Correct its spelling, or take it out.",
                )
            }
            Some(error) => (
                "config_value_wrong",
                format!("{name} cannot have this value: {error}."),
                "Correct the value.",
            ),
        };
        findings.mistake(code, within(path, at), what, cure);
    };
    for (section, value) in root.get_ref() {
        let (name, offset) = (section.get_ref().as_ref(), section.span().start);
        let Some(toml::Value::Table(keys)) = table.get_mut(name) else {
            if let Some(value) = table.get(name)
                && let Some(error) =
                    refused([(name.to_owned(), value.clone())].into_iter().collect())
            {
                refuse(offset, name.to_owned(), Some(error));
                table.remove(name);
            }
            continue;
        };
        let section = |keys: toml::Table| {
            [(name.to_owned(), toml::Value::Table(keys))]
                .into_iter()
                .collect()
        };
        if let Some(error) = refused(section(toml::Table::new())) {
            refuse(offset, format!("[{name}]"), Some(error));
            table.remove(name);
            broken_sections.extend(PARTNERS.map(str::to_owned));
            continue;
        }
        for (key, _) in value.get_ref().as_table().into_iter().flatten() {
            let (key, offset) = (key.get_ref().as_ref(), key.span().start);
            let Some(value) = keys.get(key) else { continue };
            let alone = [(key.to_owned(), value.clone())].into_iter().collect();
            if SECRETS.contains(&key) {
                refuse(offset, format!("[{name}] {key}"), None);
                keys.remove(key);
                broken_sections.insert(name.to_owned());
            } else if let Some(error) = refused(section(alone)) {
                refuse(offset, format!("[{name}] {key}"), Some(error));
                keys.remove(key);
                broken_sections.insert(name.to_owned());
            }
        }
    }
    table
}

/// Why a configuration of nothing but `table` is refused. Every key has a
/// default, so each can be judged alone.
fn refused(table: toml::Table) -> Option<String> {
    let error = Config::deserialize(table).err()?;
    Some(error.message().trim_end().replace('\n', ", "))
}

/// Reads the cured table again as the service would: with the environment over
/// it.
fn with_surroundings(
    cured: toml::Table,
    surroundings: Surroundings,
    broken_sections: &mut BTreeSet<String>,
    findings: &mut Findings,
) -> Config {
    let again = || -> Option<Result<Config, ConfigError>> {
        let mut file = tempfile::NamedTempFile::new().ok()?;
        file.write_all(toml::to_string(&cured).ok()?.as_bytes())
            .ok()?;
        Some(surroundings.read(file.path()))
    };
    match again() {
        Some(Ok(config)) => return config,
        Some(Err(ConfigError::Environment { variable, what })) => {
            findings.mistake(
                "environment_wrong",
                variable,
                format!(
                    "With the environment over it, the configuration is wrong: {}.",
                    what.trim_end()
                ),
                "Correct the variable or take it out of the environment; PASSERELLE_SECTION__KEY stands for key in [section].",
            );
            broken_sections.extend(PARTNERS.map(str::to_owned));
        }
        _ => {}
    }
    Config::deserialize(cured).unwrap_or_default()
}
