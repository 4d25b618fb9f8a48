//! `passerelle support-bundle`: one file for whoever helps.

use crate::Verdict;
use crate::house::ConfigOption;
use anyhow::{Context, Result};
use doctor::{Doctor, PATIENCE, Reach};
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
    outln!(
        "{}: {} pages of text, without card numbers and secrets. Look at them before you send it \
         on.",
        to.display(),
        bundle.pages.len()
    );
    Ok(Verdict::Fine)
}
