//! The outcomes and reasons of checks, in words.

use crate::coded::said;
use gate::{Admission, Decision, Reason};
use kernel::Language;
use kernel::coded;
use otipass::Refusal;

/// The decision's name for people.
#[must_use]
pub const fn name(decision: Decision, language: Language) -> &'static str {
    said!(language, decision, {
        Decision::Admitted(Admission::Accepted) => "Accepté", "Accepted";
        Decision::Admitted(Admission::AcceptedOffline) => "Accepté hors ligne", "Accepted offline";
        Decision::Admitted(Admission::AcceptedUnverified) => "Accepté sans réponse d’Otipass", "Accepted without Otipass";
        Decision::Admitted(Admission::AcceptedForced) => "Accepté de force", "Forced entry";
        Decision::Exit => "Sortie", "Exit";
        Decision::Refused(Reason::NotAPass) => "Pas un pass", "Not a pass";
        Decision::Refused(Reason::SectorNotMapped) => "Secteur sans correspondance", "Sector not mapped";
        Decision::Refused(Reason::JustAdmitted) => "Entré à l’instant", "Admitted just now";
        Decision::Refused(Reason::PartnerUnavailable) => "Otipass indisponible", "Otipass unavailable";
        Decision::Refused(Reason::Partner(Refusal::UnknownPass)) => "Pass inconnu", "Unknown pass";
        Decision::Refused(Reason::Partner(Refusal::PassNotSold)) => "Pass non vendu", "Pass not sold";
        Decision::Refused(Reason::Partner(Refusal::PassBlocked)) => "Pass bloqué", "Pass blocked";
        Decision::Refused(Reason::Partner(Refusal::PassExpired)) => "Pass expiré", "Pass expired";
        Decision::Refused(Reason::Partner(Refusal::ServiceNotIncluded)) => "Prestation non incluse", "Service not included";
        Decision::Refused(Reason::Partner(Refusal::AlreadyUsed)) => "Déjà utilisé", "Already used";
    })
}

coded! {
/// Why an entry was taken back.
fn cause() {
    "agent": "annulée par l’agent", "taken back by the agent";
    "turned_away": "visiteur renvoyé par l’appareil", "visitor turned away by the device";
    "not_passed": "porte que personne n’a franchie", "nobody went through the door";
}}

/// The name of an outcome or of what an entry was taken back for; what is neither, such as
/// what ticketing said, as it came.
pub(crate) fn told(word: &str, language: Language) -> &str {
    let decision = word.parse().map(|decision| name(decision, language));
    decision
        .ok()
        .or_else(|| cause(word, language))
        .unwrap_or(word)
}
