//! In which language a command speaks to people.

use kernel::Language;

/// In which language a command speaks.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct LanguageOption {
    /// en or fr; by default as LANG has it
    #[arg(long)]
    language: Option<Language>,
}

impl LanguageOption {
    /// What was asked for, or else what the locale says.
    pub fn get(self) -> Language {
        self.language.unwrap_or_else(of_this_terminal)
    }

    /// What was asked for, if anything.
    pub const fn asked(self) -> Option<Language> {
        self.language
    }
}

/// What the arguments of this process ask for, before they are read, or else what the
/// locale says: help is printed while they are read.
pub fn of_arguments() -> Language {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let pair = |pair: &[String]| match pair {
        [key, value] if key == "--language" => value.parse().ok(),
        _ => None,
    };
    let joined = |argument: &String| argument.strip_prefix("--language=")?.parse().ok();
    let asked = arguments.windows(2).find_map(pair);
    let asked = asked.or_else(|| arguments.iter().find_map(joined));
    asked.unwrap_or_else(of_this_terminal)
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
