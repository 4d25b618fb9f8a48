//! `cargo xtask package`: the program as a Debian package and as an archive. The same
//! commit gives the same bytes.

use crate::command::{output, run};
use crate::decoder::DECODER;
use crate::npm::Fetched;
use crate::workspace::{self, cargo, git};
use anyhow::{Context, Result, bail};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Files of the repository, where they go, and their mode.
const FILES: [(&str, &str, u32); 5] = [
    (
        "deploy/debian/passerelle.toml",
        "etc/passerelle/passerelle.toml",
        0o640,
    ),
    (
        "deploy/one-machine/passerelle.service",
        "usr/lib/systemd/system/passerelle.service",
        0o644,
    ),
    (
        "deploy/one-machine/passerelle@.service",
        "usr/lib/systemd/system/passerelle@.service",
        0o644,
    ),
    (
        "deploy/debian/README.Debian",
        "usr/share/doc/passerelle/README.Debian",
        0o644,
    ),
    ("LICENSE", "usr/share/doc/passerelle/copyright", 0o644),
];
/// What stands below the folder for documents as in the repository, so that links lead on: files,
/// and folders with all that git tracks in them.
const DOCUMENTS: [&str; 10] = [
    "CHANGELOG.md",
    "crates/deviceapi/examples",
    "crates/gate/vectors",
    "crates/otipass/vectors",
    "deploy/cluster",
    "deploy/debian/README.md",
    "deploy/monitoring",
    "deploy/one-machine",
    "docs",
    "examples",
];
const DOCUMENTS_GO_TO: &str = "usr/share/doc/passerelle";
/// What dpkg runs.
const SCRIPTS: [&str; 4] = ["preinst", "postinst", "prerm", "postrm"];

/// Builds the program and packs it; `revision` distinguishes packages of one version.
///
/// # Errors
/// If something is missing, or a tool fails.
pub fn package(revision: Option<&str>) -> Result<()> {
    if let Fetched::Unreachable(failure) = DECODER.fetched()? {
        bail!("{failure:#}\n  a package without the reader of codes for cameras is none");
    }
    let root = workspace::root().canonicalize()?;
    let dated = dated()?;
    let mut build = cargo();
    build.args(["build", "--release", "--locked", "-p", "passerelle"]);
    run(&mut build, "see above")?;
    let version = match revision {
        None => env!("CARGO_PKG_VERSION").to_owned(),
        Some(revision) => format!("{}-{revision}", env!("CARGO_PKG_VERSION")),
    };
    let folder = root.join("target/package");
    // The archive is unpacked beside other things, never over them.
    let name = format!("passerelle-{version}");
    let tree = folder.join(&name);
    if tree.exists() {
        fs::remove_dir_all(&tree)?;
    }
    let bytes = lay_out(&root, &tree)?;
    let mut folders = Command::new("find");
    folders
        .arg(&tree)
        .args(["-type", "d", "-exec", "chmod", "755", "{}", "+"]);
    run(&mut folders, "install findutils")?;
    let architecture = architecture()?;
    let stem = format!("passerelle_{version}_{architecture}");
    let archive = folder.join(format!("{stem}.tar.xz"));
    let mut tar = Command::new("tar");
    tar.args(["--sort=name", "--owner=0", "--group=0", "--numeric-owner"]);
    tar.arg(format!("--mtime=@{dated}"))
        .arg("-C")
        .arg(&folder)
        .arg("-cJf");
    run(tar.arg(&archive).arg(&name), "install tar and xz-utils")?;
    let package = folder.join(format!("{stem}.deb"));
    let filled_in = [
        ("@VERSION@", version),
        ("@ARCHITECTURE@", architecture),
        ("@LIBC@", libc()?),
        ("@KIB@", bytes.div_ceil(1024).to_string()),
    ];
    control(&root, &tree, &filled_in)?;
    let mut deb = Command::new("dpkg-deb");
    deb.env("SOURCE_DATE_EPOCH", &dated)
        .args(["--root-owner-group", "-Zxz", "--build"]);
    output(deb.arg(&tree).arg(&package), "install dpkg")?;
    println!("{}\n{}", package.display(), archive.display());
    Ok(())
}

/// When the commit was made that is packed, in seconds.
fn dated() -> Result<String> {
    let changed = git(&["status", "--porcelain", "--untracked-files=no"])?;
    if !changed.is_empty() {
        bail!("a package is one of a commit; commit this first:\n{changed}");
    }
    Ok(git(&["log", "-1", "--format=%ct"])?.trim().to_owned())
}

fn architecture() -> Result<String> {
    let mut dpkg = Command::new("dpkg");
    let printed = output(dpkg.arg("--print-architecture"), "install dpkg")?;
    Ok(printed.trim().to_owned())
}

/// Everything that is installed, below `tree`; gives its size in bytes.
fn lay_out(root: &Path, tree: &Path) -> Result<u64> {
    let mut bytes = copy(
        &root.join("target/release/passerelle"),
        &tree.join("usr/bin/passerelle"),
        0o755,
    )?;
    let packed = packed()?;
    for (from, to, mode) in &packed {
        let (from, to) = (root.join(from), tree.join(to));
        bytes += copy(&from, &to, *mode)?;
        let extension = to.extension().unwrap_or_default();
        if extension == "service" {
            let unit = fs::read_to_string(&to)?;
            let here = unit.replace("/usr/local/bin/", "/usr/bin/");
            let here = here.replace("# /etc/systemd/system/", "# /usr/lib/systemd/system/");
            fs::write(&to, here)?;
        } else if extension == "md" {
            fs::write(&to, document(&from, &packed, root)?)?;
        }
    }
    Ok(bytes)
}

/// Files that are packed: where they are in the repository and in the package, and their mode.
type Packed = Vec<(PathBuf, PathBuf, u32)>;

fn packed() -> Result<Packed> {
    let files = FILES.map(|(from, to, mode)| (from.into(), to.into(), mode));
    let mut packed = Packed::from(files);
    for from in DOCUMENTS {
        for file in tracked(from)? {
            let to = Path::new(DOCUMENTS_GO_TO).join(&file);
            packed.push((file, to, 0o644));
        }
    }
    Ok(packed)
}

/// A document as it is packed: of links to what stays behind, the words.
fn document(path: &Path, packed: &Packed, root: &Path) -> Result<String> {
    let text = fs::read_to_string(path)?;
    let stays_behind = |target: &str| {
        let file = target.split('#').next().unwrap_or_default();
        let target = path.with_file_name(file).canonicalize();
        let target = target.ok().filter(|_| !file.is_empty());
        target.is_some_and(|target| {
            let mut packed = packed.iter().map(|(from, ..)| root.join(from));
            !packed.any(|from| from.starts_with(&target))
        })
    };
    let (mut said, mut rest) = (String::new(), &*text);
    while let Some((before, from)) = rest.split_once("](")
        && let Some((target, behind)) = from.split_once(')')
    {
        match before.rsplit_once('[').filter(|_| stays_behind(target)) {
            Some((before, label)) => said.extend([before, label]),
            None => said.extend([before, "](", target, ")"]),
        }
        rest = behind;
    }
    Ok(said + rest)
}

/// The files that git tracks at `path`: itself, or what is in it.
fn tracked(path: &str) -> Result<Vec<PathBuf>> {
    let listed = git(&["ls-files", "-z", "--", path])?;
    let files: Vec<_> = listed.split_terminator('\0').map(PathBuf::from).collect();
    if files.is_empty() {
        bail!("git tracks nothing at {path}");
    }
    Ok(files)
}

fn copy(from: &Path, to: &Path, mode: u32) -> Result<u64> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    let bytes = fs::copy(from, to);
    let bytes = bytes.with_context(|| format!("{} cannot be packed", from.display()))?;
    fs::set_permissions(to, fs::Permissions::from_mode(mode))?;
    Ok(bytes)
}

/// The C library that the program was built with, and wants at least.
fn libc() -> Result<String> {
    let mut dpkg = Command::new("dpkg-query");
    let printed = output(
        dpkg.args(["-W", "-f", "${Version}", "libc6"]),
        "install dpkg",
    )?;
    Ok(printed.split('-').next().unwrap_or_default().to_owned())
}

/// What dpkg reads, below `tree`, with what is filled in.
fn control(root: &Path, tree: &Path, filled_in: &[(&str, String)]) -> Result<()> {
    let from = root.join("deploy/debian");
    let to = tree.join("DEBIAN");
    fs::create_dir_all(&to)?;
    let filled = |name: &str| -> Result<String> {
        let text = fs::read_to_string(from.join(name))?;
        let fill = |text: String, (slot, value): &(&str, String)| text.replace(slot, value);
        Ok(filled_in.iter().fold(text, fill))
    };
    fs::write(to.join("control"), filled("control")?)?;
    fs::write(to.join("conffiles"), "/etc/passerelle/passerelle.toml\n")?;
    for script in SCRIPTS {
        fs::write(to.join(script), filled(script)?)?;
        fs::set_permissions(to.join(script), fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::links::broken;
    use crate::workspace::Source;
    use std::path::Component;

    /// The path without `..`.
    fn plain(path: &Path) -> PathBuf {
        let mut plain = PathBuf::new();
        for part in path.components() {
            match part {
                Component::ParentDir => drop(plain.pop()),
                part => plain.push(part),
            }
        }
        plain
    }

    #[test]
    fn each_link_of_a_packed_document_leads_to_something_that_is_packed() {
        let root = workspace::root().canonicalize().unwrap();
        let packed = packed().unwrap();
        let is_there = |path: &Path| packed.iter().any(|(_, to, _)| to.starts_with(plain(path)));
        let mut documents = 0;
        for (from, to, _) in &packed {
            if from.extension().is_none_or(|of| of != "md") {
                continue;
            }
            let source = Source {
                path: to.to_str().unwrap().to_owned(),
                text: document(&root.join(from), &packed, &root).unwrap(),
            };
            let broken = broken(&source, &is_there);
            assert!(broken.is_empty(), "{broken:?}");
            documents += 1;
        }
        assert!(documents > 30, "{documents}");
    }
}
