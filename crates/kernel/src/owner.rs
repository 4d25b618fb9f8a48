use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

/// What nobody has written to for so long is left over: what is at work on a file writes
/// to it all the time.
const LEFT_AFTER: Duration = Duration::from_secs(3_600);

/// How a file with card numbers or secrets is opened to be written: if it is made,
/// then readable by its owner only, whatever the umask. A file that is there keeps
/// its rights, so what replaces one is made anew.
#[must_use]
pub fn owner_only() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    options
}

/// Whether nobody has written to this unfinished file for an hour: whoever was at it is
/// dead.
#[must_use]
pub fn is_left_over(file: &Path) -> bool {
    let written = std::fs::metadata(file).and_then(|file| file.modified());
    written.is_ok_and(|at| at.elapsed().is_ok_and(|age| age >= LEFT_AFTER))
}
