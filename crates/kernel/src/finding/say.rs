use crate::{InvalidCode, Language};
use std::error::Error;
use std::fmt::Display;
use std::io::{self, ErrorKind};

/// What fills a slot where the languages differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    en: String,
    fr: Option<String>,
}

/// What can fill a slot: whatever is the same in all languages and can be
/// displayed, or a [`Phrase`].
pub trait Say {
    /// What it says in each language.
    fn say(self) -> Phrase;
}

impl<T: Display> Say for T {
    fn say(self) -> Phrase {
        Phrase {
            en: self.to_string(),
            fr: None,
        }
    }
}

impl Say for Phrase {
    fn say(self) -> Self {
        self
    }
}

/// The most characters of a text that a message quotes.
const QUOTED_CHARS: usize = 40;

impl Phrase {
    /// Both languages.
    #[must_use]
    pub fn new(en: impl Into<String>, fr: impl Into<String>) -> Self {
        Self {
            en: en.into(),
            fr: Some(fr.into()),
        }
    }

    /// What is said in each language.
    #[must_use]
    pub fn each(say: impl Fn(Language) -> String) -> Self {
        Self::new(say(Language::En), say(Language::Fr))
    }

    /// A piece of somebody's text, quoted as each language does, and cut.
    #[must_use]
    pub fn quoted(text: &str) -> Self {
        let mut cut: String = text.chars().take(QUOTED_CHARS).collect();
        if cut.len() < text.len() {
            cut.push('…');
        }
        let en = format!("{cut:?}");
        // Without the quotes, what cannot be seen stays escaped.
        let fr = format!("«\u{a0}{}\u{a0}»", &en[1..en.len() - 1]);
        Self::new(en, fr)
    }

    /// What the system says of a file.
    #[must_use]
    pub fn of_file(error: &io::Error) -> Self {
        let fr = match (of_system(error), error.raw_os_error()) {
            (Some(known), _) => known.to_owned(),
            (None, Some(number)) => format!("erreur {number} du système"),
            (None, None) => "ce n’est pas du texte UTF-8".to_owned(),
        };
        Self::new(error.to_string(), fr)
    }

    /// What the reader of a file says of a value or key: in French what is known of
    /// it, or else what `otherwise` says.
    #[must_use]
    pub fn of_reader(said: &str, otherwise: &str) -> Self {
        let named: Vec<_> = said.split('`').skip(1).step_by(2).collect();
        let (first, others) = named.split_first().unwrap_or((&"", &[]));
        let others = others.join(", ");
        let choose = |words: &str| format!("choisissez parmi {words}");
        let wanted = said.split_once(", expected ").map(|(_, wanted)| wanted);
        let fr = match (said.split_once("; choose "), wanted) {
            (Some((_, words)), _) => choose(&words.replace(" or ", ", ")),
            _ if said.starts_with("unknown variant") => choose(&others),
            _ if said.starts_with("unknown field") => {
                format!("{first} n’y est pas connu\u{a0}; sont connus\u{a0}: {others}")
            }
            _ if said.starts_with("missing field") => format!("il manque {first}"),
            (_, Some("a boolean")) => "il faut true ou false".to_owned(),
            (_, Some("a string")) => "il faut un texte entre guillemets".to_owned(),
            (_, Some("a sequence")) => "il faut une liste entre crochets".to_owned(),
            (_, Some("u8" | "u16" | "u32" | "u64" | "usize" | "i32" | "i64")) => {
                "il faut un nombre entier".to_owned()
            }
            _ => otherwise.to_owned(),
        };
        Self::new(said, fr)
    }

    /// Why somebody could not be reached: `en` in English, and in French what is
    /// known of the error and what lies behind it.
    #[must_use]
    pub fn of_line(en: String, error: &(dyn Error + 'static)) -> Self {
        let chain: Vec<&dyn Error> =
            std::iter::successors(Some(error as &dyn Error), |&error| error.source()).collect();
        let of_system = chain.iter().rev().find_map(|error| {
            let error = error.downcast_ref::<io::Error>()?;
            of_system(error)
        });
        let said = |word: &str| chain.iter().any(|error| error.to_string().contains(word));
        // What the HTTP client says of a TLS library that was answered in plain HTTP.
        if said("sending request") && said("InvalidContentType") {
            return Self::new(
                "this server does not speak https at this port; try http://",
                "ce serveur ne parle pas https à ce port\u{a0}; essayez http://",
            );
        }
        let fr = match of_system {
            // Our own words name it among what to check.
            _ if said("peer certificate") => "le certificat présenté n’est pas accepté",
            _ if said("lookup address") || said("dns error") => "ce nom d’hôte est inconnu",
            Some(known) => known,
            None => {
                return Self::new(
                    en.clone(),
                    format!("cause technique, en anglais\u{a0}: {en}"),
                );
            }
        };
        Self::new(en, fr)
    }

    /// What it says in a language.
    #[must_use]
    pub fn in_language(&self, language: Language) -> &str {
        match (language, &self.fr) {
            (Language::Fr, Some(fr)) => fr,
            _ => &self.en,
        }
    }
}

/// What is often met, in French.
fn of_system(error: &io::Error) -> Option<&'static str> {
    Some(match error.kind() {
        ErrorKind::NotFound => "il n’y a rien sous ce nom",
        ErrorKind::PermissionDenied => "l’accès est refusé",
        ErrorKind::IsADirectory => "c’est un dossier",
        ErrorKind::NotADirectory => "ce n’est pas un dossier",
        ErrorKind::StorageFull => "le disque est plein",
        ErrorKind::ReadOnlyFilesystem => "le disque est en lecture seule",
        ErrorKind::ConnectionRefused => "la connexion est refusée",
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::UnexpectedEof => {
            "la connexion s’est rompue"
        }
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => {
            "le réseau ne mène pas jusque-là"
        }
        ErrorKind::TimedOut => "aucune réponse n’est venue à temps",
        _ => return None,
    })
}

impl InvalidCode {
    /// What is wrong with the code, in each language.
    #[must_use]
    pub fn phrase(&self) -> Phrase {
        let fr = match self {
            Self::Empty { .. } => "le code est vide".to_owned(),
            Self::TooLong {
                value,
                length,
                limit,
                ..
            } => format!(
                "le code «\u{a0}{value}\u{a0}» a {length} caractères, {limit} au plus sont permis"
            ),
            Self::Character { value, found, .. } => format!(
                "le code «\u{a0}{}\u{a0}» contient {found:?}, qu’un code ne peut pas contenir",
                value.escape_debug()
            ),
        };
        Phrase::new(self.to_string(), fr)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_at_a_port_of_plain_http_is_told() {
        let said = "error sending request: received corrupt message of type InvalidContentType";
        let phrase = Phrase::of_line(said.to_owned(), &io::Error::other(said));
        let french = phrase.in_language(Language::Fr);
        assert!(french.ends_with("essayez http://"), "{french}");
        assert!(phrase.in_language(Language::En).ends_with("try http://"));
    }

    #[test]
    fn what_we_ask_to_check_is_not_what_happened() {
        #[derive(Debug, thiserror::Error)]
        #[error("no connection; check URL, network, proxy and certificate")]
        struct Outage(#[source] io::Error);
        for (happened, french) in [
            (
                io::Error::from(ErrorKind::ConnectionRefused),
                "la connexion est refusée",
            ),
            (
                io::Error::other("failed to lookup address information"),
                "ce nom d’hôte est inconnu",
            ),
            (
                io::Error::other("invalid peer certificate: UnknownIssuer"),
                "le certificat présenté n’est pas accepté",
            ),
            (
                io::Error::other("what nobody knows"),
                "cause technique, en anglais\u{a0}: no connection",
            ),
        ] {
            let phrase = Phrase::of_line("no connection".to_owned(), &Outage(happened));
            assert_eq!(phrase.in_language(Language::Fr), french);
        }
    }

    #[test]
    fn what_a_reader_says_is_told_in_french() {
        for (said, french) in [
            (
                "\"wait\" is no policy for silence; choose admit or refuse",
                "choisissez parmi admit, refuse",
            ),
            (
                "unknown variant `gates`, expected `gate` or `box_office`",
                "choisissez parmi gate, box_office",
            ),
            (
                "unknown field `dor`, expected one of `code`, `door`",
                "dor n’y est pas connu\u{a0}; sont connus\u{a0}: code, door",
            ),
            ("missing field `timezone`", "il manque timezone"),
            (
                "invalid type: string \"yes\", expected a boolean",
                "il faut true ou false",
            ),
            ("invalid socket address syntax", "autrement"),
        ] {
            let phrase = Phrase::of_reader(said, "autrement");
            assert_eq!(phrase.in_language(Language::En), said);
            assert_eq!(phrase.in_language(Language::Fr), french);
        }
    }
}
