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
        let mut watchers: FxHashMap<EntityId, Vec<u32>> = FxHashMap::default();
        let mut at: FxHashMap<u32, EntityId> = FxHashMap::default();
        let mut times: FxHashMap<u32, u32> = FxHashMap::default();
        // Of several links at one place, which is a conflict, the one with the least text counts, whatever the order of files.
        let mut here: FxHashMap<EntityId, BTreeSet<(Box<str>, u32)>> = FxHashMap::default();
        let mut pending: VecDeque<u32> = links.iter().copied().collect();
        let mut waiting: FxHashMap<u32, bool> = links.iter().map(|&link| (link, true)).collect();
        let spelled: FxHashMap<u32, EntityId> = links
            .iter()
            .map(|&link| (link, self.image.provides[self.image.links[link as usize].provide as usize].entity))
            .collect();
        while let Some(link) = pending.pop_front() {
            waiting.insert(link, false);
            let entity = spelled[&link];
            let count = times.entry(link).or_insert(0);
            *count += 1;
            if *count > MAX_PLACINGS {
                continue;
            }
            let mut looked = Vec::new();
            let parent = self.image.entities.parent(entity);
            let name = self.image.entities.last(entity).to_owned();
            let place = match self.walk_spelled(parent, &mut looked) {
                Ok(parent) => self.image.child(parent.place, &name),
                Err(_) => {
                    moved = true;
                    entity
                }
            };
            moved |= place != entity;
            for place in looked {
                let watching = watchers.entry(place).or_default();
                if watching.last() != Some(&link) {
                    watching.push(link);
                }
            }
            let before = at.insert(link, place);
            if before == Some(place) {
                continue;
            }
            let mut changed = vec![place];
            if let Some(before) = before {
                if let Some(standing) = here.get_mut(&before) {
                    standing.remove(&(self.image.links[link as usize].target.clone(), link));
                }
                changed.push(before);
            }
            here.entry(place).or_default().insert((self.image.links[link as usize].target.clone(), link));
            for place in changed {
                let first = here.get(&place).and_then(|links| links.first()).map(|&(_, link)| link);
                match first {
                    Some(first) => {
                        let target: Arc<str> = (&*self.image.links[first as usize].target).into();
                        self.standing.insert(place, Standing { target, row: Some(first) });
                    }
                    None => {
                        self.standing.remove(&place);
                    }
                }
                for &watcher in watchers.get(&place).into_iter().flatten() {
                    if watcher != link && !std::mem::replace(waiting.entry(watcher).or_insert(false), true) {
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
