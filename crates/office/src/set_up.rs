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
pub(crate) mod progress;
#[cfg(test)]
pub(crate) mod sample;
pub(crate) mod sector;
pub(crate) mod sheet;
mod site_change;
pub(crate) mod step;
pub(crate) mod table;
pub(crate) mod tariff_mapping;
mod teaching;
pub(crate) mod test_card;
pub(crate) mod thing;

pub use self::teaching::{TEACHING_TEXT, teaching_picture};

use self::line::line;
use self::present::Present;
use self::progress::{Proven, State, states};
use self::site_change::site;
use self::step::{STEPS, words};
use crate::last_try::Line;
use crate::page::*;

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    lead: "Dans cet ordre. Chaque étape peut être quittée et reprise.",
        "In this order. Each step can be left and taken up again.";
    whole: "Tout est en place. Le diagnostic regarde l’ensemble de plus près.",
        "Everything is in place. The doctor has a closer look at the whole.";
    go_on: "Continuer :", "Continue:";
    steps: "Étapes", "Steps";
    done: "fait", "done";
    saved: "enregistré", "saved";
    answers: "Otipass répond.", "Otipass answers.";
    reached: "Ce serveur répond\u{a0}; l’accès sera essayé quand les paramètres de correspondance nommeront le projet.",
        "This server answers; the credentials are tried once the mapping parameters name the project.";
    to_do: "à faire", "to do";
    mistakes: "à corriger", "to be corrected";
    by_file: "par fichier", "by file";
    elsewhere: "dans votre billetterie", "in your ticketing";
});

/// How long Otipass may take while somebody waits for the steps.
const PATIENCE: Duration = Duration::from_secs(3);

#[derive(Template)]
#[template(path = "set_up.html")]
struct Page {
    steps: Vec<Step>,
    frame: Frame,
}

/// A step: its page, what it is called and why it is there, and how far it has come.
struct Step {
    path: Address,
    words: (&'static str, &'static str),
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
        let language = frame.formats.language;
        let t = Texts::of(language);
        let (tried, said) = match line {
            None => (None, None),
            Some(Line::Well) => (Some(State::Done), Some(t.answers.to_owned())),
            Some(Line::Reached) => (Some(State::Saved), Some(t.reached.to_owned())),
            Some(Line::Bad(why)) => {
                let why = why.in_language(language).to_owned();
                (Some(State::Mistakes), Some(why))
            }
        };
        let states = STEPS.into_iter().zip(states(set_up, present, proven));
        let step = |(path, state): (Address, State)| {
            let is_line = path == access::CONNECTION;
            Step {
                path,
                words: words(path, language),
                state: tried.filter(|_| is_line).unwrap_or(state),
                said: said.clone().filter(|_| is_line),
            }
        };
        Self {
            steps: states.map(step).collect(),
            frame,
        }
    }

    /// The first step that is not settled: where one goes on.
    fn next(&self) -> Option<&Step> {
        self.steps.iter().find(|step| !step.state.is_settled())
    }
}

/// Whether nothing has been set up yet: who signs in then wants to.
pub(crate) async fn is_to_begin(visit: &Visit) -> Result<bool, PageError> {
    Ok(visit.set_up().site == Managed::Here && site(visit).await?.is_none())
}

pub(crate) async fn show(visit: Visit) -> Answer {
    let present = Present::read(&visit).await?;
    let proven = Proven::read(&visit).await?;
    let line = line(&visit, &present.interface, PATIENCE).await;
    let page = Page::new(visit.frame(), visit.set_up(), &present, proven, line);
    visit.page(&page)
}
