//! Tables to which rows are only added.

/// The statements with each line `APPEND ONLY table;` in the engine's words.
pub(crate) fn with_append_only(sql: &str, words: impl Fn(&str) -> String) -> String {
    sql.lines()
        .map(|line| {
            line.strip_prefix("APPEND ONLY ")
                .and_then(|rest| rest.strip_suffix(';'))
                .map_or_else(|| line.to_owned(), &words)
        })
        .collect::<Vec<_>>()
        .join("\n")
}
