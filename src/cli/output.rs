//! Writing a file whole or not at all: into a temporary file beside it, which then takes its name.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::discover::shown;
use super::failure::{Complaint, Failure, reason};
use super::interrupt;
use crate::scan::regular;

/// Writes what `write` tells to `path`. Where anything fails, what was there before is still there, untouched.
pub(super) fn replace(path: &Path, write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    replaced(path, write)
        .map_err(|error| Complaint::new(format!("{} cannot be written: {}", shown(path), reason(&error))).into())
}

fn replaced(path: &Path, write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    match std::fs::metadata(path) {
        Ok(known) if known.is_dir() => return Err(io::Error::other("it is a directory")),
        // A terminal, a pipe, /dev/null: something to write into, not to replace.
        Ok(known) if !known.is_file() => {
            let mut file = File::options().write(true).open(path)?;
            write(&mut file)?;
            return file.flush();
        }
        _ => {}
    }
    let target = behind_links(path)?;
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // As any program would make it: the umask takes away from this.
    let mut file = temporary(folder, 0o666)?;
    write(file.as_file_mut())?;
    file.as_file_mut().flush()?;
    file.persist(&target).map_err(|error| error.error)?;
    Ok(())
}

/// A temporary file in a folder, which a signal takes with it.
fn temporary(folder: &Path, mode: u32) -> io::Result<tempfile::NamedTempFile> {
    tempfile::Builder::new().prefix(".featgraph-").make_in(folder, |path| {
        interrupt::remove_on_signal(path)?;
        File::options().read(true).write(true).create_new(true).mode(mode).open(path)
    })
}

/// Writes a changed text in the place of a file that has still the text it was read with. Its permissions stay, and its owner
/// where that is allowed.
pub(super) fn rewrite(path: &Path, before: &[u8], after: &[u8]) -> Result<(), Complaint> {
    let failed = |error: &io::Error| Complaint::new(format!("{} cannot be written: {}", shown(path), reason(error)));
    let changed = || {
        Complaint::new(format!("{} has changed since it was read, so no fix was written into it", shown(path)))
            .help("run the command again")
    };
    let target = behind_links(path).map_err(|error| failed(&error))?;
    let known = std::fs::metadata(&target).map_err(|error| failed(&error))?;
    if known.permissions().readonly() {
        return Err(failed(&io::Error::other("it is read-only")));
    }
    let write = || -> io::Result<tempfile::NamedTempFile> {
        let folder = match target.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let mut file = temporary(folder, 0o600)?;
        file.write_all(after)?;
        file.flush()?;
        // Only root can give files away; whoever cannot owns what they write.
        drop(std::os::unix::fs::chown(file.path(), Some(known.uid()), Some(known.gid())));
        file.as_file().set_permissions(known.permissions())?;
        Ok(file)
    };
    let file = write().map_err(|error| failed(&error))?;
    exchange(file, &target, before, after).map_err(|error| failed(&error))?.then_some(()).ok_or_else(changed)
}

/// Puts a file in the place of another one that has still its old bytes; whether it had. An editor may save in between, by writing or by
/// renaming: so the two change places first, and what came out is looked at.
fn exchange(file: tempfile::NamedTempFile, target: &Path, before: &[u8], after: &[u8]) -> io::Result<bool> {
    if regular::read_all(target)? != before {
        return Ok(false);
    }
    let swap = |file: &tempfile::NamedTempFile| renameat_with(CWD, file.path(), CWD, target, RenameFlags::EXCHANGE);
    // What comes out of there may be all that is left of a newer text, so no signal takes it.
    interrupt::keep_on_signal(file.path());
    match swap(&file) {
        Ok(()) => {}
        // Not every file system can: then this is as late as can be.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            return file.persist(target).map(|_| true).map_err(|error| error.error);
        }
        Err(error) => return Err(error.into()),
    }
    if regular::read_all(file.path()).is_ok_and(|out| out == before) {
        return Ok(true);
    }
    // What came out is what somebody saved: back with it. If that takes a still newer one away, that one goes back instead.
    let restored = swap(&file).and_then(|()| match regular::read_all(file.path()).is_ok_and(|out| out == after) {
        true => Ok(()),
        false => swap(&file),
    });
    if let Err(error) = restored {
        let (_, path) = file.keep().map_err(|error| error.error)?;
        return Err(io::Error::other(format!("{error}; what was saved meanwhile is in {}", shown(&path))));
    }
    Ok(false)
}

/// Where a link leads, so that the link stays and its target is replaced.
fn behind_links(path: &Path) -> io::Result<PathBuf> {
    if !path.is_symlink() {
        return Ok(path.to_owned());
    }
    match std::fs::canonicalize(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(io::Error::other("it is a link that leads to nothing"))
        }
        found => found,
    }
}
