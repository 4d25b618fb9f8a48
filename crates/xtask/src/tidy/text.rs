//! Ends of lines and files.

use super::Finding;
use crate::workspace::Source;

const NO_TABS: &[&str] = &["rs", "toml", "md"];

/// Carriage returns, white space at the end of a line, tabs, and a last line
/// without its end.
pub fn untidy(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |line, what, cure| findings.push(Finding::new(&source.path, line, what, cure));
    for (number, line) in (1..).zip(source.text.split('\n')) {
        let content = line.strip_suffix('\r').unwrap_or(line);
        if content != line {
            find(number, "a line ends in CR LF", "end it in LF");
        }
        if content.ends_with([' ', '\t']) {
            find(number, "white space at the end of the line", "remove it");
        }
        if content.contains('\t') && source.is_any(NO_TABS) {
            find(number, "a tab", "write spaces, or \\t inside a string");
        }
    }
    let last = source.text.lines().count();
    if !source.text.is_empty() && !source.text.ends_with('\n') {
        find(last, "the last line does not end", "end it in a newline");
    }
    if source.text.ends_with("\n\n") {
        find(last, "empty lines at the end", "remove them");
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::lines_found;
    use super::*;

    #[test]
    fn lines_and_files_end_well() {
        let table: &[(&str, &str, &[usize])] = &[
            ("a.rs", "one\n\ntwo\n", &[]),
            ("a.rs", "", &[]),
            ("a.sql", "\tindented\n", &[]),
            ("a.rs", "one", &[1]),
            ("a.rs", "one\ntwo \n", &[2]),
            ("a.json", "one\t\n", &[1]),
            ("a.md", "one\ttwo\n", &[1]),
            ("a.rs", "one\r\ntwo\n", &[1]),
            ("a.rs", "one \r\n", &[1, 1]),
            ("a.rs", "one\n\n", &[2]),
        ];
        for (path, text, expected) in table {
            assert_eq!(
                lines_found(untidy, path, text),
                *expected,
                "{path}: {text:?}"
            );
        }
    }
}
