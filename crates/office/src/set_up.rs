//! The set-up: how far it has come, what comes next, and each of its parts. What
//! is done is read off the database, so that one can leave at any step and come
//! back.

pub(crate) mod buyer;
pub(crate) mod catalogue;
mod catalogue_change;
pub(crate) mod connection;
pub(crate) mod device;
pub(crate) mod devices;
pub(crate) mod doctor;
pub(crate) mod door;
pub(crate) mod enrolment;
mod form_page;
mod line;
mod lines;
pub(crate) mod mapping;
pub(crate) mod organisation;
pub(crate) mod parts;
pub(crate) mod places;
mod present;
#[cfg(test)]
pub(crate) mod sample;
pub(crate) mod sector;
pub(crate) mod sheet;
mod site_change;
pub(crate) mod table;
pub(crate) mod tariff_mapping;
mod teaching;
pub(crate) mod test_card;
pub(crate) mod thing;

pub use self::teaching::{TEACHING_TEXT, teaching_picture};

use self::line::line;
use self::present::Present;
use crate::last_try::Line;
use crate::page::*;

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    lead: "Dans cet ordre. Chaque étape peut être quittée et reprise.",
        "In this order. Each step can be left and taken up again.";
    whole: "Tout est en place. Le diagnostic regarde l’ensemble de plus près.",
        "Everything is in place. The doctor has a closer look at the whole.";
    go_on: "Continuer :", "Continue:";
    organisation_why: "Qui vous êtes, et à quelle heure commence un jour.", "Who you are, and when a day begins.";
    doors_why: "Où l’on entre, et quel scanner se trouve où.", "Where people come in, and which scanner is where.";
    connection_why: "L’adresse et les accès qu’Otipass vous a donnés, essayés aussitôt.",
        "The address and credentials that Otipass gave you, tried at once.";
    mapping_why: "Le texte JSON que vous avez déjà, collé tel quel.", "The JSON text that you have already, pasted as it is.";
    catalogue_why: "La saison, les produits Open Pass et leurs tarifs.", "The season, the Open Pass products and their tariffs.";
    tariff_mapping_why: "Ce que vend chaque entrée.", "What each admission sells.";
    buyer_why: "Le canal OTIPASS, et le contact qui paie plus tard.", "The channel OTIPASS, and the contact that pays later.";
    test_card_why: "Une vraie entrée, de la lecture à la commande.", "A real admission, from scan to order.";
    devices: "Remettre le premier scanner", "Hand out the first scanner";
    devices_why: "Un code QR fait d’un téléphone ou d’un terminal un scanner.", "A QR code makes a phone or handheld a scanner.";
    steps: "Étapes", "Steps";
    done: "fait", "done";
    saved: "enregistré", "saved";
    answers: "Otipass répond.", "Otipass answers.";
    later: "Otipass sera interrogé quand les paramètres de correspondance nommeront le projet.",
        "Otipass is asked once the mapping parameters name the project.";
    to_do: "à faire", "to do";
    mistakes: "à corriger", "to be corrected";
    by_file: "par fichier", "by file";
});

/// What has been tried of the whole.
#[derive(Debug, Clone, Copy, Default)]
struct Proven {
    /// An entry was sold.
    sold: bool,
    /// A device was enrolled.
    enrolled: bool,
}

/// How long Otipass may take while somebody waits for the steps.
const PATIENCE: Duration = Duration::from_secs(3);

/// How far a step has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Done,
    ByFile,
    ToDo,
    /// It is entered, and shows with a later step whether it works.
    Saved,
    /// Something was entered, and is not taken up as it is.
    Mistakes,
}

impl State {
    const fn of(done: bool) -> Self {
        if done { Self::Done } else { Self::ToDo }
    }
}

#[derive(Template)]
#[template(path = "set_up.html")]
struct Page {
    steps: Vec<Step>,
    frame: Frame,
}

/// A step: its page, what it is called and why it is there, and how far it has come.
struct Step {
    path: Address,
    name: &'static str,
    why: &'static str,
    state: State,
    /// What more there is to say: what the last try said.
    said: Option<String>,
}

impl Page {
    fn new(
        frame: Frame,
        set_up: &SetUp,
        present: &Present,
        proven: Proven,
        line: Option<Line>,
    ) -> Self {
        let t = Texts::of(frame.formats.language);
        let Present {
            site,
            interface,
            catalogue,
        } = present;
        let has_doors = site.as_ref().is_some_and(|site| {
            let mut devices = site.devices.keys();
            devices.any(|device| site.sector_of(device).is_some())
        });
        let mapping = match &interface.mapping_draft {
            Some(_) => State::Mistakes,
            None => State::of(interface.mapping.is_some()),
        };
        let (connection, said) = match line {
            None => (State::of(!interface.connection.url.is_empty()), None),
            Some(Line::Well) => (State::Done, Some(t.answers.to_owned())),
            Some(Line::Later) => (State::Saved, Some(t.later.to_owned())),
            Some(Line::Bad(why)) => {
                let why = why.in_language(frame.formats.language).to_owned();
                (State::Mistakes, Some(why))
            }
        };
        let has_catalogue = !catalogue.seasons.is_empty()
            && !catalogue.products.is_empty()
            && !catalogue.tariffs.is_empty();
        let (is_mapped, is_bought) = (
            tariff_mapping::is_whole(catalogue),
            buyer::is_whole(catalogue),
        );
        let (site_by, catalogue_by, here) = (&set_up.site, &set_up.catalogue, &Managed::Here);
        let states = [
            (access::ORGANISATION, site_by, State::of(site.is_some())),
            (access::PLACES, site_by, State::of(has_doors)),
            (access::CONNECTION, &set_up.connection, connection),
            (access::MAPPING, &set_up.mapping, mapping),
            (access::CATALOGUE, catalogue_by, State::of(has_catalogue)),
            (access::TARIFF_MAPPING, catalogue_by, State::of(is_mapped)),
            (access::BUYER, catalogue_by, State::of(is_bought)),
            (access::TEST_CARD, here, State::of(proven.sold)),
            (access::DEVICES, here, State::of(proven.enrolled)),
        ];
        let names = [
            (t.organisation_step, t.organisation_why),
            (t.doors, t.doors_why),
            (t.connection, t.connection_why),
            (t.mapping, t.mapping_why),
            (t.catalogue, t.catalogue_why),
            (t.tariff_mapping, t.tariff_mapping_why),
            (t.buyer, t.buyer_why),
            (t.test_card, t.test_card_why),
            (t.devices, t.devices_why),
        ];
        let steps = states.into_iter().zip(names);
        let step = |((path, managed, state), (name, why)): ((_, &Managed, _), _)| Step {
            path,
            name,
            why,
            said: said.clone().filter(|_| path == access::CONNECTION),
            state: managed.file().map_or(state, |_| State::ByFile),
        };
        Self {
            steps: steps.map(step).collect(),
            frame,
        }
    }

    /// The first step that is not settled: where one goes on.
    fn next(&self) -> Option<&Step> {
        let is_settled =
            |step: &&Step| matches!(step.state, State::Done | State::ByFile | State::Saved);
        self.steps.iter().find(|step| !is_settled(step))
    }
}

/// Whether nothing has been set up yet: who signs in then wants to.
pub(crate) async fn is_to_begin(visit: &Visit) -> Result<bool, PageError> {
    let is_by_file = visit.set_up().site.file().is_some();
    Ok(!is_by_file
        && gate::site::interface::read_site(&visit.office.db)
            .await?
            .is_none())
}

pub(crate) async fn show(visit: Visit) -> Answer {
    let present = Present::read(&visit).await?;
    let proven = Proven {
        sold: boxoffice::report::has_sold(visit.db()).await?,
        enrolled: gate::devices(visit.db())
            .await?
            .iter()
            .any(|d| d.tokens > 0),
    };
    let line = line(&visit, &present.interface, PATIENCE).await;
    let page = Page::new(visit.frame(), visit.set_up(), &present, proven, line);
    visit.page(&page)
}
