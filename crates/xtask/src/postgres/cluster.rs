use crate::command::output;
use crate::debian;
use anyhow::{Context, Result};
use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// The server's only user; it needs no password.
const USER: &str = "passerelle";

/// Between our asking for a free port and the server's taking it, somebody else
/// may take it.
const PORTS_TRIED: u32 = 3;

/// A PostgreSQL cluster in a temporary folder; stopped and removed when dropped.
pub struct Cluster {
    programs: PathBuf,
    account: Account,
    folder: TempDir,
    port: u16,
}

/// Who runs the server: PostgreSQL refuses to run as root.
enum Account {
    Ours,
    Other { user: u32, group: u32 },
}

impl Cluster {
    /// Makes a cluster and starts its server.
    pub fn start() -> Result<Self> {
        let programs = debian::postgres_programs()?;
        let account = Account::choose()?;
        let folder = account.folder().context(
            "the temporary folder can't be written; see to that, or set TMPDIR to another",
        )?;
        let mut cluster = Self {
            programs,
            account,
            folder,
            port: 0,
        };
        cluster.make()?;
        let mut tried = 0;
        loop {
            tried += 1;
            cluster.port = free_port()?;
            match cluster.launch() {
                Err(_) if tried < PORTS_TRIED => {}
                Err(failure) => return Err(failure),
                Ok(()) => return Ok(cluster),
            }
        }
    }

    /// Any database of the server.
    pub fn url(&self) -> String {
        format!(
            "postgres://{USER}@{}:{}/postgres",
            Ipv4Addr::LOCALHOST,
            self.port
        )
    }

    fn make(&self) -> Result<()> {
        output(
            self.program("initdb")
                .arg("--pgdata")
                .arg(self.data())
                .args(["--username", USER])
                .args(["--locale=C", "--encoding=UTF8", "--auth=trust", "--no-sync"]),
            "see that the temporary folder has room, or set TMPDIR to another",
        )?;
        let settings = self.data().join("postgresql.conf");
        // Nothing here outlives the tests, so nothing needs to reach the disk.
        // A test process holds a few connections, and many run at once.
        let ours = format!(
            "listen_addresses = '{}'\n\
             unix_socket_directories = ''\n\
             max_connections = 200\n\
             fsync = off\n\
             synchronous_commit = off\n\
             full_page_writes = off\n",
            Ipv4Addr::LOCALHOST
        );
        fs::read_to_string(&settings)
            .and_then(|theirs| fs::write(&settings, theirs + &ours))
            .with_context(|| format!("{} can't be written", settings.display()))
    }

    fn launch(&self) -> Result<()> {
        let log = self.folder.path().join("log");
        output(
            self.program("pg_ctl")
                .args(["start", "--wait", "--silent", "--pgdata"])
                .arg(self.data())
                .arg("--log")
                .arg(&log)
                .args(["--options", &format!("-p {}", self.port)]),
            "its log follows",
        )
        .map(|_| ())
        .inspect_err(|_| {
            // The folder is about to be removed, and the log with it.
            eprint!("{}", fs::read_to_string(&log).unwrap_or_default());
        })
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.programs.join(name));
        // The account may not be allowed to see where we are.
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        if let Account::Other { user, group } = self.account {
            command.uid(user).gid(group);
        }
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if !self.data().join("postmaster.pid").exists() {
            return;
        }
        let stopped = output(
            self.program("pg_ctl")
                .args(["stop", "--wait", "--silent", "--mode=immediate", "--pgdata"])
                .arg(self.data()),
            "end the process by hand",
        );
        if let Err(failure) = stopped {
            eprintln!("{failure}");
        }
    }
}

impl Account {
    fn choose() -> Result<Self> {
        if !debian::is_root()? {
            return Ok(Self::Ours);
        }
        Ok(Self::Other {
            user: debian::number_of(&["-u", "postgres"])?,
            group: debian::number_of(&["-g", "postgres"])?,
        })
    }

    fn folder(&self) -> io::Result<TempDir> {
        let folder = tempfile::Builder::new()
            .prefix("passerelle-postgres-")
            .tempdir()?;
        if let Self::Other { user, group } = *self {
            std::os::unix::fs::chown(folder.path(), Some(user), Some(group))?;
        }
        Ok(folder)
    }
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let address = listener.and_then(|listener| listener.local_addr());
    Ok(address
        .context("programs can't listen on 127.0.0.1")?
        .port())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpStream;

    #[test]
    fn a_cluster_listens_and_goes_away_with_its_folder() {
        let cluster = Cluster::start().unwrap();
        let address = (Ipv4Addr::LOCALHOST, cluster.port);
        let folder = cluster.folder.path().to_owned();
        TcpStream::connect(address).unwrap();
        assert!(
            cluster
                .url()
                .ends_with(&format!(":{}/postgres", cluster.port))
        );

        drop(cluster);
        assert!(!folder.exists(), "{} is still there", folder.display());
        TcpStream::connect(address).unwrap_err();
    }
}
