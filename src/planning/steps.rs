//! One step of a plan, and where it was declared.

use std::borrow::Cow;

use super::build::Built;
use super::ids::main_entity;
use super::operation::Operations;
use crate::entity::{Means, Strength};
use crate::fragment::Feature;
use crate::graph::slots::There;
use crate::intern::{EntityId, EntityType};
use crate::tree::FileType;
use featgraph_plan::{Origin, Provided, Replaced, ReplacedFrom, ReplacedType, Step};

/// What is used again from step to step.
#[derive(Default)]
pub(super) struct Scratch {
    /// The steps that one requires.
    pub required: Vec<u32>,
    /// The line of the last place that was looked up.
    line: usize,
}

impl Built<'_> {
    pub(super) fn step(&self, node: u32, scratch: &mut Scratch) -> Step<'_> {
        let graph = self.graph;
        self.required(node, &mut scratch.required);
        let mut requires: Vec<Cow<'_, str>> = scratch.required.iter().map(|&node| self.ids.of(node).into()).collect();
        requires.sort_unstable();
        let op = self.operations.operation(&self.nodes, node, self.ids.subject(node));
        let own_slot = self.nodes.slot(node);
        Step {
            id: self.ids.of(node).into(),
            stage: graph.order.stage[node as usize],
            wave: graph.order.wave[node as usize],
            phase: self.nodes.phase(node),
            implied: own_slot.is_some_and(|slot| {
                let slot = &graph.image.slots.slots[slot as usize];
                graph.image.provides[slot.lead as usize].strength == Strength::Implied
            }),
            modifies: self.operations.modifies(&op, self.nodes.phase(node), self.brings_accounts(node)),
            hermetic: Operations::hermetic(&op),
            op,
            requires,
            provides: self.provided(node),
            replaces: self.replaced(node),
            inputs: self.inputs_of(node),
            key: self.keys[node as usize],
        }
    }

    /// Whether it is said of a step that it brings users, and groups, which it then enters into the account files.
    fn brings_accounts(&self, node: u32) -> (bool, bool) {
        let image = &self.graph.image;
        let mut brings = (false, false);
        for &slot in self.provides.of(node) {
            let slot = &image.slots.slots[slot as usize];
            if image.provides[slot.lead as usize].means == Means::Declared {
                let entity_type = image.entities.entity_type(slot.entity);
                brings.0 |= entity_type == EntityType::User;
                brings.1 |= entity_type == EntityType::Group;
            }
        }
        brings
    }

    fn provided(&self, node: u32) -> Vec<Provided> {
        let image = &self.graph.image;
        let slots = self.provides.of(node);
        let main = main_entity(image, &self.nodes, node);
        let mut provided = Vec::with_capacity(slots.len());
        let mut entries = 0u64;
        for &slot in slots {
            let slot = &image.slots.slots[slot as usize];
            let contained = image.provides[slot.lead as usize].means == Means::Contained
                && image.entities.is_path(slot.entity)
                && !slot.split;
            if contained && !self.options.entries {
                entries += 1;
            } else if main == Some(slot.entity) {
                let entity_type = image.entities.entity_type(slot.entity);
                provided.push(Provided::Entity([entity_type.name(), ":", self.ids.subject(node)].concat()));
            } else {
                provided.push(Provided::Entity(image.key(slot.entity)));
            }
        }
        provided.extend(self.declared(node).map(Provided::Entity));
        provided.sort_unstable_by(|a, b| a.entity().cmp(b.entity()));
        provided.dedup();
        if entries > 0
            && let Some(main) =
                self.nodes.slot(node).map_or(image.features.get(node as usize).and_then(|row| row.main), |_| None)
        {
            // Packages unpack at `/`, whatever they are called.
            let root = if image.entities.is_path(main) { main } else { EntityId::ROOT };
            provided.insert(0, Provided::Tree { entity: image.key(root), entries });
        }
        provided
    }

    /// What the features of a step say that they bring about, where another step leads.
    fn declared(&self, node: u32) -> impl Iterator<Item = String> {
        let members = if self.nodes.slot(node).is_some() { &[] } else { self.members.of(node) };
        let of = |feature: &u32| self.declared.get(feature).into_iter().flatten();
        members.iter().flat_map(of).map(|&entity| self.graph.image.key(entity))
    }

    fn replaced(&self, node: u32) -> Option<Replaced> {
        let image = &self.graph.image;
        for &slot in self.provides.of(node) {
            let slot = &image.slots.slots[slot as usize];
            if let Some(replaces) = slot.replaces {
                let what = match image.entities.entity_type(slot.entity) {
                    EntityType::User => ReplacedType::User,
                    EntityType::Group => ReplacedType::Group,
                    _ => replaces.file_type.map_or(ReplacedType::Unknown, replaced_type),
                };
                let from = if replaces.phase.is_some() { ReplacedFrom::Phase } else { ReplacedFrom::Parent };
                return Some(Replaced { what, from });
            }
        }
        if self.nodes.slot(node).is_some() {
            return None;
        }
        let row = &image.features[node as usize];
        let main = row.main?;
        let replacing =
            self.members.of(node).iter().any(|&feature| image.features[feature as usize].is(Feature::REPLACE));
        let unknown = replacing
            && image.entities.is_path(main)
            && matches!(image.before(main, row.phase), There::Nothing)
            && image.opaque_before(main, row.phase);
        unknown.then_some(Replaced { what: ReplacedType::Unknown, from: ReplacedFrom::Opaque })
    }

    /// Where the features of a step are declared, by file and position.
    pub(super) fn origins_of(&self, node: u32, scratch: &mut Scratch) -> Vec<Origin<'_>> {
        let image = &self.graph.image;
        let mut places: Vec<Origin<'_>> = Vec::new();
        let mut add = |feature: u32| {
            let source = &image.fragment_of(feature).source;
            let origin = image.features[feature as usize].origin;
            let start = source.lines().position_near(origin.start, &source.text, &mut scratch.line);
            places.push(Origin { file: source.name.as_str().into(), line: start.line, column: start.column });
        };
        match self.nodes.slot(node) {
            Some(slot) => {
                let slot = &image.slots.slots[slot as usize];
                for &row in &image.slots.rows[slot.rows.0 as usize..slot.rows.1 as usize] {
                    add(image.provides[row as usize].feature);
                }
            }
            None => self.members.of(node).iter().copied().for_each(add),
        }
        places.sort_unstable();
        places.dedup();
        places
    }
}

fn replaced_type(file_type: FileType) -> ReplacedType {
    match file_type {
        FileType::File => ReplacedType::File,
        FileType::Directory => ReplacedType::Directory,
        FileType::Symlink => ReplacedType::Symlink,
        FileType::Char => ReplacedType::Char,
        FileType::Block => ReplacedType::Block,
        FileType::Fifo => ReplacedType::Fifo,
        FileType::Socket => ReplacedType::Socket,
        FileType::Mount => ReplacedType::Unknown,
    }
}
