//! The set-up: how far it has come, and each of its parts. What is done is read
//! off the database, so that one can leave at any step and come back.

pub(crate) mod connection;
pub(crate) mod device;
pub(crate) mod devices;
pub(crate) mod door;
pub(crate) mod enrolment;
mod form_page;
mod lines;
pub(crate) mod organisation;
pub(crate) mod parts;
pub(crate) mod places;
pub(crate) mod sector;
mod site_change;
pub(crate) mod table;

use super::frame::Frame;
use super::page_error::PageError;
use super::text::texts;
use super::visit::{Answer, Visit};
use crate::SetUp;
use askama::Template;
use boxoffice::Catalogue;
use gate::Site;
use gate::interface::StoredInterface;

texts!(Texts {
    title: "Mise en service", "Set-up";
    lead: "Dans cet ordre. Chaque étape peut être quittée et reprise.",
        "In this order. Each step can be left and taken up again.";
    site: "Organisation, secteurs, portes, appareils", "Organisation, sectors, doors, devices";
    connection: "Connexion à Otipass", "Connection to Otipass";
    mapping: "Paramètres de correspondance", "Mapping parameters";
    catalogue: "Catalogue, tarifs, canal et contact", "Catalogue, tariffs, channel and contact";
    step: "Étape", "Step";
    state: "État", "State";
    done: "fait", "done";
    to_do: "à faire", "to do";
    by_file: "par fichier", "by file";
});

/// Everything the pages of the set-up look at.
#[derive(Debug, Clone, Default)]
pub(crate) struct Present {
    site: Option<Site>,
    interface: StoredInterface,
    catalogue: Catalogue,
}

impl Present {
    pub(crate) async fn read(visit: &Visit) -> Result<Self, PageError> {
        let db = &visit.office.db;
        Ok(Self {
            site: gate::interface::read_site(db).await?,
            interface: gate::interface::read(db).await?,
            catalogue: db
                .read("catalogue", boxoffice::catalogue::load_catalogue)
                .await?,
        })
    }
}

#[derive(Template)]
#[template(path = "back_office/set_up.html")]
struct Page {
    frame: Frame,
    t: &'static Texts,
    steps: Vec<Step>,
}

struct Step {
    path: &'static str,
    name: &'static str,
    state: (&'static str, &'static str),
}

impl Page {
    fn new(frame: Frame, set_up: &SetUp, present: &Present) -> Self {
        let t = Texts::of(frame.formats.language);
        let devices = |site: &Site| !site.devices.is_empty();
        let catalogue = &present.catalogue;
        let sells = !catalogue.tariff_mappings.is_empty()
            && !catalogue.sales_channels.is_empty()
            && catalogue.buyer.is_some();
        let steps = [
            (
                "/office/set-up/site",
                t.site,
                &set_up.site,
                present.site.as_ref().is_some_and(devices),
            ),
            (
                "/office/set-up/connection",
                t.connection,
                &set_up.connection,
                !present.interface.connection.url.is_empty(),
            ),
            (
                "/office/set-up/mapping",
                t.mapping,
                &set_up.mapping,
                present.interface.mapping.is_some() && present.interface.mapping_draft.is_none(),
            ),
            (
                "/office/set-up/catalogue",
                t.catalogue,
                &set_up.catalogue,
                sells,
            ),
        ];
        let steps = steps.map(|(path, name, managed, done)| Step {
            path,
            name,
            state: match (managed.file(), done) {
                (Some(_), _) => ("good", t.by_file),
                (None, true) => ("good", t.done),
                (None, false) => ("bad", t.to_do),
            },
        });
        Self {
            steps: steps.into(),
            frame,
            t,
        }
    }
}

pub(crate) async fn show(visit: Visit) -> Answer {
    let present = Present::read(&visit).await?;
    let page = Page::new(visit.frame(), &visit.office.role.set_up, &present);
    visit.page(&page)
}

pub(crate) fn samples(frame: &Frame) -> Vec<String> {
    let by_file = SetUp {
        site: crate::Managed::ByFile("site.toml".to_owned()),
        ..SetUp::default()
    };
    [SetUp::default(), by_file]
        .iter()
        .filter_map(|set_up| {
            Page::new(frame.clone(), set_up, &Present::default())
                .render()
                .ok()
        })
        .collect()
}
