//! Account files: who reads them comes after who edits them, and who edits them after who makes them.

use rustc_hash::FxHashMap;

use super::{Builder, Edge, Why};
use crate::entity::{Content, Means, PathFacts, Phase, What};
use crate::graph::slots::NONE;
use crate::intern::EntityType;

impl Builder<'_> {
    /// A hard link to an account file comes after every step of its phase that edits the file in place.
    pub(super) fn readers(&mut self) {
        const FILES: [(&str, EntityType); 4] = [
            ("/etc/passwd", EntityType::User),
            ("/etc/shadow", EntityType::User),
            ("/etc/group", EntityType::Group),
            ("/etc/gshadow", EntityType::Group),
        ];
        let image = self.image;
        let links = (0..image.provides.len() as u32).filter_map(|number| match image.provides[number as usize].what {
            What::Path(PathFacts { content: Content::SameAs(place), .. }) => Some((number, place)),
            _ => None,
        });
        let mut editors: FxHashMap<(Phase, EntityType), Vec<u32>> = FxHashMap::default();
        for (reader, place) in links {
            let row = &image.provides[reader as usize];
            let (to, phase) = (self.node_of(row.feature), image.phase(row.feature));
            for (path, entity_type) in FILES {
                if image.find_account_place(path, phase) != Some(place) {
                    continue;
                }
                let editors = editors.entry((phase, entity_type)).or_insert_with(|| image.editors(phase, entity_type));
                for &from in editors.iter().filter(|&&from| from != to && from != NONE) {
                    self.edges.edges.push(Edge { from, to, entity: place, why: Why::Reads(reader) });
                }
            }
        }
    }

    /// A step of which it is recorded that it brings accounts enters them into files that are there by then.
    pub(super) fn recorded_accounts(&mut self) {
        let image = self.image;
        for slot in &image.slots.slots {
            let Some(file) = image.account_file(image.entities.entity_type(slot.entity), slot.phase) else { continue };
            if slot.node == NONE || image.provides[slot.lead as usize].means != Means::Declared {
                continue;
            }
            if let Some(made) = image.slots.of(file).iter().find(|made| made.phase == slot.phase)
                && made.node != NONE
                && made.node != slot.node
                && !made.broken
            {
                let (from, to) = (made.node, slot.node);
                self.edges.edges.push(Edge { from, to, entity: file, why: Why::Parent(slot.lead) });
            }
        }
    }
}
