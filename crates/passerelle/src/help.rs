//! `passerelle help`: of a command, or a document.

use crate::{CommandLine, Verdict};
use anyhow::{Result, bail};
use clap::CommandFactory;
use office::documents::{DOCUMENTS, document};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A command, or one of the documents that `passerelle help` lists
    topic: Option<String>,
}

/// Prints what is asked for.
///
/// # Errors
/// If there is neither a command nor a document of that name.
pub(crate) fn run(arguments: &Arguments) -> Result<Verdict> {
    let mut commands = CommandLine::command();
    let Some(topic) = &arguments.topic else {
        out!("{}", commands.render_help());
        outln!("\nDocuments, by `passerelle help NAME`, or as pages below /office/help/:");
        for document in DOCUMENTS {
            outln!("  {:<22}  {}", document.topic, document.title());
        }
        return Ok(Verdict::Fine);
    };
    if let Some(document) = document(topic) {
        out!("{}", document.text);
    } else if let Some(command) = commands.find_subcommand_mut(topic) {
        out!("{}", command.render_long_help());
    } else {
        bail!("there is no command and no document `{topic}`; `passerelle help` lists them");
    }
    Ok(Verdict::Fine)
}
