//! Programs that the tests need from the system, and Debian's packages of them.

use crate::command::{output, run};
use anyhow::{Context, Result, bail};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Read by Debian's `postgresql-common` when the server package is installed.
const CREATE_CLUSTER: &str = "/etc/postgresql-common/createcluster.conf";

/// Where Debian keeps the servers' programs, a folder a version.
const POSTGRES_VERSIONS: &str = "/usr/lib/postgresql";

/// The folder with `initdb`, `pg_ctl` and `postgres`: from `PATH`, else the
/// newest of Debian's. Installs the package if there is none.
///
/// # Errors
/// If there is none and it can't be installed.
pub fn postgres_programs() -> Result<PathBuf> {
    if let Some(found) = find_postgres(&path_folders(), Path::new(POSTGRES_VERSIONS)) {
        return Ok(found);
    }
    keep_service_from_starting()?;
    install("postgresql")?;
    find_postgres(&path_folders(), Path::new(POSTGRES_VERSIONS)).with_context(|| {
        format!(
            "the package is installed, but `initdb` is not below {POSTGRES_VERSIONS}; put the \
             folder with `initdb`, `pg_ctl` and `postgres` in PATH"
        )
    })
}

/// Chromium's program, from `PATH`. Installs the package if there is none.
///
/// # Errors
/// If there is none and it can't be installed.
pub fn chromium_program() -> Result<PathBuf> {
    if let Some(found) = find_program(&path_folders(), "chromium") {
        return Ok(found);
    }
    install("chromium")?;
    find_program(&path_folders(), "chromium")
        .context("the package is installed, but `chromium` is not in PATH; put its folder there")
}

/// Whether we are the super-user.
///
/// # Errors
/// If `id` can't tell.
pub fn is_root() -> Result<bool> {
    Ok(number_of(&["-u"])? == 0)
}

/// A number from `id`: `-u` or `-g`, and an account's name or nothing for ours.
///
/// # Errors
/// If there is no such account.
pub fn number_of(arguments: &[&str]) -> Result<u32> {
    let mut id = Command::new("id");
    let printed = output(
        id.args(arguments),
        "create the account, or don't run as root",
    )?;
    let number = printed.trim().parse();
    number.with_context(|| format!("`id` printed {printed:?}; see that it is the system's own"))
}

fn path_folders() -> Vec<PathBuf> {
    std::env::var_os("PATH")
        .map(|path| std::env::split_paths(&path).collect())
        .unwrap_or_default()
}

fn find_program(folders: &[PathBuf], name: &str) -> Option<PathBuf> {
    folders
        .iter()
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}

/// `versions` holds a folder a version, named `15` or `9.6`, with a `bin` each.
fn find_postgres(folders: &[PathBuf], versions: &Path) -> Option<PathBuf> {
    let complete = |folder: &PathBuf| {
        ["initdb", "pg_ctl", "postgres"]
            .iter()
            .all(|name| folder.join(name).is_file())
    };
    folders
        .iter()
        .find(|&folder| complete(folder))
        .cloned()
        .or_else(|| {
            fs::read_dir(versions)
                .ok()?
                .filter_map(|entry| {
                    let entry = entry.ok()?;
                    let version = version(entry.file_name().to_str()?)?;
                    Some((version, entry.path().join("bin")))
                })
                .filter(|(_, folder)| complete(folder))
                .max()
                .map(|(_, folder)| folder)
        })
}

fn version(name: &str) -> Option<Vec<u32>> {
    name.split('.').map(|part| part.parse().ok()).collect()
}

/// Debian's package makes a cluster and starts it as a service; the tests bring
/// their own. A file that is there was written by somebody who knows better.
fn keep_service_from_starting() -> Result<()> {
    let file = Path::new(CREATE_CLUSTER);
    if file.exists() || !is_root()? {
        return Ok(());
    }
    file.parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| fs::write(file, "create_main_cluster = false\n"))
        .with_context(|| {
            format!("{CREATE_CLUSTER} can't be written; run: apt-get install postgresql")
        })
}

fn install(package: &str) -> Result<()> {
    let by_hand = format!("run: sudo apt-get update && sudo apt-get install {package}");
    if find_program(&path_folders(), "apt-get").is_none() {
        bail!(
            "{package} is missing, and so is Debian's package manager, the only one that is known \
             here; install your system's package of {package} and put its programs in PATH"
        );
    }
    if !is_root()? {
        bail!("{package} is missing, and only root can install it; {by_hand}");
    }
    eprintln!("{package} is missing; installing Debian's package");
    run(apt_get().args(["-q", "update"]), &by_hand)?;
    run(
        apt_get()
            .args(["-q", "-y", "--no-install-recommends"])
            // The file that we wrote before the package came is the one to keep.
            .args(["-o", "Dpkg::Options::=--force-confold"])
            .args(["install", package]),
        &by_hand,
    )
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command
        .env("DEBIAN_FRONTEND", "noninteractive")
        // Our own output is for what was asked for.
        .stdout(io::stderr());
    command
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn put(folder: &Path, names: &[&str]) {
        fs::create_dir_all(folder).unwrap();
        for name in names {
            fs::write(folder.join(name), "").unwrap();
        }
    }

    #[test]
    fn the_newest_complete_version_is_taken() {
        let root = TempDir::new().unwrap();
        let all = ["initdb", "pg_ctl", "postgres"];
        put(&root.path().join("9.6/bin"), &all);
        put(&root.path().join("15/bin"), &all);
        put(&root.path().join("17/bin"), &["psql"]);
        put(&root.path().join("old/bin"), &all);
        assert_eq!(
            find_postgres(&[], root.path()),
            Some(root.path().join("15/bin"))
        );
    }

    #[test]
    fn path_goes_before_the_versions_and_a_client_alone_is_not_enough() {
        let root = TempDir::new().unwrap();
        let all = ["initdb", "pg_ctl", "postgres"];
        put(&root.path().join("versions/15/bin"), &all);
        put(&root.path().join("client"), &["psql"]);
        put(&root.path().join("server"), &all);
        let versions = root.path().join("versions");
        let client = root.path().join("client");
        let server = root.path().join("server");
        assert_eq!(
            find_postgres(&[client.clone(), server.clone()], &versions),
            Some(server)
        );
        assert_eq!(
            find_postgres(&[client], &versions),
            Some(versions.join("15/bin"))
        );
    }

    #[test]
    fn nothing_installed_is_none() {
        let root = TempDir::new().unwrap();
        assert_eq!(find_postgres(&[], &root.path().join("none")), None);
        assert_eq!(find_program(&[root.path().to_owned()], "chromium"), None);
    }
}
