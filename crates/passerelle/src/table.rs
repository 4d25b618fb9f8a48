//! Tables on a terminal.

/// How a column stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// Prints rows under headings, each column as wide as its widest cell.
#[must_use]
pub fn table(columns: &[(&str, Align)], rows: &[Vec<String>]) -> String {
    let width = |at: usize| {
        rows.iter()
            .filter_map(|row| row.get(at))
            .map(|cell| cell.chars().count())
            .chain([columns[at].0.chars().count()])
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<_> = (0..columns.len()).map(width).collect();
    let headings: Vec<_> = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
    let rule = widths.iter().map(|width| "─".repeat(*width)).collect();
    [&headings, &rule]
        .into_iter()
        .chain(rows)
        .map(|row: &Vec<String>| {
            let cells: Vec<_> = row
                .iter()
                .zip(&widths)
                .zip(columns)
                .map(|((cell, &width), (_, align))| match align {
                    Align::Left => format!("{cell:<width$}"),
                    Align::Right => format!("{cell:>width$}"),
                })
                .collect();
            format!("{}\n", cells.join("  ").trim_end())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [
            vec!["été".to_owned(), "7".to_owned()],
            vec!["a".to_owned(), "1234".to_owned()],
        ];
        assert_eq!(
            table(&[("name", Align::Left), ("n", Align::Right)], &rows),
            "name     n\n────  ────\nété      7\na     1234\n"
        );
    }
}
