//! A root file system as data: what every path of it is, and where the bytes of files can be read. Pure steps change this and never a
//! real root; what has changed since a point in time becomes a layer.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::ops::Bound;
use std::path::Path;
use std::sync::Arc;

pub use featgraph_archive::writer::Xattr;

/// A path below the root, without a slash at either end. That of the root itself is empty.
pub type PathBytes = Box<[u8]>;

/// An inode of a [`Root`]: several names of one file share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InodeId(u32);

/// Where the bytes of a file are.
#[derive(Clone, Debug)]
pub enum Place {
    /// In memory.
    Bytes(Arc<[u8]>),
    /// A file of the host, as a whole.
    Host(Arc<Path>),
    /// A part of an open file that nobody changes (a layer, an unpacked archive), from this offset.
    Slice(Arc<File>, u64),
}

/// The contents of a regular file.
#[derive(Clone, Debug)]
pub struct Content {
    /// In bytes.
    pub size: u64,
    /// blake3 of the bytes, once it is known.
    pub digest: Option<[u8; 32]>,
    /// Where to read them.
    pub place: Place,
}

/// What an inode is. Sockets have no place in images.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A directory.
    Directory,
    /// A regular file.
    File(Content),
    /// A symbolic link, with its text.
    Symlink(Box<[u8]>),
    /// A character device, by major and minor number.
    Char(u32, u32),
    /// A block device, by major and minor number.
    Block(u32, u32),
    /// A named pipe.
    Fifo,
}

/// An inode: what it is, and its attributes.
#[derive(Clone, Debug)]
pub struct Inode {
    /// What it is.
    pub kind: Kind,
    /// Permission bits, at most 0o7777.
    pub mode: u32,
    /// The owner's number.
    pub uid: u32,
    /// The group's number.
    pub gid: u32,
    /// Extended attributes, sorted by name.
    pub xattrs: Vec<Xattr>,
}

impl Inode {
    /// A directory as it is created implicitly: 0755, root's.
    pub const fn implied_directory() -> Self {
        Self { kind: Kind::Directory, mode: 0o755, uid: 0, gid: 0, xattrs: Vec::new() }
    }

    /// Whether it is a directory.
    pub const fn is_directory(&self) -> bool {
        matches!(self.kind, Kind::Directory)
    }

    /// The text of a symbolic link.
    pub fn link_text(&self) -> Option<&[u8]> {
        if let Kind::Symlink(text) = &self.kind { Some(text) } else { None }
    }
}

/// Why a change of a root cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// The parent directory is absent, or is no directory.
    #[error("`{0}` has no parent directory")]
    NoParent(String),
    /// Something is there already.
    #[error("`{0}` exists already")]
    Exists(String),
    /// Nothing is there.
    #[error("`{0}` does not exist")]
    Missing(String),
    /// A directory that must be empty is not.
    #[error("directory `{0}` is not empty")]
    NotEmpty(String),
    /// A regular file is needed.
    #[error("`{0}` is not a regular file")]
    NotAFile(String),
    /// More than 40 links on one way, or a link that leads to itself.
    #[error("too many symbolic links on the way to `{0}`")]
    Loop(String),
}

/// What is at a path in the layers below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Before {
    /// The inode that was there.
    pub inode: InodeId,
    /// Whether it was a directory.
    pub directory: bool,
}

/// What has changed since [`Root::start_layer`].
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Of every path that was added, removed or got another inode, what was there when the layer started.
    pub names: BTreeMap<PathBytes, Option<Before>>,
    /// Inodes whose attributes or contents were set, or that got a further name; each with one of its names.
    pub inodes: BTreeMap<InodeId, PathBytes>,
}

/// A root file system.
#[derive(Clone, Debug)]
pub struct Root {
    inodes: Vec<Inode>,
    names: BTreeMap<PathBytes, InodeId>,
    /// All names of every inode that has had more than one.
    hard_links: BTreeMap<InodeId, BTreeSet<PathBytes>>,
    changes: Changes,
}

impl Default for Root {
    fn default() -> Self {
        let mut root = Self {
            inodes: Vec::new(),
            names: BTreeMap::new(),
            hard_links: BTreeMap::new(),
            changes: Changes::default(),
        };
        let top = root.add_inode(Inode::implied_directory());
        root.names.insert(PathBytes::default(), top);
        root
    }
}

impl Root {
    /// Forgets what has changed so far: a new layer starts.
    pub fn start_layer(&mut self) -> Changes {
        std::mem::take(&mut self.changes)
    }

    /// What has changed since the last [`Root::start_layer`].
    pub const fn changes(&self) -> &Changes {
        &self.changes
    }

    /// The inode at a path; links are not followed.
    pub fn get(&self, path: &[u8]) -> Option<&Inode> {
        self.id(path).map(|id| self.inode(id))
    }

    /// The id of the inode at a path; links are not followed.
    pub fn id(&self, path: &[u8]) -> Option<InodeId> {
        self.names.get(path).copied()
    }

    /// An inode by its id.
    pub fn inode(&self, id: InodeId) -> &Inode {
        &self.inodes[id.0 as usize]
    }

    /// Every path with its inode, sorted by bytes; the root first.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], InodeId, &Inode)> {
        self.names.iter().map(|(path, &id)| (&**path, id, self.inode(id)))
    }

    /// How many paths there are, the root included.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is nothing but the root directory.
    pub fn is_empty(&self) -> bool {
        self.names.len() == 1
    }

    /// All names of an inode of which one is known.
    pub fn names<'r>(&'r self, id: InodeId, known: &'r [u8]) -> impl Iterator<Item = &'r [u8]> {
        let several = self.hard_links.get(&id);
        let only = several.is_none() && self.id(known) == Some(id);
        several.into_iter().flatten().map(|name| &**name).chain(only.then_some(known))
    }

    /// Every path below a directory, without the directory itself.
    pub fn below(&self, path: &[u8]) -> impl Iterator<Item = (&[u8], InodeId)> {
        let (from, to) = match path {
            [] => (Vec::new(), Bound::Unbounded),
            // A slash and the byte after it: all that starts with the path and a slash is between them.
            _ => ([path, b"/"].concat(), Bound::Excluded([path, b"0"].concat())),
        };
        let range = (Bound::Excluded(from.as_slice()), to.as_ref().map(Vec::as_slice));
        self.names.range::<[u8], _>(range).map(|(path, &id)| (&**path, id))
    }

    /// Puts a new inode at a path where nothing is. The parent directory must be there.
    ///
    /// # Errors
    /// No parent directory, or something is at the path.
    pub fn add(&mut self, path: &[u8], inode: Inode) -> Result<InodeId, ChangeError> {
        self.must_be_free(path)?;
        let id = self.add_inode(inode);
        self.name(path, Some(id));
        Ok(id)
    }

    /// Gives a file another name.
    ///
    /// # Errors
    /// No parent directory, something at `link`, or no regular file at `target`.
    pub fn hard_link(&mut self, link: &[u8], target: &[u8]) -> Result<(), ChangeError> {
        let id = self.id(target).ok_or_else(|| ChangeError::Missing(shown(target)))?;
        if self.inode(id).is_directory() {
            return Err(ChangeError::NotAFile(shown(target)));
        }
        self.must_be_free(link)?;
        self.hard_links.entry(id).or_default().extend([target.into(), link.into()]);
        self.name(link, Some(id));
        // The whole file goes into the layer, because a link may not lead out of it.
        self.changes.inodes.insert(id, link.into());
        Ok(())
    }

    /// Changes the inode at a path, under all its names.
    ///
    /// # Errors
    /// Nothing is there.
    pub fn change(&mut self, path: &[u8], change: impl FnOnce(&mut Inode)) -> Result<(), ChangeError> {
        let id = self.id(path).ok_or_else(|| ChangeError::Missing(shown(path)))?;
        change(&mut self.inodes[id.0 as usize]);
        self.changes.inodes.entry(id).or_insert_with(|| path.into());
        Ok(())
    }

    /// Says where the bytes of a file are now, and their digest. That is no change of the root.
    pub fn settle_content(&mut self, id: InodeId, content: Content) {
        if let Kind::File(old) = &mut self.inodes[id.0 as usize].kind {
            *old = content;
        }
    }

    /// Removes what is at a path, of a directory all below it, too. The root itself stays, and loses what is in it.
    pub fn remove(&mut self, path: &[u8]) {
        let below: Vec<PathBytes> = self.below(path).map(|(path, _)| path.into()).collect();
        for path in below {
            self.name(&path, None);
        }
        if !path.is_empty() {
            self.name(path, None);
        }
    }

    /// Removes what is at a path, and adds the inode there. A directory that stands in a directory's place keeps nothing of it.
    ///
    /// # Errors
    /// No parent directory.
    pub fn replace(&mut self, path: &[u8], inode: Inode) -> Result<InodeId, ChangeError> {
        self.remove(path);
        self.add(path, inode)
    }

    /// The place that a path leads to when all links are followed, also the last, none of them out of the root. `None`: nothing is there.
    ///
    /// # Errors
    /// More than 40 links on the way.
    pub fn resolve(&self, path: &[u8]) -> Result<Option<PathBytes>, ChangeError> {
        let mut rest: Vec<Vec<u8>> = components(path).map(<[u8]>::to_vec).rev().collect();
        let mut at: Vec<u8> = Vec::new();
        let mut links = 0;
        while let Some(next) = rest.pop() {
            if next.as_slice() == b".." {
                at.truncate(parent(&at).len());
                continue;
            }
            let child = join(&at, &next);
            let Some(inode) = self.get(&child) else { return Ok(None) };
            let Some(text) = inode.link_text() else {
                at = child;
                continue;
            };
            links += 1;
            if links > 40 {
                return Err(ChangeError::Loop(shown(path)));
            }
            if text.starts_with(b"/") {
                at.clear();
            }
            rest.extend(components(text).map(<[u8]>::to_vec).rev());
        }
        Ok(self.names.get_key_value(&*at).map(|(path, _)| path.clone()))
    }

    fn must_be_free(&self, path: &[u8]) -> Result<(), ChangeError> {
        if self.id(path).is_some() {
            return Err(ChangeError::Exists(shown(path)));
        }
        match self.get(parent(path)) {
            Some(inode) if inode.is_directory() => Ok(()),
            _ => Err(ChangeError::NoParent(shown(path))),
        }
    }

    fn add_inode(&mut self, inode: Inode) -> InodeId {
        let id = InodeId(self.inodes.len() as u32);
        self.inodes.push(inode);
        id
    }

    fn name(&mut self, path: &[u8], id: Option<InodeId>) {
        let before = match id {
            Some(id) => self.names.insert(path.into(), id),
            None => self.names.remove(path),
        };
        if let (None, Some(gone)) = (id, before)
            && let Some(names) = self.hard_links.get_mut(&gone)
        {
            names.remove(path);
        }
        if !self.changes.names.contains_key(path) {
            let before = before.map(|inode| Before { inode, directory: self.inode(inode).is_directory() });
            self.changes.names.insert(path.into(), before);
        }
    }
}

/// The path of the directory that something is in; of the root, the root.
pub fn parent(path: &[u8]) -> &[u8] {
    path.iter().rposition(|&byte| byte == b'/').map_or(&[], |slash| &path[..slash])
}

/// The last component of a path.
pub fn name(path: &[u8]) -> &[u8] {
    path.iter().rposition(|&byte| byte == b'/').map_or(path, |slash| &path[slash + 1..])
}

/// A name in a directory.
pub fn join(directory: &[u8], name: &[u8]) -> Vec<u8> {
    match (directory.is_empty(), name.is_empty()) {
        (true, _) => name.to_vec(),
        (_, true) => directory.to_vec(),
        _ => [directory, b"/", name].concat(),
    }
}

/// Every component but empty ones and `.`.
pub fn components(path: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    path.split(|&byte| byte == b'/').filter(|component| !matches!(*component, b"" | b"."))
}

/// An absolute path as messages show it.
pub fn shown(path: &[u8]) -> String {
    format!("/{}", String::from_utf8_lossy(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Inode {
        Inode { kind: Kind::Fifo, ..Inode::implied_directory() }
    }

    fn link(text: &str) -> Inode {
        Inode { kind: Kind::Symlink(text.as_bytes().into()), ..Inode::implied_directory() }
    }

    fn some_root() -> Root {
        let mut root = Root::default();
        for directory in ["usr", "usr/bin", "usr-x"] {
            root.add(directory.as_bytes(), Inode::implied_directory()).expect("a free place");
        }
        root.add(b"bin", link("usr/bin")).expect("a free place");
        root.add(b"usr/bin/sh", file()).expect("a free place");
        root.add(b"usr/bin/up", link("../../usr-x")).expect("a free place");
        root
    }

    #[test]
    fn links_are_followed_and_never_out_of_the_root() {
        let mut root = some_root();
        let found =
            |root: &Root, path: &str| root.resolve(path.as_bytes()).map(|found| found.map(|found| shown(&found)));
        assert_eq!(found(&root, "/bin/sh"), Ok(Some("/usr/bin/sh".into())));
        assert_eq!(found(&root, "bin/up"), Ok(Some("/usr-x".into())));
        assert_eq!(found(&root, "/../../bin//./sh"), Ok(Some("/usr/bin/sh".into())));
        assert_eq!(found(&root, "/bin/nothing"), Ok(None));
        root.add(b"loop", link("/loop")).expect("a free place");
        assert_eq!(found(&root, "/loop"), Err(ChangeError::Loop("//loop".into())));
    }

    #[test]
    fn what_is_removed_takes_only_what_is_below_with_it() {
        let mut root = some_root();
        root.start_layer();
        root.remove(b"usr");
        assert!(root.get(b"usr-x").is_some() && root.get(b"usr/bin/sh").is_none() && root.get(b"usr").is_none());
        assert_eq!(root.changes().names.len(), 4);
        assert_eq!(root.add(b"usr/bin", file()), Err(ChangeError::NoParent("/usr/bin".into())));
    }

    #[test]
    fn names_of_one_file_share_its_attributes() {
        let mut root = some_root();
        root.hard_link(b"usr/sh2", b"usr/bin/sh").expect("a free place");
        root.change(b"usr/bin/sh", |inode| inode.mode = 0o4755).expect("a file");
        assert_eq!(root.get(b"usr/sh2").map(|inode| inode.mode), Some(0o4755));
        assert_eq!(root.hard_link(b"x", b"usr"), Err(ChangeError::NotAFile("/usr".into())));
    }
}
