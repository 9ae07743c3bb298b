//! Where paths lead in a root, through its links: as a process whose root directory it is would find them.

use std::collections::HashMap;
use std::sync::Arc;

use rustc_hash::FxBuildHasher;

use super::Gathered;
use crate::tree::{Entry, FileType, Problem, Tree, name_of, parent_of, path_order};

/// As many links as the kernel follows on one way.
const LINKS_MAX: usize = 40;

/// Entries of a root, sorted, and the places of directories that were asked for so far.
pub(in crate::scan) struct Places<'t> {
    entries: &'t [Entry],
    known: HashMap<Box<str>, Option<Arc<str>>, FxBuildHasher>,
}

impl<'t> Places<'t> {
    /// Of sorted entries.
    pub(in crate::scan) fn new(entries: &'t [Entry]) -> Self {
        Self { entries, known: HashMap::default() }
    }

    /// Every entry.
    pub(in crate::scan) fn entries(&self) -> &'t [Entry] {
        self.entries
    }

    /// Where an entry is, by its own path.
    pub(in crate::scan) fn index(&self, path: &str) -> Option<usize> {
        self.entries.binary_search_by(|entry| path_order(&entry.path, path)).ok()
    }

    /// Which entry a path leads to: the last component is not followed.
    pub(in crate::scan) fn find(&mut self, path: &str) -> Option<usize> {
        let path = path.trim_matches('/');
        let place = self.place(path)?;
        self.index(&place)
    }

    /// Which entry a path leads to, links at its end followed, too.
    pub(in crate::scan) fn find_followed(&mut self, path: &str) -> Option<usize> {
        let place = self.directory(path.trim_matches('/'))?;
        self.index(&place)
    }

    /// The place of a path, whether something is there or not: every component but the last followed.
    pub(in crate::scan) fn place(&mut self, path: &str) -> Option<String> {
        let Some(above) = parent_of(path) else { return Some(String::new()) };
        if matches!(name_of(path), "." | "..") {
            return self.directory(path).map(|place| place.to_string());
        }
        let above = self.directory(above)?;
        let slash = if above.is_empty() { "" } else { "/" };
        Some(format!("{above}{slash}{}", name_of(path)))
    }

    /// Where a path leads, every component followed; `None` where links go in a circle.
    fn directory(&mut self, path: &str) -> Option<Arc<str>> {
        if let Some(known) = self.known.get(path) {
            return known.clone();
        }
        let place = self.follow(path).map(Arc::from);
        self.known.insert(path.into(), place.clone());
        place
    }

    fn follow(&self, path: &str) -> Option<String> {
        let mut place = String::new();
        // Components still to go, the next one last.
        let mut waiting: Vec<&str> = path.rsplit('/').collect();
        let mut links = 0;
        while let Some(component) = waiting.pop() {
            match component {
                "" | "." => continue,
                ".." => {
                    place.truncate(place.rfind('/').unwrap_or(0));
                    continue;
                }
                _ => {}
            }
            let length = place.len();
            if length > 0 {
                place.push('/');
            }
            place.push_str(component);
            let entry = self.index(&place).map(|at| &self.entries[at]);
            if let Some(target) = entry.and_then(Entry::link_text) {
                links += 1;
                if links > LINKS_MAX {
                    return None;
                }
                place.truncate(if target.starts_with('/') { 0 } else { length });
                waiting.extend(target.rsplit('/'));
            }
        }
        Some(place)
    }
}

/// Puts entries that stand below a link of their own source where that link leads.
pub(super) fn settle(gathered: &mut Gathered) {
    if !gathered.entries.iter().any(|entry| entry.file_type == FileType::Symlink) {
        return;
    }
    let (entries, problems) =
        Tree::new(std::mem::take(&mut gathered.entries), std::mem::take(&mut gathered.problems)).into_parts();
    gathered.problems = problems;
    if !any_below_a_link(&entries) {
        gathered.entries = entries;
        return;
    }
    let mut places = Places::new(&entries);
    let moved: Vec<Option<String>> = entries.iter().map(|entry| places.place(&entry.path)).collect();
    let firsts: Vec<Option<String>> =
        entries.iter().map(|entry| entry.first_name().and_then(|first| places.place(first))).collect();
    let contents = std::mem::take(&mut gathered.contents);
    for (path, content) in contents {
        let place = places.place(&path).map_or_else(|| path.clone(), String::into_boxed_str);
        gathered.contents.insert(place, content);
    }
    for ((mut entry, place), first) in entries.into_iter().zip(moved).zip(firsts) {
        let Some(place) = place else {
            gathered.problems.push(Problem::invalid(entry.path, "is below links that lead in a circle"));
            continue;
        };
        // A directory that is there only because something stood below it is implied anew, or not.
        if !entry.listed {
            continue;
        }
        entry.path = place.into();
        if entry.same_as {
            entry.target = first.map(Into::into);
            entry.same_as = entry.target.is_some();
        }
        gathered.entries.push(entry);
    }
}

/// Whether sorted entries have one below a symbolic link.
fn any_below_a_link(entries: &[Entry]) -> bool {
    let mut link: Option<&str> = None;
    entries.iter().any(|entry| {
        if link.is_some_and(|link| crate::tree::is_below(&entry.path, link)) {
            return true;
        }
        link = (entry.file_type == FileType::Symlink).then_some(&*entry.path);
        false
    })
}
