//! From a configuration to a service that can be served.

use crate::house::own_address;
use crate::language::language;
use anyhow::{Context, Result, bail};
use books::backup::{self, BackupSchedule};
use books::retention::{Retention, RetentionDays};
use boxoffice::BoxOffice;
use config::{Config, Role, Secret};
use db::Db;
use deviceapi::Detection;
use doctor::Vitals;
use gate::site::interface::Connection;
use gate::{Gate, InterfaceSettings, Site};
use kernel::{Clock, Language, Severity, Zone};
use metrics_exporter_prometheus::PrometheusHandle;
use notices::{About, Mail, Notices, Way, Webhook};
use office::{Day, Missing, Watched};
use otipass::{OtipassClient, OtipassSettings};
use secutix::client::{AccessControlClient, ClientSettings};
use server::{BoxOfficeRole, GateRole, Service, Upkeep};
use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How long a connection to Otipass may take to open.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// Puts the service together on what [`apply`](crate::set_up::apply) opened. `address` is where it
/// will listen in plain HTTP: its own ticketing unless the configuration names
/// another. A role whose set-up is incomplete is left out and named in
/// [`Service::missing`].
pub async fn service(
    config: &Config,
    db: Db,
    site: Option<Site>,
    clock: &Arc<dyn Clock>,
    address: SocketAddr,
    prometheus: PrometheusHandle,
) -> Result<Service> {
    let zone = site
        .as_ref()
        .map_or_else(Zone::utc, |site| site.zone.clone());
    let notices = telling(config, site.as_ref());
    let (gate, box_office, missing) = roles(config, &db, site.as_ref(), clock, address).await?;
    let day = Day::new(Watched {
        db: db.clone(),
        gate: gate.as_ref().map(|role| Arc::clone(&role.gate)),
        box_office: (box_office.as_ref()).map(|role| Arc::clone(&role.box_office)),
        set_up_lacks: !missing.is_empty(),
        zone,
        clock: Arc::clone(clock),
        vitals: Vitals::of(config),
    });
    Ok(Service {
        gate,
        box_office,
        office: None,
        node: node(config),
        db,
        prometheus,
        upkeep: Some(upkeep(config, clock)?),
        day: Arc::new(day),
        notices,
        missing,
        clock_by_request: None,
    })
}

/// The roles that there can be, and what is missing for the others.
async fn roles(
    config: &Config,
    db: &Db,
    site: Option<&Site>,
    clock: &Arc<dyn Clock>,
    address: SocketAddr,
) -> Result<(Option<GateRole>, Option<BoxOfficeRole>, Vec<Missing>)> {
    let (interface, mut missing) = match config.has(Role::Gate) {
        true => otipass(config, db).await?,
        false => (None, Vec::new()),
    };
    let Some(site) = site else {
        missing.insert(0, Missing::Site);
        return Ok((None, None, missing));
    };
    let access_control = &config.access_control;
    let together = config.has(Role::Gate) && config.has(Role::BoxOffice);
    let password = match config.operator_password()? {
        Some(password) => password,
        None if together && access_control.url.is_none() => crate::tokens::password(),
        None => bail!(
            "[access_control] needs a password_file (or PASSERELLE_ACCESS_CONTROL__PASSWORD) where \
             gate and box office do not run in one process"
        ),
    };
    let institution = access_control
        .institution
        .clone()
        .unwrap_or_else(|| site.institution.clone());
    let caller = config.ticketing_caller(institution, password);
    let mut gate = None;
    if let Some(interface) = interface {
        let url = match &access_control.url {
            Some(url) => url.clone(),
            None if together => format!("http://{address}{}", server::ACCESS_CONTROL_PATH),
            None => bail!("[access_control] url is missing; this process is no box office itself"),
        };
        let ticketing = config.ticketing(url, caller.clone())?;
        gate = Some(gate_role(config, interface, db.clone(), clock, ticketing).await?);
    }
    let mut sales = None;
    if config.has(Role::BoxOffice) {
        sales = Some(BoxOfficeRole {
            box_office: Arc::new(box_office(config, db.clone(), site, clock)?),
            caller,
            clock: Arc::clone(clock),
            external_sales_every: NonZeroU64::new(config.external_sales.every_s.into())
                .map(|s| Duration::from_secs(s.get())),
        });
    }
    Ok((gate, sales, missing))
}

/// What the service does for itself.
fn upkeep(config: &Config, clock: &Arc<dyn Clock>) -> Result<Upkeep> {
    let backup = match NonZeroU64::new(config.backup.every_h.into()) {
        None => None,
        Some(hours) => Some(BackupSchedule {
            database: backup::embedded(&config.database_url()?)
                .context("[backup] every_h must be 0 here")?
                .to_owned(),
            folder: config.path(&config.backup.folder),
            every: Duration::from_secs(hours.get() * 3_600),
            keep: config.backup.keep,
            sides: doctor::bundle::sides(config),
        }),
    };
    Ok(Upkeep {
        clock: Arc::clone(clock),
        backup,
        retention: retention(config)?,
    })
}

/// Those who are told what is not well; `None` if nobody is.
fn telling(config: &Config, site: Option<&Site>) -> Option<Notices> {
    // Nobody waits at a gate for want of a secret of these.
    match notices(config, site) {
        Ok(notices) => Some(notices).filter(|notices| !notices.ways.is_empty()),
        Err(error) => {
            tracing::error!(
                error = kernel::causes(&*error),
                "nobody is told what is not well: [notices] cannot be used as it is"
            );
            None
        }
    }
}

/// Who is told when something is not well, and how.
pub fn notices(config: &Config, site: Option<&Site>) -> Result<Notices> {
    let mut ways = Vec::new();
    if let Some(settings) = config.mail()? {
        let mail = Mail::new(&settings).context("[notices.mail] cannot be used")?;
        ways.push(Way::Mail(mail));
    }
    if let Some(url) = &config.notices.webhook {
        let secret = config.secret(Secret::WebhookSecret)?;
        let webhook = Webhook::new(url, secret).context("[notices] webhook cannot be used")?;
        ways.push(Way::Webhook(webhook));
    }
    let of_site = site.map_or(Language::En, |site| site.language);
    let address = own_address(config)?.filter(|_| config.office.enabled);
    Ok(Notices {
        about: About {
            site: site.map_or_else(String::new, |site| site.name.clone()),
            office: address.map(|url| format!("{}/office/", url.trim_end_matches('/'))),
            language: match config.notices.language.unwrap_or(of_site) {
                Language::Fr => Language::Fr,
                _ => Language::En,
            },
            zone: site.map_or_else(Zone::utc, |site| site.zone.clone()),
        },
        ways,
    })
}

/// When card numbers go; `None` if they stay for ever.
pub fn retention(config: &Config) -> Result<Option<Retention>> {
    let days = match config.retention.card_numbers_days {
        0 => return Ok(None),
        days => RetentionDays::new(days)
            .context("[retention] card_numbers_days is wrong; 0 keeps them for ever")?,
    };
    Ok(Some(Retention {
        days,
        fresh_key: crate::tokens::pseudonym_key(),
    }))
}

/// # Errors
/// What Otipass is shown stands in the database under another key.
pub async fn credentials_open(config: &Config, db: &Db) -> Result<()> {
    if config.has(Role::Gate) && config.otipass.url.is_empty() {
        let stored = gate::site::interface::read(db).await?;
        stored.credentials(&config.seal()?)?;
    }
    Ok(())
}

/// The interface's settings and its client: the connection by file where the configuration
/// names it, else as the back office keeps it. Without one of the two
/// there is none, and the other half says what is missing.
pub async fn otipass(
    config: &Config,
    db: &Db,
) -> Result<(Option<(InterfaceSettings, OtipassClient)>, Vec<Missing>)> {
    let otipass = &config.otipass;
    if otipass.kind != "OTIPASS" {
        bail!(
            "[otipass] type is {:?}; it must be OTIPASS: no other pass system is supported",
            otipass.kind
        );
    }
    let stored = gate::site::interface::read(db).await?;
    let (connection, credentials) = if otipass.url.is_empty() {
        let credentials = stored.credentials(&config.seal()?);
        let credentials = credentials.inspect_err(|error| {
            tracing::error!(%error, "Otipass cannot be asked: `passerelle doctor` says what to do");
        });
        (stored.connection, credentials)
    } else {
        let connection = Connection {
            url: otipass.url.clone(),
            username: otipass.username.clone(),
            decision_budget_ms: otipass.decision_budget_ms,
            repeat_window_ms: otipass.repeat_window_s.saturating_mul(1_000),
            when_silent: otipass.when_silent,
        };
        (connection, Ok(config.credentials()?))
    };
    // A file of them was loaded into the database, as what the pages take was.
    let mapping = stored
        .mapping
        .and_then(|text| otipass::read_mapping(&text).mapping);
    let mut missing = Vec::new();
    let credentials = credentials.ok().filter(|_| !connection.url.is_empty());
    if credentials.is_none() {
        missing.push(Missing::Connection);
    }
    if mapping.is_none() {
        missing.push(Missing::Mapping);
    }
    let (Some(credentials), Some(mapping)) = (credentials, mapping) else {
        return Ok((None, missing));
    };
    if !otipass.url.is_empty() {
        let mistakes = otipass::check_url(&otipass.url, &mapping.project_id);
        let mut mistakes = mistakes.into_iter();
        if let Some(first) = mistakes.find(|found| found.severity == Severity::Mistake) {
            bail!(first.at(config.place("otipass", "url")).line(language()));
        }
    }
    let format = otipass.number_format(mapping.num_type);
    let client = OtipassClient::new(OtipassSettings {
        base_url: connection.url,
        project_id: mapping.project_id.clone(),
        credentials,
        contract: otipass.contract.clone(),
        proxy: otipass.proxy.clone(),
        connect_timeout: CONNECT_TIMEOUT,
    })?;
    if let Some(text) = otipass.additions.part_of_number(&format) {
        bail!(
            "[otipass.additions] names {text:?}, which a card number itself may begin or end with: \
             taken off, it would make another number of it; name the whole text that the scanner adds"
        );
    }
    let settings = InterfaceSettings {
        detection: Detection {
            project_id: mapping.project_id.clone(),
            format,
            additions: otipass.additions.clone(),
        },
        decision_budget: Duration::from_millis(connection.decision_budget_ms.into()),
        repeat_window: Duration::from_millis(connection.repeat_window_ms.into()),
        when_silent: connection.when_silent,
        references: otipass.contract.references,
        offline_policy: config.gate.offline_policy,
        mapping,
    };
    Ok((Some((settings, client)), missing))
}

/// What this process is called among those that share a database: by its machine and
/// its address, which it has again when it is started again.
fn node(config: &Config) -> String {
    // Copies of a machine may have one of them in common. One that is missing tells
    // nobody apart.
    let named = ["/proc/sys/kernel/hostname", "/etc/machine-id"]
        .map(|file| std::fs::read_to_string(file).unwrap_or_default());
    let [host, machine] = named.each_ref().map(|name| name.trim());
    format!("{host} {machine} {}", config.server.listen)
}

async fn gate_role(
    config: &Config,
    (settings, client): (InterfaceSettings, OtipassClient),
    db: Db,
    clock: &Arc<dyn Clock>,
    ticketing: ClientSettings,
) -> Result<GateRole> {
    // A little more than its share of the minute, so that the limit is never
    // reached and a call never waits for its turn.
    let pause_ms = 61_000 / u64::from(ticketing.calls_per_minute.get()) + 1;
    Ok(GateRole {
        gate: Arc::new(
            Gate::open(
                db,
                Arc::clone(clock),
                settings,
                Arc::new(client),
                &node(config),
            )
            .await?,
        ),
        ticketing: AccessControlClient::new(ticketing, Arc::clone(clock))?,
        delivery_pause: Duration::from_millis(pause_ms),
        picture_reader: this_program()?,
        proxies: config.office.proxies.clone(),
    })
}

/// This very program, also when another version stands in its place by now.
fn this_program() -> Result<PathBuf> {
    let running = PathBuf::from("/proc/self/exe");
    if running.exists() {
        return Ok(running);
    }
    std::env::current_exe().context("this program does not find itself")
}

/// Opens the box office.
pub fn box_office(
    config: &Config,
    db: Db,
    site: &Site,
    clock: &Arc<dyn Clock>,
) -> Result<BoxOffice> {
    let dialect = config.external_sales.dialect.clone();
    let opened = BoxOffice::open(db, Arc::clone(clock), site.whose(), dialect);
    opened.context("the dialect of the STX_File cannot be used")
}
