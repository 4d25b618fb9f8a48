//! The sample cards as a page to show or print. It needs nothing from elsewhere.

use crate::cards::said;
use crate::{SampleCard, SampleGroup, Sandbox};
use kernel::{CardNumber, escaped};
use otipass::{EntriesLeft, Refusal};
use qrcode::QrCode;
use qrcode::render::svg;
use std::fmt::Write;

/// The page.
pub(crate) fn html(sandbox: &Sandbox) -> String {
    let project = escaped(&sandbox.settings().project_id);
    let today = sandbox.today();
    let groups = sandbox.samples();
    let passes = sandbox.passes().len();
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Sample cards · {project}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <header>\n<p class=\"kicker\">Otipass sandbox</p>\n<h1>Sample cards of <em>{project}</em></h1>\n\
         <p>Scan a card from the screen or from paper. What stands here holds for \
         <time datetime=\"{today}\">{today}</time>, with {passes} passes and the entries made so far. \
         A tick means admitted, with so many entries left.</p>\n"
    );
    page.push_str("<nav aria-label=\"Kinds of cards\">");
    for group in groups.iter().filter(|group| !group.cards.is_empty()) {
        let (anchor, title) = (anchor(group), group.fate.title());
        let _ = write!(page, "<a href=\"#{anchor}\">{title}</a>");
    }
    page.push_str("</nav>\n</header>\n<main>\n");
    for group in &groups {
        push_group(&mut page, group);
    }
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn push_group(page: &mut String, group: &SampleGroup) {
    if group.cards.is_empty() {
        return;
    }
    // Writing to a String cannot fail.
    let _ = write!(
        page,
        "<section id=\"{}\">\n<h2>{}</h2>\n<p>{}</p>\n<div class=\"cards\">\n",
        anchor(group),
        group.fate.title(),
        group.fate.meaning()
    );
    for card in &group.cards {
        push_card(page, card);
    }
    page.push_str("</div>\n</section>\n");
}

fn push_card(page: &mut String, card: &SampleCard) {
    let number = card.number.reveal();
    let _ = write!(
        page,
        "<article>\n{}\n<div>\n<h3>{number}</h3>\n",
        qr(&card.number)
    );
    if let Some(day) = card.valid_until {
        let _ = writeln!(page, "<p class=\"until\">until {day}</p>");
    }
    if !card.places.is_empty() {
        page.push_str("<ul>\n");
        for (place, answer) in &card.places {
            let class = if answer.is_ok() { "yes" } else { "no" };
            let (place, said) = (escaped(place), briefly(answer));
            let _ = writeln!(
                page,
                "<li class=\"{class}\"><span>{place}</span> {said}</li>"
            );
        }
        page.push_str("</ul>\n");
    }
    page.push_str("</div>\n</article>\n");
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

fn anchor(group: &SampleGroup) -> String {
    format!("{:?}", group.fate).to_lowercase()
}

const STYLE: &str = "\
:root { --accent: #0b6e6e; --ink: #1c2426; --soft: #5c686b; --line: #dfe5e6; --paper: #fff; --ground: #f4f7f7; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
header, main { max-width: 72rem; margin: 0 auto; padding: 0 1.5rem; }
header { padding-top: 2.5rem; }
h1 { margin: 0; font-size: 2.1rem; line-height: 1.2; letter-spacing: -.01em; }
h1 em { font-style: normal; color: var(--accent); }
header p { max-width: 44rem; color: var(--soft); }
.kicker { margin: 0 0 .3rem; color: var(--accent); font-size: .8rem; font-weight: 600; letter-spacing: .08em; text-transform: uppercase; }
nav { display: flex; flex-wrap: wrap; gap: .5rem; }
nav a { padding: .25rem .8rem; border: 1px solid var(--line); border-radius: 1rem; background: var(--paper); color: var(--accent); font-size: .9rem; text-decoration: none; }
nav a:hover, nav a:focus-visible { border-color: var(--accent); }
section { margin: 2.5rem 0; }
h2 { margin: 0; padding-left: .7rem; border-left: 4px solid var(--accent); font-size: 1.3rem; line-height: 1.3; }
section > p { margin: .3rem 0 1rem; padding-left: calc(.7rem + 4px); color: var(--soft); }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(21rem, 1fr)); gap: 1rem; }
article { display: flex; gap: 1rem; padding: 1rem; border: 1px solid var(--line); border-radius: .8rem; background: var(--paper); break-inside: avoid; }
article svg { flex: none; width: 8.25rem; height: 8.25rem; }
article div { min-width: 0; }
h3 { margin: .2rem 0 0; font-size: 1.25rem; font-variant-numeric: tabular-nums; letter-spacing: .04em; overflow-wrap: anywhere; }
.until { margin: 0; color: var(--soft); font-size: .9rem; }
ul { margin: .5rem 0 0; padding: 0; list-style: none; font-size: .85rem; line-height: 1.45; }
li { padding-left: 1.2rem; text-indent: -1.2rem; overflow-wrap: anywhere; }
li::before { display: inline-block; width: 1.2rem; text-indent: 0; font-weight: 700; }
.yes::before { content: '✓'; color: var(--accent); }
.no::before { content: '–'; color: var(--soft); }
.no { color: var(--soft); }
li span { font-weight: 600; }
@media (max-width: 30rem) { .cards { grid-template-columns: 1fr; } article { flex-wrap: wrap; } }
@media print {
  @page { margin: 12mm; }
  body { background: none; font-size: 10pt; }
  header { padding-top: 0; }
  nav { display: none; }
  section { margin: 1rem 0; }
  h2, section > p { break-after: avoid; }
  .cards { grid-template-columns: 1fr 1fr; gap: .6rem; }
}
";
