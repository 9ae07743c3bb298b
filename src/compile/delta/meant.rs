//! What is missing is told with what was probably meant: what an edit changes of that.

use super::touched::{MOST_ROWS, Touched};
use super::whole::Whole;
use crate::catalog::Code;
use crate::entity::Phase;
use crate::graph::slots::There;
use crate::intern::{EntityId, EntityType};

impl Touched<'_> {
    /// Judges what is missing again where something came or went that may have been meant.
    pub(super) fn mistyped(&mut self, whole: &Whole) {
        let image = self.image;
        let missing = whole
            .findings
            .iter()
            .filter(|found| matches!(found.code, Code::Missing | Code::LikelyMissing | Code::Unproven));
        let mut missing: Vec<EntityId> =
            missing.filter_map(|found| image.entities.find(found.entity.as_deref()?)).collect();
        loop {
            let before = missing.len();
            let mut more: Vec<EntityId> = Vec::new();
            missing.retain(|&entity| {
                let is_path = image.entities.is_path(entity);
                let inside = if is_path { image.entities.parent(self.top_of(entity)) } else { entity };
                let own = image.entities.entity_type(entity);
                let cast = &self.cast;
                let may_be_meant = |&other: &EntityId| match cast.entities().entity_type(other) {
                    EntityType::Path => is_path && image.entities.is_within(cast.nearest(other), inside),
                    its => !is_path && (its == own || cast.entities().last(other) == image.entities.last(entity)),
                };
                let is_near =
                    self.judged.iter().any(may_be_meant) || is_path && self.accounts.is_at_home(image, entity);
                more.extend(is_near.then_some(entity));
                !is_near
            });
            for entity in more {
                self.judged.insert(self.cast.of(entity));
            }
            if missing.len() == before {
                return;
            }
        }
    }

    /// Of a path of the whole that is missing the first part that is not there, or may not be there now.
    fn top_of(&self, entity: EntityId) -> EntityId {
        let image = self.image;
        let mut top = entity;
        loop {
            let above = image.entities.parent(top);
            let is_judged = self.cast.get(above).is_some_and(|above| self.judged.contains(&above));
            if above == EntityId::ROOT || !is_judged && !matches!(image.within(above, Phase::Finalize), There::Nothing)
            {
                return top;
            }
            top = above;
        }
    }

    /// What stands beside something that is missing, or would stand there if a directory above had another name, may have
    /// been meant; who is at home there may be its owner; and something else may have its name.
    pub fn look_beside(&mut self, key: &str) -> Option<bool> {
        let image = self.image;
        let entity = self.cast.find(key)?;
        let before = self.beside.len() + self.known.len();
        let mut beside: Vec<EntityId> = Vec::new();
        if self.cast.entities().is_path(entity) {
            let mut rest: Vec<String> = Vec::new();
            let mut at = entity;
            while at != EntityId::ROOT {
                let above = self.cast.entities().parent(at);
                if let Some(was) = self.cast.was(above) {
                    for child in self.index.below(was) {
                        let inside = rest.iter().rev().scan(child, |at, name| {
                            *at = image.entities.find_child(*at, name)?;
                            Some(*at)
                        });
                        beside.extend(std::iter::once(child).chain(inside));
                    }
                    let is_there = !matches!(image.within(was, Phase::Finalize), There::Nothing);
                    if beside.len() > MOST_ROWS || is_there && !self.judged.contains(&above) {
                        break;
                    }
                }
                rest.push(self.cast.entities().last(at).to_owned());
                at = above;
            }
        } else {
            if let Some(was) = self.cast.was(self.cast.entities().parent(entity)) {
                beside.extend(self.index.below(was));
            }
            let others = EntityType::ALL.into_iter().filter(|&other| other != EntityType::Path);
            let name = self.cast.entities().last(entity);
            beside.extend(others.filter_map(|other| image.entities.find_name(other, name)));
        }
        if beside.len() > MOST_ROWS {
            return None;
        }
        for id in beside {
            self.beside.insert(self.cast.of(id));
        }
        let mut at = entity;
        while at != EntityId::ROOT && self.cast.entities().is_path(at) && !self.index.homes.is_empty() {
            let home = self.cast.entities().text(at);
            for &user in self.index.homes.get(&home).into_iter().flatten() {
                self.known.insert(self.cast.of(user));
            }
            at = self.cast.entities().parent(at);
        }
        Some(self.beside.len() + self.known.len() > before)
    }
}
