//! Writing tar archives as a stream: ustar headers, pax records only for what those cannot say, the same bytes for the same entries.

use std::io::{self, Write};

const BLOCK: usize = 512;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryType<'e> {
    /// A regular file with so many bytes, which follow.
    File(u64),
    /// Another name of a file that is in the archive already.
    HardLink(&'e [u8]),
    /// A symbolic link with its text.
    Symlink(&'e [u8]),
    /// A character device, by major and minor number.
    Char(u32, u32),
    /// A block device, by major and minor number.
    Block(u32, u32),
    /// A directory.
    Directory,
    /// A named pipe.
    Fifo,
}

/// An extended attribute: its name and its value.
pub type Xattr = (Box<[u8]>, Box<[u8]>);

/// One entry of an archive.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'e> {
    /// Relative to the root, without a slash at either end; of the root itself, empty.
    pub path: &'e [u8],
    /// What it is.
    pub entry_type: EntryType<'e>,
    /// Permission bits, at most 0o7777.
    pub mode: u32,
    /// The owner's number.
    pub uid: u32,
    /// The group's number.
    pub gid: u32,
    /// Modification time in seconds; earlier than 1970 is allowed.
    pub mtime: i64,
    /// Extended attributes, sorted by name.
    pub xattrs: &'e [Xattr],
}

/// Writes entries one behind the other. Contents follow their entry by [`Writer::write_contents`]; [`Writer::finish`] ends the archive.
pub struct Writer<W> {
    out: W,
    written: u64,
    /// Bytes of the current file that are still to come.
    missing: u64,
    records: Vec<u8>,
}

impl<W: Write> Writer<W> {
    /// Into a stream. Writes are small: give it a buffer.
    pub const fn new(out: W) -> Self {
        Self { out, written: 0, missing: 0, records: Vec::new() }
    }

    /// How many bytes have been written: after an entry, where its contents will start.
    pub const fn position(&self) -> u64 {
        self.written
    }

    /// Writes the header of an entry, and extended headers before it where they are needed.
    ///
    /// # Errors
    /// Whatever writing fails with, and contents of the entry before that are not as long as it said.
    pub fn entry(&mut self, entry: &Entry<'_>) -> io::Result<()> {
        self.pad()?;
        let directory = entry.entry_type == EntryType::Directory;
        let mut name = entry.path.to_vec();
        if directory {
            if name.is_empty() {
                name.push(b'.');
            }
            name.push(b'/');
        }
        let link = match entry.entry_type {
            EntryType::HardLink(link) | EntryType::Symlink(link) => link,
            _ => &[],
        };
        let size = if let EntryType::File(size) = entry.entry_type { size } else { 0 };

        self.records.clear();
        let split = split(&name);
        if split.is_none() {
            self.record(b"path", &name);
        }
        if link.len() > 100 {
            self.record(b"linkpath", link);
        }
        for (key, value) in [("uid", entry.uid), ("gid", entry.gid)] {
            if value > 0o7_777_777 {
                self.record(key.as_bytes(), value.to_string().as_bytes());
            }
        }
        if size > 0o77_777_777_777 {
            self.record(b"size", size.to_string().as_bytes());
        }
        let time_fits = (0..=0o77_777_777_777).contains(&entry.mtime);
        if !time_fits {
            self.record(b"mtime", entry.mtime.to_string().as_bytes());
        }
        for (key, value) in entry.xattrs {
            self.record(&[b"SCHILY.xattr.", &**key].concat(), value);
        }
        if !self.records.is_empty() {
            let records = std::mem::take(&mut self.records);
            let mut header = Header::new(b'x', 0o644, records.len() as u64);
            header.text(0, 100, b"././@PaxHeader");
            self.raw(&header.finished())?;
            self.raw(&records)?;
            self.zeros(records.len() as u64)?;
            self.records = records;
        }

        let (flag, device) = match entry.entry_type {
            EntryType::File(_) => (b'0', None),
            EntryType::HardLink(_) => (b'1', None),
            EntryType::Symlink(_) => (b'2', None),
            EntryType::Char(major, minor) => (b'3', Some((major, minor))),
            EntryType::Block(major, minor) => (b'4', Some((major, minor))),
            EntryType::Directory => (b'5', None),
            EntryType::Fifo => (b'6', None),
        };
        let mut header = Header::new(flag, entry.mode & 0o7777, size);
        match split {
            Some((prefix, name)) => {
                header.text(0, 100, name);
                header.text(345, 155, prefix);
            }
            None => header.text(0, 100, &name),
        }
        header.octal(108, 8, if entry.uid > 0o7_777_777 { 0 } else { u64::from(entry.uid) });
        header.octal(116, 8, if entry.gid > 0o7_777_777 { 0 } else { u64::from(entry.gid) });
        header.octal(136, 12, if time_fits { entry.mtime.unsigned_abs() } else { 0 });
        header.text(157, 100, link);
        if let Some((major, minor)) = device {
            header.number(329, u64::from(major));
            header.number(337, u64::from(minor));
        }
        self.raw(&header.finished())?;
        self.missing = size;
        Ok(())
    }

    /// Writes a piece of the contents of the file whose entry was written last.
    ///
    /// # Errors
    /// Whatever writing fails with, and more bytes than the entry said.
    pub fn write_contents(&mut self, piece: &[u8]) -> io::Result<()> {
        let Some(missing) = self.missing.checked_sub(piece.len() as u64) else {
            return Err(io::Error::other("a file is longer than its entry says"));
        };
        self.missing = missing;
        self.raw(piece)
    }

    /// Ends the archive and gives the stream back.
    ///
    /// # Errors
    /// Whatever writing fails with, and contents of the last entry that are not as long as it said.
    pub fn finish(mut self) -> io::Result<W> {
        self.pad()?;
        self.raw(&[0; 2 * BLOCK])?;
        Ok(self.out)
    }

    /// Adds a pax record. Its length counts its own digits.
    fn record(&mut self, key: &[u8], value: &[u8]) {
        let rest = key.len() + value.len() + 3;
        let mut length = rest + 1;
        while rest + length.to_string().len() != length {
            length = rest + length.to_string().len();
        }
        self.records.extend_from_slice(format!("{length} ").as_bytes());
        self.records.extend_from_slice(key);
        self.records.push(b'=');
        self.records.extend_from_slice(value);
        self.records.push(b'\n');
    }

    fn pad(&mut self) -> io::Result<()> {
        if self.missing > 0 {
            return Err(io::Error::other("a file is shorter than its entry says"));
        }
        self.zeros(self.written)
    }

    /// Zeros up to a whole block after so many bytes.
    fn zeros(&mut self, after: u64) -> io::Result<()> {
        let rest = (after % BLOCK as u64) as usize;
        if rest == 0 { Ok(()) } else { self.raw(&[0; BLOCK][rest..]) }
    }

    fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.written += bytes.len() as u64;
        self.out.write_all(bytes)
    }
}

/// A name as the prefix and name of a ustar header; nothing where it does not fit.
fn split(name: &[u8]) -> Option<(&[u8], &[u8])> {
    if name.len() <= 100 {
        return Some((&[], name));
    }
    // The slash between the two is in neither. That at the end of a directory stays with the name.
    let from = name.len() - 101;
    let at = (from..name.len().min(156)).find(|&at| name[at] == b'/' && at + 1 < name.len())?;
    Some((&name[..at], &name[at + 1..]))
}

/// A ustar header that is being filled.
struct Header([u8; BLOCK]);

impl Header {
    fn new(flag: u8, mode: u32, size: u64) -> Self {
        let mut header = Self([0; BLOCK]);
        header.octal(100, 8, u64::from(mode));
        header.octal(108, 8, 0);
        header.octal(116, 8, 0);
        header.octal(124, 12, if size > 0o77_777_777_777 { 0 } else { size });
        header.octal(136, 12, 0);
        header.0[156] = flag;
        header.text(257, 8, b"ustar\x0000");
        header
    }

    fn text(&mut self, at: usize, length: usize, text: &[u8]) {
        let length = length.min(text.len());
        self.0[at..at + length].copy_from_slice(&text[..length]);
    }

    /// Octal digits and a NUL.
    fn octal(&mut self, at: usize, length: usize, mut value: u64) {
        for place in (at..at + length - 1).rev() {
            self.0[place] = b'0' + (value & 7) as u8;
            value >>= 3;
        }
    }

    /// Octal digits, or big-endian after a set top bit where they do not fit.
    fn number(&mut self, at: usize, value: u64) {
        if value <= 0o7_777_777 {
            self.octal(at, 8, value);
        } else {
            self.0[at..at + 8].copy_from_slice(&value.to_be_bytes());
            self.0[at] |= 0x80;
        }
    }

    fn finished(mut self) -> [u8; BLOCK] {
        self.0[148..156].fill(b' ');
        let sum: u64 = self.0.iter().map(|&byte| u64::from(byte)).sum();
        self.octal(148, 7, sum);
        self.0[154] = 0;
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tar::Reader;

    fn entry<'e>(path: &'e [u8], entry_type: EntryType<'e>) -> Entry<'e> {
        Entry { path, entry_type, mode: 0o644, uid: 0, gid: 0, mtime: 0, xattrs: &[] }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let long = [b"a/".repeat(60), b"x".repeat(120)].concat();
        let middling = [b"dir/".repeat(20), b"name".repeat(10)].concat();
        let xattrs: Vec<Xattr> = vec![((*b"user.x").into(), (*b"\0\xff\n").into())];
        let entries = [
            entry(b"", EntryType::Directory),
            Entry {
                mode: 0o6755,
                uid: 70_000,
                gid: 3_000_000,
                xattrs: &xattrs,
                ..entry(b"bin/su", EntryType::File(3))
            },
            entry(&long, EntryType::Symlink(&long)),
            entry(&middling, EntryType::HardLink(b"bin/su")),
            entry(b"dev/x", EntryType::Char(259, 9_000_000)),
            Entry { mtime: -5, ..entry("ä\u{1f600}".as_bytes(), EntryType::Fifo) },
            entry(&middling, EntryType::Directory),
        ];
        let mut writer = Writer::new(Vec::new());
        for entry in &entries {
            writer.entry(entry).expect("memory takes all");
            if let EntryType::File(_) = entry.entry_type {
                assert!(writer.write_contents(b"abcd").is_err());
                writer.write_contents(b"abc").expect("memory takes all");
            }
        }
        let bytes = writer.finish().expect("memory takes all");
        assert_eq!(bytes.len() % BLOCK, 0);
        let mut reader = Reader::new(&*bytes);
        for entry in &entries {
            let member = reader.next_member().expect("a whole archive").expect("as many members");
            let (flag, link) = match entry.entry_type {
                EntryType::File(size) => {
                    assert_eq!(member.size, size);
                    (b'0', &[][..])
                }
                EntryType::HardLink(link) => (b'1', link),
                EntryType::Symlink(link) => (b'2', link),
                EntryType::Char(major, minor) => {
                    assert_eq!(member.device, (major, minor));
                    (b'3', &[][..])
                }
                EntryType::Block(..) => (b'4', &[][..]),
                EntryType::Directory => (b'5', &[][..]),
                EntryType::Fifo => (b'6', &[][..]),
            };
            let mut path = entry.path.to_vec();
            if flag == b'5' {
                path.extend_from_slice(if path.is_empty() { b"./" } else { b"/" });
            }
            assert_eq!((member.flag, &*member.path, &*member.link), (flag, &*path, link));
            assert_eq!(
                (member.mode, member.uid, member.gid),
                (Some(entry.mode as u16), Some(entry.uid), Some(entry.gid))
            );
            assert_eq!(member.xattrs.len(), entry.xattrs.len());
        }
        assert!(reader.next_member().expect("a whole archive").is_none());
    }

    #[test]
    fn contents_that_are_too_short_are_an_error() {
        let mut writer = Writer::new(Vec::new());
        writer.entry(&entry(b"a", EntryType::File(2))).expect("memory takes all");
        writer.write_contents(b"x").expect("memory takes all");
        assert!(writer.finish().is_err());
    }
}
