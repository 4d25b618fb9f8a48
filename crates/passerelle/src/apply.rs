//! `passerelle apply`: load changed files while the service runs.

use crate::Verdict;
use crate::house::{ConfigOption, command_line};
use crate::set_up;
use anyhow::Result;
use kernel::{Clock, SystemClock};
use std::sync::Arc;

/// `passerelle apply`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    config: ConfigOption,
}

pub async fn run(arguments: Arguments) -> Result<Verdict> {
    let config = arguments.config.read()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let (_, site) = set_up::apply(&config, &clock, command_line()).await?;
    let Some(site) = site else {
        outln!(
            "Nothing is managed by file: [set_up] names no site, and nobody has set one up. The back \
             office's page Set-up does it, or [set_up] site names a file."
        );
        return Ok(Verdict::Fine);
    };
    outln!(
        "Site and catalogue of {} are loaded: {} sectors, {} doors, {} devices. A running service \
         knows of them within a second; what was held is sold by its next external sales run. \
         Changed mapping parameters take a restart.",
        site.name,
        site.sectors.len(),
        site.doors.len(),
        site.devices.len()
    );
    Ok(Verdict::Fine)
}
