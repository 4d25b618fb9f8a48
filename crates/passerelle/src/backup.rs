//! `passerelle backup` and `passerelle restore`: copies of the embedded
//! database that were read back.

use crate::Verdict;
use crate::house::{ConfigOption, command_line};
use anyhow::{Result, ensure};
use books::backup::{self, Existing, Manifest, Restored};
use db::snapshot::InUse;
use db::{Db, DbError, DbUrl};
use kernel::{Clock, SystemClock};
use serde_json::json;
use staff::{Author, Change};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

const FOLDING_TRIES: u32 = 200;
const FOLDING_PAUSE: Duration = Duration::from_millis(10);

/// `passerelle backup`
#[derive(Debug, clap::Args)]
pub struct BackupArguments {
    /// The new file, or a folder for it [default: the folder of [backup]]
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    #[command(flatten)]
    config: ConfigOption,
}

/// `passerelle restore`
#[derive(Debug, clap::Args)]
pub struct RestoreArguments {
    /// The backup; its manifest, with `.json` behind its name, must stand beside it
    file: PathBuf,
    /// The database to make of it: a path, or sqlite:PATH
    #[arg(long, value_name = "DATABASE")]
    to: Target,
    /// Move aside a database that is there already
    #[arg(long)]
    replace: bool,
}

/// The file of an embedded database.
#[derive(Debug, Clone)]
struct Target(PathBuf);

impl FromStr for Target {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.parse::<DbUrl>() {
            Ok(url) => backup::embedded(&url).map(|path| Self(path.to_owned())),
            Err(_) => Ok(Self(text.into())),
        }
    }
}

pub async fn back_up(arguments: BackupArguments) -> Result<Verdict> {
    let config = arguments.config.read()?;
    let url = config.database_url()?;
    let from = backup::embedded(&url)?;
    ensure!(
        from.exists(),
        "there is no database at {}; correct [database] url",
        from.display()
    );
    let now = SystemClock.now();
    let to = match arguments.to {
        Some(to) if to.is_dir() => to.join(backup::name(now)),
        Some(to) => to,
        None => config.path(&config.backup.folder).join(backup::name(now)),
    };
    let manifest = backup::back_up(from, &to, doctor::bundle::sides(&config), now).await?;
    outln!(
        "{}: {} bytes, read back and whole, SHA-256 {}",
        to.display(),
        manifest.bytes,
        manifest.sha256
    );
    outln!(
        "Its manifest is {}; keep the two together.",
        backup::manifest_path(&to).display()
    );
    say_books(&manifest);
    Ok(Verdict::fine_if(manifest.books.unexplained == 0))
}

pub async fn restore(arguments: RestoreArguments) -> Result<Verdict> {
    let existing = if arguments.replace {
        Existing::MoveAside
    } else {
        Existing::Keep
    };
    let Target(to) = arguments.to;
    let now = SystemClock.now();
    let restored = backup::restore(&arguments.file, &to, existing, now).await?;
    outln!(
        "{} is what {} was at {}.",
        to.display(),
        arguments.file.display(),
        restored.manifest.taken_at
    );
    if let Some(aside) = &restored.aside {
        outln!("What was there is now {}.", aside.display());
    }
    note(&to, &restored).await?;
    say_books(&restored.manifest);
    outln!("Start the service on it, then run `passerelle reconcile`.");
    Ok(Verdict::Fine)
}

/// Writes into the restored database's audit log where it comes from. One of an
/// older version is left as it was, for the start that brings it up to date.
async fn note(database: &Path, restored: &Restored) -> Result<()> {
    let db = Db::open(&DbUrl::SqliteFile(database.to_owned())).await?;
    match db.check(books::SCHEMAS).await {
        Err(DbError::OlderSchema { .. }) => return Ok(()),
        checked => checked?,
    }
    let author = Author {
        db,
        clock: Arc::new(SystemClock),
        actor: command_line(),
    };
    let change = Change::done("database.restored", "database", database.display());
    let change = change.to(json!({
        "taken_at": restored.manifest.taken_at,
        "sha256": restored.manifest.sha256,
        "aside": restored.aside,
    }));
    author.note(change).await?;
    drop(author);
    // Whoever moves this file must not have to know of a log beside it. It is
    // folded in once the threads behind `author` have let go.
    for _ in 0..FOLDING_TRIES {
        if db::snapshot::in_use(database)? == InUse::No {
            break;
        }
        tokio::time::sleep(FOLDING_PAUSE).await;
    }
    Ok(())
}

fn say_books(manifest: &Manifest) {
    let books = &manifest.books;
    outln!(
        "It holds {} accepted checks, {} control barcodes, {} tickets, {} account lines over {} minor \
         units.",
        books.accepted_checks,
        books.control_barcodes,
        books.tickets,
        books.account_lines,
        books.account_minor
    );
    if books.unexplained > 0 {
        outln!(
            "Its books have {} differences that nothing explains, as the database has them: see \
             `passerelle reconcile`.",
            books.unexplained
        );
    }
}
