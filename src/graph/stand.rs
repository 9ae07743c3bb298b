//! A place or name as it stands in the finished image, also where no feature names it and only the parent has it.

use super::image::Image;
use super::layer::{Known, Spot};
use super::slots::There;
use crate::entity::Phase;
use crate::intern::{EntityId, EntityType};

/// Something that may be in the image: its entity, where any feature names it, else where it is in the parent.
#[derive(Clone, Copy, Debug)]
pub struct Stand {
    /// Its entity, where the image has one.
    pub entity: Option<EntityId>,
    /// The last entity on the way to it.
    pub nearest: EntityId,
    spot: Option<Spot>,
    gone: u8,
}

impl Stand {
    /// The node under which entities of a type hang.
    pub fn root(image: &Image, entity_type: EntityType) -> Self {
        Self::at(image, EntityId(entity_type as u32))
    }

    /// An entity of the image.
    pub fn at(image: &Image, entity: EntityId) -> Self {
        let spot = image.spots.get(entity.index()).copied().flatten();
        let gone = image.gone.get(entity.index()).copied().unwrap_or(0);
        Self { entity: Some(entity), nearest: entity, spot, gone }
    }

    /// What is directly below by that name.
    pub fn child(self, image: &Image, name: &str) -> Self {
        if let Some(entity) = self.entity.and_then(|parent| image.entities.find_child(parent, name)) {
            return Self::at(image, entity);
        }
        // What is below something that was taken away is gone with it.
        let taken = image.taken.get(&self.nearest).copied().unwrap_or(0);
        let spot = self.spot.and_then(|spot| image.base.as_ref()?.child(spot, name));
        Self { entity: None, nearest: self.nearest, spot, gone: self.gone | taken }
    }

    /// A path without following links, or a name.
    pub fn find(image: &Image, entity_type: EntityType, text: &str) -> Self {
        let root = Self::root(image, entity_type);
        if entity_type != EntityType::Path {
            return root.child(image, text);
        }
        text.split('/').filter(|name| !name.is_empty()).fold(root, |at, name| at.child(image, name))
    }

    /// What is there in the finished image.
    pub fn at_the_end(self, image: &Image) -> There<'_> {
        match self.entity {
            Some(entity) => image.within(entity, Phase::Finalize),
            None => self.known(image).filter(|_| self.gone == 0).map_or(There::Nothing, There::Base),
        }
    }

    /// What the parent knows of it, whatever the image did to it.
    pub fn known(self, image: &Image) -> Option<&Known> {
        image.base.as_ref()?.known(self.spot?)
    }

    /// Whether a phase takes it away.
    pub fn goes_in(self, phase: Phase) -> bool {
        self.gone & (1 << phase as u8) != 0
    }

    /// Whether it is there when a phase starts.
    pub fn is_before(self, image: &Image, phase: Phase) -> bool {
        match self.entity {
            Some(entity) => !matches!(image.before(entity, phase), There::Nothing),
            None => self.known(image).is_some() && self.gone & ((1 << phase as u8) - 1) == 0,
        }
    }

    /// Where it is in the parent.
    pub fn spot(self) -> Option<Spot> {
        self.spot
    }
}
