//! What the metrics are, in words: those of `docs/operating.md`.

const DOCUMENT: &str = include_str!("../../../docs/operating.md");

/// Gives each metric of the document its words for whoever scrapes.
pub fn describe_metrics() {
    for (name, kind, text) in documented() {
        match kind {
            "counter" => metrics::describe_counter!(name.to_owned(), text.to_owned()),
            "gauge" => metrics::describe_gauge!(name.to_owned(), text.to_owned()),
            _ => metrics::describe_histogram!(name.to_owned(), text.to_owned()),
        }
    }
}

/// Name, kind and words of each metric in the document's table.
fn documented() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let rows = DOCUMENT.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ");
        let names = cells.next()?;
        names
            .starts_with("`passerelle_")
            .then_some((names, cells.next()?, cells.next()?))
    });
    rows.flat_map(|(names, kind, text)| {
        let names = names.split(", ").map(|name| name.trim_matches('`'));
        names.map(move |name| (name.split('{').next().unwrap_or(name), kind, text))
    })
}

#[cfg(test)]
mod tests {
    use super::documented;

    #[test]
    fn each_row_is_read() {
        let all: Vec<_> = documented().collect();
        assert!(all.len() >= 20, "{all:?}");
        for (name, kind, text) in all {
            let known = ["counter", "gauge", "summary"];
            assert!(known.contains(&kind) && !text.is_empty(), "{name}");
            let plain = |c: char| c.is_ascii_lowercase() || c == '_';
            assert!(name.chars().all(plain), "{name}");
        }
    }
}
