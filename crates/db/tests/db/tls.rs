//! PostgreSQL over TLS: a server is taken at its certificate, or not at all.

use db::Db;
use db::testing::TestDb;
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// The server behind a certificate for `name`, which is written to `trusted`.
async fn behind_tls(name: &str, trusted: &Path) -> SocketAddr {
    let server = crate::server();
    let key = KeyPair::generate().unwrap();
    let parameters = CertificateParams::new([name.to_owned()]).unwrap();
    let certificate = parameters.self_signed(&key).unwrap();
    std::fs::write(trusted, certificate.pem()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut here, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // SSLRequest, and that it is granted.
                let mut asks = [0; 8];
                here.read_exact(&mut asks).await.unwrap();
                here.write_all(b"S").await.unwrap();
                // Who does not like the certificate hangs up.
                if let Ok(mut here) = acceptor.accept(here).await {
                    let mut there = TcpStream::connect(server).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut here, &mut there).await;
                }
            });
        }
    });
    address
}

async fn open(test: &TestDb, host: &str, more: &str) -> Result<(), String> {
    let url = crate::url_at(test, host, &format!("&{more}"));
    let opened = Db::open(&url).await.map(drop);
    opened.map_err(|error| kernel::causes(&error))
}

#[tokio::test]
async fn only_a_server_with_the_right_certificate_is_spoken_to() {
    let test = db::testing::postgres().await;
    let folder = tempfile::tempdir().unwrap();
    let (ours, other) = (
        folder.path().join("ours.pem"),
        folder.path().join("other.pem"),
    );
    let right = behind_tls("localhost", &ours).await.port();
    let of_another = behind_tls("db.museum.example", &other).await.port();
    let by = |authority: &Path| format!("sslmode=verify-full&sslrootcert={}", authority.display());
    let right = format!("localhost:{right}");
    open(&test, &right, &by(&ours)).await.unwrap();
    let elsewhere = format!("localhost:{of_another}");
    for (host, more) in [
        // Nobody here trusts it, and whoever only asks for TLS is served no worse.
        (&right, "sslmode=require".to_owned()),
        (&right, by(&other)),
        (&elsewhere, by(&other)),
    ] {
        let told = open(&test, host, &more).await.unwrap_err();
        let is_told = told.contains("invalid peer certificate");
        assert!(is_told, "{host} {more}: {told}");
    }
}
