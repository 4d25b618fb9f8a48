//! The help of each command in French.

use crate::language::HELP;
use clap::builder::{Resettable, StyledStr};
use clap::{Arg, Command};

/// What a value is called, and the same in French.
#[rustfmt::skip]
const VALUES: &[(&str, &str)] = &[
    ("ADDRESS", "ADRESSE"), ("CARD", "CARTE"), ("COUNT", "NOMBRE"), ("DATABASE", "BASE"),
    ("DAY", "JOUR"), ("DEVICE", "APPAREIL"), ("DIR", "DOSSIER"), ("FILE", "FICHIER"),
    ("FILE.tar", "FICHIER.tar"), ("FOLDER", "DOSSIER"), ("KILLS", "NOMBRE"),
    ("LANGUAGE", "LANGUE"), ("LOGIN", "IDENTIFIANT"), ("NAME", "NOM"), ("NUMBERS", "NUMÉROS"),
    ("PRODUCT", "PRODUIT"), ("TARIFF", "TARIF"), ("TO", "DOSSIER"), ("TOPIC", "SUJET"),
    ("WORDS", "MOTS"), ("ZONE", "FUSEAU"),
];

/// What stands around the texts.
const TEMPLATE: &str =
    "{before-help}{about-with-newline}\nUtilisation\u{a0}: {usage}\n\n{all-args}{after-help}";

/// The command line with its help in French.
pub(crate) fn in_french(mut command: Command) -> Command {
    // What clap adds is there then.
    command.build();
    translated(command)
}

fn translated(command: Command) -> Command {
    let about = of(command.get_about());
    let long_about = of(command.get_long_about());
    let after = of(command.get_after_help());
    command
        .about(about)
        .long_about(long_about)
        .after_help(after)
        .help_template(TEMPLATE)
        .subcommand_help_heading("Commandes\u{a0}")
        .subcommand_value_name("COMMANDE")
        .mut_args(argument)
        .mut_subcommands(translated)
}

/// With what is said of its values behind the help, in French too.
fn argument(argument: Arg) -> Arg {
    let name = |name: &clap::builder::Str| {
        let french = VALUES.iter().find(|(english, _)| *english == name.as_str());
        french.map_or_else(|| name.clone(), |(_, french)| (*french).into())
    };
    let names = argument.get_value_names().unwrap_or_default();
    let names: Vec<_> = names.iter().map(name).collect();
    let words = argument.get_possible_values();
    let words = words
        .iter()
        .filter(|_| argument.get_action().takes_values());
    let words: Vec<_> = words.map(|word| word.get_name()).collect();
    let default = argument.get_default_values().first();
    let default = default
        .filter(|_| argument.get_action().takes_values() && !argument.is_hide_default_value_set());
    let default = default.map(|value| value.to_string_lossy().into_owned());
    let variable = argument.get_env().map(|name| name.to_string_lossy());
    let said = [
        ("variable", variable.map(Into::into)),
        ("par défaut", default),
        (
            "valeurs possibles",
            (!words.is_empty()).then(|| words.join(", ")),
        ),
    ];
    let said = said
        .into_iter()
        .filter_map(|(what, value)| Some(format!(" [{what} : {}]", value?)));
    let said: String = said.collect();
    let with = |text: Option<&StyledStr>| {
        text.map(|text| StyledStr::from(format!("{}{said}", french(text))))
            .into()
    };
    let (help, long_help): (Resettable<_>, Resettable<_>) =
        (with(argument.get_help()), with(argument.get_long_help()));
    let argument = match names.is_empty() {
        true => argument,
        false => argument.value_names(names),
    };
    let heading = match argument.is_positional() {
        true => "Arguments\u{a0}",
        false => "Options\u{a0}",
    };
    argument
        .help_heading(heading)
        .hide_default_value(true)
        .hide_possible_values(true)
        .hide_env(true)
        .help(help)
        .long_help(long_help)
}

fn of(text: Option<&StyledStr>) -> Resettable<StyledStr> {
    text.map(|text| StyledStr::from(french(text))).into()
}

/// A text in French; as it is, if there is none.
fn french(text: &StyledStr) -> String {
    let text = text.to_string();
    let french = HELP.iter().find(|[english, _]| *english == text);
    french.map_or(text, |[_, french]| french.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::help::english;
    use std::collections::BTreeSet;

    fn texts(command: &Command, found: &mut BTreeSet<String>) {
        let own = [
            command.get_about(),
            command.get_long_about(),
            command.get_after_help(),
        ];
        let arguments = command.get_arguments().filter(|a| !a.is_hide_set());
        let of_arguments =
            arguments.flat_map(|argument| [argument.get_help(), argument.get_long_help()]);
        let all = own.into_iter().chain(of_arguments).flatten();
        found.extend(all.map(ToString::to_string));
        for command in command.get_subcommands() {
            texts(command, found);
        }
    }

    fn speaks_french(command: &mut Command) {
        let help = command.render_long_help().to_string();
        for english in ["Usage", "[default", "[env", "ossible values", "<FILE>"] {
            assert!(!help.contains(english), "{help}");
        }
        command.get_subcommands_mut().for_each(speaks_french);
    }

    #[test]
    fn each_help_text_is_there_in_french_and_no_other() {
        let mut command = english();
        command.build();
        let mut english = BTreeSet::new();
        texts(&command, &mut english);
        let known: BTreeSet<_> = HELP.iter().map(|[english, _]| english.clone()).collect();
        let missing: Vec<_> = english.difference(&known).collect();
        let gone: Vec<_> = known.difference(&english).collect();
        assert!(
            missing.is_empty() && gone.is_empty(),
            "missing: {missing:#?}\ngone: {gone:#?}"
        );
        let mut french = in_french(super::super::english());
        let help = french.render_help().to_string();
        assert!(
            help.contains("Utilisation\u{a0}: passerelle") && help.contains("Commandes\u{a0}:"),
            "{help}"
        );
        assert!(!help.contains("Print"), "{help}");
        speaks_french(&mut french);
    }
}
