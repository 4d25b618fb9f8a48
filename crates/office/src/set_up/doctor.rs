//! Everything the doctor has to say of the set-up, the gravest first, with the
//! way to where it is cured.

#[cfg(test)]
pub(crate) mod sample;

use crate::findings::{gravity, part_name, ways};
use crate::page::*;
use ::doctor::{Examination, Heading, NOT_CHECKED, Reach};
use kernel::finding::{Finding, Part, Severity};

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
    clean: "Sans remarque :", "Nothing to remark on:";
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
    verdict: (&'static str, String),
    /// The parts with what there is to say of each, the gravest first.
    sick: Vec<(Part, Vec<Finding>)>,
    clean: Vec<Part>,
    set_up: SetUp,
    frame: Frame,
}

impl Page {
    fn new(frame: Frame, set_up: &SetUp, examined: Option<Examination>) -> Self {
        let t = Texts::of(frame.formats.language);
        let verdict = match &examined {
            None => ("bad", t.silent.to_owned()),
            Some(examination) => verdict(t, &examination.findings),
        };
        let (mut sick, mut clean) = (Vec::new(), Vec::new());
        if let Some(Examination {
            parts,
            mut findings,
            ..
        }) = examined
        {
            findings.sort_by_key(|finding| finding.severity);
            for Heading { part, .. } in parts {
                let of: Vec<_> = findings
                    .extract_if(.., |found| found.part == part)
                    .collect();
                if of.is_empty() {
                    clean.push(part);
                } else {
                    sick.push((part, of));
                }
            }
            sick.sort_by_key(|(part, of)| (of[0].severity, *part));
        }
        Self {
            verdict,
            sick,
            clean,
            set_up: set_up.clone(),
            frame,
        }
    }
}

/// One line in plain words.
fn verdict(t: &Texts, findings: &[Finding]) -> (&'static str, String) {
    let count = |severity| findings.iter().filter(|f| f.severity == severity).count();
    let mistakes = count(Severity::Mistake);
    let (class, text) = match (mistakes, count(Severity::Warning)) {
        (1, _) => ("bad", t.bad_one),
        (2.., _) => ("bad", t.bad),
        _ if findings.iter().any(|f| f.code == NOT_CHECKED) => ("good", t.partly),
        (_, 1..) => ("good", t.warned),
        _ => ("good", t.well),
    };
    (class, fill(text, &[("count", &mistakes)]))
}

pub(crate) async fn show(visit: Visit) -> Answer {
    let role = &visit.office.role;
    let coming = role.doctor.examine(Reach::Online, PATIENCE);
    let examined = tokio::time::timeout(LIMIT, coming).await.ok();
    visit.page(&Page::new(visit.frame(), &role.set_up, examined))
}
