//! All devices: where each stands, whether it is enrolled, when it was seen.

#[cfg(test)]
pub(crate) mod sample;

use super::step::Bar;
use crate::page::*;
use kernel::percent_encoded;

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    lead: "{enrolled} sur {all} sont enrôlés.", "{enrolled} of {all} are enrolled.";
    print: "Imprimer des codes d’enrôlement", "Print enrolment codes";
    none: "Il n’y a pas encore d’appareil.", "There is no device yet.";
    no_door: "Il n’y a pas encore d’appareil, ni de porte où le mettre. Ajoutez d’abord un secteur et une porte.",
        "There is no device yet, and no door to put it at. First add a sector and a door.";
});

/// Rows on a page.
const ROWS: usize = 100;

#[derive(Template)]
#[template(path = "devices.html")]
struct Page {
    enrolled: usize,
    all: usize,
    devices: Vec<DeviceState>,
    names: SiteNames,
    /// The code behind which the next page begins.
    next: Option<String>,
    frame: Frame,
}

impl Page {
    /// Whether there is where to put a device.
    fn has_door(&self) -> bool {
        self.names.doors.all().next().is_some()
    }

    /// The devices behind the one of the code `after`.
    fn new(
        frame: Frame,
        mut devices: Vec<DeviceState>,
        names: SiteNames,
        after: Option<&str>,
    ) -> Self {
        let enrolled = devices.iter().filter(|device| device.tokens > 0).count();
        let all = devices.len();
        devices.retain(|device| after.is_none_or(|after| device.device.as_str() > after));
        devices.sort_by(|one, other| one.device.cmp(&other.device));
        let next = cut(&mut devices, ROWS).map(|last| percent_encoded(last.device.as_str()));
        Self {
            enrolled,
            all,
            devices,
            names,
            next,
            frame,
        }
    }
}

pub(crate) async fn show(visit: Visit, Query(query): Query) -> Answer {
    let devices = gate::devices(visit.db()).await?;
    let names = SiteNames::read(visit.db()).await?;
    let frame = visit.frame().managed_by(&visit.set_up().site);
    visit.page(&Page::new(frame, devices, names, query.some("after")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use staff::Role;

    #[test]
    fn doors_come_before_devices() {
        let frame = Frame::sample(Language::En, Some(Role::Administrator));
        let pages = sample::samples(&frame);
        let (adds, doors) = (
            format!("class=\"button\" href=\"{}\"", access::NEW_DEVICE),
            format!("class=\"button\" href=\"{}\"", access::PLACES),
        );
        let leads = |page: &String| [page.contains(&adds), page.contains(&doors)];
        assert_eq!(leads(&pages[0]), [true, false]);
        assert_eq!(leads(&pages[2]), [false, true]);
        assert!(!pages[2].contains("0 of 0"));
    }
}
