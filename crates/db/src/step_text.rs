//! The text of a step, statement by statement.

/// The statements of a step, each of which ends with its line, and each line
/// `APPEND ONLY table;` in the engine's words. One by one, since what stands between
/// us and a distributed PostgreSQL's tables takes one at a time.
pub(crate) fn statements<const N: usize>(
    sql: &str,
    append_only: impl Fn(&str) -> [String; N],
) -> Vec<String> {
    let mut all = Vec::new();
    let mut begun = String::new();
    for line in sql.lines() {
        let table = line.strip_prefix("APPEND ONLY ");
        if let Some(table) = table.and_then(|rest| rest.strip_suffix(';')) {
            all.extend(append_only(table));
            continue;
        }
        begun.push_str(line);
        begun.push('\n');
        let code = line.split("--").next().unwrap_or_default();
        if code.trim_end().ends_with(';') {
            all.push(std::mem::take(&mut begun));
        }
    }
    if !begun.trim().is_empty() {
        all.push(begun);
    }
    all
}
