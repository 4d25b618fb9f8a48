//! `passerelle backup` and `passerelle restore`: copies of the embedded
//! database that were read back.

use crate::Verdict;
use crate::house::{ConfigOption, command_line};
use crate::language::{decimal, language};
use anyhow::{Result, ensure};
use books::backup::{self, Existing, Manifest, Restored};
use db::snapshot::InUse;
use db::{Db, DbError, DbUrl};
use kernel::text::fill;
use kernel::{Clock, Money, SystemClock};
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
    /// The new file, with an ending, or a folder for it [default: the folder of [backup]]
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

kernel::texts!(Texts in Fr, En {
    copied: "{file} : {bytes} octets, relus et entiers, SHA-256 {sha256}",
        "{file}: {bytes} bytes, read back and whole, SHA-256 {sha256}";
    manifest: "Son manifeste est {file} ; gardez les deux ensemble.",
        "Its manifest is {file}; keep the two together.";
    restored: "{to} est ce qu’était {file} à {at}.", "{to} is what {file} was at {at}.";
    aside: "Ce qui y était est maintenant {file}.", "What was there is now {file}.";
    start: "Démarrez-y le service, puis lancez « passerelle reconcile ».",
        "Start the service on it, then run `passerelle reconcile`.";
    holds: "Contient {checks} contrôles acceptés, {barcodes} codes de contrôle, {tickets} billets, {lines} lignes de compte pour un montant de {amount}.",
        "It holds {checks} accepted checks, {barcodes} control barcodes, {tickets} tickets, {lines} account lines over an amount of {amount}.";
    differences: "Ses comptes ont {n} différences que rien n’explique, comme la base les a : voyez « passerelle reconcile ».",
        "Its books have {n} differences that nothing explains, as the database has them: see `passerelle reconcile`.";
});

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
        Some(to) if names_folder(&to) => to.join(backup::name(now)),
        Some(to) => to,
        None => config.path(&config.backup.folder).join(backup::name(now)),
    };
    let manifest = backup::back_up(from, &to, doctor::bundle::sides(&config), now).await?;
    let t = Texts::of(language());
    let (file, manifest_file) = (to.display(), backup::manifest_path(&to));
    let copied = fill(
        t.copied,
        &[
            ("file", &file),
            ("bytes", &manifest.bytes),
            ("sha256", &manifest.sha256),
        ],
    );
    outln!("{copied}");
    outln!(
        "{}",
        fill(t.manifest, &[("file", &manifest_file.display())])
    );
    say_books(t, &manifest);
    Ok(Verdict::fine_if(manifest.books.unexplained == 0))
}

/// It is one, ends as one, or has no ending, as the name of a file would.
fn names_folder(path: &Path) -> bool {
    let ends_as_one = path.as_os_str().as_encoded_bytes().ends_with(b"/");
    path.is_dir() || ends_as_one || (path.extension().is_none() && !path.exists())
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
    let t = Texts::of(language());
    let (now, was, at) = (
        to.display(),
        arguments.file.display(),
        &restored.manifest.taken_at,
    );
    let made = fill(t.restored, &[("to", &now), ("file", &was), ("at", at)]);
    outln!("{made}");
    if let Some(aside) = &restored.aside {
        outln!("{}", fill(t.aside, &[("file", &aside.display())]));
    }
    note(&to, &restored).await?;
    say_books(t, &restored.manifest);
    outln!("{}", t.start);
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

fn say_books(t: &Texts, manifest: &Manifest) {
    let books = &manifest.books;
    let amount = decimal(Money::from_minor(books.account_minor));
    let currency = books.account_currency.iter();
    let amount = currency.fold(amount, |amount, currency| {
        format!("{amount}\u{a0}{currency}")
    });
    let holds = fill(
        t.holds,
        &[
            ("checks", &books.accepted_checks),
            ("barcodes", &books.control_barcodes),
            ("tickets", &books.tickets),
            ("lines", &books.account_lines),
            ("amount", &amount),
        ],
    );
    outln!("{holds}");
    if books.unexplained > 0 {
        outln!("{}", fill(t.differences, &[("n", &books.unexplained)]));
    }
}
