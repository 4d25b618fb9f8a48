//! `passerelle support-bundle`: one file for whoever helps.

use crate::{ConfigOption, Verdict};
use doctor::bundle::bundle;
use doctor::{Occasion, Reach};
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

/// Why there is no bundle. That a part of the house cannot be read is no reason:
/// its page says so.
#[derive(Debug, thiserror::Error)]
pub enum SupportError {
    /// The file.
    #[error("the bundle {} cannot be written; give another name with --to", path.display())]
    File {
        /// Its path.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

pub async fn run(arguments: Arguments) -> Result<Verdict, SupportError> {
    let path = &arguments.config.config;
    let reach = if arguments.offline {
        Reach::Offline
    } else {
        Reach::Online
    };
    let bundle = bundle(Occasion::new(path, reach)).await;
    let to = arguments.to.unwrap_or_else(|| bundle.file_name().into());
    let file = |source| SupportError::File {
        path: to.clone(),
        source,
    };
    let archive = std::fs::File::create_new(&to).map_err(file)?;
    bundle.write_tar(archive).map_err(file)?;
    outln!(
        "{}: {} pages of text, without card numbers and secrets. Look at them before you send it \
         on.",
        to.display(),
        bundle.pages.len()
    );
    Ok(Verdict::Fine)
}
