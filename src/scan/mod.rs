//! The world as data: what a path is, trees from directories and archives, digests. One of the few places that touch the disk.
#![allow(clippy::disallowed_methods, reason = "the outside: it looks at the disk")]

mod archive;
mod directory;
mod hard_links;
mod image;
mod members;
mod package_files;
mod packages;
pub(crate) mod regular;
mod root;

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;

use featgraph_archive::reason;

use crate::inputs::{Answer, Ask, ContentsState, DigestState, RootState, SourceState, TextState};
use crate::syntax::snippet;
use crate::text::Source;
use crate::tree::name_of;

pub use archive::read_archive;
pub use directory::{add_digests, read_directory};
pub use package_files::read_package;
pub use root::{ReadRoot, RootError, RootOptions, read_root};

/// What no source may exceed, so that no input can take all memory or time.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Entries of one tree.
    pub entries: usize,
    /// Bytes of names, link texts and attributes that one tree may keep.
    pub kept_bytes: u64,
    /// Bytes that an archive may expand to.
    pub expanded_bytes: u64,
    /// How many times its own size an archive may expand to, once it is beyond [`Limits::ratio_from`].
    pub ratio: u64,
    /// Up to here the ratio does not matter: a few gigabytes are no harm, and holes compress well.
    pub ratio_from: u64,
}

impl Limits {
    /// Far above every real root file system.
    pub const DEFAULT: Self =
        Self { entries: 10_000_000, kept_bytes: 2 << 30, expanded_bytes: 64 << 30, ratio: 2_000, ratio_from: 4 << 30 };
}

/// Manifests and facts are held in memory as a whole, with `u32` places.
const TEXT_MAX: u64 = 1 << 30;

/// A passwd or group file beyond this is none.
const ACCOUNTS_MAX: u64 = 1 << 20;

/// A package database beyond this is none.
const DATABASE_MAX: u64 = 512 << 20;

/// Answers a question about a path below `base`, the working directory.
pub fn answer(base: &Path, ask: &Ask) -> Answer {
    let path = base.join(&**ask.path());
    match ask {
        Ask::Text(name) => Answer::Text(read_text(&path, name)),
        Ask::Source(_) => Answer::Source(read_source(&path)),
        Ask::Archive(_) => Answer::Archive(read_archive(&path, true, &Limits::DEFAULT)),
        Ask::Package(_) => Answer::Package(read_package(&path, &Limits::DEFAULT)),
        Ask::Digest(_) => Answer::Digest(read_digest(&path)),
        Ask::Contents(_) => Answer::Contents(read_contents(&path)),
        Ask::Root(_) => {
            // Whether a file is there already, exactly so, is told by its contents.
            let options = RootOptions { digests: true, ..RootOptions::default() };
            Answer::Root(match read_root(&path, &options, &Limits::DEFAULT) {
                Ok(read) => RootState::Facts { facts: Arc::new(read.facts), lost: read.lost.into() },
                Err(RootError::Unreadable(reason)) => RootState::Missing(reason),
                Err(RootError::Escapes(entries)) => RootState::Escapes(entries),
            })
        }
    }
}

/// The text of a file, under the name it is to be reported by. Facts may be compressed.
pub fn read_text(path: &Path, name: &str) -> TextState {
    // A snippet that is such a link stands for no lines at all, and in the place of others of its name.
    if snippet::language_of(name).is_some() && std::fs::read_link(path).is_ok_and(|to| to == Path::new("/dev/null")) {
        return text_of(Vec::new(), name);
    }
    let bytes = match read_whole(path, TEXT_MAX) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return too_long(),
        Err(reason) => return TextState::Missing(reason),
    };
    match bytes.as_slice() {
        [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..] => match unpacked(&bytes, TEXT_MAX) {
            Ok(Some(bytes)) => text_of(bytes, name),
            Ok(None) => too_long(),
            Err(reason) => TextState::Missing(reason),
        },
        _ => text_of(bytes, name),
    }
}

/// Compressed bytes as they were before; `None` where these are more than `most`.
fn unpacked(bytes: &[u8], most: u64) -> Result<Option<Vec<u8>>, String> {
    let mut plain = Vec::new();
    let stream = featgraph_archive::compression::expanded(bytes)?;
    stream.take(most + 1).read_to_end(&mut plain).map_err(|error| format!("it is damaged: {}", reason(&error)))?;
    Ok((plain.len() as u64 <= most).then_some(plain))
}

/// The text that bytes are, under the name it is to be reported by.
pub fn text_of(bytes: Vec<u8>, name: &str) -> TextState {
    if bytes.len() as u64 > TEXT_MAX {
        return too_long();
    }
    TextState::Text(Source::from_bytes(name, bytes))
}

fn too_long() -> TextState {
    TextState::Broken(format!("it is larger than {} MiB", TEXT_MAX >> 20))
}

/// What a path is. A link is followed; below a directory none is.
pub fn read_source(path: &Path) -> SourceState {
    let found = match std::fs::metadata(path) {
        Ok(found) => found,
        Err(error) => return SourceState::Missing(reason(&error)),
    };
    if found.is_dir() {
        return match read_directory(path, &Limits::DEFAULT) {
            Ok(tree) => SourceState::Directory(Arc::new(tree)),
            Err(reason) => SourceState::Missing(reason),
        };
    }
    if let Some(special) = special(found.file_type()) {
        return SourceState::Special(special);
    }
    // Only opening tells whether it can be read.
    match regular::open(path) {
        Ok(_) => SourceState::File { size: found.len(), executable: found.permissions().mode() & 0o100 != 0 },
        Err(error) => SourceState::Missing(reason(&error)),
    }
}

/// The digest of a file, or of every file of a directory.
pub fn read_digest(path: &Path) -> DigestState {
    match std::fs::metadata(path) {
        Err(error) => DigestState::Missing(reason(&error)),
        Ok(found) if found.is_dir() => match read_directory(path, &Limits::DEFAULT) {
            Ok(tree) => DigestState::Tree(Arc::new(add_digests(path, tree))),
            Err(reason) => DigestState::Missing(reason),
        },
        Ok(_) => match digest_file(path) {
            Ok((size, digest)) => DigestState::File { size, digest },
            Err(reason) => DigestState::Missing(reason),
        },
    }
}

/// The contents of a file that lists accounts.
pub fn read_contents(path: &Path) -> ContentsState {
    match read_whole(path, ACCOUNTS_MAX) {
        Ok(Some(bytes)) => ContentsState::Text(String::from_utf8_lossy(&bytes).into()),
        Ok(None) => ContentsState::Missing(format!("it is larger than {} MiB", ACCOUNTS_MAX >> 20)),
        Err(reason) => ContentsState::Missing(reason),
    }
}

/// How many bytes a file has, and their blake3, read piece by piece.
pub fn digest_file(path: &Path) -> Result<(u64, [u8; 32]), String> {
    open_regular(path).and_then(|file| digest_stream(file).map_err(|error| reason(&error)))
}

/// How many bytes a stream has, and their blake3.
fn digest_stream(mut stream: impl Read) -> io::Result<(u64, [u8; 32])> {
    let mut hasher = blake3::Hasher::new();
    // Most files are small: the buffer grows with what is there to be read.
    const LARGEST: usize = 1 << 17;
    let mut piece = vec![0; 1 << 12];
    let mut size = 0;
    loop {
        match stream.read(&mut piece) {
            Ok(0) => return Ok((size, *hasher.finalize().as_bytes())),
            Ok(count) => {
                hasher.update(&piece[..count]);
                size += count as u64;
                if count == piece.len() && count < LARGEST {
                    piece.resize(count * 4, 0);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// A whole file; `None` where it has more than `most` bytes.
fn read_whole(path: &Path, most: u64) -> Result<Option<Vec<u8>>, String> {
    regular::read(path, most).map_err(|error| reason(&error))
}

fn open_regular(path: &Path) -> Result<File, String> {
    regular::open(path).map_err(|error| reason(&error))
}

/// What something is that is neither file, directory nor link, as a person says it.
fn special(file_type: std::fs::FileType) -> Option<&'static str> {
    if file_type.is_file() || file_type.is_dir() || file_type.is_symlink() {
        None
    } else if file_type.is_fifo() {
        Some("a named pipe")
    } else if file_type.is_socket() {
        Some("a socket")
    } else if file_type.is_char_device() {
        Some("a character device")
    } else if file_type.is_block_device() {
        Some("a block device")
    } else {
        Some("a special file")
    }
}

/// Of which files of a tree the contents are kept.
type Keeps = fn(&str) -> bool;

/// Whether a file of a tree may come to be a passwd or group file: a tree may be put at `/` as well as at `/etc`.
fn lists_accounts(path: &str) -> bool {
    matches!(name_of(path), "passwd" | "group")
}

/// How large a file may be for its contents to be kept.
fn kept_size(path: &str) -> u64 {
    if lists_accounts(path) { ACCOUNTS_MAX } else { DATABASE_MAX }
}

/// A name with what is not UTF-8 written as `\xHH`.
fn escaped(name: &[u8]) -> String {
    let mut text = String::with_capacity(name.len());
    for chunk in name.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

/// What is said of a source that is beyond [`Limits::entries`] or [`Limits::kept_bytes`].
fn too_large(entries: usize) -> String {
    format!("it has more entries or longer names than can be kept (the limit was met after {entries} entries)")
}
