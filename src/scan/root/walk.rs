//! A directory as a root file system: every entry below it with its owners, numbers and attributes. Listed in parallel; no
//! link is ever followed, so neither a loop nor a way out can be taken.

use std::ffi::CStr;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use rayon::prelude::*;
use rustix::fs::{AtFlags, Dir, Stat, major, minor, readlinkat, statat};

use super::beneath::Beneath;
use super::{Gathered, Inode, root_keeps};
use crate::scan::{Limits, escaped, kept_size, reason, too_large};
use crate::tree::{Entry, FileType, Problem, Xattr};

const PATH_MAX: usize = 4095;

/// Everything at and below `root`.
pub(super) fn walk(root: &Path, digests: bool, limits: &Limits) -> Result<Gathered, String> {
    let beneath = Beneath::new(root).map_err(|error| reason(&error))?;
    let top = beneath.directory("").and_then(|fd| Ok(rustix::fs::fstat(fd)?)).map_err(|error| reason(&error))?;
    let walk = Walk { root, beneath };
    let mut gathered = Gathered::default();
    let mut entry = Entry::new("", FileType::Directory);
    own(&mut entry, &top);
    walk.add_xattrs(&mut entry, &mut gathered.problems);
    gathered.entries.push(entry);
    // Directories of one depth at a time; of each the path and the device it lies on.
    let mut waiting = vec![(String::new(), top.st_dev)];
    let mut kept_bytes = 0;
    while !waiting.is_empty() {
        let listed: Vec<Listed> = waiting.par_iter().map(|(path, device)| walk.list(path, *device)).collect();
        waiting.clear();
        for mut listed in listed {
            if let Some(reason) = listed.unreadable {
                return Err(reason);
            }
            kept_bytes += listed.kept_bytes;
            let offset = gathered.entries.len();
            gathered.inodes.extend(listed.inodes.into_iter().map(|(at, inode)| (offset + at, inode)));
            gathered.entries.append(&mut listed.entries);
            gathered.problems.append(&mut listed.problems);
            waiting.append(&mut listed.directories);
            if gathered.entries.len() + gathered.problems.len() > limits.entries || kept_bytes > limits.kept_bytes {
                return Err(too_large(gathered.entries.len()));
            }
        }
    }
    walk.read_files(&mut gathered, digests);
    gathered.held = super::locks::held(&walk.beneath);
    Ok(gathered)
}

struct Walk<'w> {
    root: &'w Path,
    beneath: Beneath,
}

/// What one directory holds.
#[derive(Default)]
struct Listed {
    entries: Vec<Entry>,
    problems: Vec<Problem>,
    directories: Vec<(String, u64)>,
    inodes: Vec<(usize, Inode)>,
    kept_bytes: u64,
    /// Why the root itself cannot be listed.
    unreadable: Option<String>,
}

impl Walk<'_> {
    fn list(&self, path: &str, device: u64) -> Listed {
        let mut listed = Listed::default();
        let opened = self.beneath.directory(path).and_then(|fd| Ok((Dir::read_from(&fd)?, fd)));
        let (listing, fd) = match opened {
            Ok(opened) => opened,
            Err(error) if path.is_empty() => {
                listed.unreadable = Some(reason(&error));
                return listed;
            }
            Err(error) => {
                listed.problems.push(Problem::unreadable(path, format!("cannot be listed: {}", reason(&error))));
                return listed;
            }
        };
        for item in listing {
            let item = match item {
                Ok(item) => item,
                Err(error) => {
                    let message = format!("cannot be listed to its end: {}", reason(&error.into()));
                    listed.problems.push(Problem::unreadable(path, message));
                    break;
                }
            };
            if !matches!(item.file_name().to_bytes(), b"." | b"..") {
                self.add(path, item.file_name(), device, &fd, &mut listed);
            }
        }
        listed
    }

    fn add(&self, above: &str, name: &CStr, device: u64, fd: &impl AsFd, listed: &mut Listed) {
        let slash = if above.is_empty() { "" } else { "/" };
        let Ok(text) = name.to_str() else {
            let path = format!("{above}{slash}{}", escaped(name.to_bytes()));
            listed.kept_bytes += path.len() as u64;
            listed.problems.push(Problem::unnamable(path, "has a name that is not UTF-8"));
            return;
        };
        let path = format!("{above}{slash}{text}");
        listed.kept_bytes += path.len() as u64;
        if path.len() > PATH_MAX {
            listed.problems.push(Problem::unnamable(path, "has a path longer than 4095 bytes"));
            return;
        }
        let found = match statat(fd, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) => found,
            Err(error) => {
                listed.problems.push(unread(path, &error.into()));
                return;
            }
        };
        let file_type = match rustix::fs::FileType::from_raw_mode(found.st_mode) {
            rustix::fs::FileType::Directory => FileType::Directory,
            rustix::fs::FileType::Symlink => FileType::Symlink,
            rustix::fs::FileType::CharacterDevice => FileType::Char,
            rustix::fs::FileType::BlockDevice => FileType::Block,
            rustix::fs::FileType::Fifo => FileType::Fifo,
            rustix::fs::FileType::Socket => FileType::Socket,
            rustix::fs::FileType::RegularFile => FileType::File,
            rustix::fs::FileType::Unknown => {
                listed.problems.push(Problem::invalid(path, "is of a type that no image can have"));
                return;
            }
        };
        let mut entry = Entry::new(path, file_type);
        own(&mut entry, &found);
        match file_type {
            FileType::Symlink => {
                entry.mode = None;
                match readlinkat(fd, name, Vec::new()).map_err(io::Error::from) {
                    Ok(target) => match target.to_str() {
                        Ok(target) => entry.target = Some(target.into()),
                        Err(_) => {
                            let target = escaped(target.to_bytes());
                            let message = format!("is a link whose target `{target}` is not UTF-8");
                            listed.problems.push(Problem::invalid(entry.path, message));
                            return;
                        }
                    },
                    Err(error) => {
                        listed.problems.push(unread(entry.path, &error));
                        return;
                    }
                }
            }
            FileType::File => {
                entry.size = u64::try_from(found.st_size).ok();
                if found.st_nlink > 1 {
                    listed.inodes.push((listed.entries.len(), Inode { device: found.st_dev, number: found.st_ino }));
                }
            }
            FileType::Char | FileType::Block => entry.device = Some((major(found.st_rdev), minor(found.st_rdev))),
            FileType::Directory if found.st_dev != device && self.is_made_by_the_kernel(&entry.path) => {
                let message = "is where the kernel shows its own state; what is in it is not part of the root";
                listed.problems.push(Problem::unnamable(entry.path.clone(), message));
            }
            FileType::Directory => listed.directories.push((entry.path.to_string(), found.st_dev)),
            _ => {}
        }
        self.add_xattrs(&mut entry, &mut listed.problems);
        let kept = |xattr: &Xattr| (xattr.name.len() + xattr.value.len()) as u64;
        listed.kept_bytes += entry.xattrs.iter().map(kept).sum::<u64>();
        listed.kept_bytes += entry.target.as_ref().map_or(0, |target| target.len() as u64);
        listed.entries.push(entry);
    }

    /// Whether a file system is mounted there that shows the running kernel: /proc, /sys and what lies in them.
    #[cfg(target_os = "linux")]
    fn is_made_by_the_kernel(&self, path: &str) -> bool {
        const SHOWN: [u32; 12] = [
            0x9fa0,      // proc
            0x6265_6572, // sysfs
            0x0027_e0eb, // cgroup
            0x6367_7270, // cgroup2
            0x1cd1,      // devpts
            0x1980_0202, // mqueue
            0x6462_6720, // debugfs
            0x7472_6163, // tracefs
            0x7363_6673, // securityfs
            0xcafe_4a11, // bpf
            0x6265_6570, // configfs
            0x6165_676c, // pstore
        ];
        let found = self.beneath.directory(path).ok().and_then(|fd| rustix::fs::fstatfs(fd).ok());
        // The kernel's type is a signed word on some machines; its low half is the number.
        found.is_some_and(|found| SHOWN.contains(&(found.f_type as u32)))
    }

    #[cfg(not(target_os = "linux"))]
    fn is_made_by_the_kernel(&self, _: &str) -> bool {
        false
    }

    fn add_xattrs(&self, entry: &mut Entry, problems: &mut Vec<Problem>) {
        match super::xattrs::of(&self.root.join(&*entry.path)) {
            Ok(xattrs) => entry.xattrs = xattrs,
            Err(why) => problems.push(Problem::unreadable(entry.path.clone(), why)),
        }
    }

    /// Contents of databases, and digests of all files where they are wanted.
    fn read_files(&self, gathered: &mut Gathered, digests: bool) {
        let is_kept = |entry: &Entry| entry.file_type == FileType::File && root_keeps(&entry.path);
        for entry in gathered.entries.iter().filter(|entry| is_kept(entry)) {
            match self.beneath.contents(&entry.path, kept_size(&entry.path)) {
                Ok(content) => drop(gathered.contents.insert(entry.path.clone(), content)),
                Err(error) => gathered.problems.push(unread(entry.path.clone(), &error)),
            }
        }
        if !digests {
            return;
        }
        let files = gathered.entries.par_iter_mut().filter(|entry| entry.file_type == FileType::File);
        let digested =
            files.filter_map(|entry| match self.beneath.file(&entry.path).and_then(crate::scan::digest_stream) {
                Ok((size, digest)) => {
                    (entry.size, entry.digest) = (Some(size), Some(digest));
                    None
                }
                Err(error) => Some(unread(entry.path.clone(), &error)),
            });
        gathered.problems.append(&mut digested.collect());
    }
}

fn own(entry: &mut Entry, found: &Stat) {
    entry.mode = Some((found.st_mode & 0o7777) as u16);
    (entry.uid, entry.gid) = (Some(found.st_uid), Some(found.st_gid));
}

fn unread(path: impl Into<Box<str>>, error: &io::Error) -> Problem {
    match error.kind() {
        io::ErrorKind::NotFound => Problem::unreadable(path, "vanished while it was looked at"),
        _ => Problem::unreadable(path, format!("cannot be read: {}", reason(error))),
    }
}
