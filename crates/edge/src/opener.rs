//! What opens the door: a program, or a line to a device.

use crate::agent::Answer;
use crate::config::EdgeConfig;
use crate::tty::open_tty;
use std::io::Write;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// Why the door was not opened.
#[derive(Debug, thiserror::Error)]
enum OpenerError {
    #[error("it took longer than {0} ms")]
    TooLong(u128),
    #[error("the program ended with {0}")]
    Failed(std::process::ExitStatus),
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error("the writer died")]
    Died(#[from] tokio::task::JoinError),
}

/// Opens the door.
#[derive(Debug, Clone)]
pub(crate) struct Opener {
    command: Vec<String>,
    write_to: Option<(PathBuf, String)>,
    baud: u32,
    within: Duration,
}

impl Opener {
    pub(crate) fn new(config: &EdgeConfig) -> Self {
        let open = &config.open;
        Self {
            command: open.command.clone(),
            write_to: open
                .write_to
                .as_ref()
                .map(|path| (config.path(path), open.text.clone())),
            baud: config.input.baud,
            within: Duration::from_millis(open.timeout_ms.into()),
        }
    }

    /// Whether there is anything to open with.
    pub(crate) fn is_set(&self) -> bool {
        !self.command.is_empty() || self.write_to.is_some()
    }

    /// Opens, and says whether that worked.
    pub(crate) async fn open(&self, answer: &Answer) -> bool {
        let opened = tokio::time::timeout(self.within, self.try_open(answer))
            .await
            .unwrap_or_else(|_| Err(OpenerError::TooLong(self.within.as_millis())));
        if let Err(error) = &opened {
            tracing::error!(
                error = kernel::causes(error),
                "the door was not opened; check [open] of the configuration, and the turnstile"
            );
        }
        opened.is_ok()
    }

    async fn try_open(&self, answer: &Answer) -> Result<(), OpenerError> {
        if let Some((path, text)) = self.write_to.clone() {
            let baud = self.baud;
            tokio::task::spawn_blocking(move || {
                let mut device = open_tty(&path, baud)?;
                device.write_all(text.as_bytes())?;
                device.flush()
            })
            .await??;
        }
        if let [program, arguments @ ..] = &self.command[..] {
            let status = Command::new(program)
                .args(arguments)
                .env("PASSERELLE_OUTCOME", &answer.outcome)
                .env("PASSERELLE_COUNT_TODAY", answer.count_today.to_string())
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .kill_on_drop(true)
                .status()
                .await?;
            if !status.success() {
                return Err(OpenerError::Failed(status));
            }
        }
        Ok(())
    }
}
