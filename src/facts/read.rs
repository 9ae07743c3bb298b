//! Text to facts: one borrowed pass by serde, then what the format alone cannot say.

use std::sync::Arc;

use super::accounts::{groups, packages, users};
use super::entry::{Names, Wrong, entry};
use super::format::{Entries, FactsFile, PathLine, PathLines, Text, from_text};
use super::place::{place, reading_error};
use super::{Facts, FactsError};
use crate::catalog::Code;
use crate::tree::{Entry, FileType, Tree, parent_of, path_order};

impl Facts {
    /// Reads a facts file. Its first error is given; nothing of a file with an error is used.
    pub fn parse(text: &str) -> Result<Self, FactsError> {
        // A file without errors is read in one pass that keeps no lines. Only for a file with one are they worth keeping.
        if let Some(facts) = faultless(text) {
            return Ok(facts);
        }
        let file = from_text(text).map_err(|error| reading_error(text, &error))?;
        let PathLines(lines) = &file.paths;
        lower(&file, |_| tree_of(lines)).map_err(|(value, message, help)| FactsError {
            code: Code::InvalidValue,
            span: place(text, value),
            message,
            help,
        })
    }
}

fn faultless(text: &str) -> Option<Facts> {
    let mut file: FactsFile<'_, Entries> = from_text(text).ok()?;
    let Entries(entries) = std::mem::take(&mut file.paths);
    let count = entries.len();
    let tree = Tree::new(entries, Vec::new());
    let listed = tree.entries().iter().filter(|entry| entry.listed).count();
    let is_sound = listed == count && tree.problems().is_empty() && below_a_link(&tree).is_none();
    if is_sound { lower(&file, |_| Ok(tree)).ok() } else { None }
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

fn lower<'f, P: Default>(
    file: &'f FactsFile<'f, P>,
    tree: impl FnOnce(&'f FactsFile<'f, P>) -> Result<Tree, Wrong<'f>>,
) -> Result<Facts, Wrong<'f>> {
    if let Some(version) = file.format_version.as_ref().filter(|version| !is_known_version(version)) {
        let (message, help) = unknown_version(version);
        return Err((version, message, Some(help)));
    }
    Ok(Facts {
        name: file.name.as_deref().map(Into::into),
        opaque: file.opaque,
        tree: Arc::new(tree(file)?),
        users: users(&file.users)?,
        groups: groups(&file.groups)?,
        packages: packages(&file.packages)?,
    })
}

/// The first entry that stands below a symbolic link, and that link.
fn below_a_link(tree: &Tree) -> Option<(&Entry, &Entry)> {
    let links = tree.entries().iter().filter(|entry| entry.file_type == FileType::Symlink);
    links.into_iter().find_map(|link| {
        let below = tree.below(&link.path).iter().find(|entry| entry.listed);
        Some((below?, link))
    })
}

/// The tree of lines, or what is wrong with them.
fn tree_of<'f>(lines: &'f [PathLine<'f>]) -> Result<Tree, Wrong<'f>> {
    let mut names = Names::default();
    let mut entries = Vec::with_capacity(lines.len());
    for line in lines {
        entries.push(entry(line, &mut names)?);
    }
    // Stable: of two lines with one path the later in the file comes second.
    let mut sorted: Vec<&Text<'_>> = lines.iter().map(|line| &line.path).collect();
    sorted.sort_by(|a, b| path_order(a, b));
    if let Some(pair) = sorted.windows(2).find(|pair| **pair[0] == **pair[1]) {
        return Err((pair[1], format!("`{}` is listed twice", &**pair[1]), None));
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
    let Some((entry, link)) = below_a_link(&tree) else {
        return Ok(tree);
    };
    match line_of(&entry.path) {
        None => Ok(tree),
        Some(line) => {
            let message = format!("`{}` is below `/{}`, which is a symbolic link", &*line.path, link.path);
            Err((&line.path, message, Some(String::from("write the path that the link leads to"))))
        }
    }
}
