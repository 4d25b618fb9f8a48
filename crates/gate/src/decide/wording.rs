//! What the agent at the gate reads, in the agent's language.

use crate::{Admission, Decision, Reason};
use kernel::Language;
use otipass::Refusal;

/// The decision in words: short enough for a small screen, plain enough to be
/// read out to the visitor.
#[must_use]
pub const fn message(decision: Decision, language: Language) -> &'static str {
    let [en, fr, de, it, es] = match decision {
        Decision::Admitted(Admission::Accepted) => [
            "Welcome",
            "Bienvenue",
            "Willkommen",
            "Benvenuti",
            "Bienvenidos",
        ],
        Decision::Admitted(Admission::AcceptedOffline) => [
            "Welcome (offline)",
            "Bienvenue (hors ligne)",
            "Willkommen (offline)",
            "Benvenuti (offline)",
            "Bienvenidos (sin conexión)",
        ],
        Decision::Admitted(Admission::AcceptedUnverified) => [
            "Welcome (checked later)",
            "Bienvenue (vérifié plus tard)",
            "Willkommen (wird später geprüft)",
            "Benvenuti (verifica successiva)",
            "Bienvenidos (se comprobará después)",
        ],
        Decision::Admitted(Admission::AcceptedForced) => [
            "Welcome (let in by hand)",
            "Bienvenue (entrée forcée)",
            "Willkommen (von Hand eingelassen)",
            "Benvenuti (ingresso forzato)",
            "Bienvenidos (entrada forzada)",
        ],
        Decision::Exit => [
            "Goodbye",
            "Au revoir",
            "Auf Wiedersehen",
            "Arrivederci",
            "Hasta pronto",
        ],
        Decision::Refused(Reason::NotAPass) => [
            "This code is not a pass",
            "Ce code n’est pas un pass",
            "Dieser Code ist kein Pass",
            "Questo codice non è un pass",
            "Este código no es un pase",
        ],
        Decision::Refused(Reason::SectorNotMapped) => [
            "Passes are not accepted at this door",
            "Les pass ne sont pas acceptés à cette entrée",
            "An diesem Eingang gelten keine Pässe",
            "I pass non sono accettati a questo ingresso",
            "En esta entrada no se aceptan pases",
        ],
        Decision::Refused(Reason::JustAdmitted) => [
            "This pass was admitted here just now",
            "Ce pass vient d’être admis ici",
            "Dieser Pass wurde hier eben eingelassen",
            "Questo pass è appena stato ammesso qui",
            "Este pase acaba de ser admitido aquí",
        ],
        Decision::Refused(Reason::PartnerUnavailable) => [
            "The pass cannot be checked right now",
            "Le pass ne peut pas être vérifié pour le moment",
            "Der Pass kann gerade nicht geprüft werden",
            "Il pass non può essere verificato al momento",
            "El pase no se puede comprobar ahora",
        ],
        Decision::Refused(Reason::Partner(refusal)) => match refusal {
            Refusal::UnknownPass => [
                "This pass is unknown",
                "Ce pass est inconnu",
                "Dieser Pass ist unbekannt",
                "Questo pass è sconosciuto",
                "Este pase es desconocido",
            ],
            Refusal::PassNotSold => [
                "This pass has not been sold",
                "Ce pass n’a pas été vendu",
                "Dieser Pass wurde nicht verkauft",
                "Questo pass non è stato venduto",
                "Este pase no se ha vendido",
            ],
            Refusal::PassBlocked => [
                "This pass is blocked",
                "Ce pass est bloqué",
                "Dieser Pass ist gesperrt",
                "Questo pass è bloccato",
                "Este pase está bloqueado",
            ],
            Refusal::PassExpired => [
                "This pass has expired",
                "Ce pass a expiré",
                "Dieser Pass ist abgelaufen",
                "Questo pass è scaduto",
                "Este pase ha caducado",
            ],
            Refusal::ServiceNotIncluded => [
                "This pass does not include this place",
                "Ce pass ne comprend pas ce lieu",
                "Dieser Pass gilt nicht für diesen Ort",
                "Questo pass non comprende questo luogo",
                "Este pase no incluye este lugar",
            ],
            Refusal::AlreadyUsed => [
                "This pass has already been used here",
                "Ce pass a déjà été utilisé ici",
                "Dieser Pass wurde hier schon benutzt",
                "Questo pass è già stato usato qui",
                "Este pase ya se ha usado aquí",
            ],
        },
    };
    in_language(language, [en, fr, de, it, es])
}

/// What the help desk reads of a pass that would be admitted now.
#[must_use]
pub const fn may_enter(language: Language) -> &'static str {
    in_language(
        language,
        [
            "This pass may enter",
            "Ce pass peut entrer",
            "Dieser Pass gilt hier",
            "Questo pass può entrare",
            "Este pase puede entrar",
        ],
    )
}

const fn in_language(language: Language, [en, fr, de, it, es]: [&'static str; 5]) -> &'static str {
    match language {
        Language::En => en,
        Language::Fr => fr,
        Language::De => de,
        Language::It => it,
        Language::Es => es,
    }
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
