//! Migrations.

use super::Finding;
use crate::workspace::Source;

/// Steps of a schema that no context's list names: they would never run.
pub fn unlisted(sources: &[Source]) -> Vec<Finding> {
    sources
        .iter()
        .filter(|source| source.is_any(&["sql"]))
        .filter_map(|source| {
            let (context, file) = source.path.split_once("/migrations/")?;
            let code = format!("{context}/src/");
            let name = format!("migrations/{file}");
            let listed = sources.iter().any(|other| {
                other.path.starts_with(&code) && other.is_any(&["rs"]) && other.text.contains(&name)
            });
            (!listed).then(|| {
                Finding::new(
                    &source.path,
                    1,
                    "no list of migrations names this step",
                    format!("add it at the end of the list in {code}"),
                )
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn a_step_is_listed_by_its_own_context() {
        let sources = [
            sample("crates/gate/migrations/0001_gate.sql", ""),
            sample("crates/gate/migrations/0002_more.sql", ""),
            sample("crates/boxoffice/migrations/0001_sales.sql", ""),
            sample("crates/db/tests/query.sql", ""),
            sample(
                "crates/gate/src/lib.rs",
                "include_str!(\"../migrations/0001_gate.sql\") // and 0001_sales.sql\n\
                 include_str!(\"../../boxoffice/migrations/0001_sales.sql\")",
            ),
        ];
        let found: Vec<String> = unlisted(&sources)
            .into_iter()
            .map(|found| found.file)
            .collect();
        assert_eq!(
            found,
            [
                "crates/gate/migrations/0002_more.sql",
                "crates/boxoffice/migrations/0001_sales.sql",
            ]
        );
    }
}
