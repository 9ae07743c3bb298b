//! Members of an archive to entries of a tree: what can be part of an image, and what is said of the rest.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use rustc_hash::FxBuildHasher;

use super::hard_links::join_hard_links;
use super::{Keeps, escaped};
use crate::tree::{Entry, FileType, Owner, Problem, ProblemKind, Tree, Xattr};
use featgraph_archive::tar::Member;

const PATH_MAX: usize = 4095;
const NAME_MAX: usize = 255;

/// What has come by so far.
pub(super) struct Collected {
    pub(super) entries: Vec<Entry>,
    pub(super) problems: Vec<Problem>,
    /// Contents of files that are wanted for what they say.
    pub(super) contents: BTreeMap<Box<str>, Vec<u8>>,
    /// Of which paths contents are kept.
    pub(super) keeps: Keeps,
    /// What the archive says of its root (`./`), where it does.
    pub(super) root: Option<Entry>,
    names: HashMap<Box<str>, Arc<str>, FxBuildHasher>,
    pub(super) kept_bytes: u64,
}

impl Collected {
    /// Nothing yet.
    pub(super) fn new(keeps: Keeps) -> Self {
        Self {
            entries: Vec::new(),
            problems: Vec::new(),
            contents: BTreeMap::new(),
            keeps,
            root: None,
            names: HashMap::default(),
            kept_bytes: 0,
        }
    }

    /// The entry of a member, where it can be part of an image. Its root (`./`) is not an entry.
    pub(super) fn entry(&mut self, member: &Member) -> Option<Entry> {
        // Labels of volumes.
        if member.flag == b'V' {
            return None;
        }
        let path = match normalised(&member.path) {
            Ok(path) if path.is_empty() => {
                self.note_root(member);
                return None;
            }
            Ok(path) => path,
            Err((kind, message)) => return self.refuse_as(kind, &member.path, message),
        };
        let file_type = match member.flag {
            b'0' | b'1' => FileType::File,
            b'2' => FileType::Symlink,
            b'3' => FileType::Char,
            b'4' => FileType::Block,
            b'5' => FileType::Directory,
            b'6' => FileType::Fifo,
            flag => {
                let message = format!("is of a type (`{}`) that no image can have", flag.escape_ascii());
                return self.refuse(&member.path, message);
            }
        };
        let (Some(uid), Some(gid)) = (member.uid, member.gid) else {
            return self.refuse(&member.path, "has an owner or group whose number is out of range");
        };
        let mut entry = Entry::new(path, file_type);
        // What an archive notes for a link means nothing anywhere.
        entry.mode = member.mode.filter(|_| file_type != FileType::Symlink);
        (entry.uid, entry.gid) = (Some(uid), Some(gid));
        let (Some(user), Some(group)) = (self.owner(&member.user, uid), self.owner(&member.group, gid)) else {
            return self.refuse(&member.path, "has an owner or group whose name is not UTF-8");
        };
        (entry.user, entry.group) = (Some(user), Some(group));
        match member.flag {
            b'0' => entry.size = Some(member.size),
            b'1' => match normalised(&member.link) {
                Ok(first) => {
                    entry.target = Some(first.into());
                    entry.same_as = true;
                }
                Err((kind, message)) => {
                    let message = format!("is a hard link to `{}`, which {message}", escaped(&member.link));
                    // A link to what has no name is lost itself, although it has one.
                    let kind = if kind == ProblemKind::Name { ProblemKind::Invalid } else { kind };
                    return self.refuse_as(kind, &member.path, message);
                }
            },
            b'2' => match std::str::from_utf8(&member.link) {
                Ok("") => return self.refuse(&member.path, "is a link without a target"),
                Ok(target) if target.contains('\0') => {
                    return self.refuse(&member.path, "is a link whose target has a NUL byte");
                }
                Ok(target) => entry.target = Some(target.into()),
                Err(_) => {
                    let message = format!("is a link whose target `{}` is not UTF-8", escaped(&member.link));
                    return self.refuse(&member.path, message);
                }
            },
            b'3' | b'4' => entry.device = Some(member.device),
            _ => {}
        }
        let mut xattrs = Vec::with_capacity(member.xattrs.len());
        for (name, value) in &member.xattrs {
            match std::str::from_utf8(name) {
                Ok(name) if !name.is_empty() => xattrs.push(Xattr::from_bytes(name, value)),
                _ => {
                    return self.refuse(&member.path, "has an attribute whose name is empty or not UTF-8");
                }
            }
        }
        entry.xattrs = xattrs.into();
        Some(entry)
    }

    fn note_root(&mut self, member: &Member) {
        if member.flag == b'5' {
            let mut root = Entry::new("", FileType::Directory);
            (root.mode, root.uid, root.gid) = (member.mode, member.uid, member.gid);
            self.root = Some(root);
        }
    }

    fn owner(&mut self, name: &[u8], number: u32) -> Option<Owner> {
        let name = std::str::from_utf8(name).ok()?;
        if name.is_empty() {
            return Some(Owner::Number(number));
        }
        if let Some(known) = self.names.get(name) {
            return Some(Owner::Name(known.clone()));
        }
        let shared: Arc<str> = name.into();
        self.kept_bytes += name.len() as u64;
        self.names.insert(name.into(), shared.clone());
        Some(Owner::Name(shared))
    }

    fn refuse<T>(&mut self, path: &[u8], message: impl Into<String>) -> Option<T> {
        self.refuse_as(ProblemKind::Invalid, path, message)
    }

    fn refuse_as<T>(&mut self, kind: ProblemKind, path: &[u8], message: impl Into<String>) -> Option<T> {
        self.kept_bytes += path.len() as u64;
        self.problems.push(Problem { path: escaped(path).into(), kind, message: message.into() });
        None
    }

    pub(super) fn add(&mut self, mut entry: Entry, content: Option<Vec<u8>>) {
        entry.order = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        self.kept_bytes += entry.path.len() as u64;
        self.kept_bytes += entry.target.as_ref().map_or(0, |target| target.len() as u64);
        self.kept_bytes += entry.xattrs.iter().map(|x| (x.name.len() + x.value.len()) as u64).sum::<u64>();
        match content {
            Some(content) => {
                self.kept_bytes += content.len() as u64;
                self.contents.insert(entry.path.clone(), content);
            }
            // Something else now stands where a file that was kept stood before.
            None if (self.keeps)(&entry.path) => drop(self.contents.remove(&entry.path)),
            None => {}
        }
        self.entries.push(entry);
    }

    pub(super) fn tree(mut self) -> Tree {
        join_hard_links(&mut self);
        let text = |(path, content): (Box<str>, Vec<u8>)| (path, String::from_utf8_lossy(&content).into());
        let texts = self.contents.into_iter().map(text).collect();
        Tree::new(self.entries, self.problems).with_texts(texts)
    }
}

/// A member's path as an entry's: relative, without `.` and without a slash at its end.
pub(super) fn normalised(path: &[u8]) -> Result<String, (ProblemKind, &'static str)> {
    let path = std::str::from_utf8(path).map_err(|_| (ProblemKind::Name, "has a name that is not UTF-8"))?;
    if path.starts_with('/') {
        return Err((ProblemKind::Escape, "is absolute; the entries of an archive must be relative"));
    }
    if path.contains('\0') {
        return Err((ProblemKind::Name, "has a NUL byte in its name"));
    }
    let mut parts = String::with_capacity(path.len());
    for part in path.split('/') {
        match part {
            "" | "." => continue,
            ".." if parts.is_empty() => return Err((ProblemKind::Escape, "leaves its destination by `..`")),
            // It stays inside: what was gone into is left again.
            ".." => parts.truncate(parts.rfind('/').unwrap_or(0)),
            part if part.len() > NAME_MAX => return Err((ProblemKind::Name, "has a name longer than 255 bytes")),
            part => {
                if !parts.is_empty() {
                    parts.push('/');
                }
                parts.push_str(part);
            }
        }
    }
    if parts.len() > PATH_MAX {
        return Err((ProblemKind::Name, "has a path longer than 4095 bytes"));
    }
    Ok(parts)
}
