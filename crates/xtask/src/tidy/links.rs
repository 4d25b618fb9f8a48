//! Links from documents to files of this repository.

use super::Finding;
use crate::workspace::Source;
use std::path::Path;

/// What stands before a link's target, and what ends it.
const AROUND: &[(&str, char)] = &[("](", ')'), ("src=\"", '"'), ("href=\"", '"')];

/// Links to files that don't exist; `exists` is asked for paths below the
/// workspace's folder.
pub fn broken(source: &Source, exists: &dyn Fn(&Path) -> bool) -> Vec<Finding> {
    if !source.is_any(&["md"]) {
        return Vec::new();
    }
    let folder = Path::new(&source.path).parent().unwrap_or(Path::new(""));
    let mut findings = Vec::new();
    let mut in_code = false;
    for (number, line) in source.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        for target in targets(&without_code(line)) {
            let file = target.split(['#', '?']).next().unwrap_or_default();
            if file.is_empty() || elsewhere(file) || exists(&folder.join(file)) {
                continue;
            }
            findings.push(Finding::new(
                &source.path,
                number,
                format!("the link to `{target}` leads nowhere"),
                "correct the path, which counts from this file's folder",
            ));
        }
    }
    findings
}

fn elsewhere(target: &str) -> bool {
    target.contains("://") || target.starts_with("mailto:")
}

fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join("`")
}

fn targets(line: &str) -> Vec<String> {
    let mut targets = Vec::new();
    for (before, end) in AROUND {
        for part in line.split(before).skip(1) {
            if let Some((target, _)) = part.split_once(*end) {
                targets.push(target.to_owned());
            }
        }
    }
    if let Some((label, target)) = line.split_once("]: ")
        && label.starts_with('[')
    {
        targets.push(target.to_owned());
    }
    targets
        .iter()
        // A title may follow the target.
        .filter_map(|target| target.split_whitespace().next())
        .map(|target| {
            target
                .trim_start_matches('<')
                .trim_end_matches('>')
                .to_owned()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn links_lead_somewhere() {
        let table: &[(&str, &str, usize)] = &[
            (
                "README.md",
                "[a](docs/a.md) and [site](https://example.org/x)",
                0,
            ),
            (
                "README.md",
                "[a](docs/a.md#part \"title\"), [below](#part)",
                0,
            ),
            (
                "README.md",
                "`[a](docs/none.md)`\n```\n[a](docs/none.md)\n```",
                0,
            ),
            ("README.md", "[m](mailto:a@example.org) [1]", 0),
            ("docs/b.md", "[a](a.md), [r](../README.md)", 0),
            ("docs/b.rs", "[a](none.md)", 0),
            ("README.md", "[a](docs/none.md)", 1),
            ("README.md", "[a](docs/a.md) ![p](p.png)", 1),
            ("README.md", "<img src=\"docs/none.png\">", 1),
            ("README.md", "[a]: docs/none.md", 1),
            ("docs/b.md", "[a](docs/a.md)", 1),
        ];
        let exists =
            |path: &Path| ["docs/a.md", "docs/../README.md"].contains(&path.to_str().unwrap());
        for (path, text, expected) in table {
            let found = broken(&sample(path, text), &exists);
            assert_eq!(found.len(), *expected, "{path}: {text}: {found:?}");
        }
    }
}
