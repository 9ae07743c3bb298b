//! Trees of files as data: a sorted list of entries. Source folders, archives, clones and facts are all this.

mod entry;
pub mod package;
mod path;
mod version;
mod without;

use std::cmp::Ordering;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxBuildHasher;

pub use entry::{Entry, FileType, Owner, Problem, ProblemKind, Xattr, digest_text};
pub use path::{is_below, name_of, parent_of, path_order};

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
        if !entries.is_sorted_by(|a, b| path_order(&a.path, &b.path).is_lt()) {
            entries = in_path_order(entries);
        }
        let entries = with_implied(entries, &mut problems);
        Self { entries, texts: Vec::new(), problems: sorted(problems) }
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

    /// Every entry, sorted, and what is not among them.
    pub fn into_parts(self) -> (Vec<Entry>, Vec<Problem>) {
        (self.entries, self.problems)
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
        let at = self.texts.binary_search_by(|(of, _)| path_order(of, path)).ok()?;
        self.texts.get(at).map(|(_, text)| text)
    }

    /// Where a path is in [`Tree::entries`].
    pub fn index(&self, path: &str) -> Option<usize> {
        self.entries.binary_search_by(|entry| path_order(&entry.path, path)).ok()
    }

    /// The entry at a path. Links are not followed.
    pub fn get(&self, path: &str) -> Option<&Entry> {
        self.index(path).map(|at| &self.entries[at])
    }

    /// Where in [`Tree::entries`] everything below a path is, itself not included.
    pub fn range_below(&self, path: &str) -> Range<usize> {
        let start = self.entries.partition_point(|e| path_order(&e.path, path) != Ordering::Greater);
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
            let mut entry = Entry { path: path.into(), ..entry.clone() };
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
        Self::new(entries, problems).with_texts(texts.into_iter().map(|(path, _, text)| (path, text)).collect())
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
            let mut entry = Entry { path: here.into(), ..old.clone() };
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
            texts: texts.map(|(of, text)| (rebased(of, path).into(), text.clone())).collect(),
            problems: problems
                .map(|problem| Problem { path: rebased(&problem.path, path).into(), ..problem.clone() })
                .collect(),
        }
    }
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

/// Sorts by path; of several at one path the last stays.
fn in_path_order(entries: Vec<Entry>) -> Vec<Entry> {
    // Entries are large, so their numbers are sorted in their place.
    let mut numbers: Vec<usize> = (0..entries.len()).collect();
    numbers.sort_by(|&a, &b| {
        let (a, b) = (&entries[a], &entries[b]);
        path_order(&a.path, &b.path).then(a.order.cmp(&b.order))
    });
    // `dedup_by` keeps the first of a run, so the later one is moved there.
    numbers.dedup_by(|later, kept| {
        let same = entries[*later].path == entries[*kept].path;
        if same {
            *kept = *later;
        }
        same
    });
    let mut entries: Vec<Option<Entry>> = entries.into_iter().map(Some).collect();
    numbers.into_iter().filter_map(|number| entries[number].take()).collect()
}

/// Adds the directories that sorted entries imply, and takes out what stands below something that holds nothing.
fn with_implied(entries: Vec<Entry>, problems: &mut Vec<Problem>) -> Vec<Entry> {
    // Directories to be added, each with the number of the entry it comes before; entries to be taken out.
    let mut implied: Vec<(usize, Entry)> = Vec::new();
    let mut refused: Vec<(usize, String)> = Vec::new();
    // What stands above the last entry and that entry itself: the lengths of their paths, and what they are.
    let mut above: Vec<(usize, FileType)> = Vec::new();
    let mut last = "";
    let mut implied_bytes = 0;
    let mut end = entries.len();
    for (number, entry) in entries.iter().enumerate() {
        let path = &*entry.path;
        while above.last().is_some_and(|&(length, _)| !is_below(path, &last[..length])) {
            above.pop();
        }
        let mut from = 0;
        if let Some(&(length, file_type)) = above.last() {
            if !file_type.holds_entries() && file_type != FileType::Symlink {
                let message = format!("is below `{}`, which is {}", &path[..length], file_type.described());
                refused.push((number, message));
                continue;
            }
            from = if length == 0 { 0 } else { length + 1 };
        }
        for at in memchr::memchr_iter(b'/', &path.as_bytes()[from..]) {
            let length = from + at;
            implied_bytes += length;
            above.push((length, FileType::Directory));
            let directory = Entry::new(&path[..length], FileType::Directory);
            implied.push((number, Entry { listed: false, order: entry.order, ..directory }));
        }
        if implied_bytes > IMPLIED_BYTES_MAX {
            refused.push((number, String::from("implies more directories than can be kept; the tree ends here")));
            end = number + 1;
            break;
        }
        above.push((path.len(), entry.file_type));
        last = path;
    }
    if implied.is_empty() && refused.is_empty() {
        return entries;
    }
    let mut result = Vec::with_capacity(end + implied.len());
    let mut implied = implied.into_iter().peekable();
    let mut refused = refused.into_iter().peekable();
    for (number, entry) in entries.into_iter().enumerate().take(end) {
        while let Some((_, directory)) = implied.next_if(|(before, _)| *before == number) {
            result.push(directory);
        }
        match refused.next_if(|(which, _)| *which == number) {
            Some((_, message)) => problems.push(Problem::invalid(entry.path, message)),
            None => result.push(entry),
        }
    }
    result
}
