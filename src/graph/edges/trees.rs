//! Trees: the directory they are put into, and directories of them that other steps make or need.

use super::want::Wanted;
use super::{Builder, Edge, Why};
use crate::entity::{Cause, DIRECTORY, EXISTS, FILE, Means, Owner, ParentRule, What};
use crate::graph::slots::{NONE, Slots, There};
use crate::intern::EntityId;
use crate::tree::FileType;

impl Builder<'_> {
    /// A directory of a tree that another step needs before the tree: its own directory and its owners come first.
    pub(super) fn split_directory(&mut self, number: u32, node: u32) {
        let row = self.image.provides[number as usize];
        let What::Path(facts) = row.what else { return };
        let parent = self.image.entities.parent(row.entity);
        let mut wanted = Vec::new();
        if parent != EntityId::ROOT && row.entity != EntityId::ROOT {
            wanted.push((parent, DIRECTORY, Cause::Parent));
        }
        for (owner, root, cause) in
            [(facts.user, EntityId::USER_ROOT, Cause::User), (facts.group, EntityId::GROUP_ROOT, Cause::Group)]
        {
            if let Owner::Name(owner) = owner
                && owner != root
            {
                wanted.push((owner, EXISTS, cause));
            }
        }
        for (entity, validator, cause) in wanted {
            self.want(&Wanted {
                node,
                feature: row.feature,
                entity,
                validator,
                ordered: true,
                cause,
                why: Why::Parent(number),
                phase: self.image.phase(row.feature),
                blocks: false,
            });
        }
    }

    /// The directory that a tree is put into, where it was there already.
    pub(super) fn tree_root(&mut self, number: u32) {
        let row = self.image.provides[number as usize];
        let satisfied = self.image.slots.states[number as usize] & Slots::SATISFIED != 0;
        let is_root = row.parent != ParentRule::Free && row.means == Means::Contained;
        if satisfied && is_root && row.entity != EntityId::ROOT {
            self.want(&Wanted {
                node: self.node_of(row.feature),
                feature: row.feature,
                entity: row.entity,
                validator: DIRECTORY,
                ordered: true,
                cause: Cause::Destination,
                why: Why::Parent(number),
                phase: self.image.phase(row.feature),
                blocks: false,
            });
        }
    }

    pub(super) fn tree_makes(&self, directory: EntityId, feature: u32) -> bool {
        self.image.slots.of(directory).iter().any(|slot| {
            self.image.slots.rows[slot.rows.0 as usize..slot.rows.1 as usize]
                .iter()
                .any(|&row| self.image.provides[row as usize].feature == feature)
        })
    }

    /// What a tree brings and the parent has already is relied upon.
    fn tree_relies(&mut self, number: u32, file_type: Option<FileType>) {
        let row = self.image.provides[number as usize];
        let phase = self.image.phase(row.feature);
        let validator = match file_type {
            Some(FileType::Directory) => DIRECTORY,
            Some(FileType::File) => FILE,
            _ => EXISTS,
        };
        if row.entity != EntityId::ROOT && matches!(self.image.before(row.entity, phase), There::Base(_)) {
            self.rely(
                &Wanted {
                    node: self.node_of(row.feature),
                    feature: row.feature,
                    entity: row.entity,
                    validator,
                    ordered: true,
                    cause: Cause::Destination,
                    why: Why::Parent(number),
                    phase,
                    blocks: false,
                },
                false,
            );
        }
    }

    /// A tree leaves out what another step makes, and follows it where it is a directory.
    pub(super) fn trees(&mut self) {
        for number in 0..self.image.provides.len() as u32 {
            let row = &self.image.provides[number as usize];
            if row.means != Means::Contained {
                continue;
            }
            let What::Path(facts) = row.what else { continue };
            if self.image.slots.states[number as usize] & Slots::SATISFIED != 0 {
                self.tree_relies(number, facts.file_type);
                continue;
            }
            let (entity, tree) = (row.entity, self.node_of(row.feature));
            let Some(slot) = self.slot_of(number) else { continue };
            if slot.broken || slot.node == NONE || slot.node == tree {
                continue;
            }
            if facts.file_type == Some(FileType::Directory) {
                let from = slot.node;
                self.edges.edges.push(Edge { from, to: tree, entity, why: Why::Skips(number) });
            }
        }
    }
}
