//! Where PostgreSQL is: one server or several, of which one takes writes.

use super::statement::Statements;
use crate::DbError;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How long one host may take to be reached and to let us in.
const CONNECT: Duration = Duration::from_secs(1);
/// How long beginning and undoing may take, which are nothing to a server that lives.
pub(crate) const AT_ONCE: Duration = Duration::from_secs(2);
/// A connection that nobody used for so long may have been cut on its way without a
/// word; making another is cheaper than finding that out.
const IDLE: Duration = Duration::from_secs(60);
const PORT: u16 = 5432;

/// How statements go to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prepared {
    /// Once for a connection.
    Once,
    /// Never: behind a pooler each transaction may have another session.
    Never,
}

/// Where connections go. After a move and one back it is another: what is left of the
/// former connections to that host may hang.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Home {
    /// The host's place in the URL.
    host: usize,
    /// How often they have moved.
    moves: u64,
}

/// The servers of one database, and which of them took writes last.
pub(crate) struct Server {
    config: Config,
    hosts: Vec<(Host, u16)>,
    tls: MakeRustlsConnect,
    prepared: Prepared,
    /// When it changes, the connections to another one end.
    home: watch::Sender<Home>,
    /// The newest line of history that took writes; 0 before the first. Each failover
    /// begins another, so one that is older is of a server that was left behind.
    history: AtomicU64,
}

/// A connection.
pub(crate) struct Line {
    pub(crate) client: Client,
    pub(crate) statements: Statements,
    pub(crate) prepared: Prepared,
    /// Where it goes.
    pub(crate) home: Home,
    /// Its server's line of history.
    history: u64,
    /// When it was last taken up.
    pub(crate) used: Instant,
    carried: JoinHandle<()>,
}

impl Drop for Line {
    fn drop(&mut self) {
        self.carried.abort();
    }
}

impl Line {
    pub(crate) fn is_good(&self, server: &Server) -> bool {
        !self.client.is_closed() && self.used.elapsed() < IDLE && self.home == *server.home.borrow()
    }
}

/// What stands behind the question mark and is ours, or libpq's and unknown to the
/// library.
#[derive(Debug, Default)]
struct Own {
    root_certificates: Option<PathBuf>,
    pooler: bool,
    states_ssl_mode: bool,
}

impl Own {
    /// Takes from the URL what the library does not know.
    fn split(url: &str) -> Result<(String, Self), DbError> {
        let mut own = Self::default();
        let Some((before, query)) = url.split_once('?') else {
            return Ok((url.to_owned(), own));
        };
        let mut rest = Vec::new();
        for pair in query.split('&') {
            let value = || {
                form_urlencoded::parse(pair.as_bytes())
                    .next()
                    .map(|(_, value)| value.into_owned())
                    .unwrap_or_default()
            };
            match pair.split_once('=').map_or(pair, |(name, _)| name) {
                "sslrootcert" => own.root_certificates = Some(value().into()),
                "pgbouncer" => match value().as_str() {
                    "true" => own.pooler = true,
                    "false" => {}
                    _ => return Err(refused("pgbouncer is true or false")),
                },
                "sslmode" => {
                    own.states_ssl_mode = true;
                    // We never take a certificate unseen.
                    rest.push(match value().as_str() {
                        "verify-ca" | "verify-full" => "sslmode=require",
                        _ => pair,
                    });
                }
                _ => rest.push(pair),
            }
        }
        Ok((format!("{before}?{}", rest.join("&")), own))
    }
}

impl Server {
    pub(crate) fn of(url: &str) -> Result<Self, DbError> {
        let (url, own) = Own::split(url)?;
        let mut config: Config = url.parse().map_err(DbError::unavailable)?;
        let ports = config.get_ports().to_vec();
        let hosts: Vec<_> = config.get_hosts().to_vec();
        if hosts.is_empty() {
            return Err(refused("the URL names no host"));
        }
        let port = |at: usize| ports.get(at).or(ports.first()).copied().unwrap_or(PORT);
        let hosts: Vec<_> = (0..).map(port).zip(hosts).map(|(p, h)| (h, p)).collect();
        if !own.states_ssl_mode {
            let is_here = hosts.iter().all(|(host, _)| is_local(host));
            config.ssl_mode(if is_here {
                SslMode::Disable
            } else {
                SslMode::Require
            });
        }
        Ok(Self {
            tls: tls(&own, config.get_ssl_mode())?,
            config,
            hosts,
            prepared: if own.pooler {
                Prepared::Never
            } else {
                Prepared::Once
            },
            home: watch::Sender::default(),
            history: AtomicU64::new(0),
        })
    }

    /// Says when connections are to go to another host.
    pub(crate) fn home(&self) -> watch::Receiver<Home> {
        self.home.subscribe()
    }

    /// Connects to the host that took writes last, or else to the one of the others whose
    /// history is the newest: a former primary that is back takes writes as well, and
    /// they would be lost.
    pub(crate) async fn connect(&self) -> Result<Line, DbError> {
        let (home, known) = (
            self.home.borrow().host,
            self.history.load(Ordering::Relaxed),
        );
        let mut best: Option<(usize, Line)> = None;
        let mut failed = Vec::new();
        for at in (0..self.hosts.len()).map(|n| (home + n) % self.hosts.len()) {
            match self.connect_to(at).await {
                Ok(line) if line.history < known => {
                    failed.push((at, refused("it was left behind at a failover")));
                }
                Ok(line) if at == home && known > 0 => return Ok(self.settled(at, line)),
                Ok(line) => {
                    if best
                        .as_ref()
                        .is_none_or(|(_, best)| best.history < line.history)
                    {
                        best = Some((at, line));
                    }
                }
                Err(error) => failed.push((at, error)),
            }
        }
        if let Some((at, line)) = best {
            return Ok(self.settled(at, line));
        }
        if failed.len() == 1
            && let Some((_, error)) = failed.pop()
        {
            return Err(error);
        }
        let told = failed
            .iter()
            .map(|(at, error)| format!("{}: {}", self.name(*at), kernel::causes(error)))
            .collect::<Vec<_>>();
        Err(refused(&told.join("; ")))
    }

    /// From now on all connections go where this one goes.
    fn settled(&self, at: usize, mut line: Line) -> Line {
        self.history.fetch_max(line.history, Ordering::Relaxed);
        self.home.send_if_modified(|home| {
            let moves = home.host != at;
            home.host = at;
            home.moves += u64::from(moves);
            line.home = *home;
            moves
        });
        line
    }

    async fn connect_to(&self, at: usize) -> Result<Line, DbError> {
        let connecting = async {
            let (host, port) = &self.hosts[at];
            match host {
                Host::Tcp(name) => {
                    let socket = TcpStream::connect((name.as_str(), *port))
                        .await
                        .map_err(DbError::unavailable)?;
                    socket.set_nodelay(true).map_err(DbError::unavailable)?;
                    let tls =
                        MakeTlsConnect::<TcpStream>::make_tls_connect(&mut self.tls.clone(), name)
                            .map_err(|_| {
                                refused(&format!("{name} is no name for a certificate"))
                            })?;
                    let opened = self.config.connect_raw(socket, tls).await;
                    let (client, carrier) = opened.map_err(DbError::unavailable)?;
                    Ok((client, tokio::spawn(async { drop(carrier.await) })))
                }
                Host::Unix(folder) => {
                    let path = folder.join(format!(".s.PGSQL.{port}"));
                    let socket = UnixStream::connect(path)
                        .await
                        .map_err(DbError::unavailable)?;
                    let mut config = self.config.clone();
                    config.ssl_mode(SslMode::Disable);
                    let opened = config.connect_raw(socket, NoTls).await;
                    let (client, carrier) = opened.map_err(DbError::unavailable)?;
                    Ok((client, tokio::spawn(async { drop(carrier.await) })))
                }
            }
        };
        let opened = async {
            let (client, carried) = connecting.await?;
            let history = self.takes_writes(&client, at).await?;
            Ok(Line {
                client,
                statements: Statements::new(),
                prepared: self.prepared,
                home: Home::default(),
                history,
                used: Instant::now(),
                carried,
            })
        };
        match tokio::time::timeout(CONNECT, opened).await {
            Ok(opened) => opened,
            Err(_) => Err(DbError::silent("it did not let us in", CONNECT)),
        }
    }

    /// Its line of history, if it does.
    async fn takes_writes(&self, client: &Client, at: usize) -> Result<u64, DbError> {
        let answer = client
            .simple_query(
                "SELECT pg_is_in_recovery(), current_setting('transaction_read_only'),
                        CASE WHEN NOT pg_is_in_recovery() THEN
                            SUBSTR(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END",
            )
            .await
            .map_err(DbError::unavailable)?;
        let row = answer.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        let says = |column| row.and_then(|row| row.get(column));
        let name = self.name(at);
        if says(0) == Some("t") {
            return Err(refused(&format!(
                "{name} is a standby, which takes no writes; name the primary too: \
                 postgres://USER@HOST,HOST/NAME"
            )));
        }
        if says(1) == Some("on") {
            return Err(refused(&format!("{name} is set to take no writes")));
        }
        let history = says(2).and_then(|hex| u64::from_str_radix(hex, 16).ok());
        history.ok_or_else(|| refused(&format!("{name} does not say which its history is")))
    }

    fn name(&self, at: usize) -> String {
        match &self.hosts[at] {
            (Host::Tcp(name), port) => format!("{name}:{port}"),
            (Host::Unix(folder), port) => format!("{}/.s.PGSQL.{port}", folder.display()),
        }
    }
}

fn is_local(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost"
                || name
                    .parse()
                    .is_ok_and(|address: IpAddr| address.is_loopback())
        }
    }
}

fn tls(own: &Own, mode: SslMode) -> Result<MakeRustlsConnect, DbError> {
    let mut roots = rustls::RootCertStore::empty();
    if let Some(path) = &own.root_certificates {
        let unread = |error| refused(&format!("sslrootcert {}: {error}", path.display()));
        let certificates = CertificateDer::pem_file_iter(path).map_err(unread)?;
        for certificate in certificates {
            let added = roots.add(certificate.map_err(unread)?);
            added.map_err(DbError::tls)?;
        }
    } else if mode != SslMode::Disable {
        // Those that cannot be read are not trusted.
        let native = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(native.certs);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(DbError::tls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn refused(text: &str) -> DbError {
    DbError::unavailable(io::Error::other(text.to_owned()))
}
