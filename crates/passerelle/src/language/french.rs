//! What errors say, in French. They are written in English where they arise, for the
//! log too; a person at a terminal reads them in their own language. What a library
//! says that nobody knows here stays English.

use super::po::ERRORS;

/// A sentence in French, or several with colons between them, as causes stand; as it is,
/// if it is not known.
pub(super) fn in_french(text: &str) -> String {
    known(text).unwrap_or_else(|| {
        let parted = |(at, colon): (usize, &str)| Some((known(&text[..at])?, at + colon.len()));
        match text.match_indices(": ").find_map(parted) {
            Some((first, behind)) => format!("{first}\u{a0}: {}", in_french(&text[behind..])),
            None => text.to_owned(),
        }
    })
}

/// A known sentence in French. What is filled in may be one.
fn known(text: &str) -> Option<String> {
    let of = |[english, french]: &'static [String; 2]| Some((places(english, text)?, french));
    let (places, french) = ERRORS.iter().find_map(of)?;
    let mut filled = String::new();
    let (mut rest, mut next) = (french.as_str(), 0);
    while let Some((before, after)) = rest.split_once('{') {
        let (number, behind) = after.split_once('}').unwrap_or((after, ""));
        let at = number.parse().unwrap_or(next);
        filled += before;
        filled += &places
            .get(at)
            .map_or_else(String::new, |text| in_french(text));
        (rest, next) = (behind, at + 1);
    }
    Some(filled + rest)
}

/// What stands in the places of a sentence, if the text is that.
fn places<'t>(sentence: &str, text: &'t str) -> Option<Vec<&'t str>> {
    let mut pieces = sentence.split("{}").peekable();
    let mut rest = text.strip_prefix(pieces.next()?)?;
    let mut places = Vec::new();
    while let Some(piece) = pieces.next() {
        let (place, after) = match pieces.peek() {
            None => (rest.strip_suffix(piece)?, ""),
            Some(_) => rest.split_once(piece)?,
        };
        places.push(place);
        rest = after;
    }
    rest.is_empty().then_some(places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// What makes an error.
    const MAKERS: [&str; 5] = ["#[error", "bail!", "ensure!", ".context", "with_context"];

    /// Where the errors arise that commands tell.
    const SOURCES: &str = "
        passerelle/src/account_command.rs passerelle/src/assemble.rs passerelle/src/back_office.rs
        passerelle/src/backup.rs passerelle/src/device.rs passerelle/src/doctor_command.rs
        passerelle/src/edge_command.rs passerelle/src/folders.rs passerelle/src/house.rs
        passerelle/src/init.rs passerelle/src/notices_command.rs passerelle/src/out.rs
        passerelle/src/reconcile.rs passerelle/src/report.rs passerelle/src/retention.rs
        passerelle/src/sales.rs passerelle/src/sandbox_command.rs
        passerelle/src/secrets_command.rs passerelle/src/serve.rs passerelle/src/set_up.rs
        passerelle/src/support_bundle.rs passerelle/src/ticketing.rs
        books/src/backup.rs books/src/backup/manifest.rs books/src/backup/restore.rs
        books/src/retention.rs boxoffice/src/catalogue.rs boxoffice/src/external_sales.rs
        boxoffice/src/sales_file.rs boxoffice/src/stx_import.rs boxoffice/src/stx_upload.rs
        config/src/lib.rs config/src/tls.rs db/src/error.rs edge/src/config.rs edge/src/door.rs
        edge/src/journal.rs edge/src/run.rs edge/src/server.rs gate/src/devices/token.rs
        gate/src/site/interface.rs gate/src/site/layout.rs kernel/src/code.rs kernel/src/seal.rs
        kernel/src/table.rs kernel/src/time.rs notices/src/notices.rs sandbox/src/pass.rs
        secutix/src/client/error.rs secutix/src/stx/dialect.rs secutix/src/stx/reader.rs";

    /// The texts in a source of which errors are made, `{}` for what is filled in.
    fn sentences(source: &str) -> Vec<String> {
        let lines = source.lines().take_while(|line| *line != "mod tests {");
        let lines = lines.filter(|line| !line.trim_start().starts_with("//"));
        let source = lines.collect::<Vec<_>>().join("\n").replace("'\"'", "");
        let (mut found, mut rest) = (Vec::new(), source.as_str());
        // For each parenthesis that is open, whether an error is made in it.
        let mut open = vec![false];
        while let Some((before, from)) = rest.find(['(', ')', '"']).map(|at| rest.split_at(at)) {
            rest = &from[1..];
            match &from[..1] {
                "(" => {
                    let makes = MAKERS.iter().any(|maker| before.ends_with(maker));
                    open.push(makes || open.last() == Some(&true));
                }
                ")" => drop(open.pop()),
                _ => {
                    let ends = rest.match_indices('"').map(|(at, _)| at);
                    let end = ends.into_iter().find(|at| !rest[..*at].ends_with('\\'));
                    let (text, after) = rest.split_at(end.unwrap());
                    rest = &after[1..];
                    if open.last() == Some(&true) {
                        found.push(text.split("\\\n").map(str::trim_start).collect());
                    }
                }
            }
        }
        let slotted = |text: String| {
            let mut parts = text.split('{');
            let first = parts.next().unwrap_or_default().to_owned();
            let behind = parts.map(|part| part.split_once('}').map_or("", |(_, behind)| behind));
            behind.fold(first, |text, behind| format!("{text}{{}}{behind}"))
        };
        let slotted = found.into_iter().map(slotted);
        slotted.map(|text| text.replace("\\\"", "\"")).collect()
    }

    #[test]
    fn what_errors_say_is_there_in_french() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let sources = SOURCES.split_whitespace().map(|path| crates.join(path));
        let sources = sources.map(|path| std::fs::read_to_string(path).unwrap());
        let all: Vec<_> = sources.flat_map(|source| sentences(&source)).collect();
        assert!(all.len() > 100, "{all:#?}");
        let is_said = |text: &&String| text.replace("{}", "").split_whitespace().count() > 2;
        let unknown = all
            .iter()
            .filter(is_said)
            .filter(|text| in_french(text) == **text);
        let unknown: Vec<_> = unknown.collect();
        assert!(unknown.is_empty(), "{unknown:#?}");
        for [english, french] in &*ERRORS {
            let count = |text: &str| text.matches('{').count();
            assert!(count(french) <= count(english), "{french}");
        }
    }

    #[test]
    fn a_sentence_is_known_with_what_is_filled_in() {
        for (english, french) in [
            ("the database is closed", "la base est fermée"),
            ("/a/b cannot be written", "/a/b ne peut pas être écrit"),
            (
                "error: invalid value 'x' for '--from <DAY>': \"x\" is not a day; write it like 2026-07-14",
                "erreur\u{a0}: valeur impossible «\u{a0}x\u{a0}» pour «\u{a0}--from <DAY>\u{a0}»\u{a0}: \"x\" n’est pas un jour\u{a0}; écrivez-le comme 2026-07-14",
            ),
            (
                "\"xx\" is no language; choose en or fr",
                "\"xx\" n’est pas une langue\u{a0}; choisissez parmi en ou fr",
            ),
            (
                "the site could not be read or written: the database is closed: x",
                "le site n’a pas pu être lu ou écrit\u{a0}: la base est fermée\u{a0}: x",
            ),
            ("what nobody knows", "what nobody knows"),
        ] {
            assert_eq!(in_french(english), french);
        }
    }
}
