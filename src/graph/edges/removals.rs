//! Removals: what is removed must be there, what is below it goes first, and a directory may have to be empty by then.

use rustc_hash::FxHashMap;

use super::want::Wanted;
use super::{Builder, Edge, Why};
use crate::entity::{Cause, Phase};
use crate::graph::RowId;
use crate::graph::check::Lack;
use crate::graph::slots::There;
use crate::graph::view::Unmet;
use crate::intern::EntityId;
use crate::message;

impl Builder<'_> {
    pub(super) fn removals(&mut self) {
        let mut at: FxHashMap<(EntityId, Phase), u32> = FxHashMap::default();
        for (number, removal) in self.image.removals.iter().enumerate() {
            at.entry((removal.entity, self.image.phase(removal.feature))).or_insert(number as u32);
        }
        for number in 0..self.image.removals.len() as u32 {
            if self.image.lost_rows.contains_key(&RowId::Removal(number)) {
                continue;
            }
            let removal = self.image.removals[number as usize];
            if !self.image.entities.is_path(removal.entity) {
                continue;
            }
            let phase = self.image.phase(removal.feature);
            let node = self.node_of(removal.feature);
            let wanted = Wanted {
                node,
                feature: removal.feature,
                entity: removal.entity,
                validator: crate::entity::EXISTS,
                ordered: true,
                cause: Cause::Removed,
                why: Why::Removal(number),
                phase,
                blocks: false,
            };
            match self.image.before(removal.entity, phase) {
                There::Nothing => {
                    let provided_here = matches!(self.image.within(removal.entity, phase), There::Slot(_));
                    if removal.must_exist && !provided_here {
                        if let Some(rows) = self.image.slots.assumed.get(&removal.entity) {
                            self.by_assumption(&wanted, rows[0]);
                        } else {
                            self.fail(&wanted, Lack::Missing);
                        }
                    }
                }
                There::Slot(slot) => self.by_slot(&wanted, slot),
                There::Base(_) | There::Always => self.rely(&wanted, false),
            }
            // What is removed further up comes after.
            let mut above = removal.entity;
            while above != EntityId::ROOT {
                above = self.image.entities.parent(above);
                if let Some(&other) = at.get(&(above, phase)) {
                    let to = self.node_of(self.image.removals[other as usize].feature);
                    if to != node {
                        self.edges.edges.push(Edge {
                            from: node,
                            to,
                            entity: removal.entity,
                            why: Why::Removal(other),
                        });
                    }
                    break;
                }
            }
            if !removal.recursive {
                self.must_be_empty(&wanted, number);
            }
        }
    }

    fn must_be_empty(&mut self, wanted: &Wanted, removal: u32) {
        let entity = self.image.removals[removal as usize].entity;
        let Some(left) = self.image.left_in(entity, wanted.phase) else { return };
        let reason = format!("must be empty to be removed, but still has {}", message::quoted(&left));
        self.fail(wanted, Lack::Mismatch(Unmet::new("recursive", reason)));
    }
}
