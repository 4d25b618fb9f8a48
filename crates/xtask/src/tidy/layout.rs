//! Where things lie, and how much lies there.

use super::Finding;
use crate::workspace::Source;
use std::path::Path;

/// Names that say of what kind the things inside are, not what they are about.
const NO_ROOMS: &[&str] = &[
    "util", "utils", "helper", "helpers", "common", "types", "models", "misc",
];

const CODE: &[&str] = &["rs", "sql", "html", "css", "js", "mjs"];
const LINES_MAX: usize = 600;

/// A file or folder of code that is named by kind.
pub fn forbidden_rooms(source: &Source) -> Vec<Finding> {
    if !source.is_any(CODE) {
        return Vec::new();
    }
    Path::new(&source.path)
        .with_extension("")
        .iter()
        .filter_map(|part| part.to_str())
        .filter(|part| NO_ROOMS.contains(part))
        .map(|part| {
            Finding::new(
                &source.path,
                1,
                format!("`{part}` is no room of this house"),
                "name it by the concept inside, or move the parts to theirs",
            )
        })
        .collect()
}

/// A file that holds more than one concept, to judge by its length.
pub fn too_long(source: &Source) -> Vec<Finding> {
    let lines = source.text.lines().count();
    if !source.is_any(CODE) || lines <= LINES_MAX {
        return Vec::new();
    }
    vec![Finding::new(
        &source.path,
        LINES_MAX + 1,
        format!("the file has {lines} lines, more than {LINES_MAX}"),
        "split it by concept",
    )]
}

#[cfg(test)]
mod tests {
    use super::super::lines_found;
    use super::*;

    #[test]
    fn rooms_are_named_by_concept() {
        let table: &[(&str, &[usize])] = &[
            ("crates/gate/src/check.rs", &[]),
            ("crates/gate/src/models_of_turnstile.rs", &[]),
            ("docs/common.md", &[]),
            ("crates/gate/src/utils.rs", &[1]),
            ("crates/gate/tests/common/mod.rs", &[1]),
            ("crates/server/assets/misc.js", &[1]),
            ("crates/types/src/helpers.rs", &[1, 1]),
        ];
        for (path, expected) in table {
            assert_eq!(lines_found(forbidden_rooms, path, ""), *expected, "{path}");
        }
    }

    #[test]
    fn files_end_somewhere() {
        let table: &[(&str, usize, &[usize])] = &[
            ("crates/gate/src/check.rs", 600, &[]),
            ("crates/gate/src/check.rs", 601, &[601]),
            ("crates/gate/tests/check.rs", 601, &[601]),
            ("docs/long.md", 601, &[]),
        ];
        for (path, lines, expected) in table {
            let text = "\n".repeat(*lines);
            assert_eq!(
                lines_found(too_long, path, &text),
                *expected,
                "{path} {lines}"
            );
        }
    }
}
