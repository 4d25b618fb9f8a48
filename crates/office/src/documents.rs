//! The project's documents, part of the program: an installed one has no folder with
//! them beside it.

use crate::access::{self, Address};
use crate::format::breakable;
use kernel::Language;
use pulldown_cmark::{Alignment, CowStr, Event, Options, Parser, Tag, TagEnd, html};
use std::path::Path;

/// One document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Document {
    /// What one asks for it by.
    pub topic: &'static str,
    /// The text, as CommonMark; its first line is its title.
    pub text: &'static str,
}

macro_rules! documents {
    ($($topic:literal: $path:literal;)*) => {
        /// All that people who run Passerelle may need, in the order in which they need it.
        pub const DOCUMENTS: &[Document] = &[$(Document {
            topic: $topic,
            text: include_str!(concat!("../../../docs/", $path)),
        }),*];
    };
}

documents! {
    "back-office": "back-office.md";
    "operating": "operating.md";
    "doctor": "doctor.md";
    "scan": "scan.md";
    "camera": "camera.md";
    "edge": "edge.md";
    "ticketing": "ticketing.md";
    "otipass": "interfaces/otipass.md";
    "device-api": "interfaces/device-api.md";
    "access-control-service": "interfaces/access-control-service.md";
    "access-control-lists": "interfaces/access-control-lists.md";
    "catalogue": "interfaces/catalogue.md";
    "site-table": "interfaces/site-table.md";
    "statement-file": "interfaces/statement-file.md";
    "stx-file": "interfaces/stx-file.md";
    "mise-en-route": "mise-en-route.md";
}

/// The one that is in French.
pub(crate) const FRENCH: &str = "mise-en-route";

/// The document about `topic`.
#[must_use]
pub fn document(topic: &str) -> Option<&'static Document> {
    DOCUMENTS.iter().find(|document| document.topic == topic)
}

/// Where the help of the page at `path` is: its own, or that of those above it.
pub(crate) fn help_of(path: &str) -> String {
    let is_above = |at: &&Address| {
        let before_id = at.path.split('{').next();
        at.help.is_some() && before_id.is_some_and(|above| path.starts_with(above))
    };
    let above = access::ALL.iter().filter(is_above);
    let page = above
        .max_by_key(|at| at.path.len())
        .unwrap_or(&access::TODAY);
    let (topic, heading) = page.help.unwrap_or_default();
    format!("{}#{heading}", access::HELP.of(topic))
}

impl Document {
    /// What it is written in.
    #[must_use]
    pub fn language(&self) -> Language {
        match self.topic {
            FRENCH => Language::Fr,
            _ => Language::En,
        }
    }

    /// Its first heading.
    #[must_use]
    pub fn title(&self) -> &'static str {
        let first = self.text.lines().next().unwrap_or_default();
        first.trim_start_matches(['#', ' '])
    }

    /// As it is, for a terminal: where a link led, the command for that document; pictures
    /// are left out.
    #[must_use]
    pub fn plain(&self) -> String {
        let (mut plain, mut done) = (String::new(), 0);
        let parser = Parser::new_ext(self.text, Options::ENABLE_TABLES);
        for (event, range) in parser.into_offset_iter() {
            let said = match event {
                Event::Start(Tag::Image { .. }) => String::new(),
                Event::Start(Tag::Link { dest_url, .. }) if !is_elsewhere(&dest_url) => {
                    let whole = &self.text[range.clone()];
                    let label = whole
                        .rsplit_once("](")
                        .map_or(whole, |(label, _)| &label[1..]);
                    match led(&dest_url) {
                        None => label.to_owned(),
                        Some((document, _)) if label.ends_with(".md") => document.command(),
                        Some((document, _)) => format!("{label} ({})", document.command()),
                    }
                }
                _ => continue,
            };
            if range.start >= done {
                plain += &self.text[done..range.start];
                plain += &said;
                done = range.end;
            }
        }
        plain + &self.text[done..]
    }

    /// What prints it.
    fn command(&self) -> String {
        format!("`passerelle help {}`", self.topic)
    }

    /// As part of a page. Headings can be led to; pictures are left out, as are links to
    /// what is not in the program.
    pub(crate) fn html(&self) -> String {
        let mut events = Vec::new();
        let mut hidden = 0_usize;
        let mut is_table = false;
        let mut links = Vec::new();
        for event in Parser::new_ext(self.text, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::Image { .. }) => hidden += 1,
                Event::End(TagEnd::Image) => hidden -= 1,
                _ if hidden > 0 => {}
                Event::Start(Tag::Link {
                    link_type,
                    dest_url,
                    title,
                    id,
                }) => {
                    let leads = target(&dest_url);
                    links.push(leads.is_some());
                    events.extend(leads.map(|target| {
                        Event::Start(Tag::Link {
                            link_type,
                            dest_url: target.into(),
                            title,
                            id,
                        })
                    }));
                }
                Event::End(TagEnd::Link) => {
                    if links.pop() == Some(true) {
                        events.push(event);
                    }
                }
                // By a style, which no page may have.
                Event::Start(Tag::Table(columns)) => {
                    is_table = true;
                    let columns = vec![Alignment::None; columns.len()];
                    events.push(Event::Start(Tag::Table(columns)));
                }
                Event::Code(name) if is_table => {
                    let code = format!("<code>{}</code>", breakable(&name));
                    events.push(Event::InlineHtml(code.into()));
                }
                event => {
                    is_table &= event != Event::End(TagEnd::Table);
                    events.push(event);
                }
            }
        }
        name_headings(&mut events);
        let mut text = String::new();
        html::push_html(&mut text, events.into_iter());
        text.replace("<th>", "<th scope=\"col\">")
            .replace("<table>", "<div class=\"table\" tabindex=\"0\"><table>")
            .replace("<pre>", "<pre tabindex=\"0\">")
            .replace("</table>", "</table></div>")
            .replace('{', "&#123;")
            .replace('}', "&#125;")
    }
}

/// Gives each heading the id that links to it name.
fn name_headings(events: &mut [Event<'_>]) {
    for at in 0..events.len() {
        if !matches!(events[at], Event::Start(Tag::Heading { .. })) {
            continue;
        }
        let behind = events[at + 1..].iter();
        let words: String = behind
            .take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))))
            .filter_map(|event| match event {
                Event::Text(text) | Event::Code(text) => Some(text.as_ref()),
                _ => None,
            })
            .collect();
        if let Event::Start(Tag::Heading { id, .. }) = &mut events[at] {
            *id = Some(CowStr::from(heading_id(&words)));
        }
    }
}

/// As the usual viewers of such documents make it.
fn heading_id(heading: &str) -> String {
    let lower = heading.to_lowercase().replace(' ', "-");
    lower
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
        .collect()
}

/// Whether a link leads into the web.
fn is_elsewhere(link: &str) -> bool {
    link.starts_with("http")
}

/// Where a link of a document leads in the program, if it does.
fn target(link: &str) -> Option<String> {
    if link.starts_with('#') || is_elsewhere(link) {
        return Some(link.to_owned());
    }
    let (document, heading) = led(link)?;
    let heading = Some(heading).filter(|heading| !heading.is_empty());
    let heading = heading.map(|heading| format!("#{heading}"));
    Some(access::HELP.of(document.topic) + &heading.unwrap_or_default())
}

/// The document of a link, and the heading there.
fn led(link: &str) -> Option<(&'static Document, &str)> {
    let (path, heading) = link.split_once('#').unwrap_or((link, ""));
    let topic = path.strip_suffix(".md").map(Path::new)?.file_name()?;
    Some((document(topic.to_str()?)?, heading))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// What stands behind `mark` up to the next quotation mark.
    fn all<'a>(html: &'a str, mark: &str) -> Vec<&'a str> {
        let pieces = html.split(mark).skip(1);
        pieces.map(|rest| rest.split('"').next().unwrap()).collect()
    }

    #[test]
    fn each_link_and_the_help_of_each_page_lead_to_a_heading_that_there_is() {
        let mut headings = BTreeSet::new();
        for document in DOCUMENTS {
            assert!(!document.title().is_empty(), "{}", document.topic);
            let at = access::HELP.of(document.topic);
            let html = document.html();
            for id in all(&html, " id=\"") {
                headings.insert(format!("{at}#{id}"));
            }
            headings.insert(at);
        }
        let mut links = 0;
        for document in DOCUMENTS {
            for link in all(&document.html(), "href=\"") {
                let whole = match link.strip_prefix('#') {
                    Some(_) => access::HELP.of(document.topic) + link,
                    None => link.to_owned(),
                };
                links += 1;
                let known = link.starts_with("http") || headings.contains(&whole);
                assert!(known, "{}: {link}", document.topic);
            }
        }
        assert!(links > 50, "{links}");
        for address in access::ALL {
            let help = help_of(address.path);
            assert!(headings.contains(&help), "{address}: {help}");
        }
        assert_eq!(
            help_of("/office/set-up/mapping"),
            "/office/help/back-office#mapping-parameters"
        );
        for (path, heading) in [
            ("/office/set-up/new-sector", "a-sector"),
            ("/office/set-up/sectors/VN_AUG", "a-sector"),
            ("/office/set-up/doors", "sectors-doors-and-devices"),
            ("/office/set-up/doors/VN_AUG_D1", "a-door"),
            ("/office/set-up/new-device", "a-device"),
            ("/office/set-up/devices/PDA01", "enrolling-devices"),
            ("/office/set-up/catalogue/tariff", "catalogue-and-tariffs"),
            ("/office/set-up/buyer", "channel-and-contact"),
            ("/office/set-up/test-card", "trying-it-with-a-card"),
        ] {
            assert_eq!(help_of(path), format!("/office/help/back-office#{heading}"));
        }
        assert_eq!(help_of("/"), "/office/help/back-office#the-day");
    }

    #[test]
    fn text_stays_text_and_pictures_are_left_out() {
        let document = Document {
            topic: "x",
            text: "# A `<b>` & more\n\n![picture](pictures/a.png) [code](../crates/a.rs) [day](scan.md#scan)\n",
        };
        assert_eq!(document.title(), "A `<b>` & more");
        let html = document.html();
        assert!(html.contains("&lt;b&gt;"), "{html}");
        assert!(
            !html.contains("picture") && html.contains(" code "),
            "{html}"
        );
        assert!(html.contains("/office/help/scan#scan"), "{html}");
    }
    #[test]
    fn on_a_terminal_links_are_commands() {
        let document = Document {
            topic: "x",
            text: "[a\nb](scan.md#c) [scan.md](scan.md) [`d`](../crates/d.rs) [e](#f) [g](https://h.example.org)\n\n\
                   | ![i](i.png) | `[j](k.md)` |\n|---|---|\n| [l](camera.md) | é |\n",
        };
        assert_eq!(
            document.plain(),
            "a\nb (`passerelle help scan`) `passerelle help scan` `d` e [g](https://h.example.org)\n\n\
             |  | `[j](k.md)` |\n|---|---|\n| l (`passerelle help camera`) | é |\n"
        );
        for document in DOCUMENTS {
            let plain = document.plain();
            let links = plain.split("](").skip(1);
            let files: Vec<_> = links.filter(|link| !is_elsewhere(link)).collect();
            assert!(files.is_empty(), "{}: {files:?}", document.topic);
        }
    }
}
