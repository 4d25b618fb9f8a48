//! A page with one form about one thing of the site, and perhaps a way to remove
//! it. Who may not change it sees what the fields say.

use super::step::Bar;
use crate::access::PLACES;
use crate::page::*;
use crate::words::Words as Texts;

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
    /// What the button says.
    pub(super) save: &'static str,
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

    /// The way to remove it: `blocked` says why it cannot be removed yet.
    pub(super) fn removed(mut self, why: &str, blocked: Option<String>) -> Self {
        self.removal = self.action.as_ref().map(|action| match blocked {
            None => (Some(format!("{action}/remove")), why.to_owned()),
            Some(blocked) => (None, blocked),
        });
        self
    }
}
