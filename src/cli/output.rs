//! Writing a file whole or not at all: into a temporary file beside it, which then takes its name.

use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::discover::shown;
use super::failure::{Complaint, Failure, reason};

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
    let permissions = Permissions::from_mode(0o666);
    let mut file = tempfile::Builder::new().prefix(".featgraph-").permissions(permissions).tempfile_in(folder)?;
    write(file.as_file_mut())?;
    file.as_file_mut().flush()?;
    file.persist(&target).map_err(|error| error.error)?;
    Ok(())
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
        let mut file = tempfile::Builder::new().prefix(".featgraph-").tempfile_in(folder)?;
        file.write_all(after)?;
        file.flush()?;
        // Only root can give files away; whoever cannot owns what they write.
        drop(std::os::unix::fs::chown(file.path(), Some(known.uid()), Some(known.gid())));
        file.as_file().set_permissions(known.permissions())?;
        Ok(file)
    };
    let file = write().map_err(|error| failed(&error))?;
    // As late as can be: an editor may have saved in the meantime.
    if std::fs::read(&target).map_err(|error| failed(&error))? != before {
        return Err(changed());
    }
    file.persist(&target).map_err(|error| failed(&error.error))?;
    Ok(())
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
