//! The configuration, read so that one mistake in it hides no other.

use crate::found;
use config::overlay::{Fault, Mistake};
use config::{Config, Surroundings};
use kernel::finding::{Finding, Phrase, Place};
use kernel::table::Letters;
use std::collections::BTreeSet;
use std::io;
use std::path::Path;

/// The sections that say how to reach others: with a mistake there, nobody is
/// asked.
const PARTNERS: [&str; 2] = ["otipass", "access_control"];

/// What came of reading a configuration.
#[derive(Default)]
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
    let (text, letters) = match config::read_letters(path) {
        Ok(read) => read,
        Err(error) => {
            let found = match error.kind() {
                io::ErrorKind::PermissionDenied => found::config_forbidden(path.to_owned()),
                _ => found::config_unreadable(path.to_owned(), Phrase::of_file(&error)),
            };
            return Reading {
                findings: vec![found],
                ..Reading::default()
            };
        }
    };
    let reading = Config::reading(path, &text, &surroundings.variables());
    let mistakes = &reading.mistakes;
    let mut findings: Vec<_> = mistakes.iter().map(told).collect();
    findings.extend(reading.value.refused());
    findings.extend(in_other_letters(path, letters));
    Reading {
        broken_sections: mistakes.iter().flat_map(broken).collect(),
        config: Some(reading.value),
        findings,
    }
}

/// That a file is not in UTF-8.
pub fn in_other_letters(path: &Path, letters: Letters) -> Option<Finding> {
    let is_other = letters != Letters::Utf8;
    is_other.then(|| found::letters_not_utf8(path.to_owned(), letters.as_str()))
}

/// The sections that lack something by this mistake. A broken line, a misspelt
/// section and a misspelt variable may have held anything.
fn broken(mistake: &Mistake) -> Vec<String> {
    match (mistake.key.split_once('.'), &*mistake.origin) {
        (Some((section, _)), Place::File(..)) => vec![section.trim_start_matches('[').to_owned()],
        _ => PARTNERS.map(str::to_owned).to_vec(),
    }
}

/// A mistake as a finding.
#[must_use]
pub fn told(mistake: &Mistake) -> Finding {
    let (place, what) = ((*mistake.origin).clone(), &mistake.what);
    let why = Phrase::of_reader(what, "elle n’est pas de la forme voulue");
    let name = match mistake.key.rsplit_once('.') {
        Some((section, key)) => format!("[{section}] {key}"),
        None => mistake.key.clone(),
    };
    match (&*mistake.origin, mistake.fault) {
        (_, Fault::Misspelt) => found::environment_misspelt(place, &mistake.key),
        (Place::Variable(_), _) => found::environment_wrong(place, why),
        (_, Fault::Syntax) => found::config_broken(place, what),
        (_, Fault::Repeated(line)) => found::config_repeated(place, &mistake.key, line),
        (_, Fault::Secret) => found::secret_in_config(place, name),
        (_, Fault::Unknown) => {
            // The reader names the key, then those that it knows.
            let known: Vec<_> = what.split('`').skip(1).step_by(2).skip(1).collect();
            let written = mistake.key.rsplit('.').next().unwrap_or_default();
            let (meant, known) = (kernel::meant(written, known.clone()), known.join(", "));
            match meant {
                Some(meant) => {
                    found::config_key_misspelt(place, name, meant, known).proposing(meant)
                }
                None => found::config_key_unknown(place, name, known),
            }
        }
        (_, Fault::Value) => found::config_value_wrong(place, name, why),
    }
}
