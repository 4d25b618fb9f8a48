//! `passerelle support-bundle`: one file for whoever helps.

use crate::Verdict;
use crate::house::ConfigOption;
use crate::language::language;
use anyhow::{Context, Result};
use doctor::{Doctor, PATIENCE, Reach};
use kernel::text::fill;
use std::path::PathBuf;

/// `passerelle support-bundle`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The new file [default: passerelle-support-TIME.tar]
    #[arg(long, value_name = "FILE.tar")]
    to: Option<PathBuf>,
    /// Leave out everything that goes over the network
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    config: ConfigOption,
}

kernel::texts!(Texts in Fr, En {
    made: "{file} : {pages} pages de texte, sans numéros de carte ni secrets. Regardez-les avant de les envoyer.",
        "{file}: {pages} pages of text, without card numbers and secrets. Look at them before you send it on.";
});

pub async fn run(arguments: Arguments) -> Result<Verdict> {
    let reach = if arguments.offline {
        Reach::Offline
    } else {
        Reach::Online
    };
    let doctor = Doctor::new(arguments.config.path());
    let bundle = doctor.support_bundle(reach, PATIENCE).await;
    let to = arguments.to.unwrap_or_else(|| bundle.file_name().into());
    kernel::owner_only()
        .create_new(true)
        .open(&to)
        .and_then(|archive| bundle.write_tar(archive))
        .with_context(|| {
            format!(
                "the bundle {} cannot be written; give another name with --to",
                to.display()
            )
        })?;
    let (file, pages) = (to.display(), bundle.pages.len());
    let made = Texts::of(language()).made;
    outln!("{}", fill(made, &[("file", &file), ("pages", &pages)]));
    Ok(Verdict::Fine)
}
