//! What surrounds every page: who is signed in, where they may go, and how
//! their language writes.

use super::access::{self, Address, Who};
use super::coded::said;
use super::documents::help_of;
use super::entered::Entered;
use super::form::{Input, Mistakes};
use super::format::Formats;
use super::managed::Managed;
use askama::Template;
use askama::filters::HtmlSafe;
use kernel::Language;
use staff::Role;
use std::borrow::Borrow;

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    skip: "Aller au contenu", "Skip to the content";
    menu: "Menu", "Menu";
    navigation: "Navigation principale", "Main navigation";
    sign_out: "Se déconnecter", "Sign out";
    mistakes: "À corriger", "To be corrected";
    no_box_office: "Ce service ne tient pas la billetterie : regardez sur celui qui la tient.",
        "This service keeps no ticketing: look at the one that does.";
    choose: "— choisir —", "— choose —";
    changed_there: "Cette partie est gérée par un fichier et se modifie dans celui-ci :",
        "This part is managed by a file, and is changed there:";
    help: "Aide", "Help";
    back: "Retour à l’accueil", "Back to the start";
    older: "Plus anciens", "Older";
    newest: "Les plus récents", "Newest";
    day: "La journée", "The day";
    books: "Les comptes", "The books";
    statement: "Relevé de compte", "Account statement";
    system: "Le système", "The system";
});

/// The field that brings a form's token back.
pub const CSRF_FIELD: &str = "csrf";

/// What a form must bring back; a template shows its field by `{{ frame.csrf }}`.
#[derive(Debug, Clone, Default, Template)]
#[template(
    source = r#"<input type="hidden" name="{{ CSRF_FIELD }}" value="{{ self.0 }}">"#,
    ext = "html"
)]
pub(crate) struct Csrf(pub(crate) String);

impl HtmlSafe for Csrf {}

/// What every page's template has as `frame`.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(crate) t: &'static Texts,
    pub(crate) formats: Formats,
    /// Who is signed in.
    pub(crate) person: Option<(String, Role)>,
    /// The path of the page.
    pub(crate) path: String,
    pub(crate) csrf: Csrf,
    pub(crate) flash: Option<&'static str>,
    /// What was entered into the page's form and is to be corrected.
    pub(crate) entered: Entered,
    pub(crate) mistakes: Mistakes,
    pub(crate) site_name: String,
    /// Who manages what the page shows.
    pub(crate) managed: Managed,
}

/// A place to go, and its name.
type Place = (Address, &'static str);

/// The navigation: a page that is to be found there has a line here.
fn places(t: &'static Texts) -> [(&'static str, Vec<Place>); 3] {
    let day = [
        (access::TODAY, t.today),
        (access::CHECKS, t.checks),
        (access::DEVICES, t.devices),
    ];
    let books = [
        (access::SALES, t.sales),
        (access::ATTENDANCE, t.attendance),
        (access::STATEMENT, t.statement),
        (access::RECONCILIATION, t.reconciliation),
        (access::QUEUE, t.queue),
        (access::ASIDE, t.aside),
        (access::SALES_FILES, t.sales_files),
    ];
    let system = [
        (access::SET_UP, t.set_up),
        (access::DOCTOR, t.doctor),
        (access::SUPPORT, t.bundle),
        (access::ACCOUNTS, t.accounts),
        (access::AUDIT, t.audit),
    ];
    [
        (t.day, day.into()),
        (t.books, books.into()),
        (t.system, system.into()),
    ]
}

impl Frame {
    pub(crate) fn new(formats: Formats, person: Option<(String, Role)>, path: &str) -> Self {
        Self {
            t: Texts::of(formats.language),
            formats,
            person,
            path: path.to_owned(),
            csrf: Csrf::default(),
            flash: None,
            entered: Entered::default(),
            mistakes: Mistakes::default(),
            site_name: String::new(),
            managed: Managed::Here,
        }
    }

    /// Around a page of what is managed so.
    pub(crate) fn managed_by(self, managed: &Managed) -> Self {
        let managed = managed.clone();
        Self { managed, ..self }
    }

    /// The places that the person may look at, section by section.
    pub(crate) fn sections(&self) -> Vec<(&'static str, Vec<Place>)> {
        let mut sections = places(self.t).to_vec();
        for (_, places) in &mut sections {
            places.retain(|(to, _)| self.may_look(to));
        }
        sections.retain(|(_, places)| !places.is_empty());
        sections
    }

    /// The place that the page is, or is below; the start page is above all others.
    pub(crate) fn here(&self) -> Option<Address> {
        let is_above = |to: &Address| {
            let below = self.path.strip_prefix(to.path);
            below.is_some_and(|rest| {
                rest.is_empty() || *to != access::TODAY && rest.starts_with('/')
            })
        };
        let all = places(self.t).into_iter().flat_map(|(_, places)| places);
        let above = all.map(|(to, _)| to).filter(is_above);
        above.max_by_key(|to| to.path.len())
    }

    /// With what was entered and is wrong.
    #[cfg(test)]
    pub(super) fn wrong(&self, entered: &str, mistakes: Mistakes) -> Self {
        let entered = Entered::parse(entered.as_bytes());
        Self {
            entered,
            mistakes,
            ..self.clone()
        }
    }

    /// The fields with what was entered in them, and what is wrong with it.
    pub(crate) fn filled(&self, inputs: impl IntoIterator<Item = Input>) -> Vec<Input> {
        let filled = |input: Input| input.filled(&self.entered, &self.mistakes);
        inputs.into_iter().map(filled).collect()
    }

    /// Where the page's help is.
    pub(crate) fn help(&self) -> String {
        help_of(&self.path)
    }

    /// Whether the person may look at what is there: what they may not, they are
    /// not shown.
    pub(crate) fn may_look(&self, at: impl Borrow<Address>) -> bool {
        self.may(at.borrow().look)
    }

    /// Whether the person may send the form there.
    pub(crate) fn may_act(&self, at: impl Borrow<Address>) -> bool {
        self.may(at.borrow().act)
    }

    /// The same, where the back office manages what it changes.
    pub(crate) fn may_change(&self, at: impl Borrow<Address>) -> bool {
        self.managed == Managed::Here && self.may_act(at)
    }

    /// A role's name for people.
    pub(crate) fn role_name(&self, role: impl Borrow<Role>) -> &'static str {
        role_name(*role.borrow(), self.formats.language)
    }

    /// Where a form with a file goes: the file is not read before its form is known
    /// as ours.
    pub(crate) fn file_action(&self, at: impl Borrow<Address>) -> String {
        at.borrow().with(&[(CSRF_FIELD, &self.csrf.0)])
    }

    fn may(&self, who: Option<Who>) -> bool {
        let role = self.person.as_ref().map(|(_, role)| *role);
        role.is_some() && who.is_some_and(|who| who.has(role))
    }

    /// A frame for sample pages.
    #[cfg(test)]
    pub(super) fn sample(language: Language, role: Option<Role>) -> Self {
        let formats = Formats {
            language,
            zone: "Europe/Paris".parse().unwrap(),
            currency: "EUR".to_owned(),
        };
        let person = role.map(|role| ("Camille Martin".to_owned(), role));
        Self {
            csrf: Csrf("0".repeat(64)),
            flash: Some(super::flash::Flash::Saved.text(language)),
            site_name: "Musées de Villeneuve".to_owned(),
            ..Self::new(formats, person, access::TODAY.path)
        }
    }
}

/// A role's name for people.
#[must_use]
pub const fn role_name(role: Role, language: Language) -> &'static str {
    said!(language, role, {
        Role::Administrator => "Administrateur", "Administrator";
        Role::GateManager => "Responsable des accès", "Gate manager";
        Role::Finance => "Comptabilité", "Finance";
        Role::Support => "Assistance (lecture seule)", "Support (read only)";
    })
}
