//! A file that somebody named on the command line, opened to be read.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

/// Opens it at once: without `O_NONBLOCK` a FIFO in its place would hang the command, and without
/// `O_NOCTTY` a terminal could become the command's own.
///
/// # Errors
/// As of open(2).
pub fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)
}
