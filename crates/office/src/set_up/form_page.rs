//! A page with one form about one thing of the site, and perhaps a way to remove
//! it. Who may not change it sees what the fields say.

use crate::access::{Address, PLACES};
use crate::form::{Input, Mistakes};
use crate::frame::Frame;
use crate::visit::{Answer, Visit};
use askama::Template;

kernel::texts!(Texts in Fr, En {
    by_file: "Cette partie est gérée par un fichier et se modifie dans celui-ci :",
        "This part is managed by a file, and is changed there:";
    back: "Secteurs et portes", "Sectors and doors";
    add: "Ajouter", "Add";
    save: "Enregistrer", "Save";
    removal: "Retirer", "Remove";
});

#[derive(Template)]
#[template(path = "set_up_form.html")]
pub(super) struct FormPage {
    pub(super) frame: Frame,
    t: &'static Texts,
    /// Address and name of the page above; the overview of places, if nothing else
    /// is said.
    pub(super) up: (Address, &'static str),
    title: String,
    pub(super) lead: &'static str,
    /// The file that manages it.
    file: Option<String>,
    /// Where the form goes; `None` if it may not be changed.
    action: Option<String>,
    save: &'static str,
    mistakes: Mistakes,
    inputs: Vec<Input>,
    removal: Option<Removal>,
}

/// How a thing is removed.
struct Removal {
    /// Where the form goes; `None` if something hangs on the thing.
    action: Option<String>,
    /// What it does, or why it cannot be done yet.
    why: String,
}

impl FormPage {
    /// About one thing; changes go to `action`, by the route of the table, unless a
    /// file manages the thing.
    pub(super) fn about(
        frame: Frame,
        title: String,
        (action, route): (String, Address),
        file: Option<&str>,
        (inputs, mistakes): (Vec<Input>, Mistakes),
    ) -> Self {
        let t = Texts::of(frame.formats.language);
        let may = file.is_none() && frame.may_act(route);
        let inputs = inputs.into_iter().map(|i| i.with(&mistakes)).collect();
        Self {
            frame,
            t,
            up: (PLACES, t.back),
            title,
            lead: "",
            file: file.map(str::to_owned),
            action: Some(action).filter(|_| may),
            save: t.save,
            mistakes,
            inputs,
            removal: None,
        }
    }

    /// To add one; its title is that of the link which leads here.
    pub(super) fn adding(
        frame: Frame,
        (title, lead): (&'static str, &'static str),
        route: Address,
        fields: (Vec<Input>, Mistakes),
    ) -> Self {
        let page = Self::about(
            frame,
            title.to_owned(),
            (route.to_string(), route),
            None,
            fields,
        );
        Self {
            lead,
            save: page.t.add,
            ..page
        }
    }

    /// The way to remove it: `blocked` says why it cannot be removed yet.
    pub(super) fn removed(mut self, why: &str, blocked: Option<String>) -> Self {
        self.removal = self.action.as_ref().map(|action| Removal {
            action: blocked.is_none().then(|| format!("{action}/remove")),
            why: blocked.unwrap_or_else(|| why.to_owned()),
        });
        self
    }

    /// The answer with this page.
    pub(super) fn answer(&self, visit: &Visit) -> Answer {
        visit.page_with(self.mistakes.status(), self)
    }
}
