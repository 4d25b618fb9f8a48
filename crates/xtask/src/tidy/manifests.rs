//! Manifests of crates.

use super::Finding;
use crate::workspace::Source;

/// A crate that has not taken over the workspace's lints.
pub fn lints_not_inherited(source: &Source) -> Vec<Finding> {
    if !source.path.starts_with("crates/") || !source.path.ends_with("/Cargo.toml") {
        return Vec::new();
    }
    let mut section = "";
    let inherited = source.lines().any(|(_, line)| {
        let line = line.trim();
        if line.starts_with('[') {
            section = line;
        }
        let words: String = line.split_whitespace().collect();
        words == "lints.workspace=true" || (section == "[lints]" && words == "workspace=true")
    });
    if inherited {
        return Vec::new();
    }
    vec![Finding::new(
        &source.path,
        1,
        "the crate does not keep the workspace's lints",
        "add `[lints]` with `workspace = true`",
    )]
}

#[cfg(test)]
mod tests {
    use super::super::lines_found;
    use super::*;

    #[test]
    fn every_crate_keeps_the_lints() {
        let crate_manifest = "crates/gate/Cargo.toml";
        let table: &[(&str, &str, &[usize])] = &[
            (crate_manifest, "[lints]\nworkspace = true\n", &[]),
            (crate_manifest, "[package]\nlints.workspace = true\n", &[]),
            ("Cargo.toml", "[workspace]\n", &[]),
            ("crates/gate/src/Cargo.rs", "", &[]),
            (crate_manifest, "[package]\nname = \"gate\"\n", &[1]),
            (
                crate_manifest,
                "[lints]\n\n[other]\nworkspace = true\n",
                &[1],
            ),
            (crate_manifest, "# [lints]\nworkspace = true\n", &[1]),
        ];
        for (path, text, expected) in table {
            assert_eq!(
                lines_found(lints_not_inherited, path, text),
                *expected,
                "{path}: {text}"
            );
        }
    }
}
