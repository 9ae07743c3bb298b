//! `.rpm` files: the header says what a package is and what files it has, the payload holds their contents.

use std::collections::HashMap;
use std::io::BufRead;
use std::sync::Arc;

use super::super::members::Collected;
use super::super::{Limits, kept_size, lists_accounts, reason, too_large};
use crate::tree::FileType;
use crate::tree::package::{Comparison, PackageFile, PackageFormat, Relation};
use featgraph_archive::rpm_header::Header;
use featgraph_archive::tar::Member;
use featgraph_archive::{compression, cpio};

/// What every such file begins with.
pub(super) const MAGIC: &[u8] = &[0xed, 0xab, 0xee, 0xdb];

/// How long the lead is, which only says that this is an rpm.
const LEAD: usize = 96;

// The tags that are read, as rpmtag.h numbers them.
const NAME: u32 = 1000;
const VERSION: u32 = 1001;
const RELEASE: u32 = 1002;
const EPOCH: u32 = 1003;
const ARCH: u32 = 1022;
const FILE_SIZES: u32 = 1028;
const FILE_MODES: u32 = 1030;
const FILE_DEVICE_NUMBERS: u32 = 1033;
const FILE_LINKS: u32 = 1036;
const FILE_FLAGS: u32 = 1037;
const FILE_USERS: u32 = 1039;
const FILE_GROUPS: u32 = 1040;
const PROVIDES: [u32; 3] = [1047, 1112, 1113];
const REQUIRES: [u32; 3] = [1049, 1048, 1050];
const CONFLICTS: [u32; 3] = [1054, 1053, 1055];
const OBSOLETES: [u32; 3] = [1090, 1114, 1115];
const FILE_DEVICES: u32 = 1095;
const FILE_INODES: u32 = 1096;
const DIRECTORY_INDEXES: u32 = 1116;
const BASENAMES: u32 = 1117;
const DIRECTORIES: u32 = 1118;
const PAYLOAD_COMPRESSOR: u32 = 1125;
const LONG_FILE_SIZES: u32 = 5008;

/// Scripts that run when a package is installed: the tag of their text or of what carries it out, and how a spec file calls them.
const SCRIPTS: [(&[u32], &str); 6] = [
    (&[1023, 1085], "%pre"),
    (&[1024, 1086], "%post"),
    (&[1151, 1153], "%pretrans"),
    (&[1152, 1154], "%posttrans"),
    (&[1065], "%trigger"),
    (&[5066, 5076], "%filetrigger"),
];

const FLAG_CONFIG: u64 = 1;
/// Belongs to the package and is not in it.
const FLAG_GHOST: u64 = 1 << 6;

/// Reads a package.
pub(super) fn read(file: &mut impl BufRead, limits: &Limits) -> Result<PackageFile, String> {
    let mut lead = [0; LEAD];
    file.read_exact(&mut lead).map_err(|error| reason(&error))?;
    Header::read(file, true)?;
    let header = Header::read(file, false)?;
    let needed = |tag: u32, what: &str| header.text(tag).ok_or_else(|| format!("its header has no {what}"));
    let (name, version, release) = (needed(NAME, "name")?, needed(VERSION, "version")?, needed(RELEASE, "release")?);
    let version = match header.numbers(EPOCH).first() {
        Some(epoch) if *epoch > 0 => format!("{epoch}:{version}-{release}"),
        _ => format!("{version}-{release}"),
    };
    let files = Files::of(&header, limits)?;
    let mut contents = contents(file, &header, &files, limits)?;
    let mut collected = Collected::new(lists_accounts);
    let mut conffiles: Vec<Box<str>> = Vec::new();
    let mut first_names: HashMap<usize, Box<str>> = HashMap::new();
    for (number, listed) in files.rows.iter().enumerate() {
        if listed.flags & FLAG_GHOST != 0 {
            continue;
        }
        let Some(mut entry) = collected.entry(&listed.member) else { continue };
        // Owners are known by name only.
        (entry.uid, entry.gid) = (None, None);
        let mut text = None;
        if entry.file_type == FileType::File {
            if let Some(first) = first_names.get(&listed.first) {
                entry.same_as = true;
                entry.target = Some(first.clone());
            } else {
                first_names.insert(listed.first, entry.path.clone());
                if let Some((digest, kept)) = contents.remove(&listed.first) {
                    entry.digest = Some(digest);
                    text = kept;
                }
            }
            if listed.flags & FLAG_CONFIG != 0 {
                conffiles.push(entry.path.clone());
            }
        }
        collected.add(entry, text);
        if number >= limits.entries || collected.kept_bytes > limits.kept_bytes {
            return Err(too_large(number));
        }
    }
    conffiles.sort_unstable();
    // What the program must be able to do is no package.
    let is_package = |relation: &Relation| !relation.name.starts_with("rpmlib(");
    Ok(PackageFile {
        format: PackageFormat::Rpm,
        name: name.into(),
        version: version.into(),
        architecture: header.text(ARCH).unwrap_or_default().into(),
        tree: Arc::new(collected.tree()),
        scripts: SCRIPTS
            .iter()
            .filter(|(tags, _)| tags.iter().any(|&tag| header.has(tag)))
            .map(|&(_, name)| name)
            .collect(),
        conffiles,
        depends: relations(&header, REQUIRES).into_iter().filter(is_package).map(|relation| vec![relation]).collect(),
        conflicts: relations(&header, CONFLICTS),
        replaces: relations(&header, OBSOLETES),
        provides: relations(&header, PROVIDES),
    })
}

/// A file as the header lists it.
struct Listed {
    member: Member,
    flags: u64,
    /// The first file, by its number, that is one with this: itself, or the first of its hard links.
    first: usize,
}

/// All files of a package.
struct Files {
    rows: Vec<Listed>,
    /// By first file, the last that is one with it: the only one with contents in the payload.
    last: HashMap<usize, usize>,
}

impl Files {
    fn of(header: &Header, limits: &Limits) -> Result<Self, String> {
        let (basenames, directories) = (header.texts(BASENAMES), header.texts(DIRECTORIES));
        if basenames.len() > limits.entries {
            return Err(too_large(limits.entries));
        }
        let indexes = header.numbers(DIRECTORY_INDEXES);
        let (modes, flags) = (header.numbers(FILE_MODES), header.numbers(FILE_FLAGS));
        let (users, groups) = (header.texts(FILE_USERS), header.texts(FILE_GROUPS));
        let (links, device_numbers) = (header.texts(FILE_LINKS), header.numbers(FILE_DEVICE_NUMBERS));
        let (devices, inodes) = (header.numbers(FILE_DEVICES), header.numbers(FILE_INODES));
        let sizes = Some(header.numbers(LONG_FILE_SIZES)).filter(|sizes| !sizes.is_empty());
        let sizes = sizes.unwrap_or_else(|| header.numbers(FILE_SIZES));
        let mut rows = Vec::with_capacity(basenames.len());
        let mut first: HashMap<(u64, u64), usize> = HashMap::new();
        let mut last = HashMap::new();
        for (number, basename) in basenames.into_iter().enumerate() {
            let directory = indexes.get(number).and_then(|&index| directories.get(usize::try_from(index).ok()?));
            let (Some(directory), Some(&mode)) = (directory, modes.get(number)) else {
                return Err(String::from("its header does not say of every file where it is and what it is"));
            };
            let text = |texts: &[&[u8]]| texts.get(number).map_or_else(Vec::new, |text| text.to_vec());
            let path = [directory, basename].concat();
            let path = path.strip_prefix(b"/").map_or(&*path, |path| path);
            let flag = match mode & 0o170_000 {
                0o040_000 => b'5',
                0o120_000 => b'2',
                0o020_000 => b'3',
                0o060_000 => b'4',
                0o010_000 => b'6',
                0o100_000 => b'0',
                _ => b'?',
            };
            let mut member = Member::new(path, flag);
            member.mode = Some((mode & 0o7777) as u16);
            member.link = text(&links);
            (member.user, member.group) = (text(&users), text(&groups));
            member.size = sizes.get(number).copied().unwrap_or(0);
            let device = device_numbers.get(number).copied().unwrap_or(0) as u32;
            member.device = (device >> 8 & 0xff, device & 0xff);
            let own = match (devices.get(number), inodes.get(number)) {
                (Some(&device), Some(&inode)) if flag == b'0' => *first.entry((device, inode)).or_insert(number),
                _ => number,
            };
            last.insert(own, number);
            rows.push(Listed { member, flags: flags.get(number).copied().unwrap_or(0), first: own });
        }
        Ok(Self { rows, last })
    }

    /// How many bytes the payload has of a file.
    fn stored(&self, number: usize) -> Option<u64> {
        let row = self.rows.get(number)?;
        Some(match row.member.flag {
            b'0' if self.last.get(&row.first) == Some(&number) => row.member.size,
            b'2' => row.member.link.len() as u64,
            _ => 0,
        })
    }
}

/// A digest, and the contents where they are wanted.
type Held = ([u8; 32], Option<Vec<u8>>);

/// What is in the files, by the first of those that are one.
fn contents(
    file: &mut impl BufRead,
    header: &Header,
    files: &Files,
    limits: &Limits,
) -> Result<HashMap<usize, Held>, String> {
    let mut held = HashMap::new();
    if files.rows.is_empty() {
        return Ok(held);
    }
    // What stands there counts: builders that do not compress say `gzip` all the same. Only lzma cannot be told from its bytes.
    let compression = match file.fill_buf().map_err(|error| reason(&error))? {
        [0x1f, 0x8b, ..] => "gz",
        [b'B', b'Z', b'h', ..] => "bz2",
        [0xfd, b'7', b'z', b'X', b'Z', ..] => "xz",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "zst",
        _ if header.text(PAYLOAD_COMPRESSOR).as_deref() == Some("lzma") => "lzma",
        _ => "",
    };
    let by_path: HashMap<&[u8], usize> =
        files.rows.iter().enumerate().map(|(number, row)| (row.member.path.as_slice(), number)).collect();
    let mut payload = compression::expanded_as(file, compression)?;
    let mut expanded: u64 = 0;
    cpio::members(
        &mut *payload,
        |number| files.stored(number),
        |member, size, contents| {
            expanded = expanded.saturating_add(size);
            if expanded > limits.expanded_bytes {
                return Err(format!(
                    "it expands to more than {} MiB, which no real package does",
                    limits.expanded_bytes >> 20
                ));
            }
            let number = match member {
                cpio::Member::Number(number) => Some(*number),
                cpio::Member::Path(path) => {
                    let path = path.strip_prefix(b".").unwrap_or(path);
                    by_path.get(path.strip_prefix(b"/").unwrap_or(path)).copied()
                }
            };
            let row = number.and_then(|number| files.rows.get(number)).filter(|row| row.member.flag == b'0');
            let Some(row) = row else { return Ok(()) };
            // Of files that are one, all but the last come without contents.
            if size == 0 && held.contains_key(&row.first) {
                return Ok(());
            }
            let path = String::from_utf8_lossy(&row.member.path);
            let wanted = lists_accounts(&path) && size <= kept_size(&path);
            let mut kept = wanted.then(Vec::new);
            let mut hasher = blake3::Hasher::new();
            let mut piece = vec![0; 1 << 16];
            loop {
                let count = contents.read(&mut piece).map_err(|error| reason(&error))?;
                if count == 0 {
                    break;
                }
                hasher.update(&piece[..count]);
                if let Some(kept) = &mut kept {
                    kept.extend_from_slice(&piece[..count]);
                }
            }
            held.insert(row.first, (*hasher.finalize().as_bytes(), kept));
            Ok(())
        },
    )?;
    Ok(held)
}

/// Names, flags and versions as relations.
fn relations(header: &Header, [names, flags, versions]: [u32; 3]) -> Vec<Relation> {
    let (flags, versions) = (header.numbers(flags), header.texts(versions));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let names = header.texts(names).into_iter().enumerate();
    names
        .map(|(number, name)| {
            let version = versions.get(number).copied().filter(|version| !version.is_empty()).map(text);
            // Earlier 2, later 4, equal 8.
            let comparison = match flags.get(number).copied().unwrap_or(0) & 14 {
                2 => Some(Comparison::Earlier),
                4 => Some(Comparison::Later),
                8 => Some(Comparison::Equal),
                10 => Some(Comparison::EarlierOrEqual),
                12 => Some(Comparison::LaterOrEqual),
                _ => None,
            };
            Relation { name: text(name).into(), versions: comparison.zip(version.map(Into::into)) }
        })
        .collect()
}
