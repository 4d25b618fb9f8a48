//! All devices: where each stands, whether it is enrolled, when it was seen.

#[cfg(test)]
pub(crate) mod sample;

use super::site_change::{self, listed};
use crate::page::{Answer, Frame, Query, Template, Visit, access, fill};
use crate::pager::cut;
use gate::{DeviceState, Mode};
use kernel::percent_encoded;
use kernel::{DeviceCode, DoorCode};

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    lead: "{enrolled} sur {all} sont enrôlés.", "{enrolled} of {all} are enrolled.";
    more: "Appareils suivants", "More devices";
    none: "Il n’y a pas encore d’appareil. Ajoutez d’abord un secteur et une porte.",
        "There is no device yet. First add a sector and a door.";
});

/// Rows on a page.
const ROWS: usize = 100;

#[derive(Template)]
#[template(path = "devices.html")]
struct Page {
    frame: Frame,
    t: &'static Texts,
    lead: String,
    may_add: bool,
    may_enrol: bool,
    rows: Vec<Row>,
    /// The code behind which the next page begins.
    next: Option<String>,
}

struct Row {
    code: DeviceCode,
    path: String,
    door: DoorCode,
    sectors: String,
    to_enrol: bool,
    state: (&'static str, &'static str),
    seen: String,
    mode: &'static str,
}

impl Page {
    /// The devices behind the one of the code `after`.
    fn new(
        frame: Frame,
        file: Option<&str>,
        devices: Vec<DeviceState>,
        after: Option<&str>,
    ) -> Self {
        let t = Texts::of(frame.formats.language);
        let enrolled = devices.iter().filter(|device| device.tokens > 0).count();
        let (enrolled, all) = (enrolled.to_string(), devices.len().to_string());
        let behind = devices.into_iter();
        let behind = behind.filter(|device| after.is_none_or(|a| device.device.as_str() > a));
        let mut behind: Vec<_> = behind.collect();
        behind.sort_by(|one, other| one.device.cmp(&other.device));
        let next = cut(&mut behind, ROWS).map(|last| percent_encoded(last.device.as_str()));
        let row = |device: DeviceState| Row {
            path: access::DEVICE.of(&device.device),
            sectors: listed(&device.sectors),
            to_enrol: device.tokens == 0,
            state: if device.tokens > 0 {
                ("good", t.enrolled)
            } else {
                ("", t.not_enrolled)
            },
            seen: device
                .seen_at
                .map_or_else(|| t.never.to_owned(), |at| frame.formats.moment(at)),
            mode: match device.mode {
                Some(Mode::Online) => t.online,
                Some(Mode::Offline) => t.offline,
                None => "–",
            },
            code: device.device,
            door: device.door,
        };
        Self {
            lead: fill(t.lead, &[("enrolled", &enrolled), ("all", &all)]),
            may_add: file.is_none() && frame.may_act(access::NEW_DEVICE),
            may_enrol: frame.may_act(access::DEVICE_ENROL),
            rows: behind.into_iter().map(row).collect(),
            next,
            frame,
            t,
        }
    }
}

pub(crate) async fn show(visit: Visit, query: Query) -> Answer {
    let devices = gate::devices(&visit.office.db).await?;
    let file = site_change::file(&visit);
    let after = query.0.some("after");
    visit.page(&Page::new(visit.frame(), file, devices, after))
}
