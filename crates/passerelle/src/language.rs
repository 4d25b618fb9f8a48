//! In which language the program speaks to people.

mod french;
mod po;

pub(crate) use po::HELP;

use config::ConfigError;
use edge::config::ConfigError as EdgeError;
use kernel::Language;
use std::error::Error;
use std::fmt::Display;

/// What the arguments of this process ask for, if anything: help and mistakes are told
/// before they are read.
pub fn asked() -> Option<Language> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let pair = |pair: &[String]| match pair {
        [key, value] if key == "--language" => value.parse().ok(),
        _ => None,
    };
    let joined = |argument: &String| argument.strip_prefix("--language=")?.parse().ok();
    let asked = arguments.windows(2).find_map(pair);
    asked.or_else(|| arguments.iter().find_map(joined))
}

/// What was asked for, or else what the locale says.
pub fn language() -> Language {
    asked().unwrap_or_else(of_this_terminal)
}

/// French, if the locale says so.
fn of_this_terminal() -> Language {
    let set = |name| std::env::var(name).ok().filter(|locale| !locale.is_empty());
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(set);
    match locale {
        Some(locale) if locale.starts_with("fr") => Language::Fr,
        _ => Language::En,
    }
}

/// What an error says, in the language of whoever asks.
pub fn said(error: &(dyn Error + 'static)) -> String {
    match (language(), error.downcast_ref::<ConfigError>()) {
        (language, Some(ConfigError::Refused(finding))) => finding.line(language),
        (Language::Fr, Some(ConfigError::Mistake(mistake))) => {
            doctor::told(mistake).line(Language::Fr)
        }
        (Language::Fr, _) if let Some(EdgeError::Content(mistake)) = error.downcast_ref() => {
            doctor::told(mistake).line(Language::Fr)
        }
        (language, _) => in_language(&error.to_string(), language),
    }
}

/// As [`kernel::causes`], in the language of whoever asks.
pub fn causes(error: &dyn Error) -> String {
    in_language(&kernel::causes(error), language())
}

/// An amount or a rate, with a comma where the language has one.
pub fn decimal(number: impl Display) -> String {
    let text = number.to_string();
    match language() {
        Language::Fr => text.replace('.', ","),
        _ => text,
    }
}

/// A sentence of the program, or of its command line's reader.
pub fn in_language(text: &str, language: Language) -> String {
    match language {
        Language::Fr => french::in_french(text),
        _ => text.to_owned(),
    }
}
