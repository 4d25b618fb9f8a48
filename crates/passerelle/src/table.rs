//! Tables on a terminal.

/// A row: each value as it is shown.
macro_rules! cells {
    ($($value:expr),* $(,)?) => { vec![$($value.to_string()),*] };
}

/// A table of `rows` below its headings, which stand in one text with commas
/// between them. A column is aligned to the right if its heading begins with `>`.
#[must_use]
pub fn table(headings: &str, rows: &[Vec<String>]) -> String {
    let headings: Vec<_> = headings.split(',').map(str::trim).collect();
    let names = headings.iter().map(|name| name.trim_start_matches('>'));
    let names: Vec<_> = names.map(str::to_owned).collect();
    let width = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at));
        let widths = cells.chain([&names[at]]).map(|cell| cell.chars().count());
        widths.max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..names.len()).map(width).collect();
    let rule = widths.iter().map(|width| "─".repeat(*width)).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).zip(&headings);
        let cells: Vec<_> = cells
            .map(|((cell, &width), heading)| match heading.starts_with('>') {
                true => format!("{cell:>width$}"),
                false => format!("{cell:<width$}"),
            })
            .collect();
        format!("{}\n", cells.join("  ").trim_end())
    };
    [&names, &rule].into_iter().chain(rows).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [cells!["été", 7], cells!["a", 1234]];
        assert_eq!(
            table("name, >n", &rows),
            "name     n\n────  ────\nété      7\na     1234\n"
        );
    }
}
