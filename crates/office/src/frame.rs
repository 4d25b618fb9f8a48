//! What surrounds every page: who is signed in, where they may go, and how
//! their language writes.

use super::assets;
use super::format::Formats;
use super::routes::may;
use super::visit::Visit;
use kernel::Language;
use staff::Role;

kernel::texts!(Texts in Fr, En {
    skip: "Aller au contenu", "Skip to the content";
    menu: "Menu", "Menu";
    navigation: "Navigation principale", "Main navigation";
    sign_out: "Se déconnecter", "Sign out";
    mistakes: "À corriger", "To be corrected";
    older: "Plus anciens", "Older";
    newest: "Les plus récents", "Newest";
    day: "La journée", "The day";
    today: "Aujourd’hui", "Today";
    books: "Les comptes", "The books";
    sales: "Ventes", "Sales";
    attendance: "Fréquentation", "Attendance";
    checks: "Contrôles", "Checks";
    devices: "Appareils", "Devices";
    statement: "Relevé de compte", "Account statement";
    reconciliation: "Rapprochement", "Reconciliation";
    queue: "En attente", "Waiting";
    sales_files: "Fichiers de ventes", "Sales files";
    system: "Le système", "The system";
    set_up: "Mise en service", "Set-up";
    doctor: "Diagnostic", "Doctor";
    bundle: "Dossier d’assistance", "Support bundle";
    accounts: "Comptes", "Accounts";
    audit: "Journal d’audit", "Audit log";
    me: "Mon compte", "My account";
    administrator: "Administrateur", "Administrator";
    gate_manager: "Responsable des accès", "Gate manager";
    finance: "Comptabilité", "Finance";
    support: "Assistance (lecture seule)", "Support (read only)";
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

/// What every page's template has as `frame`.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(crate) t: &'static Texts,
    pub(crate) formats: Formats,
    pub(crate) person: Option<Person>,
    pub(crate) sections: Vec<Section>,
    pub(crate) csrf: String,
    pub(crate) flash: Option<&'static str>,
    pub(crate) site_name: String,
    pub(crate) style: &'static str,
    pub(crate) icon: &'static str,
}

/// The navigation: a page that is to be found there has a line here.
fn places(t: &'static Texts) -> Vec<(&'static str, Vec<(&'static str, &'static str)>)> {
    vec![
        (
            t.day,
            vec![
                ("/office/", t.today),
                ("/office/checks", t.checks),
                ("/office/set-up/devices", t.devices),
            ],
        ),
        (
            t.books,
            vec![
                ("/office/sales", t.sales),
                ("/office/attendance", t.attendance),
                ("/office/statement", t.statement),
                ("/office/reconciliation", t.reconciliation),
                ("/office/queue", t.queue),
                ("/office/sales-files", t.sales_files),
            ],
        ),
        (
            t.system,
            vec![
                ("/office/set-up", t.set_up),
                ("/office/set-up/doctor", t.doctor),
                ("/office/support", t.bundle),
                ("/office/accounts", t.accounts),
                ("/office/audit", t.audit),
            ],
        ),
    ]
}

impl Frame {
    pub(crate) fn of(visit: &Visit) -> Self {
        let role = &visit.office.role;
        let formats = Formats {
            language: visit.language,
            zone: role.zone.clone(),
            currency: role.currency.clone(),
        };
        let account = visit.session.as_ref().map(|session| &session.account);
        Self {
            flash: visit.flash.map(|flash| flash.text(visit.language)),
            csrf: visit.csrf.clone(),
            site_name: role.site_name.clone(),
            ..Self::new(
                formats,
                account.map(|account| (account.name.clone(), account.role)),
                &visit.path,
            )
        }
    }

    fn new(formats: Formats, person: Option<(String, Role)>, path: &str) -> Self {
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
            csrf: String::new(),
            flash: None,
            site_name: String::new(),
            style: assets::style(),
            icon: assets::icon(),
        }
    }

    /// The language's tag.
    pub(crate) fn language(&self) -> &'static str {
        self.formats.language.as_str()
    }

    /// Whether the person may use this route: what they may not, they are not
    /// shown.
    pub(crate) fn may(&self, method: &str, path: &str) -> bool {
        self.person
            .as_ref()
            .is_some_and(|person| may(person.is, method, path))
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
            csrf: "0".repeat(64),
            flash: Some(super::flash::Flash::Saved.text(language)),
            site_name: "Musées de Villeneuve".to_owned(),
            ..Self::new(formats, person, "/office/")
        }
    }
}

/// A role's name for people.
pub(crate) const fn role_name(role: Role, language: Language) -> &'static str {
    let t = Texts::of(language);
    match role {
        Role::Administrator => t.administrator,
        Role::GateManager => t.gate_manager,
        Role::Finance => t.finance,
        Role::Support => t.support,
    }
}

fn sections(t: &'static Texts, role: Role, path: &str) -> Vec<Section> {
    let places = places(t);
    let all = places.iter().flat_map(|(_, links)| links.iter());
    // The page itself, or what it is below; the start page is above all others.
    let above = all.map(|(to, _)| *to).filter(|to| {
        *to == path
            || *to != "/office/" && path.strip_prefix(to).is_some_and(|p| p.starts_with('/'))
    });
    let here = above.max_by_key(|to| to.len());
    let link = |(to, label): (&'static str, &'static str)| {
        may(role, "GET", to).then_some(Link {
            path: to,
            label,
            here: here == Some(to),
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
