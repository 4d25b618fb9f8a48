//! The sample cards as a page to show or print. It needs nothing from elsewhere.

use crate::cards::{Texts, briefly};
use crate::{SampleGroup, Sandbox};
use askama::Template;
use kernel::text::fill;
use kernel::{BusinessDay, CardNumber, Language};
use qrcode::QrCode;
use qrcode::render::svg;

#[derive(Template)]
#[template(path = "cards.html")]
struct Page<'a> {
    language: Language,
    t: &'static Texts,
    project: &'a str,
    today: BusinessDay,
    passes: usize,
    groups: Vec<SampleGroup>,
}

/// The page.
pub(crate) fn html(sandbox: &Sandbox) -> String {
    let mut groups = sandbox.samples();
    groups.retain(|group| !group.cards.is_empty());
    let language = sandbox.settings().language;
    let page = Page {
        language,
        t: Texts::of(language),
        project: &sandbox.settings().project_id,
        today: sandbox.today(),
        passes: sandbox.passes().len(),
        groups,
    };
    // Writing to a text cannot fail.
    page.render().unwrap_or_default()
}

fn qr(number: &CardNumber, t: &Texts) -> String {
    let Ok(code) = QrCode::new(number.reveal()) else {
        return String::new();
    };
    let image = code
        .render::<svg::Color<'_>>()
        .min_dimensions(132, 132)
        .build();
    // An image inside a page has no XML declaration, and a name instead.
    let image = image.find("<svg").map_or("", |start| &image[start..]);
    let named = fill(t.code_of, &[("number", &number.reveal())]);
    image.replacen(
        "<svg ",
        &format!("<svg role=\"img\" aria-label=\"{named}\" "),
        1,
    )
}
