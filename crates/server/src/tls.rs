//! TLS: the certificate with its key, read from files and read again when they
//! change, and the connections made with it.

use crate::certificate::validity;
use axum::serve::Listener;
use kernel::Timestamp;
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How long a client may take to agree on a connection.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// How many clients may be about to agree on a connection; others wait until the
/// system takes them in.
const HANDSHAKES_MAX: usize = 512;

/// Where certificate and key are, in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, followed by those of who vouches for it.
    pub certificate: PathBuf,
    /// Its private key, without a password.
    pub key: PathBuf,
}

/// Why certificate and key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{path} cannot be read")]
    File {
        /// Its path.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// There is no certificate in the file.
    #[error(
        "{path} holds no certificate; it must be PEM, with a part that begins with \
         -----BEGIN CERTIFICATE-----"
    )]
    NoCertificate {
        /// Its path.
        path: PathBuf,
        /// What is wrong with its text, if there is something.
        #[source]
        source: Option<pem::Error>,
    },
    /// The certificate is none.
    #[error("the certificate in {path} is broken; have it issued again")]
    BrokenCertificate {
        /// Its path.
        path: PathBuf,
    },
    /// There is no key in the file.
    #[error(
        "{path} holds no private key without a password; it must be PEM, with a part that begins \
         with -----BEGIN PRIVATE KEY-----"
    )]
    NoKey {
        /// Its path.
        path: PathBuf,
        /// What is wrong with its text.
        #[source]
        source: pem::Error,
    },
    /// The key is of a kind that is not known, or broken.
    #[error("the private key in {path} cannot be used; make an ECDSA or RSA key")]
    BrokenKey {
        /// Its path.
        path: PathBuf,
        /// Why not.
        #[source]
        source: rustls::Error,
    },
    /// The key belongs to another certificate.
    #[error(
        "the private key in {key} belongs to another certificate than the one in {certificate}; \
         take both from the same issue"
    )]
    Mismatch {
        /// The certificate's path.
        certificate: PathBuf,
        /// The key's path.
        key: PathBuf,
    },
    /// TLS itself cannot be set up.
    #[error("TLS cannot be set up")]
    SetUp(#[from] rustls::Error),
}

/// A certificate with its key.
#[derive(Debug, Clone)]
pub struct Identity {
    key: Arc<CertifiedKey>,
    /// The first moment at which the certificate is valid.
    pub valid_from: Timestamp,
    /// The last moment at which it is.
    pub valid_until: Timestamp,
}

impl TlsFiles {
    /// Reads both files.
    ///
    /// # Errors
    /// [`TlsError`] says which file and why. A certificate that has expired is
    /// no error: to serve with it may be better than not to serve.
    pub fn read(&self) -> Result<Identity, TlsError> {
        self.identity(&self.contents()?)
    }

    fn contents(&self) -> Result<Contents, TlsError> {
        let read = |path: &Path| {
            std::fs::read(path).map_err(|source| TlsError::File {
                path: path.to_owned(),
                source,
            })
        };
        Ok(Contents {
            certificate: read(&self.certificate)?,
            key: read(&self.key)?,
        })
    }

    fn identity(&self, contents: &Contents) -> Result<Identity, TlsError> {
        let chain = self.chain(&contents.certificate)?;
        let first = chain.first().map_or(&[][..], |first| first);
        let (valid_from, valid_until) =
            validity(first).ok_or_else(|| TlsError::BrokenCertificate {
                path: self.certificate.clone(),
            })?;
        let key =
            PrivateKeyDer::from_pem_slice(&contents.key).map_err(|source| TlsError::NoKey {
                path: self.key.clone(),
                source,
            })?;
        let key = CertifiedKey::from_der(chain, key, &provider()).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => TlsError::Mismatch {
                certificate: self.certificate.clone(),
                key: self.key.clone(),
            },
            rustls::Error::InvalidCertificate(_) => TlsError::BrokenCertificate {
                path: self.certificate.clone(),
            },
            source => TlsError::BrokenKey {
                path: self.key.clone(),
                source,
            },
        })?;
        Ok(Identity {
            key: Arc::new(key),
            valid_from,
            valid_until,
        })
    }

    fn chain(&self, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        let none = |source| TlsError::NoCertificate {
            path: self.certificate.clone(),
            source,
        };
        let chain = CertificateDer::pem_slice_iter(pem)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| none(Some(error)))?;
        if chain.is_empty() {
            return Err(none(None));
        }
        Ok(chain)
    }
}

/// What stands in both files.
#[derive(PartialEq, Eq)]
struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

fn provider() -> CryptoProvider {
    ring::default_provider()
}

/// Takes connections with TLS.
///
/// Clients agree on their connections side by side, so that one that stays
/// silent holds up nobody.
#[derive(Debug)]
pub struct TlsListener {
    tcp: TcpListener,
    config: Arc<ServerConfig>,
    handshakes: JoinSet<Option<(TlsStream<TcpStream>, SocketAddr)>>,
    /// Ends with the listener.
    _looking: JoinSet<()>,
}

impl TlsListener {
    /// Takes connections at `tcp`, with the certificate in `files`; one that is
    /// renewed there is taken up within five seconds.
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
            handshakes: JoinSet::new(),
            _looking: looking,
        })
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            tokio::select! {
                Some(done) = self.handshakes.join_next() => {
                    if let Ok(Some(connection)) = done {
                        return connection;
                    }
                }
                (stream, address) = Listener::accept(&mut self.tcp),
                    if self.handshakes.len() < HANDSHAKES_MAX =>
                {
                    crate::service::no_delay(&stream);
                    let agreed = TlsAcceptor::from(Arc::clone(&self.config)).accept(stream);
                    self.handshakes.spawn(async move {
                        // Port scanners, and people who typed http: nothing to tell.
                        let agreed = tokio::time::timeout(HANDSHAKE_TIMEOUT, agreed).await;
                        Some((agreed.ok()?.ok()?, address))
                    });
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}

/// The certificate that new connections get.
#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let key = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&key))
    }
}

/// Takes up each renewal. The two files don't change in one moment: while they
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
                *current.0.write().unwrap_or_else(PoisonError::into_inner) = identity.key;
                complaint.clear();
                tracing::info!(valid_until = %identity.valid_until, "the certificate was renewed");
            }
            Err(error) => {
                let text = gate::causes(&error);
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
