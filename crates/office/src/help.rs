//! The documents, as pages.

#[cfg(test)]
pub(crate) mod sample;

use crate::documents::{DOCUMENTS, Document, FRENCH, document};
use crate::page::*;

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    documents: "Documents", "Documents";
    in_english: "Ce document n’existe qu’en anglais. En français :", "";
});

#[derive(Template)]
#[template(path = "help.html")]
struct Page {
    shown: &'static Document,
    frame: Frame,
}

pub(crate) async fn show(visit: Visit, Path(topic): Path<String>) -> Answer {
    let frame = visit.frame();
    let shown = document(&topic).ok_or(PageError::NotFound)?;
    visit.page(&Page { shown, frame })
}
