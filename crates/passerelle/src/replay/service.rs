//! The service as a process of its own, that can be killed.

use anyhow::{Context, Result, bail, ensure};
use kernel::Timestamp;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// How often it is looked whether the service has caught up.
pub(super) const LOOK: Duration = Duration::from_millis(5);
/// How long the service may take to end when it is asked to.
const STOP_LIMIT: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(crate) struct ServiceProcess {
    data: PathBuf,
    address: SocketAddr,
    /// What its clock shows when it starts.
    clock: Timestamp,
    child: Child,
}

impl ServiceProcess {
    /// Starts `passerelle serve` on the configuration in `data`; its log goes to
    /// `service.log` there.
    pub(crate) async fn start(data: &Path, address: SocketAddr, clock: Timestamp) -> Result<Self> {
        let mut child = spawn(data, clock)?;
        wait_for(address, &mut child, data).await?;
        Ok(Self {
            data: data.to_owned(),
            address,
            clock,
            child,
        })
    }

    /// What its clock shows when it starts again.
    pub(crate) fn set_clock(&mut self, clock: Timestamp) {
        self.clock = clock;
    }

    /// SIGKILL: the process has no chance to finish anything.
    pub(crate) async fn kill_and_restart(&mut self) -> Result<()> {
        self.child
            .kill()
            .await
            .context("the replay could not kill the service")?;
        self.child = spawn(&self.data, self.clock)?;
        wait_for(self.address, &mut self.child, &self.data).await
    }

    /// SIGTERM, and waits until it has ended.
    pub(crate) async fn stop(mut self) -> Result<()> {
        if let Some(id) = self.child.id()
            && let Some(id) = i32::try_from(id)
                .ok()
                .and_then(rustix::process::Pid::from_raw)
        {
            rustix::process::kill_process(id, rustix::process::Signal::TERM)
                .context("the replay could not stop the service")?;
        }
        let status = tokio::time::timeout(STOP_LIMIT, self.child.wait())
            .await
            .ok()
            .with_context(|| {
                let limit_s = STOP_LIMIT.as_secs();
                format!("the service did not end within {limit_s} s of SIGTERM")
            })?
            .context("the replay could not wait for the service")?;
        ensure!(
            status.success(),
            "the service ended with {status}:\n{}",
            last_words(&self.data)
        );
        Ok(())
    }
}

fn spawn(data: &Path, clock: Timestamp) -> Result<Child> {
    let program = std::env::current_exe().context("the replay could not find its own program")?;
    let log = std::fs::File::options()
        .create(true)
        .append(true)
        .open(log_file(data))
        .context("the replay could not open service.log")?;
    let out = log
        .try_clone()
        .context("the replay could not open service.log")?;
    let mut command = Command::new(program);
    // What the environment says is for a real service, not for this one.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(config::is_variable) {
            command.env_remove(name);
        }
    }
    command
        .arg("serve")
        .arg("--config")
        .arg(data.join("passerelle.toml"))
        .arg("--clock")
        .arg(clock.to_string())
        .env("PASSERELLE_LOG", "warn")
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .context("the replay could not start the service")
}

/// Waits until the service answers.
async fn wait_for(address: SocketAddr, child: &mut Child, data: &Path) -> Result<()> {
    loop {
        if answers(address).await.is_ok() {
            return Ok(());
        }
        if let Some(status) = child
            .try_wait()
            .context("the replay could not watch the service")?
        {
            bail!(
                "the service ended at once with {status}:\n{}",
                last_words(data)
            );
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// It takes connections long before.
async fn answers(address: SocketAddr) -> std::io::Result<()> {
    let mut connection = TcpStream::connect(address).await?;
    let live = b"GET /health/live HTTP/1.0\r\n\r\n";
    connection.write_all(live).await?;
    connection.read_u8().await.map(drop)
}

fn log_file(data: &Path) -> PathBuf {
    data.join("service.log")
}

/// The end of the service's log.
fn last_words(data: &Path) -> String {
    let log = std::fs::read_to_string(log_file(data)).unwrap_or_default();
    let lines: Vec<_> = log.lines().collect();
    lines[lines.len().saturating_sub(10)..].join("\n")
}
