//! Where a path as spelled leads in the finished image, also where no feature names it.

use super::model::{LinkPassed, Origin, Place};
use super::words;
use crate::entity::{Phase, What};
use crate::graph::layer::{Known, Spot};
use crate::graph::slots::There;
use crate::graph::{Image, Substance};
use crate::intern::{EntityId, EntityType};
use crate::tree::FileType;

/// How many links one way may lead through; as in the Linux kernel.
const MAX_LINKS: usize = 40;

/// Something that may be in the image: its entity, where any feature names it, else where it is in the parent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stand {
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
        let entity = EntityId(entity_type as u32);
        Self {
            entity: Some(entity),
            nearest: entity,
            spot: image.spots.get(entity.index()).copied().flatten(),
            gone: 0,
        }
    }

    /// What is directly below by that name.
    pub fn child(self, image: &Image, name: &str) -> Self {
        if let Some(entity) = self.entity.and_then(|parent| image.entities.find_child(parent, name)) {
            let spot = image.spots.get(entity.index()).copied().flatten();
            let gone = image.gone.get(entity.index()).copied().unwrap_or(0);
            return Self { entity: Some(entity), nearest: entity, spot, gone };
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

/// Who provides what is there, in words, and where that is declared.
pub(super) fn provider(image: &Image, there: There<'_>) -> (String, Option<Origin>) {
    match there {
        There::Slot(slot) => {
            let row = &image.provides[image.slots.slots[slot as usize].lead as usize];
            let place = words::origin(&image.at(row.feature, row.span));
            (image.say_feature(row.feature), Some(place))
        }
        There::Base(known) => (words::parent(image, known), known.origin.as_ref().map(words::origin)),
        There::Always => ("every image".to_owned(), None),
        There::Nothing => ("nobody".to_owned(), None),
    }
}

/// The text of the link that is there.
fn link_text(image: &Image, there: There<'_>) -> Option<String> {
    match there {
        There::Slot(slot) => {
            let slot = &image.slots.slots[slot as usize];
            let What::Path(facts) = slot.what else { return None };
            if facts.file_type != Some(FileType::Symlink) {
                return None;
            }
            match image.substance(&image.provides[slot.lead as usize]) {
                Substance::Target(target) => Some(target),
                _ => None,
            }
        }
        There::Base(known) if known.file_type == Some(FileType::Symlink) => known.target.as_deref().map(str::to_owned),
        _ => None,
    }
}

/// Follows a normalised path to its place. A link that stands at its end is followed only if `through` says so.
pub(super) fn follow(image: &Image, path: &str, through: bool) -> (Place, Stand) {
    let (canonical, stand, links, endless) = walk(image, path, through);
    let mut place = Place { spelled: path.to_owned(), links, canonical: canonical.clone(), leads_to: None, endless };
    if !place.endless && !through && link_text(image, stand.at_the_end(image)).is_some() {
        let (target, _, _, endless) = walk(image, &canonical, true);
        match endless {
            true => place.endless = true,
            false => place.leads_to = Some(target),
        }
    }
    (place, stand)
}

fn walk(image: &Image, path: &str, through: bool) -> (String, Stand, Vec<LinkPassed>, bool) {
    let split = |path: &str| -> Vec<String> {
        path.split('/').rev().filter(|name| !matches!(*name, "" | ".")).map(str::to_owned).collect()
    };
    let root = Stand::root(image, EntityType::Path);
    let mut way: Vec<(String, Stand)> = Vec::new();
    let mut links: Vec<LinkPassed> = Vec::new();
    let mut pending = split(path);
    let text = |way: &[(String, Stand)]| match way {
        [] => "/".to_owned(),
        way => way.iter().flat_map(|(name, _)| ["/", name]).collect(),
    };
    while let Some(name) = pending.pop() {
        if name == ".." {
            way.pop();
            continue;
        }
        let at = way.last().map_or(root, |&(_, stand)| stand).child(image, &name);
        let there = at.at_the_end(image);
        let target = link_text(image, there).filter(|_| through || !pending.is_empty());
        way.push((name, at));
        let Some(target) = target else { continue };
        let (by, origin) = provider(image, there);
        links.push(LinkPassed { link: text(&way), target: target.clone(), by, origin });
        if links.len() > MAX_LINKS {
            // A circle is told once.
            let again = (1..links.len()).find(|&at| links[..at].iter().any(|before| before.link == links[at].link));
            links.truncate(again.unwrap_or(links.len()));
            return (text(&way), at, links, true);
        }
        way.pop();
        if target.starts_with('/') {
            way.clear();
        }
        pending.extend(split(&target));
    }
    (text(&way), way.last().map_or(root, |&(_, stand)| stand), links, false)
}
