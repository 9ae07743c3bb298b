//! `extract`: the entries of an archive. Their contents are unpacked into a file aside, from which the layer is written.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::sync::Arc;

use featgraph_archive::compression::Compression;
use featgraph_archive::tar::{Member, Reader};
use featgraph_plan::{Op, Owners, Step};

use ignore::gitignore::Gitignore;

use super::folder::matcher;
use super::inputs::{Line, LineContent};
use super::landing::{TreeEntry, What};
use super::{Applier, StepError};
use crate::contents::open_regular;
use crate::root::{Content, Inode, Kind, Place, components};

/// An entry of an archive, the last of its path.
struct Unpacked {
    member: Member,
    kind: UnpackedKind,
}

enum UnpackedKind {
    File { offset: u64, digest: [u8; 32] },
    HardLink(Vec<u8>),
    Other,
}

impl Applier<'_> {
    pub(super) fn extract(&mut self, step: &Step<'_>) -> Result<(), StepError> {
        let Op::Extract { src, dst, strip_components, owners, user, uid, group, gid, exclude, skip } = &step.op else {
            return Ok(());
        };
        let host = self.host(src);
        let broken = |why: String| StepError::ChangedInput(format!("archive `{src}` cannot be read: {why}"));
        let mut spool = self.spool()?;
        let unpacked = unpack(open_regular(&host)?, &mut spool, *strip_components as usize).map_err(broken)?;
        let unpacked = without(unpacked, &matcher(exclude)?);
        let spool = Arc::new(spool);
        let given = (
            user.as_ref().map(|user| self.uid(user, *uid)).transpose()?,
            group.as_ref().map(|group| self.gid(group, *gid)).transpose()?,
        );
        let by_name = *owners == Owners::Names;
        let mut entries = Vec::with_capacity(unpacked.len());
        let mut implied = BTreeMap::new();
        let mut numbers: HashMap<(bool, Vec<u8>), u32> = HashMap::new();
        for (path, entry) in &unpacked {
            let mut above = crate::root::parent(path);
            while !above.is_empty() && !unpacked.contains_key(above) && implied.insert(above.to_vec(), ()).is_none() {
                above = crate::root::parent(above);
            }
            let uid = match given.0 {
                Some(uid) => uid,
                None if by_name => self.named(&mut numbers, true, &entry.member.user, entry.member.uid)?,
                None => entry.member.uid.unwrap_or(0),
            };
            let gid = match given.1 {
                Some(gid) => gid,
                None if by_name => self.named(&mut numbers, false, &entry.member.group, entry.member.gid)?,
                None => entry.member.gid.unwrap_or(0),
            };
            entries.push(TreeEntry { path: path.clone(), what: what(entry, &spool, uid, gid) });
        }
        entries.extend(implied.into_keys().map(|path| TreeEntry { path, what: What::Implied }));
        entries.sort_by(|a, b| a.path.cmp(&b.path));
        let lines = unpacked.iter().filter_map(|(path, entry)| line(path, entry)).collect::<Vec<_>>();
        let implied = entries.iter().filter(|entry| matches!(entry.what, What::Implied)).map(|entry| Line {
            entry_type: "directory",
            mode: None,
            owner: String::from(":"),
            path: String::from_utf8_lossy(&entry.path).into_owned(),
            content: LineContent::Text(String::new()),
        });
        let lines = lines.into_iter().chain(implied.collect::<Vec<_>>()).collect();
        self.land(dst, skip, entries)?;
        self.expectations.tree(step, src, lines);
        Ok(())
    }

    /// The number that a name has in the image; of an entry without a name, its own number.
    fn named(
        &mut self,
        known: &mut HashMap<(bool, Vec<u8>), u32>,
        user: bool,
        name: &[u8],
        number: Option<u32>,
    ) -> Result<u32, StepError> {
        if name.is_empty() {
            return Ok(number.unwrap_or(0));
        }
        if let Some(number) = known.get(&(user, name.to_vec())) {
            return Ok(*number);
        }
        let text = String::from_utf8_lossy(name);
        let number = if user { self.uid(&text, None)? } else { self.gid(&text, None)? };
        known.insert((user, name.to_vec()), number);
        Ok(number)
    }
}

/// The entries that are not excluded. Another name of a file that is becomes the file.
fn without(all: BTreeMap<Vec<u8>, Unpacked>, exclude: &Gitignore) -> BTreeMap<Vec<u8>, Unpacked> {
    let mut kept = BTreeMap::new();
    let mut gone: BTreeMap<Vec<u8>, Unpacked> = BTreeMap::new();
    for (path, entry) in all {
        let above = crate::root::parent(&path);
        let text = String::from_utf8_lossy(&path);
        let excluded = exclude.matched_path_or_any_parents(&*text, entry.member.flag == b'5').is_ignore();
        let inside = !above.is_empty() && gone.contains_key(above);
        if excluded || inside { &mut gone } else { &mut kept }.insert(path, entry);
    }
    let mut stand_ins: HashMap<Vec<u8>, Vec<u8>> = HashMap::new();
    for (path, entry) in &mut kept {
        let UnpackedKind::HardLink(first) = &entry.kind else { continue };
        let Some(lost) = gone.get(first) else { continue };
        match (stand_ins.get(first), &lost.kind) {
            (Some(stand_in), _) => entry.kind = UnpackedKind::HardLink(stand_in.clone()),
            (None, UnpackedKind::File { offset, digest }) => {
                stand_ins.insert(first.clone(), path.clone());
                entry.member.size = lost.member.size;
                entry.member.flag = b'0';
                entry.kind = UnpackedKind::File { offset: *offset, digest: *digest };
            }
            _ => {}
        }
    }
    kept
}

fn what(entry: &Unpacked, spool: &Arc<File>, uid: u32, gid: u32) -> What {
    let member = &entry.member;
    let (major, minor) = member.device;
    let kind = match (&entry.kind, member.flag) {
        (UnpackedKind::HardLink(first), _) => return What::HardLink(first.clone()),
        (UnpackedKind::File { offset, digest }, _) => {
            let place = Place::Slice(spool.clone(), *offset);
            Kind::File(Content { size: member.size, digest: Some(*digest), place })
        }
        (_, b'2') => Kind::Symlink(member.link.as_slice().into()),
        (_, b'3') => Kind::Char(major, minor),
        (_, b'4') => Kind::Block(major, minor),
        (_, b'6') => Kind::Fifo,
        _ => Kind::Directory,
    };
    let default = if member.flag == b'5' { 0o755 } else { 0o644 };
    let mode = if member.flag == b'2' { 0o777 } else { member.mode.map_or(default, u32::from) };
    let xattrs = member.xattrs.iter().map(|(name, value)| (name.as_slice().into(), value.as_slice().into())).collect();
    What::Inode(Inode { kind, mode, uid, gid, xattrs })
}

/// What the digest of the archive counts of an entry.
fn line(path: &[u8], entry: &Unpacked) -> Option<Line> {
    let member = &entry.member;
    let owner = |name: &[u8], number: Option<u32>| match name {
        [] => number.map(|number| number.to_string()).unwrap_or_default(),
        _ => String::from_utf8_lossy(name).into_owned(),
    };
    let (entry_type, content) = match (&entry.kind, member.flag) {
        (UnpackedKind::HardLink(first), _) => ("file", LineContent::Text(String::from_utf8_lossy(first).into_owned())),
        (UnpackedKind::File { digest, .. }, _) => ("file", LineContent::Digest(*digest)),
        (_, b'2') => ("symlink", LineContent::Text(String::from_utf8_lossy(&member.link).into_owned())),
        (_, b'3') => ("char", LineContent::Text(format!("{}:{}", member.device.0, member.device.1))),
        (_, b'4') => ("block", LineContent::Text(format!("{}:{}", member.device.0, member.device.1))),
        (_, b'6') => ("fifo", LineContent::Text(String::new())),
        (_, b'5') => ("directory", LineContent::Text(String::new())),
        _ => return None,
    };
    Some(Line {
        entry_type,
        mode: member.mode.filter(|_| member.flag != b'2').map(u32::from),
        owner: format!("{}:{}", owner(&member.user, member.uid), owner(&member.group, member.gid)),
        path: String::from_utf8_lossy(path).into_owned(),
        content,
    })
}

/// Reads an archive to its end: its entries by path, of two at one path the later, and their contents into `spool`.
fn unpack(file: File, spool: &mut File, strip: usize) -> Result<BTreeMap<Vec<u8>, Unpacked>, String> {
    let mut stream = BufReader::with_capacity(1 << 17, file);
    let start = std::io::BufRead::fill_buf(&mut stream).map_err(|error| featgraph_archive::reason(&error))?;
    let compression = Compression::of(start);
    let mut reader = Reader::new(compression.open(stream)?);
    let mut out = BufWriter::with_capacity(1 << 17, spool);
    let mut at = 0u64;
    let mut entries = BTreeMap::new();
    while let Some(member) = reader.next_member()? {
        if member.flag == b'V' {
            continue;
        }
        let path = inside(&member.path)?;
        let Some(path) = stripped(path, strip) else { continue };
        if path.is_empty() {
            continue;
        }
        let kind = match member.flag {
            b'0' => {
                let mut hasher = blake3::Hasher::new();
                let mut failed = None;
                reader.contents(
                    &member,
                    |_, _| Ok(()),
                    |piece| {
                        hasher.update(piece);
                        if let Err(error) = out.write_all(piece) {
                            failed.get_or_insert(error);
                        }
                    },
                )?;
                if let Some(error) = failed {
                    return Err(format!("its contents cannot be unpacked: {error}"));
                }
                let offset = at;
                at += member.size;
                UnpackedKind::File { offset, digest: *hasher.finalize().as_bytes() }
            }
            b'1' => match stripped(inside(&member.link)?, strip) {
                Some(first) => UnpackedKind::HardLink(first),
                None => return Err(format!("hard link `{}` leads to what is stripped", path.escape_ascii())),
            },
            b'2'..=b'6' => UnpackedKind::Other,
            flag => return Err(format!("`{}` has the unknown type `{}`", path.escape_ascii(), flag.escape_ascii())),
        };
        entries.insert(path, Unpacked { member, kind });
    }
    out.flush().map_err(|error| format!("its contents cannot be unpacked: {error}"))?;
    Ok(entries)
}

/// A name of an archive as a path below its root.
fn inside(path: &[u8]) -> Result<Vec<u8>, String> {
    if path.starts_with(b"/") {
        return Err(format!("`{}` is absolute", path.escape_ascii()));
    }
    let mut parts: Vec<&[u8]> = Vec::new();
    for component in components(path) {
        if component != b".." {
            parts.push(component);
        } else if parts.pop().is_none() {
            return Err(format!("`{}` leaves the archive by `..`", path.escape_ascii()));
        }
    }
    Ok(parts.join(&b'/'))
}

fn stripped(path: Vec<u8>, components: usize) -> Option<Vec<u8>> {
    let mut rest = path.as_slice();
    for _ in 0..components {
        let slash = rest.iter().position(|&byte| byte == b'/')?;
        rest = &rest[slash + 1..];
    }
    Some(rest.to_vec())
}
