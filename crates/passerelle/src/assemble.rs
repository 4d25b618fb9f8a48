//! From a configuration to a service that can be served.

use books::backup::{self, BackupError, BackupSchedule};
use books::retention::{Retention, RetentionDays, TooShort};
use boxoffice::{BoxOffice, Organisation};
use config::{Config, ConfigError, Role};
use db::{Db, DbUrl};
use gate::site::interface::Connection;
use gate::{Gate, InterfaceSettings, Site};
use kernel::Clock;
use metrics_exporter_prometheus::PrometheusHandle;
use office::Missing;
use otipass::{NumberFormat, OtipassClient, OtipassSettings};
use secutix::client::{AccessControlClient, ClientSettings};
use secutix::token::ExpectedCaller;
use server::{BoxOfficeRole, GateRole, Service, Upkeep};
use staff::Staff;
use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long a connection to Otipass may take to open.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// Why a service cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum AssembleError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A file of the set-up cannot be read.
    #[error("{path} cannot be read; give its path in [set_up] of the configuration")]
    File {
        /// Its path.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// There are no mapping parameters.
    #[error("[set_up] mapping names no file; give the path of the mapping parameters there")]
    NoMapping,
    /// A file of the set-up is wrong.
    #[error("{path} has mistakes:\n{mistakes}\n`passerelle doctor` explains the whole set-up")]
    Mistakes {
        /// Its path.
        path: PathBuf,
        /// One line each.
        mistakes: String,
    },
    /// There is no database yet.
    #[error(
        "there is no database at {path}; start the service first (`passerelle serve`), run `passerelle apply`, or correct \
         [database] url"
    )]
    NoDatabase {
        /// Where it should be.
        path: PathBuf,
    },
    /// Another pass system.
    #[error("[otipass] type is {0:?}; it must be OTIPASS: no other pass system is supported")]
    Kind(String),
    /// The roles run apart and share no password.
    #[error(
        "[access_control] needs a password_file (or PASSERELLE_ACCESS_CONTROL__PASSWORD) where \
         gate and box office do not run in one process"
    )]
    NoOperatorPassword,
    /// The gate's ticketing is elsewhere, and nobody says where.
    #[error("[access_control] url is missing; this process is no box office itself")]
    NoTicketing,
    /// The database.
    #[error(transparent)]
    Db(#[from] db::DbError),
    /// The site.
    #[error(transparent)]
    Site(#[from] gate::SiteError),
    /// The gate.
    #[error(transparent)]
    Gate(#[from] gate::GateError),
    /// The box office.
    #[error(transparent)]
    BoxOffice(#[from] boxoffice::OpenError),
    /// The catalogue.
    #[error(transparent)]
    Catalogue(#[from] boxoffice::CatalogueError),
    /// `[backup]` is for embedded databases.
    #[error("[backup] every_h must be 0 here")]
    Backup(#[from] BackupError),
    /// `[retention]` is too short.
    #[error("[retention] card_numbers_days is wrong; 0 keeps them for ever")]
    Retention(#[from] TooShort),
    /// The interface to Otipass.
    #[error(transparent)]
    Otipass(#[from] otipass::SettingsError),
    /// The interface to ticketing.
    #[error(transparent)]
    Ticketing(#[from] secutix::client::ClientSetupError),
}

/// Reads a text file of the set-up.
pub fn read_text(path: &Path) -> Result<String, AssembleError> {
    std::fs::read_to_string(path).map_err(|source| AssembleError::File {
        path: path.to_owned(),
        source,
    })
}

/// The mapping parameters of the file that the configuration names; none if it
/// leaves them to the back office.
///
/// # Errors
/// [`AssembleError::Mistakes`] lists all of them with line and column.
fn mapping(config: &Config) -> Result<Option<otipass::Mapping>, AssembleError> {
    let Some(path) = &config.set_up.mapping else {
        return Ok(None);
    };
    let path = config.path(path);
    let reading = otipass::read_mapping(&read_text(&path)?);
    let mistakes = lines(
        reading
            .findings
            .iter()
            .filter(|f| f.severity == otipass::Severity::Mistake)
            .map(|f| {
                format!(
                    "line {}, column {}: {} {}",
                    f.line, f.column, f.what, f.cure
                )
            }),
    );
    match reading.mapping {
        Some(mapping) if mistakes.is_empty() => Ok(Some(mapping)),
        _ => Err(AssembleError::Mistakes { path, mistakes }),
    }
}

fn site(config: &Config) -> Result<Option<Site>, AssembleError> {
    let Some(path) = &config.set_up.site else {
        return Ok(None);
    };
    let path = config.path(path);
    let (site, findings) = gate::read_site(&read_text(&path)?);
    let site = site.ok_or_else(|| AssembleError::Mistakes {
        path,
        mistakes: lines(
            findings
                .iter()
                .map(|f| format!("line {}: {} {}", f.line, f.what, f.cure)),
        ),
    })?;
    Ok(Some(site))
}

fn catalogue(config: &Config) -> Result<Option<boxoffice::Catalogue>, AssembleError> {
    let Some(path) = &config.set_up.catalogue else {
        return Ok(None);
    };
    let path = config.path(path);
    match boxoffice::read_catalogue(&read_text(&path)?) {
        Ok(catalogue) => Ok(Some(catalogue)),
        Err(problems) => Err(AssembleError::Mistakes {
            path,
            mistakes: lines(problems.iter().map(ToString::to_string)),
        }),
    }
}

fn lines(findings: impl Iterator<Item = String>) -> String {
    findings
        .map(|finding| format!("  {finding}"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// As [`apply`], for a set-up that is by file as a whole.
///
/// # Errors
/// [`AssembleError`].
pub async fn apply_files(
    config: &Config,
    clock: &Arc<dyn Clock>,
) -> Result<(Db, Site, otipass::Mapping), AssembleError> {
    let mapping = mapping(config)?.ok_or(AssembleError::NoMapping)?;
    let (db, site) = apply(config, clock).await?;
    Ok((db, site.ok_or(gate::SiteError::Missing)?, mapping))
}

/// Opens the database of a service that has run before, to read it.
///
/// # Errors
/// [`AssembleError::NoDatabase`] if there is none; [`AssembleError::Site`] if
/// nobody has set up a site.
pub async fn open(config: &Config, clock: &Arc<dyn Clock>) -> Result<(Db, Site), AssembleError> {
    let by_file = site(config)?;
    let db = database(config, clock).await?;
    let site = match by_file {
        Some(site) => Some(site),
        None => gate::site::interface::read_site(&db).await?,
    };
    Ok((db, site.ok_or(gate::SiteError::Missing)?))
}

/// Opens the database of a service that has run before, whatever has become of
/// its files.
///
/// # Errors
/// [`AssembleError::NoDatabase`] if there is none.
pub async fn database(config: &Config, clock: &Arc<dyn Clock>) -> Result<Db, AssembleError> {
    let url = config.database_url()?;
    if let DbUrl::SqliteFile(path) = &url
        && !path.exists()
    {
        return Err(AssembleError::NoDatabase { path: path.clone() });
    }
    let db = Db::open(&url).await?;
    prepare(&db, clock).await?;
    Ok(db)
}

/// All sets of tables, whatever the roles: reports look at both.
async fn prepare(db: &Db, clock: &Arc<dyn Clock>) -> Result<(), AssembleError> {
    Gate::prepare(db, &**clock).await?;
    BoxOffice::prepare(db, &**clock).await?;
    Staff::prepare(db, &**clock).await?;
    Ok(())
}

/// Opens the database, brings its tables up to this version, and takes up the
/// files of the set-up. There is no site if neither a file nor the back office
/// has one.
///
/// # Errors
/// [`AssembleError`]; a file with mistakes changes nothing.
pub async fn apply(
    config: &Config,
    clock: &Arc<dyn Clock>,
) -> Result<(Db, Option<Site>), AssembleError> {
    let files = (site(config)?, catalogue(config)?);
    let db = Db::open_with(&config.database_url()?, config.durability()).await?;
    prepare(&db, clock).await?;
    let site = take_up(config, &db, files).await?;
    Ok((db, site))
}

/// Takes up the files of the set-up again, in a database that is open.
///
/// # Errors
/// [`AssembleError`]; a file with mistakes changes nothing.
pub async fn apply_to(config: &Config, db: &Db) -> Result<Option<Site>, AssembleError> {
    take_up(config, db, (site(config)?, catalogue(config)?)).await
}

async fn take_up(
    config: &Config,
    db: &Db,
    (site, catalogue): (Option<Site>, Option<boxoffice::Catalogue>),
) -> Result<Option<Site>, AssembleError> {
    if let Some(catalogue) = catalogue
        && config.has(Role::BoxOffice)
    {
        boxoffice::catalogue::apply_catalogue(db, catalogue).await?;
    }
    match site {
        Some(site) => {
            if config.has(Role::Gate) {
                Gate::apply_site(db, site.clone()).await?;
            }
            Ok(Some(site))
        }
        None => Ok(gate::site::interface::read_site(db).await?),
    }
}

/// Puts the service together on what [`apply`] opened. `address` is where it
/// will listen in plain HTTP: its own ticketing unless the configuration names
/// another. A role whose set-up is incomplete is left out and named in
/// [`Service::missing`].
///
/// # Errors
/// [`AssembleError`].
pub async fn service(
    config: &Config,
    db: Db,
    site: Option<Site>,
    clock: &Arc<dyn Clock>,
    address: SocketAddr,
    prometheus: PrometheusHandle,
) -> Result<Service, AssembleError> {
    let mut service = Service {
        gate: None,
        box_office: None,
        office: None,
        db: db.clone(),
        prometheus,
        upkeep: Some(upkeep(config, clock)?),
        missing: Vec::new(),
    };
    let interface = if config.has(Role::Gate) {
        let (interface, missing) = otipass(config, &db).await?;
        service.missing = missing;
        interface
    } else {
        None
    };
    let Some(site) = site else {
        service.missing.insert(0, Missing::Site);
        return Ok(service);
    };
    let access_control = &config.access_control;
    let together = config.has(Role::Gate) && config.has(Role::BoxOffice);
    let password = match config.operator_password()? {
        Some(password) => password,
        None if together && access_control.url.is_none() => crate::tokens::password(),
        None => return Err(AssembleError::NoOperatorPassword),
    };
    let institution = access_control
        .institution
        .clone()
        .unwrap_or_else(|| site.institution.clone());
    if let Some(interface) = interface {
        let url = match &access_control.url {
            Some(url) => url.clone(),
            None if together => format!("http://{address}{}", server::ACCESS_CONTROL_PATH),
            None => return Err(AssembleError::NoTicketing),
        };
        let ticketing = ClientSettings {
            calls_per_minute: access_control.calls_per_minute,
            ..ClientSettings::new(
                url,
                institution.clone(),
                access_control.operator.clone(),
                password.clone(),
            )
        };
        service.gate = Some(gate_role(interface, db.clone(), clock, ticketing).await?);
    }
    if config.has(Role::BoxOffice) {
        service.box_office = Some(BoxOfficeRole {
            box_office: Arc::new(box_office(config, db, site, clock).await?),
            caller: ExpectedCaller {
                issuer: institution.to_string(),
                institution,
                operator: access_control.operator.clone(),
                password,
            },
            clock: Arc::clone(clock),
            external_sales_every: NonZeroU64::new(config.external_sales.every_s.into())
                .map(|s| Duration::from_secs(s.get())),
        });
    }
    Ok(service)
}

/// What the service does for itself.
fn upkeep(config: &Config, clock: &Arc<dyn Clock>) -> Result<Upkeep, AssembleError> {
    let backup = match NonZeroU64::new(config.backup.every_h.into()) {
        None => None,
        Some(hours) => Some(BackupSchedule {
            database: backup::embedded(&config.database_url()?)?.to_owned(),
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

/// When card numbers go; `None` if they stay for ever.
///
/// # Errors
/// [`AssembleError::Retention`].
pub fn retention(config: &Config) -> Result<Option<Retention>, AssembleError> {
    let days = match config.retention.card_numbers_days {
        0 => return Ok(None),
        days => RetentionDays::new(days)?,
    };
    let sales = &config.external_sales;
    Ok(Some(Retention {
        days,
        files: config
            .has(Role::BoxOffice)
            .then(|| (config.path(&sales.folder), sales.dialect.clone())),
        fresh_key: crate::tokens::pseudonym_key(),
    }))
}

/// The interface's settings and its client: by file where the configuration
/// names them, else as the back office keeps them. Without one of the two
/// there is none, and the other half says what is missing.
///
/// # Errors
/// [`AssembleError`].
pub async fn otipass(
    config: &Config,
    db: &Db,
) -> Result<(Option<(InterfaceSettings, OtipassClient)>, Vec<Missing>), AssembleError> {
    let otipass = &config.otipass;
    if otipass.kind != "OTIPASS" {
        return Err(AssembleError::Kind(otipass.kind.clone()));
    }
    let stored = gate::site::interface::read(db).await?;
    let (connection, credentials) = if otipass.url.is_empty() {
        let credentials = stored.credentials();
        (stored.connection, credentials)
    } else {
        let connection = Connection {
            url: otipass.url.clone(),
            username: otipass.username.clone(),
            decision_budget_ms: otipass.decision_budget_ms,
            when_silent: otipass.when_silent,
        };
        (connection, config.credentials()?)
    };
    let mapping = match mapping(config)? {
        Some(mapping) => Some(mapping),
        None => stored
            .mapping
            .and_then(|text| otipass::read_mapping(&text).mapping),
    };
    let mut missing = Vec::new();
    if connection.url.is_empty() {
        missing.push(Missing::Connection);
    }
    let Some(mapping) = mapping else {
        missing.push(Missing::Mapping);
        return Ok((None, missing));
    };
    if !missing.is_empty() {
        return Ok((None, missing));
    }
    let format = NumberFormat::of(mapping.num_type);
    let client = OtipassClient::new(OtipassSettings {
        base_url: connection.url,
        project_id: mapping.project_id.clone(),
        credentials,
        contract: otipass.contract.clone(),
        proxy: otipass.proxy.clone(),
        connect_timeout: CONNECT_TIMEOUT,
    })?;
    let settings = InterfaceSettings {
        format: NumberFormat {
            letters: otipass.letters.unwrap_or(format.letters),
            digits: otipass.digits.unwrap_or(format.digits),
            checksum: otipass.checksum.unwrap_or(format.checksum),
            ..format
        },
        decision_budget: Duration::from_millis(connection.decision_budget_ms.into()),
        when_silent: connection.when_silent,
        references: otipass.contract.references,
        offline_policy: config.gate.offline_policy,
        mapping,
    };
    Ok((Some((settings, client)), missing))
}

async fn gate_role(
    (settings, client): (InterfaceSettings, OtipassClient),
    db: Db,
    clock: &Arc<dyn Clock>,
    ticketing: ClientSettings,
) -> Result<GateRole, AssembleError> {
    // A little more than its share of the minute, so that the limit is never
    // reached and a call never waits for its turn.
    let pause_ms = 61_000 / u64::from(ticketing.calls_per_minute.get()) + 1;
    Ok(GateRole {
        gate: Arc::new(Gate::open(db, Arc::clone(clock), settings, Arc::new(client)).await?),
        ticketing: AccessControlClient::new(ticketing, Arc::clone(clock))?,
        delivery_pause: Duration::from_millis(pause_ms),
    })
}

/// Opens the box office.
///
/// # Errors
/// [`AssembleError`].
pub async fn box_office(
    config: &Config,
    db: Db,
    site: Site,
    clock: &Arc<dyn Clock>,
) -> Result<BoxOffice, AssembleError> {
    let organisation = Organisation {
        institution: site.institution,
        organisation: site.organisation,
        zone: site.zone,
        currency: site.currency,
    };
    let folder = config.path(&config.external_sales.folder);
    let dialect = config.external_sales.dialect.clone();
    Ok(BoxOffice::open(db, Arc::clone(clock), organisation, folder, dialect).await?)
}
