//! Tries what the service will do on this machine: listen, and write where it
//! keeps things. What is written for that is taken away at once.

use config::Config;
use db::DbUrl;
use kernel::finding::Place;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// How long whoever listens at our address may take to say who they are.
const PATIENCE: Duration = Duration::from_secs(2);
/// As much as the smallest of what the service writes at once.
const ROOM_BYTES: usize = 64 * 1024;
/// What a Passerelle answers at `/health/live`.
const ALIVE: &[u8] = b"alive\n";
/// How a message of TLS begins that says what is wrong (RFC 8446, 5.1).
const TLS_ALERT: u8 = 0x15;

/// What the service keeps somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    Database,
    Backups,
}

/// What could not be done.
#[derive(Debug)]
pub struct Refusal {
    pub what: Kept,
    /// The key that names the file or folder.
    pub place: Place,
    pub path: PathBuf,
    pub error: io::Error,
}

/// Why the service cannot listen as the configuration says; nothing if it can, or
/// if it does so already.
pub async fn listen(address: SocketAddr) -> Option<io::Error> {
    let bound = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }
    .and_then(|socket| {
        // As the service does; and a socket that only has the address takes no
        // connection from anyone.
        socket.set_reuseaddr(true)?;
        socket.bind(address)
    });
    match bound {
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            let answer = answer(address).await;
            let is_ours = answer.first() == Some(&TLS_ALERT) || answer.ends_with(ALIVE);
            (!is_ours).then_some(error)
        }
        bound => bound.err(),
    }
}

/// Whether a Passerelle answers at an address, by plain HTTP.
pub async fn runs_at(address: SocketAddr) -> bool {
    answer(address).await.ends_with(ALIVE)
}

/// What whoever listens at an address answers when asked whether it is alive; nothing
/// without one.
async fn answer(address: SocketAddr) -> Vec<u8> {
    let ask = async {
        let mut stream = TcpStream::connect(address).await?;
        let request =
            format!("GET /health/live HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        // It may be anyone, who may say anything.
        stream.take(4_096).read_to_end(&mut answer).await?;
        Ok::<_, io::Error>(answer)
    };
    match tokio::time::timeout(PATIENCE, ask).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) | Err(_) => Vec::new(),
    }
}

/// What cannot be written of all that the service will.
pub fn write(config: &Config) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    let mut found = |what, section, key, path: PathBuf, tried: io::Result<()>| {
        if let Err(error) = tried {
            refusals.push(Refusal {
                what,
                place: config.place(section, key),
                path,
                error,
            });
        }
    };
    if let Ok(DbUrl::SqliteFile(path)) = config.database_url() {
        let tried = database(&path);
        found(Kept::Database, "database", "url", path, tried);
    }
    if config.backup.every_h > 0 {
        let path = config.path(&config.backup.folder);
        let tried = folder(&path);
        found(Kept::Backups, "backup", "folder", path, tried);
    }
    refusals
}

/// Whether an embedded database can be written, with the files that it has beside
/// it.
fn database(path: &Path) -> io::Result<()> {
    match OpenOptions::new().write(true).open(path) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    folder(path.parent().unwrap_or(path))
}

/// Whether files can be written in a folder, which the service makes if it is not
/// there.
fn folder(path: &Path) -> io::Result<()> {
    for path in path.ancestors() {
        let path = match path == Path::new("") {
            true => Path::new("."),
            false => path,
        };
        match path.metadata() {
            Ok(there) if there.is_dir() => return file_in(path),
            Ok(_) => return Err(ErrorKind::NotADirectory.into()),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Writes a file in a folder and removes it.
fn file_in(folder: &Path) -> io::Result<()> {
    // A service examines itself on several threads at once.
    let thread = std::thread::current().id();
    let name = format!(".passerelle-doctor-{}-{thread:?}", std::process::id());
    let path = folder.join(name);
    let mut file = File::create(&path)?;
    let written = file.write_all(&vec![0; ROOM_BYTES]);
    drop(file);
    let removed = std::fs::remove_file(&path);
    written.and(removed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    fn config(text: &str, folder: &Path) -> Config {
        Config::reading(&folder.join("p.toml"), text, &Default::default()).value
    }

    #[test]
    fn what_can_be_written_is_and_nothing_of_it_stays() {
        let folder = tempfile::tempdir().unwrap();
        let config = config("[backup]\nevery_h = 24\nfolder = \"a/b\"", folder.path());
        assert!(write(&config).is_empty());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_cannot_be_written_is_named_with_its_key() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("passerelle.db")).unwrap();
        // Nobody makes a file there, whatever their rights.
        let text = "[backup]\nevery_h = 24\nfolder = \"/proc/passerelle\"";
        let refusals = write(&config(text, folder.path()));
        let told: Vec<_> = refusals.iter().map(|r| (r.what, r.error.kind())).collect();
        assert_eq!(told[0], (Kept::Database, ErrorKind::IsADirectory));
        assert_eq!((told.len(), told[1].0), (2, Kept::Backups));
        assert!(matches!(
            &refusals[1].place,
            Place::Key {
                section: "backup",
                ..
            }
        ));
    }

    async fn answers(answer: &'static [u8]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1_024];
            assert!(stream.read(&mut request).await.unwrap() > 0);
            stream.write_all(answer).await.unwrap();
        });
        address
    }

    #[tokio::test]
    async fn an_address_is_tried_and_a_running_service_is_no_trouble() {
        let kind = |error: Option<io::Error>| error.map(|error| error.kind());
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        assert_eq!(kind(listen(free).await), None);
        let ours = answers(b"HTTP/1.1 200 OK\r\n\r\nalive\n").await;
        assert_eq!(kind(listen(ours).await), None);
        let tls = answers(&[TLS_ALERT, 3, 3, 0, 2, 2, 70]).await;
        assert_eq!(kind(listen(tls).await), None);
        let other = answers(b"HTTP/1.1 404 Not Found\r\n\r\n").await;
        assert_eq!(kind(listen(other).await), Some(ErrorKind::AddrInUse));
        // A range for documents (RFC 5737): no machine has it.
        let foreign = SocketAddr::from(([192, 0, 2, 1], 8480));
        let refused = kind(listen(foreign).await);
        assert_eq!(refused, Some(ErrorKind::AddrNotAvailable));
    }
}
