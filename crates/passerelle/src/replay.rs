//! `passerelle replay DIR`: a recorded day through the real thing.
//!
//! The service runs as a child process, the Otipass sandbox in this one; they
//! and the replayed devices meet over HTTP on loopback. With `--kill N` the
//! service is killed N times at random moments and started again, while the
//! devices send what was not answered again under the same id.

mod devices;
mod kills;
mod scans;
mod service;
mod summary;

use crate::progress::Progress;
use crate::{Verdict, set_up, tokens};
use anyhow::{Context, Result, bail};
use config::{Config, Surroundings};
use devices::Devices;
use gate::{DeviceToken, Site};
use kernel::{Clock, DeviceCode, SystemClock};
use kills::Kills;
use sandbox::{PassBook, Sandbox, SandboxSettings};
use service::ServiceProcess;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use summary::Summary;
use tokio::net::TcpListener;

/// How a configuration begins that a replay may overwrite.
const WRITTEN_BY: &str = "# Written by `passerelle replay`";
/// How long the queues may take to empty at the end.
const SETTLE_LIMIT: Duration = Duration::from_secs(180);

/// `passerelle replay`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The folder with site.toml, mapping.json, catalogue.toml, passes.csv,
    /// scans.csv and, if the result is known, expected.json
    pub dir: PathBuf,
    /// Keep database and files in this folder; a second replay into it changes
    /// nothing
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<PathBuf>,
    /// Kill the service this many times at random moments
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub kill: usize,
    /// Which random moments
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
}

/// Replays the day and gives its summary.
pub async fn replay(arguments: &Arguments) -> Result<Summary> {
    let temporary;
    let data = match &arguments.data {
        Some(folder) => {
            std::fs::create_dir_all(folder).context("the replay could not make its folder")?;
            folder
                .canonicalize()
                .context("the replay could not find its folder")?
        }
        None => {
            temporary =
                tempfile::tempdir().context("the replay could not make a temporary folder")?;
            temporary.path().to_owned()
        }
    };
    let day = &arguments.dir;
    let file = day.join("scans.csv");
    let scans = scans::read(&file).with_context(|| unusable(&file))?;
    let steps = scans::steps(&scans);

    let listener = TcpListener::bind(("127.0.0.1", 0))
        .await
        .context("the replay could not open a port for the sandbox")?;
    let partner = listener
        .local_addr()
        .context("the replay could not open a port for the sandbox")?;
    let service_address = free_address().await?;
    let config = write_set_up(day, &data, service_address, partner)?;
    let (site, mapping, tokens) = prepare(&config).await?;
    let sandbox = sandbox(day, &config, mapping, &site)?;
    let sandbox_task = tokio::spawn(sandbox::serve(listener, sandbox, std::future::pending()));

    let mut service = ServiceProcess::start(&data, service_address).await?;
    let devices = Devices::new(service_address, tokens)?;
    let mut kills = Kills::plan(arguments.kill, arguments.seed, steps.len());
    let progress = Progress::new("checks", scans.len());
    for (at, step) in steps.iter().enumerate() {
        if let Some(after) = kills.due_at(at) {
            kills::interrupted(&devices, step, after, &mut service).await?;
        }
        devices.send(step).await?;
        if step.is_journal() {
            // The order of arrival: what the journal delivered is declared
            // before the next check is asked about.
            settle(&devices, |waiting| waiting.declarations == 0).await?;
        }
        progress.advance(step.len());
    }
    for after in kills.while_settling() {
        tokio::time::sleep(after).await;
        service.kill_and_restart().await?;
    }
    progress.say("selling");
    settle(&devices, devices::Waiting::is_empty).await?;
    progress.finish();
    service.stop().await?;
    sandbox_task.abort();
    summary::summarise(config, scans::retries(&scans))
        .await
        .context("the summary could not be made")
}

/// What is said of a file of the day with something wrong in it.
fn unusable(path: &Path) -> String {
    format!("{} cannot be used", path.display())
}

/// Waits until what waits in the service satisfies `enough`.
async fn settle(devices: &Devices, enough: impl Fn(&devices::Waiting) -> bool) -> Result<()> {
    let caught_up = async {
        loop {
            let waiting = devices.waiting().await?;
            if enough(&waiting) {
                return Ok(());
            }
            tokio::time::sleep(service::LOOK).await;
        }
    };
    tokio::time::timeout(SETTLE_LIMIT, caught_up)
        .await
        .ok()
        .with_context(|| {
            format!(
                "the service did not work off its queues within {} s; see service.log in the data \
                 folder (--data)",
                SETTLE_LIMIT.as_secs()
            )
        })?
}

/// An address on loopback that nobody uses at present. The service binds it
/// anew after each kill.
async fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0))
        .await
        .context("the replay could not find a free port")?;
    listener
        .local_addr()
        .context("the replay could not find a free port")
}

/// Puts the day's set-up and a configuration into the data folder.
fn write_set_up(
    day: &Path,
    data: &Path,
    service: SocketAddr,
    partner: SocketAddr,
) -> Result<Config> {
    let path = data.join("passerelle.toml");
    if std::fs::read_to_string(&path).is_ok_and(|text| !text.starts_with(WRITTEN_BY)) {
        bail!(
            "{} holds a passerelle.toml that no replay wrote; choose an empty folder with --data",
            data.display()
        );
    }
    for file in ["site.toml", "mapping.json", "catalogue.toml"] {
        let path = day.join(file);
        let text = set_up::read_text(&path)?;
        std::fs::write(data.join(file), text)
            .context("the replay could not copy the day's set-up")?;
    }
    let text = format!(
        "{WRITTEN_BY}.\n\
         [server]\nlisten = \"{service}\"\n\n\
         [set_up]\nsite = \"site.toml\"\ncatalogue = \"catalogue.toml\"\n\
         mapping = \"mapping.json\"\n\n\
         # A slow machine must not change the result.\n\
         [otipass]\nurl = \"http://{partner}/api\"\nusername = \"replay\"\n\
         decision_budget_ms = 10000\n\n\
         [external_sales]\nevery_s = 1\n"
    );
    std::fs::write(&path, text).context("the replay could not write its configuration")?;
    Ok(Config::read(&path, Surroundings::Nothing)?)
}

/// Applies the set-up and gives each device a token.
async fn prepare(
    config: &Config,
) -> Result<(Site, otipass::Mapping, BTreeMap<DeviceCode, DeviceToken>)> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let (author, site, mapping) = set_up::apply_files(config, &clock).await?;
    let tokens = tokens::for_all(&author, &site).await?;
    Ok((site, mapping, tokens))
}

fn sandbox(day: &Path, config: &Config, mapping: otipass::Mapping, site: &Site) -> Result<Sandbox> {
    let path = day.join("passes.csv");
    let unusable = || unusable(&path);
    let file = std::fs::File::open(&path).with_context(unusable)?;
    let passes = PassBook::from_csv(file).with_context(unusable)?;
    Ok(Sandbox::new(
        passes,
        SandboxSettings {
            contract: config.otipass.contract.clone(),
            ..SandboxSettings::new(mapping.project_id, site.zone.clone(), Arc::new(SystemClock))
        },
    ))
}

pub async fn run(arguments: Arguments) -> Result<Verdict> {
    let summary = replay(&arguments).await?;
    outln!("{}", summary.to_json());
    let expected = arguments.dir.join("expected.json");
    let Ok(text) = std::fs::read_to_string(&expected) else {
        return Ok(Verdict::Fine);
    };
    let differences = summary.differences_from(&text);
    let differences = differences.with_context(|| unusable(&expected))?;
    if differences.is_empty() {
        errln!("Equal to {} in every field.", expected.display());
        return Ok(Verdict::Fine);
    }
    errln!("Not what {} says:", expected.display());
    for difference in differences {
        errln!("  {difference}");
    }
    Ok(Verdict::NotFine)
}
