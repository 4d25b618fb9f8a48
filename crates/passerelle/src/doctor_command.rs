//! `passerelle doctor`: checks a whole set-up and names each mistake with its
//! cure, all at once.

use crate::Verdict;
use crate::out::{Format, print};
use anyhow::Result;
use doctor::{Doctor, PATIENCE, Reach};
use kernel::Severity;
use std::path::PathBuf;

/// `passerelle doctor`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The configuration
    #[arg(
        value_name = "CONFIG",
        env = "PASSERELLE_CONFIG",
        default_value = "passerelle.toml"
    )]
    config: PathBuf,
    /// Leave out everything that goes over the network
    #[arg(long)]
    offline: bool,
    /// For people or for programs
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

pub async fn run(arguments: Arguments) -> Result<Verdict> {
    let reach = if arguments.offline {
        Reach::Offline
    } else {
        Reach::Online
    };
    let doctor = Doctor::new(arguments.config);
    let examination = doctor.examine(reach, PATIENCE).await;
    print(arguments.format, &examination.findings, |_| {
        examination.page()
    })?;
    let mut findings = examination.findings.iter();
    Ok(Verdict::fine_if(
        findings.all(|f| f.severity != Severity::Mistake),
    ))
}
