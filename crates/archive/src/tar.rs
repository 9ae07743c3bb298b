//! The tar format as a stream of members: ustar, GNU and pax headers, long names, sparse files. Read here rather than by a
//! crate, because every length an archive names must be bounded, and names are wanted as the bytes they are.

use std::collections::BTreeMap;
use std::io::{self, Read};

use crate::pax::{Pax, decimal, number, until_nul};
use crate::sparse::{self, Leading, Map, Piece};

const BLOCK: usize = 512;

/// The most an extended header may have: paths, attributes and the maps of sparse files are all far smaller.
const EXTENDED_MAX: u64 = 1 << 20;

/// One member, as its headers say.
pub struct Member {
    /// As in the archive.
    pub path: Vec<u8>,
    /// The target of a link, as in the archive.
    pub link: Vec<u8>,
    /// The type flag; that of a file is always `0`.
    pub flag: u8,
    /// Permission bits.
    pub mode: Option<u16>,
    /// The owner's number; `None` where it fits no account.
    pub uid: Option<u32>,
    /// The group's number.
    pub gid: Option<u32>,
    /// The owner's name; may be empty.
    pub user: Vec<u8>,
    /// The group's name; may be empty.
    pub group: Vec<u8>,
    /// How many bytes the file has, holes included.
    pub size: u64,
    /// Major and minor number.
    pub device: (u32, u32),
    /// Names and values of extended attributes, sorted by name.
    pub xattrs: Vec<(Vec<u8>, Vec<u8>)>,
    pieces: Option<Vec<Piece>>,
}

impl Member {
    /// Of which only the path and the type are known.
    pub fn new(path: &[u8], flag: u8) -> Self {
        Self {
            path: path.to_vec(),
            link: Vec::new(),
            flag,
            mode: None,
            uid: Some(0),
            gid: Some(0),
            user: Vec::new(),
            group: Vec::new(),
            size: 0,
            device: (0, 0),
            xattrs: Vec::new(),
            pieces: None,
        }
    }
}

/// Members of an archive, one after the other.
pub struct Reader<R> {
    inner: R,
    /// Stored bytes of the current member that are not read yet.
    left: u64,
    /// Zeros after them, up to a whole block.
    padding: u64,
    global: Pax,
    any: bool,
    piece: Box<[u8]>,
}

impl<R: Read> Reader<R> {
    /// Reads from a stream without compression.
    pub fn new(inner: R) -> Self {
        Self { inner, left: 0, padding: 0, global: Pax::default(), any: false, piece: vec![0; 1 << 16].into() }
    }

    /// What the members are read from.
    pub fn inner(&mut self) -> &mut R {
        &mut self.inner
    }

    /// The next member; what is left of the current one is passed over. `None` at the end.
    pub fn next_member(&mut self) -> Result<Option<Member>, String> {
        let mut local = Pax::default();
        let (mut long_name, mut long_link) = (None, None);
        let mut extended = false;
        loop {
            self.skip()?;
            let Some(header) = self.header()? else {
                return if extended { Err(String::from("it is cut short after an extended header")) } else { Ok(None) };
            };
            let flag = header[156];
            let size =
                number(&header[124..136]).ok_or_else(|| String::from("an entry has a size that is no number"))?;
            self.body(size);
            // A global header stands for itself; the others announce a member.
            extended |= matches!(flag, b'x' | b'X' | b'L' | b'K');
            match flag {
                b'x' | b'X' => {
                    let records = self.extended()?;
                    local.add(&records)?;
                }
                b'g' => {
                    let records = self.extended()?;
                    self.global.add(&records)?;
                    self.global.settle();
                    if self.global.bytes() as u64 > EXTENDED_MAX {
                        return Err(String::from("its global headers are larger than any real ones"));
                    }
                }
                b'L' => long_name = Some(self.extended()?),
                b'K' => long_link = Some(self.extended()?),
                _ => {
                    return self.member(&header, local, long_name, long_link).map(Some);
                }
            }
        }
    }

    /// Gives the contents of the current member, holes as zeros, piece by piece. `spend` is told of zeros that are not stored.
    pub fn contents(
        &mut self,
        member: &Member,
        mut spend: impl FnMut(&mut R, u64) -> io::Result<()>,
        mut sink: impl FnMut(&[u8]),
    ) -> Result<(), String> {
        let Some(pieces) = &member.pieces else {
            let all = self.left;
            return self.stored(all, &mut sink);
        };
        let zeros = [0; 1 << 14];
        let mut at = 0;
        for &(offset, length) in pieces.iter().chain([&(member.size, 0)]) {
            let mut hole = offset.saturating_sub(at);
            spend(&mut self.inner, hole).map_err(|error| crate::reason(&error))?;
            while hole > 0 {
                let count = hole.min(zeros.len() as u64);
                sink(&zeros[..count as usize]);
                hole -= count;
            }
            self.stored(length, &mut sink)?;
            at = offset + length;
        }
        Ok(())
    }

    /// The contents of the current member as they are stored, to be read as a stream.
    pub fn stored_contents(&mut self) -> Stored<'_, R> {
        Stored { reader: self }
    }

    fn stored(&mut self, mut count: u64, sink: &mut dyn FnMut(&[u8])) -> Result<(), String> {
        while count > 0 {
            let wanted = count.min(self.left).min(self.piece.len() as u64) as usize;
            let got = read_some(&mut self.inner, &mut self.piece[..wanted])?;
            sink(&self.piece[..got]);
            self.left -= got as u64;
            count -= got as u64;
        }
        Ok(())
    }

    fn skip(&mut self) -> Result<(), String> {
        let all = self.left;
        self.stored(all, &mut |_| {})?;
        self.left = std::mem::take(&mut self.padding);
        let padding = self.left;
        self.stored(padding, &mut |_| {})
    }

    fn body(&mut self, size: u64) {
        self.left = size;
        self.padding = (BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64;
    }

    /// The contents of an extended header.
    fn extended(&mut self) -> Result<Vec<u8>, String> {
        if self.left > EXTENDED_MAX {
            return Err(format!("an extended header claims {} bytes, more than any real one", self.left));
        }
        let mut bytes = Vec::with_capacity(self.left as usize);
        let all = self.left;
        self.stored(all, &mut |piece| bytes.extend_from_slice(piece))?;
        Ok(bytes)
    }

    /// The next header; `None` at the end, which is two blocks of zeros, or simply the end of the file.
    fn header(&mut self) -> Result<Option<[u8; BLOCK]>, String> {
        let Some(block) = self.block()? else {
            return if self.any { Ok(None) } else { Err(String::from("it is empty")) };
        };
        if block.iter().all(|&byte| byte == 0) {
            return Ok(None);
        }
        let sum = |byte: fn(u8) -> i64| -> i64 {
            let outside = block[..148].iter().chain(&block[156..]);
            outside.map(|&value| byte(value)).sum::<i64>() + 8 * i64::from(b' ')
        };
        // Some old programs summed signed bytes.
        let noted = number(&block[148..156]).and_then(|noted| i64::try_from(noted).ok());
        if noted != Some(sum(i64::from)) && noted != Some(sum(|value| i64::from(value as i8))) {
            let what = if self.any { "the header of an entry is damaged" } else { "it is not a tar archive" };
            return Err(String::from(what));
        }
        self.any = true;
        Ok(Some(block))
    }

    fn block(&mut self) -> Result<Option<[u8; BLOCK]>, String> {
        let mut block = [0; BLOCK];
        let mut filled = 0;
        while filled < BLOCK {
            match self.inner.read(&mut block[filled..]) {
                Ok(0) if filled == 0 => return Ok(None),
                Ok(0) if !self.any => return Err(String::from("it is not a tar archive")),
                Ok(0) => return Err(String::from("it is cut short")),
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(crate::reason(&error)),
            }
        }
        Ok(Some(block))
    }

    fn member(
        &mut self,
        header: &[u8; BLOCK],
        local: Pax,
        long_name: Option<Vec<u8>>,
        long_link: Option<Vec<u8>>,
    ) -> Result<Member, String> {
        let pax = |key: &str| local.get(key).or_else(|| self.global.get(key)).filter(|value| !value.is_empty());
        let ustar = &header[257..263] == b"ustar\0";
        let named = ustar || &header[257..263] == b"ustar ";
        let text = |from: usize, to: usize| until_nul(&header[from..to]).to_vec();
        let owned = |key: &str| pax(key).map(<[u8]>::to_vec);
        let mut path = owned("path").or(long_name.map(|name| until_nul(&name).to_vec())).unwrap_or_else(|| {
            let mut path = text(0, 100);
            let prefix = if ustar { text(345, 500) } else { Vec::new() };
            if !prefix.is_empty() {
                path.splice(..0, prefix.into_iter().chain([b'/']));
            }
            path
        });
        let link =
            owned("linkpath").or(long_link.map(|name| until_nul(&name).to_vec())).unwrap_or_else(|| text(157, 257));
        let account = |key: &str, from: usize| match pax(key) {
            Some(value) => decimal(value).and_then(|number| u32::try_from(number).ok()),
            None => number(&header[from..from + 8]).and_then(|number| u32::try_from(number).ok()),
        };
        let device = |from: usize| {
            let number = if named { number(&header[from..from + 8]) } else { None };
            number.and_then(|number| u32::try_from(number).ok()).unwrap_or(0)
        };
        // Of a key given more than once the last counts, and the member's own before the archive's.
        let records = self.global.0.iter().chain(&local.0);
        let named_xattrs =
            records.filter_map(|(key, value)| Some((key.strip_prefix(b"SCHILY.xattr.")?, value.as_slice())));
        let xattrs: BTreeMap<&[u8], &[u8]> = named_xattrs.collect();
        let xattrs = xattrs.into_iter().map(|(name, value)| (name.to_vec(), value.to_vec())).collect();
        let flag = match header[156] {
            // Old archives mark directories by the slash alone.
            0 | b'0' if path.ends_with(b"/") => b'5',
            0 | b'7' | b'S' => b'0',
            // A directory with a list of its names, from incremental dumps.
            b'D' => b'5',
            flag => flag,
        };
        let stored = match flag {
            // Links and nodes have no contents, whatever their size field says.
            b'1'..=b'4' | b'6' => 0,
            _ => match pax("size") {
                Some(size) => decimal(size).ok_or_else(|| String::from("an entry has a size that is no number"))?,
                None => self.left,
            },
        };
        let sparse_name = owned("GNU.sparse.name");
        let sparse_size = pax("GNU.sparse.realsize").or_else(|| pax("GNU.sparse.size")).and_then(decimal);
        let leading_map = pax("GNU.sparse.major").is_some_and(|major| major == b"1");
        let listed_map: Option<Vec<u64>> = match pax("GNU.sparse.map") {
            Some(map) => map.split(|&byte| byte == b',').map(decimal).collect(),
            // The oldest way: a record for each number.
            None => {
                let is_number = |key: &[u8]| matches!(key, b"GNU.sparse.offset" | b"GNU.sparse.numbytes");
                local.0.iter().filter(|(key, _)| is_number(key)).map(|(_, value)| decimal(value)).collect()
            }
        };
        let mode = number(&header[100..108]).map(|mode| (mode & 0o7777) as u16);
        let (uid, gid) = (account("uid", 108), account("gid", 116));
        let user = owned("uname").unwrap_or_else(|| if named { text(265, 297) } else { Vec::new() });
        let group = owned("gname").unwrap_or_else(|| if named { text(297, 329) } else { Vec::new() });
        let device = (device(329), device(337));
        self.body(stored);
        let (mut size, mut pieces) = (stored, None);
        if header[156] == b'S' {
            size = number(&header[483..495]).ok_or_else(sparse::broken)?;
            pieces = Some(self.old_map(header)?.checked(size, stored)?);
        } else if leading_map {
            size = sparse_size.ok_or_else(sparse::broken)?;
            let map = self.leading_map()?;
            pieces = Some(map.checked(size, self.left)?);
        } else if let Some(real) = sparse_size {
            size = real;
            pieces = Some(Map::from_numbers(&listed_map.ok_or_else(sparse::broken)?)?.checked(size, stored)?);
        }
        if let Some(name) = sparse_name {
            path = name;
        }
        Ok(Member { path, link, flag, mode, uid, gid, user, group, size, device, xattrs, pieces })
    }

    /// The map of an old GNU sparse file: four entries in the header, then blocks of twenty-one.
    fn old_map(&mut self, header: &[u8; BLOCK]) -> Result<Map, String> {
        let mut map = Map::default();
        sparse::old_entries(&header[386..482], &mut map)?;
        let mut more = header[482] != 0;
        while more {
            let block = self.block()?.ok_or_else(|| String::from("it is cut short"))?;
            sparse::old_entries(&block[..504], &mut map)?;
            more = block[504] != 0;
        }
        Ok(map)
    }

    /// The map that stands before the contents.
    fn leading_map(&mut self) -> Result<Map, String> {
        let mut leading = Leading::new();
        loop {
            if self.left < BLOCK as u64 {
                return Err(sparse::broken());
            }
            let block = self.block()?.ok_or_else(|| String::from("it is cut short"))?;
            self.left -= BLOCK as u64;
            if let Some(map) = leading.take(&block)? {
                return Ok(map);
            }
        }
    }
}

/// What is stored of the current member of an archive.
pub struct Stored<'r, R> {
    reader: &'r mut Reader<R>,
}

impl<R: Read> Read for Stored<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let wanted = into.len().min(usize::try_from(self.reader.left).unwrap_or(usize::MAX));
        if wanted == 0 {
            return Ok(0);
        }
        let count = self.reader.inner.read(&mut into[..wanted])?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.reader.left -= count as u64;
        Ok(count)
    }
}

fn read_some(from: &mut impl Read, into: &mut [u8]) -> Result<usize, String> {
    loop {
        match from.read(into) {
            Ok(0) => return Err(String::from("it is cut short")),
            Ok(count) => return Ok(count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(crate::reason(&error)),
        }
    }
}
