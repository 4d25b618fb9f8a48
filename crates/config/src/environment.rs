//! Environment variables that stand over keys of the configuration.

use super::{Config, ConfigError};

const PREFIX: &str = "PASSERELLE_";
/// Before the variables of the turnstile agent, which has a configuration of its
/// own.
const EDGE_PREFIX: &str = "PASSERELLE_EDGE_";

/// Whether a variable of this name stands for a key of the configuration.
#[must_use]
pub fn is_variable(name: &str) -> bool {
    // The turnstile agent has a configuration of its own.
    name.starts_with(PREFIX) && !name.starts_with(EDGE_PREFIX) && name.contains("__")
}

/// Sets `PASSERELLE_SECTION__KEY`, or a key of a subsection, in the table, as TOML
/// if the key takes it so, else as text, and gives the configuration with it.
pub(super) fn overlaid(
    table: &mut toml::Table,
    name: &str,
    value: &str,
) -> Result<Config, ConfigError> {
    let refused = |what: &str| ConfigError::Environment {
        variable: name.to_owned(),
        what: what.to_owned(),
    };
    let lower = name[PREFIX.len()..].to_lowercase();
    let (sections, key) = lower
        .rsplit_once("__")
        .ok_or_else(|| refused("its name is not PASSERELLE_SECTION__KEY"))?;
    let as_toml = format!("value = {value}")
        .parse::<toml::Table>()
        .ok()
        .and_then(|mut parsed| parsed.remove("value"));
    let mut failed = None;
    for value in as_toml.into_iter().chain([value.into()]) {
        let mut place = &mut *table;
        for section in sections.split("__") {
            place = place
                .entry(section)
                .or_insert_with(|| toml::Table::new().into())
                .as_table_mut()
                .ok_or_else(|| refused("its section is no section of the file"))?;
        }
        place.insert(key.to_owned(), value);
        match table.clone().try_into::<Config>() {
            Ok(config) => return Ok(config),
            // What was wrong with the first reading tells more.
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    Err(refused(
        &failed.map_or(String::new(), |error| error.message().to_owned()),
    ))
}
