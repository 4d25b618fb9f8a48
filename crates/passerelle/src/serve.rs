//! `passerelle serve`: the service.

use crate::house::ConfigOption;
use crate::language::language;
use crate::set_up::{self, Load};
use crate::{Verdict, assemble, back_office, folders, init};
use anyhow::{Context, Result, bail};
use config::{Config, Role, Surroundings};
use db::{Alone, Db, DbUrl};
use doctor::Doctor;
use doctor::events::Events;
use gate::Site;
use kernel::text::fill;
use kernel::{Clock, ManualClock, SystemClock, Timestamp};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use office::TakeUp;
use secutix::RateLimit;
use server::tls::TlsListener;
use server::{GateRole, Limits, Listeners, Service};
use staff::{Actor, Author};
use std::io::{ErrorKind, IsTerminal};
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

/// How often it is looked whether another process has changed the interface.
const LOOK_AT_INTERFACE: Duration = Duration::from_secs(1);

/// `passerelle serve`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    config: ConfigOption,
    /// For replays: the service's clock stands at this moment, until a request
    /// sets it
    #[arg(long, value_name = "MOMENT", hide = true)]
    clock: Option<Timestamp>,
}

kernel::texts!(Texts in Fr, En {
    serves: "Passerelle sert à {url}", "Passerelle serves on {url}";
    office: "  gestion        {url}/office/", "  back office    {url}/office/";
    api: "  API appareils  {url}/api/docs", "  device API     {url}/api/docs";
    health: "  état           {url}/health/ready\n  mesures        {url}/metrics",
        "  health         {url}/health/ready\n  metrics        {url}/metrics";
    incomplete: "La mise en service n’est pas terminée ; dans les pages de gestion, la page Mise en service y mène.",
        "The set-up is not complete; the back office's page Set-up leads through it.";
    runs: "Passerelle tourne déjà ici, à http://{address} : ouvrez http://{address}/office/, ou arrêtez-la d’abord. Pour une autre à côté, donnez-lui un autre port par {by}.",
        "A Passerelle runs here already, at http://{address}: open http://{address}/office/, or stop it first. For another beside it, give it another port by {by}.";
});

pub async fn run(mut arguments: Arguments) -> Result<Verdict> {
    if arguments.config.config.is_none() && init::found().is_none() {
        arguments.config.config = Some(init::begin()?);
    }
    let config = arguments.config.read()?;
    start_log_with(config.events_file().map(Events::at));
    if arguments.clock.is_some() && !config.server.listen.ip().is_loopback() {
        bail!(
            "--clock lets requests set the service's time, so it must not be reached from \
             elsewhere; set [server] listen to 127.0.0.1"
        );
    }
    let clock = arguments.clock.map(ManualClock::new);
    let listener = listen(config.server.listen, "[server] listen").await?;
    let path = arguments.config.path();
    with(config, path, Surroundings::Variables, clock, listener).await
}

/// Serves by this configuration, read at `config_path` with these surroundings, on a
/// port that is open, until Ctrl-C or SIGTERM; by the clock that requests set, if there
/// is one.
pub async fn with(
    config: Config,
    config_path: PathBuf,
    surroundings: Surroundings,
    by_request: Option<ManualClock>,
    listener: TcpListener,
) -> Result<Verdict> {
    let prometheus = start_metrics()?;
    let address = listener.local_addr().unwrap_or(config.server.listen);
    let doors = Doors::open(listener, &config).await?;
    let (inside, scheme) = (doors.inside, doors.scheme());
    let clock: Arc<dyn Clock> = match &by_request {
        Some(clock) => Arc::new(clock.clone()),
        None => Arc::new(SystemClock),
    };
    let _alone = match config.database_url()? {
        DbUrl::SqliteFile(path) => Some(Alone::on(&path)?),
        DbUrl::SqliteMemory | DbUrl::Postgres(_) => None,
    };
    if let Err(error) = folders::close(&config) {
        tracing::warn!(
            error = kernel::causes(&*error),
            "backups may be read by others"
        );
    }
    let author = set_up::apply(&config, &clock, Actor::service(), Load::AtStart).await?;
    let builder = Builder {
        limit: OnceLock::new(),
        url: format!("{scheme}://{address}"),
        config_path,
        surroundings,
        config,
        author,
        by_request,
        inside,
        prometheus,
        take_up: TakeUp::default(),
    };
    // Before anything is read: what changes meanwhile is noticed.
    let known = interface_revision(&builder.author.db).await;
    let site = set_up::site_in_force(&builder.config, &builder.author.db).await?;
    let service = builder.service(site).await?;
    let (config, url) = (&builder.config, &builder.url);
    let t = Texts::of(language());
    outln!("{}", fill(t.serves, &[("url", url)]));
    if let Some(office) = &service.office {
        outln!("{}", fill(t.office, &[("url", &office.url)]));
    }
    if config.has(Role::Gate) {
        outln!("{}", fill(t.api, &[("url", url)]));
    }
    outln!("{}", fill(t.health, &[("url", url)]));
    match back_office::welcome(&service).await? {
        // It leads to the set-up, too.
        Some(welcome) => outln!("{welcome}"),
        None if !service.missing.is_empty() => outln!("{}", t.incomplete),
        None => {}
    }
    let shutdown = CancellationToken::new();
    tokio::spawn({
        let shutdown = shutdown.clone();
        async move {
            ended().await;
            shutdown.cancel();
            tracing::info!("shutting down: what is in hand is finished first");
        }
    });
    serve(service, &builder, known, doors.listeners, shutdown).await?;
    Ok(Verdict::Fine)
}

/// Serves until `shutdown`. When the set-up changes, the service goes on as it
/// now says, at the same sockets.
async fn serve(
    service: Service,
    builder: &Builder,
    mut known: Option<String>,
    listeners: Listeners,
    shutdown: CancellationToken,
) -> Result<()> {
    let (put, next) = mpsc::channel(1);
    let mut is_gate = service.gate.is_some();
    // Why the set-up could not be loaded, as it was last told.
    let mut told = None;
    // One for all looks: what cannot be loaded is tried again at its pace.
    let mut look = tokio::time::interval(LOOK_AT_INTERFACE);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let changes = async {
        loop {
            let read = tokio::select! {
                () = builder.take_up.wait() => interface_revision(&builder.author.db).await,
                read = interface_changed(&builder.author.db, known.as_deref(), &mut look) => Some(read),
            };
            // The present service goes on until the next one stands.
            match builder.again(is_gate).await {
                Ok(next) => {
                    tracing::info!("the set-up has changed; the service is reloaded");
                    is_gate = next.gate.is_some();
                    told = None;
                    // What fails is tried again when it is looked at next.
                    known = read.or(known);
                    // Nobody takes it any more: the service ends.
                    if put.send(next).await.is_err() {
                        return;
                    }
                }
                Err(error) => {
                    let error = kernel::causes(&*error);
                    if told.as_ref() != Some(&error) {
                        tracing::error!(
                            error,
                            "the changed set-up cannot be loaded; the service goes on as it was"
                        );
                    }
                    told = Some(error);
                }
            }
        }
    };
    let serving = service.serve_then(listeners, next, shutdown);
    tokio::pin!(serving);
    tokio::select! {
        () = &mut serving => {}
        () = changes => serving.await,
    }
    Ok(())
}

/// The revision of the interface that the back office keeps. A database that does
/// not answer has told of no change.
async fn interface_revision(db: &Db) -> Option<String> {
    gate::site::interface::revision(db).await.ok()
}

/// Waits until the interface has another revision than the known one, and says which.
async fn interface_changed(db: &Db, known: Option<&str>, look: &mut Interval) -> String {
    loop {
        look.tick().await;
        match interface_revision(db).await {
            Some(present) if known != Some(&*present) => return present,
            _ => {}
        }
    }
}

/// What services are made of, one after the other.
pub struct Builder {
    pub config_path: PathBuf,
    pub surroundings: Surroundings,
    pub config: Config,
    pub author: Author,
    pub by_request: Option<ManualClock>,
    pub url: String,
    /// Where gate and box office of one process meet.
    pub inside: SocketAddr,
    pub prometheus: PrometheusHandle,
    pub take_up: TakeUp,
    /// How often ticketing is called, by all services one after the other.
    pub limit: OnceLock<RateLimit>,
}

impl Builder {
    pub async fn service(&self, site: Option<Site>) -> Result<Service> {
        let office = back_office::office(
            &self.config,
            site.as_ref(),
            self.url.clone(),
            self.take_up.clone(),
            &self.author.db,
            Doctor {
                config: self.config_path.clone(),
                surroundings: self.surroundings,
                db: Some(self.author.db.clone()),
                clock: Arc::clone(&self.author.clock),
            },
        )
        .await?;
        let mut service = assemble::service(
            &self.config,
            self.author.db.clone(),
            site,
            &self.author.clock,
            self.inside,
            self.prometheus.clone(),
        )
        .await?;
        service.gate = service.gate.map(|role| {
            let limit = self.limit.get_or_init(|| role.ticketing.limit());
            let ticketing = role.ticketing.under(limit.clone());
            GateRole { ticketing, ..role }
        });
        Ok(Service {
            office,
            clock_by_request: self.by_request.clone(),
            ..service
        })
    }

    /// The service as configuration and database now have it. A gate is never
    /// closed because a secret cannot be read: the present one has it in memory.
    async fn again(&self, is_gate: bool) -> Result<Service> {
        let site = set_up::site_in_force(&self.config, &self.author.db).await?;
        let next = self.service(site).await?;
        // Afterwards: the secret may have been put under another key in between.
        if is_gate && next.gate.is_none() {
            assemble::credentials_open(&self.config, &self.author.db).await?;
        }
        Ok(next)
    }
}

/// The sockets.
struct Doors {
    listeners: Listeners,
    /// Where gate and box office of one process meet.
    inside: SocketAddr,
}

impl Doors {
    async fn open(listener: TcpListener, config: &Config) -> Result<Self> {
        let server = &config.server;
        let limits = Limits::of(
            server.connections.map(NonZeroUsize::get),
            server.connections_by_address.map(NonZeroUsize::get),
            config.office.proxies.clone(),
        );
        let (plain, tls) = match config.tls()? {
            None => (listener, None),
            // Gate and box office of one process meet over loopback, where
            // no certificate could name them.
            Some(files) => (
                listen(SocketAddr::from(([127, 0, 0, 1], 0)), "port 0").await?,
                Some(TlsListener::new(listener, files)?),
            ),
        };
        Ok(Self {
            inside: plain.local_addr().unwrap_or(server.listen),
            listeners: Listeners {
                plain: Some(plain),
                tls,
                limits,
            },
        })
    }

    const fn scheme(&self) -> &'static str {
        if self.listeners.tls.is_some() {
            "https"
        } else {
            "http"
        }
    }
}

/// Opens the port that `by` names, a key of the configuration or an option.
pub async fn listen(address: SocketAddr, by: &str) -> Result<TcpListener> {
    let bound = TcpListener::bind(address).await;
    if let Err(error) = &bound
        && error.kind() == ErrorKind::AddrInUse
        && doctor::runs_at(address).await
    {
        let at = match address.ip().is_unspecified() {
            true => SocketAddr::from(([127, 0, 0, 1], address.port())),
            false => address,
        };
        bail!(fill(
            Texts::of(language()).runs,
            &[("address", &at), ("by", &by)]
        ));
    }
    bound.with_context(|| {
        format!("the service cannot listen on {address}; another program may use it: change {by}")
    })
}

/// Logs to standard error: for people on a terminal, as JSON elsewhere.
/// `PASSERELLE_LOG` chooses what, such as `warn` or `info,gate=debug`.
pub fn start_log() {
    start_log_with(None);
}

/// As [`start_log`], and keeps what is worth it for the support bundle.
fn start_log_with(events: Option<Events>) {
    let filter =
        EnvFilter::try_from_env("PASSERELLE_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt::layer()
        // Else a log that nobody reads any more would panic whoever writes it.
        .log_internal_errors(false)
        .with_writer(std::io::stderr);
    let log = if std::io::stderr().is_terminal() {
        log.boxed()
    } else {
        log.json().flatten_event(true).boxed()
    };
    // A second log in one process changes nothing.
    let _ = tracing_subscriber::registry()
        .with(log.with_filter(filter))
        .with(events.with_filter(LevelFilter::WARN))
        .try_init();
}

/// Installs the metrics of this process.
pub fn start_metrics() -> Result<PrometheusHandle> {
    let prometheus = PrometheusBuilder::new()
        .install_recorder()
        .context("the metrics could not be set up")?;
    server::describe_metrics();
    Ok(prometheus)
}

/// Returns on Ctrl-C or SIGTERM.
pub async fn ended() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
