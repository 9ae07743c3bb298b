//! What was probably meant by a name that nothing has: something that the image or its parent has beside it, or under that name
//! as something else.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::Failure;
use crate::entity::{Cause, Phase};
use crate::graph::image::Image;
use crate::graph::layer::Known;
use crate::graph::links::follow_in_layer;
use crate::graph::slots::There;
use crate::graph::stand::Stand;
use crate::intern::{EntityId, EntityType};
use crate::message;
use crate::near::nearest_of;
use crate::tree::FileType;

/// How many comparisons may be spent on finding names that were probably meant.
pub const COMPARISONS: usize = 3_000_000;

/// What was probably meant.
pub(super) struct Meant {
    /// As it would be written in the place of the other.
    pub(super) text: String,
    /// With who has it, for a sentence.
    pub(super) said: String,
}

/// What there is, by what it is in.
pub(super) struct Neighbours<'i> {
    image: &'i Image,
    budget: usize,
    /// What features name and is there in the end.
    named: Option<FxHashMap<EntityId, Vec<EntityId>>>,
    /// The names of what is there, with what the parent has.
    names: FxHashMap<EntityId, Rc<[&'i str]>>,
}

impl<'i> Neighbours<'i> {
    pub(super) fn new(image: &'i Image) -> Self {
        Self { image, budget: COMPARISONS, named: None, names: FxHashMap::default() }
    }

    /// How many comparisons may still be made.
    pub(super) fn left(&self) -> usize {
        self.budget
    }

    /// What features name directly in something and is there in the end, once [`Neighbours::near`] was asked.
    pub(super) fn named(&self, parent: EntityId) -> &[EntityId] {
        self.named.as_ref().and_then(|named| named.get(&parent)).map_or(&[], Vec::as_slice)
    }

    /// An account, package or path of a similar name that would do. Of a path the first part that is not there counts.
    pub(super) fn near(&mut self, failure: &Failure) -> Option<Meant> {
        let (image, entity) = (self.image, failure.entity);
        self.named.get_or_insert_with(|| named(image));
        if self.budget == 0 {
            return None;
        }
        let (mut top, mut rest) = (entity, Vec::new());
        while image.entities.is_path(entity)
            && image.entities.parent(top) != EntityId::ROOT
            && matches!(image.within(image.entities.parent(top), Phase::Finalize), There::Nothing)
        {
            rest.push(image.entities.last(top));
            top = image.entities.parent(top);
        }
        rest.reverse();
        let parent = image.entities.parent(top);
        let names = self.names(parent);
        let left = self.budget.checked_sub(names.len() * (1 + rest.len()));
        // Once it was too much, it is for all that follow.
        self.budget = left.unwrap_or(0);
        left?;
        let find = |name: &str| {
            let first = Stand::at(image, parent).child(image, name);
            let at = rest.iter().fold(first, |at, name| at.child(image, name));
            (first, at)
        };
        let validator = image.validators[failure.validator as usize];
        // What itself waits for it cannot be what was meant.
        let own = image.features[failure.feature as usize].main;
        let text_of = |name: &str| match image.entities.entity_type(entity) {
            EntityType::Path => {
                let above = image.entities.text(parent);
                std::iter::once(name)
                    .chain(rest.iter().copied())
                    .fold(above.trim_end_matches('/').to_owned(), |text, part| text + "/" + part)
            }
            _ => name.to_owned(),
        };
        let fits = |name: &str| {
            let (first, at) = find(name);
            let there = match at.at_the_end(image) {
                There::Base(known) if known.file_type == Some(FileType::Symlink) => followed(image, &text_of(name)),
                There::Nothing if !matches!(first.at_the_end(image), There::Nothing) => followed(image, &text_of(name)),
                there => there,
            };
            !matches!(there, There::Nothing)
                && (at.entity.is_none() || (at.entity != own && at.entity != Some(entity)))
                && match at.entity {
                    Some(entity) => image.fails_after(entity, there, Phase::ALL.len(), &validator),
                    None => image.fails(there, &validator),
                }
                .is_none()
        };
        let known = names.iter().map(|&name| (name, name));
        let near = nearest_of(image.entities.last(top), known.clone(), |name| fits(name)).or_else(|| {
            // A directory of a similar name, even if the rest is not in it: it is to be put there.
            let is_directory = |name: &str| {
                let (first, _) = find(name);
                let there = first.at_the_end(image);
                !matches!(there, There::Nothing) && image.view(there).file_type == Some(FileType::Directory)
            };
            let partly = failure.cause == Cause::Parent && !rest.is_empty();
            partly.then(|| nearest_of(image.entities.last(top), known, |name| is_directory(name)))?
        })?;
        let text = text_of(near);
        let (first, at) = find(near);
        let at = if matches!(at.at_the_end(image), There::Nothing) { first } else { at };
        let thing = match image.entities.entity_type(entity) {
            EntityType::Path => message::quoted(&text),
            other => format!("{} {}", other.name(), message::quoted(&text)),
        };
        let said = match (at.at_the_end(image), &image.base) {
            (There::Slot(_) | There::Always, _) | (_, None) => thing,
            (_, Some(base)) => format!("{thing}, which parent {} has", message::quoted(&base.name)),
        };
        Some(Meant { text, said })
    }

    /// The names of all that is directly in something in the end. Many may be missing in one directory: it is looked at once.
    fn names(&mut self, parent: EntityId) -> Rc<[&'i str]> {
        if let Some(known) = self.names.get(&parent) {
            return known.clone();
        }
        let image = self.image;
        let spot = image.spots.get(parent.index()).copied().flatten();
        let below = image.base.as_ref().zip(spot).map_or_else(Vec::new, |(base, spot)| base.children(spot));
        // What a feature names is there as the image leaves it, and not as the parent has it.
        let inherited =
            below.into_iter().map(|(name, _)| name).filter(|name| image.entities.find_child(parent, name).is_none());
        let named = self.named(parent).iter().map(|&id| image.entities.last(id));
        let names: Rc<[&str]> = named.chain(inherited).collect();
        self.names.insert(parent, names.clone());
        names
    }

    /// Where the very name is that of something else: of a group in place of a user, say.
    pub(super) fn otherwise(&self, entity: EntityId) -> Option<String> {
        let image = self.image;
        let own = image.entities.entity_type(entity);
        if own == EntityType::Path {
            return None;
        }
        let name = image.entities.last(entity);
        let others = EntityType::ALL.into_iter().filter(|&other| other != EntityType::Path && other != own);
        let found = others.filter_map(|other| {
            let who = match Stand::root(image, other).child(image, name).at_the_end(image) {
                There::Nothing => return None,
                There::Base(_) => format!("parent {}", message::quoted(&image.base.as_ref()?.name)),
                There::Slot(_) | There::Always => String::from("the image"),
            };
            Some(format!("{who} has {} {}, and no {} of that name", other.name(), message::quoted(name), own.name()))
        });
        found.into_iter().next()
    }
}

/// What features name and is there in the end, by what it is in.
fn named(image: &Image) -> FxHashMap<EntityId, Vec<EntityId>> {
    let mut children: FxHashMap<EntityId, Vec<EntityId>> = FxHashMap::default();
    for id in image.entities.ids().skip(EntityType::ALL.len()) {
        if !matches!(image.within(id, Phase::Finalize), There::Nothing) {
            children.entry(image.entities.parent(id)).or_default().push(id);
        }
    }
    children
}

/// What a path of the parent leads to.
fn followed<'i>(image: &'i Image, path: &str) -> There<'i> {
    let known: Option<&Known> =
        image.base.as_ref().and_then(|base| follow_in_layer(base, path).and_then(|spot| base.known(spot)));
    known.map_or(There::Nothing, There::Base)
}
