//! Reading the contents of files for a layer: small ones ahead, on all cores, large ones as a stream; every one hashed on its way.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::mpsc::{Receiver, sync_channel};

use rayon::prelude::*;
use rustix::fs::{FileType, Mode, OFlags, fstat, open};

use crate::root::{Content, InodeId, Place};

/// Files up to this size are read as a whole, ahead of their turn.
const SMALL: u64 = 1 << 20;
/// So many bytes are read ahead at most, twice: while one batch is written, the next is read.
const AHEAD: u64 = 8 << 20;
/// So many files are in a batch at most.
const BATCH: usize = 4096;
/// Large files are read in pieces of this size.
const PIECE: usize = 1 << 18;

/// What was read of a file.
#[derive(Clone, Copy, Debug)]
pub struct Read {
    /// The file.
    pub inode: InodeId,
    /// blake3 of its bytes.
    pub digest: [u8; 32],
}

/// Why contents cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ContentError {
    /// The file cannot be opened or read, or is no regular file.
    #[error("`{path}` cannot be read: {reason}")]
    Unreadable {
        /// The file on the host, or what else it is.
        path: String,
        /// Why.
        reason: String,
    },
    /// The file has another size than when it was looked at.
    #[error("`{path}` changed while it was read")]
    Changed {
        /// The file on the host.
        path: String,
    },
    /// What takes the bytes failed.
    #[error(transparent)]
    Sink(#[from] io::Error),
}

/// A small file: its bytes and their digest.
type Small = Result<(Vec<u8>, [u8; 32]), ContentError>;

/// Contents in the order in which they are wanted.
pub struct Reading<'c> {
    contents: std::slice::Iter<'c, (InodeId, Content)>,
    ahead: Receiver<Vec<Small>>,
    batch: std::vec::IntoIter<Small>,
}

impl<'c> Reading<'c> {
    /// Runs `take`, which asks for the contents one by one, while others are read ahead.
    ///
    /// # Errors
    /// Whatever `take` fails with.
    pub fn run<E>(
        contents: &'c [(InodeId, Content)],
        take: impl FnOnce(&mut Reading<'c>) -> Result<(), E>,
    ) -> Result<(), E> {
        std::thread::scope(|scope| {
            let (sender, ahead) = sync_channel(1);
            scope.spawn(move || {
                for batch in batches(contents) {
                    let read: Vec<_> = batch.par_iter().map(|content| read_small(content)).collect();
                    // Whoever takes them has failed.
                    if sender.send(read).is_err() {
                        return;
                    }
                }
            });
            let mut reading = Reading { contents: contents.iter(), ahead, batch: Vec::new().into_iter() };
            take(&mut reading)
        })
    }

    /// Gives the bytes of the next file to `sink`, piece by piece.
    ///
    /// # Errors
    /// The file cannot be read or is not as long as it was; whatever `sink` fails with.
    pub fn next(&mut self, mut sink: impl FnMut(&[u8]) -> io::Result<()>) -> Result<Read, ContentError> {
        let Some((inode, content)) = self.contents.next() else {
            return Err(io::Error::other("more contents were asked for than there are").into());
        };
        if content.size > SMALL {
            return Ok(Read { inode: *inode, digest: read_large(content, &mut sink)? });
        }
        let (bytes, digest) = loop {
            match self.batch.next() {
                Some(read) => break read?,
                None => match self.ahead.recv() {
                    Ok(batch) => self.batch = batch.into_iter(),
                    Err(_) => return Err(io::Error::other("reading ahead ended early").into()),
                },
            }
        };
        sink(&bytes)?;
        Ok(Read { inode: *inode, digest })
    }
}

/// The small files, in batches of bounded size.
fn batches(contents: &[(InodeId, Content)]) -> impl Iterator<Item = Vec<&Content>> {
    let mut small = contents.iter().map(|(_, content)| content).filter(|content| content.size <= SMALL).peekable();
    std::iter::from_fn(move || {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while let Some(content) = small.next_if(|content| batch.is_empty() || bytes + content.size <= AHEAD) {
            bytes += content.size;
            batch.push(content);
            if batch.len() == BATCH {
                break;
            }
        }
        (!batch.is_empty()).then_some(batch)
    })
}

fn read_small(content: &Content) -> Small {
    let bytes = read_all(content)?;
    let digest = *blake3::hash(&bytes).as_bytes();
    Ok((bytes, digest))
}

/// All bytes of a file.
///
/// # Errors
/// It cannot be read, or is not as long as it was.
pub fn read_all(content: &Content) -> Result<Vec<u8>, ContentError> {
    let size = usize::try_from(content.size).map_err(|_| ContentError::Sink(io::ErrorKind::OutOfMemory.into()))?;
    match &content.place {
        Place::Bytes(bytes) => Ok(bytes.to_vec()),
        Place::Host(path) => {
            let mut bytes = Vec::with_capacity(size + 1);
            let file = open_regular(path)?;
            file.take(content.size + 1).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
            if bytes.len() != size {
                return Err(ContentError::Changed { path: path.display().to_string() });
            }
            Ok(bytes)
        }
        Place::Slice(file, offset) => {
            let mut bytes = vec![0; size];
            file.read_exact_at(&mut bytes, *offset)
                .map_err(|error| ContentError::Unreadable { path: "a layer".into(), reason: error.to_string() })?;
            Ok(bytes)
        }
    }
}

/// blake3 of a file's bytes.
///
/// # Errors
/// It cannot be read, or is not as long as it was.
pub fn digest_of(content: &Content) -> Result<[u8; 32], ContentError> {
    read_large(content, &mut |_| Ok(()))
}

fn read_large(content: &Content, sink: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> Result<[u8; 32], ContentError> {
    let mut hasher = blake3::Hasher::new();
    let mut left = content.size;
    let mut piece = vec![0; PIECE];
    let mut take = |bytes: &[u8]| {
        hasher.update(bytes);
        sink(bytes)
    };
    match &content.place {
        Place::Bytes(bytes) => take(bytes)?,
        Place::Host(path) => {
            let changed = || ContentError::Changed { path: path.display().to_string() };
            let mut file = open_regular(path)?;
            while left > 0 {
                let wanted = left.min(PIECE as u64) as usize;
                match file.read(&mut piece[..wanted]) {
                    Ok(0) => return Err(changed()),
                    Ok(count) => {
                        take(&piece[..count])?;
                        left -= count as u64;
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(unreadable(path, &error)),
                }
            }
            if file.read(&mut piece[..1]).map_err(|error| unreadable(path, &error))? > 0 {
                return Err(changed());
            }
        }
        Place::Slice(file, offset) => {
            let mut at = *offset;
            while left > 0 {
                let wanted = left.min(PIECE as u64) as usize;
                file.read_exact_at(&mut piece[..wanted], at)
                    .map_err(|error| ContentError::Unreadable { path: "a layer".into(), reason: error.to_string() })?;
                take(&piece[..wanted])?;
                left -= wanted as u64;
                at += wanted as u64;
            }
        }
    }
    Ok(*hasher.finalize().as_bytes())
}

/// Opens a file of the host that is to be read as a whole: never waits for a writer, never reads a device.
///
/// # Errors
/// It is not there, may not be read, or is no regular file.
pub fn open_regular(path: &Path) -> Result<File, ContentError> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = open(path, flags, Mode::empty()).map_err(|error| unreadable(path, &error.into()))?;
    let found = fstat(&file).map_err(|error| unreadable(path, &error.into()))?;
    if FileType::from_raw_mode(found.st_mode) != FileType::RegularFile {
        let reason = String::from("it is not a regular file");
        return Err(ContentError::Unreadable { path: path.display().to_string(), reason });
    }
    Ok(File::from(file))
}

fn unreadable(path: &Path, error: &io::Error) -> ContentError {
    ContentError::Unreadable { path: path.display().to_string(), reason: featgraph_archive::reason(error) }
}
