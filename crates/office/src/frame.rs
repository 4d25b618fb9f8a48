//! What surrounds every page: who is signed in, where they may go, and how
//! their language writes.

use super::access::{self, Address, Who};
use super::assets;
use super::coded::said;
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
    back: "Retour à l’accueil", "Back to the start";
    older: "Plus anciens", "Older";
    newest: "Les plus récents", "Newest";
    day: "La journée", "The day";
    books: "Les comptes", "The books";
    statement: "Relevé de compte", "Account statement";
    system: "Le système", "The system";
});

/// A place to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) path: &'static str,
    pub(crate) label: &'static str,
    /// Whether the page is this one, or below it.
    pub(crate) here: bool,
}

/// Places that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Section {
    pub(crate) title: &'static str,
    pub(crate) links: Vec<Link>,
}

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) role: &'static str,
    pub(crate) is: Role,
}

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
    pub(crate) person: Option<Person>,
    pub(crate) sections: Vec<Section>,
    pub(crate) csrf: Csrf,
    pub(crate) flash: Option<&'static str>,
    /// What was entered into the page's form and is to be corrected.
    pub(crate) entered: Entered,
    pub(crate) mistakes: Mistakes,
    pub(crate) site_name: String,
    pub(crate) style: &'static str,
    pub(crate) icon: &'static str,
}

/// The navigation: a page that is to be found there has a line here.
fn places(t: &'static Texts) -> [(&'static str, Vec<(Address, &'static str)>); 3] {
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
        let t = Texts::of(formats.language);
        let person = person.map(|(name, is)| Person {
            name,
            role: role_name(is, formats.language),
            is,
        });
        Self {
            sections: person
                .as_ref()
                .map(|person| sections(t, person.is, path))
                .unwrap_or_default(),
            t,
            formats,
            person,
            csrf: Csrf::default(),
            flash: None,
            entered: Entered::default(),
            mistakes: Mistakes::default(),
            site_name: String::new(),
            style: assets::address("office.css"),
            icon: assets::address("icon.svg"),
        }
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

    /// The language's tag.
    pub(crate) fn language(&self) -> &'static str {
        self.formats.language.as_str()
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
    pub(crate) fn may_change(&self, managed: &Managed, at: impl Borrow<Address>) -> bool {
        *managed == Managed::Here && self.may_act(at)
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
        let role = self.person.as_ref().map(|person| person.is);
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
pub(crate) const fn role_name(role: Role, language: Language) -> &'static str {
    said!(language, role, {
        Role::Administrator => "Administrateur", "Administrator";
        Role::GateManager => "Responsable des accès", "Gate manager";
        Role::Finance => "Comptabilité", "Finance";
        Role::Support => "Assistance (lecture seule)", "Support (read only)";
    })
}

fn sections(t: &'static Texts, role: Role, path: &str) -> Vec<Section> {
    let places = places(t);
    let all = places.iter().flat_map(|(_, links)| links.iter());
    // The page itself, or what it is below; the start page is above all others.
    let above = all.map(|(to, _)| to.path).filter(|to| {
        *to == path
            || *to != access::TODAY.path
                && path.strip_prefix(to).is_some_and(|p| p.starts_with('/'))
    });
    let here = above.max_by_key(|to| to.len());
    let link = |(to, label): (Address, &'static str)| {
        let may = to.look.is_some_and(|who| who.has(Some(role)));
        may.then_some(Link {
            path: to.path,
            label,
            here: here == Some(to.path),
        })
    };
    places
        .iter()
        .map(|(title, links)| Section {
            title,
            links: links.iter().copied().filter_map(link).collect(),
        })
        .filter(|section| !section.links.is_empty())
        .collect()
}
