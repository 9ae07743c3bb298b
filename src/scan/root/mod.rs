//! Facts of a root file system, wherever it lies: in a directory, an archive or a container image, the same root gives the
//! same facts.

mod accounts;
mod beneath;
mod first_names;
mod locks;
mod places;
mod walk;
mod xattrs;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::archive::read_members;
use super::members::Collected;
use super::{Limits, image, lists_accounts, open_regular, packages, reason};
use crate::facts::Facts;
use crate::tree::{Entry, FileType, Problem, ProblemKind, Tree, path_order};

use accounts::Accounts;
pub(super) use beneath::Beneath;
pub(super) use places::Places;

/// What is wanted of a root file system.
#[derive(Clone, Debug, Default)]
pub struct RootOptions {
    /// What the facts are to be called; otherwise after the source.
    pub name: Option<String>,
    /// The digest of every file.
    pub digests: bool,
    /// Of a container image for several platforms: which, as `os/architecture`.
    pub platform: Option<String>,
}

/// A root file system that was read.
#[derive(Clone, Debug)]
pub struct ReadRoot {
    /// What is known of it. Opaque, where something of it could not be read.
    pub facts: Facts,
    /// What of it is not among the facts, or not understood; each a sentence without a final stop.
    pub notes: Vec<String>,
    /// Those of the notes for which the facts are opaque.
    pub lost: Vec<String>,
}

/// Why a source gives no facts at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RootError {
    /// It cannot be read, in words that follow "cannot be read: ".
    Unreadable(String),
    /// It has entries that would stand outside of the root; each a sentence without a final stop.
    Escapes(Vec<String>),
}

/// Reads a directory, an archive or a container image as a root file system.
pub fn read_root(path: &Path, options: &RootOptions, limits: &Limits) -> Result<ReadRoot, RootError> {
    let gathered = gather(path, options, limits).map_err(RootError::Unreadable)?;
    let name = options.name.clone().unwrap_or_else(|| name_of_source(path));
    gathered.facts(name)
}

fn gather(path: &Path, options: &RootOptions, limits: &Limits) -> Result<Gathered, String> {
    let found = std::fs::metadata(path).map_err(|error| reason(&error))?;
    if found.is_dir() && image::is_image_directory(path) {
        return image::gather_directory(path, options, limits);
    }
    if found.is_dir() {
        return walk::walk(path, options.digests, limits);
    }
    let file = open_regular(path)?;
    let collected = read_members(file, root_keeps, options.digests, limits).map_err(super::archive::Fault::reason)?;
    if image::may_be_image_archive(&collected)
        && let Some(gathered) = image::gather_archive(path, options, limits)?
    {
        return Ok(gathered);
    }
    Ok(Gathered::from(collected))
}

/// The file name without what it says of the format.
fn name_of_source(path: &Path) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let name = absolute.file_name().map_or_else(|| String::from("root"), |name| name.to_string_lossy().into_owned());
    let endings = [".gz", ".xz", ".zst", ".tgz", ".txz", ".tar", ".oci"];
    let stripped = endings.iter().fold(name.as_str(), |name, ending| name.strip_suffix(ending).unwrap_or(name));
    if stripped.is_empty() { name } else { stripped.to_owned() }
}

/// Of which files of a root the contents tell something: accounts and packages.
pub(super) fn root_keeps(path: &str) -> bool {
    lists_accounts(path) || packages::is_database(path)
}

/// A file on disk, whatever its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Inode {
    device: u64,
    number: u64,
}

/// What was found in a source, as it came: owners by number, nothing sorted.
#[derive(Default)]
pub(super) struct Gathered {
    entries: Vec<Entry>,
    problems: Vec<Problem>,
    /// Contents of accounts and databases.
    contents: BTreeMap<Box<str>, Vec<u8>>,
    /// Of a directory: which entries may be names of one file.
    inodes: Vec<(usize, Inode)>,
    /// Databases that are being changed; each a sentence.
    held: Vec<String>,
}

impl From<Collected> for Gathered {
    fn from(mut collected: Collected) -> Self {
        super::hard_links::join_hard_links(&mut collected);
        let Collected { mut entries, problems, contents, root, .. } = collected;
        entries.extend(root);
        Self::new(entries, problems, contents)
    }
}

impl Gathered {
    /// What archives told.
    pub(super) fn new(mut entries: Vec<Entry>, problems: Vec<Problem>, contents: BTreeMap<Box<str>, Vec<u8>>) -> Self {
        for entry in &mut entries {
            let kept = entry.xattrs.iter().filter(|xattr| xattrs::belongs(&xattr.name));
            if kept.clone().count() < entry.xattrs.len() {
                entry.xattrs = kept.cloned().collect();
            }
        }
        Self { entries, problems, contents, ..Self::default() }
    }

    fn facts(mut self, name: String) -> Result<ReadRoot, RootError> {
        let escapes: Vec<String> =
            self.problems.iter().filter(|problem| problem.kind == ProblemKind::Escape).map(sentence).collect();
        if !escapes.is_empty() {
            return Err(RootError::Escapes(escapes));
        }
        first_names::join_inodes(&mut self.entries, &self.inodes);
        places::settle(&mut self);
        let (mut entries, mut problems) = Tree::new(self.entries, self.problems).into_parts();
        if entries.first().is_none_or(|entry| !entry.path.is_empty()) {
            // An archive need not list its root; it is there all the same.
            let root = Entry { mode: Some(0o755), uid: Some(0), gid: Some(0), ..Entry::new("", FileType::Directory) };
            entries.insert(0, root);
        }
        first_names::choose(&mut entries);
        let mut notes = Vec::new();
        let (accounts, packages) = {
            let mut places = Places::new(&entries);
            let accounts = Accounts::read(&mut places, &self.contents, &mut notes);
            let packages = packages::read(&mut places, &self.contents, &mut notes);
            (accounts, packages)
        };
        for (at, package) in packages.owners {
            entries[at].package = Some(package);
        }
        for entry in &mut entries {
            entry.user = entry.uid.take().map(|uid| accounts.user(uid));
            entry.group = entry.gid.take().map(|gid| accounts.group(gid));
            entry.order = 0;
            if entry.file_type == FileType::Symlink {
                entry.mode = None;
            }
        }
        problems.sort_by(|a, b| path_order(&a.path, &b.path));
        // What has no name that could be asked for is missed by nobody.
        let mut lost: Vec<String> =
            problems.iter().filter(|problem| problem.kind != ProblemKind::Name).map(sentence).collect();
        lost.extend(packages.lost.iter().chain(&self.held).cloned());
        notes.splice(0..0, problems.iter().map(sentence));
        notes.extend(packages.lost);
        notes.append(&mut self.held);
        let facts = Facts {
            name: Some(name.into()),
            opaque: !lost.is_empty(),
            tree: Arc::new(Tree::new(entries, Vec::new())),
            users: accounts.users,
            groups: accounts.groups,
            packages: packages.packages,
        };
        Ok(ReadRoot { facts, notes, lost })
    }
}

fn sentence(problem: &Problem) -> String {
    format!("`/{}` {}", problem.path.trim_start_matches('/'), problem.message)
}
