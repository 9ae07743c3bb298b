//! A directory on disk to a tree. Links are never followed below it, so no loop can hold it up.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;

use super::{Limits, digest_file, escaped, kept_size, lists_accounts, read_contents, reason, special, too_large};
use crate::inputs::ContentsState;
use crate::tree::{Entry, FileType, Problem, Tree};

/// Reads what a directory holds, itself included as the root. Of files only the attributes, and the contents of those that may
/// list accounts. Owners are not kept: who owns a source folder on this machine says nothing about the image.
pub fn read_directory(root: &Path, limits: &Limits) -> Result<Tree, String> {
    let found = std::fs::metadata(root).map_err(|error| reason(&error))?;
    let mut walk = Walk { root, limits, kept_bytes: 0, entries: Vec::new(), problems: Vec::new(), texts: Vec::new() };
    walk.entries.push(Entry { mode: Some(mode(&found)), ..Entry::new("", FileType::Directory) });
    // Directories still to be read, by their paths below the root.
    let mut waiting = vec![String::new()];
    while let Some(directory) = waiting.pop() {
        walk.read(&directory, &mut waiting)?;
    }
    Ok(Tree::new(walk.entries, walk.problems).with_texts(walk.texts))
}

struct Walk<'w> {
    root: &'w Path,
    limits: &'w Limits,
    kept_bytes: u64,
    entries: Vec<Entry>,
    problems: Vec<Problem>,
    texts: Vec<(Box<str>, Arc<str>)>,
}

impl Walk<'_> {
    /// One directory. What cannot be read of it is a problem; only the root itself must be readable.
    fn read(&mut self, directory: &str, waiting: &mut Vec<String>) -> Result<(), String> {
        let listing = match std::fs::read_dir(self.root.join(directory)) {
            Ok(listing) => listing,
            Err(error) if directory.is_empty() => return Err(reason(&error)),
            Err(error) => {
                self.problems.push(Problem::unreadable(directory, format!("cannot be listed: {}", reason(&error))));
                return Ok(());
            }
        };
        for item in listing {
            let item = match item {
                Ok(item) => item,
                Err(error) => {
                    let message = format!("cannot be listed to its end: {}", reason(&error));
                    self.problems.push(Problem::unreadable(directory, message));
                    break;
                }
            };
            let name = item.file_name();
            let slash = if directory.is_empty() { "" } else { "/" };
            let Some(name) = name.to_str() else {
                let path = format!("{directory}{slash}{}", escaped(name.as_bytes()));
                self.problems.push(Problem::unnamable(path, "has a name that is not UTF-8"));
                continue;
            };
            let path = format!("{directory}{slash}{name}");
            self.kept_bytes += path.len() as u64;
            if self.entries.len() + self.problems.len() > self.limits.entries
                || self.kept_bytes > self.limits.kept_bytes
            {
                return Err(too_large(self.entries.len()));
            }
            match item.metadata() {
                Ok(found) => self.add(path, &found, waiting),
                Err(error) => {
                    self.problems.push(Problem::unreadable(path, format!("cannot be read: {}", reason(&error))))
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, path: String, found: &Metadata, waiting: &mut Vec<String>) {
        let file_type = found.file_type();
        if let Some(special) = special(file_type) {
            self.problems
                .push(Problem::invalid(path, format!("is {special}; a tree may hold files, directories and links")));
            return;
        }
        let mut entry = Entry::new(path.as_str(), FileType::File);
        if file_type.is_symlink() {
            entry.file_type = FileType::Symlink;
            match std::fs::read_link(self.root.join(&path)) {
                Ok(target) => match target.to_str() {
                    Some(target) => {
                        self.kept_bytes += target.len() as u64;
                        entry.target = Some(target.into());
                    }
                    None => {
                        let target = escaped(target.as_os_str().as_bytes());
                        let message = format!("is a link whose target `{target}` is not UTF-8");
                        self.problems.push(Problem::invalid(path, message));
                        return;
                    }
                },
                Err(error) => {
                    self.problems.push(Problem::unreadable(path, format!("cannot be read: {}", reason(&error))));
                    return;
                }
            }
        } else {
            entry.mode = Some(mode(found));
            if file_type.is_dir() {
                entry.file_type = FileType::Directory;
                waiting.push(path);
            } else {
                entry.size = Some(found.len());
                if lists_accounts(&path) && found.len() <= kept_size(&path) {
                    self.add_text(path);
                }
            }
        }
        self.entries.push(entry);
    }

    fn add_text(&mut self, path: String) {
        match read_contents(&self.root.join(&path)) {
            ContentsState::Text(text) => self.texts.push((path.into(), text)),
            ContentsState::Missing(reason) => {
                self.problems.push(Problem::unreadable(path, format!("cannot be read: {reason}")));
            }
        }
    }
}

fn mode(found: &Metadata) -> u16 {
    (found.permissions().mode() & 0o7777) as u16
}

/// The tree with the digest of every file that `root` holds, read on all cores.
pub fn add_digests(root: &Path, tree: Tree) -> Tree {
    let files = tree.entries().par_iter().filter(|entry| entry.file_type == FileType::File);
    let found: BTreeMap<&str, Result<(u64, [u8; 32]), String>> =
        files.map(|entry| (&*entry.path, digest_file(&root.join(&*entry.path)))).collect();
    let mut problems = tree.problems().to_vec();
    let entries = tree.entries().iter().map(|entry| {
        let mut entry = entry.clone();
        match found.get(&*entry.path) {
            Some(Ok((size, digest))) => {
                entry.size = Some(*size);
                entry.digest = Some(*digest);
            }
            Some(Err(reason)) => {
                problems.push(Problem::unreadable(entry.path.clone(), format!("cannot be read: {reason}")))
            }
            None => {}
        }
        entry
    });
    let entries = entries.collect();
    Tree::new(entries, problems).with_texts(tree.texts().to_vec())
}
