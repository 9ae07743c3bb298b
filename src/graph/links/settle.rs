//! The links' own places: where each stands once the links on its own path are followed.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{Places, Standing};
use crate::entity::{Phase, What};
use crate::fragment::Feature;
use crate::intern::EntityId;
use crate::tree::FileType;

/// How often a link's own place is worked out anew before it counts as reached only through itself.
const MAX_PLACINGS: u32 = 48;

/// How far a link has come.
#[derive(Clone, Copy)]
struct Settling {
    at: Option<EntityId>,
    times: u32,
    /// Whether it is to be placed, for the first time or again.
    waiting: bool,
}

/// The links at one place, each with its text. Of several, which is a conflict, the one with the least text counts, whatever the order of
/// files.
#[derive(Default)]
enum Here {
    #[default]
    Nothing,
    One((Arc<str>, u32)),
    Several(BTreeSet<(Arc<str>, u32)>),
}

impl Here {
    fn first(&self) -> Option<&(Arc<str>, u32)> {
        match self {
            Self::Nothing => None,
            Self::One(link) => Some(link),
            Self::Several(links) => links.first(),
        }
    }

    fn insert(&mut self, link: (Arc<str>, u32)) {
        *self = match std::mem::take(self) {
            Self::Nothing => Self::One(link),
            Self::One(other) => Self::Several([other, link].into()),
            Self::Several(mut links) => {
                links.insert(link);
                Self::Several(links)
            }
        };
    }

    fn remove(&mut self, link: &(Arc<str>, u32)) {
        match self {
            Self::One(own) if own == link => *self = Self::Nothing,
            Self::Several(links) => {
                links.remove(link);
            }
            Self::Nothing | Self::One(_) => {}
        }
    }
}

impl Places<'_> {
    /// Puts the links of a phase at their places.
    pub(in crate::graph) fn place_links(&mut self, links: &[u32]) {
        let before = self.standing.clone();
        if !self.try_places(links.to_vec()) {
            return;
        }
        // Where links lead to links of each other, more than one way may fit. Tried in the order of their texts they come
        // to stand the same, whatever the order of files.
        self.standing = before;
        let mut sorted = links.to_vec();
        let image = &*self.image;
        sorted.sort_by_cached_key(|&link| {
            let link = &image.links[link as usize];
            (image.entities.text(image.provides[link.provide as usize].entity), link.target.clone())
        });
        self.try_places(sorted);
    }

    /// Lets links stand where they come to stand; whether that is elsewhere than written for any. A link's place can
    /// depend on other links' places: who looked at a place is told when a link comes to stand there, so the work grows
    /// with the ways and not with their square.
    fn try_places(&mut self, links: Vec<u32>) -> bool {
        let mut moved = false;
        let mut settling: Vec<Settling> = vec![Settling { at: None, times: 0, waiting: true }; links.len()];
        // Links by their number in `links`.
        let mut pending: VecDeque<u32> = (0..links.len() as u32).collect();
        let mut watchers: FxHashMap<EntityId, Vec<u32>> = FxHashMap::default();
        let mut here: FxHashMap<EntityId, Here> = FxHashMap::default();
        let mut looked = Vec::new();
        while let Some(number) = pending.pop_front() {
            let own = &mut settling[number as usize];
            own.waiting = false;
            own.times += 1;
            if own.times > MAX_PLACINGS {
                continue;
            }
            let link = links[number as usize];
            let entity = self.image.provides[self.image.links[link as usize].provide as usize].entity;
            looked.clear();
            let parent = self.image.entities.parent(entity);
            let place = match self.walk_spelled(parent, &mut looked) {
                Ok(real) if real.place == parent => entity,
                Ok(real) => {
                    let name = self.image.entities.last(entity).to_owned();
                    self.image.child(real.place, &name)
                }
                Err(_) => {
                    moved = true;
                    entity
                }
            };
            moved |= place != entity;
            for &place in &looked {
                let watching = watchers.entry(place).or_default();
                if watching.last() != Some(&number) {
                    watching.push(number);
                }
            }
            let before = settling[number as usize].at.replace(place);
            if before == Some(place) {
                continue;
            }
            let standing = (self.image.links[link as usize].target.clone(), link);
            let left = before.inspect(|before| {
                if let Some(here) = here.get_mut(before) {
                    here.remove(&standing);
                }
            });
            here.entry(place).or_default().insert(standing);
            for place in std::iter::once(place).chain(left) {
                match here.get(&place).and_then(Here::first) {
                    Some((target, first)) => {
                        self.standing.insert(place, Standing { target: target.clone(), row: Some(*first) });
                    }
                    None => {
                        self.standing.remove(&place);
                    }
                }
                for &watcher in watchers.get(&place).into_iter().flatten() {
                    if watcher != number && !std::mem::replace(&mut settling[watcher as usize].waiting, true) {
                        pending.push_back(watcher);
                    }
                }
            }
        }
        moved
    }

    /// Something else that is put where a link of the base stands takes the link's place.
    pub(super) fn replace_links(&mut self, phase: Phase) {
        if self.image.base.is_none() && self.standing.is_empty() {
            return;
        }
        for number in 0..self.image.provides.len() {
            let row = self.image.provides[number];
            let feature = &self.image.features[row.feature as usize];
            let What::Path(facts) = row.what else { continue };
            let is_other = facts.file_type.is_some_and(|own| !matches!(own, FileType::Directory | FileType::Symlink));
            if feature.phase != phase || !feature.is(Feature::REPLACE) || !is_other {
                continue;
            }
            let parent = self.image.entities.parent(row.entity);
            let Ok(real) = self.real(parent) else { continue };
            let name = self.image.entities.last(row.entity).to_owned();
            let place = self.image.child(real.place, &name);
            if self.standing.get(&place).is_none_or(|standing| {
                standing.row.is_none_or(|row| {
                    self.image.phase(self.image.provides[self.image.links[row as usize].provide as usize].feature)
                        < phase
                })
            }) {
                self.standing.remove(&place);
                self.hidden.insert(place, ());
                self.followed.clear();
            }
        }
    }
}
