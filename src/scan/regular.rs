//! The one place where files are opened by name: regular files and nothing else, without waiting for anybody, and never without end.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use rustix::fs::{Mode, OFlags, open as open_path};

use super::special;

/// Texts of featgraph's own (configurations, known findings, plans) are held in memory as a whole.
pub(crate) const WHOLE_MAX: u64 = 4 << 30;

/// Opens a regular file. What else is there is looked at after it has been opened, so that nobody can exchange it in between; a named
/// pipe is not waited for.
///
/// # Errors
/// It is not there, may not be read, or is something else.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = match open_path(path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        // A socket cannot be opened at all.
        Err(rustix::io::Errno::NXIO) => return Err(io::Error::other("it is a socket")),
        Err(error) => return Err(error.into()),
    };
    let file_type = file.metadata()?.file_type();
    match special(file_type) {
        _ if file_type.is_dir() => Err(io::Error::other("it is a directory")),
        Some(special) => Err(io::Error::other(format!("it is {special}"))),
        None => Ok(file),
    }
}

/// All that is in a regular file; `None` where that is more than `most` bytes.
///
/// # Errors
/// As [`open`], and whatever reading fails with.
pub(crate) fn read(path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
    let file = open(path)?;
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= most).then_some(bytes))
}

/// All that is in a file that is held in memory.
///
/// # Errors
/// As [`read`], and a file larger than [`WHOLE_MAX`].
pub(crate) fn read_all(path: &Path) -> io::Result<Vec<u8>> {
    read(path, WHOLE_MAX)?.ok_or_else(|| io::Error::other(format!("it is larger than {} GiB", WHOLE_MAX >> 30)))
}
