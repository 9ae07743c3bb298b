//! Trees of files as data: a sorted list of entries. Source folders, archives, clones and facts are all this.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxBuildHasher;

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileType {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A character device.
    Char,
    /// A block device.
    Block,
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// A place on which something is mounted.
    Mount,
}

impl FileType {
    /// Every type, in the order in which the format lists them.
    pub const ALL: [Self; 8] = [
        Self::File,
        Self::Directory,
        Self::Symlink,
        Self::Char,
        Self::Block,
        Self::Fifo,
        Self::Socket,
        Self::Mount,
    ];

    /// As written in facts, plans and manifests.
    pub const fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Directory => "directory",
            Self::Symlink => "symlink",
            Self::Char => "char",
            Self::Block => "block",
            Self::Fifo => "fifo",
            Self::Socket => "socket",
            Self::Mount => "mount",
        }
    }

    /// As a person says it, with its article.
    pub const fn described(self) -> &'static str {
        match self {
            Self::File => "a file",
            Self::Directory => "a directory",
            Self::Symlink => "a symbolic link",
            Self::Char => "a character device",
            Self::Block => "a block device",
            Self::Fifo => "a named pipe",
            Self::Socket => "a socket",
            Self::Mount => "a mountpoint",
        }
    }

    /// The type of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ty| ty.name() == name)
    }

    /// Whether other entries can stand below it without a link being followed.
    pub const fn holds_entries(self) -> bool {
        matches!(self, Self::Directory | Self::Mount)
    }
}

/// Who owns an entry, as far as the tree says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// An account by its name. Shared, because a tree has few of them.
    Name(Arc<str>),
    /// An account known by its number only.
    Number(u32),
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Number(number) => write!(f, "{number}"),
        }
    }
}

/// An extended attribute. A value that is not plain text stands as `0x` and hexadecimal digits, as `setfattr` reads it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Xattr {
    /// With its name space: `user.colour`.
    pub name: Box<str>,
    /// Text, or `0x...`.
    pub value: Box<str>,
}

impl Xattr {
    /// An attribute from the bytes a file system or archive holds.
    pub fn from_bytes(name: &str, value: &[u8]) -> Self {
        let text = std::str::from_utf8(value)
            .ok()
            .filter(|text| !text.chars().any(char::is_control) && !starts_like_code(text));
        let value = match text {
            Some(text) => text.into(),
            None => {
                let mut hex = String::with_capacity(2 + 2 * value.len());
                hex.push_str("0x");
                for byte in value {
                    hex.push(hex_digit(byte >> 4));
                    hex.push(hex_digit(byte & 15));
                }
                hex.into()
            }
        };
        Self {
            name: name.into(),
            value,
        }
    }
}

/// Texts that `setfattr` would take for hexadecimal or base64 must not be left as they are.
fn starts_like_code(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next() == Some(b'0') && matches!(bytes.next(), Some(b'x' | b'X' | b's' | b'S'))
}

const fn hex_digit(value: u8) -> char {
    (if value < 10 {
        b'0' + value
    } else {
        b'a' + value - 10
    }) as char
}

/// One thing in a tree. What is `None` is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Relative to the tree's root, normalised, no leading `/`; empty for the root itself.
    pub path: Box<str>,
    /// What it is.
    pub file_type: FileType,
    /// Permission bits, 0 to 0o7777.
    pub mode: Option<u16>,
    /// The owner: by name where the tree has one, else by number.
    pub user: Option<Owner>,
    /// The group: by name where the tree has one, else by number.
    pub group: Option<Owner>,
    /// The owner's number, where the tree has it; archives have it beside the name.
    pub uid: Option<u32>,
    /// The group's number, where the tree has it.
    pub gid: Option<u32>,
    /// Of a file: how many bytes.
    pub size: Option<u64>,
    /// Of a symbolic link: its text. Of a hard link (see [`Entry::same_as`]): the path in this tree of the first.
    pub target: Option<Box<str>>,
    /// Whether this is one more name of the file at `target`.
    pub same_as: bool,
    /// Of a device: major and minor number.
    pub device: Option<(u32, u32)>,
    /// Of a file: blake3 of its contents.
    pub digest: Option<[u8; 32]>,
    /// Sorted by name.
    pub xattrs: Box<[Xattr]>,
    /// The package that owns it.
    pub package: Option<Arc<str>>,
    /// False for a directory that the tree does not list and that must be there, because something stands below it.
    pub listed: bool,
    /// Its place in the order of an archive: of two entries at one path the later wins.
    pub order: u32,
}

impl Entry {
    /// An entry of which nothing but its type is known.
    pub fn new(path: impl Into<Box<str>>, file_type: FileType) -> Self {
        Self {
            path: path.into(),
            file_type,
            mode: None,
            user: None,
            group: None,
            uid: None,
            gid: None,
            size: None,
            target: None,
            same_as: false,
            device: None,
            digest: None,
            xattrs: Box::default(),
            package: None,
            listed: true,
            order: 0,
        }
    }

    /// Whether its owner may execute it; `None` where the mode is not known.
    pub fn executable(&self) -> Option<bool> {
        self.mode.map(|mode| mode & 0o100 != 0)
    }

    /// The last component of its path; empty for the root.
    pub fn name(&self) -> &str {
        name_of(&self.path)
    }

    /// The text of a symbolic link.
    pub fn link_text(&self) -> Option<&str> {
        self.target
            .as_deref()
            .filter(|_| self.file_type == FileType::Symlink)
    }

    /// Of a hard link: the path in this tree of the first name.
    pub fn first_name(&self) -> Option<&str> {
        self.target.as_deref().filter(|_| self.same_as)
    }
}

/// Why something of a source is not among the entries of its tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProblemKind {
    /// It could not be read; another time it may.
    Unreadable,
    /// It is there and cannot be part of an image: a special file, a name that is not UTF-8, an entry that escapes.
    Invalid,
}

/// Something of a source that is not among the entries of its tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where in the tree; bytes that are not UTF-8 are written as `\xHH`.
    pub path: Box<str>,
    /// Which sort.
    pub kind: ProblemKind,
    /// What is wrong with it; a sentence goes "`PATH` MESSAGE".
    pub message: String,
}

impl Problem {
    /// Something that could not be read.
    pub fn unreadable(path: impl Into<Box<str>>, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            kind: ProblemKind::Unreadable,
            message: message.into(),
        }
    }

    /// Something that cannot be part of an image.
    pub fn invalid(path: impl Into<Box<str>>, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            kind: ProblemKind::Invalid,
            message: message.into(),
        }
    }
}

/// Entries sorted by path, every directory before what is below it, each path once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    entries: Vec<Entry>,
    texts: Vec<(Box<str>, Arc<str>)>,
    problems: Vec<Problem>,
}

/// How many bytes of names of implied directories a tree may have. Deep paths imply quadratically many; no real tree comes near.
const IMPLIED_BYTES_MAX: usize = 256 << 20;

impl Tree {
    /// A tree of entries in the order in which they were found. Of two at one path the later stands. Directories above an entry
    /// that are not listed are added; what stands below something that holds nothing is a problem instead.
    pub fn new(mut entries: Vec<Entry>, mut problems: Vec<Problem>) -> Self {
        if !entries.is_sorted_by(|a, b| path_order(&a.path, &b.path) == Ordering::Less) {
            entries.sort_by(|a, b| path_order(&a.path, &b.path).then(a.order.cmp(&b.order)));
            // `dedup_by` keeps the first of a run, so the later one is moved there.
            entries.dedup_by(|later, kept| {
                let same = later.path == kept.path;
                if same {
                    std::mem::swap(later, kept);
                }
                same
            });
        }
        let entries = with_implied(entries, &mut problems);
        Self {
            entries,
            texts: Vec::new(),
            problems: sorted(problems),
        }
    }

    /// The same tree with contents of files that list accounts.
    pub fn with_texts(mut self, mut texts: Vec<(Box<str>, Arc<str>)>) -> Self {
        texts.sort_by(|a, b| path_order(&a.0, &b.0));
        self.texts = texts;
        self
    }

    /// Every entry, sorted.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What of the source is not among the entries, sorted.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Contents of files named `passwd` or `group`, by path, sorted.
    pub fn texts(&self) -> &[(Box<str>, Arc<str>)] {
        &self.texts
    }

    /// The contents of a file named `passwd` or `group`, where they could be read.
    pub fn text(&self, path: &str) -> Option<&Arc<str>> {
        let at = self
            .texts
            .binary_search_by(|(of, _)| path_order(of, path))
            .ok()?;
        self.texts.get(at).map(|(_, text)| text)
    }

    /// Where a path is in [`Tree::entries`].
    pub fn index(&self, path: &str) -> Option<usize> {
        self.entries
            .binary_search_by(|entry| path_order(&entry.path, path))
            .ok()
    }

    /// The entry at a path. Links are not followed.
    pub fn get(&self, path: &str) -> Option<&Entry> {
        self.index(path).map(|at| &self.entries[at])
    }

    /// Where in [`Tree::entries`] everything below a path is, itself not included.
    pub fn range_below(&self, path: &str) -> Range<usize> {
        let start = self
            .entries
            .partition_point(|e| path_order(&e.path, path) != Ordering::Greater);
        let length = self.entries[start..].partition_point(|e| is_below(&e.path, path));
        start..start + length
    }

    /// Everything below a path, itself not included.
    pub fn below(&self, path: &str) -> &[Entry] {
        &self.entries[self.range_below(path)]
    }

    /// What stands directly in a directory.
    pub fn children<'t>(&'t self, path: &str) -> impl Iterator<Item = &'t Entry> + use<'t> {
        let mut rest = self.below(path);
        std::iter::from_fn(move || {
            let (first, after) = rest.split_first()?;
            rest = &after[after.partition_point(|e| is_below(&e.path, &first.path))..];
            Some(first)
        })
    }

    /// What `strip_components` leaves: the first components of every path (and of the first name of every hard link) taken away,
    /// entries that have no more than those left out.
    pub fn stripped(&self, components: usize) -> Self {
        if components == 0 {
            return self.clone();
        }
        let mut problems = self.problems.clone();
        let mut entries = Vec::with_capacity(self.entries.len());
        // Implied directories are implied anew: of an entry that comes to stand in place of one, only the later may win.
        for entry in self.entries.iter().filter(|entry| entry.listed) {
            let Some(path) = strip(&entry.path, components) else {
                continue;
            };
            let mut entry = Entry {
                path: path.into(),
                ..entry.clone()
            };
            if entry.same_as {
                let first = entry.target.as_deref().unwrap_or("");
                match strip(first, components) {
                    Some(first) => entry.target = Some(first.into()),
                    None => {
                        let message = format!(
                            "is a hard link to `{first}`, which is not left after {components} leading components are taken away"
                        );
                        problems.push(Problem::invalid(entry.path, message));
                        continue;
                    }
                }
            }
            entries.push(entry);
        }
        let mut texts: Vec<(Box<str>, u32, Arc<str>)> = Vec::new();
        for (path, text) in &self.texts {
            let order = self.get(path).map_or(0, |entry| entry.order);
            if let Some(path) = strip(path, components) {
                texts.push((path.into(), order, text.clone()));
            }
        }
        // Of two files that come together only the later one's contents count.
        texts.sort_by(|a, b| path_order(&a.0, &b.0).then(b.1.cmp(&a.1)));
        texts.dedup_by(|earlier, kept| earlier.0 == kept.0);
        Self::new(entries, problems).with_texts(
            texts
                .into_iter()
                .map(|(path, _, text)| (path, text))
                .collect(),
        )
    }

    /// What stands at and below a path, as a tree of its own with that path as its root. A hard link whose first name is outside
    /// becomes a file, and further names of that file links to it. Empty where nothing stands there.
    pub fn subtree(&self, path: &str) -> Self {
        if path.is_empty() {
            return self.clone();
        }
        let below = self.range_below(path);
        let start = self.index(path).unwrap_or(below.start);
        let mut new_first: HashMap<&str, &str, FxBuildHasher> = HashMap::default();
        let mut entries = Vec::with_capacity(below.end - start);
        for old in &self.entries[start..below.end] {
            let here = rebased(&old.path, path);
            let mut entry = Entry {
                path: here.into(),
                ..old.clone()
            };
            if let Some(first) = old.first_name() {
                if first == path || is_below(first, path) {
                    entry.target = Some(rebased(first, path).into());
                } else if let Some(stand_in) = new_first.get(first) {
                    entry.target = Some((*stand_in).into());
                } else {
                    new_first.insert(first, here);
                    entry.target = None;
                    entry.same_as = false;
                }
            }
            entries.push(entry);
        }
        let inside = |of: &str| of == path || is_below(of, path);
        let texts = self.texts.iter().filter(|(of, _)| inside(of));
        let problems = self.problems.iter().filter(|problem| inside(&problem.path));
        Self {
            entries,
            texts: texts
                .map(|(of, text)| (rebased(of, path).into(), text.clone()))
                .collect(),
            problems: problems
                .map(|problem| Problem {
                    path: rebased(&problem.path, path).into(),
                    ..problem.clone()
                })
                .collect(),
        }
    }
}

/// How paths are ordered: component by component, so that a directory stands right before what is below it.
pub fn path_order(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    match a.iter().zip(b).position(|(x, y)| x != y) {
        Some(at) => separator_first(a[at]).cmp(&separator_first(b[at])),
        None => a.len().cmp(&b.len()),
    }
}

const fn separator_first(byte: u8) -> u16 {
    if byte == b'/' { 0 } else { byte as u16 + 1 }
}

/// Whether `path` stands below `directory` (the empty one being the root), both relative to one root.
pub fn is_below(path: &str, directory: &str) -> bool {
    if directory.is_empty() {
        return !path.is_empty();
    }
    path.strip_prefix(directory)
        .is_some_and(|rest| rest.starts_with('/'))
}

/// The last component of a path.
pub fn name_of(path: &str) -> &str {
    path.rfind('/').map_or(path, |at| &path[at + 1..])
}

/// The path of the directory that a path stands in; `None` for the root itself.
pub fn parent_of(path: &str) -> Option<&str> {
    if path.is_empty() {
        return None;
    }
    Some(path.rfind('/').map_or("", |at| &path[..at]))
}

fn strip(path: &str, components: usize) -> Option<&str> {
    let mut rest = path;
    for _ in 0..components {
        rest = rest.split_once('/')?.1;
    }
    Some(rest)
}

/// The part of `path` that is below `root`, where it is at or below it.
fn rebased<'p>(path: &'p str, root: &str) -> &'p str {
    path.get(root.len()..).unwrap_or("").trim_start_matches('/')
}

fn sorted(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort();
    problems.dedup();
    problems
}

/// Adds the directories that sorted entries imply, and takes out what stands below something that holds nothing.
fn with_implied(entries: Vec<Entry>, problems: &mut Vec<Problem>) -> Vec<Entry> {
    let mut result: Vec<Entry> = Vec::with_capacity(entries.len());
    // The entries above the current one, as indices into `result`.
    let mut above: Vec<usize> = Vec::new();
    let mut implied_bytes = 0;
    for entry in entries {
        while above
            .last()
            .is_some_and(|&at| !is_below(&entry.path, &result[at].path))
        {
            above.pop();
        }
        let mut from = 0;
        if let Some(&at) = above.last() {
            let ancestor = &result[at];
            if !ancestor.file_type.holds_entries() && ancestor.file_type != FileType::Symlink {
                let message = format!(
                    "is below `{}`, which is {}",
                    ancestor.path,
                    ancestor.file_type.described()
                );
                problems.push(Problem::invalid(entry.path, message));
                continue;
            }
            from = if ancestor.path.is_empty() {
                0
            } else {
                ancestor.path.len() + 1
            };
        }
        for at in memchr::memchr_iter(b'/', &entry.path.as_bytes()[from..]) {
            implied_bytes += from + at;
            above.push(result.len());
            let order = entry.order;
            result.push(Entry {
                listed: false,
                order,
                ..Entry::new(&entry.path[..from + at], FileType::Directory)
            });
        }
        if implied_bytes > IMPLIED_BYTES_MAX {
            problems.push(Problem::invalid(
                entry.path,
                "implies more directories than can be kept; the tree ends here",
            ));
            break;
        }
        above.push(result.len());
        result.push(entry);
    }
    result
}

/// A digest as it is written everywhere: `blake3:` and hexadecimal digits.
pub fn digest_text(digest: &[u8; 32]) -> String {
    format!("blake3:{}", blake3::Hash::from_bytes(*digest).to_hex())
}
