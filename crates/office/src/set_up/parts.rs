//! The catalogue as a text, the one way to enter much of it at once: pasted as it
//! is, with what is wrong under its line, and taken up when nothing is.

#[cfg(test)]
pub(crate) mod sample;

use super::catalogue_change::kept;
use super::lines::remarked;
use crate::page::*;
use kernel::Finding;

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    not_saved: "Pas encore pris en compte : corrigez d’abord ce qui suit.",
        "Not taken up yet: first correct what follows.";
    long: "Ce qui est enregistré est trop long pour être montré ici. Les autres pages de la mise en service le montrent ; ce que vous collez ici s’y ajoute ou le remplace.",
        "What is saved is too long to be shown here. The other pages of the set-up show it; what you paste here is added to it, or replaces it.";
    title: "Catalogue, tarifs, canal et contact", "Catalogue, tariffs, channel and contact";
    label: "Le catalogue", "The catalogue";
    hint: "Comme dans un fichier de catalogue. Ce qui y est s’ajoute à ce qui est enregistré, ou le remplace ; ce qui n’y est plus reste et se retire par les formulaires.",
        "As in a catalogue file. What it holds is added to what is saved, or replaces it; what it no longer holds stays, and is removed by the forms.";
});

#[derive(Template)]
#[template(path = "set_up_part.html")]
struct Page {
    is_long: bool,
    text: String,
    /// Number, text and findings of each line that has some.
    lines: Vec<(usize, String, Vec<Finding>)>,
    frame: Frame,
}

impl Page {
    fn new(frame: Frame, text: String, found: &[Finding]) -> Self {
        Self {
            lines: remarked(&text, found, |finding| finding.place.line()),
            is_long: false,
            text,
            frame,
        }
    }

    /// Without its text and remarks, if these are too much for a page.
    fn light(mut self) -> Self {
        if self.text.len() > SHOWN_BYTES {
            self.is_long = true;
            self.text.clear();
            self.lines.clear();
        }
        self
    }
}

/// The most bytes of a text that the page shows: it has to stay light, and
/// nobody reads more than this in a field.
const SHOWN_BYTES: usize = 60_000;

pub(crate) async fn show(visit: Visit) -> Answer {
    let catalogue = kept(&visit).await?;
    let text = if catalogue == Catalogue::default() {
        String::new()
    } else {
        boxoffice::write_catalogue(&catalogue)
    };
    let frame = visit.frame().managed_by(&visit.set_up().catalogue);
    visit.page(&Page::new(frame, text, &[]).light())
}

pub(crate) async fn save(visit: Visit, entered: Entered) -> Answer {
    visit.set_up().catalogue.changeable()?;
    // Line ends as files have them.
    let text = entered.text("text").replace("\r\n", "\n");
    let reading = boxoffice::look_through_catalogue(&text);
    let mut found = reading.findings.clone();
    found.extend(boxoffice::new_codes_with_space(
        &reading,
        &kept(&visit).await?,
    ));
    if !found.is_empty() {
        let visit = visit.wrong(Entered::default(), Mistakes::default());
        return visit.page(&Page::new(visit.frame(), text, &found));
    }
    let catalogue = reading.catalogue;
    let save = move |tx: &mut Tx<'_>| {
        boxoffice::catalogue::save_catalogue(tx, &catalogue)?;
        let change =
            Change::done("catalogue.changed", "catalogue", "catalogue").to(json!({ "file": text }));
        Ok::<_, DbError>(((), vec![change]))
    };
    visit.change("set up catalogue", save).await??;
    Ok(visit.go_with(access::CATALOGUE, Flash::Saved))
}
