//! `passerelle help`: of a command, or a document.

mod french;

use crate::language::{in_language, language};
use crate::{CommandLine, Verdict};
use anyhow::{Result, bail};
use clap::{Arg, Command, CommandFactory, value_parser};
use kernel::Language;
use kernel::text::fill;
use office::documents::{DOCUMENTS, document};
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A command, or one of the documents that `passerelle help` lists
    topic: Option<String>,
}

kernel::texts!(Texts in Fr, En {
    documents: "Documents, en anglais sauf mise-en-route, par « passerelle help NOM », ou comme pages à /office/help/NOM :",
        "Documents, by `passerelle help NAME`, or as pages at /office/help/NAME:";
    nothing: "il n’y a ni commande ni document {topic} ; « passerelle help » les énumère",
        "there is no command and no document {topic}; `passerelle help` lists them";
});

/// The command line, with its help in the language of whoever asks.
pub(crate) fn command_line() -> Command {
    match language() {
        Language::Fr => french::in_french(english()),
        _ => english(),
    }
}

fn english() -> Command {
    let language = Arg::new("language").long("language").value_name("LANGUAGE");
    let language = language.global(true).value_parser(value_parser!(Language));
    CommandLine::command().arg(language.help("en or fr; by default as LANG has it"))
}

/// Says why the command line cannot be read, or prints the help or version it asks for.
pub(crate) fn not_read(error: &clap::Error) -> ExitCode {
    let text = error.render().to_string();
    if language() != Language::Fr || !text.starts_with("error:") {
        error.exit();
    }
    for line in text.lines() {
        errln!("{}", in_language(line, Language::Fr));
    }
    ExitCode::from(2)
}

/// Prints what is asked for.
///
/// # Errors
/// If there is neither a command nor a document of that name.
pub(crate) fn run(arguments: &Arguments) -> Result<Verdict> {
    let t = Texts::of(language());
    let mut commands = command_line();
    let Some(topic) = &arguments.topic else {
        out!("{}", commands.render_help());
        outln!("\n{}", t.documents);
        for document in DOCUMENTS {
            outln!("  {:<22}  {}", document.topic, document.title());
        }
        return Ok(Verdict::Fine);
    };
    if let Some(document) = document(topic) {
        out!("{}", document.plain());
    } else if let Some(command) = commands.find_subcommand_mut(topic) {
        out!("{}", command.render_long_help());
    } else {
        bail!(fill(t.nothing, &[("topic", topic)]));
    }
    Ok(Verdict::Fine)
}
