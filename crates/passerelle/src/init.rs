//! `passerelle init`: a configuration with comments, to begin with.

use crate::Verdict;
use anyhow::{Context, Result};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Where each command looks, if nobody says: here, where a package puts it, or where
/// `serve` made one.
pub const FILE: &str = "passerelle.toml";
const OF_PACKAGE: &str = "/etc/passerelle/passerelle.toml";
const TEMPLATE: &str = include_str!("../../../deploy/debian/passerelle.toml");
/// Where the package keeps what the service writes; else that is beside the file.
const FOLDER_OF_PACKAGE: &str = "/var/lib/passerelle/";

/// `passerelle init`
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The folder for the configuration, the database and what else is kept
    #[arg(default_value = ".")]
    folder: PathBuf,
}

pub async fn run(arguments: Arguments) -> Result<Verdict> {
    let path = write(&arguments.folder)?;
    outln!(
        "{} is written. Read it, then start: passerelle serve --config {0}",
        path.display()
    );
    Ok(Verdict::Fine)
}

/// The configuration that is there, if nobody names one.
pub fn found() -> PathBuf {
    let there = [
        Some(FILE.into()),
        Some(OF_PACKAGE.into()),
        own_folder().map(|own| own.join(FILE)),
    ];
    let mut there = there.into_iter().flatten();
    there.find(|path| path.exists()).unwrap_or(FILE.into())
}

/// The configuration of a service that somebody starts without one: made in the
/// user's own folder for data.
///
/// # Errors
/// If there is no such folder, or it cannot be written.
pub fn begin() -> Result<PathBuf> {
    let folder = own_folder().context(
        "there is no configuration here and no folder for data (HOME is not set); run `passerelle \
         init FOLDER`",
    )?;
    write(&folder)
}

fn own_folder() -> Option<PathBuf> {
    let set = |name| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let data = set("XDG_DATA_HOME").or_else(|| Some(set("HOME")?.join(".local/share")))?;
    Some(data.join("passerelle"))
}

fn write(folder: &Path) -> Result<PathBuf> {
    let path = folder.join(FILE);
    let cannot = || format!("{} cannot be written", path.display());
    fs::create_dir_all(folder).with_context(cannot)?;
    // One that is there stays.
    let mut file = OpenOptions::new();
    let mut file = file
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .with_context(cannot)?;
    file.write_all(TEMPLATE.replace(FOLDER_OF_PACKAGE, "").as_bytes())
        .with_context(cannot)?;
    Ok(path)
}
