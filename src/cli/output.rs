//! Writing a file whole or not at all: into a temporary file beside it, which then takes its name.

use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
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
