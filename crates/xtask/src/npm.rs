//! Packages of npm's registry that are fetched as they were when they were
//! pinned, by their checksums. No program of npm's is run, and nothing else of a
//! package is taken than the files that are named.

use crate::command::run;
use crate::workspace;
use anyhow::{Context, Error, Result, anyhow};
use sha2::{Digest, Sha256, Sha512};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A pinned package.
pub struct Package {
    /// Its name in the registry.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Its own checksum in the registry (`dist.integrity`), in hex.
    pub sha512: &'static str,
    /// What is taken out of it: its path there, ours, and its SHA-256.
    pub files: &'static [(&'static str, &'static str, &'static str)],
    /// Where it goes: a folder of this workspace that git ignores. There it is
    /// a folder with the version in its name.
    pub into: &'static str,
    /// The task of `cargo xtask` that fetches it.
    pub task: &'static str,
}

/// What came of it.
pub enum Fetched {
    /// The files are there, and they are the pinned ones.
    Present(PathBuf),
    /// The registry could not be reached.
    Unreachable(Error),
}

impl Package {
    /// Fetches it, unless it is there.
    ///
    /// # Errors
    /// If the registry can't be reached, or what came is not what was pinned.
    pub fn fetch(&self) -> Result<()> {
        match self.fetched()? {
            Fetched::Present(folder) => {
                println!("{self} is in {}", folder.display());
                Ok(())
            }
            Fetched::Unreachable(failure) => Err(failure),
        }
    }

    /// As [`Package::fetch`], and tells a missing network from the rest.
    ///
    /// # Errors
    /// If what came is not what was pinned, or can't be written.
    pub fn fetched(&self) -> Result<Fetched> {
        let folder = workspace::root().join(self.into).join(self.folder_name());
        if self.is_pinned(&folder) {
            return Ok(Fetched::Present(folder));
        }
        let work = tempfile::tempdir().context("no temporary folder can be made")?;
        let package = work.path().join("package.tgz");
        if let Err(failure) = self.download(&package) {
            return Ok(Fetched::Unreachable(failure));
        }
        self.check(&fs::read(&package)?)?;
        self.unpack(&package, work.path())?;
        for (theirs, ours, _) in self.files {
            let to = folder.join(ours);
            to.parent()
                .map_or(Ok(()), fs::create_dir_all)
                .and_then(|()| fs::copy(work.path().join(theirs), &to))
                .with_context(|| format!("{} can't be written", to.display()))?;
        }
        if self.is_pinned(&folder) {
            Ok(Fetched::Present(folder))
        } else {
            Err(self.not_pinned("a file"))
        }
    }

    /// The folder's name, with the version.
    pub fn folder_name(&self) -> String {
        format!("{}-{}", self.name, self.version)
    }

    /// Whether all files are there, as they were pinned.
    fn is_pinned(&self, folder: &Path) -> bool {
        self.files.iter().all(|(_, ours, sha256)| {
            fs::read(folder.join(ours)).is_ok_and(|bytes| hex(&Sha256::digest(bytes)) == *sha256)
        })
    }

    fn download(&self, to: &Path) -> Result<()> {
        let Self { name, version, .. } = self;
        let url = format!("https://registry.npmjs.org/{name}/-/{name}-{version}.tgz");
        let mut curl = Command::new("curl");
        curl.args(["--fail", "--silent", "--show-error", "--location"])
            .args(["--proto", "=https", "--max-time", "60"])
            .args(["--max-filesize", "20000000", "--output"])
            .arg(to)
            .arg(url);
        let cure = format!(
            "install curl and connect to the network, then run: cargo xtask {}",
            self.task
        );
        run(&mut curl, &cure)
    }

    fn check(&self, bytes: &[u8]) -> Result<()> {
        if hex(&Sha512::digest(bytes)) == self.sha512 {
            Ok(())
        } else {
            Err(self.not_pinned("the package"))
        }
    }

    fn not_pinned(&self, what: &str) -> Error {
        anyhow!(
            "{what} of {self} has another checksum than the one that was pinned; don't use it, and \
             find out what stands between you and registry.npmjs.org"
        )
    }

    fn unpack(&self, package: &Path, into: &Path) -> Result<()> {
        let mut tar = Command::new("tar");
        tar.arg("-xzf").arg(package).arg("-C").arg(into);
        tar.args(self.files.iter().map(|(theirs, ..)| theirs));
        run(&mut tar, "install tar and gzip")
    }
}

impl fmt::Display for Package {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.version)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::axe::AXE;
    use crate::decoder::DECODER;
    use tempfile::TempDir;

    #[test]
    fn another_file_is_not_taken_for_the_pinned_one() {
        let folder = TempDir::new().unwrap();
        assert!(!DECODER.is_pinned(folder.path()));
        fs::create_dir(folder.path().join("reader")).unwrap();
        for (_, ours, _) in DECODER.files {
            fs::write(folder.path().join(ours), "something else").unwrap();
        }
        assert!(!DECODER.is_pinned(folder.path()));
    }

    #[test]
    fn another_package_is_refused() {
        let failure = AXE.check(b"something else").unwrap_err().to_string();
        assert!(failure.contains("another checksum"), "{failure}");
    }

    #[test]
    fn checksums_are_whole() {
        for package in [DECODER, AXE] {
            assert_eq!(package.sha512.len(), 128);
            assert!(package.files.iter().all(|(.., sha256)| sha256.len() == 64));
        }
    }
}
