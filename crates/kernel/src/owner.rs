use std::fs::{File, OpenOptions, metadata, rename};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, chown};
use std::path::{Path, PathBuf};

/// How a file with card numbers or secrets is opened to be written: if it is made,
/// then readable by its owner only, whatever the umask. A file that is there keeps
/// its rights, so what replaces one is made anew.
#[must_use]
pub fn owner_only() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    options
}

/// Writes a file that only its owner reads, or replaces it: it is there whole, or as it
/// was before. `new` is what it is called, in the same folder, until it is whole.
///
/// # Errors
/// It was not written, or not to the disk.
pub fn replace(file: &Path, new: &Path, content: &[u8]) -> io::Result<()> {
    let mut made = owner_only().create(true).truncate(true).open(new)?;
    made.write_all(content)?;
    made.sync_all()?;
    rename(new, file)?;
    File::open(folder_of(file))?.sync_all()
}

/// The folder of a file, also of one that is named without it.
#[must_use]
pub fn folder_of(file: &Path) -> &Path {
    let folder = file.parent();
    let named = folder.filter(|folder| !folder.as_os_str().is_empty());
    named.unwrap_or(Path::new("."))
}

/// The file beside another that is called as that one, and `suffix` behind it.
#[must_use]
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// What root made in a folder of somebody else becomes theirs: a service that runs as
/// they could not open it. A root who may give nothing away keeps it.
///
/// # Errors
/// It is not there.
pub fn as_its_folder(made: &Path) -> io::Result<()> {
    let of = metadata(folder_of(made))?;
    if metadata(made)?.uid() == 0 && of.uid() != 0 {
        let _ = chown(made, Some(of.uid()), Some(of.gid()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_root_makes_in_a_folder_of_others_is_theirs() {
        let folder = std::env::temp_dir().join(format!("owner-{}", std::process::id()));
        std::fs::create_dir(&folder).unwrap();
        let made = folder.join("made");
        owner_only().create_new(true).open(&made).unwrap();
        // Only root gives a folder away.
        let is_theirs = chown(&folder, Some(65_534), Some(65_534)).is_ok();
        as_its_folder(&made).unwrap();
        assert_eq!(metadata(&made).unwrap().uid() == 65_534, is_theirs);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
