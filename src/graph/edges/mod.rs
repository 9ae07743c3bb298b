//! Requirements turned into edges between steps, and into lacks where nothing meets them.

mod accounts;
mod parents;
mod removals;
mod rows;
mod trees;
mod want;

use std::ops::Range;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::check::Failure;
use super::image::{Image, RowId};
use super::slots::{NONE, Slot, Slots, There};
use crate::entity::{Means, Phase, Strength};
use crate::intern::EntityId;

/// Why one step needs another: the row that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// A requirement.
    Require(u32),
    /// The directory of something provided.
    Parent(u32),
    /// A link on the way of a row.
    Link(RowId),
    /// An order between removals, or of a removal after who still needs the thing.
    Removal(u32),
    /// What a step reads is edited in place by another.
    Reads(u32),
    /// A tree leaves out what another step makes, and follows it.
    Skips(u32),
}

/// `to` needs `from`.
#[derive(Clone, Copy, Debug)]
pub struct Edge {
    /// The step that comes first.
    pub from: u32,
    /// The step that needs it.
    pub to: u32,
    /// Because of this entity.
    pub entity: EntityId,
    /// For this reason.
    pub why: Why,
}

/// What a requirement relies on outside the image's own steps.
#[derive(Clone, Copy, Debug)]
pub struct Reliance {
    /// The step that relies on it.
    pub node: u32,
    /// The entity.
    pub entity: EntityId,
    /// What must be true of it.
    pub validator: u32,
    /// The phase that relies on it.
    pub phase: Phase,
    /// Whether it is assumed or only in the base.
    pub assumed: bool,
}

/// The graph: nodes are features (those that are one step share the first), and slots that are steps of their own.
#[derive(Default)]
pub struct Edges {
    /// Slots that are steps of their own; their nodes follow the features.
    pub extra: Vec<u32>,
    /// In no order.
    pub edges: Vec<Edge>,
    /// What is required and not there, or not as required.
    pub failures: Vec<Failure>,
    /// What is relied on from outside.
    pub reliances: Vec<Reliance>,
    /// Rows of assumptions that something relies on, with repeats.
    pub assumptions_used: Vec<u32>,
}

/// Gives every slot its step and turns every requirement into edges and failures.
pub fn build(image: &mut Image) -> Edges {
    let mut edges = Edges::default();
    super::united::unite_shared(image);
    assign_nodes(image, &mut edges);
    let mounts = mounts(image, &mut edges);
    let mut builder = Builder { image, edges, mounts: &mounts };
    builder.side_by_side(image.provides.len(), Builder::parents);
    builder.side_by_side(image.requires.len(), Builder::requires);
    builder.link_targets();
    builder.links();
    builder.removals();
    builder.trees();
    builder.changes();
    builder.readers();
    builder.recorded_accounts();
    let mut edges = builder.edges;
    edges.edges.par_sort_unstable_by_key(|edge| (edge.to, edge.from, edge.entity, edge.why));
    edges.edges.dedup_by_key(|edge| (edge.to, edge.from));
    edges
}

/// The slots of mounts, by place. What is mounted on something comes after what makes it.
fn mounts(image: &Image, edges: &mut Edges) -> FxHashMap<EntityId, u32> {
    let mut mounts = FxHashMap::default();
    for (number, slot) in image.slots.slots.iter().enumerate() {
        let Some(mount) = slot.mount else { continue };
        mounts.insert(slot.entity, number as u32);
        if mount != slot.lead && slot.node != NONE && !slot.broken {
            let to = image.slots.merged[image.provides[mount as usize].feature as usize];
            edges.edges.push(Edge { from: slot.node, to, entity: slot.entity, why: Why::Skips(mount) });
        }
    }
    mounts
}

fn assign_nodes(image: &mut Image, edges: &mut Edges) {
    super::trees_split::split(image);
    let features = image.features.len() as u32;
    for number in 0..image.slots.slots.len() {
        let slot = &image.slots.slots[number];
        if slot.satisfied {
            continue;
        }
        let row = &image.provides[slot.lead as usize];
        let own = row.strength == Strength::Implied && !slot.broken && row.means == Means::Made || slot.split;
        let node = if own {
            edges.extra.push(number as u32);
            features + edges.extra.len() as u32 - 1
        } else {
            image.slots.merged[row.feature as usize]
        };
        image.slots.slots[number].node = node;
    }
}

/// So many rows are worth handing to another thread.
const PIECE: usize = 1 << 13;

/// Collects edges and failures of one image.
pub(super) struct Builder<'i> {
    pub(super) image: &'i Image,
    pub(super) edges: Edges,
    pub(super) mounts: &'i FxHashMap<EntityId, u32>,
}

impl<'i> Builder<'i> {
    pub(super) fn node_of(&self, feature: u32) -> u32 {
        self.image.slots.merged[feature as usize]
    }

    /// Works through rows piece by piece, several at a time. What comes of them stands in the order of the rows.
    fn side_by_side(&mut self, rows: usize, work: impl Fn(&mut Self, Range<u32>) + Sync) {
        let pieces = (0..rows).step_by(PIECE).map(|start| start as u32..rows.min(start + PIECE) as u32);
        if pieces.len() < 2 {
            return pieces.for_each(|piece| work(self, piece));
        }
        let (image, mounts) = (self.image, self.mounts);
        let one = |piece: Range<u32>| {
            let mut builder = Self { image, edges: Edges::default(), mounts };
            work(&mut builder, piece);
            builder.edges
        };
        let pieces: Vec<Edges> = pieces.collect::<Vec<_>>().into_par_iter().map(one).collect();
        let edges = &mut self.edges;
        edges.edges.reserve(pieces.iter().map(|piece| piece.edges.len()).sum());
        for mut piece in pieces {
            edges.edges.append(&mut piece.edges);
            edges.failures.append(&mut piece.failures);
            edges.reliances.append(&mut piece.reliances);
            edges.assumptions_used.append(&mut piece.assumptions_used);
        }
    }

    /// The mount that a place is strictly below, in a phase.
    pub(super) fn mount_above(&self, entity: EntityId, phase: Phase) -> Option<EntityId> {
        let base_mounts = self.image.base.is_some();
        if self.mounts.is_empty() && !base_mounts || !self.image.entities.is_path(entity) {
            return None;
        }
        let mut at = entity;
        while at != EntityId::ROOT {
            at = self.image.entities.parent(at);
            if let Some(&slot) = self.mounts.get(&at)
                && self.image.slots.slots[slot as usize].phase <= phase
            {
                return Some(at);
            }
            if base_mounts
                && self.image.known(at).is_some_and(|known| known.mount)
                && matches!(self.image.within(at, phase), There::Base(_))
            {
                return Some(at);
            }
        }
        None
    }

    /// The node that a row's requirements belong to; none if what it provides was there already.
    pub(super) fn row_node(&self, number: u32) -> Option<u32> {
        let row = &self.image.provides[number as usize];
        if self.image.slots.states[number as usize] & Slots::DROPPED != 0 {
            return None;
        }
        if row.strength == Strength::Implied && row.means == Means::Made {
            let slot = self.slot_of(number)?;
            return (slot.lead == number && slot.node != NONE).then_some(slot.node);
        }
        Some(self.node_of(row.feature))
    }

    pub(super) fn slot_of(&self, number: u32) -> Option<&Slot> {
        let row = &self.image.provides[number as usize];
        let phase = self.image.phase(row.feature);
        self.image.slots.of(row.entity).iter().find(|slot| slot.phase == phase)
    }
}

impl Edges {
    pub(super) fn used_assumption(&mut self, row: u32) {
        self.assumptions_used.push(row);
    }
}
