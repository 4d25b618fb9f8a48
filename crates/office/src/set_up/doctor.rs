//! Everything the doctor has to say of the set-up, the gravest first, with the
//! way to where it is cured.

#[cfg(test)]
pub(crate) mod sample;

use crate::SetUp;
use crate::findings::{Way, gravity, part_name, ways};
use crate::page::{Answer, Frame, Template, Visit, access, fill};
use ::doctor::{Examination, Heading, NOT_CHECKED, Reach};
use kernel::finding::{Finding, Part, Severity, Told};
use std::time::Duration;

kernel::texts!(Texts in Fr, En beside crate::words::Words {
    lead: "Toute la mise en service, examinée à l’instant : configuration, Otipass, paramètres, site, catalogue, horloges.",
        "The whole set-up, examined just now: configuration, Otipass, parameters, site, catalogue, clocks.";
    again: "Examiner de nouveau", "Examine again";
    bad_one: "Une erreur est à corriger avant le premier visiteur.",
        "One mistake is to be cured before the first visitor arrives.";
    bad: "{count} erreurs sont à corriger avant le premier visiteur.",
        "{count} mistakes are to be cured before the first visitor arrives.";
    partly: "Ce qui a pu être vérifié est prêt. Le reste est nommé ci-dessous.",
        "What could be checked is ready. The rest is named below.";
    warned: "Rien n’empêche d’ouvrir ; quelques points méritent un regard.",
        "Nothing keeps you from opening; some points deserve a look.";
    well: "Tout est prêt.", "All is ready.";
    silent: "Le diagnostic n’est pas arrivé à temps. Réessayez ; si cela dure, voyez le journal du service.",
        "The diagnosis did not come in time. Try again; if this lasts, look at the service’s log.";
    clean: "Sans remarque :", "Nothing to say of:";
    place: "Où :", "Where:";
    cure: "Corriger :", "Cure it:";
});

/// How long Otipass and ticketing may take: a page does not wait for ever.
const PATIENCE: Duration = Duration::from_secs(4);
/// The same for the whole examination.
const LIMIT: Duration = Duration::from_secs(8);

#[derive(Template)]
#[template(path = "doctor.html")]
struct Page {
    frame: Frame,
    t: &'static Texts,
    verdict: (&'static str, String),
    groups: Vec<Group>,
    clean: Vec<&'static str>,
}

struct Group {
    name: &'static str,
    items: Vec<Item>,
}

struct Item {
    gravity: (&'static str, &'static str),
    told: Told,
    ways: Vec<Way>,
}

impl Page {
    fn new(frame: Frame, set_up: &SetUp, examined: Option<&Examination>) -> Self {
        let language = frame.formats.language;
        let t = Texts::of(language);
        let Some(examination) = examined else {
            return Self {
                verdict: ("bad", t.silent.to_owned()),
                groups: Vec::new(),
                clean: Vec::new(),
                frame,
                t,
            };
        };
        let of = |part: Part| examination.findings.iter().filter(move |f| f.part == part);
        let parts = examination.parts.iter().map(|Heading { part, .. }| *part);
        let (mut sick, clean): (Vec<Part>, Vec<Part>) =
            parts.partition(|part| of(*part).next().is_some());
        sick.sort_by_key(|part| (of(*part).map(|finding| finding.severity).min(), *part));
        let item = |finding: &Finding| Item {
            gravity: gravity(finding.severity, language),
            told: finding.told(language),
            ways: ways(finding, set_up, &frame),
        };
        let group = |part: Part| {
            let mut findings: Vec<_> = of(part).collect();
            findings.sort_by_key(|finding| finding.severity);
            Group {
                name: part_name(part, language),
                items: findings.into_iter().map(item).collect(),
            }
        };
        Self {
            groups: sick.into_iter().map(group).collect(),
            clean: clean
                .into_iter()
                .map(|part| part_name(part, language))
                .collect(),
            verdict: verdict(t, &examination.findings),
            frame,
            t,
        }
    }
}

/// One line in plain words.
fn verdict(t: &Texts, findings: &[Finding]) -> (&'static str, String) {
    let count = |severity| findings.iter().filter(|f| f.severity == severity).count();
    match count(Severity::Mistake) {
        0 => {}
        1 => return ("bad", t.bad_one.to_owned()),
        count => return ("bad", fill(t.bad, &[("count", &count.to_string())])),
    }
    let words = if findings.iter().any(|f| f.code == NOT_CHECKED) {
        t.partly
    } else if count(Severity::Warning) > 0 {
        t.warned
    } else {
        t.well
    };
    ("good", words.to_owned())
}

pub(crate) async fn show(visit: Visit) -> Answer {
    let role = &visit.office.role;
    let coming = role.doctor.examine(Reach::Online, PATIENCE);
    let examined = tokio::time::timeout(LIMIT, coming).await.ok();
    visit.page(&Page::new(visit.frame(), &role.set_up, examined.as_ref()))
}
