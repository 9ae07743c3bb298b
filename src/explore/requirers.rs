//! Who requires an entity, from the same rows that the edges are made of.

use super::model::Requirer;
use super::steps::Steps;
use super::words;
use crate::entity::{Cause, Means, ParentRule, Strength};
use crate::graph::RowId;
use crate::graph::slots::{NONE, Slots};
use crate::intern::{EntityId, EntityType};
use crate::text::Span;

/// Everything that requires it, by place.
pub(super) fn requirers(steps: &Steps<'_>, entity: EntityId) -> Vec<Requirer> {
    let mut found = Found { steps, entity, requirers: Vec::new() };
    found.declared();
    found.parents();
    found.links();
    found.removals();
    found.requirers.sort();
    found.requirers.dedup();
    found.requirers
}

struct Found<'s, 'g> {
    steps: &'s Steps<'g>,
    entity: EntityId,
    requirers: Vec<Requirer>,
}

impl Found<'_, '_> {
    fn add(&mut self, by: String, cause: Cause, ordered: bool, (feature, span): (u32, Span), node: u32) {
        let image = &self.steps.graph.image;
        self.requirers.push(Requirer {
            origin: words::origin(&image.at(feature, span)),
            by,
            because: words::because(cause, &image.say(self.entity)),
            ordered,
            phase: image.phase(feature).name(),
            step: (node != NONE).then(|| self.steps.id(node).to_owned()),
        });
    }

    fn declared(&mut self) {
        let image = &self.steps.graph.image;
        for (number, row) in image.requires.iter().enumerate() {
            if row.entity == self.entity && !image.lost_rows.contains_key(&RowId::Require(number as u32)) {
                let by = image.say_feature(row.feature);
                self.add(by, row.cause, row.ordered, (row.feature, row.span), self.steps.of(row.feature));
            }
        }
    }

    /// What stands in it; and implied groups, which are entered in an account file.
    fn parents(&mut self) {
        let image = &self.steps.graph.image;
        for (number, row) in image.provides.iter().enumerate() {
            let group = image.entities.entity_type(row.entity) == EntityType::Group;
            let cause = match row.strength {
                Strength::Implied
                    if group
                        && image.account_file(EntityType::Group, image.phase(row.feature)) == Some(self.entity) =>
                {
                    Cause::Accounts
                }
                _ if group || row.parent == ParentRule::Free => continue,
                _ if row.entity == EntityId::ROOT || image.entities.parent(row.entity) != self.entity => continue,
                _ => Cause::Parent,
            };
            if let Some(node) = self.node(number as u32) {
                self.add(words::row_subject(image, number as u32), cause, true, (row.feature, row.span), node);
            }
        }
    }

    /// The step that makes a row; none if it was there already, or another stands in its place.
    fn node(&self, number: u32) -> Option<u32> {
        let image = &self.steps.graph.image;
        let row = &image.provides[number as usize];
        if image.slots.states[number as usize] & Slots::DROPPED != 0
            || image.lost_rows.contains_key(&RowId::Provide(number))
        {
            return None;
        }
        if row.strength != Strength::Implied || row.means != Means::Made {
            return Some(self.steps.of(row.feature));
        }
        let phase = image.phase(row.feature);
        let slot = image.slots.of(row.entity).iter().find(|slot| slot.phase == phase)?;
        (slot.lead == number && slot.node != NONE).then_some(slot.node)
    }

    /// Links that lead to it, and, where it is a link, what goes through it.
    fn links(&mut self) {
        let image = &self.steps.graph.image;
        for &(number, target) in &image.link_targets {
            let link = &image.links[number as usize];
            let dropped = image.slots.states[link.provide as usize] & Slots::DROPPED != 0;
            if target == Some(self.entity) && link.validator.is_some() && !dropped {
                let feature = image.provides[link.provide as usize].feature;
                let by = words::row_subject(image, link.provide);
                self.add(by, Cause::LinkTarget, false, (feature, link.span), self.steps.of(feature));
            }
        }
        let mut rows: Vec<RowId> = image
            .trail_of
            .iter()
            .filter(|&(row, &trail)| !image.lost_rows.contains_key(row) && image.trail(trail).contains(&self.entity))
            .map(|(&row, _)| row)
            .collect();
        rows.sort_unstable();
        for row in rows {
            let (by, ordered, place) = match row {
                RowId::Provide(number) => {
                    let row = &image.provides[number as usize];
                    if matches!(row.means, Means::Assumed | Means::Declared) || self.node(number).is_none() {
                        continue;
                    }
                    (words::row_subject(image, number), true, (row.feature, row.span))
                }
                RowId::Require(number) => {
                    let row = &image.requires[number as usize];
                    let by = image.say_feature(row.feature);
                    (format!("{by} needs {}, which", image.say(row.entity)), row.ordered, (row.feature, row.span))
                }
                RowId::Removal(number) => {
                    let row = &image.removals[number as usize];
                    (image.say_feature(row.feature), true, (row.feature, row.span))
                }
                RowId::Link(number) => {
                    let link = &image.links[number as usize];
                    let row = &image.provides[link.provide as usize];
                    if row.entity == self.entity {
                        continue;
                    }
                    let by = format!("the target of {}", words::row_subject(image, link.provide));
                    (by, false, (row.feature, link.span))
                }
            };
            self.add(by, Cause::Link, ordered, place, self.steps.of(place.0));
        }
    }

    fn removals(&mut self) {
        let image = &self.steps.graph.image;
        for (number, row) in image.removals.iter().enumerate() {
            if row.entity == self.entity
                && row.must_exist
                && !image.lost_rows.contains_key(&RowId::Removal(number as u32))
            {
                let by = image.say_feature(row.feature);
                self.add(by, Cause::Removed, true, (row.feature, row.span), self.steps.of(row.feature));
            }
        }
    }
}
