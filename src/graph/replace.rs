//! `replace` within one image: what a file puts in the place of what the files that it includes provide.

use rustc_hash::{FxHashMap, FxHashSet};

use super::image::{Image, RowId};
use super::links::Places;
use super::slots::Slots;
use crate::entity::{Means, Phase, Provide, Strength, What};
use crate::fragment::Feature;
use crate::intern::EntityId;
use crate::tree::FileType;

/// Whether a row is a path that is known to be something else than a directory: it holds nothing.
fn holds_nothing(row: &Provide) -> bool {
    matches!(row.what, What::Path(facts) if facts.file_type.is_some_and(|own| own != FileType::Directory))
}

impl Image {
    /// Whether a feature may stand in the place of what files that its own file includes provide.
    fn may_override(&self, feature: u32) -> bool {
        self.features[feature as usize].is(Feature::REPLACE)
            && !self.files[self.file_of(feature) as usize].included.is_empty()
    }

    /// Whether the file of one feature includes that of another.
    fn declared_over(&self, feature: u32, other: u32) -> bool {
        self.includes(self.file_of(feature), self.file_of(other))
    }

    /// Whether nothing is left of what a feature provides: what it requires is not required then.
    pub fn is_overridden(&self, feature: u32) -> bool {
        !self.overridden_features.is_empty() && self.overridden_features.contains(&feature)
    }
}

impl Places<'_> {
    /// The links of a phase that stand. A link in the place of a directory that an included file makes takes that
    /// directory and all that the included file puts below it away, also further links; so this is settled before any
    /// path is led through the link.
    pub(super) fn standing_links(&mut self, phase: Phase, links: &[u32]) -> Vec<u32> {
        let feature_of = |image: &Image, link: u32| image.provides[image.links[link as usize].provide as usize].feature;
        let (replacing, others): (Vec<u32>, Vec<u32>) =
            links.iter().partition(|&&link| self.image.may_override(feature_of(self.image, link)));
        if replacing.is_empty() {
            return others;
        }
        // As it would be without these links.
        let before = self.standing.clone();
        self.place_links(&others);
        self.forget();
        let mut at: FxHashMap<EntityId, u32> = FxHashMap::default();
        for &link in &replacing {
            let spelled = self.image.provides[self.image.links[link as usize].provide as usize].entity;
            if let Ok(real) = self.place(spelled) {
                at.insert(real.place, feature_of(self.image, link));
            }
        }
        let mut found: Vec<(u32, EntityId)> = Vec::new();
        let mut taken: FxHashSet<EntityId> = FxHashSet::default();
        for number in 0..self.image.provides.len() as u32 {
            let row = self.image.provides[number as usize];
            if self.image.phase(row.feature) != phase
                || !self.image.entities.is_path(row.entity)
                || !at.values().any(|&by| self.image.declared_over(by, row.feature))
            {
                continue;
            }
            let place = if holds_nothing(&row) { self.place(row.entity) } else { self.real(row.entity) };
            let Ok(real) = place else { continue };
            let mut above = real.place;
            loop {
                if at.get(&above).is_some_and(|&by| self.image.declared_over(by, row.feature)) {
                    found.push((number, real.place));
                    if above == real.place && !holds_nothing(&row) {
                        taken.insert(above);
                    }
                    break;
                }
                if above == EntityId::ROOT {
                    break;
                }
                above = self.image.entities.parent(above);
            }
        }
        self.standing = before;
        self.forget();
        // Where no included file makes the directory the paths below lead through the link.
        found.retain(|&(_, place)| {
            let mut above = place;
            loop {
                if taken.contains(&above) {
                    return true;
                }
                if above == EntityId::ROOT {
                    return false;
                }
                above = self.image.entities.parent(above);
            }
        });
        for (number, place) in found {
            self.image.provides[number as usize].entity = place;
            self.image.overridden.insert(number);
        }
        let image = &*self.image;
        links.iter().copied().filter(|&link| !image.overridden.contains(&image.links[link as usize].provide)).collect()
    }
}

/// Marks every row whose place a feature of an including file takes, and all rows of features of which nothing is left.
pub fn settle(image: &mut Image) {
    let mut by_place: FxHashMap<(EntityId, Phase), Vec<u32>> = FxHashMap::default();
    for (number, row) in image.provides.iter().enumerate() {
        let counts = row.means != Means::Assumed && row.strength != Strength::Implied;
        if counts
            && image.features[row.feature as usize].is(Feature::REPLACE)
            && image.may_override(row.feature)
            && !image.lost_rows.contains_key(&RowId::Provide(number as u32))
        {
            by_place.entry((row.entity, image.phase(row.feature))).or_default().push(number as u32);
        }
    }
    if by_place.is_empty() {
        return;
    }
    let mut dropped: Vec<u32> = image.overridden.iter().copied().collect();
    for number in 0..image.provides.len() as u32 {
        let row = image.provides[number as usize];
        let phase = image.phase(row.feature);
        let mut at = row.entity;
        let mut below = false;
        let by = loop {
            let over = by_place.get(&(at, phase)).into_iter().flatten().copied().find(|&by| {
                let by = &image.provides[by as usize];
                (!below || holds_nothing(by)) && image.declared_over(by.feature, row.feature)
            });
            if over.is_some() || at == EntityId::ROOT || !image.entities.is_path(at) {
                break over;
            }
            at = image.entities.parent(at);
            below = true;
        };
        if let Some(by) = by {
            dropped.push(number);
            image.replaced.insert(image.provides[by as usize].feature, ());
        }
    }
    for &number in &dropped {
        image.slots.states[number as usize] |= Slots::DROPPED;
    }
    let mut left: FxHashMap<u32, bool> =
        dropped.iter().map(|&number| (image.provides[number as usize].feature, false)).collect();
    let is_dropped = |image: &Image, number: usize| image.slots.states[number] & Slots::DROPPED != 0;
    for (number, row) in image.provides.iter().enumerate() {
        let own = row.strength != Strength::Implied && row.means != Means::Declared;
        if own
            && !is_dropped(image, number)
            && let Some(left) = left.get_mut(&row.feature)
        {
            *left = true;
        }
    }
    image.overridden_features = left.into_iter().filter(|&(_, left)| !left).map(|(feature, _)| feature).collect();
    for number in 0..image.provides.len() {
        if image.is_overridden(image.provides[number].feature) {
            image.slots.states[number] |= Slots::DROPPED;
        }
    }
}
