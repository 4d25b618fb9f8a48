//! What of this machine becomes trouble while nobody looks: backups that are not
//! taken, a disk that fills, a certificate that ends.

use books::backup;
use config::Config;
use config::tls::TlsFiles;
use db::DbUrl;
use kernel::Timestamp;
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// A certificate that is valid for less is worth a word.
const CERTIFICATE_MS: i64 = crate::tls::SOON_DAYS * crate::tls::DAY_MS;
/// A backup that is as late is worth a word; a large one takes its time.
const LATE_MS: i64 = 30 * 60_000;
/// With less room than this and than the database's own length, a disk is filling.
const ROOM_BYTES: u64 = 1 << 30;

/// How long a disk may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Where to look.
#[derive(Debug, Clone, Default)]
pub struct Vitals {
    /// The folder of the backups that the service takes, and how often it does.
    backup: Option<(PathBuf, i64)>,
    /// Where things are kept.
    folders: Vec<PathBuf>,
    /// The file of the database.
    database: Option<PathBuf>,
    tls: Option<TlsFiles>,
    /// When it was first looked: what was due while nobody was there is done soon
    /// after.
    begun: Arc<OnceLock<Timestamp>>,
    /// Held by who looks.
    looking: Arc<tokio::sync::Mutex<()>>,
    last: Arc<Mutex<Ailments>>,
}

/// What is not well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ailments {
    /// A backup should have been taken; when the last one was, if there is one.
    pub backup_late: Option<Option<Timestamp>>,
    /// A folder whose disk is filling, and how many bytes are left.
    pub disk_filling: Option<(PathBuf, u64)>,
    /// When the certificate ends, if that is soon or was.
    pub certificate_ends: Option<Timestamp>,
}

impl Vitals {
    /// Those of the service with this configuration.
    #[must_use]
    pub fn of(config: &Config) -> Self {
        let every_ms = i64::from(config.backup.every_h) * 3_600_000;
        let backup = (every_ms > 0).then(|| (config.path(&config.backup.folder), every_ms));
        let database = match config.database_url() {
            Ok(DbUrl::SqliteFile(path)) => Some(path),
            _ => None,
        };
        let folder = |path: &PathBuf| path.parent().map(Path::to_owned);
        let folders = [
            database.as_ref().and_then(folder),
            backup.as_ref().map(|(folder, _)| folder.clone()),
        ];
        Self {
            // One that stays in memory is for a trial.
            folders: folders.into_iter().flatten().collect(),
            backup,
            database,
            tls: config.tls().ok().flatten(),
            begun: Arc::default(),
            looking: Arc::default(),
            last: Arc::default(),
        }
    }

    /// Looks, on a thread that may wait for a disk; while one does not answer, what was seen
    /// last.
    pub async fn look(&self, now: Timestamp) -> Ailments {
        if let Ok(looking) = Arc::clone(&self.looking).try_lock_owned() {
            let vitals = self.clone();
            let (seen, wait) = tokio::sync::oneshot::channel();
            // Not of the runtime, whose end waits for its own.
            std::thread::spawn(move || {
                let ailments = vitals.ailments(now);
                *vitals.last.lock() = ailments;
                drop(looking);
                // Nobody may wait any more.
                let _ = seen.send(());
            });
            let _ = tokio::time::timeout(PATIENCE, wait).await;
        }
        self.last.lock().clone()
    }

    fn ailments(&self, now: Timestamp) -> Ailments {
        let begun = *self.begun.get_or_init(|| now);
        Ailments {
            backup_late: self.backup.as_ref().and_then(|(folder, every_ms)| {
                let last = last_backup(folder, now);
                let due = last.map_or(begun, |at| at.plus_ms(*every_ms).max(begun));
                (now.ms_since(due) > LATE_MS).then_some(last)
            }),
            disk_filling: self.disk_filling(),
            certificate_ends: self.tls.as_ref().and_then(|files| {
                let ends = files.read().ok()?.valid_until;
                (ends.ms_since(now) < CERTIFICATE_MS).then_some(ends)
            }),
        }
    }

    /// The fullest disk, if it is filling.
    fn disk_filling(&self) -> Option<(PathBuf, u64)> {
        let database = self.database.as_ref();
        let length = database.and_then(|path| path.metadata().ok());
        let wanted = ROOM_BYTES + length.map_or(0, |file| file.len());
        let folders: BTreeSet<_> = self.folders.iter().collect();
        let left = folders.into_iter().filter_map(|folder| {
            let disk = rustix::fs::statvfs(folder).ok()?;
            Some((folder, disk.f_bavail.saturating_mul(disk.f_frsize)))
        });
        let (folder, left) = left.min_by_key(|(_, left)| *left)?;
        (left < wanted).then(|| (folder.clone(), left))
    }
}

/// When the last backup in a folder was taken; one from the future tells that the
/// clock was put back.
fn last_backup(folder: &Path, now: Timestamp) -> Option<Timestamp> {
    let taken = backup::taken(folder).ok()?.into_iter().map(|(at, _)| at);
    taken.filter(|at| *at <= now).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_that_is_not_taken_in_time_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let text = "[backup]\nevery_h = 24\nfolder = \"backup\"\n";
        let path = folder.path().join("p.toml");
        let config = Config::reading(&path, text, &Default::default()).value;
        let vitals = Vitals::of(&config);
        let taken: Timestamp = "2026-07-14T03:00:00Z".parse().unwrap();
        let late = |hours: i64| {
            let now = taken.plus_ms(hours * 3_600_000);
            vitals.ailments(now).backup_late
        };
        assert_eq!(late(-2), None, "the first is being taken");
        assert_eq!(late(0), Some(None), "there is none at all");
        let backups = folder.path().join("backup");
        std::fs::create_dir(&backups).unwrap();
        let file = backups.join("passerelle-20260714T030000.db");
        std::fs::write(&file, "").unwrap();
        let manifest = serde_json::json!({
            "format": 1, "made_by": "", "taken_at": taken, "bytes": 0, "sha256": "",
            "schemas": {}, "rows": {},
            "books": {
                "accepted_checks": 0, "control_barcodes": 0, "tickets": 0, "orders": 0,
                "account_lines": 0, "account_minor": 0, "unexplained": 0,
            },
        });
        let path = backups.join("passerelle-20260714T030000.db.json");
        std::fs::write(path, manifest.to_string()).unwrap();
        assert_eq!([0, 24].map(late), [None, None]);
        assert_eq!(late(25), Some(Some(taken)));
        assert_eq!(late(-1), Some(None), "a backup of the future is none");
        let restarted = Vitals::of(&config);
        let late = |hours: i64| {
            let now = taken.plus_ms(hours * 3_600_000);
            restarted.ailments(now).backup_late
        };
        assert_eq!(late(99), None, "what was due meanwhile is being taken");
        assert_eq!(late(100), Some(Some(taken)));
        assert_eq!(Vitals::default().ailments(taken), Ailments::default());
    }

    #[test]
    fn a_certificate_that_ends_soon_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(vec!["gates.example.org".into()]).unwrap();
        std::fs::write(folder.path().join("c.pem"), made.cert.pem()).unwrap();
        std::fs::write(
            folder.path().join("k.pem"),
            made.signing_key.serialize_pem(),
        )
        .unwrap();
        let text = "[server]\ntls_certificate = \"c.pem\"\ntls_key = \"k.pem\"\n";
        let path = folder.path().join("p.toml");
        let config = Config::reading(&path, text, &Default::default()).value;
        let vitals = Vitals::of(&config);
        let ends = config.tls().unwrap().unwrap().read().unwrap().valid_until;
        let seen = |days: i64| {
            vitals
                .ailments(ends.plus_ms(days * 86_400_000))
                .certificate_ends
        };
        assert_eq!(seen(-15), None);
        assert_eq!([-13, 1].map(seen), [Some(ends), Some(ends)]);
    }

    #[test]
    fn a_disk_without_room_for_the_database_once_more_is_filling() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("passerelle.db");
        let file = std::fs::File::create(&database).unwrap();
        let vitals = Vitals {
            folders: vec![folder.path().to_owned()],
            database: Some(database),
            ..Vitals::default()
        };
        let disk = rustix::fs::statvfs(folder.path()).unwrap();
        // A hole: it takes no room itself.
        file.set_len(disk.f_bavail * disk.f_frsize + 1).unwrap();
        let (filling, left) = vitals.disk_filling().unwrap();
        assert!(filling == folder.path() && left > 0);
    }
}
