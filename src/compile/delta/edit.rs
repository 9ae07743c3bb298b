//! What became of a file: which of its features are as they were, and where everything else of it now stands.

use std::ops::Range;
use std::sync::Arc;

use crate::fragment::{Fragment, Head, Parent};
use crate::graph::part::Edited;
use crate::syntax::NodeId;
use crate::text::Span;

/// A file before and after, alike at its start and at its end.
pub(super) struct FileEdit {
    before: Arc<Fragment>,
    now: Arc<Fragment>,
    /// Features that are as they were, at the start and at the end.
    first: u32,
    last: u32,
    /// Bytes that are as they were, at the start and at the end.
    start: u32,
    end: u32,
}

impl FileEdit {
    /// Compares two fragments of one file; nothing where more than features changed.
    pub fn new(before: Arc<Fragment>, now: Arc<Fragment>) -> Option<Self> {
        if before.document.language() != now.document.language()
            || !same_head(&before.head, &now.head)
            || before.references.len() != now.references.len()
            || before.references.iter().zip(&now.references).any(|(a, b)| a.path != b.path)
        {
            return None;
        }
        let (old, new) = (before.source.text.as_bytes(), now.source.text.as_bytes());
        let start = old.iter().zip(new).take_while(|(a, b)| a == b).count();
        let most = old.len().min(new.len()) - start;
        let end = old.iter().rev().zip(new.iter().rev()).take(most).take_while(|(a, b)| a == b).count();
        let shift = new.len() as i64 - old.len() as i64;
        let (old_tables, new_tables) = (tables(&before), tables(&now));
        let same = |a: &Table, b: &Table, shift: i64| {
            a.features.len() == b.features.len()
                && i64::from(a.at) + shift == i64::from(b.at)
                && alike(&before, a, &now, b)
        };
        let first = old_tables.iter().zip(&new_tables).take_while(|(a, b)| same(a, b, 0)).count();
        let most = old_tables.len().min(new_tables.len()) - first;
        let last = old_tables
            .iter()
            .rev()
            .zip(new_tables.iter().rev())
            .take(most)
            .take_while(|(a, b)| same(a, b, shift))
            .count();
        // What is said of a feature moves with the feature, also where the text beside it reads the same.
        let changed = old_tables.get(first).map_or(start, |table| start.min(table.at as usize));
        let rest = match old_tables.len() - last {
            at if at < old_tables.len() => Some(old_tables[at].at),
            at => at.checked_sub(1).map(|at| before.document.span(old_tables[at].node).end),
        };
        let end = rest.map_or(end, |rest| end.min(old.len() - rest as usize));
        let start = changed;
        let count = |tables: &[Table]| tables.iter().map(|table| table.features.len() as u32).sum();
        let (first, last) = (count(&old_tables[..first]), count(&old_tables[old_tables.len() - last..]));
        Some(Self { before, now, first, last, start: start as u32, end: end as u32 })
    }

    /// The features that went, by the numbers they had in the file.
    pub fn gone(&self) -> Range<u32> {
        self.first..self.before.features.len() as u32 - self.last
    }
}

impl Edited for FileEdit {
    fn fragment(&self) -> &Arc<Fragment> {
        &self.now
    }

    fn before(&self) -> &Fragment {
        &self.before
    }

    fn feature(&self, before: u32) -> Option<u32> {
        let (old, new) = (self.before.features.len() as u32, self.now.features.len() as u32);
        match before {
            _ if before < self.first => Some(before),
            _ if before >= old - self.last => Some(before + new - old),
            _ => None,
        }
    }

    fn span(&self, before: Span) -> Option<Span> {
        let (old, new) = (self.before.source.text.len() as u32, self.now.source.text.len() as u32);
        match before {
            _ if before.end <= self.start => Some(before),
            _ if before.start >= old - self.end => Some(Span::new(before.start + new - old, before.end + new - old)),
            _ => None,
        }
    }

    fn come(&self) -> (Range<u32>, u32) {
        (self.first..self.now.features.len() as u32 - self.last, self.first)
    }
}

/// A table and the features that it declares.
struct Table {
    node: NodeId,
    at: u32,
    features: Range<u32>,
}

fn tables(fragment: &Fragment) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    for (number, feature) in fragment.features.iter().enumerate() {
        let number = number as u32;
        match tables.last_mut() {
            Some(last) if last.node == feature.node => last.features.end = number + 1,
            _ => {
                let at = fragment.document.span(feature.node).start;
                tables.push(Table { node: feature.node, at, features: number..number + 1 });
            }
        }
    }
    tables
}

/// Whether two tables say the same and are laid out alike, wherever they stand. Such tables of one file have equal rows.
fn alike(before: &Fragment, a: &Table, now: &Fragment, b: &Table) -> bool {
    let rows = |fragment: &Fragment, table: &Table| {
        let features = fragment.features[table.features.start as usize..table.features.end as usize].iter();
        features.map(|feature| (feature.kind, feature.flags, feature.phase)).collect::<Vec<_>>()
    };
    if rows(before, a) != rows(now, b) {
        return false;
    }
    let (old, new) = (before.source.text.as_str(), now.source.text.as_str());
    let moved = |span: Span, at: u32| (span.start.wrapping_sub(at), span.end.wrapping_sub(at));
    let mut pending = vec![(a.node, b.node)];
    while let Some((one, other)) = pending.pop() {
        let places = [
            (before.document.key(one), now.document.key(other)),
            (before.document.span(one), now.document.span(other)),
        ];
        let same = before.document.shape(one) == now.document.shape(other)
            && places.iter().all(|&(x, y)| moved(x, a.at) == moved(y, b.at) && x.of(old) == y.of(new));
        if !same {
            return false;
        }
        let (mut own, mut its) = (before.document.children(one), now.document.children(other));
        loop {
            match (own.next(), its.next()) {
                (Some(one), Some(other)) => pending.push((one, other)),
                (None, None) => break,
                _ => return false,
            }
        }
    }
    true
}

fn same_head(a: &Head, b: &Head) -> bool {
    let paths = |head: &Head| -> Vec<String> { head.includes.iter().map(|include| include.path.clone()).collect() };
    let ids = |head: &Head| head.ids.as_ref().map(|ids| ids.path.clone());
    let parent = |head: &Head| match &head.parent {
        Some(Parent::File(reference)) => Some((true, reference.path.clone())),
        Some(Parent::Opaque { name, .. }) => Some((false, name.clone())),
        None => None,
    };
    a.is_image == b.is_image
        && a.name == b.name
        && a.package_manager == b.package_manager
        && a.typed == b.typed
        && paths(a) == paths(b)
        && ids(a) == ids(b)
        && parent(a) == parent(b)
}
