//! One path of a facts file, checked and lowered to an entry of a tree.

use std::collections::HashSet;
use std::sync::Arc;

use rustc_hash::FxBuildHasher;

use super::format::{OwnerText, PathLine, Text};
use crate::tree::{Entry, FileType, Owner, Xattr};

/// What is wrong with a value, before its place is worked out.
pub(super) struct Wrong<'f> {
    /// The value.
    pub(super) value: &'f Text<'f>,
    /// A sentence without a final stop.
    pub(super) message: String,
    pub(super) help: Option<String>,
    /// Of two that exclude each other: the one that stands before.
    pub(super) first: Option<&'f Text<'f>>,
}

impl<'f> Wrong<'f> {
    pub(super) fn new(value: &'f Text<'f>, message: impl Into<String>) -> Self {
        Self { value, message: message.into(), help: None, first: None }
    }

    pub(super) fn helped(value: &'f Text<'f>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..Self::new(value, message) }
    }
}

/// In backquotes, what cannot be seen escaped; of what is very long only the start.
pub(super) fn quoted(text: &str) -> String {
    const MOST: usize = 300;
    let mut quoted = String::with_capacity(text.len().min(MOST) + 2);
    quoted.push('`');
    for character in text.chars().take(MOST) {
        if character.is_control() { quoted.extend(character.escape_default()) } else { quoted.push(character) }
    }
    quoted.push_str(if text.chars().nth(MOST).is_some() { "…`" } else { "`" });
    quoted
}

/// `a`, `b` and `c`.
pub(super) fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// What to do about a name that is nearly another.
pub(super) fn nearest(name: &str, known: &[&str]) -> Option<String> {
    let distance = |to: &str| strsim::damerau_levenshtein(name, to);
    let best = known.iter().min_by_key(|to| distance(to))?;
    // Beyond a third of the letters it is another word, not a slip.
    (name.len() <= 64 && distance(best) <= (name.len().max(best.len()) / 3).max(1))
        .then(|| format!("did you mean `{best}`?"))
}

const PATH_MAX: usize = 4095;
const NAME_MAX: usize = 255;

/// What keeps a path from being absolute, normalised and within the lengths that systems take.
fn path_problem<'f>(path: &'f Text<'f>, root_too: bool) -> Option<Wrong<'f>> {
    let bytes = path.as_bytes();
    if bytes.first() != Some(&b'/') {
        return Some(Wrong::new(path, format!("the path {} is not absolute", quoted(path))));
    }
    if bytes.len() == 1 && root_too {
        return None;
    }
    if bytes.len() > PATH_MAX {
        return Some(Wrong::new(path, format!("the path is longer than {PATH_MAX} bytes")));
    }
    let mut start = 1;
    for end in memchr::memchr_iter(b'/', &bytes[1..]).map(|at| at + 1).chain([bytes.len()]) {
        let part = &bytes[start..end];
        if part.len() <= 2 && matches!(part, b"" | b"." | b"..") {
            let message = format!("the path {} is not normalised", quoted(path));
            return Some(Wrong::helped(path, message, "leave out `//`, `.`, `..` and a `/` at the end"));
        }
        if part.len() > NAME_MAX {
            return Some(Wrong::new(path, format!("a component of the path is longer than {NAME_MAX} bytes")));
        }
        start = end + 1;
    }
    let has_nul = memchr::memchr(0, bytes).is_some();
    has_nul.then(|| Wrong::new(path, "the path has a NUL character in it"))
}

/// What many lines have in common: names, each kept once, and directories, each looked at once.
#[derive(Default)]
pub(super) struct Common {
    names: HashSet<Arc<str>, FxBuildHasher>,
    /// Neighbours mostly have the same user, group and package; by what of these it is.
    last: [Option<Arc<str>>; 3],
    /// The directory of the last path, which is one as it must be.
    directory: String,
}

const USER: usize = 0;
const GROUP: usize = 1;
const PACKAGE: usize = 2;

impl Common {
    fn shared(&mut self, name: &str, what: usize) -> Arc<str> {
        if let Some(known) = self.last[what].as_ref().filter(|known| ***known == *name) {
            return known.clone();
        }
        let shared = match self.names.get(name) {
            Some(known) => known.clone(),
            None => {
                let shared: Arc<str> = name.into();
                self.names.insert(shared.clone());
                shared
            }
        };
        self.last[what] = Some(shared.clone());
        shared
    }

    /// What is wrong with the path of a line.
    fn path_problem<'f>(&mut self, path: &'f Text<'f>) -> Option<Wrong<'f>> {
        let (directory, name) = path.split_at(memchr::memrchr(b'/', path.as_bytes()).unwrap_or(0));
        // In a directory that is right only the name is looked at: facts consist of paths mostly.
        let stands_right = !directory.is_empty()
            && *self.directory == *directory
            && (2..=NAME_MAX + 1).contains(&name.len())
            && path.len() <= PATH_MAX
            && !matches!(name, "/." | "/..")
            && !name.bytes().any(|byte| byte == 0);
        if stands_right {
            return None;
        }
        let problem = path_problem(path, true);
        if problem.is_none() {
            self.directory.clear();
            self.directory.push_str(directory);
        }
        problem
    }

    /// The primary group of a user.
    pub(super) fn primary_group<'f>(
        &mut self,
        user: &'f Text<'f>,
        group: Option<&'f OwnerText<'f>>,
        wrong: &mut Vec<Wrong<'f>>,
    ) -> Option<Owner> {
        self.owner(user, group, GROUP, wrong)
    }

    /// An owner of `of`.
    fn owner<'f>(
        &mut self,
        of: &'f Text<'f>,
        owner: Option<&'f OwnerText<'f>>,
        what: usize,
        wrong: &mut Vec<Wrong<'f>>,
    ) -> Option<Owner> {
        match owner? {
            OwnerText::Number(number) => Some(Owner::Number(*number)),
            OwnerText::Name(name) if name.is_empty() => {
                wrong.push(Wrong::new(name, format!("{} has an owner with an empty name", quoted(of))));
                None
            }
            OwnerText::Name(name) => Some(Owner::Name(self.shared(name, what))),
        }
    }
}

/// The entry that a line describes, as far as it is right; nothing where it is not known what stands where. What is wrong
/// with it is added to `wrong`.
pub(super) fn entry<'f>(line: &'f PathLine<'f>, common: &mut Common, wrong: &mut Vec<Wrong<'f>>) -> Option<Entry> {
    let path = &line.path;
    let problem = common.path_problem(path);
    let known_path = problem.is_none();
    wrong.extend(problem);
    let Some(file_type) = FileType::from_name(&line.file_type) else {
        let known = FileType::ALL.map(FileType::name);
        let message = format!("{} is no type; there are {}", quoted(&line.file_type), known.join(", "));
        wrong.push(Wrong { help: nearest(&line.file_type, &known), ..Wrong::new(&line.file_type, message) });
        return None;
    };
    if **path == *"/" && file_type != FileType::Directory {
        wrong.push(Wrong::new(&line.file_type, format!("`/` is a directory, not {}", file_type.described())));
    }
    check_keys(line, file_type, wrong);
    let mut entry = Entry::new(path.get(1..).unwrap_or(""), file_type);
    if let Some(target) = &line.target {
        if target.is_empty() || target.contains('\0') {
            let message = format!("the link {} leads nowhere: its target is no path", quoted(path));
            wrong.push(Wrong::new(target, message));
        }
        entry.target = Some((**target).into());
    }
    entry.device = line.major.zip(line.minor);
    if let Some(first) = &line.same_as {
        wrong.extend(path_problem(first, false));
        if **first == **path {
            wrong.push(Wrong::new(first, format!("{} is said to be a hard link to itself", quoted(path))));
        }
        entry.target = Some(first.get(1..).unwrap_or("").into());
        entry.same_as = true;
    }
    entry.mode = line.mode.as_ref().and_then(|text| mode(text, wrong));
    entry.user = common.owner(path, line.user.as_ref(), USER, wrong);
    entry.group = common.owner(path, line.group.as_ref(), GROUP, wrong);
    entry.size = line.size;
    entry.digest = line.digest.as_ref().and_then(|text| digest(text, wrong));
    entry.package = line.package.as_deref().map(|package| common.shared(package, PACKAGE));
    entry.xattrs = xattrs(line, wrong);
    known_path.then_some(entry)
}

/// A key that belongs to another type would silently mean nothing, and one that is needed be made up.
fn check_keys<'f>(line: &'f PathLine<'f>, file_type: FileType, wrong: &mut Vec<Wrong<'f>>) {
    let path = &line.path;
    let is_file = file_type == FileType::File;
    let is_link = file_type == FileType::Symlink;
    let is_device = matches!(file_type, FileType::Char | FileType::Block);
    let file_keys = line.size.is_some() || line.digest.is_some() || line.same_as.is_some();
    if (is_file || !file_keys)
        && is_link == line.target.is_some()
        && is_device == line.major.is_some()
        && is_device == line.minor.is_some()
    {
        return;
    }
    let is = || format!("{} is {}", quoted(path), file_type.described());
    for (given, key, fits, whose) in [
        (line.size.is_some(), "size", is_file, "files"),
        (line.digest.is_some(), "digest", is_file, "files"),
        (line.same_as.is_some(), "same_as", is_file, "files"),
        (line.target.is_some(), "target", is_link, "symbolic links"),
        (line.major.is_some(), "major", is_device, "devices"),
        (line.minor.is_some(), "minor", is_device, "devices"),
    ] {
        if given && !fits {
            wrong.push(Wrong::new(path, format!("{} and has `{key}`, which only {whose} have", is())));
        }
    }
    for (given, key, needed) in [
        (line.target.is_some(), "target", is_link),
        (line.major.is_some(), "major", is_device),
        (line.minor.is_some(), "minor", is_device),
    ] {
        if needed && !given {
            wrong.push(Wrong::new(path, format!("{} and has no `{key}`", is())));
        }
    }
}

fn mode<'f>(text: &'f Text<'f>, wrong: &mut Vec<Wrong<'f>>) -> Option<u16> {
    let octal = (3..=5).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
    let mode = if octal { u16::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o7777) } else { None };
    if mode.is_none() {
        let message = format!("{} is no mode", quoted(text));
        wrong.push(Wrong::helped(text, message, "write permission bits in octal, such as \"0644\""));
    }
    mode
}

fn digest<'f>(text: &'f Text<'f>, wrong: &mut Vec<Wrong<'f>>) -> Option<[u8; 32]> {
    let hash = text.strip_prefix("blake3:").and_then(|hex| blake3::Hash::from_hex(hex).ok());
    if hash.is_none() {
        let message = format!("{} is no digest: it must be `blake3:` and 64 hexadecimal digits", quoted(text));
        wrong.push(Wrong::new(text, message));
    }
    hash.map(|hash| *hash.as_bytes())
}

fn xattrs<'f>(line: &'f PathLine<'f>, wrong: &mut Vec<Wrong<'f>>) -> Box<[Xattr]> {
    if line.xattrs.0.is_empty() {
        return Box::default();
    }
    let mut xattrs: Vec<(&Text<'_>, Xattr)> = Vec::with_capacity(line.xattrs.0.len());
    for (name, value) in &line.xattrs.0 {
        if name.is_empty() {
            let message = format!("an attribute of {} has an empty name", quoted(&line.path));
            wrong.push(Wrong::new(name, message));
        }
        xattrs.push((name, Xattr { name: (**name).into(), value: (**value).into() }));
    }
    // Stable: of two with one name the later in the file comes second.
    xattrs.sort_by(|a, b| a.1.name.cmp(&b.1.name));
    for pair in xattrs.windows(2).filter(|pair| pair[0].1.name == pair[1].1.name) {
        let message = format!("the attribute {} is given twice", quoted(&pair[1].1.name));
        wrong.push(Wrong { first: Some(pair[0].0), ..Wrong::new(pair[1].0, message) });
    }
    let mut xattrs: Vec<Xattr> = xattrs.into_iter().map(|(_, xattr)| xattr).collect();
    xattrs.sort();
    xattrs.into()
}
