//! What a process does for itself: backups, and the end of card numbers.

use crate::stop::Stop;
use crate::turn::Turn;
use books::backup::{BackupSchedule, back_up_if_due, clear_parts};
use books::retention::{self, Retention, Run};
use db::Db;
use kernel::{Clock, causes};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How often it is looked whether something is due.
const LOOK: Duration = Duration::from_secs(60);
/// How often card numbers that may go are looked for.
const LOOK_FOR_CARDS: Duration = Duration::from_secs(3_600);
/// The pause after a failure.
const AFTER_FAILURE: Duration = Duration::from_secs(600);

/// What a process does for itself.
#[derive(Debug)]
pub struct Upkeep {
    /// What tells when something is due.
    pub clock: Arc<dyn Clock>,
    /// The backups to take, if any.
    pub backup: Option<BackupSchedule>,
    /// When card numbers go, if they do.
    pub retention: Option<Retention>,
}

pub(crate) fn start(upkeep: Upkeep, db: Db, tasks: &TaskTracker, shutdown: &CancellationToken) {
    let (clock, stop) = (upkeep.clock, || Stop(shutdown.clone()));
    if let Some(schedule) = upkeep.backup {
        tasks.spawn(take_backups(schedule, Arc::clone(&clock), stop()));
    }
    if let Some(retention) = upkeep.retention {
        let turn = Turn::at("card numbers", &db);
        tasks.spawn(remove_card_numbers(retention, db, clock, turn, stop()));
    }
}

async fn remove_card_numbers(
    retention: Retention,
    db: Db,
    clock: Arc<dyn Clock>,
    turn: Turn,
    stop: Stop,
) {
    while turn.comes(&stop).await.is_some() {
        let removing = retention::run(&db, &retention, clock.now(), Run::Remove);
        let pause = match turn.during(removing).await {
            Ok(report) => {
                report.log();
                LOOK_FOR_CARDS
            }
            Err(error) => {
                tracing::error!(
                    error = causes(&*error),
                    "card numbers could not be removed; it is tried again in ten minutes"
                );
                AFTER_FAILURE
            }
        };
        turn.pause(pause, &stop).await;
    }
    turn.ends().await;
}

async fn take_backups(schedule: BackupSchedule, clock: Arc<dyn Clock>, stop: Stop) {
    if let Err(error) = clear_parts(&schedule) {
        tracing::warn!(error = causes(&*error), "parts of old backups are left");
    }
    while !stop.is_said() {
        let taken = stop.or(back_up_if_due(&schedule, clock.now())).await;
        // Told to stop in the middle: what there is of it is gone.
        let Some(taken) = taken else { return };
        let pause = match taken {
            Ok(None) => LOOK,
            Ok(Some(backup)) => {
                count("taken");
                let moment_s = backup.manifest.taken_at.millis() / 1_000;
                metrics::gauge!("passerelle_backup_last_success_seconds").set(moment_s as f64);
                tracing::info!(
                    file = %backup.path.display(),
                    bytes = backup.manifest.bytes,
                    deleted = backup.deleted,
                    "backup taken and verified"
                );
                if backup.manifest.books.unexplained > 0 {
                    tracing::warn!(
                        differences = backup.manifest.books.unexplained,
                        "the books in the backup do not agree; see `passerelle reconcile`"
                    );
                }
                LOOK
            }
            Err(error) => {
                count("failed");
                tracing::error!(
                    error = causes(&*error),
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
