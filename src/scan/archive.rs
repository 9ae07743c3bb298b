//! A tar archive to a tree, as a stream: contents pass by, only what is said of them is kept.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use super::members::Collected;
use super::{Keeps, Limits, kept_size, lists_accounts, open_regular, reason, too_large};
use crate::inputs::ArchiveState;
use crate::tree::FileType;
use featgraph_archive::compression::Compression;
use featgraph_archive::tar::Reader;

/// Reads the entries of a `.tar`, `.tar.gz`, `.tar.xz` or `.tar.zst`, with the digest of every file if wanted. Entries keep the
/// archive's own paths; nothing is stripped.
pub fn read_archive(path: &Path, digests: bool, limits: &Limits) -> ArchiveState {
    let file = match open_regular(path) {
        Ok(file) => file,
        Err(reason) => return ArchiveState::Missing(reason),
    };
    match read_members(file, lists_accounts, digests, limits) {
        Ok(collected) => ArchiveState::Tree(Arc::new(collected.tree())),
        Err(Fault::Unreadable(reason)) => ArchiveState::Missing(reason),
        Err(Fault::Broken(reason)) => ArchiveState::Broken(reason),
    }
}

/// Why an archive gives no entries.
pub(super) enum Fault {
    /// Its bytes cannot be had.
    Unreadable(String),
    /// Its bytes are no archive, or one that is damaged.
    Broken(String),
}

impl Fault {
    /// What is wrong, in words that follow "cannot be read: ".
    pub(super) fn reason(self) -> String {
        match self {
            Self::Unreadable(reason) | Self::Broken(reason) => reason,
        }
    }
}

/// The entries of an archive, compressed or not, and the contents of those that `keeps` wants.
pub(super) fn read_members(
    stream: impl Read,
    keeps: Keeps,
    digests: bool,
    limits: &Limits,
) -> Result<Collected, Fault> {
    let read = Rc::new(Cell::new(0));
    let mut stream = BufReader::with_capacity(1 << 17, Counted { inner: stream, count: read.clone() });
    let start = stream.fill_buf().map_err(|error| Fault::Unreadable(reason(&error)))?;
    let compression = Compression::of(start);
    let inner = compression.open(stream).map_err(Fault::Broken)?;
    collect(Reader::new(Expanding { inner, expanded: 0, read, limits }), keeps, digests, limits).map_err(Fault::Broken)
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
struct Expanding<'s> {
    inner: Box<dyn Read + 's>,
    expanded: u64,
    /// How much of the archive has been read for it.
    read: Rc<Cell<u64>>,
    limits: &'s Limits,
}

impl Expanding<'_> {
    fn spend(&mut self, count: u64) -> io::Result<()> {
        self.expanded = self.expanded.saturating_add(count);
        let by_ratio = self.read.get().saturating_mul(self.limits.ratio).max(self.limits.ratio_from);
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

fn collect(
    mut reader: Reader<Expanding<'_>>,
    keeps: Keeps,
    digests: bool,
    limits: &Limits,
) -> Result<Collected, String> {
    let mut collected = Collected::new(keeps);
    while let Some(member) = reader.next_member()? {
        let Some(mut entry) = collected.entry(&member) else {
            continue;
        };
        let wants_content = member.flag == b'0' && keeps(&entry.path) && member.size <= kept_size(&entry.path);
        let mut content = wants_content.then(Vec::new);
        if entry.file_type == FileType::File && !entry.same_as && (digests || wants_content) {
            let mut hasher = blake3::Hasher::new();
            reader.contents(&member, Expanding::spend, |piece| {
                if digests {
                    hasher.update(piece);
                }
                if let Some(content) = &mut content {
                    content.extend_from_slice(piece);
                }
            })?;
            entry.digest = digests.then(|| *hasher.finalize().as_bytes());
        }
        collected.add(entry, content);
        if collected.entries.len() + collected.problems.len() > limits.entries
            || collected.kept_bytes > limits.kept_bytes
        {
            return Err(too_large(collected.entries.len()));
        }
    }
    // What follows the end mark is only padding, but the checksums of compressed data come last.
    io::copy(reader.inner(), &mut io::sink()).map_err(|error| reason(&error))?;
    Ok(collected)
}
