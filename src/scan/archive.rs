//! A tar archive to a tree, as a stream: contents pass by, only what is said of them is kept.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use super::members::Collected;
use super::tar::Reader;
use super::{Limits, lists_accounts, open_regular, reason, too_large};
use crate::inputs::ArchiveState;
use crate::tree::{FileType, Tree};

/// Decoders may take this much memory for their windows; what needs more is no ordinary archive.
const DECODER_MEMORY_MAX: u64 = 256 << 20;

/// Reads the entries of a `.tar`, `.tar.gz`, `.tar.xz` or `.tar.zst`, with the digest of every file if wanted. Entries keep the
/// archive's own paths; nothing is stripped.
pub fn read_archive(path: &Path, digests: bool, limits: &Limits) -> ArchiveState {
    let file = match open_regular(path) {
        Ok(file) => file,
        Err(reason) => return ArchiveState::Missing(reason),
    };
    let read = Rc::new(Cell::new(0));
    let mut file = BufReader::with_capacity(1 << 16, Counted { inner: file, count: read.clone() });
    let tree = match file.fill_buf() {
        Ok(start) => {
            let compression = compression(start);
            open(file, compression).and_then(|stream| {
                let stream = Expanding { inner: stream, expanded: 0, read, limits };
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
            let stream = liblzma::stream::Stream::new_stream_decoder(DECODER_MEMORY_MAX, liblzma::stream::CONCATENATED)
                .map_err(|error| error.to_string())?;
            Box::new(liblzma::bufread::XzDecoder::new_stream(file, stream))
        }
        Compression::Zstd => Box::new(zstd::Decoder::with_buffer(file).map_err(|error| reason(&error))?),
        Compression::Unknown(name) => {
            return Err(format!("it is {name} data; .tar, .tar.gz, .tar.xz and .tar.zst can be read"));
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

fn read_members(mut reader: Reader<Expanding<'_>>, digests: bool, limits: &Limits) -> Result<Tree, String> {
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
