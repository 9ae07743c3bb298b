//! Text to facts: one borrowed pass by serde, then what the format alone cannot say.

use std::collections::HashMap;
use std::sync::Arc;

use rustc_hash::FxBuildHasher;

use super::format::{FactsFile, GroupLine, OwnerText, PackageLine, PathLine, Text, UserLine};
use super::place::{nearest, place, reading_error};
use super::{Facts, FactsError, GroupFact, PackageFact, UserFact};
use crate::catalog::Code;
use crate::tree::{Entry, FileType, Owner, Tree, Xattr, path_order};

/// What is wrong with a value, before its place is worked out.
type Wrong<'f> = (&'f Text<'f>, String, Option<String>);

const PATH_MAX: usize = 4095;
const NAME_MAX: usize = 255;

impl Facts {
    /// Reads a facts file. Its first error is given; nothing of a file with an error is used.
    pub fn parse(text: &str) -> Result<Self, FactsError> {
        let file: FactsFile<'_> =
            serde_json::from_str(text).map_err(|error| reading_error(text, &error))?;
        lower(&file).map_err(|(value, message, help)| FactsError {
            code: Code::InvalidValue,
            span: place(text, value),
            message,
            help,
        })
    }
}

/// Whether a version is one that this program reads.
pub(super) fn is_known_version(version: &str) -> bool {
    let minor = version.strip_prefix("1.");
    minor.is_some_and(|minor| !minor.is_empty() && minor.bytes().all(|byte| byte.is_ascii_digit()))
}

pub(super) fn unknown_version(version: &str) -> (String, String) {
    let message = format!(
        "facts of format version `{version}` cannot be read; this program reads versions 1.x"
    );
    (
        message,
        String::from("write the facts anew, or use a featgraph that reads this version"),
    )
}

fn lower<'f>(file: &'f FactsFile<'f>) -> Result<Facts, Wrong<'f>> {
    if let Some(version) = file
        .format_version
        .as_ref()
        .filter(|version| !is_known_version(version))
    {
        let (message, help) = unknown_version(version);
        return Err((version, message, Some(help)));
    }
    Ok(Facts {
        name: file.name.as_deref().map(Into::into),
        opaque: file.opaque,
        tree: Arc::new(tree(&file.paths)?),
        users: users(&file.users)?,
        groups: groups(&file.groups)?,
        packages: packages(&file.packages)?,
    })
}

fn tree<'f>(lines: &'f [PathLine<'f>]) -> Result<Tree, Wrong<'f>> {
    let mut names = Names::default();
    let mut entries = Vec::with_capacity(lines.len());
    for line in in_path_order(lines)? {
        entries.push(entry(line, &mut names)?);
    }
    let tree = Tree::new(entries, Vec::new());
    let line_of = |path: &str| {
        lines
            .iter()
            .find(|line| line.path.strip_prefix('/') == Some(path))
    };
    if let Some((problem, line)) = tree
        .problems()
        .iter()
        .find_map(|p| Some((p, line_of(&p.path)?)))
    {
        return Err((
            &line.path,
            format!("`{}` {}", &*line.path, problem.message),
            None,
        ));
    }
    for link in tree
        .entries()
        .iter()
        .filter(|entry| entry.file_type == FileType::Symlink)
    {
        let Some(line) = tree
            .below(&link.path)
            .iter()
            .find_map(|entry| line_of(&entry.path))
        else {
            continue;
        };
        let message = format!(
            "`{}` is below `/{}`, which is a symbolic link",
            &*line.path, link.path
        );
        return Err((
            &line.path,
            message,
            Some(String::from("write the path that the link leads to")),
        ));
    }
    Ok(tree)
}

/// The lines sorted by path. Canonical files are sorted already, so that is looked for first.
fn in_path_order<'f>(lines: &'f [PathLine<'f>]) -> Result<Vec<&'f PathLine<'f>>, Wrong<'f>> {
    for line in lines {
        check_path(&line.path, true)?;
    }
    let mut sorted: Vec<&PathLine<'_>> = lines.iter().collect();
    if !sorted.is_sorted_by(|a, b| path_order(&a.path, &b.path).is_lt()) {
        // Stable: of two lines with one path the later in the file comes second.
        sorted.sort_by(|a, b| path_order(&a.path, &b.path));
        if let Some(pair) = sorted
            .windows(2)
            .find(|pair| *pair[0].path == *pair[1].path)
        {
            return Err((
                &pair[1].path,
                format!("`{}` is listed twice", &*pair[1].path),
                None,
            ));
        }
    }
    Ok(sorted)
}

/// Absolute and normalised, within the lengths that systems take.
fn check_path<'f>(path: &'f Text<'f>, root_too: bool) -> Result<(), Wrong<'f>> {
    let Some(rest) = path.strip_prefix('/') else {
        return Err((
            path,
            format!("the path `{}` is not absolute", &**path),
            None,
        ));
    };
    if rest.is_empty() && root_too {
        return Ok(());
    }
    if path.len() > PATH_MAX {
        return Err((
            path,
            format!("the path is longer than {PATH_MAX} bytes"),
            None,
        ));
    }
    for part in rest.split('/') {
        if part.is_empty() || part == "." || part == ".." {
            let message = format!("the path `{}` is not normalised", &**path);
            return Err((
                path,
                message,
                Some(String::from(
                    "leave out `//`, `.`, `..` and a `/` at the end",
                )),
            ));
        }
        if part.len() > NAME_MAX {
            return Err((
                path,
                format!("a component of the path is longer than {NAME_MAX} bytes"),
                None,
            ));
        }
    }
    if path.contains('\0') {
        return Err((
            path,
            String::from("the path has a NUL character in it"),
            None,
        ));
    }
    Ok(())
}

/// Names that stand in many lines, each kept once.
#[derive(Default)]
struct Names<'f>(HashMap<&'f str, Arc<str>, FxBuildHasher>);

impl<'f> Names<'f> {
    fn shared(&mut self, name: &'f str) -> Arc<str> {
        self.0.entry(name).or_insert_with(|| name.into()).clone()
    }

    fn owner(
        &mut self,
        of: &'f Text<'f>,
        owner: Option<&'f OwnerText<'f>>,
    ) -> Result<Option<Owner>, Wrong<'f>> {
        Ok(match owner {
            None => None,
            Some(OwnerText::Number(number)) => Some(Owner::Number(*number)),
            Some(OwnerText::Name(name)) if name.is_empty() => {
                return Err((
                    name,
                    format!("`{}` has an owner with an empty name", &**of),
                    None,
                ));
            }
            Some(OwnerText::Name(name)) => Some(Owner::Name(self.shared(name))),
        })
    }
}

fn entry<'f>(line: &'f PathLine<'f>, names: &mut Names<'f>) -> Result<Entry, Wrong<'f>> {
    let path = &line.path;
    let Some(file_type) = FileType::from_name(&line.file_type) else {
        let known = FileType::ALL.map(FileType::name);
        let message = format!(
            "`{}` is no type; there are {}",
            &*line.file_type,
            known.join(", ")
        );
        return Err((&line.file_type, message, nearest(&line.file_type, &known)));
    };
    if path.len() == 1 && file_type != FileType::Directory {
        return Err((
            &line.file_type,
            format!("`/` is a directory, not {}", file_type.described()),
            None,
        ));
    }
    // A key that belongs to another type would silently mean nothing.
    let only = |given: bool, key: &str, fits: bool, whose: &str| {
        let message = || {
            format!(
                "`{}` is {} and has `{key}`, which only {whose} have",
                &**path,
                file_type.described()
            )
        };
        if given && !fits {
            Err((path, message(), None))
        } else {
            Ok(())
        }
    };
    let is_file = file_type == FileType::File;
    let is_device = matches!(file_type, FileType::Char | FileType::Block);
    only(line.size.is_some(), "size", is_file, "files")?;
    only(line.digest.is_some(), "digest", is_file, "files")?;
    only(line.same_as.is_some(), "same_as", is_file, "files")?;
    only(
        line.target.is_some(),
        "target",
        file_type == FileType::Symlink,
        "symbolic links",
    )?;
    only(
        line.major.is_some() || line.minor.is_some(),
        "major` or `minor",
        is_device,
        "devices",
    )?;
    let needed = |key: &str| {
        (
            path,
            format!(
                "`{}` is {} and has no `{key}`",
                &**path,
                file_type.described()
            ),
            None,
        )
    };
    let mut entry = Entry::new(&path[1..], file_type);
    if file_type == FileType::Symlink {
        let target = line.target.as_ref().ok_or_else(|| needed("target"))?;
        if target.is_empty() || target.contains('\0') {
            return Err((
                target,
                format!(
                    "the link `{}` leads nowhere: its target is no path",
                    &**path
                ),
                None,
            ));
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
            return Err((
                first,
                format!("`{}` is said to be a hard link to itself", &**path),
                None,
            ));
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
                    format!(
                        "the attribute `{}` of `{}` is empty or given twice",
                        &**name, &**path
                    ),
                    None,
                ));
            }
            xattrs.push(Xattr {
                name: (**name).into(),
                value: (**value).into(),
            });
        }
        xattrs.sort();
        entry.xattrs = xattrs.into();
    }
    Ok(entry)
}

fn mode<'f>(text: &'f Text<'f>) -> Result<u16, Wrong<'f>> {
    let octal =
        (3..=5).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
    let mode = if octal {
        u16::from_str_radix(text, 8)
            .ok()
            .filter(|mode| *mode <= 0o7777)
    } else {
        None
    };
    mode.ok_or_else(|| {
        let help = Some(String::from(
            "write permission bits in octal, such as \"0644\"",
        ));
        (text, format!("`{}` is no mode", &**text), help)
    })
}

fn digest<'f>(text: &'f Text<'f>) -> Result<[u8; 32], Wrong<'f>> {
    let hash = text
        .strip_prefix("blake3:")
        .and_then(|hex| blake3::Hash::from_hex(hex).ok());
    hash.map(|hash| *hash.as_bytes()).ok_or_else(|| {
        let message = format!(
            "`{}` is no digest: it must be `blake3:` and 64 hexadecimal digits",
            &**text
        );
        (text, message, None)
    })
}

fn users<'f>(lines: &'f [UserLine<'f>]) -> Result<Vec<UserFact>, Wrong<'f>> {
    let mut names = Names::default();
    let mut users = Vec::with_capacity(lines.len());
    unique(
        lines,
        "the user",
        |line| &line.name,
        |line| (&line.name, "", ""),
    )?;
    for line in lines {
        users.push(UserFact {
            name: (*line.name).into(),
            uid: line.uid,
            group: names.owner(&line.name, line.group.as_ref())?,
            home: line.home.as_deref().map(Into::into),
            shell: line.shell.as_deref().map(Into::into),
            comment: line.comment.as_deref().map(Into::into),
        });
    }
    users.sort();
    Ok(users)
}

fn groups<'f>(lines: &'f [GroupLine<'f>]) -> Result<Vec<GroupFact>, Wrong<'f>> {
    unique(
        lines,
        "the group",
        |line| &line.name,
        |line| (&line.name, "", ""),
    )?;
    let mut groups: Vec<GroupFact> = lines
        .iter()
        .map(|line| {
            let mut members: Vec<Box<str>> = line
                .members
                .iter()
                .map(|member| (**member).into())
                .collect();
            members.sort();
            members.dedup();
            GroupFact {
                name: (*line.name).into(),
                gid: line.gid,
                members,
            }
        })
        .collect();
    groups.sort();
    Ok(groups)
}

fn packages<'f>(lines: &'f [PackageLine<'f>]) -> Result<Vec<PackageFact>, Wrong<'f>> {
    const MANAGERS: [&str; 3] = ["apt", "dnf", "apk"];
    for manager in lines.iter().filter_map(|line| line.manager.as_ref()) {
        if !MANAGERS.contains(&&**manager) {
            let message = format!(
                "`{}` is no package manager; there are {}",
                &**manager,
                MANAGERS.join(", ")
            );
            return Err((manager, message, nearest(manager, &MANAGERS)));
        }
    }
    // Several versions of one package may be installed at once (kernels), so only what is wholly equal is a double.
    let key = |line: &'f PackageLine<'f>| {
        (
            &*line.name,
            line.architecture.as_deref().unwrap_or(""),
            line.version.as_deref().unwrap_or(""),
        )
    };
    unique(lines, "the package", |line| &line.name, key)?;
    let fact = |line: &PackageLine<'_>| PackageFact {
        name: (*line.name).into(),
        architecture: line.architecture.as_deref().map(Into::into),
        manager: line.manager.as_deref().map(Into::into),
        version: line.version.as_deref().map(Into::into),
    };
    let mut packages: Vec<PackageFact> = lines.iter().map(fact).collect();
    packages.sort();
    Ok(packages)
}

fn unique<'f, T>(
    lines: &'f [T],
    what: &str,
    name: impl Fn(&'f T) -> &'f Text<'f>,
    key: impl Fn(&'f T) -> (&'f str, &'f str, &'f str),
) -> Result<(), Wrong<'f>> {
    if let Some(line) = lines.iter().find(|line| name(line).is_empty()) {
        return Err((name(line), format!("{what} has an empty name"), None));
    }
    let mut sorted: Vec<&T> = lines.iter().collect();
    sorted.sort_by(|a, b| key(a).cmp(&key(b)));
    match sorted.windows(2).find(|pair| key(pair[0]) == key(pair[1])) {
        Some(pair) => Err((
            name(pair[1]),
            format!("{what} `{}` is listed twice", &**name(pair[1])),
            None,
        )),
        None => Ok(()),
    }
}
