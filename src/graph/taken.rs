//! What takes something away, and what is left in a directory.

use super::image::Image;
use super::slots::There;
use crate::entity::Phase;
use crate::intern::{EntityId, EntityType};

/// What takes something away.
#[derive(Clone, Copy, Debug)]
pub enum Taker {
    /// A removal, by its row.
    Removal(u32),
    /// What stands in the place of a directory, by its row.
    Replacement(u32),
}

impl Image {
    /// The removal that takes an entity away in a phase: its own, or that of a directory above.
    pub fn removal_of(&self, entity: EntityId, phase: Phase) -> Option<u32> {
        let mut at = entity;
        loop {
            if let Some(&removal) = self.removal_at.get(&(at, phase)) {
                return Some(removal);
            }
            if at == EntityId::ROOT || !self.entities.is_path(at) {
                break;
            }
            at = self.entities.parent(at);
        }
        // What a package owns goes with it.
        let package = self.known(entity)?.package.as_deref()?;
        let package = self.entities.find_name(EntityType::Package, package)?;
        self.removal_at.get(&(package, phase)).copied()
    }

    /// What takes an entity away in a phase: a removal, or what replaces a directory above it.
    pub fn taker_of(&self, entity: EntityId, phase: Phase) -> Option<Taker> {
        // Accounts go with the file that no longer lists them.
        if let Some(file) = self.account_file(self.entities.entity_type(entity), phase) {
            let slots = self.slots.of(file);
            return slots.iter().find(|slot| slot.phase == phase).map(|slot| Taker::Replacement(slot.lead));
        }
        let mut at = entity;
        loop {
            if let Some(&removal) = self.removal_at.get(&(at, phase)) {
                return Some(Taker::Removal(removal));
            }
            if at == EntityId::ROOT || !self.entities.is_path(at) {
                return None;
            }
            at = self.entities.parent(at);
            if let Some(&row) = self.replacers.get(&(at, phase)) {
                return Some(Taker::Replacement(row));
            }
        }
    }

    /// Something that is in a directory when a phase starts and that the phase does not remove by itself.
    pub fn left_in(&self, directory: EntityId, phase: Phase) -> Option<String> {
        let own: Vec<EntityId> = self.children_of(directory).collect();
        for &child in &own {
            if !matches!(self.before(child, phase), There::Nothing) && !self.removal_at.contains_key(&(child, phase)) {
                return Some(self.entities.text(child));
            }
        }
        let base = self.base.as_ref()?;
        let spot = self.spots[directory.index()]?;
        if self.gone[directory.index()] & ((1 << phase as u8) - 1) != 0 {
            return None;
        }
        base.children(spot)
            .into_iter()
            .find(|&(name, spot)| {
                base.known(spot).is_some()
                    && self.entities.find_child(directory, name).is_none_or(|child| !own.contains(&child))
            })
            .map(|(name, _)| format!("{}/{name}", self.entities.text(directory).trim_end_matches('/')))
    }

    /// What the image names directly below a directory.
    pub fn children_of(&self, directory: EntityId) -> impl Iterator<Item = EntityId> + '_ {
        self.entities
            .ids()
            .skip(directory.index())
            .filter(move |&id| id != directory && self.entities.parent(id) == directory)
    }
}
