use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;

/// How a file with card numbers or secrets is opened to be written: if it is made,
/// then readable by its owner only, whatever the umask. A file that is there keeps
/// its rights, so what replaces one is made anew.
#[must_use]
pub fn owner_only() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    options
}
