//! What a tree consists of: entries with their attributes, and what of a source is no entry.

use std::sync::Arc;

pub use featgraph_plan::FileType;

use super::name_of;

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
        Self { name: name.into(), value }
    }
}

/// Texts that `setfattr` would take for hexadecimal or base64 must not be left as they are.
fn starts_like_code(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next() == Some(b'0') && matches!(bytes.next(), Some(b'x' | b'X' | b's' | b'S'))
}

const fn hex_digit(value: u8) -> char {
    (if value < 10 { b'0' + value } else { b'a' + value - 10 }) as char
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
        self.target.as_deref().filter(|_| self.file_type == FileType::Symlink)
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
    /// It is there and cannot be part of an image: a special file, a hard link to nothing.
    Invalid,
    /// Its name is no name that a path of an image can have: not UTF-8, or too long.
    Name,
    /// It would stand outside of the place that it is put at: an absolute path, or `..`.
    Escape,
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
        Self { path: path.into(), kind: ProblemKind::Unreadable, message: message.into() }
    }

    /// Something that cannot be part of an image.
    pub fn invalid(path: impl Into<Box<str>>, message: impl Into<String>) -> Self {
        Self { path: path.into(), kind: ProblemKind::Invalid, message: message.into() }
    }

    /// Something whose name no path of an image can have.
    pub fn unnamable(path: impl Into<Box<str>>, message: impl Into<String>) -> Self {
        Self { path: path.into(), kind: ProblemKind::Name, message: message.into() }
    }

    /// Something that would stand outside.
    pub fn escape(path: impl Into<Box<str>>, message: impl Into<String>) -> Self {
        Self { path: path.into(), kind: ProblemKind::Escape, message: message.into() }
    }
}

/// A digest as it is written everywhere: `blake3:` and hexadecimal digits.
pub fn digest_text(digest: &[u8; 32]) -> String {
    format!("blake3:{}", blake3::Hash::from_bytes(*digest).to_hex())
}
