//! What features say that they require, where their links lead, and the links that their paths go through.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::want::Wanted;
use super::{Builder, Why};
use crate::entity::{Cause, Means, Phase};
use crate::fragment::Feature;
use crate::graph::RowId;
use crate::graph::slots::{Slots, There};
use crate::intern::{EntityId, EntityType};
use crate::message;

impl Builder<'_> {
    pub(super) fn requires(&mut self, rows: Range<u32>) {
        for number in rows {
            let row = self.image.requires[number as usize];
            if self.image.lost_rows.contains_key(&RowId::Require(number)) || self.image.is_overridden(row.feature) {
                continue;
            }
            // A group that only a default asked for.
            let implied =
                row.cause == Cause::PrimaryGroup && row.span == self.image.features[row.feature as usize].origin;
            if implied && !self.image.needs_own_group(row.feature) {
                continue;
            }
            // A line that leaves alone an account which is there already asks for nothing.
            if self.image.features[row.feature as usize].is(Feature::KEEPS) && self.is_kept(row.feature) {
                continue;
            }
            self.want(&Wanted {
                node: self.node_of(row.feature),
                feature: row.feature,
                entity: row.entity,
                validator: row.validator,
                ordered: row.ordered,
                cause: row.cause,
                why: Why::Require(number),
                // What the image runs is run when it is finished.
                phase: match row.cause {
                    Cause::ConfiguredProgram | Cause::ConfiguredDirectory => Phase::Finalize,
                    _ => self.image.phase(row.feature),
                },
                blocks: false,
            });
        }
    }

    /// Whether what a feature is about was there before it, and is an account.
    fn is_kept(&self, feature: u32) -> bool {
        let image = self.image;
        let Some(main) = image.features[feature as usize].main else { return false };
        matches!(image.entities.entity_type(main), EntityType::User | EntityType::Group)
            && !matches!(image.before(main, image.phase(feature)), There::Nothing)
    }

    /// Where links lead, without an order: a link may be made before its target.
    pub(super) fn link_targets(&mut self) {
        for index in 0..self.image.link_targets.len() {
            let (number, place) = self.image.link_targets[index];
            let link = &self.image.links[number as usize];
            let (Some(place), Some(validator)) = (place, link.validator) else { continue };
            if message::is_run_time_place(&self.image.entities.text(place)) {
                continue;
            }
            let row = &self.image.provides[link.provide as usize];
            if self.image.slots.states[link.provide as usize] & Slots::DROPPED != 0 {
                continue;
            }
            // A tree's own links may dangle: nobody wrote them here.
            self.want(&Wanted {
                node: self.node_of(row.feature),
                feature: row.feature,
                entity: place,
                validator,
                ordered: false,
                cause: Cause::LinkTarget,
                why: Why::Link(RowId::Link(number)),
                phase: self.image.phase(row.feature),
                blocks: false,
            });
        }
    }

    /// Who goes through a link needs the link.
    pub(super) fn links(&mut self) {
        let mut rows: Vec<(RowId, u32)> = self.image.trail_of.iter().map(|(&row, &trail)| (row, trail)).collect();
        rows.sort_unstable_by_key(|&(row, _)| row);
        let mut seen: FxHashMap<(u32, EntityId, bool), ()> = FxHashMap::default();
        for (row, trail) in rows {
            if self.image.lost_rows.contains_key(&row) {
                continue;
            }
            let (feature, node, ordered, own) = match row {
                RowId::Require(number) if self.image.is_overridden(self.image.requires[number as usize].feature) => {
                    continue;
                }
                RowId::Provide(number) => {
                    let provide = &self.image.provides[number as usize];
                    if matches!(provide.means, Means::Assumed | Means::Declared) {
                        continue;
                    }
                    let Some(node) = self.row_node(number) else { continue };
                    (provide.feature, node, true, None)
                }
                RowId::Require(number) => {
                    let require = &self.image.requires[number as usize];
                    (require.feature, self.node_of(require.feature), require.ordered, None)
                }
                RowId::Removal(number) => {
                    let removal = &self.image.removals[number as usize];
                    (removal.feature, self.node_of(removal.feature), true, None)
                }
                // What may lead nowhere needs no link on its way either.
                RowId::Link(number) if self.image.links[number as usize].validator.is_none() => continue,
                RowId::Link(number) => {
                    let link = &self.image.links[number as usize];
                    let provide = &self.image.provides[link.provide as usize];
                    (provide.feature, self.node_of(provide.feature), false, Some(provide.entity))
                }
            };
            let phase = self.image.phase(feature);
            for link in self.image.trail(trail) {
                if !ordered && self.stays(link, phase) {
                    continue;
                }
                if Some(link) == own || seen.insert((node, link, ordered), ()).is_some() {
                    continue;
                }
                // The tree that brings the link along needs no step before itself.
                if self.made_by(link, node, phase) && matches!(row, RowId::Provide(_)) {
                    let tree = self.image.provides.get(match row {
                        RowId::Provide(number) => number as usize,
                        _ => 0,
                    });
                    if tree.is_some_and(|row| row.means == Means::Contained) {
                        continue;
                    }
                }
                self.want(&Wanted {
                    node,
                    feature,
                    entity: link,
                    validator: crate::entity::EXISTS,
                    ordered,
                    cause: Cause::Link,
                    why: Why::Link(row),
                    phase,
                    blocks: false,
                });
            }
        }
    }

    /// Whether something is there by a step in some phase, and at the end: then whoever only needs it to be there has nothing to wait
    /// for. In a long chain every link needs all that follow, so this is to be cheap.
    fn stays(&self, entity: EntityId, phase: Phase) -> bool {
        matches!(self.image.within(entity, phase), There::Slot(_))
            && !matches!(self.image.within(entity, Phase::Finalize), There::Nothing)
    }

    fn made_by(&self, entity: EntityId, node: u32, phase: Phase) -> bool {
        self.image.slots.of(entity).iter().any(|slot| slot.phase == phase && slot.node == node)
    }
}
