//! A directory whose files are opened by their paths below it, without any link being followed on the way.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags, openat};

/// The root of a file system that lies in a directory.
pub(in crate::scan) struct Beneath {
    fd: OwnedFd,
}

/// Never waits for the other end of a named pipe, never hands a file on to a program.
const ALWAYS: OFlags = OFlags::CLOEXEC.union(OFlags::NOFOLLOW).union(OFlags::NONBLOCK).union(OFlags::NOCTTY);

impl Beneath {
    /// Opens the root itself; a link that leads to it is followed.
    pub(in crate::scan) fn new(root: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        Ok(Self { fd: openat(CWD, root, flags, Mode::empty())? })
    }

    /// Opens a directory of the root; the root itself by the empty path.
    pub(in crate::scan) fn directory(&self, path: &str) -> io::Result<OwnedFd> {
        Ok(self.open(if path.is_empty() { "." } else { path }, OFlags::RDONLY | OFlags::DIRECTORY)?)
    }

    /// Opens a regular file of the root.
    pub(in crate::scan) fn file(&self, path: &str) -> io::Result<File> {
        let file = File::from(self.open(path, OFlags::RDONLY)?);
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("it is no file any more"));
        }
        Ok(file)
    }

    /// The contents of a regular file; an error where it has more than `most` bytes.
    pub(in crate::scan) fn contents(&self, path: &str, most: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file(path)?.take(most + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > most {
            return Err(io::Error::other(format!("it is larger than {} MiB", most >> 20)));
        }
        Ok(bytes)
    }

    #[cfg(target_os = "linux")]
    fn open(&self, path: &str, flags: OFlags) -> rustix::io::Result<OwnedFd> {
        use rustix::fs::{ResolveFlags, openat2};
        use rustix::io::Errno;
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        match openat2(&self.fd, path, flags | ALWAYS, Mode::empty(), resolve) {
            // Old kernels do not have it, and some sandboxes do not let it through.
            Err(Errno::NOSYS | Errno::PERM) => self.open_by_components(path, flags),
            opened => opened,
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn open(&self, path: &str, flags: OFlags) -> rustix::io::Result<OwnedFd> {
        self.open_by_components(path, flags)
    }

    fn open_by_components(&self, path: &str, flags: OFlags) -> rustix::io::Result<OwnedFd> {
        let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
        let mut at = self.fd.try_clone().map_err(|_| rustix::io::Errno::MFILE)?;
        for component in above.split('/').filter(|component| !component.is_empty()) {
            at = openat(&at, component, OFlags::RDONLY | OFlags::DIRECTORY | ALWAYS, Mode::empty())?;
        }
        openat(&at, name, flags | ALWAYS, Mode::empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_link_is_followed_by_either_way_of_opening() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::create_dir_all(root.join("in/side")).unwrap();
        std::fs::write(root.join("in/side/file"), "x").unwrap();
        std::os::unix::fs::symlink("in", root.join("link")).unwrap();
        std::os::unix::fs::symlink("/", root.join("out")).unwrap();
        let beneath = Beneath::new(root).unwrap();
        assert_eq!(beneath.contents("in/side/file", 10).unwrap(), b"x");
        assert!(beneath.contents("in/side/file", 0).is_err());
        for way in [Beneath::open, Beneath::open_by_components] {
            let opens = |path: &str| way(&beneath, path, OFlags::RDONLY).is_ok();
            assert!(opens("in/side/file"));
            for path in ["link/side/file", "out/etc", "link", "out", "in/side/absent"] {
                assert!(!opens(path), "{path}");
            }
        }
    }
}
