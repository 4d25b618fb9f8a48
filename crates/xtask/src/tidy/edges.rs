//! Which crate may use which.

use super::Finding;
use crate::command::output;
use crate::workspace;
use anyhow::{Context, Result};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// Each crate and the crates of this workspace that it may name in its
/// manifest. In this order: a crate uses only what stands above it.
#[rustfmt::skip]
const MAY_USE: &[(&str, &[&str])] = &[
    ("kernel", &[]),
    ("db", &["kernel"]),
    ("otipass", &["kernel"]),
    ("secutix", &["kernel"]),
    ("deviceapi", &["kernel"]),
    ("gate", &["kernel", "db", "otipass", "secutix", "deviceapi"]),
    ("boxoffice", &["kernel", "db", "secutix"]),
    ("staff", &["kernel", "db"]),
    ("notices", &["kernel", "db"]),
    ("books", &["kernel", "db", "secutix", "gate", "boxoffice", "staff", "notices"]),
    ("config", &["kernel", "db", "otipass", "secutix", "gate", "staff", "notices"]),
    ("doctor", &["kernel", "db", "otipass", "secutix", "gate", "boxoffice", "staff", "notices", "books", "config"]),
    ("office", &["kernel", "db", "otipass", "secutix", "gate", "boxoffice", "staff", "notices", "books", "doctor"]),
    ("server", &["kernel", "db", "otipass", "secutix", "deviceapi", "gate", "boxoffice", "staff", "notices", "books", "config", "doctor", "office"]),
    ("edge", &["kernel", "db", "otipass", "secutix", "deviceapi", "gate", "config"]),
    ("sandbox", &["kernel", "otipass", "secutix"]),
    ("passerelle", &["kernel", "db", "otipass", "secutix", "deviceapi", "gate", "boxoffice", "staff", "notices", "books", "config", "doctor", "office", "server", "edge", "sandbox"]),
    (STAGE, &["kernel", "db", "otipass", "secutix", "deviceapi", "gate", "boxoffice", "staff", "books", "config", "doctor", "office", "server", "edge", "sandbox"]),
    (SIMULATION, &["kernel", "db", "otipass", "secutix", "deviceapi", "gate", "boxoffice", "books", "edge", "sandbox", "stage"]),
    (FUZZ, &["kernel", "otipass", "secutix", "gate", "boxoffice", "config", "edge", "stage"]),
    ("browser", &[]),
    ("xtask", &[]),
];

/// These are for tests themselves, and not shipped.
const SIMULATION: &str = "simulation";
const FUZZ: &str = "fuzz";
const STAGE: &str = "stage";

/// What the tests of a crate may use besides, and why. `browser` is for nothing
/// but tests.
const TESTS_MAY_USE: &[(&str, &str, &str)] = &[
    ("db", "db", "its own databases for tests"),
    ("gate", "sandbox", "the partner that checks are asked of"),
    (
        "server",
        "sandbox",
        "the partner that whole-service tests talk to",
    ),
    ("server", "stage", "whole museums, asked over HTTP"),
    ("office", "stage", "the same, and pages without scripts"),
    ("passerelle", "stage", "the program as a process"),
    ("books", "otipass", "the partner whose word is disputed"),
    (
        "office",
        "browser",
        "pages are looked at as people see them",
    ),
    (
        "passerelle",
        "browser",
        "whole walks through the scanner page and the back office",
    ),
];

/// Features that only tests may switch on.
const FEATURES_FOR_TESTS: &[(&str, &str)] = &[("db", "testing")];

/// A crate of the workspace.
pub struct Package {
    name: String,
    manifest: String,
    text: String,
    uses: Vec<Use>,
}

struct Use {
    name: String,
    purpose: Purpose,
    features: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Production,
    Tests,
}

impl Package {
    /// The workspace's crates, as cargo reads their manifests.
    ///
    /// # Errors
    /// If cargo can't read them.
    pub fn all() -> Result<Vec<Self>> {
        let mut command = workspace::cargo();
        command.args(["metadata", "--no-deps", "--format-version", "1"]);
        let printed = output(&mut command, "run it by hand")?;
        let metadata: Value = serde_json::from_str(&printed).context("`cargo metadata`")?;
        members(&metadata["packages"])
            .iter()
            .map(Self::read)
            .collect()
    }

    fn read(package: &Value) -> Result<Self> {
        let path = word(&package["manifest_path"]);
        let text = fs::read_to_string(&path).with_context(|| format!("{path} can't be read"))?;
        let manifest = Path::new(&path)
            .strip_prefix(workspace::root())
            .map_or_else(|_| path.clone(), |below| below.display().to_string());
        let uses = members(&package["dependencies"])
            .iter()
            // Only what is named by a path is of this workspace.
            .filter(|dependency| dependency["path"].is_string())
            .map(Use::read)
            .collect();
        Ok(Self {
            name: word(&package["name"]),
            manifest,
            text,
            uses,
        })
    }
}

impl Use {
    fn read(dependency: &Value) -> Self {
        Self {
            name: word(&dependency["name"]),
            purpose: match dependency["kind"].as_str() {
                Some("dev") => Purpose::Tests,
                _ => Purpose::Production,
            },
            features: members(&dependency["features"]).iter().map(word).collect(),
        }
    }
}

fn members(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Uses that the table doesn't know.
pub fn broken(packages: &[Package]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in packages {
        let Some((_, may_use)) = MAY_USE.iter().find(|(name, _)| *name == package.name) else {
            findings.push(Finding::new(
                &package.manifest,
                line_of_key(&package.text, Purpose::Production, "name"),
                format!("the crate `{}` has no place in the house", package.name),
                "add it to the table in crates/xtask/src/tidy/edges.rs, with what it may use",
            ));
            continue;
        };
        for used in &package.uses {
            let line = line_of_key(&package.text, used.purpose, &used.name);
            let tests_may = used.purpose == Purpose::Tests
                && TESTS_MAY_USE
                    .iter()
                    .any(|(name, other, _)| *name == package.name && *other == used.name);
            if !may_use.contains(&used.name.as_str()) && !tests_may {
                findings.push(Finding::new(
                    &package.manifest,
                    line,
                    format!("`{}` must not use `{}`", package.name, used.name),
                    format!(
                        "it may use {}; move what is shared further up",
                        listed(may_use)
                    ),
                ));
            }
            for feature in &used.features {
                let for_tests = FEATURES_FOR_TESTS.contains(&(&used.name, feature));
                let shipped = ![SIMULATION, STAGE].contains(&package.name.as_str());
                if for_tests && used.purpose == Purpose::Production && shipped {
                    findings.push(Finding::new(
                        &package.manifest,
                        line,
                        format!("the feature `{feature}` of `{}` is for tests", used.name),
                        "name it in [dev-dependencies]",
                    ));
                }
            }
        }
    }
    findings
}

fn listed(names: &[&str]) -> String {
    if names.is_empty() {
        "no crate of this workspace".to_owned()
    } else {
        names.join(", ")
    }
}

/// The line of `key` in the part of a manifest that serves `purpose`, or 1.
fn line_of_key(text: &str, purpose: Purpose, key: &str) -> usize {
    let mut section = "";
    for (number, line) in (1..).zip(text.lines()) {
        if line.starts_with('[') {
            section = line;
        }
        let found = line
            .strip_prefix(key)
            .is_some_and(|rest| rest.starts_with(['.', ' ', '=']));
        if found && section.contains("dev-dependencies") == (purpose == Purpose::Tests) {
            return number;
        }
    }
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, uses: &[(&str, Purpose, &[&str])]) -> Package {
        Package {
            name: name.to_owned(),
            manifest: format!("crates/{name}/Cargo.toml"),
            text: String::new(),
            uses: uses
                .iter()
                .map(|(name, purpose, features)| Use {
                    name: (*name).to_owned(),
                    purpose: *purpose,
                    features: features.iter().map(|&feature| feature.to_owned()).collect(),
                })
                .collect(),
        }
    }

    #[test]
    fn the_workspace_keeps_its_edges() {
        let packages = Package::all().unwrap();
        assert!(packages.iter().any(|package| package.name == "xtask"));
        assert_eq!(broken(&packages), []);
    }

    #[test]
    fn every_crate_uses_only_what_stands_above_it() {
        for (place, (name, may_use)) in MAY_USE.iter().enumerate() {
            for used in *may_use {
                let above = MAY_USE[..place].iter().any(|(other, _)| other == used);
                assert!(
                    above,
                    "{name} may use {used}, which does not stand above it"
                );
            }
        }
    }

    #[test]
    fn edges_are_held_against_the_table() {
        use Purpose::{Production, Tests};
        let good: &[(&str, &str, Purpose, &[&str])] = &[
            ("gate", "db", Production, &[]),
            ("gate", "db", Tests, &["testing"]),
            ("db", "db", Tests, &["testing"]),
            ("server", "sandbox", Tests, &[]),
            ("office", "browser", Tests, &[]),
            ("server", "boxoffice", Production, &[]),
            ("passerelle", "sandbox", Production, &[]),
            ("simulation", "db", Production, &["testing"]),
        ];
        for (name, used, purpose, features) in good {
            let packages = [package(name, &[(used, *purpose, features)])];
            assert_eq!(broken(&packages), [], "{name} uses {used}");
        }
        let bad: &[(&str, &str, Purpose, &[&str])] = &[
            ("gate", "boxoffice", Production, &[]),
            ("boxoffice", "gate", Production, &[]),
            ("boxoffice", "gate", Tests, &[]),
            ("boxoffice", "otipass", Production, &[]),
            ("kernel", "db", Production, &[]),
            ("server", "sandbox", Production, &[]),
            ("passerelle", "browser", Production, &[]),
            ("simulation", "server", Production, &[]),
            ("gate", "db", Production, &["testing"]),
            ("xtask", "kernel", Production, &[]),
        ];
        for (name, used, purpose, features) in bad {
            let packages = [package(name, &[(used, *purpose, features)])];
            assert_eq!(broken(&packages).len(), 1, "{name} uses {used}");
        }
    }

    #[test]
    fn a_crate_without_a_place_is_found() {
        let found = broken(&[package("attic", &[("kernel", Purpose::Production, &[])])]);
        assert_eq!(found.len(), 1);
        assert!(found[0].what.contains("attic"), "{}", found[0]);
    }

    #[test]
    fn a_finding_points_at_the_line_of_its_purpose() {
        let text = "[dependencies]\ndb.workspace = true\n\n[dev-dependencies]\n\
                    dbx = \"1\"\ndb = { path = \".\" }\n";
        assert_eq!(line_of_key(text, Purpose::Production, "db"), 2);
        assert_eq!(line_of_key(text, Purpose::Tests, "db"), 6);
        assert_eq!(line_of_key(text, Purpose::Tests, "gate"), 1);
    }

    #[test]
    fn what_cargo_prints_is_read() {
        let dependency: Value = serde_json::from_str(
            r#"{"name": "db", "kind": "dev", "features": ["testing"], "path": "/x/db"}"#,
        )
        .unwrap();
        let used = Use::read(&dependency);
        assert_eq!(used.name, "db");
        assert!(used.purpose == Purpose::Tests);
        assert_eq!(used.features, ["testing"]);
    }
}
