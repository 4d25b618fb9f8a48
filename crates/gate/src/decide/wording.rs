//! What the agent at the gate reads, in the agent's language.

use crate::{Admission, Decision, Reason};
use kernel::Language;
use otipass::Refusal;

kernel::texts!(Words in En, Fr, De, It, Es {
    accepted: "Welcome", "Bienvenue",
        "Willkommen", "Benvenuti", "Bienvenidos";
    accepted_offline: "Welcome (offline)", "Bienvenue (hors ligne)",
        "Willkommen (offline)", "Benvenuti (offline)", "Bienvenidos (sin conexión)";
    accepted_unverified: "Welcome (checked later)", "Bienvenue (vérifié plus tard)",
        "Willkommen (wird später geprüft)", "Benvenuti (verifica successiva)", "Bienvenidos (se comprobará después)";
    accepted_forced: "Welcome (let in by hand)", "Bienvenue (entrée forcée)",
        "Willkommen (von Hand eingelassen)", "Benvenuti (ingresso forzato)", "Bienvenidos (entrada forzada)";
    exit: "Goodbye", "Au revoir",
        "Auf Wiedersehen", "Arrivederci", "Hasta pronto";
    not_a_pass: "This code is not a pass", "Ce code n’est pas un pass",
        "Dieser Code ist kein Pass", "Questo codice non è un pass", "Este código no es un pase";
    sector_not_mapped: "Passes are not accepted at this door", "Les pass ne sont pas acceptés à cette entrée",
        "An diesem Eingang gelten keine Pässe", "I pass non sono accettati a questo ingresso", "En esta entrada no se aceptan pases";
    just_admitted: "This pass was admitted here just now", "Ce pass vient d’être admis ici",
        "Dieser Pass wurde hier eben eingelassen", "Questo pass è appena stato ammesso qui", "Este pase acaba de ser admitido aquí";
    partner_unavailable: "The pass cannot be checked right now", "Le pass ne peut pas être vérifié pour le moment",
        "Der Pass kann gerade nicht geprüft werden", "Il pass non può essere verificato al momento", "El pase no se puede comprobar ahora";
    unknown_pass: "This pass is unknown", "Ce pass est inconnu",
        "Dieser Pass ist unbekannt", "Questo pass è sconosciuto", "Este pase es desconocido";
    pass_not_sold: "This pass has not been sold", "Ce pass n’a pas été vendu",
        "Dieser Pass wurde nicht verkauft", "Questo pass non è stato venduto", "Este pase no se ha vendido";
    pass_blocked: "This pass is blocked", "Ce pass est bloqué",
        "Dieser Pass ist gesperrt", "Questo pass è bloccato", "Este pase está bloqueado";
    pass_expired: "This pass has expired", "Ce pass a expiré",
        "Dieser Pass ist abgelaufen", "Questo pass è scaduto", "Este pase ha caducado";
    service_not_included: "This pass does not include this place", "Ce pass ne comprend pas ce lieu",
        "Dieser Pass gilt nicht für diesen Ort", "Questo pass non comprende questo luogo", "Este pase no incluye este lugar";
    already_used: "This pass has already been used here", "Ce pass a déjà été utilisé ici",
        "Dieser Pass wurde hier schon benutzt", "Questo pass è già stato usato qui", "Este pase ya se ha usado aquí";
    may_enter: "This pass may enter", "Ce pass peut entrer",
        "Dieser Pass gilt hier", "Questo pass può entrare", "Este pase puede entrar";
});

/// The decision in words: short enough for a small screen, plain enough to be
/// read out to the visitor.
#[must_use]
pub const fn message(decision: Decision, language: Language) -> &'static str {
    let words = Words::of(language);
    match decision {
        Decision::Admitted(Admission::Accepted) => words.accepted,
        Decision::Admitted(Admission::AcceptedOffline) => words.accepted_offline,
        Decision::Admitted(Admission::AcceptedUnverified) => words.accepted_unverified,
        Decision::Admitted(Admission::AcceptedForced) => words.accepted_forced,
        Decision::Exit => words.exit,
        Decision::Refused(Reason::NotAPass) => words.not_a_pass,
        Decision::Refused(Reason::SectorNotMapped) => words.sector_not_mapped,
        Decision::Refused(Reason::JustAdmitted) => words.just_admitted,
        Decision::Refused(Reason::PartnerUnavailable) => words.partner_unavailable,
        Decision::Refused(Reason::Partner(Refusal::UnknownPass)) => words.unknown_pass,
        Decision::Refused(Reason::Partner(Refusal::PassNotSold)) => words.pass_not_sold,
        Decision::Refused(Reason::Partner(Refusal::PassBlocked)) => words.pass_blocked,
        Decision::Refused(Reason::Partner(Refusal::PassExpired)) => words.pass_expired,
        Decision::Refused(Reason::Partner(Refusal::ServiceNotIncluded)) => {
            words.service_not_included
        }
        Decision::Refused(Reason::Partner(Refusal::AlreadyUsed)) => words.already_used,
    }
}

/// What the help desk reads of a pass that would be admitted now.
#[must_use]
pub const fn may_enter(language: Language) -> &'static str {
    Words::of(language).may_enter
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_decision_has_words_of_its_own_in_each_language() {
        for language in Language::ALL {
            let all: BTreeSet<_> = Decision::ALL
                .into_iter()
                .map(|decision| message(decision, language))
                .collect();
            assert_eq!(all.len(), Decision::ALL.len(), "{language}");
            assert!(!all.contains(may_enter(language)), "nobody entered");
            assert!(
                all.iter().all(|words| words.chars().count() <= 50),
                "{language}"
            );
        }
    }
}
