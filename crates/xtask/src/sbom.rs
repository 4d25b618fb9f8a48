//! `cargo xtask sbom`: what the program is made of (CycloneDX 1.6,
//! <https://cyclonedx.org/docs/1.6/json/>), by cargo's own word.

use crate::command::output;
use crate::workspace::{self, cargo};
use anyhow::{Context, Result};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The program.
const PROGRAM: &str = "passerelle";

/// Prints it.
///
/// # Errors
/// If cargo does not say what there is.
pub fn print() -> Result<()> {
    let mut command = cargo();
    command.args(["metadata", "--format-version", "1", "--locked"]);
    let metadata = output(&mut command, "run it by hand")?;
    let metadata = serde_json::from_str(&metadata).context("`cargo metadata`")?;
    let lock = std::fs::read_to_string(workspace::root().join("Cargo.lock"))?;
    let made_of = made_of(&metadata, &checksums(&lock));
    println!("{}", serde_json::to_string_pretty(&made_of)?);
    Ok(())
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The SHA-256 of each package that was fetched, by name and version.
fn checksums(lock: &str) -> BTreeMap<(String, String), String> {
    let entries = lock.split("[[package]]").skip(1);
    let of = |entry: &str, key: &str| {
        let start = format!("{key} = \"");
        let line = entry.lines().find_map(|line| line.strip_prefix(&start))?;
        Some(line.trim_end_matches('"').to_owned())
    };
    entries
        .filter_map(|entry| {
            let package = (of(entry, "name")?, of(entry, "version")?);
            Some((package, of(entry, "checksum")?))
        })
        .collect()
}

/// The ids of all that the program is built with, itself included. What only tests
/// and builds need is not in it.
fn needed(metadata: &Value) -> BTreeSet<&str> {
    let nodes = list(&metadata["resolve"]["nodes"]);
    let nodes: BTreeMap<&str, &Value> = nodes.map(|node| (word(&node["id"]), node)).collect();
    let program = list(&metadata["packages"]).find(|package| word(&package["name"]) == PROGRAM);
    let mut ahead: Vec<&str> = program
        .map(|program| word(&program["id"]))
        .into_iter()
        .collect();
    let mut needed = BTreeSet::new();
    while let Some(id) = ahead.pop() {
        if !needed.insert(id) {
            continue;
        }
        let uses = nodes
            .get(id)
            .map(|node| list(&node["deps"]))
            .into_iter()
            .flatten();
        let shipped =
            uses.filter(|used| list(&used["dep_kinds"]).any(|kind| kind["kind"].is_null()));
        ahead.extend(shipped.map(|used| word(&used["pkg"])));
    }
    needed
}

fn made_of(metadata: &Value, checksums: &BTreeMap<(String, String), String>) -> Value {
    let needed = needed(metadata);
    let packages =
        list(&metadata["packages"]).filter(|package| needed.contains(word(&package["id"])));
    let component = |package: &Value| {
        let (name, version) = (word(&package["name"]), word(&package["version"]));
        let purl = format!("pkg:cargo/{name}@{version}");
        let mut component = json!({
            "type": if name == PROGRAM { "application" } else { "library" },
            "bom-ref": purl,
            "name": name,
            "version": version,
            "purl": purl,
        });
        if let Some(licence) = package["license"].as_str() {
            // Older manifests say "or" by a slash.
            component["licenses"] = json!([{ "expression": licence.replace('/', " OR ") }]);
        }
        if let Some(sha256) = checksums.get(&(name.to_owned(), version.to_owned())) {
            component["hashes"] = json!([{ "alg": "SHA-256", "content": sha256 }]);
        }
        component
    };
    let (program, parts): (Vec<Value>, Vec<Value>) = packages
        .map(component)
        .partition(|component| component["name"] == PROGRAM);
    json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "component": program.first() },
        "components": parts,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shipped_is_listed_with_licence_and_hash() {
        let package = |name: &str| json!({"id": name, "name": name, "version": "1.0.0", "license": "MIT/Apache-2.0"});
        let uses = |name: &str, kind: Value| json!({"pkg": name, "dep_kinds": [{"kind": kind}]});
        let metadata = json!({
            "packages": [package("passerelle"), package("ring"), package("stage"), package("cc")],
            "resolve": {"nodes": [
                {"id": "passerelle", "deps": [uses("ring", Value::Null), uses("stage", json!("dev"))]},
                {"id": "ring", "deps": [uses("cc", json!("build"))]},
            ]},
        });
        let lock = "[[package]]\nname = \"ring\"\nversion = \"1.0.0\"\nchecksum = \"ab\"\n";
        let made_of = made_of(&metadata, &checksums(lock));
        assert_eq!(
            made_of["metadata"]["component"]["purl"],
            "pkg:cargo/passerelle@1.0.0"
        );
        let parts = made_of["components"].as_array().unwrap();
        assert_eq!(parts.len(), 1, "{parts:?}");
        assert_eq!(parts[0]["hashes"][0]["content"], "ab");
        assert_eq!(parts[0]["licenses"][0]["expression"], "MIT OR Apache-2.0");
    }
}
