//! What the agent at the gate reads, in the agent's language.

use crate::{Admission, Decision, Reason};
use otipass::Refusal;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A language that agents may choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Default)]
#[serde(try_from = "String", into = "String")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// French.
    Fr,
    /// German.
    De,
    /// Italian.
    It,
    /// Spanish.
    Es,
}

/// A language Passerelle does not speak.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no language of the gate; choose one of en, fr, de, it, es")]
pub struct UnknownLanguage(String);

impl Language {
    /// Every language, English first.
    pub const ALL: [Language; 5] = [
        Language::En,
        Language::Fr,
        Language::De,
        Language::It,
        Language::Es,
    ];

    /// The ISO 639-1 code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Language::En => "en",
            Language::Fr => "fr",
            Language::De => "de",
            Language::It => "it",
            Language::Es => "es",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(code: &str) -> Result<Self, UnknownLanguage> {
        Language::ALL
            .into_iter()
            .find(|language| language.as_str().eq_ignore_ascii_case(code))
            .ok_or_else(|| UnknownLanguage(code.chars().take(16).collect()))
    }
}

impl TryFrom<String> for Language {
    type Error = UnknownLanguage;

    fn try_from(code: String) -> Result<Self, UnknownLanguage> {
        code.parse()
    }
}

impl From<Language> for String {
    fn from(language: Language) -> String {
        language.as_str().to_owned()
    }
}

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

    #[test]
    fn a_language_is_read_from_its_code() {
        assert_eq!("FR".parse::<Language>().unwrap(), Language::Fr);
        assert!("nl".parse::<Language>().is_err());
    }
}
