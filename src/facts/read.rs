//! Text to facts: one borrowed pass by serde, then what the format alone cannot say.

use std::sync::Arc;

use super::accounts::{groups, packages, users};
use super::entry::{Names, Wrong, check_path, entry};
use super::format::{FactsFile, PathLine, from_text};
use super::place::{place, reading_error};
use super::{Facts, FactsError};
use crate::catalog::Code;
use crate::tree::{FileType, Tree, parent_of, path_order};

impl Facts {
    /// Reads a facts file. Its first error is given; nothing of a file with an error is used.
    pub fn parse(text: &str) -> Result<Self, FactsError> {
        let file = from_text(text).map_err(|error| reading_error(text, &error))?;
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
    let message = format!("facts of format version `{version}` cannot be read; this program reads versions 1.x");
    (message, String::from("write the facts anew, or use a featgraph that reads this version"))
}

fn lower<'f>(file: &'f FactsFile<'f>) -> Result<Facts, Wrong<'f>> {
    if let Some(version) = file.format_version.as_ref().filter(|version| !is_known_version(version)) {
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
    let line_of = |path: &str| lines.iter().find(|line| line.path.strip_prefix('/') == Some(path));
    if let Some(line) = tree.problems().iter().find_map(|problem| line_of(&problem.path)) {
        let mut above = parent_of(&line.path[1..]);
        while let Some(path) = above.filter(|path| tree.get(path).is_none()) {
            above = parent_of(path);
        }
        let above = above.and_then(|path| tree.get(path));
        let described = above.map_or("no directory", |entry| entry.file_type.described());
        let above = above.map_or("", |entry| &*entry.path);
        let message = format!("`{}` is below `/{above}`, which is {described}", &*line.path);
        return Err((&line.path, message, None));
    }
    for link in tree.entries().iter().filter(|entry| entry.file_type == FileType::Symlink) {
        let Some(line) = tree.below(&link.path).iter().find_map(|entry| line_of(&entry.path)) else {
            continue;
        };
        let message = format!("`{}` is below `/{}`, which is a symbolic link", &*line.path, link.path);
        return Err((&line.path, message, Some(String::from("write the path that the link leads to"))));
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
        if let Some(pair) = sorted.windows(2).find(|pair| *pair[0].path == *pair[1].path) {
            return Err((&pair[1].path, format!("`{}` is listed twice", &*pair[1].path), None));
        }
    }
    Ok(sorted)
}
