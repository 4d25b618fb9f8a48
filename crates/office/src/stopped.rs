//! What ticketing takes none of at present, in one sentence for pages that are about
//! more than that.

use super::format::Formats;
use gate::outbox::trouble::{Stopped, Trouble};
use kernel::text::fill;
use kernel::without_numbers;

kernel::texts!(Texts in Fr, En {
    no_call: "La billetterie ne prend aucun appel depuis le {at}. {why}",
        "Ticketing has taken no call since {at}. {why}";
    some: "Sortes d’entrées que la billetterie ne prend pas en ce moment : {n}.",
        "Kinds of entries that ticketing takes none of at present: {n}.";
});

/// What is stopped: all of it, or how much; `None` if nothing is.
pub(crate) fn sentence(stopped: &[Trouble], formats: &Formats) -> Option<String> {
    let t = Texts::of(formats.language);
    let line = stopped.iter().find(|trouble| trouble.of == Stopped::Line);
    match line {
        Some(line) => {
            let at = formats.moment(line.since);
            // A stranger's words may hold a card number.
            let why = without_numbers(line.why(formats.language));
            Some(fill(t.no_call, &[("at", &at), ("why", &why)]))
        }
        None if stopped.is_empty() => None,
        None => Some(fill(t.some, &[("n", &formats.count(stopped.len()))])),
    }
}
