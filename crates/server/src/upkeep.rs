//! What a process does for itself: backups.

use crate::backup::{BackupSchedule, back_up_if_due, clear_parts};
use crate::workers::Stop;
use gate::causes;
use kernel::Clock;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How often it is looked whether something is due.
const LOOK: Duration = Duration::from_secs(60);
/// The pause after a failure.
const AFTER_FAILURE: Duration = Duration::from_secs(600);

/// What a process does for itself.
#[derive(Debug)]
pub struct Upkeep {
    /// What tells when something is due.
    pub clock: Arc<dyn Clock>,
    /// The backups to take, if any.
    pub backup: Option<BackupSchedule>,
}

pub(crate) fn start(upkeep: Upkeep, tasks: &TaskTracker, shutdown: &CancellationToken) {
    if let Some(schedule) = upkeep.backup {
        let stop = Stop(shutdown.clone());
        tasks.spawn(keep_backups(schedule, upkeep.clock, stop));
    }
}

async fn keep_backups(schedule: BackupSchedule, clock: Arc<dyn Clock>, stop: Stop) {
    if let Err(error) = clear_parts(&schedule) {
        tracing::warn!(error = causes(&error), "parts of old backups are left");
    }
    while !stop.is_said() {
        let pause = match back_up_if_due(&schedule, clock.now()).await {
            Ok(None) => LOOK,
            Ok(Some(kept)) => {
                count("taken");
                let moment_s = kept.manifest.taken_at.millis() / 1_000;
                metrics::gauge!("passerelle_backup_last_success_seconds").set(moment_s as f64);
                tracing::info!(
                    file = %kept.path.display(),
                    bytes = kept.manifest.bytes,
                    deleted = kept.deleted,
                    "backup taken and verified"
                );
                if kept.manifest.books.unexplained > 0 {
                    tracing::warn!(
                        differences = kept.manifest.books.unexplained,
                        "the books in the backup do not agree; see `passerelle reconcile`"
                    );
                }
                LOOK
            }
            Err(error) => {
                count("failed");
                tracing::error!(
                    error = causes(&error),
                    "NO BACKUP was taken; it is tried again in ten minutes"
                );
                AFTER_FAILURE
            }
        };
        stop.pause(pause).await;
    }
}

fn count(result: &'static str) {
    metrics::counter!("passerelle_backups_total", "result" => result).increment(1);
}
