//! The outcomes and reasons of checks, in words.

use gate::{Admission, Decision, Reason};
use kernel::Language;
use otipass::Refusal;

kernel::texts!(Texts in Fr, En {
    accepted: "Accepté", "Accepted";
    offline: "Accepté hors ligne", "Accepted offline";
    unverified: "Accepté sans réponse d’Otipass", "Accepted without Otipass";
    forced: "Accepté de force", "Forced entry";
    exit: "Sortie", "Exit";
    not_a_pass: "Pas un pass", "Not a pass";
    not_mapped: "Secteur sans correspondance", "Sector not mapped";
    unavailable: "Otipass indisponible", "Otipass unavailable";
    unknown: "Pass inconnu", "Unknown pass";
    not_sold: "Pass non vendu", "Pass not sold";
    blocked: "Pass bloqué", "Pass blocked";
    expired: "Pass expiré", "Pass expired";
    not_included: "Prestation non incluse", "Service not included";
    used: "Déjà utilisé", "Already used";
});

/// The decision's name for people.
pub(crate) const fn name(decision: Decision, language: Language) -> &'static str {
    let t = Texts::of(language);
    match decision {
        Decision::Admitted(Admission::Accepted) => t.accepted,
        Decision::Admitted(Admission::AcceptedOffline) => t.offline,
        Decision::Admitted(Admission::AcceptedUnverified) => t.unverified,
        Decision::Admitted(Admission::AcceptedForced) => t.forced,
        Decision::Exit => t.exit,
        Decision::Refused(Reason::NotAPass) => t.not_a_pass,
        Decision::Refused(Reason::SectorNotMapped) => t.not_mapped,
        Decision::Refused(Reason::PartnerUnavailable) => t.unavailable,
        Decision::Refused(Reason::Partner(refusal)) => match refusal {
            Refusal::UnknownPass => t.unknown,
            Refusal::PassNotSold => t.not_sold,
            Refusal::PassBlocked => t.blocked,
            Refusal::PassExpired => t.expired,
            Refusal::ServiceNotIncluded => t.not_included,
            Refusal::AlreadyUsed => t.used,
        },
    }
}
