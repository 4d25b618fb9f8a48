//! The sample cards as a page to show or print. It needs nothing from elsewhere.

use crate::cards::said;
use crate::{Fate, SampleGroup, Sandbox};
use askama::Template;
use kernel::{BusinessDay, CardNumber};
use otipass::{EntriesLeft, Refusal};
use qrcode::QrCode;
use qrcode::render::svg;

#[derive(Template)]
#[template(path = "cards.html")]
struct Page<'a> {
    project: &'a str,
    today: BusinessDay,
    passes: usize,
    groups: Vec<SampleGroup>,
}

/// The page.
pub(crate) fn html(sandbox: &Sandbox) -> String {
    let mut groups = sandbox.samples();
    groups.retain(|group| !group.cards.is_empty());
    let page = Page {
        project: &sandbox.settings().project_id,
        today: sandbox.today(),
        passes: sandbox.passes().len(),
        groups,
    };
    // Writing to a text cannot fail.
    page.render().unwrap_or_default()
}

/// As [`said`], in fewer words: the tick says that the card is admitted, and
/// each place keeps to its line.
fn briefly(answer: &Result<EntriesLeft, Refusal>) -> String {
    match answer {
        Ok(EntriesLeft::Unlimited) => "unlimited".to_owned(),
        Ok(EntriesLeft::Count(count)) => format!("{count} left"),
        Err(_) => said(answer),
    }
}

fn qr(number: &CardNumber) -> String {
    let Ok(code) = QrCode::new(number.reveal()) else {
        return String::new();
    };
    let image = code
        .render::<svg::Color<'_>>()
        .min_dimensions(132, 132)
        .build();
    // An image inside a page has no XML declaration, and a name instead.
    let image = image.find("<svg").map_or("", |start| &image[start..]);
    image.replacen(
        "<svg ",
        &format!(
            "<svg role=\"img\" aria-label=\"QR code of {}\" ",
            number.reveal()
        ),
        1,
    )
}

fn anchor(fate: &Fate) -> String {
    format!("{fate:?}").to_lowercase()
}
