//! `passerelle apply`: take up changed files while the service runs.

use crate::assemble::{self, AssembleError};
use crate::{ConfigOption, Verdict};
use config::ConfigError;
use kernel::{Clock, SystemClock};
use std::sync::Arc;

/// `passerelle apply`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    config: ConfigOption,
}

/// Why nothing was taken up.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The set-up.
    #[error(transparent)]
    Assemble(#[from] AssembleError),
}

pub async fn run(arguments: Arguments) -> Result<Verdict, ApplyError> {
    let config = arguments.config.read()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let (_, site) = assemble::apply(&config, &clock).await?;
    let Some(site) = site else {
        outln!(
            "Nothing is managed by file: [set_up] names no site, and nobody has set one up. The back \
             office's page Set-up does it, or [set_up] site names a file."
        );
        return Ok(Verdict::Fine);
    };
    outln!(
        "Site and catalogue of {} are taken up: {} sectors, {} doors, {} devices. A running service \
         knows of them within a second; what was held is sold by its next external sales run. \
         Changed mapping parameters take a restart.",
        site.name,
        site.sectors.len(),
        site.doors.len(),
        site.devices.len()
    );
    Ok(Verdict::Fine)
}
