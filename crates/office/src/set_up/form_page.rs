//! A page with one form about one thing of the site, and perhaps a way to remove
//! it. Who may not change it sees what the fields say.

use super::step::Bar;
use crate::access::PLACES;
use crate::page::*;

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    add: "Ajouter", "Add";
});

#[derive(Template)]
#[template(path = "set_up_form.html")]
pub(super) struct FormPage {
    /// Address and name of the page above; the overview of places, if nothing else
    /// is said.
    pub(super) up: (Address, &'static str),
    title: String,
    pub(super) lead: &'static str,
    /// Where the form goes; `None` if it may not be changed.
    action: Option<String>,
    save: &'static str,
    inputs: Vec<Input>,
    /// How it is removed: where that form goes, if nothing hangs on the thing, and what
    /// that does, or why it cannot be done yet.
    removal: Option<(Option<String>, String)>,
    frame: Frame,
}

impl FormPage {
    /// About one thing; changes go to `action`, by the address of the table, unless
    /// a file manages the thing.
    pub(super) fn about(
        frame: Frame,
        title: String,
        (action, address): (String, Address),
        inputs: Vec<Input>,
    ) -> Self {
        let may = frame.may_change(address);
        Self {
            up: (PLACES, Texts::of(frame.formats.language).places),
            title,
            lead: "",
            action: Some(action).filter(|_| may),
            save: frame.t.save,
            inputs: frame.filled(inputs),
            removal: None,
            frame,
        }
    }

    /// To add one; its title is that of the link which leads here.
    pub(super) fn adding(
        frame: Frame,
        (title, lead): (&'static str, &'static str),
        address: Address,
        inputs: Vec<Input>,
    ) -> Self {
        let save = Texts::of(frame.formats.language).add;
        let at = (address.to_string(), address);
        let page = Self::about(frame, title.to_owned(), at, inputs);
        Self { lead, save, ..page }
    }

    /// The way to remove it: `blocked` says why it cannot be removed yet.
    pub(super) fn removed(mut self, why: &str, blocked: Option<String>) -> Self {
        self.removal = self.action.as_ref().map(|action| match blocked {
            None => (Some(format!("{action}/remove")), why.to_owned()),
            Some(blocked) => (None, blocked),
        });
        self
    }
}
