//! Which variables stand for keys, and which were meant to.

use crate::overlay::{self, Fault, Mistake};
use crate::{Config, KIND};
use kernel::Place;
use std::collections::BTreeMap;
use std::path::Path;

/// Whether a variable of this name stands for a key of the configuration, or was
/// meant to.
#[must_use]
pub fn is_variable(name: &str) -> bool {
    // The turnstile agent has a configuration of its own.
    name.starts_with(KIND.prefix)
        && !name.starts_with("PASSERELLE_EDGE_")
        && (name.contains("__") || meant(name).is_some())
}

/// The variables that nothing would read, each as a mistake; and the others.
pub fn misspelt(variables: &BTreeMap<String, String>) -> (Vec<Mistake>, BTreeMap<String, String>) {
    let mut others = variables.clone();
    let mut mistakes = Vec::new();
    for name in variables.keys() {
        if !name.contains("__")
            && let Some(meant) = meant(name)
        {
            others.remove(name);
            mistakes.push(Mistake {
                origin: Box::new(Place::Variable(name.clone())),
                what: format!("nothing reads it; write {meant}, with two underscores"),
                key: meant,
                fault: Fault::Misspelt,
            });
        }
    }
    (mistakes, others)
}

/// The variable that this one would be with one underscore more.
pub fn meant(name: &str) -> Option<String> {
    let rest = name.strip_prefix(KIND.prefix)?;
    let underscores = rest.match_indices('_').map(|(at, _)| at);
    let mut candidates =
        underscores.map(|at| format!("{}{}_{}", KIND.prefix, &rest[..at], &rest[at..]));
    candidates.find(|candidate| {
        let alone = BTreeMap::from([(candidate.clone(), String::new())]);
        let reading = overlay::read::<Config>(KIND, Path::new(""), "", &alone);
        let mut mistakes = reading.mistakes.iter();
        !mistakes.any(|mistake| mistake.fault == Fault::Unknown)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::parse;

    #[test]
    fn one_underscore_too_few_is_refused() {
        for (name, key) in [
            ("PASSERELLE_OTIPASS_PASSWORD", "OTIPASS__PASSWORD"),
            ("PASSERELLE_OTIPASS_PASSWORD_FILE", "OTIPASS__PASSWORD_FILE"),
            ("PASSERELLE_ACCESS_CONTROL_URL", "ACCESS_CONTROL__URL"),
            ("PASSERELLE_SERVER_LISTEN", "SERVER__LISTEN"),
        ] {
            assert!(is_variable(name));
            let mistake = parse("", &[(name, "Violets-are-s3cret")]).unwrap_err();
            assert_eq!(mistake.fault, Fault::Misspelt);
            let told = mistake.to_string();
            assert!(told.contains(name) && told.contains(key), "{told}");
            assert!(!told.contains("s3cret"), "{told}");
        }
    }

    #[test]
    fn what_others_set_is_left_alone() {
        for name in [
            "PASSERELLE_CONFIG",
            "PASSERELLE_LOG",
            "PASSERELLE_EDGE_CONFIG",
            "PASSERELLE_SANDBOX_PASSWORD",
            // What container platforms set for a service of that name.
            "PASSERELLE_SERVICE_HOST",
            "PASSERELLE_PORT_8480_TCP_ADDR",
            "PASSERELLE_GATE_SERVICE_PORT",
            "PASSERELLE_",
        ] {
            assert!(!is_variable(name), "{name}");
        }
    }
}
