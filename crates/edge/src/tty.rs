//! Serial devices.

use rustix::fs::OFlags;
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Opens a device to read and write. If it is a terminal, it is set to raw
/// bytes at this speed.
pub(crate) fn open_tty(path: &Path, baud: u32) -> io::Result<File> {
    let flags = i32::try_from(OFlags::NOCTTY.bits()).unwrap_or(0);
    let device = OpenOptions::new()
        .read(true)
        .append(true)
        .custom_flags(flags)
        .open(path)?;
    if let Ok(mut settings) = tcgetattr(&device) {
        settings.make_raw();
        settings.set_speed(baud)?;
        tcsetattr(&device, OptionalActions::Now, &settings)?;
    }
    Ok(device)
}
