//! Connections with TLS; the certificate is read again when its files change.

use config::tls::{Contents, TlsError, TlsFiles, provider};
use parking_lot::RwLock;
use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tokio_rustls::TlsAcceptor;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Takes connections with TLS.
#[derive(Debug)]
pub struct TlsListener {
    pub(crate) tcp: TcpListener,
    config: Arc<ServerConfig>,
    /// Ends when it is dropped.
    pub(crate) looking: JoinSet<()>,
}

impl TlsListener {
    /// Takes connections at `tcp`, with the certificate in `files`; one that is
    /// renewed there is loaded within five seconds.
    ///
    /// # Errors
    /// [`TlsError`], if the files cannot be used now. Later, the last that could
    /// be used stays.
    pub fn new(tcp: TcpListener, files: TlsFiles) -> Result<Self, TlsError> {
        let contents = files.contents()?;
        let current = Arc::new(Current(RwLock::new(files.identity(&contents)?.key)));
        let resolver = Arc::clone(&current);
        let mut config = ServerConfig::builder_with_provider(Arc::new(provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let mut looking = JoinSet::new();
        looking.spawn(look_again(files, contents, current));
        Ok(Self {
            tcp,
            config: Arc::new(config),
            looking,
        })
    }

    /// Agrees with clients.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        Arc::clone(&self.config).into()
    }
}

/// The certificate that new connections get.
#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let key = self.0.read();
        Some(Arc::clone(&key))
    }
}

/// Loads each renewal. The two files don't change in one moment: while they
/// don't fit, the last that could be used stays.
async fn look_again(files: TlsFiles, mut seen: Contents, current: Arc<Current>) {
    let mut look = tokio::time::interval(LOOK_EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut complaint = String::new();
    loop {
        look.tick().await;
        let reading = files.clone();
        let Ok(read) = tokio::task::spawn_blocking(move || reading.contents()).await else {
            continue;
        };
        let renewed = match read {
            Ok(contents) if contents == seen => continue,
            Ok(contents) => {
                let identity = files.identity(&contents);
                seen = contents;
                identity
            }
            Err(error) => Err(error),
        };
        match renewed {
            Ok(identity) => {
                *current.0.write() = identity.key;
                complaint.clear();
                tracing::info!(valid_until = %identity.valid_until, "the certificate was renewed");
            }
            Err(error) => {
                let text = kernel::causes(&error);
                // Once is enough.
                if text != complaint {
                    tracing::warn!(
                        error = text,
                        "the renewed certificate cannot be used; the last one stays"
                    );
                    complaint = text;
                }
            }
        }
    }
}
