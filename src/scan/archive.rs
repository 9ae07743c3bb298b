//! A tar archive to a tree, as a stream: contents pass by, only what is said of them is kept.

use std::cell::Cell;
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxBuildHasher;

use super::tar::{Member, Reader};
use super::{Limits, escaped, lists_accounts, open_regular, reason, too_large};
use crate::inputs::ArchiveState;
use crate::tree::{Entry, FileType, Owner, Problem, Tree, Xattr, name_of, path_order};

/// Decoders may take this much memory for their windows; what needs more is no ordinary archive.
const DECODER_MEMORY_MAX: u64 = 256 << 20;

const PATH_MAX: usize = 4095;
const NAME_MAX: usize = 255;

/// Reads the entries of a `.tar`, `.tar.gz`, `.tar.xz` or `.tar.zst`, with the digest of every file if wanted. Entries keep the
/// archive's own paths; nothing is stripped.
pub fn read_archive(path: &Path, digests: bool, limits: &Limits) -> ArchiveState {
    let file = match open_regular(path) {
        Ok(file) => file,
        Err(reason) => return ArchiveState::Missing(reason),
    };
    let read = Rc::new(Cell::new(0));
    let mut file = BufReader::with_capacity(
        1 << 16,
        Counted {
            inner: file,
            count: read.clone(),
        },
    );
    let tree = match file.fill_buf() {
        Ok(start) => {
            let compression = compression(start);
            open(file, compression).and_then(|stream| {
                let stream = Expanding {
                    inner: stream,
                    expanded: 0,
                    read,
                    limits,
                };
                read_members(Reader::new(stream), digests, limits)
            })
        }
        Err(error) => return ArchiveState::Missing(reason(&error)),
    };
    match tree {
        Ok(tree) => ArchiveState::Tree(Arc::new(tree)),
        Err(reason) => ArchiveState::Broken(reason),
    }
}

#[derive(Clone, Copy)]
enum Compression {
    None,
    Gzip,
    Xz,
    Zstd,
    Unknown(&'static str),
}

/// By the first bytes: a name may say anything.
fn compression(start: &[u8]) -> Compression {
    match start {
        [0x1f, 0x8b, ..] => Compression::Gzip,
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Compression::Xz,
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Compression::Zstd,
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => Compression::Unknown("bzip2"),
        [b'P', b'K', 3 | 5, 4 | 6, ..] => Compression::Unknown("zip"),
        [b'7', b'z', 0xbc, 0xaf, ..] => Compression::Unknown("7-Zip"),
        [0x04, 0x22, 0x4d, 0x18, ..] => Compression::Unknown("lz4"),
        _ => Compression::None,
    }
}

fn open(file: impl BufRead + 'static, compression: Compression) -> Result<Box<dyn Read>, String> {
    Ok(match compression {
        Compression::None => Box::new(file),
        Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(file)),
        Compression::Xz => {
            let stream = liblzma::stream::Stream::new_stream_decoder(
                DECODER_MEMORY_MAX,
                liblzma::stream::CONCATENATED,
            )
            .map_err(|error| error.to_string())?;
            Box::new(liblzma::bufread::XzDecoder::new_stream(file, stream))
        }
        Compression::Zstd => {
            Box::new(zstd::Decoder::with_buffer(file).map_err(|error| reason(&error))?)
        }
        Compression::Unknown(name) => {
            return Err(format!(
                "it is {name} data; .tar, .tar.gz, .tar.xz and .tar.zst can be read"
            ));
        }
    })
}

/// Counts what is read of a file.
struct Counted<R> {
    inner: R,
    count: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        self.count.set(self.count.get() + count as u64);
        Ok(count)
    }
}

/// Stops what expands without end.
struct Expanding<'l> {
    inner: Box<dyn Read>,
    expanded: u64,
    /// How much of the archive has been read for it.
    read: Rc<Cell<u64>>,
    limits: &'l Limits,
}

impl Expanding<'_> {
    fn spend(&mut self, count: u64) -> io::Result<()> {
        self.expanded = self.expanded.saturating_add(count);
        let by_ratio = self
            .read
            .get()
            .saturating_mul(self.limits.ratio)
            .max(self.limits.ratio_from);
        let most = self.limits.expanded_bytes.min(by_ratio);
        if self.expanded > most {
            return Err(io::Error::other(format!(
                "it expands to more than {} MiB, which no real archive does",
                most >> 20
            )));
        }
        Ok(())
    }
}

impl Read for Expanding<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        self.spend(count as u64)?;
        Ok(count)
    }
}

fn read_members(
    mut reader: Reader<Expanding<'_>>,
    digests: bool,
    limits: &Limits,
) -> Result<Tree, String> {
    let mut collected = Collected::default();
    while let Some(member) = reader.next()? {
        let Some(entry) = collected.entry(&member) else {
            continue;
        };
        let wants_text = member.flag == b'0' && lists_accounts(&entry.path, member.size);
        let mut entry = entry;
        let mut text = wants_text.then(Vec::new);
        if entry.file_type == FileType::File && !entry.same_as && (digests || wants_text) {
            let mut hasher = blake3::Hasher::new();
            reader.contents(&member, Expanding::spend, |piece| {
                if digests {
                    hasher.update(piece);
                }
                if let Some(text) = &mut text {
                    text.extend_from_slice(piece);
                }
            })?;
            entry.digest = digests.then(|| *hasher.finalize().as_bytes());
        }
        collected.add(entry, text);
        if collected.entries.len() + collected.problems.len() > limits.entries
            || collected.kept_bytes > limits.kept_bytes
        {
            return Err(too_large(collected.entries.len()));
        }
    }
    // What follows the end mark is only padding, but the checksums of compressed data come last.
    io::copy(reader.inner(), &mut io::sink()).map_err(|error| reason(&error))?;
    Ok(collected.tree())
}

#[derive(Default)]
struct Collected {
    entries: Vec<Entry>,
    problems: Vec<Problem>,
    texts: BTreeMap<Box<str>, Arc<str>>,
    names: HashMap<Box<str>, Arc<str>, FxBuildHasher>,
    kept_bytes: u64,
}

impl Collected {
    /// The entry of a member, where it can be part of an image. Its root (`./`) is not an entry.
    fn entry(&mut self, member: &Member) -> Option<Entry> {
        // Labels of volumes.
        if member.flag == b'V' {
            return None;
        }
        let path = match normalised(&member.path) {
            Ok(path) if path.is_empty() => return None,
            Ok(path) => path,
            Err(message) => return self.refuse(&member.path, message),
        };
        let file_type = match member.flag {
            b'0' | b'1' => FileType::File,
            b'2' => FileType::Symlink,
            b'3' => FileType::Char,
            b'4' => FileType::Block,
            b'5' => FileType::Directory,
            b'6' => FileType::Fifo,
            flag => {
                let message = format!(
                    "is of a type (`{}`) that no image can have",
                    flag.escape_ascii()
                );
                return self.refuse(&member.path, message);
            }
        };
        let (Some(uid), Some(gid)) = (member.uid, member.gid) else {
            return self.refuse(
                &member.path,
                "has an owner or group whose number is out of range",
            );
        };
        let mut entry = Entry::new(path, file_type);
        entry.mode = member.mode;
        (entry.uid, entry.gid) = (Some(uid), Some(gid));
        let (Some(user), Some(group)) = (
            self.owner(&member.user, uid),
            self.owner(&member.group, gid),
        ) else {
            return self.refuse(
                &member.path,
                "has an owner or group whose name is not UTF-8",
            );
        };
        (entry.user, entry.group) = (Some(user), Some(group));
        match member.flag {
            b'0' => entry.size = Some(member.size),
            b'1' => match normalised(&member.link) {
                Ok(first) => {
                    entry.target = Some(first.into());
                    entry.same_as = true;
                }
                Err(message) => {
                    let message = format!(
                        "is a hard link to `{}`, which {message}",
                        escaped(&member.link)
                    );
                    return self.refuse(&member.path, message);
                }
            },
            b'2' => match std::str::from_utf8(&member.link) {
                Ok("") => return self.refuse(&member.path, "is a link without a target"),
                Ok(target) if target.contains('\0') => {
                    return self.refuse(&member.path, "is a link whose target has a NUL byte");
                }
                Ok(target) => entry.target = Some(target.into()),
                Err(_) => {
                    let message = format!(
                        "is a link whose target `{}` is not UTF-8",
                        escaped(&member.link)
                    );
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
                    return self.refuse(
                        &member.path,
                        "has an attribute whose name is empty or not UTF-8",
                    );
                }
            }
        }
        entry.xattrs = xattrs.into();
        Some(entry)
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
        self.kept_bytes += path.len() as u64;
        self.problems.push(Problem::invalid(escaped(path), message));
        None
    }

    fn add(&mut self, mut entry: Entry, text: Option<Vec<u8>>) {
        entry.order = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        self.kept_bytes += entry.path.len() as u64;
        self.kept_bytes += entry
            .target
            .as_ref()
            .map_or(0, |target| target.len() as u64);
        self.kept_bytes += entry
            .xattrs
            .iter()
            .map(|x| (x.name.len() + x.value.len()) as u64)
            .sum::<u64>();
        match text {
            Some(text) => {
                self.kept_bytes += text.len() as u64;
                self.texts
                    .insert(entry.path.clone(), String::from_utf8_lossy(&text).into());
            }
            // Something else now stands where a listing of accounts stood before.
            None if matches!(name_of(&entry.path), "passwd" | "group") => {
                drop(self.texts.remove(&entry.path))
            }
            None => {}
        }
        self.entries.push(entry);
    }

    fn tree(mut self) -> Tree {
        if self.entries.iter().any(|entry| entry.same_as) {
            self.join_hard_links();
        }
        let texts = self.texts.into_iter().collect();
        Tree::new(self.entries, self.problems).with_texts(texts)
    }

    /// Gives every hard link what is known of its file. A link means what stood at its target when it came by.
    fn join_hard_links(&mut self) {
        let mut by_path: Vec<u32> = self.entries.iter().map(|entry| entry.order).collect();
        by_path.sort_by(|&a, &b| {
            path_order(
                &self.entries[a as usize].path,
                &self.entries[b as usize].path,
            )
            .then(a.cmp(&b))
        });
        let mut lost: BTreeMap<usize, String> = BTreeMap::new();
        for at in 0..self.entries.len() {
            let link = &self.entries[at];
            if !link.same_as {
                continue;
            }
            let target = link.target.clone().unwrap_or_default();
            // The last entry at the target's path that came before the link.
            let after = by_path.partition_point(|&other| {
                let order = path_order(&self.entries[other as usize].path, &target);
                order == Ordering::Less || (order == Ordering::Equal && (other as usize) < at)
            });
            let found = after.checked_sub(1).map(|before| by_path[before] as usize);
            let found = found
                .filter(|found| !lost.contains_key(found))
                .map(|found| &self.entries[found]);
            match found.filter(|found| *found.path == *target) {
                None => {
                    let message = format!(
                        "is a hard link to `{target}`, which does not come before it in the archive"
                    );
                    lost.insert(at, message);
                }
                Some(found) if found.file_type == FileType::Directory => {
                    lost.insert(
                        at,
                        format!("is a hard link to `{target}`, which is a directory"),
                    );
                }
                Some(found) => {
                    let is_overwritten = |path: &str, order: u32| {
                        let next = by_path.partition_point(|&other| {
                            let entry = &self.entries[other as usize];
                            path_order(&entry.path, path).then(entry.order.cmp(&order))
                                != Ordering::Greater
                        });
                        by_path
                            .get(next)
                            .is_some_and(|&other| *self.entries[other as usize].path == *path)
                    };
                    // A name that something else takes later is no longer one of this file's.
                    let first = if found.same_as {
                        found.target.clone().unwrap_or_default()
                    } else {
                        target
                    };
                    let keeps = found.file_type != FileType::Symlink
                        && !is_overwritten(&first, found.order);
                    let joined = Entry {
                        path: link.path.clone(),
                        order: link.order,
                        target: if found.file_type == FileType::Symlink {
                            found.target.clone()
                        } else {
                            keeps.then_some(first)
                        },
                        same_as: keeps,
                        ..found.clone()
                    };
                    if let Some(text) = self.texts.get(&found.path).cloned() {
                        if matches!(name_of(&joined.path), "passwd" | "group") {
                            self.texts.insert(joined.path.clone(), text);
                        }
                    }
                    self.entries[at] = joined;
                }
            }
        }
        let problems = &mut self.problems;
        self.entries
            .retain(|entry| match lost.remove(&(entry.order as usize)) {
                Some(message) => {
                    problems.push(Problem::invalid(entry.path.clone(), message));
                    false
                }
                None => true,
            });
    }
}

/// A member's path as an entry's: relative, without `.` and without a slash at its end.
fn normalised(path: &[u8]) -> Result<String, &'static str> {
    let path = std::str::from_utf8(path).map_err(|_| "has a name that is not UTF-8")?;
    if path.starts_with('/') {
        return Err("is absolute; the entries of an archive must be relative");
    }
    if path.contains('\0') {
        return Err("has a NUL byte in its name");
    }
    let mut parts = String::with_capacity(path.len());
    for part in path.split('/') {
        match part {
            "" | "." => continue,
            ".." => return Err("leaves its destination by `..`"),
            part if part.len() > NAME_MAX => return Err("has a name longer than 255 bytes"),
            part => {
                if !parts.is_empty() {
                    parts.push('/');
                }
                parts.push_str(part);
            }
        }
    }
    if parts.len() > PATH_MAX {
        return Err("has a path longer than 4095 bytes");
    }
    Ok(parts)
}
