//! The latest warnings and errors of the service, kept in a small file for the
//! support bundle: the log itself is somebody else's, such as the journal's, and
//! a database that fails could not keep its own failure.

use crate::support::mask;
use kernel::{Clock, SystemClock};
use parking_lot::Mutex;
use serde_json::{Map, Value, json};
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// How long the file may grow before the next one begins; one older one is kept.
const LIMIT_BYTES: u64 = 256 * 1024;

/// Keeps what is logged at `WARN` and above.
pub struct Events(Mutex<EventsFile>);

struct EventsFile {
    path: PathBuf,
    /// None if it cannot be written; the log says the same anyway.
    file: Option<File>,
    bytes: u64,
}

impl Events {
    /// Keeps them in the file at `path`.
    #[must_use]
    pub fn at(path: PathBuf) -> Self {
        let mut file = EventsFile {
            path,
            file: None,
            bytes: 0,
        };
        file.open();
        Self(Mutex::new(file))
    }
}

impl EventsFile {
    fn open(&mut self) {
        let opened = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&self.path);
        self.file = opened.ok();
        // It is there, or cannot be written.
        let _ = kernel::as_its_folder(&self.path);
        let metadata = self.file.as_ref().and_then(|file| file.metadata().ok());
        self.bytes = metadata.map_or(0, |metadata| metadata.len());
    }

    fn write(&mut self, line: &str) {
        if self.bytes + line.len() as u64 > LIMIT_BYTES {
            // Without room for an older one the newer ones go on in its place.
            let _ = std::fs::rename(&self.path, older(&self.path));
            self.open();
        }
        if let Some(file) = &mut self.file
            && file.write_all(line.as_bytes()).is_ok()
        {
            self.bytes += line.len() as u64;
        }
    }
}

impl<S: Subscriber> Layer<S> for Events {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        // Where the whole log goes through one filter, this one counts.
        if *event.metadata().level() > Level::WARN {
            return;
        }
        let mut fields = Fields(Map::new());
        event.record(&mut fields);
        let event = json!({
            "at": SystemClock.now(),
            "level": event.metadata().level().as_str(),
            "target": event.metadata().target(),
            "fields": fields.0,
        });
        self.0.lock().write(&format!("{event}\n"));
    }
}

/// The fields of an event, masked.
struct Fields(Map<String, Value>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), mask(value).into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

/// All that is kept at `path`, oldest first.
///
/// # Errors
/// What the system said; that nothing was kept yet is none.
pub fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    for path in [&older(path), path] {
        match std::fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            read => text.push_str(&String::from_utf8_lossy(&read?)),
        }
    }
    Ok(text)
}

fn older(path: &Path) -> PathBuf {
    kernel::beside(path, ".1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing_subscriber::layer::SubscriberExt;

    #[test]
    fn warnings_are_kept_masked_and_the_file_stays_small() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        assert_eq!(read(&path).unwrap(), "");
        let log = tracing_subscriber::registry().with(Events::at(path.clone()));
        tracing::subscriber::with_default(log, || {
            tracing::info!("not kept");
            tracing::warn!(count = 3, error = "pass 00029975", "a warning");
        });
        let kept: Value = serde_json::from_str(&read(&path).unwrap()).unwrap();
        assert_eq!(kept["level"], "WARN");
        assert_eq!(kept["fields"]["count"], 3);
        assert_eq!(kept["fields"]["error"], "pass …");
        assert_eq!(kept["fields"]["message"], "a warning");
        let log = tracing_subscriber::registry().with(Events::at(path.clone()));
        tracing::subscriber::with_default(log, || {
            for number in 0..10_000 {
                tracing::error!(number, "{}", "x".repeat(50));
            }
        });
        let text = read(&path).unwrap();
        let limit = 2 * usize::try_from(LIMIT_BYTES).unwrap();
        assert!(
            text.len() > limit / 3 && text.len() <= limit,
            "{}",
            text.len()
        );
        let last = text.lines().last().unwrap();
        let last: Value = serde_json::from_str(last).unwrap();
        assert_eq!(last["fields"]["number"], 9_999);
    }
}
