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

use crate::set_up::{self, Load};
use crate::{Verdict, tokens};
use anyhow::{Context, Result, bail};
use config::{Config, Surroundings};
use db::{Db, Tx};
use devices::Devices;
use gate::site::interface;
use gate::{DeviceToken, Site};
use kernel::{Clock, DeviceCode, NumType, SystemClock, Timestamp};
use kills::Kills;
use otipass::Mapping;
use sandbox::{PassBook, Sandbox, SandboxSettings};
use scans::{Change, What};
use serde_json::{Value, json};
use service::ServiceProcess;
use staff::Actor;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use summary::Summary;
use tokio::net::TcpListener;

/// How a configuration begins that a replay may overwrite.
const WRITTEN_BY: &str = "# Written by `passerelle replay`";
/// Longer than a service that tells Otipass of an entry keeps the others from it.
const CLAIMED_MS: i64 = 31_000;
/// How long the queues may take to empty: longer than the longest pause after a partner
/// failed, five minutes.
const SETTLE_LIMIT: Duration = Duration::from_secs(400);

/// `passerelle replay`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The folder with site.toml, mapping.json, catalogue.toml, passes.csv,
    /// scans.csv and, if there are, day.json, changes.csv and expected.json
    pub dir: PathBuf,
    /// Keep database and files in this folder; a second replay into it changes
    /// nothing
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<PathBuf>,
    /// Use this database, which must be empty, instead of a file in the folder
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// Spread the devices over this many services on the database
    #[arg(long, value_name = "N", default_value_t = 1, requires = "database")]
    pub nodes: usize,
    /// Kill a service this many times at random moments
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
    let recorded = Recorded::read(day)?;
    let scans = &recorded.scans;
    let steps = scans::steps(scans);
    let begins = scans.first().context("the day has no scans")?.arrived_at;

    let listener = TcpListener::bind(("127.0.0.1", 0))
        .await
        .context("the replay could not open a port for the sandbox")?;
    let partner = listener
        .local_addr()
        .context("the replay could not open a port for the sandbox")?;
    let mut nodes = Vec::new();
    for number in 0..arguments.nodes.max(1) {
        let folder = match number {
            0 => data.clone(),
            other => data.join(format!("node-{}", other + 1)),
        };
        std::fs::create_dir_all(&folder).context("the replay could not make its folder")?;
        nodes.push(Node {
            folder,
            address: free_address().await?,
        });
    }
    let configs = nodes
        .iter()
        .map(|node| write_set_up(arguments, node, partner, &recorded.day))
        .collect::<Result<Vec<_>>>()?;
    let config = configs.into_iter().next().context("there is no node")?;
    let mut house = SetUp::prepare(day, &config).await?;
    let sandbox = sandbox(day, &config, &house)?;
    let sandbox_task = tokio::spawn(sandbox::serve(listener, sandbox, std::future::pending()));

    let mut services = Vec::new();
    for node in &nodes {
        services.push(ServiceProcess::start(&node.folder, node.address, begins).await?);
    }
    let addresses: Vec<_> = nodes.iter().map(|node| node.address).collect();
    let devices = Devices::new(&addresses, std::mem::take(&mut house.tokens))?;
    devices.heard_of_change().await?;
    let mut changes = recorded.changes.iter().peekable();
    let mut kills = Kills::plan(arguments.kill, arguments.seed, steps.len());
    errln!("{} checks", scans.len());
    for (at, step) in steps.iter().enumerate() {
        let arrived_at = step.scans().first().map_or(begins, |scan| scan.arrived_at);
        for service in &mut services {
            service.set_clock(arrived_at);
        }
        while let Some(change) = changes.next_if(|change| change.at <= arrived_at) {
            house.make(change).await?;
            devices.heard_of_change().await?;
        }
        let mut by = None;
        if let Some(after) = kills.due_at(at) {
            by = Some(arrived_at.plus_ms(CLAIMED_MS));
            let struck = step
                .scans()
                .first()
                .map_or(0, |scan| devices.service_of(&scan.device));
            kills::interrupted(&devices, step, after, &mut services[struck]).await?;
        }
        devices.send(step).await?;
        if step.may_owe() {
            // The order of arrival: what was admitted without Otipass's word is
            // declared before the next check is asked about.
            settle(&devices, by, |waiting| waiting.declarations == 0).await?;
        }
    }
    for (at, after) in kills.while_settling().into_iter().enumerate() {
        tokio::time::sleep(after).await;
        let struck = at % services.len();
        services[struck].kill_and_restart().await?;
    }
    errln!("selling");
    let last = scans.last().map_or(begins, |scan| scan.arrived_at);
    let by = (arguments.kill > 0).then(|| last.plus_ms(CLAIMED_MS));
    settle(&devices, by, devices::Waiting::is_empty).await?;
    for service in services {
        service.stop().await?;
    }
    sandbox_task.abort();
    summary::summarise(config, scans::retries(scans), devices.conflicts())
        .await
        .context("the summary could not be made")
}

/// What is said of a file of the day with something wrong in it.
fn unusable(path: &Path) -> String {
    format!("{} cannot be used", path.display())
}

/// Waits until what waits in the service satisfies `enough`, its clock at `by`, if given:
/// what a service that was killed had claimed is due only then.
async fn settle(
    devices: &Devices,
    by: Option<Timestamp>,
    enough: impl Fn(&devices::Waiting) -> bool,
) -> Result<()> {
    let caught_up = async {
        loop {
            let waiting = devices.waiting(by).await?;
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

/// What a recorded day consists of.
struct Recorded {
    day: scans::Day,
    scans: Vec<scans::RecordedScan>,
    changes: Vec<scans::Change>,
}

impl Recorded {
    fn read(folder: &Path) -> Result<Self> {
        let (day, scans) = (folder.join("day.json"), folder.join("scans.csv"));
        let changes = folder.join("changes.csv");
        Ok(Self {
            day: scans::day(&day).with_context(|| unusable(&day))?,
            scans: scans::rows(&scans).with_context(|| unusable(&scans))?,
            changes: scans::changes(&changes).with_context(|| unusable(&changes))?,
        })
    }
}

/// One service of the replay.
struct Node {
    folder: PathBuf,
    address: SocketAddr,
}

/// Puts the day's catalogue and a configuration into a service's folder. Site and
/// mapping parameters go into the database: they may change during the day.
fn write_set_up(
    arguments: &Arguments,
    node: &Node,
    partner: SocketAddr,
    day: &scans::Day,
) -> Result<Config> {
    let (data, service, repeat_window_s) = (&node.folder, node.address, day.repeat_window_s);
    let database = arguments.database.as_ref().map(|url| {
        // TOML writes such a text as JSON does.
        let url = Value::from(url.as_str());
        format!("[database]\nurl = {url}\n\n")
    });
    let database = database.unwrap_or_default();
    let path = data.join("passerelle.toml");
    if std::fs::read_to_string(&path).is_ok_and(|text| !text.starts_with(WRITTEN_BY)) {
        bail!(
            "{} holds a passerelle.toml that no replay wrote; choose an empty folder with --data",
            data.display()
        );
    }
    let catalogue = set_up::read_text(&arguments.dir.join("catalogue.toml"))?;
    std::fs::write(data.join("catalogue.toml"), catalogue)
        .context("the replay could not copy the day's catalogue")?;
    let text = format!(
        "{WRITTEN_BY}.\n\
         [server]\nlisten = \"{service}\"\n\n\
         {database}[set_up]\ncatalogue = \"catalogue.toml\"\n\n\
         # A slow machine must not change the result.\n\
         [otipass]\nurl = \"http://{partner}/api\"\nusername = \"replay\"\n\
         decision_budget_ms = 10000\nrepeat_window_s = {repeat_window_s}\n\n\
         [external_sales]\nevery_s = 1\n"
    );
    std::fs::write(&path, text).context("the replay could not write its configuration")?;
    Ok(Config::read(&path, Surroundings::Nothing)?)
}

/// The day's set-up in the service's database, where it is changed as by somebody
/// else.
struct SetUp {
    db: Db,
    site: Site,
    mapping: Mapping,
    tokens: BTreeMap<DeviceCode, DeviceToken>,
}

impl SetUp {
    /// Applies the set-up and gives each device a token.
    async fn prepare(day: &Path, config: &Config) -> Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let author = set_up::apply(config, &clock, Actor::service(), Load::All).await?;
        let file = day.join("site.toml");
        let (site, findings) = gate::read_site(&set_up::read_text(&file)?);
        let site = site.with_context(|| format!("{}: {findings:?}", unusable(&file)))?;
        let file = day.join("mapping.json");
        let reading = otipass::read_mapping(&set_up::read_text(&file)?);
        let findings = reading.findings;
        let mapping = reading
            .mapping
            .with_context(|| format!("{}: {findings:?}", unusable(&file)))?;
        let mut set_up = Self {
            db: author.db.clone(),
            site,
            mapping,
            tokens: BTreeMap::new(),
        };
        set_up.save_site().await?;
        set_up.save_mapping().await?;
        set_up.tokens = tokens::for_all(&author, &set_up.site).await?;
        Ok(set_up)
    }

    /// Makes a change of the day.
    async fn make(&mut self, change: &Change) -> Result<()> {
        let Change { what, of, to, .. } = change;
        let unknown = || format!("changes.csv: {of} is not part of the set-up");
        match what {
            What::Move => {
                let device = self.site.devices.get_mut(&of.parse()?);
                device.with_context(unknown)?.door = to.parse()?;
                self.save_site().await
            }
            What::Season | What::Product => {
                let info = self.mapping.sectors.get_mut(&of.parse()?);
                let info = info.with_context(unknown)?;
                match what {
                    What::Season => info.season = to.parse()?,
                    _ => info.product = to.parse()?,
                }
                self.save_mapping().await
            }
        }
    }

    async fn save_site(&self) -> Result<()> {
        let site = self.site.clone();
        let save = move |tx: &mut Tx<'_>| site.save(tx);
        Ok(self.db.write("site of the day", save).await?)
    }

    async fn save_mapping(&self) -> Result<()> {
        let text = mapping_text(&self.mapping);
        let save = move |tx: &mut Tx<'_>| interface::save_mapping(tx, &text);
        Ok(self.db.write("mapping of the day", save).await?)
    }
}

/// Mapping parameters as museums paste them.
fn mapping_text(mapping: &Mapping) -> String {
    let sectors = mapping.sectors.iter().map(|(sector, info)| {
        let info = json!({
            "OtipassServiceId": info.service_id,
            "OtipassPSpaceId": info.space_id,
            "seasonCode": info.season,
            "productCode": info.product,
        });
        (sector.to_string(), info)
    });
    let mut text = json!({
        "OtipassProjectId": mapping.project_id,
        "sectorInfos": Value::Object(sectors.collect()),
    });
    if mapping.num_type == NumType::Serial {
        text["NumType"] = json!("serial");
    }
    text.to_string()
}

fn sandbox(day: &Path, config: &Config, set_up: &SetUp) -> Result<Sandbox> {
    let path = day.join("passes.csv");
    let unusable = || unusable(&path);
    let file = std::fs::File::open(&path).with_context(unusable)?;
    let passes = PassBook::from_csv(file).with_context(unusable)?;
    let (project, zone) = (set_up.mapping.project_id.clone(), set_up.site.zone.clone());
    Ok(Sandbox::new(
        passes,
        SandboxSettings {
            contract: config.otipass.contract.clone(),
            ..SandboxSettings::new(project, zone, Arc::new(SystemClock))
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
