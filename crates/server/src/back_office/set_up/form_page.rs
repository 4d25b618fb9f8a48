//! A page with one form about one thing of the site, and perhaps a way to remove
//! it. Who may not change it sees what the fields say.

use crate::back_office::form::{Input, Mistakes};
use crate::back_office::frame::Frame;
use crate::back_office::text::texts;
use askama::Template;

texts!(Texts {
    by_file: "Cette partie est gérée par un fichier et se modifie dans celui-ci :",
        "This part is managed by a file, and is changed there:";
    save: "Enregistrer", "Save";
    removal: "Retirer", "Remove";
});

#[derive(Template)]
#[template(path = "back_office/set_up_form.html")]
pub(super) struct FormPage {
    pub(super) frame: Frame,
    t: &'static Texts,
    /// Address and name of the page above.
    pub(super) up: (String, &'static str),
    pub(super) title: String,
    pub(super) lead: &'static str,
    /// The file that manages it.
    pub(super) file: Option<String>,
    /// Where the form goes; `None` if it may not be changed.
    pub(super) action: Option<String>,
    pub(super) save: &'static str,
    pub(super) mistakes: Mistakes,
    pub(super) inputs: Vec<Input>,
    pub(super) removal: Option<Removal>,
}

/// How a thing is removed.
pub(super) struct Removal {
    /// Where the form goes; `None` if something hangs on the thing.
    pub(super) action: Option<String>,
    /// What it does, or why it cannot be done yet.
    pub(super) why: String,
}

impl FormPage {
    pub(super) fn new(frame: Frame, up: (&str, &'static str), title: impl Into<String>) -> Self {
        let t = Texts::of(frame.formats.language);
        Self {
            frame,
            t,
            up: (up.0.to_owned(), up.1),
            title: title.into(),
            lead: "",
            file: None,
            action: None,
            save: t.save,
            mistakes: Mistakes::default(),
            inputs: Vec::new(),
            removal: None,
        }
    }

    /// Changes go to `action`, by the route of the table, unless a file manages
    /// the thing.
    pub(super) fn changed_at(mut self, action: String, route: &str, file: Option<&str>) -> Self {
        self.file = file.map(str::to_owned);
        self.action = Some(action).filter(|_| file.is_none() && self.frame.may("POST", route));
        self
    }
}
