//! Text to facts: one borrowed pass by serde, then what the format alone cannot say.

use std::collections::{HashMap, hash_map};
use std::sync::Arc;

use rustc_hash::FxBuildHasher;

use super::accounts::{groups, packages, users};
use super::entries::Entries;
use super::entry::{Wrong, quoted};
use super::faults::faults;
use super::format::{FactsFile, Text, from_text};
use super::{Facts, FactsError};
use crate::catalog::Code;
use crate::text::Span;
use crate::tree::{Entry, FileType, Tree, is_below, parent_of};

impl Facts {
    /// Reads a facts file, or says everything that is wrong with it, by place; nothing of a file with a mistake is used.
    pub fn parse(text: &str) -> Result<Self, Vec<FactsError>> {
        // A file without mistakes is read in one pass that keeps no lines. Only one with some is looked at more closely.
        let refused = match faultless(text) {
            Ok(facts) => return Ok(facts),
            Err(refused) => refused,
        };
        let mut found = faults(text);
        if found.is_empty() {
            let message = format!("this cannot be read as facts: {refused}");
            found.push(FactsError::new(Code::InvalidValue, Span::default(), message));
        }
        Err(found)
    }
}

/// The facts of a file in which nothing is wrong; otherwise what was met first, in words for when nothing else is found.
fn faultless(text: &str) -> Result<Facts, String> {
    let mut file: FactsFile<'_, Entries> = from_text(text).map_err(|error| error.to_string())?;
    if file.format_version.as_ref().is_some_and(|version| !is_known_version(version)) {
        return Err(String::from("its version is not known"));
    }
    let Entries(entries) = std::mem::take(&mut file.paths);
    let count = entries.len();
    let tree = Tree::new(entries, Vec::new());
    let mut listed = 0;
    let counted = tree.entries().iter().inspect(|entry| listed += usize::from(entry.listed));
    let below_link = below_links(counted).next().is_some();
    if below_link || listed != count || !tree.problems().is_empty() {
        return Err(String::from("its paths contradict each other"));
    }
    let mut wrong = Vec::new();
    let facts = Facts {
        name: file.name.as_deref().map(Into::into),
        opaque: file.opaque,
        tree: Arc::new(tree),
        users: users(&file.users, &mut wrong),
        groups: groups(&file.groups, &mut wrong),
        packages: packages(&file.packages, &mut wrong),
    };
    if let Some(wrong) = wrong.into_iter().next() {
        return Err(wrong.message);
    }
    let is_empty = facts == Facts { name: facts.name.clone(), ..Facts::default() };
    if is_empty && file.format_version.is_none() && !faults(text).is_empty() {
        return Err(String::from("it says nothing"));
    }
    Ok(facts)
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

/// Of sorted entries those that stand below a symbolic link, each with that link.
fn below_links<'e>(entries: impl Iterator<Item = &'e Entry>) -> impl Iterator<Item = (&'e Entry, &'e Entry)> {
    let mut link: Option<&Entry> = None;
    entries.filter_map(move |entry| {
        // Everything below it follows it directly.
        if let Some(above) = link.filter(|link| is_below(&entry.path, &link.path)) {
            return entry.listed.then_some((entry, above));
        }
        link = (entry.file_type == FileType::Symlink).then_some(entry);
        None
    })
}

/// What is wrong with entries as they stand to each other, each with the path that says where it is.
pub(super) fn misplaced<'f>(entries: Vec<(Entry, &'f Text<'f>)>, wrong: &mut Vec<Wrong<'f>>) {
    let mut said: HashMap<Box<str>, &'f Text<'f>, FxBuildHasher> = HashMap::default();
    let mut kept = Vec::with_capacity(entries.len());
    for (entry, path) in entries {
        match said.entry(entry.path.clone()) {
            hash_map::Entry::Occupied(first) => {
                let message = format!("{} is listed twice", quoted(path));
                wrong.push(Wrong { first: Some(first.get()), ..Wrong::new(path, message) });
            }
            hash_map::Entry::Vacant(place) => {
                place.insert(path);
                kept.push(entry);
            }
        }
    }
    let tree = Tree::new(kept, Vec::new());
    for problem in tree.problems() {
        let Some(path) = said.get(&problem.path) else { continue };
        let mut above = std::iter::successors(parent_of(&problem.path), |path| parent_of(path));
        let message = match above.find_map(|path| tree.get(path)).filter(|above| !above.file_type.holds_entries()) {
            Some(above) => {
                let (of, is) = (quoted(&format!("/{}", above.path)), above.file_type.described());
                format!("{} is below {of}, which is {is}", quoted(path))
            }
            None => format!("{} {}", quoted(path), problem.message),
        };
        wrong.push(Wrong::new(path, message));
    }
    for (entry, link) in below_links(tree.entries().iter()) {
        if let Some(path) = said.get(&entry.path) {
            let link = quoted(&format!("/{}", link.path));
            let message = format!("{} is below {link}, which is a symbolic link", quoted(path));
            wrong.push(Wrong::helped(path, message, "write the path that the link leads to"));
        }
    }
}
