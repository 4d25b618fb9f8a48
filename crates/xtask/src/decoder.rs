//! `cargo xtask decoder`: the reader of codes that the scanner page's camera
//! runs in the browser.
//!
//! It is a package of npm's registry, MIT; what is compiled into it, zxing-cpp,
//! is Apache-2.0. Only its reader is taken, and only as it was when it was
//! pinned here. The server is built with it if it is there.

use crate::failure::{Failure, run};
use crate::workspace;
use sha2::{Digest, Sha256, Sha512};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// To take another version, change all of this, the folder's name in
/// `crates/server/build.rs` and that in `decoder.js`.
const VERSION: &str = "3.1.4";

/// The package's own checksum in the registry (`dist.integrity`), in hex.
const PACKAGE_SHA512: &str = "d7ebfca7bb1ab9d772495346fb27bb183ff44d2f79046db271d92b0be12706b1\
                              411641de22087352ddb2563b71dcdb9c25e36b427853f32180233eb4571f68d3";

/// What is taken out of the package: its path there, ours, and its SHA-256.
const FILES: &[(&str, &str, &str)] = &[
    (
        "package/LICENSE",
        "LICENSE",
        "fb506e4ade12d7a9efa67c9d76a9a28c8e15d347ca49a69e48e29b40b34ad2ab",
    ),
    (
        "package/dist/es/share.js",
        "share.js",
        "08868fb770b0a4e4b9eb3d717015cd5fbf3ceb06492d4cb2d2dd2739db11890f",
    ),
    (
        "package/dist/es/reader/index.js",
        "reader/index.js",
        "d90c69a827aff3b7c8c8ca310efebe91671ef076f7a0ec83722bfc542814f484",
    ),
    (
        "package/dist/reader/zxing_reader.wasm",
        "zxing_reader.wasm",
        "e8af31edb56d0522f4de74495839385ef019ba8bc90d38e5ecb2f18795d86fb2",
    ),
];

/// What came of it.
pub enum Fetched {
    /// The files are there, and they are the pinned ones.
    Present(PathBuf),
    /// The registry could not be reached.
    Unreachable(Failure),
}

/// Fetches the decoder, unless it is there.
///
/// # Errors
/// If the registry can't be reached, or what came is not what was pinned.
pub fn fetch() -> Result<(), Failure> {
    match fetched()? {
        Fetched::Present(folder) => {
            println!("zxing-wasm {VERSION} is in {}", folder.display());
            Ok(())
        }
        Fetched::Unreachable(failure) => Err(failure),
    }
}

/// As [`fetch`], and tells a missing network from the rest.
///
/// # Errors
/// If what came is not what was pinned, or can't be written.
pub fn fetched() -> Result<Fetched, Failure> {
    let folder = workspace::root()
        .join("crates/server/assets/decoder")
        .join(folder_name());
    if is_pinned(&folder) {
        return Ok(Fetched::Present(folder));
    }
    let work = tempfile::tempdir().map_err(|error| {
        Failure::new(
            "no temporary folder can be made",
            error,
            "make room in /tmp",
        )
    })?;
    let package = work.path().join("package.tgz");
    if let Err(failure) = download(&package) {
        return Ok(Fetched::Unreachable(failure));
    }
    check_package(&read(&package)?)?;
    unpack(&package, work.path())?;
    for (theirs, ours, _) in FILES {
        let to = folder.join(ours);
        to.parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::copy(work.path().join(theirs), &to))
            .map_err(|error| {
                Failure::new(
                    format!("{} can't be written", to.display()),
                    error,
                    "see to the folder's permissions",
                )
            })?;
    }
    if is_pinned(&folder) {
        Ok(Fetched::Present(folder))
    } else {
        Err(not_pinned("a file of the package"))
    }
}

fn folder_name() -> String {
    format!("zxing-wasm-{VERSION}")
}

/// Whether all files are there, as they were pinned.
fn is_pinned(folder: &Path) -> bool {
    FILES.iter().all(|(_, ours, sha256)| {
        fs::read(folder.join(ours)).is_ok_and(|bytes| hex(&Sha256::digest(bytes)) == *sha256)
    })
}

fn download(to: &Path) -> Result<(), Failure> {
    let url = format!("https://registry.npmjs.org/zxing-wasm/-/zxing-wasm-{VERSION}.tgz");
    let mut curl = Command::new("curl");
    curl.args(["--fail", "--silent", "--show-error", "--location"])
        .args(["--proto", "=https", "--max-time", "60"])
        .args(["--max-filesize", "20000000", "--output"])
        .arg(to)
        .arg(url);
    run(
        &mut curl,
        "install curl and connect to the network, then run: cargo xtask decoder",
    )
}

fn check_package(bytes: &[u8]) -> Result<(), Failure> {
    if hex(&Sha512::digest(bytes)) == PACKAGE_SHA512 {
        Ok(())
    } else {
        Err(not_pinned("the package"))
    }
}

fn not_pinned(what: &str) -> Failure {
    Failure::new(
        format!("zxing-wasm {VERSION} is not what it was"),
        format!("{what} has another checksum than the one that was pinned"),
        "don't use it; find out what stands between you and registry.npmjs.org",
    )
}

fn unpack(package: &Path, into: &Path) -> Result<(), Failure> {
    let mut tar = Command::new("tar");
    tar.arg("-xzf").arg(package).arg("-C").arg(into);
    tar.args(FILES.iter().map(|(theirs, ..)| theirs));
    run(&mut tar, "install tar and gzip")
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| {
        Failure::new(
            format!("{} can't be read", path.display()),
            error,
            "see to the folder's permissions",
        )
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    #[test]
    fn everyone_means_the_same_version() {
        for file in ["build.rs", "assets/decoder/decoder.js"] {
            let path = workspace::root().join("crates/server").join(file);
            let text = fs::read_to_string(path).unwrap();
            let named: Vec<&str> = text
                .split("zxing-wasm-")
                .skip(1)
                .map(|after| after.split(['/', '"']).next().unwrap())
                .collect();
            assert!(!named.is_empty(), "{file}");
            assert!(
                named.iter().all(|name| *name == VERSION),
                "{file}: {named:?}"
            );
        }
    }

    #[test]
    fn the_server_takes_the_files_that_are_fetched() {
        let path = workspace::root().join("crates/server/build.rs");
        let text = fs::read_to_string(path).unwrap();
        for (_, ours, _) in FILES {
            assert!(text.contains(&format!("\"{ours}\",")), "{ours}");
        }
    }

    #[test]
    fn another_file_is_not_taken_for_the_pinned_one() {
        let folder = TempDir::new().unwrap();
        assert!(!is_pinned(folder.path()));
        fs::create_dir(folder.path().join("reader")).unwrap();
        for (_, ours, _) in FILES {
            fs::write(folder.path().join(ours), "something else").unwrap();
        }
        assert!(!is_pinned(folder.path()));
    }

    #[test]
    fn another_package_is_refused() {
        let failure = check_package(b"something else").unwrap_err().to_string();
        assert!(failure.contains("another checksum"), "{failure}");
    }

    #[test]
    fn checksums_are_whole() {
        assert_eq!(PACKAGE_SHA512.len(), 128);
        assert!(FILES.iter().all(|(.., sha256)| sha256.len() == 64));
    }
}
