//! What may not stand in code. All of it reads lines, not syntax: `cargo fmt`
//! has put each thing where it can be found.

use super::Finding;
use crate::workspace::Source;

/// Notes to oneself; they need the number of an issue.
const MARKERS: &[&str] = &["TODO", "FIXME", "XXX"];

/// A test that is never run proves nothing.
pub fn ignored_tests(source: &Source) -> Vec<Finding> {
    found_in_rust(
        source,
        &["#[ignore"],
        "an ignored test",
        "make it run, or remove it",
    )
}

/// Exceptions from lints must be checked and explained.
pub fn allowed_lints(source: &Source) -> Vec<Finding> {
    found_in_rust(
        source,
        &["#[allow(", "#![allow("],
        "a lint is allowed",
        "cure what it says, or use #[expect(…, reason = \"…\")]",
    )
}

/// A test that sleeps is slow where it need not be, and fails where the machine
/// is slower than its author thought.
pub fn sleeping_tests(source: &Source) -> Vec<Finding> {
    if !source.is_any(&["rs"]) {
        return Vec::new();
    }
    let whole_file = is_test_file(&source.path);
    let in_tests = test_lines(&source.text);
    source
        .lines()
        .zip(in_tests)
        .filter(|(_, in_test)| whole_file || *in_test)
        .filter(|((_, line), _)| {
            let code = without_comment(line);
            code.contains("thread::sleep") || code.contains("time::sleep")
        })
        .map(|((number, _), _)| {
            Finding::new(
                &source.path,
                number,
                "a test sleeps",
                "wait for the event itself, or move a ManualClock",
            )
        })
        .collect()
}

/// A marker without the issue that will remove it stays for ever.
pub fn unnumbered_markers(source: &Source) -> Vec<Finding> {
    // Prose may speak about markers.
    if source.is_any(&["md"]) {
        return Vec::new();
    }
    source
        .lines()
        .filter(|(_, line)| !names_issue(line))
        .filter_map(|(number, line)| {
            let marker = MARKERS.iter().find(|marker| has_word(line, marker))?;
            Some(Finding::new(
                &source.path,
                number,
                format!("{marker} without an issue"),
                format!("do it now, or write {marker} #123 with the number of its issue"),
            ))
        })
        .collect()
}

fn found_in_rust(source: &Source, patterns: &[&str], what: &str, cure: &str) -> Vec<Finding> {
    if !source.is_any(&["rs"]) {
        return Vec::new();
    }
    source
        .lines()
        .filter(|(_, line)| {
            let code = without_comment(line);
            patterns.iter().any(|pattern| code.contains(pattern))
        })
        .map(|(number, _)| Finding::new(&source.path, number, what, cure))
        .collect()
}

fn without_comment(line: &str) -> &str {
    line.split_once("//").map_or(line, |(code, _)| code)
}

/// `tests/` beside `src/`, or a file `tests.rs` or folder `tests` inside.
pub(super) fn is_test_file(path: &str) -> bool {
    path.split('/')
        .any(|part| part == "tests" || part == "tests.rs")
}

/// For each line, whether it belongs to an item under `#[cfg(test)]`. Such an
/// item ends at the first line that closes at the attribute's own indentation.
fn test_lines(text: &str) -> Vec<bool> {
    let mut open: Option<&str> = None;
    let mut at_head = false;
    text.lines()
        .map(|line| {
            let trimmed = line.trim_start();
            let indentation = &line[..line.len() - trimmed.len()];
            let opens = ["#[cfg(test", "#[cfg(all(test", "#[cfg(any(test"];
            if open.is_none() && opens.iter().any(|start| trimmed.starts_with(start)) {
                open = Some(indentation);
                at_head = true;
                return true;
            }
            let Some(item) = open else {
                return false;
            };
            if at_head && trimmed.starts_with("#[") {
                return true;
            }
            // `mod tests;` or `use …;`: the item is this line.
            let one_line = at_head && trimmed.ends_with([';', ',', '}']);
            let closes = indentation == item && trimmed.starts_with('}');
            if one_line || closes {
                open = None;
            }
            at_head = false;
            true
        })
        .collect()
}

fn names_issue(line: &str) -> bool {
    line.split('#')
        .skip(1)
        .any(|after| after.starts_with(|first: char| first.is_ascii_digit()))
}

fn has_word(line: &str, word: &str) -> bool {
    let part_of_word = |character: char| character.is_alphanumeric() || character == '_';
    line.match_indices(word).any(|(start, _)| {
        !line[..start].ends_with(part_of_word)
            && !line[start + word.len()..].starts_with(part_of_word)
    })
}

#[cfg(test)]
mod tests {
    use super::super::lines_found;
    use super::*;

    type Rule = fn(&Source) -> Vec<Finding>;

    #[test]
    fn samples() {
        let table: &[(Rule, &str, &str, &[usize])] = &[
            (ignored_tests, "a.rs", "#[test]\nfn f() {}", &[]),
            (ignored_tests, "a.rs", "// no #[ignore] here", &[]),
            (ignored_tests, "a.md", "#[ignore]", &[]),
            (ignored_tests, "a.rs", "#[test]\n#[ignore]", &[2]),
            (ignored_tests, "a.rs", "    #[ignore = \"slow\"]", &[1]),
            (
                allowed_lints,
                "a.rs",
                "#[expect(dead_code, reason = \"\")]",
                &[],
            ),
            (allowed_lints, "a.rs", "#[allow(dead_code)]", &[1]),
            (allowed_lints, "a.rs", "\n#![allow(clippy::all)]", &[2]),
            (unnumbered_markers, "a.rs", "// TODO #12: prune", &[]),
            (unnumbered_markers, "a.rs", "// TODO(#12): prune", &[]),
            (unnumbered_markers, "a.rs", "let XXXX = TODOS;", &[]),
            (unnumbered_markers, "a.md", "TODO", &[]),
            (unnumbered_markers, "a.rs", "// TODO: prune", &[1]),
            (unnumbered_markers, "a.sql", "\n-- FIXME # 12", &[2]),
            (unnumbered_markers, "a.toml", "# XXX", &[1]),
        ];
        for (rule, path, text, expected) in table {
            assert_eq!(lines_found(*rule, path, text), *expected, "{path}: {text}");
        }
    }

    #[test]
    fn only_tests_may_not_sleep() {
        let sleep = "    tokio::time::sleep(pause).await;\n";
        let production = format!("async fn wait() {{\n{sleep}}}\n");
        let inside = format!("#[cfg(test)]\nmod tests {{\n{sleep}}}\n{production}");
        let declared = format!("#[cfg(test)]\nmod tests;\n{production}");
        let described = format!("#[cfg(test)]\n#[path = \"t.rs\"]\nmod t;\n{production}");
        let table: &[(&str, &str, &[usize])] = &[
            ("crates/gate/src/queue.rs", &production, &[]),
            ("crates/gate/src/queue.rs", &declared, &[]),
            ("crates/gate/src/queue.rs", &described, &[]),
            ("crates/gate/src/queue.rs", &inside, &[3]),
            ("crates/gate/src/queue/tests.rs", &production, &[2]),
            ("crates/gate/tests/queue.rs", &production, &[2]),
            ("crates/gate/tests/queue.rs", "std::thread::sleep(d);", &[1]),
            (
                "crates/gate/tests/queue.rs",
                "// thread::sleep is slow",
                &[],
            ),
            ("docs/tests/queue.md", "thread::sleep", &[]),
        ];
        for (path, text, expected) in table {
            assert_eq!(
                lines_found(sleeping_tests, path, text),
                *expected,
                "{path}: {text}"
            );
        }
    }
}
