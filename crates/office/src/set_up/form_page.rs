//! A page with one form about one thing of the site, and perhaps a way to remove
//! it. Who may not change it sees what the fields say.

use crate::access::{Address, PLACES};
use crate::page::{Answer, Entered, Frame, Input, Mistakes, Template, Visit, filled};

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    add: "Ajouter", "Add";
});

#[derive(Template)]
#[template(path = "set_up_form.html")]
pub(super) struct FormPage {
    frame: Frame,
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

/// The fields as they are kept, what was entered in them, and what is wrong with
/// it.
pub(super) type Filled<'a> = (Vec<Input>, &'a Entered, Mistakes);

impl FormPage {
    /// About one thing; changes go to `action`, by the address of the table, unless
    /// a file manages the thing.
    pub(super) fn about(
        frame: Frame,
        title: String,
        (action, address): (String, Address),
        file: Option<&str>,
        (inputs, entered, mistakes): Filled<'_>,
    ) -> Self {
        let t = Texts::of(frame.formats.language);
        let may = file.is_none() && frame.may_act(address);
        Self {
            up: (PLACES, t.places),
            title,
            lead: "",
            file: file.map(str::to_owned),
            action: Some(action).filter(|_| may),
            save: frame.t.save,
            inputs: filled(inputs, entered, &mistakes),
            mistakes,
            removal: None,
            frame,
            t,
        }
    }

    /// To add one; its title is that of the link which leads here.
    pub(super) fn adding(
        frame: Frame,
        (title, lead): (&'static str, &'static str),
        address: Address,
        fields: Filled<'_>,
    ) -> Self {
        let at = (address.to_string(), address);
        let page = Self::about(frame, title.to_owned(), at, None, fields);
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
