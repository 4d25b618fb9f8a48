//! What is wrong with the form of the site file, all in one go: what a reading does not
//! take is told and cut out, and it is read again.

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue, Deserializer, Error};

/// After so many mistakes it is no such file: each costs another reading.
const MISTAKES_MAX: usize = 50;

/// What the file says without what is wrong, each told to `refuse`; and whether entries of
/// its lists are missing, so that who names them is not to blame. A key outside of all lists
/// that is missing is the `usual` text.
pub(super) fn read<T: DeserializeOwned>(
    text: &str,
    usual: impl Fn(&str) -> &'static str,
    mut refuse: impl FnMut(&Error),
) -> (Option<T>, bool) {
    let (mut root, errors) = DeTable::parse_recoverable(text);
    let mut lacks_entries = false;
    // What is no TOML tears what stands around it.
    if !errors.is_empty() {
        errors.iter().take(MISTAKES_MAX).for_each(refuse);
        return (None, lacks_entries);
    }
    // In which entry which keys were cut out: that they are missing was told with that.
    let mut told = Vec::new();
    for _ in 0..MISTAKES_MAX {
        let error = match T::deserialize(Deserializer::from(root.clone())) {
            Ok(value) => return (Some(value), lacks_entries),
            Err(error) => error,
        };
        let at = error.span().map_or(0, |span| span.start);
        let missing = error.message().strip_prefix("missing field `");
        let Some(key) = missing.and_then(|rest| rest.split('`').next()) else {
            refuse(&error);
            match cut_key(root.get_mut(), at) {
                Some(cut) => told.push(cut),
                None => break,
            }
            continue;
        };
        let entry = cut_entry(root.get_mut(), at);
        let is_told = told
            .iter()
            .any(|(of, name)| *of == entry && kernel::meant(name, [key]).is_some());
        if !is_told {
            refuse(&error);
        }
        lacks_entries |= entry.is_some();
        if entry.is_none() {
            let name = Spanned::new(at..at, key.to_owned().into());
            let usual = Spanned::new(at..at, DeValue::String(usual(key).into()));
            root.get_mut().insert(name, usual);
        }
    }
    (None, lacks_entries)
}

/// Takes out the key, outside of all entries or in one, that stands at this place or whose
/// value does; says in which entry, by its place, and which.
fn cut_key(table: &mut DeTable<'_>, at: usize) -> Option<(Option<usize>, String)> {
    for (_, value) in table.iter_mut() {
        for entry in entries(value.get_mut()) {
            let place = entry.span().start;
            if let DeValue::Table(table) = entry.get_mut()
                && let Some((_, key)) = cut_key(table, at)
            {
                return Some((Some(place), key));
            }
        }
    }
    let stands = |(key, value): &(&Spanned<_>, &Spanned<DeValue<'_>>)| {
        key.span().contains(&at) || value.span().contains(&at)
    };
    let key = table.iter().find(stands)?.0.get_ref().to_string();
    table.remove(key.as_str()).map(|_| (None, key))
}

/// Takes out the entry that stands at this place.
fn cut_entry(table: &mut DeTable<'_>, at: usize) -> Option<usize> {
    table.iter_mut().find_map(|(_, value)| {
        let DeValue::Array(entries) = value.get_mut() else {
            return None;
        };
        let entry = entries.iter().find(|entry| entry.span().contains(&at))?;
        let place = entry.span().start;
        let all = std::mem::replace(entries, DeArray::new());
        let others = all.into_iter();
        *entries = others.filter(|entry| entry.span().start != place).collect();
        Some(place)
    })
}

fn entries<'t, 'a>(value: &'t mut DeValue<'a>) -> &'t mut [Spanned<DeValue<'a>>] {
    match value {
        DeValue::Array(entries) => entries,
        _ => &mut [],
    }
}

#[cfg(test)]
mod tests {
    use kernel::Finding;

    const VILLENEUVE: &str = include_str!("../../../../examples/villeneuve/site.toml");

    #[test]
    fn all_that_is_wrong_with_a_form_is_told_at_once_and_each_thing_once() {
        let told = |changes: &[(&str, &str)]| {
            let mut text = VILLENEUVE.to_owned();
            for (from, to) in changes {
                assert!(text.contains(from), "{from}");
                text = text.replacen(from, to, 1);
            }
            let (site, findings) = crate::read_site(&text);
            assert_eq!(site, None);
            let told = |finding: &Finding| {
                let line = finding.place.line();
                (line, finding.what(kernel::Language::En))
            };
            findings.iter().map(told).collect::<Vec<_>>()
        };
        let line = |of: &str| {
            1 + VILLENEUVE[..VILLENEUVE.find(of).unwrap()]
                .matches('\n')
                .count()
        };
        for (changes, expected) in [
            (
                &[
                    ("timezone =", "timezon ="),
                    ("door = \"", "dor = \""),
                    ("EUR", "euro"),
                ][..],
                vec![
                    (line("timezone"), "unknown field `timezon`"),
                    (line("EUR"), "is no currency"),
                    (line("door = \""), "unknown field `dor`"),
                ],
            ),
            (
                &[("name = \"Vn_Aug\"\n", ""), ("EUR", "euro")],
                vec![
                    (line("EUR"), "is no currency"),
                    (line("[[sector]]"), "missing field `name`"),
                ],
            ),
            (
                &[
                    ("timezone = \"Europe/Paris\"\n", ""),
                    ("currency = \"EUR\"", "currency = 1"),
                ],
                vec![
                    (1, "missing field `timezone`"),
                    (line("currency") - 1, "invalid type: integer `1`"),
                ],
            ),
            (
                &[("sectors = [", "sectors = [7, "), ("true", "\"yes\"")],
                vec![
                    (line("sectors = ["), "invalid type: integer `7`"),
                    (line("true"), "invalid type: string \"yes\""),
                ],
            ),
            (
                &[
                    ("name = \"Vn_Ray\"", "name = \"Vn_Ray"),
                    ("\"EUR\"", "EUR"),
                    ("door = \"", "dor = \""),
                ],
                vec![
                    (line("EUR"), ""),
                    (line("name = \"Vn_Ray\""), "invalid basic string"),
                ],
            ),
        ] {
            let told = told(changes);
            let is_told = |((at, what), (line, says)): (&(usize, String), &(usize, &str))| {
                at == line && what.contains(says)
            };
            let all = told.len() == expected.len() && told.iter().zip(&expected).all(is_told);
            assert!(all, "{told:#?}, not {expected:#?}");
        }
    }
}
