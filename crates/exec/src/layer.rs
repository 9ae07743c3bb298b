//! A layer: what changed in a root, as a tar that is a function of the change alone; and its index, from which a root is put together
//! again without the tar being read.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;

use featgraph_archive::writer::{Entry, EntryType, Writer};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::contents::{ContentError, Read, Reading};
use crate::root::{Before, Changes, Content, Inode, InodeId, Kind, Place, Root, Xattr, join, name, parent};

/// Removes the entry of the lower layers whose name follows.
const WHITEOUT: &[u8] = b".wh.";
/// Removes all that lower layers have in its directory.
const OPAQUE: &[u8] = b".wh..wh..opq";

/// What an entry of a layer is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum IndexKind {
    /// A directory.
    Directory,
    /// A regular file: its size, its blake3, and where its bytes start in the tar.
    File(u64, [u8; 32], u64),
    /// Another name of the file at a path of the same layer.
    HardLink(Vec<u8>),
    /// A symbolic link with its text.
    Symlink(Vec<u8>),
    /// A character device.
    Char(u32, u32),
    /// A block device.
    Block(u32, u32),
    /// A named pipe.
    Fifo,
    /// What lower layers have at the path is removed.
    Whiteout,
    /// What lower layers have in the directory at the path is removed.
    Opaque,
}

/// One entry of a layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexEntry {
    /// Its path below the root.
    pub path: Vec<u8>,
    /// What it is.
    pub kind: IndexKind,
    /// Permission bits.
    pub mode: u32,
    /// The owner's number.
    pub uid: u32,
    /// The group's number.
    pub gid: u32,
    /// Extended attributes, sorted by name.
    pub xattrs: Vec<Xattr>,
}

/// The entries of a layer, in the order of its tar.
pub type Index = Vec<IndexEntry>;

/// A layer that has been written.
#[derive(Clone, Debug)]
pub struct Written {
    /// SHA-256 of the tar: what OCI calls the diff id.
    pub diff_id: [u8; 32],
    /// Size of the tar in bytes.
    pub size: u64,
    /// What is in it.
    pub index: Index,
    /// The files whose contents were read, with what was found.
    pub read: Vec<Read>,
}

/// Why a layer cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum LayerError {
    /// The tar cannot be written.
    #[error("the layer cannot be written: {0}")]
    Write(#[from] io::Error),
    /// The contents of a file cannot be read.
    #[error(transparent)]
    Content(#[from] ContentError),
}

/// An entry that is to be written.
enum Planned {
    Opaque,
    Whiteout,
    /// The first name of an inode in this layer.
    Inode(InodeId),
    /// A further name of an inode, and its first.
    Link(InodeId, Box<[u8]>),
}

/// Writes what has changed in a root since a layer was started. `None` where that is nothing. Afterwards the root knows the digests.
///
/// The entries are sorted by path: a directory comes before what is in it, whiteouts before the rest of their directory.
///
/// # Errors
/// The tar cannot be written, or a source cannot be read.
pub fn write_layer(
    root: &mut Root,
    changes: &Changes,
    mtime: i64,
    out: impl Write,
) -> Result<Option<Written>, LayerError> {
    let planned = plan_entries(root, changes);
    if planned.is_empty() {
        return Ok(None);
    }
    let contents: Vec<(InodeId, Content)> = planned
        .values()
        .filter_map(|entry| match entry {
            Planned::Inode(id) => match &root.inode(*id).kind {
                Kind::File(content) => Some((*id, content.clone())),
                _ => None,
            },
            _ => None,
        })
        .collect();
    let mut writer = Writer::new(Hashing { out, hasher: Sha256::new(), written: 0 });
    let mut index = Index::with_capacity(planned.len());
    let mut read = Vec::with_capacity(contents.len());
    Reading::run(&contents, |reading| -> Result<(), LayerError> {
        for ((_, path), entry) in &planned {
            let (id, kind) = match entry {
                Planned::Whiteout | Planned::Opaque => {
                    let (name, kind) = match entry {
                        Planned::Opaque => (join(path, OPAQUE), IndexKind::Opaque),
                        _ => (join(parent(path), &[WHITEOUT, name(path)].concat()), IndexKind::Whiteout),
                    };
                    let entry_type = EntryType::File(0);
                    writer.entry(&Entry { path: &name, entry_type, mode: 0, uid: 0, gid: 0, mtime, xattrs: &[] })?;
                    index.push(IndexEntry { path: path.to_vec(), kind, mode: 0, uid: 0, gid: 0, xattrs: Vec::new() });
                    continue;
                }
                Planned::Inode(id) => (*id, None),
                Planned::Link(id, first) => (*id, Some(first)),
            };
            let inode = root.inode(id);
            let entry_type = match (kind, &inode.kind) {
                (Some(first), _) => EntryType::HardLink(first),
                (None, Kind::Directory) => EntryType::Directory,
                (None, Kind::File(content)) => EntryType::File(content.size),
                (None, Kind::Symlink(text)) => EntryType::Symlink(text),
                (None, Kind::Char(major, minor)) => EntryType::Char(*major, *minor),
                (None, Kind::Block(major, minor)) => EntryType::Block(*major, *minor),
                (None, Kind::Fifo) => EntryType::Fifo,
            };
            let Inode { mode, uid, gid, xattrs, .. } = inode;
            let (mode, uid, gid) = (*mode, *uid, *gid);
            writer.entry(&Entry { path, entry_type, mode, uid, gid, mtime, xattrs })?;
            let kind = match entry_type {
                EntryType::File(size) => {
                    let offset = writer.position();
                    let found = reading.next(|piece| writer.write_contents(piece))?;
                    let digest = found.digest;
                    read.push(found);
                    IndexKind::File(size, digest, offset)
                }
                EntryType::HardLink(first) => IndexKind::HardLink(first.to_vec()),
                EntryType::Symlink(text) => IndexKind::Symlink(text.to_vec()),
                EntryType::Char(major, minor) => IndexKind::Char(major, minor),
                EntryType::Block(major, minor) => IndexKind::Block(major, minor),
                EntryType::Directory => IndexKind::Directory,
                EntryType::Fifo => IndexKind::Fifo,
            };
            index.push(IndexEntry { path: path.to_vec(), kind, mode, uid, gid, xattrs: xattrs.clone() });
        }
        Ok(())
    })?;
    let hashing = writer.finish()?;
    let (hasher, size, mut out) = (hashing.hasher, hashing.written, hashing.out);
    out.flush()?;
    for ((id, content), found) in contents.into_iter().zip(&read) {
        root.settle_content(id, Content { digest: Some(found.digest), ..content });
    }
    Ok(Some(Written { diff_id: hasher.finalize().into(), size, index, read }))
}

/// Where an entry stands: by path, whiteouts of a directory before what is in it.
type Key = (Vec<u8>, Box<[u8]>);

/// The sort key of a path: its components, so that a directory is followed by what is in it, and `rank` before the last.
fn key(path: &[u8], rank: u8) -> Vec<u8> {
    let mut key: Vec<u8> = path.iter().map(|&byte| if byte == b'/' { 0 } else { byte }).collect();
    let at = key.iter().rposition(|&byte| byte == 0).map_or(0, |at| at + 1);
    if rank == 0 {
        // Before every name: no name starts with a byte as small as this.
        key.insert(at, 1);
    }
    key
}

fn plan_entries(root: &Root, changes: &Changes) -> BTreeMap<Key, Planned> {
    let mut planned = BTreeMap::new();
    // Inodes that go into the layer under all their names, each with one of these.
    let mut inodes: BTreeMap<InodeId, &[u8]> = changes.inodes.iter().map(|(&id, path)| (id, &**path)).collect();
    let mut gone = Vec::new();
    let mut opaque = Vec::new();
    for (path, before) in &changes.names {
        match (root.id(path), before) {
            (None, None) => {}
            (None, Some(_)) => gone.push(path),
            (Some(now), before) if before.is_none_or(|before| before.inode != now) => {
                inodes.insert(now, path);
                if before.is_some_and(|before| before.directory) && root.inode(now).is_directory() {
                    opaque.push(path);
                }
            }
            (Some(_), _) => {}
        }
    }
    let hidden = |path: &[u8]| {
        // Where the directory above is new, is gone, or is something else now, nothing of the lower layers is left to hide.
        let above = parent(path);
        match changes.names.get(above) {
            Some(before) => root.id(above) != before.map(|before: Before| before.inode),
            None => false,
        }
    };
    for path in gone {
        if !hidden(path) {
            planned.insert((key(path, 0), path.clone()), Planned::Whiteout);
        }
    }
    for path in opaque {
        planned.insert((key(&join(path, b"\x01"), 0), path.clone()), Planned::Opaque);
    }
    for (id, known) in inodes {
        let mut names: Vec<(Vec<u8>, &[u8])> = root.names(id, known).map(|path| (key(path, 1), path)).collect();
        names.sort_unstable();
        let Some(&(_, first)) = names.first() else { continue };
        for (number, (key, path)) in names.into_iter().enumerate() {
            let entry = if number == 0 { Planned::Inode(id) } else { Planned::Link(id, first.into()) };
            planned.insert((key, path.into()), entry);
        }
    }
    // Ancestors with their true attributes: who unpacks the layer alone would make them up.
    let mut ancestors: BTreeSet<Box<[u8]>> = BTreeSet::new();
    for (_, path) in planned.keys() {
        let mut above: &[u8] = path;
        while !above.is_empty() {
            above = parent(above);
            if !ancestors.insert(above.into()) {
                break;
            }
        }
    }
    for path in ancestors {
        if let Some(id) = root.id(&path) {
            planned.entry((key(&path, 1), path)).or_insert(Planned::Inode(id));
        }
    }
    planned
}

/// Puts the entries of a layer on a root, the bytes of its files in `tar`. Whiteouts apply to what is below the layer only.
pub fn apply_index(root: &mut Root, index: &Index, tar: &Arc<File>) {
    let mut own: BTreeSet<&[u8]> = BTreeSet::new();
    for entry in index {
        match entry.kind {
            IndexKind::Whiteout => root.remove(&entry.path),
            IndexKind::Opaque => {
                let inside: Vec<Vec<u8>> = root
                    .below(&entry.path)
                    .map(|(path, _)| path.to_vec())
                    .filter(|path| !own.contains(path.as_slice()))
                    .collect();
                for path in inside.iter().rev() {
                    if root.below(path).next().is_none() {
                        root.remove(path);
                    }
                }
            }
            _ => {
                own.insert(&entry.path);
                apply_entry(root, entry, tar);
            }
        }
    }
}

fn apply_entry(root: &mut Root, entry: &IndexEntry, tar: &Arc<File>) {
    let kind = match &entry.kind {
        IndexKind::Directory => Kind::Directory,
        IndexKind::File(size, digest, offset) => {
            let place = Place::Slice(tar.clone(), *offset);
            Kind::File(Content { size: *size, digest: Some(*digest), place })
        }
        IndexKind::Symlink(text) => Kind::Symlink(text.as_slice().into()),
        IndexKind::Char(major, minor) => Kind::Char(*major, *minor),
        IndexKind::Block(major, minor) => Kind::Block(*major, *minor),
        IndexKind::Fifo => Kind::Fifo,
        IndexKind::HardLink(target) => {
            if root.id(target) != root.id(&entry.path) {
                root.remove(&entry.path);
                imply_parents(root, &entry.path);
                // A target that is not there was refused when the layer was read.
                let _ = root.hard_link(&entry.path, target);
            }
            return;
        }
        IndexKind::Whiteout | IndexKind::Opaque => return,
    };
    let inode = Inode { kind, mode: entry.mode, uid: entry.uid, gid: entry.gid, xattrs: entry.xattrs.clone() };
    match root.id(&entry.path) {
        Some(id) if inode.is_directory() && root.inode(id).is_directory() => {
            let _ = root.change(&entry.path, |old| *old = inode);
        }
        _ => {
            root.remove(&entry.path);
            imply_parents(root, &entry.path);
            let _ = root.add(&entry.path, inode);
        }
    }
}

/// Makes the directories above a path that a layer does not have, and removes what is there instead of one.
fn imply_parents(root: &mut Root, path: &[u8]) {
    let mut missing = Vec::new();
    let mut above = parent(path);
    while !root.get(above).is_some_and(Inode::is_directory) {
        missing.push(above);
        above = parent(above);
    }
    for path in missing.into_iter().rev() {
        root.remove(path);
        let _ = root.add(path, Inode::implied_directory());
    }
}

/// Hashes what goes through.
struct Hashing<W> {
    out: W,
    hasher: Sha256,
    written: u64,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.written += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
