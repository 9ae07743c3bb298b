//! Layers applied one on the other: what a layer has takes the place of what was there, and its whiteouts take away.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rustc_hash::FxBuildHasher;

use crate::scan::hard_links::join_hard_links;
use crate::scan::members::Collected;
use crate::scan::root::{Gathered, Places};
use crate::tree::{Entry, FileType, Problem, Tree, is_below, name_of, parent_of, path_order};

const WHITEOUT: &str = ".wh.";
const OPAQUE: &str = ".wh..wh..opq";

/// What the layers so far amount to.
#[derive(Default)]
pub(super) struct Stack {
    /// Sorted.
    entries: Vec<Entry>,
    problems: Vec<Problem>,
    contents: BTreeMap<Box<str>, Vec<u8>>,
    root: Option<Entry>,
}

/// What a layer takes away of those below it.
#[derive(Default)]
struct Whiteouts {
    /// Paths that go, with all below them.
    removed: BTreeSet<String>,
    /// Directories of which all that lies in them goes.
    opaque: BTreeSet<String>,
}

impl Stack {
    pub(super) fn len(&self) -> usize {
        self.entries.len() + self.problems.len()
    }

    pub(super) fn gathered(mut self) -> Gathered {
        self.entries.extend(self.root);
        Gathered::new(self.entries, self.problems, self.contents)
    }

    /// Puts a layer on top.
    pub(super) fn apply(&mut self, mut layer: Collected) {
        self.root = layer.root.take().or(self.root.take());
        let whiteouts = take_whiteouts(&mut layer);
        self.join_hard_links(&mut layer);
        let Collected { entries, problems, contents, .. } = layer;
        let (entries, mut problems) = Tree::new(entries, problems).into_parts();
        let (entries, contents, whiteouts) = self.at_their_places(entries, contents, whiteouts, &mut problems);
        self.problems.append(&mut problems);
        self.merge(entries, &whiteouts);
        self.contents.extend(contents);
    }

    fn find(&self, path: &str) -> Option<&Entry> {
        let at = self.entries.binary_search_by(|entry| path_order(&entry.path, path)).ok()?;
        Some(&self.entries[at])
    }

    /// Joins hard links, also those to what only a lower layer has: these are further names of what is there.
    fn join_hard_links(&self, layer: &mut Collected) {
        if !layer.entries.iter().any(|entry| entry.same_as) {
            return;
        }
        let own: BTreeSet<Box<str>> = layer.entries.iter().map(|entry| entry.path.clone()).collect();
        let mut lent: Vec<Entry> = Vec::new();
        for target in layer.entries.iter().filter_map(Entry::first_name).filter(|target| !own.contains(*target)) {
            let Some(below) = self.find(target) else { continue };
            lent.extend(below.first_name().and_then(|first| self.find(first)).cloned());
            lent.push(below.clone());
        }
        // For as long as links are joined the layer has them, too, before everything else.
        let count = u32::try_from(lent.len()).unwrap_or(u32::MAX);
        lent.append(&mut layer.entries);
        layer.entries = lent;
        number(&mut layer.entries);
        join_hard_links(layer);
        layer.entries.retain(|entry| entry.order >= count);
    }

    /// Entries of a layer where links of the layers below it lead, as they would be unpacked.
    fn at_their_places(
        &self,
        entries: Vec<Entry>,
        contents: BTreeMap<Box<str>, Vec<u8>>,
        whiteouts: Whiteouts,
        problems: &mut Vec<Problem>,
    ) -> (Vec<Entry>, BTreeMap<Box<str>, Vec<u8>>, Whiteouts) {
        let is_link = |path: &str| self.find(path).is_some_and(|entry| entry.file_type == FileType::Symlink);
        let through_links = entries.iter().any(|entry| !entry.listed && is_link(&entry.path))
            || entries.iter().any(|entry| entry.file_type == FileType::Symlink)
            || whiteouts
                .removed
                .iter()
                .chain(&whiteouts.opaque)
                .any(|path| std::iter::successors(parent_of(path), |above| parent_of(above)).any(is_link));
        if !through_links {
            return (entries, contents, whiteouts);
        }
        let own = entries.iter().filter(|entry| entry.listed);
        let mut view: Vec<Entry> = own.cloned().collect();
        let listed = |path: &str| view.binary_search_by(|entry| path_order(&entry.path, path)).is_ok();
        let below: Vec<Entry> = self.entries.iter().filter(|entry| !listed(&entry.path)).cloned().collect();
        view.extend(below);
        view.sort_by(|a, b| path_order(&a.path, &b.path));
        let mut places = Places::new(&view);
        let mut moved = Vec::with_capacity(entries.len());
        for mut entry in entries.into_iter().filter(|entry| entry.listed) {
            match places.place(&entry.path) {
                Some(place) => entry.path = place.into(),
                None => {
                    problems.push(Problem::invalid(entry.path, "is below links that lead in a circle"));
                    continue;
                }
            }
            if entry.same_as {
                entry.target = entry.target.take().and_then(|first| places.place(&first)).map(Into::into);
                entry.same_as = entry.target.is_some();
            }
            moved.push(entry);
        }
        let mut at = |path: String| places.place(&path).unwrap_or(path);
        let contents = contents.into_iter().map(|(path, content)| (at(path.into()).into(), content)).collect();
        let whiteouts = Whiteouts {
            removed: whiteouts.removed.into_iter().map(&mut at).collect(),
            opaque: whiteouts.opaque.into_iter().map(&mut at).collect(),
        };
        let (moved, lost) = Tree::new(moved, Vec::new()).into_parts();
        problems.extend(lost);
        (moved, contents, whiteouts)
    }

    /// What stays of below, and the layer.
    fn merge(&mut self, layer: Vec<Entry>, whiteouts: &Whiteouts) {
        let of_layer = |path: &str| {
            let at = layer.binary_search_by(|entry| path_order(&entry.path, path)).ok()?;
            Some(&layer[at])
        };
        let mut kept: Vec<Entry> = Vec::with_capacity(self.entries.len() + layer.len());
        // First names that went, and the names of the same files that stay.
        let mut orphans: HashMap<Box<str>, Vec<usize>, FxBuildHasher> = HashMap::default();
        let mut gone: Vec<Box<str>> = Vec::new();
        let mut skipped: Option<String> = None;
        let mut implied_here: BTreeSet<Box<str>> = BTreeSet::new();
        for entry in std::mem::take(&mut self.entries) {
            if skipped.as_deref().is_some_and(|above| is_below(&entry.path, above)) {
                gone.push(entry.path);
                continue;
            }
            let path = &*entry.path;
            let over = of_layer(path);
            let removed = whiteouts.removed.contains(path);
            if removed
                || whiteouts.opaque.contains(path)
                || over.is_some_and(|over| over.file_type != FileType::Directory)
            {
                skipped = Some(path.to_owned());
            }
            let stays = match over {
                None => !removed,
                // A directory that the layer only passes through is the one that was there.
                Some(over) => !over.listed && entry.file_type == FileType::Directory && !removed,
            };
            if stays {
                if over.is_some() {
                    implied_here.insert(entry.path.clone());
                }
                kept.push(entry);
            } else {
                gone.push(entry.path);
            }
        }
        if whiteouts.opaque.contains("") {
            gone.extend(kept.drain(..).map(|entry| entry.path));
            implied_here.clear();
        }
        for path in &gone {
            self.contents.remove(path);
        }
        let gone: BTreeSet<Box<str>> = gone.into_iter().collect();
        for (at, entry) in kept.iter().enumerate() {
            if let Some(first) = entry.first_name().filter(|first| gone.contains(*first)) {
                orphans.entry(first.into()).or_default().push(at);
            }
        }
        let mut orphans: Vec<(Box<str>, Vec<usize>)> = orphans.into_iter().collect();
        orphans.sort_unstable();
        for (_, names) in orphans {
            let Some((&first, others)) = names.split_first() else { continue };
            let path = kept[first].path.clone();
            (kept[first].same_as, kept[first].target) = (false, None);
            for &other in others {
                kept[other].target = Some(path.clone());
            }
        }
        kept.extend(layer.into_iter().filter(|entry| entry.listed || !implied_here.contains(&entry.path)));
        let (entries, problems) = Tree::new(kept, Vec::new()).into_parts();
        self.entries = entries;
        self.problems.extend(problems);
    }
}

/// Takes whiteouts out of a layer's entries.
fn take_whiteouts(layer: &mut Collected) -> Whiteouts {
    let mut whiteouts = Whiteouts::default();
    let problems = &mut layer.problems;
    layer.entries.retain(|entry| {
        let Some(hidden) = name_of(&entry.path).strip_prefix(WHITEOUT) else { return true };
        let above = parent_of(&entry.path).unwrap_or("");
        if name_of(&entry.path) == OPAQUE {
            whiteouts.opaque.insert(above.to_owned());
        } else if matches!(hidden, "" | "." | "..") {
            problems.push(Problem::invalid(entry.path.clone(), "is a whiteout of nothing that has a name"));
        } else if !hidden.starts_with(WHITEOUT) {
            // Others that start so are what an old union file system kept for itself.
            let slash = if above.is_empty() { "" } else { "/" };
            whiteouts.removed.insert(format!("{above}{slash}{hidden}"));
        }
        false
    });
    number(&mut layer.entries);
    whiteouts
}

/// Entries by their order again, after some were taken out or added.
fn number(entries: &mut [Entry]) {
    for (order, entry) in entries.iter_mut().enumerate() {
        entry.order = u32::try_from(order).unwrap_or(u32::MAX);
    }
}
