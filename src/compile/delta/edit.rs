//! What became of a file: which of its features are as they were, and where everything else of it now stands.

use std::hash::Hasher;
use std::ops::Range;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHasher};

use crate::fragment::{Fragment, Head, Parent};
use crate::graph::part::{Come, Edited};
use crate::syntax::NodeId;
use crate::syntax::snippet::Claim;
use crate::text::Span;

/// A file before and after: tables that stayed as they were, in the same order, and between them some that went or came.
pub(super) struct FileEdit {
    before: Arc<Fragment>,
    now: Arc<Fragment>,
    /// Tables with features, in the order of their features.
    old: Vec<Table>,
    new: Vec<Table>,
    /// For each old table the new one that is the same.
    stayed: Vec<Option<u32>>,
    /// The old tables by place.
    by_place: Vec<u32>,
    /// Features that went, by the numbers they had in the file.
    gone: Vec<Range<u32>>,
    /// Features that came.
    come: Vec<Come>,
}

/// A table and the features that it declares.
struct Table {
    node: NodeId,
    at: u32,
    features: Range<u32>,
}

impl FileEdit {
    /// Compares two fragments of one file; nothing where more than features changed.
    pub fn new(before: Arc<Fragment>, now: Arc<Fragment>) -> Option<Self> {
        if before.document.language() != now.document.language()
            || !same_claims(&before.document.claims, &now.document.claims)
            || !same_head(&before.head, &now.head)
            || before.references.len() != now.references.len()
            || before.references.iter().zip(&now.references).any(|(a, b)| a.path != b.path)
        {
            return None;
        }
        let (old, new) = (tables(&before), tables(&now));
        let stayed = stayed(&before, &old, &now, &new);
        let mut by_place: Vec<u32> = (0..old.len() as u32).collect();
        by_place.sort_by_key(|&table| old[table as usize].at);
        let mut gone: Vec<Range<u32>> = Vec::new();
        for (table, _) in old.iter().zip(&stayed).filter(|(_, stayed)| stayed.is_none()) {
            match gone.last_mut() {
                Some(last) if last.end == table.features.start => last.end = table.features.end,
                _ => gone.push(table.features.clone()),
            }
        }
        let mut was: Vec<Option<u32>> = vec![None; new.len()];
        for (table, stayed) in stayed.iter().enumerate() {
            if let Some(now) = stayed {
                was[*now as usize] = Some(table as u32);
            }
        }
        let mut come: Vec<Come> = Vec::new();
        let mut next = before.features.len() as u32;
        for (table, was) in new.iter().zip(&was).rev() {
            match (was, come.last_mut()) {
                (Some(was), _) => next = old[*was as usize].features.start,
                (None, Some(last)) if last.before == next => last.features.start = table.features.start,
                (None, _) => come.push(Come { features: table.features.clone(), before: next }),
            }
        }
        come.reverse();
        Some(Self { before, now, old, new, stayed, by_place, gone, come })
    }

    /// The features that went, by the numbers they had in the file, ascending.
    pub fn gone(&self) -> &[Range<u32>] {
        &self.gone
    }

    /// How many features went or came.
    pub fn drift(&self) -> u32 {
        let come = self.come.iter().map(|come| &come.features);
        self.gone.iter().chain(come).map(|range| range.len() as u32).sum()
    }

    /// What stands between two tables that stayed, or before the first or after the last: a place there is the same where
    /// the text before it or after it is.
    fn beside(&self, before: Span, next: usize) -> Option<Span> {
        let (old_text, new_text) = (self.before.source.text.as_bytes(), self.now.source.text.as_bytes());
        let kept = |&&table: &&u32| self.stayed[table as usize].is_some();
        let above = self.by_place[..next].iter().rev().find(kept);
        let below = self.by_place[next..].iter().find(kept);
        let now = |table: &u32| &self.new[self.stayed[*table as usize].unwrap_or_default() as usize];
        let starts = above
            .map_or((0, 0), |above| (end_of(&self.before, &self.old[*above as usize]), end_of(&self.now, now(above))));
        let ends = below.map_or((old_text.len() as u32, new_text.len() as u32), |below| {
            (self.old[*below as usize].at, now(below).at)
        });
        let old = old_text.get(starts.0 as usize..ends.0 as usize)?;
        let new = new_text.get(starts.1 as usize..ends.1 as usize)?;
        // Other tables that went or came there may read alike.
        let between = |text: &[Table], from: u32, to: u32| -> (u32, u32) {
            let inside = text.iter().filter(|table| (from..to).contains(&table.at)).map(|table| table.at);
            inside.fold((to, from), |(first, last), at| (first.min(at), last.max(at)))
        };
        let (first, last) = between(&self.old, starts.0, ends.0);
        let alike = old.iter().zip(new).take_while(|(a, b)| a == b).count() as u32;
        if before.start >= starts.0 && before.end <= (starts.0 + alike).min(first) {
            return Some(Span::new(before.start - starts.0 + starts.1, before.end - starts.0 + starts.1));
        }
        let most = old.len().min(new.len()) as u32;
        let alike = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count() as u32;
        let is_behind = self.old.iter().find(|table| table.at == last && (starts.0..ends.0).contains(&last));
        let last = is_behind.map_or(starts.0, |table| end_of(&self.before, table));
        let from = (ends.0 - alike.min(most)).max(last);
        (before.start >= from && before.end <= ends.0)
            .then(|| Span::new(before.start + ends.1 - ends.0, before.end + ends.1 - ends.0))
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
        let table = self.old.partition_point(|table| table.features.end <= before);
        let now = &self.new[self.stayed.get(table).copied().flatten()? as usize];
        Some(now.features.start + before - self.old[table].features.start)
    }

    fn span(&self, before: Span) -> Option<Span> {
        let next = self.by_place.partition_point(|&table| self.old[table as usize].at <= before.start);
        let table = next.checked_sub(1).map(|at| self.by_place[at]);
        let inside = |&table: &u32| before.end <= end_of(&self.before, &self.old[table as usize]);
        match table.filter(inside) {
            Some(table) => {
                let now = self.new[self.stayed[table as usize]? as usize].at;
                let was = self.old[table as usize].at;
                Some(Span::new(before.start - was + now, before.end - was + now))
            }
            None => self.beside(before, next),
        }
    }

    fn come(&self) -> &[Come] {
        &self.come
    }
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

/// Where the last value of a table ends.
fn end_of(fragment: &Fragment, table: &Table) -> u32 {
    let mut end = fragment.document.span(table.node).end;
    let mut pending = vec![table.node];
    while let Some(node) = pending.pop() {
        end = end.max(fragment.document.span(node).end).max(fragment.document.key(node).end);
        pending.extend(fragment.document.children(node));
    }
    end
}

/// For each old table the new one that is the same, ascending: those at the start and at the end, and between them those
/// of which there is one on either side.
fn stayed(before: &Fragment, old: &[Table], now: &Fragment, new: &[Table]) -> Vec<Option<u32>> {
    let same = |a: usize, b: usize| alike(before, &old[a], now, &new[b]);
    let most = old.len().min(new.len());
    let first = (0..most).take_while(|&at| same(at, at)).count();
    let last = (1..=most - first).take_while(|&at| same(old.len() - at, new.len() - at)).count();
    let mut stayed: Vec<Option<u32>> = vec![None; old.len()];
    for (at, stayed) in stayed[..first].iter_mut().enumerate() {
        *stayed = Some(at as u32);
    }
    for at in 1..=last {
        stayed[old.len() - at] = Some((new.len() - at) as u32);
    }
    let once = |fragment: &Fragment, tables: &[Table], from: usize| {
        let mut once: FxHashMap<u64, Option<usize>> = FxHashMap::default();
        for (at, table) in tables[from..tables.len() - last].iter().enumerate() {
            let hash = hash_of(fragment, table);
            once.entry(hash).and_modify(|at| *at = None).or_insert(Some(from + at));
        }
        once
    };
    let (one, other) = (once(before, old, first), once(now, new, first));
    let mut pairs: Vec<(usize, usize)> = one
        .iter()
        .filter_map(|(hash, &a)| Some((a?, other.get(hash).copied().flatten()?)))
        .filter(|&(a, b)| same(a, b))
        .collect();
    pairs.sort_unstable();
    for (a, b) in ascending(&pairs) {
        stayed[a] = Some(b as u32);
    }
    stayed
}

/// As many of the pairs as ascend in both, by patience.
fn ascending(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let mut tops: Vec<usize> = Vec::new();
    let mut under: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (at, &(_, b)) in pairs.iter().enumerate() {
        let pile = tops.partition_point(|&top| pairs[top].1 < b);
        under.push(pile.checked_sub(1).map(|pile| tops[pile]));
        match tops.get_mut(pile) {
            Some(top) => *top = at,
            None => tops.push(at),
        }
    }
    let mut way = Vec::with_capacity(tops.len());
    let mut at = tops.last().copied();
    while let Some(pair) = at {
        way.push(pairs[pair]);
        at = under[pair];
    }
    way.reverse();
    way
}

fn hash_of(fragment: &Fragment, table: &Table) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(fragment.document.span(table.node).of(&fragment.source.text).as_bytes());
    for child in fragment.document.children(table.node) {
        hasher.write(fragment.document.key(child).of(&fragment.source.text).as_bytes());
        hasher.write(fragment.document.span(child).of(&fragment.source.text).as_bytes());
    }
    hasher.finish()
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

/// Whether lines of tmpfiles.d say the same of the same paths, wherever they stand.
fn same_claims(before: &[Claim], now: &[Claim]) -> bool {
    let somewhere = |claim: &Claim| Claim { line: Span::default(), span: Span::default(), ..claim.clone() };
    before.len() == now.len() && before.iter().zip(now).all(|(a, b)| somewhere(a) == somewhere(b))
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
