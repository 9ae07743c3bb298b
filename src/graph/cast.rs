//! The entities of a part of an image, counted anew, and which of the whole they are.

use rustc_hash::FxHashMap;

use super::image::Image;
use super::layer::Known;
use crate::fragment::Fragment;
use crate::intern::{Entities, EntityId, EntityType};

/// The entities of a part: some of the whole, and those that only new features name.
#[derive(Clone)]
pub struct Cast<'w> {
    whole: &'w Image,
    entities: Entities,
    /// For each the same in the whole.
    was: Vec<Option<EntityId>>,
    /// By the same in the whole.
    now: FxHashMap<EntityId, EntityId>,
}

impl<'w> Cast<'w> {
    /// Of a part of an image, with nothing in it.
    pub fn new(whole: &'w Image) -> Self {
        let mut cast = Self { whole, entities: Entities::new(), was: Vec::new(), now: FxHashMap::default() };
        cast.note();
        cast
    }

    /// The image that it is a part of.
    pub fn whole(&self) -> &'w Image {
        self.whole
    }

    /// The entities.
    pub fn entities(&self) -> &Entities {
        &self.entities
    }

    /// The same entity in the whole.
    pub fn was(&self, id: EntityId) -> Option<EntityId> {
        self.was[id.index()]
    }

    /// The nearest of an entity and those above it that is in the whole.
    pub fn nearest(&self, mut id: EntityId) -> EntityId {
        loop {
            match self.was(id) {
                Some(was) => return was,
                None => id = self.entities.parent(id),
            }
        }
    }

    /// An entity of the whole, if it is in the part.
    pub fn get(&self, whole: EntityId) -> Option<EntityId> {
        self.now.get(&whole).copied()
    }

    /// An entity of the whole, taken into the part.
    pub fn of(&mut self, whole: EntityId) -> EntityId {
        let mut way = Vec::new();
        let mut at = whole;
        let mut found = loop {
            if let Some(now) = self.get(at) {
                break now;
            }
            way.push(at);
            at = self.whole.entities.parent(at);
        };
        for step in way.into_iter().rev() {
            found = self.entities.child(found, self.whole.entities.last(step));
            self.note();
        }
        found
    }

    /// An entity of a fragment, taken into the part.
    pub fn of_fragment(&mut self, fragment: &Fragment, id: EntityId) -> EntityId {
        let mut way = Vec::new();
        let mut at = id;
        while at.index() >= EntityType::ALL.len() {
            way.push(at);
            at = fragment.entities.parent(at);
        }
        for step in way.into_iter().rev() {
            at = self.entities.child(at, fragment.entities.last(step));
            self.note();
        }
        at
    }

    /// An entity below one of the part, taken into it.
    pub fn child(&mut self, above: EntityId, name: &str) -> EntityId {
        let child = self.entities.child(above, name);
        self.note();
        child
    }

    /// An account, package or virtual by name, taken into the part.
    pub fn name(&mut self, entity_type: EntityType, name: &str) -> EntityId {
        self.child(EntityId(entity_type as u32), name)
    }

    /// An entity of a fragment, if it is in the part.
    pub fn find_fragment(&self, fragment: &Fragment, id: EntityId) -> Option<EntityId> {
        if id.index() < EntityType::ALL.len() {
            return Some(id);
        }
        let above = self.find_fragment(fragment, fragment.entities.parent(id))?;
        self.entities.find_child(above, fragment.entities.last(id))
    }

    /// The entity of a canonical key, if the part or the whole has it; taken into the part.
    pub fn find(&mut self, key: &str) -> Option<EntityId> {
        self.entities.find(key).or_else(|| Some(self.of(self.whole.entities.find(key)?)))
    }

    /// What the whole stands on knows of an entity, also of one that only new features name.
    pub fn base_knows(&self, id: EntityId) -> Option<&'w Known> {
        let base = self.whole.base.as_ref()?;
        let mut new = Vec::new();
        let mut at = id;
        let was = loop {
            match self.was(at) {
                Some(was) => break was,
                None => {
                    new.push(at);
                    at = self.entities.parent(at);
                }
            }
        };
        let spot = (*self.whole.spots.get(was.index())?)?;
        base.known(new.iter().rev().try_fold(spot, |spot, &id| base.child(spot, self.entities.last(id)))?)
    }

    /// Gives the entities to the part, with what is known of them; keeps which of the whole they are.
    pub fn give(self, image: &mut Image) -> Vec<Option<EntityId>> {
        image.entities = self.entities;
        for id in image.entities.ids() {
            let Some(was) = self.was[id.index()] else {
                image.extend_spot(id);
                continue;
            };
            image.spots.push(self.whole.spots[was.index()]);
            image.gone.push(self.whole.gone[was.index()]);
            if let Some(&taken) = self.whole.taken.get(&was) {
                image.taken.insert(id, taken);
            }
        }
        self.was
    }

    /// Notes which of the whole the newest entities are.
    fn note(&mut self) {
        for id in self.was.len()..self.entities.len() {
            let id = EntityId(id as u32);
            let was = match self.was.get(self.entities.parent(id).index()) {
                Some(&above) if id.index() >= EntityType::ALL.len() => {
                    above.and_then(|above| self.whole.entities.find_child(above, self.entities.last(id)))
                }
                _ => Some(id),
            };
            self.was.push(was);
            if let Some(was) = was {
                self.now.insert(was, id);
            }
        }
    }
}
