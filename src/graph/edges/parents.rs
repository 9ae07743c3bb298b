//! What is provided needs its directory; an implied group the file that it is entered in.

use std::ops::Range;

use super::want::Wanted;
use super::{Builder, Why};
use crate::entity::{Cause, DIRECTORY, FILE, Means, ParentRule, Strength};
use crate::graph::RowId;
use crate::graph::check::Lack;
use crate::graph::slots::NONE;
use crate::graph::view::Unmet;
use crate::intern::{EntityId, EntityType};

impl Builder<'_> {
    pub(super) fn parents(&mut self, rows: Range<u32>) {
        for number in rows {
            let row = self.image.provides[number as usize];
            if self.image.lost_rows.contains_key(&RowId::Provide(number)) {
                continue;
            }
            let what = self.image.entities.entity_type(row.entity);
            if row.strength == Strength::Implied && what == EntityType::Group {
                self.implied_group(number);
                continue;
            }
            if what != EntityType::Path {
                continue;
            }
            if let Some(mount) = self.mount_above(row.entity, self.image.phase(row.feature))
                && row.means != Means::Declared
                && row.means != Means::Assumed
            {
                self.below_mount(number, mount);
                continue;
            }
            if row.entity == EntityId::ROOT {
                continue;
            }
            // What is put below something that its own phase takes away is reported as that.
            let slot = self.slot_of(number);
            if let Some(slot) = slot
                && slot.broken
                && self.image.goes_in(row.entity, slot.phase)
            {
                continue;
            }
            // A directory that is a step of its own needs what the tree it comes from needs.
            if let Some(slot) = slot
                && slot.split
                && slot.lead == number
                && slot.node != NONE
            {
                self.split_directory(number, slot.node);
                continue;
            }
            self.tree_root(number);
            // A tree's own entries are made with it, but for those that a link puts elsewhere.
            let inside = row.parent == ParentRule::Free;
            if inside && !(row.means == Means::Contained && self.image.trail_of.contains_key(&RowId::Provide(number))) {
                continue;
            }
            let Some(node) = self.row_node(number) else { continue };
            let parent = self.image.entities.parent(row.entity);
            if parent == EntityId::ROOT {
                continue;
            }
            if inside && self.tree_makes(parent, row.feature) {
                continue;
            }
            self.want(&self.above(number, node, parent, DIRECTORY, Cause::Parent));
        }
    }

    fn implied_group(&mut self, number: u32) {
        let Some(node) = self.row_node(number) else { return };
        let row = self.image.provides[number as usize];
        let Some(file) = self.image.account_file(EntityType::Group, self.image.phase(row.feature)) else { return };
        self.want(&self.above(number, node, file, FILE, Cause::Accounts));
    }

    /// What a row needs because of where it stands.
    fn above(&self, number: u32, node: u32, entity: EntityId, validator: u32, cause: Cause) -> Wanted {
        let feature = self.image.provides[number as usize].feature;
        let phase = self.image.phase(feature);
        let why = Why::Parent(number);
        Wanted { node, feature, entity, validator, ordered: true, cause, why, phase, blocks: false }
    }

    pub(super) fn below_mount(&mut self, number: u32, mountpoint: EntityId) {
        let row = self.image.provides[number as usize];
        let reason = "is a mountpoint: what is put below it would not be in the image";
        self.fail(
            &self.above(number, self.node_of(row.feature), mountpoint, DIRECTORY, Cause::Parent),
            Lack::Mismatch(Unmet::new("type", reason)),
        );
    }
}
