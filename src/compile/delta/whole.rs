//! An image as it was linked, kept so that small edits need not link it again.

use std::sync::OnceLock;

use rustc_hash::{FxHashMap, FxHashSet};

use super::accounts::Numbers;
use crate::catalog::Code;
use crate::diagnostic::Diagnostic;
use crate::entity::What;
use crate::graph::part::rows_of;
use crate::graph::slots::NONE;
use crate::graph::{Graph, Image, RowId};
use crate::intern::EntityId;

/// An image that was linked as a whole, with what was found before anything was silenced or kept back.
pub(in crate::compile) struct Whole {
    pub graph: Graph,
    pub findings: Vec<Diagnostic>,
    /// The features that each finding may be silenced by, beside it.
    pub silencers: Vec<Vec<u32>>,
    index: OnceLock<Index>,
}

/// What is looked up for an edit, put together at the first one.
pub(super) struct Index {
    /// The rows that require each entity.
    requirers: Groups,
    /// What is directly below each entity.
    below: Groups,
    /// Rows that are not among a file's own, by feature: of them each row's number.
    other_provides: Vec<(u32, u32)>,
    other_requires: Vec<(u32, u32)>,
    /// For each node its place in an order that all edges allow.
    pub place: Vec<u32>,
    /// Places that something goes through a link to, those links, and places on whose being there it depends where a link leads.
    pub linked: FxHashSet<EntityId>,
    /// Where each link leads that passes no other one, by the row that provides it: the link's number and the place.
    pub leads: FxHashMap<u32, (u32, EntityId)>,
    /// The same links by where they lead.
    leaders: FxHashMap<EntityId, Vec<u32>>,
    /// For each phase whether it has a step of unknown effects.
    pub opaque: [bool; 5],
    /// The numbers of accounts, if none is in doubt.
    pub numbers: Option<Numbers>,
    /// What something was found of.
    pub amiss: FxHashSet<EntityId>,
    /// Users by their homes.
    pub homes: FxHashMap<String, Vec<EntityId>>,
    /// Whether a source goes into a directory and cannot be read.
    pub unread: bool,
}

impl Whole {
    /// The most findings with which an image is worth keeping: each is moved to its new place after each edit.
    const MOST_FINDINGS: usize = 2000;

    /// Keeps an image; nothing if it has circles, which would have to be searched for as a whole, something that took the
    /// place of a directory, far too many findings, or names of which not all were compared.
    pub fn new(graph: Graph, findings: Vec<Diagnostic>, silencers: Vec<Vec<u32>>) -> Option<Self> {
        let image = &graph.image;
        let fits = findings.len() <= Self::MOST_FINDINGS
            && findings.iter().all(|found| found.code != Code::Cycle)
            && graph.comparisons_left > 0
            && image.replacers.is_empty()
            && image.overridden.is_empty();
        fits.then(|| Self { graph, findings, silencers, index: OnceLock::new() })
    }

    /// Whether a file is one of the image's.
    pub fn has_file(&self, path: &str) -> bool {
        let files = &self.graph.image.files;
        files.binary_search_by(|file| file.fragment.source.name.as_str().cmp(path)).is_ok()
    }

    /// Puts together what is looked up for an edit.
    pub fn prepare(&self) {
        self.index();
    }

    pub(super) fn index(&self) -> &Index {
        self.index.get_or_init(|| Index::new(self))
    }
}

impl Index {
    fn new(whole: &Whole) -> Self {
        let graph = &whole.graph;
        let image = &graph.image;
        let count = image.entities.len();
        let requirers = Groups::new(count, image.requires.iter().map(|row| row.entity.0));
        let parents = image.entities.ids().map(|id| image.entities.parent(id));
        // What is in itself is below nothing.
        let parents = parents.enumerate().map(|(id, parent)| if parent.index() == id { NONE } else { parent.0 });
        let below = Groups::new(count, parents);
        let mut opaque = [false; 5];
        for stage in graph.order.stages.iter().filter(|stage| stage.opaque) {
            opaque[stage.phase as usize] = true;
        }
        for (at, &(commands, packages)) in image.opaque_phases.iter().enumerate() {
            opaque[at] |= commands || packages;
        }
        let unread = image
            .provides
            .iter()
            .any(|row| row.into && matches!(row.what, What::Path(facts) if facts.file_type.is_none()));
        Self {
            requirers,
            below,
            other_provides: others(&image.provides, |row| row.feature, own_provides(image)),
            other_requires: others(&image.requires, |row| row.feature, own_requires(image)),
            place: places(graph),
            linked: linked(image),
            leads: image
                .link_targets
                .iter()
                .filter(|&&(link, _)| is_direct(image, link))
                .filter_map(|&(link, place)| Some((image.links[link as usize].provide, (link, place?))))
                .collect(),
            leaders: leaders(image),
            numbers: Numbers::new(whole, opaque.contains(&true)),
            opaque,
            amiss: whole.findings.iter().filter_map(|found| image.entities.find(found.entity.as_deref()?)).collect(),
            homes: homes(image),
            unread,
        }
    }

    /// What is directly below an entity of the image.
    pub fn below(&self, entity: EntityId) -> impl Iterator<Item = EntityId> + Clone + '_ {
        self.below.of(entity.index()).iter().map(|&id| EntityId(id))
    }

    /// The rows that a feature provides.
    pub fn provided_by(&self, image: &Image, feature: u32) -> impl Iterator<Item = u32> + use<'_> {
        let file = &image.files[image.file_of(feature) as usize];
        let rows = rows_of(&file.fragment.provides, feature - file.features, |row| row.feature);
        let own = file.provides + rows.start as u32..file.provides + rows.end as u32;
        let others = rows_of(&self.other_provides, feature, |row| row.0);
        own.chain(self.other_provides[others].iter().map(|&(_, row)| row))
    }

    /// The rows by which a feature requires something.
    pub fn required_by(&self, image: &Image, feature: u32) -> impl Iterator<Item = u32> + use<'_> {
        let file = &image.files[image.file_of(feature) as usize];
        let rows = rows_of(&file.fragment.requires, feature - file.features, |row| row.feature);
        let own = file.requires + rows.start as u32..file.requires + rows.end as u32;
        let others = rows_of(&self.other_requires, feature, |row| row.0);
        own.chain(self.other_requires[others].iter().map(|&(_, row)| row))
    }

    /// The links that lead to an entity of the image and pass no other one on their way.
    pub fn leaders(&self, entity: EntityId) -> &[u32] {
        self.leaders.get(&entity).map_or(&[], Vec::as_slice)
    }

    /// The rows that require an entity of the image.
    pub fn requirers(&self, entity: EntityId) -> &[u32] {
        self.requirers.of(entity.index())
    }
}

/// Numbers by what they belong to.
struct Groups {
    first: Vec<u32>,
    members: Vec<u32>,
}

impl Groups {
    /// Of members that each belong to one of `count`, or to none.
    fn new(count: usize, of: impl Iterator<Item = u32> + Clone) -> Self {
        let mut first = vec![0u32; count + 1];
        for group in of.clone().filter(|&group| group != NONE) {
            first[group as usize + 1] += 1;
        }
        for at in 0..count {
            first[at + 1] += first[at];
        }
        let mut next = first.clone();
        let mut members = vec![0u32; first[count] as usize];
        for (member, group) in of.enumerate().filter(|&(_, group)| group != NONE) {
            let at = &mut next[group as usize];
            members[*at as usize] = member as u32;
            *at += 1;
        }
        Self { first, members }
    }

    fn of(&self, group: usize) -> &[u32] {
        match self.first.get(group..group + 2) {
            Some(&[start, end]) => &self.members[start as usize..end as usize],
            _ => &[],
        }
    }
}

/// How many of an image's rows come from the files' own.
fn own_provides(image: &Image) -> usize {
    image.files.last().map_or(0, |file| file.provides as usize + file.fragment.provides.len())
}

fn own_requires(image: &Image) -> usize {
    image.files.last().map_or(0, |file| file.requires as usize + file.fragment.requires.len())
}

/// The rows behind the files' own, by feature.
fn others<T>(rows: &[T], feature: impl Fn(&T) -> u32, own: usize) -> Vec<(u32, u32)> {
    let mut others: Vec<(u32, u32)> =
        rows.iter().enumerate().skip(own).map(|(number, row)| (feature(row), number as u32)).collect();
    others.sort_unstable();
    others
}

fn homes(image: &Image) -> FxHashMap<String, Vec<EntityId>> {
    let mut homes: FxHashMap<String, Vec<EntityId>> = FxHashMap::default();
    for row in &image.provides {
        let What::User(account) = row.what else { continue };
        if let Some(home) = &image.accounts[account as usize].home {
            let parts: Vec<&str> = home.split('/').filter(|part| !part.is_empty()).collect();
            homes.entry(format!("/{}", parts.join("/"))).or_default().push(row.entity);
        }
    }
    homes
}

/// Where the links lead that pass no other one on their way.
fn leaders(image: &Image) -> FxHashMap<EntityId, Vec<u32>> {
    let mut leaders: FxHashMap<EntityId, Vec<u32>> = FxHashMap::default();
    for &(link, place) in &image.link_targets {
        if let Some(place) = place.filter(|_| is_direct(image, link)) {
            leaders.entry(place).or_default().push(link);
        }
    }
    leaders
}

/// Whether a link leads somewhere without passing another one.
fn is_direct(image: &Image, link: u32) -> bool {
    let own = image.provides[image.links[link as usize].provide as usize].entity;
    let trail = image.trail_of.get(&RowId::Link(link)).map(|&trail| image.trail(trail));
    !image.lost_rows.contains_key(&RowId::Link(link)) && trail.is_some_and(|trail| trail == [own])
}

/// Links that only lead somewhere, which nothing goes through, are not among these for that, and what they lead to is not.
fn linked(image: &Image) -> FxHashSet<EntityId> {
    let indirect = image.link_targets.iter().filter(|&&(link, _)| !is_direct(image, link));
    let targets = indirect.filter_map(|&(_, place)| place);
    let mut linked: FxHashSet<EntityId> = targets.chain(image.looked_at.iter().copied()).collect();
    if image.lost_rows.is_empty() {
        let mut rows: Vec<(RowId, u32)> = image.trail_of.iter().map(|(&row, &trail)| (row, trail)).collect();
        rows.sort_unstable();
        for (row, trail) in rows {
            let own = match row {
                RowId::Link(link) => Some(image.provides[image.links[link as usize].provide as usize].entity),
                _ => None,
            };
            linked.extend(image.trail(trail).into_iter().filter(|&link| Some(link) != own));
        }
    } else {
        // Of ways that lead nowhere not every link is told.
        linked.extend(image.trails.iter().skip(1).map(|&(link, _)| link));
    }
    linked
}

fn places(graph: &Graph) -> Vec<u32> {
    let order = &graph.order;
    let count = order.stage.len();
    let mut outgoing = vec![0u32; count + 1];
    let mut left = vec![0u32; count];
    for edge in &order.incoming {
        outgoing[edge.from as usize + 1] += 1;
        left[edge.to as usize] += 1;
    }
    for node in 0..count {
        outgoing[node + 1] += outgoing[node];
    }
    let mut next = outgoing.clone();
    let mut targets = vec![0u32; order.incoming.len()];
    for edge in &order.incoming {
        let at = &mut next[edge.from as usize];
        targets[*at as usize] = edge.to;
        *at += 1;
    }
    let mut place = vec![NONE; count];
    let mut ready: Vec<u32> = (0..count as u32).filter(|&node| left[node as usize] == 0).collect();
    let mut at = 0;
    while let Some(&node) = ready.get(at) {
        place[node as usize] = at as u32;
        at += 1;
        for &target in &targets[outgoing[node as usize] as usize..outgoing[node as usize + 1] as usize] {
            left[target as usize] -= 1;
            if left[target as usize] == 0 {
                ready.push(target);
            }
        }
    }
    place
}
