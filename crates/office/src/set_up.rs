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
mod lines;
pub(crate) mod mapping;
pub(crate) mod organisation;
pub(crate) mod parts;
pub(crate) mod places;
mod present;
#[cfg(test)]
pub(crate) mod sample;
pub(crate) mod sector;
mod site_change;
pub(crate) mod table;
pub(crate) mod tariff_mapping;
pub(crate) mod test_card;
pub(crate) mod thing;

use self::present::Present;
use crate::page::{Address, Answer, Frame, PageError, Template, Visit, access};
use crate::{Managed, SetUp};

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    lead: "Dans cet ordre. Chaque étape peut être quittée et reprise.",
        "In this order. Each step can be left and taken up again.";
    whole: "Tout est en place. Le diagnostic regarde l’ensemble de plus près.",
        "Everything is in place. The doctor has a closer look at the whole.";
    go_on: "Continuer :", "Continue:";
    organisation: "Organisation et fuseau horaire", "Organisation and time zone";
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

impl Proven {
    async fn read(visit: &Visit) -> Result<Self, PageError> {
        let db = &visit.office.db;
        Ok(Self {
            sold: boxoffice::report::has_sold(db).await?,
            enrolled: gate::devices(db).await?.iter().any(|d| d.tokens > 0),
        })
    }
}

/// How far a step has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Done,
    ByFile,
    ToDo,
    /// Something was entered, and is not taken up as it is.
    Mistakes,
}

impl State {
    const fn of(done: bool) -> Self {
        if done { Self::Done } else { Self::ToDo }
    }

    const fn is_settled(self) -> bool {
        matches!(self, Self::Done | Self::ByFile)
    }
}

#[derive(Template)]
#[template(path = "set_up.html")]
struct Page {
    frame: Frame,
    t: &'static Texts,
    steps: Vec<Step>,
    /// The first step that is not settled: where one goes on.
    next: Option<(Address, &'static str)>,
}

struct Step {
    path: Address,
    name: &'static str,
    why: &'static str,
    state: (&'static str, &'static str),
}

/// The steps in their order, each with its address and how far it has come.
fn states(set_up: &SetUp, present: &Present, proven: Proven) -> [(Address, State); 9] {
    let (site, catalogue) = (present.site.as_ref(), &present.catalogue);
    let managed = |managed: &Managed, state| match managed {
        Managed::Here => state,
        Managed::ByFile(_) => State::ByFile,
    };
    let has_doors =
        site.is_some_and(|site| site.devices.keys().any(|d| site.sector_of(d).is_some()));
    let mapping = match (&present.interface.mapping_draft, &present.interface.mapping) {
        (Some(_), _) => State::Mistakes,
        (None, mapping) => State::of(mapping.is_some()),
    };
    let has_catalogue = !catalogue.seasons.is_empty()
        && !catalogue.products.is_empty()
        && !catalogue.tariffs.is_empty();
    let sells = |state| managed(&set_up.catalogue, state);
    [
        (
            access::ORGANISATION,
            managed(&set_up.site, State::of(site.is_some())),
        ),
        (access::PLACES, managed(&set_up.site, State::of(has_doors))),
        (
            access::CONNECTION,
            managed(
                &set_up.connection,
                State::of(!present.interface.connection.url.is_empty()),
            ),
        ),
        (access::MAPPING, managed(&set_up.mapping, mapping)),
        (access::CATALOGUE, sells(State::of(has_catalogue))),
        (
            access::TARIFF_MAPPING,
            sells(State::of(tariff_mapping::is_whole(catalogue))),
        ),
        (access::BUYER, sells(State::of(buyer::is_whole(catalogue)))),
        (access::TEST_CARD, State::of(proven.sold)),
        (access::DEVICES, State::of(proven.enrolled)),
    ]
}

impl Page {
    fn new(frame: Frame, set_up: &SetUp, present: &Present, proven: Proven) -> Self {
        let t = Texts::of(frame.formats.language);
        let names = [
            (t.organisation, t.organisation_why),
            (t.doors, t.doors_why),
            (t.connection, t.connection_why),
            (t.mapping, t.mapping_why),
            (t.catalogue, t.catalogue_why),
            (t.tariff_mapping, t.tariff_mapping_why),
            (t.buyer, t.buyer_why),
            (t.test_card, t.test_card_why),
            (t.devices, t.devices_why),
        ];
        let states = states(set_up, present, proven);
        let next = states.iter().position(|(_, state)| !state.is_settled());
        let steps: Vec<_> = states
            .into_iter()
            .zip(names)
            .map(|((path, state), (name, why))| Step {
                path,
                name,
                why,
                state: match state {
                    State::Done => ("good", t.done),
                    State::ByFile => ("good", t.by_file),
                    State::ToDo => ("", t.to_do),
                    State::Mistakes => ("bad", t.mistakes),
                },
            })
            .collect();
        Self {
            next: next.map(|at| (steps[at].path, steps[at].name)),
            steps,
            frame,
            t,
        }
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
    let proven = Proven::read(&visit).await?;
    let set_up = visit.set_up();
    visit.page(&Page::new(visit.frame(), set_up, &present, proven))
}
