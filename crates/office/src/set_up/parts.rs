//! The parts of the set-up that are texts: pasted as they are, with what is
//! wrong under its line, and taken up when nothing is.

#[cfg(test)]
pub(crate) mod sample;

use super::Present;
use super::lines::{Remark, remarked};
use crate::Managed;
use crate::access::{self, Address};
use crate::entered::Entered;
use crate::flash::Flash;
use crate::frame::Frame;
use crate::page_error::PageError;
use crate::visit::{Answer, Visit};
use askama::Template;
use axum::http::StatusCode;
use boxoffice::Catalogue;
use gate::{Site, SiteError};
use kernel::Finding;
use serde_json::json;
use staff::audit::Change;

kernel::texts!(Texts in Fr, En {
    back: "Mise en service", "Set-up";
    save: "Enregistrer", "Save";
    remarks: "Remarques, ligne par ligne", "Remarks, line by line";
    not_saved: "Pas encore pris en compte : corrigez d’abord ce qui suit.",
        "Not taken up yet: first correct what follows.";
    by_file: "Cette partie est gérée par un fichier :", "This part is managed by a file:";
    site: "Organisation, secteurs, portes, appareils", "Organisation, sectors, doors, devices";
    site_label: "Le site", "The site";
    site_hint: "Comme dans un fichier de site. Ce qui n’est plus dans le texte reste : cela se retire sur la page des secteurs et portes.",
        "As in a site file. What is no longer in the text stays: it is removed on the page of sectors and doors.";
    long: "Ce qui est enregistré est trop long pour être montré ici. Les autres pages de la mise en service le montrent ; ce que vous collez ici s’y ajoute ou le remplace.",
        "What is saved is too long to be shown here. The other pages of the set-up show it; what you paste here is added to it, or replaces it.";
    catalogue: "Catalogue, tarifs, canal et contact", "Catalogue, tariffs, channel and contact";
    catalogue_label: "Le catalogue", "The catalogue";
    catalogue_hint: "Comme dans un fichier de catalogue. Ce qui y est s’ajoute à ce qui est enregistré, ou le remplace ; ce qui n’y est plus reste et se retire par les formulaires.",
        "As in a catalogue file. What it holds is added to what is saved, or replaces it; what it no longer holds stays, and is removed by the forms.";
});

/// Which part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Site,
    Catalogue,
}

impl Part {
    const fn path(self) -> Address {
        match self {
            Self::Site => access::SITE_TEXT,
            Self::Catalogue => access::CATALOGUE_TEXT,
        }
    }

    fn managed(self, visit: &Visit) -> &Managed {
        let set_up = &visit.office.role.set_up;
        match self {
            Self::Site => &set_up.site,
            Self::Catalogue => &set_up.catalogue,
        }
    }
}

#[derive(Template)]
#[template(path = "set_up_part.html")]
struct Page {
    frame: Frame,
    t: &'static Texts,
    path: Address,
    title: &'static str,
    label: &'static str,
    hint: &'static str,
    file: Option<String>,
    is_long: bool,
    text: String,
    /// Number, text and remarks of each line that has some.
    lines: Vec<(usize, String, Vec<Remark>)>,
    has_mistakes: bool,
}

impl Page {
    fn new(frame: Frame, part: Part, file: Option<&str>, text: String, remarks: &[Remark]) -> Self {
        let t = Texts::of(frame.formats.language);
        let (title, label, hint) = match part {
            Part::Site => (t.site, t.site_label, t.site_hint),
            Part::Catalogue => (t.catalogue, t.catalogue_label, t.catalogue_hint),
        };
        Self {
            path: part.path(),
            title,
            label,
            hint,
            file: file.map(str::to_owned),
            lines: remarked(&text, remarks, |remark| remark.line),
            has_mistakes: remarks.iter().any(|remark| remark.is_mistake),
            is_long: false,
            text,
            frame,
            t,
        }
    }

    /// Without its text and remarks, if these are too much for a page.
    fn light(self) -> Self {
        if self.text.len() <= SHOWN_BYTES {
            return self;
        }
        Self {
            is_long: true,
            text: String::new(),
            lines: Vec::new(),
            ..self
        }
    }
}

/// The most bytes of a part that its page shows: it has to stay light, and
/// nobody reads more than this in a field.
const SHOWN_BYTES: usize = 60_000;

/// The part as it is kept.
async fn show(visit: &Visit, part: Part) -> Answer {
    let present = Present::read(visit).await?;
    let site = present.site.as_ref();
    let (text, remarks) = match part {
        Part::Site => {
            let text = site.map(gate::write_site).unwrap_or_default();
            // Nothing is wrong with what nobody has written yet.
            let found = site.map(|_| gate::read_site(&text).1).unwrap_or_default();
            let found = found.iter();
            let remarks = found
                .map(|f| Remark::of(f, false, visit.language))
                .collect();
            (text, remarks)
        }
        Part::Catalogue if present.catalogue == Catalogue::default() => Default::default(),
        Part::Catalogue => (boxoffice::write_catalogue(&present.catalogue), Vec::new()),
    };
    let file = part.managed(visit).file();
    let page = Page::new(visit.frame(), part, file, text, &remarks);
    visit.page(&page.light())
}

fn wrong(visit: &Visit, part: Part, text: String, found: &[Finding]) -> Answer {
    let found = found.iter();
    let remarks: Vec<_> = found.map(|f| Remark::of(f, true, visit.language)).collect();
    let page = Page::new(visit.frame(), part, None, text, &remarks);
    visit.page_with(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

/// What was entered, with line ends as files have them; refused where a file
/// manages the part.
fn text(visit: &Visit, part: Part, entered: &Entered) -> Result<String, PageError> {
    match part.managed(visit) {
        Managed::Here => Ok(entered.text("text").replace("\r\n", "\n")),
        Managed::ByFile(_) => Err(PageError::NotFound),
    }
}

pub(crate) async fn show_site(visit: Visit) -> Answer {
    show(&visit, Part::Site).await
}

pub(crate) async fn show_catalogue(visit: Visit) -> Answer {
    show(&visit, Part::Catalogue).await
}

pub(crate) async fn save_site(visit: Visit, entered: Entered) -> Answer {
    let text = text(&visit, Part::Site, &entered)?;
    let (site, found) = gate::read_site(&text);
    let Some(site) = site else {
        return wrong(&visit, Part::Site, text, &found);
    };
    let again = {
        let site = site.clone();
        let save = move |tx: &mut db::Tx<'_>| {
            let before = match Site::load(tx) {
                Ok(before) => Some(before),
                Err(SiteError::Missing) => None,
                Err(error) => return Err(error),
            };
            site.save(tx)?;
            let mut change = Change::done("site.changed", "site", &site.organisation)
                .to(json!({ "file": gate::write_site(&Site::load(tx)?) }));
            if let Some(before) = &before {
                change = change.from(json!({ "file": gate::write_site(before) }));
            }
            let same = before
                .as_ref()
                .is_some_and(|before| is_same_house(before, &site));
            Ok((!same, vec![change]))
        };
        let staff = &visit.office.role.staff;
        let saved = staff.change(&visit.actor()?, "set up site", save).await;
        saved.map_err(PageError::internal)?
    };
    if again {
        visit.office.role.set_up.take_up.changed();
    }
    Ok(visit.go_with(Part::Site.path(), Flash::Saved))
}

/// Whether the box office goes on as it is: sectors, doors and devices are the
/// gate's, which takes them up by itself.
fn is_same_house(one: &Site, other: &Site) -> bool {
    (
        &one.institution,
        &one.organisation,
        &one.name,
        &one.zone,
        &one.currency,
    ) == (
        &other.institution,
        &other.organisation,
        &other.name,
        &other.zone,
        &other.currency,
    )
}

pub(crate) async fn save_catalogue(visit: Visit, entered: Entered) -> Answer {
    let text = text(&visit, Part::Catalogue, &entered)?;
    let catalogue = match boxoffice::read_catalogue(&text) {
        Ok(catalogue) => catalogue,
        Err(found) => return wrong(&visit, Part::Catalogue, text, &found),
    };
    let save = move |tx: &mut db::Tx<'_>| {
        boxoffice::catalogue::save_catalogue(tx, &catalogue)?;
        let change =
            Change::done("catalogue.changed", "catalogue", "catalogue").to(json!({ "file": text }));
        Ok::<_, db::DbError>(((), vec![change]))
    };
    let staff = &visit.office.role.staff;
    staff
        .change(&visit.actor()?, "set up catalogue", save)
        .await?;
    Ok(visit.go_with(access::CATALOGUE, Flash::Saved))
}
