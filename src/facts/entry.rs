//! One path of a facts file, checked and lowered to an entry of a tree.

use std::collections::HashSet;
use std::sync::Arc;

use rustc_hash::FxBuildHasher;

use super::format::{OwnerText, PathLine, Text};
use super::place::nearest;
use crate::tree::{Entry, FileType, Owner, Xattr};

/// What is wrong with a value, before its place is worked out.
pub(super) type Wrong<'f> = (&'f Text<'f>, String, Option<String>);

const PATH_MAX: usize = 4095;
const NAME_MAX: usize = 255;

/// Absolute and normalised, within the lengths that systems take.
fn check_path<'f>(path: &'f Text<'f>, root_too: bool) -> Result<(), Wrong<'f>> {
    let Some(rest) = path.strip_prefix('/') else {
        return Err((path, format!("the path `{}` is not absolute", &**path), None));
    };
    if rest.is_empty() && root_too {
        return Ok(());
    }
    if path.len() > PATH_MAX {
        return Err((path, format!("the path is longer than {PATH_MAX} bytes"), None));
    }
    for part in rest.split('/') {
        if part.is_empty() || part == "." || part == ".." {
            let message = format!("the path `{}` is not normalised", &**path);
            return Err((path, message, Some(String::from("leave out `//`, `.`, `..` and a `/` at the end"))));
        }
        if part.len() > NAME_MAX {
            return Err((path, format!("a component of the path is longer than {NAME_MAX} bytes"), None));
        }
    }
    if memchr::memchr(0, path.as_bytes()).is_some() {
        return Err((path, String::from("the path has a NUL character in it"), None));
    }
    Ok(())
}

/// Names that stand in many lines, each kept once.
#[derive(Default)]
pub(super) struct Names(HashSet<Arc<str>, FxBuildHasher>);

impl Names {
    fn shared(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.0.get(name) {
            return known.clone();
        }
        let name: Arc<str> = name.into();
        self.0.insert(name.clone());
        name
    }

    /// An owner of `of`.
    pub(super) fn owner<'f>(
        &mut self,
        of: &'f Text<'f>,
        owner: Option<&'f OwnerText<'f>>,
    ) -> Result<Option<Owner>, Wrong<'f>> {
        Ok(match owner {
            None => None,
            Some(OwnerText::Number(number)) => Some(Owner::Number(*number)),
            Some(OwnerText::Name(name)) if name.is_empty() => {
                return Err((name, format!("`{}` has an owner with an empty name", &**of), None));
            }
            Some(OwnerText::Name(name)) => Some(Owner::Name(self.shared(name))),
        })
    }
}

/// The entry that a line describes.
pub(super) fn entry<'f>(line: &'f PathLine<'f>, names: &mut Names) -> Result<Entry, Wrong<'f>> {
    let path = &line.path;
    check_path(path, true)?;
    let Some(file_type) = FileType::from_name(&line.file_type) else {
        let known = FileType::ALL.map(FileType::name);
        let message = format!("`{}` is no type; there are {}", &*line.file_type, known.join(", "));
        return Err((&line.file_type, message, nearest(&line.file_type, &known)));
    };
    if path.len() == 1 && file_type != FileType::Directory {
        return Err((&line.file_type, format!("`/` is a directory, not {}", file_type.described()), None));
    }
    // A key that belongs to another type would silently mean nothing.
    let only = |given: bool, key: &str, fits: bool, whose: &str| {
        let message = || format!("`{}` is {} and has `{key}`, which only {whose} have", &**path, file_type.described());
        if given && !fits { Err((path, message(), None)) } else { Ok(()) }
    };
    let is_file = file_type == FileType::File;
    let is_device = matches!(file_type, FileType::Char | FileType::Block);
    only(line.size.is_some(), "size", is_file, "files")?;
    only(line.digest.is_some(), "digest", is_file, "files")?;
    only(line.same_as.is_some(), "same_as", is_file, "files")?;
    only(line.target.is_some(), "target", file_type == FileType::Symlink, "symbolic links")?;
    only(line.major.is_some() || line.minor.is_some(), "major` or `minor", is_device, "devices")?;
    let needed = |key: &str| (path, format!("`{}` is {} and has no `{key}`", &**path, file_type.described()), None);
    let mut entry = Entry::new(&path[1..], file_type);
    if file_type == FileType::Symlink {
        let target = line.target.as_ref().ok_or_else(|| needed("target"))?;
        if target.is_empty() || target.contains('\0') {
            return Err((target, format!("the link `{}` leads nowhere: its target is no path", &**path), None));
        }
        entry.target = Some((**target).into());
    }
    if is_device {
        let major = line.major.ok_or_else(|| needed("major"))?;
        entry.device = Some((major, line.minor.ok_or_else(|| needed("minor"))?));
    }
    if let Some(first) = &line.same_as {
        check_path(first, false)?;
        if **first == **path {
            return Err((first, format!("`{}` is said to be a hard link to itself", &**path), None));
        }
        entry.target = Some(first[1..].into());
        entry.same_as = true;
    }
    entry.mode = line.mode.as_ref().map(mode).transpose()?;
    entry.user = names.owner(path, line.user.as_ref())?;
    entry.group = names.owner(path, line.group.as_ref())?;
    entry.size = line.size;
    entry.digest = line.digest.as_ref().map(digest).transpose()?;
    entry.package = line.package.as_deref().map(|package| names.shared(package));
    if !line.xattrs.0.is_empty() {
        let mut xattrs = Vec::with_capacity(line.xattrs.0.len());
        for (name, value) in &line.xattrs.0 {
            if name.is_empty() || xattrs.iter().any(|known: &Xattr| *known.name == **name) {
                return Err((
                    name,
                    format!("the attribute `{}` of `{}` is empty or given twice", &**name, &**path),
                    None,
                ));
            }
            xattrs.push(Xattr { name: (**name).into(), value: (**value).into() });
        }
        xattrs.sort();
        entry.xattrs = xattrs.into();
    }
    Ok(entry)
}

fn mode<'f>(text: &'f Text<'f>) -> Result<u16, Wrong<'f>> {
    let octal = (3..=5).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
    let mode = if octal { u16::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o7777) } else { None };
    mode.ok_or_else(|| {
        let help = Some(String::from("write permission bits in octal, such as \"0644\""));
        (text, format!("`{}` is no mode", &**text), help)
    })
}

fn digest<'f>(text: &'f Text<'f>) -> Result<[u8; 32], Wrong<'f>> {
    let hash = text.strip_prefix("blake3:").and_then(|hex| blake3::Hash::from_hex(hex).ok());
    hash.map(|hash| *hash.as_bytes()).ok_or_else(|| {
        let message = format!("`{}` is no digest: it must be `blake3:` and 64 hexadecimal digits", &**text);
        (text, message, None)
    })
}
