//! One requirement: what meets it, and what it is if nothing does.

use super::{Builder, Edge, Reliance, Why};
use crate::entity::{Cause, DIRECTORY, EXECUTABLE, EXISTS, FILE, Means, Phase, Validator, What};
use crate::graph::check::{Failure, Lack};
use crate::graph::links::follow_in_layer;
use crate::graph::slots::{NONE, Slot, Slots, There};
use crate::graph::taken::Taker;
use crate::graph::view::Unmet;
use crate::intern::{EntityId, EntityType};

/// One requirement, whatever row it comes from.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    pub(super) node: u32,
    pub(super) feature: u32,
    pub(super) entity: EntityId,
    pub(super) validator: u32,
    pub(super) ordered: bool,
    pub(super) cause: Cause,
    pub(super) why: Why,
    pub(super) phase: Phase,
    /// It is not what is required, but what stands in the way of it.
    pub(super) blocks: bool,
}

impl Builder<'_> {
    pub(super) fn want(&mut self, wanted: &Wanted) {
        let image = self.image;
        if wanted.cause == Cause::Mentioned {
            self.mentioned(wanted);
            return;
        }
        if self.by_tool(wanted) {
            return;
        }
        let there = image.within(wanted.entity, wanted.phase);
        match there {
            There::Slot(slot) => {
                self.by_slot(wanted, slot);
                self.after_changes(wanted);
                self.judge(wanted, there, wanted.phase as usize + 1);
            }
            There::Base(_) | There::Always => {
                self.after_changes(wanted);
                self.judge(wanted, there, wanted.phase as usize + 1);
                self.rely(wanted, false);
            }
            There::Nothing => {
                // Taken away in this very phase: who needs it comes before. But a file that lists accounts says who there is
                // in its whole phase.
                let listed = matches!(image.entities.entity_type(wanted.entity), EntityType::User | EntityType::Group);
                if image.goes_in(wanted.entity, wanted.phase) && wanted.ordered && !listed {
                    let before = image.before(wanted.entity, wanted.phase);
                    if !matches!(before, There::Nothing) {
                        if let There::Slot(slot) = before {
                            self.by_slot(wanted, slot);
                        } else {
                            self.rely(wanted, false);
                        }
                        self.judge(wanted, before, wanted.phase as usize);
                        self.before_removal(wanted);
                        return;
                    }
                }
                if let Some(rows) = image.slots.assumed.get(&wanted.entity) {
                    self.by_assumption(wanted, rows[0]);
                    return;
                }
                if let Some(entity) = self.in_the_way(wanted.entity, wanted.phase) {
                    let there = image.within(entity, wanted.phase);
                    if let Some(unmet) = image.fails(there, &Validator::DIRECTORY) {
                        let wanted = Wanted { entity, validator: DIRECTORY, blocks: true, ..*wanted };
                        self.fail(&wanted, Lack::Mismatch(unmet));
                    }
                    return;
                }
                self.after_mount(wanted);
                self.fail(wanted, Lack::Missing);
            }
        }
        if !wanted.ordered && wanted.phase != Phase::Finalize {
            self.at_the_end(wanted);
        }
    }

    /// Whether a tool of the command has, or should have, what the command requires.
    fn by_tool(&mut self, wanted: &Wanted) -> bool {
        let image = self.image;
        if image.tools.is_empty() || !image.entities.is_path(wanted.entity) {
            return false;
        }
        let mut tools = image.tools_of(wanted.feature);
        let Some(tool) = tools.find(|tool| image.entities.is_within(wanted.entity, tool.at)) else { return false };
        let Some(layer) = &tool.layer else { return true };
        let (at, path) = (image.entities.text(tool.at), image.entities.text(wanted.entity));
        let inside = path.strip_prefix(&*at).filter(|inside| !inside.is_empty()).unwrap_or("/");
        let known = follow_in_layer(layer, inside).and_then(|spot| layer.known(spot));
        match known {
            Some(known) => {
                if let Some(unmet) = image.fails(There::Base(known), &self.validator(wanted)) {
                    self.fail(wanted, Lack::Mismatch(unmet));
                }
            }
            None if layer.opaque || inside == "/" => {}
            None => self.fail(wanted, Lack::Missing),
        }
        true
    }

    /// Who needs a thing needs it as it is after what changes it in the same phase; a directory's entries only need it to be there.
    fn after_changes(&mut self, wanted: &Wanted) {
        let image = self.image;
        if image.changes.rows.is_empty()
            || !wanted.ordered
            || wanted.node == NONE
            || matches!(wanted.cause, Cause::Parent | Cause::Changed | Cause::Destination)
        {
            return;
        }
        for change in image.changes_in(wanted.entity, wanted.phase) {
            let from = self.node_of(change.feature);
            if from != wanted.node {
                let why = wanted.why;
                self.edges.edges.push(Edge { from, to: wanted.node, entity: wanted.entity, why });
            }
        }
    }

    /// What is changed with all below it comes after what provides something there.
    pub(super) fn changes(&mut self) {
        for (from, require, entity) in self.image.provided_below_changes() {
            let to = self.node_of(self.image.requires[require as usize].feature);
            if from != to {
                self.edges.edges.push(Edge { from, to, entity, why: Why::Require(require) });
            }
        }
    }

    /// What a command names is not required, but it is hardly meant to come only after the command.
    fn mentioned(&mut self, wanted: &Wanted) {
        let image = self.image;
        let later = |slot: &Slot| slot.phase > wanted.phase && !slot.satisfied && !slot.broken;
        let absent = matches!(image.within(wanted.entity, wanted.phase), There::Nothing)
            && !image.slots.assumed.contains_key(&wanted.entity);
        if absent && image.slots.of(wanted.entity).iter().any(later) {
            self.fail(wanted, Lack::Missing);
        }
    }

    /// What would be inside a mount is there only once that is mounted.
    fn after_mount(&mut self, wanted: &Wanted) {
        let Some(mountpoint) = self.mount_above(wanted.entity, wanted.phase).filter(|_| wanted.ordered) else { return };
        let Some(&slot) = self.mounts.get(&mountpoint) else { return };
        let Some(mount) = self.image.slots.slots[slot as usize].mount else { return };
        let from = self.node_of(self.image.provides[mount as usize].feature);
        if wanted.node != NONE && from != wanted.node {
            self.edges.edges.push(Edge { from, to: wanted.node, entity: mountpoint, why: wanted.why });
        }
    }

    /// What is required without an order must hold at the end of the image, too.
    fn at_the_end(&mut self, wanted: &Wanted) {
        let image = self.image;
        let end = image.within(wanted.entity, Phase::Finalize);
        match end {
            There::Nothing if !image.slots.assumed.contains_key(&wanted.entity) => self.fail(wanted, Lack::Missing),
            There::Slot(slot) if image.slots.slots[slot as usize].phase > wanted.phase => {
                self.judge(wanted, end, Phase::ALL.len());
            }
            _ if image.is_changed(wanted.entity, Phase::ALL.len()) => self.judge(wanted, end, Phase::ALL.len()),
            _ => {}
        }
    }

    fn validator(&self, wanted: &Wanted) -> Validator {
        self.image.validators[wanted.validator as usize]
    }

    fn judge(&mut self, wanted: &Wanted, there: There<'_>, phases: usize) {
        if let There::Slot(slot) = there
            && self.image.slots.slots[slot as usize].broken
        {
            return;
        }
        if wanted.validator == EXISTS {
            return;
        }
        if let Some(unmet) = self.image.fails_after(wanted.entity, there, phases, &self.validator(wanted)) {
            self.fail(wanted, Lack::Mismatch(unmet));
        }
    }

    pub(super) fn fail(&mut self, wanted: &Wanted, lack: Lack) {
        self.edges.failures.push(Failure {
            entity: wanted.entity,
            lack,
            feature: wanted.feature,
            node: wanted.node,
            why: wanted.why,
            cause: wanted.cause,
            phase: wanted.phase,
            ordered: wanted.ordered,
            validator: wanted.validator,
            mount: self.mount_above(wanted.entity, wanted.phase).is_some(),
            blocks: wanted.blocks,
        });
    }

    pub(super) fn rely(&mut self, wanted: &Wanted, assumed: bool) {
        if wanted.node == NONE || self.image.base.is_none() && !assumed {
            return;
        }
        // What is changed on the way cannot be expected as it is in the end.
        let changed = self.image.is_changed(wanted.entity, wanted.phase as usize + 1);
        self.edges.reliances.push(Reliance {
            node: wanted.node,
            entity: wanted.entity,
            validator: match wanted.validator {
                EXECUTABLE if changed => FILE,
                DIRECTORY | FILE => wanted.validator,
                _ if changed => EXISTS,
                other => other,
            },
            phase: wanted.phase,
            assumed,
        });
    }

    pub(super) fn by_assumption(&mut self, wanted: &Wanted, row: u32) {
        if let What::Path(facts) = self.image.provides[row as usize].what {
            let view = self.image.view_facts(&facts);
            let validator = self.validator(wanted);
            if let (Some(wanted_type), Some(found)) = (validator.file_type, view.file_type)
                && wanted_type != found
            {
                let reason =
                    format!("must be {}, but it is assumed to be {}", wanted_type.described(), found.described());
                self.fail(wanted, Lack::Mismatch(Unmet::new("type", reason)));
            }
        }
        self.edges.used_assumption(row);
        self.rely(wanted, true);
    }

    /// Edges from every step that brings the entity about.
    pub(super) fn by_slot(&mut self, wanted: &Wanted, number: u32) {
        if !wanted.ordered {
            return;
        }
        let slot = &self.image.slots.slots[number as usize];
        // Who provides a broken entity is not settled, so no order follows from it.
        if slot.broken {
            return;
        }
        // A tree that brings its account files meets its own owners.
        let own = slot.node == wanted.node
            && matches!(wanted.cause, Cause::User | Cause::Group | Cause::PrimaryGroup)
            && self.image.provides[slot.lead as usize].means == Means::Contained;
        if own {
            return;
        }
        let mut add = |from: u32| {
            if from != NONE && wanted.node != NONE {
                self.edges.edges.push(Edge { from, to: wanted.node, entity: wanted.entity, why: wanted.why });
            }
        };
        add(slot.node);
        if let Some(mount) = slot.mount
            && mount != slot.lead
        {
            add(self.image.slots.merged[self.image.provides[mount as usize].feature as usize]);
        }
        // What is declared, or a name of the author's own, may have several that bring it about.
        if slot.rows.1 - slot.rows.0 > 1 {
            for &row in &self.image.slots.rows[slot.rows.0 as usize..slot.rows.1 as usize] {
                let provide = &self.image.provides[row as usize];
                let dropped = self.image.slots.states[row as usize] & Slots::DROPPED != 0;
                if provide.means == Means::Declared && !dropped {
                    add(self.image.slots.merged[provide.feature as usize]);
                }
            }
        }
    }

    fn before_removal(&mut self, wanted: &Wanted) {
        let Some(taker) = self.image.taker_of(wanted.entity, wanted.phase) else { return };
        let why = match taker {
            Taker::Removal(removal) => Why::Removal(removal),
            Taker::Replacement(row) => Why::Skips(row),
        };
        let remover = self.node_of(self.image.why_place(why).0);
        if remover != wanted.node && wanted.node != NONE {
            self.edges.edges.push(Edge { from: wanted.node, to: remover, entity: wanted.entity, why });
        }
    }

    /// Something that stands in the way of a path: the nearest that is there above it, where that is no directory.
    fn in_the_way(&self, entity: EntityId, phase: Phase) -> Option<EntityId> {
        if !self.image.entities.is_path(entity) {
            return None;
        }
        let mut at = entity;
        while at != EntityId::ROOT {
            at = self.image.entities.parent(at);
            let there = self.image.within(at, phase);
            if let There::Slot(slot) = there
                && self.image.slots.slots[slot as usize].broken
            {
                return None;
            }
            if !matches!(there, There::Nothing) {
                let file_type = self.image.view(there).file_type?;
                return (file_type != crate::tree::FileType::Directory).then_some(at);
            }
        }
        None
    }
}
