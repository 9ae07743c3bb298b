//! What a phase takes away, with all below it.

use rustc_hash::FxHashSet;

use super::Places;
use crate::entity::{Phase, What};
use crate::fragment::Feature;
use crate::graph::image::RowId;
use crate::graph::packages;
use crate::intern::{EntityId, EntityType};
use crate::tree::FileType;

impl Places<'_> {
    pub(super) fn remove(&mut self, phase: Phase) {
        let bit = 1 << phase as u8;
        let mut own: Vec<(EntityId, bool)> = Vec::new();
        let mut packages: FxHashSet<&str> = FxHashSet::default();
        for number in 0..self.image.removals.len() {
            let row = self.image.removals[number];
            if self.image.phase(row.feature) == phase
                && !self.image.lost_rows.contains_key(&RowId::Removal(number as u32))
            {
                own.push((row.entity, true));
                if self.image.entities.entity_type(row.entity) == EntityType::Package {
                    packages.insert(self.image.entities.last(row.entity));
                }
            }
        }
        let mut owned: Vec<String> = Vec::new();
        if let Some(base) = self.image.base.as_ref().filter(|_| !packages.is_empty()) {
            // What only the package owned goes with it, also what nobody names by this path: a link may lead here later.
            // Directories stay, others may need them.
            owned = base.owned_by(|package| packages.contains(package));
            owned.retain(|path| {
                let known = base.find(EntityType::Path, path).and_then(|spot| base.known(spot));
                known.is_some_and(|known| known.file_type != Some(FileType::Directory))
            });
        }
        owned.extend(packages::left_behind(self.image, phase));
        for path in owned {
            let entity = self.image.entities.path(&path);
            self.image.extend_spots();
            own.push((entity, true));
        }
        for number in 0..self.image.provides.len() {
            let row = self.image.provides[number];
            let feature = &self.image.features[row.feature as usize];
            let What::Path(facts) = row.what else { continue };
            if feature.phase == phase
                && feature.is(Feature::REPLACE)
                && facts.file_type.is_some_and(|own| own != FileType::Directory)
            {
                own.push((row.entity, false));
                self.image.replacers.entry((row.entity, phase)).or_insert(number as u32);
            }
        }
        if own.is_empty() {
            return;
        }
        for &(entity, itself) in &own {
            if itself {
                self.image.gone[entity.index()] |= bit;
            }
            *self.image.taken.entry(entity).or_insert(0) |= bit;
        }
        // Ids ascend from a directory to what is below it.
        for id in 0..self.image.entities.len() {
            let id = EntityId(id as u32);
            let parent = self.image.entities.parent(id);
            if id != parent
                && (self.image.taken.get(&parent).is_some_and(|taken| taken & bit != 0)
                    || self.image.gone[parent.index()] & bit != 0)
                && self.image.entities.is_path(id)
            {
                self.image.gone[id.index()] |= bit;
            }
        }
        let image = &*self.image;
        self.standing.retain(|place, _| image.gone[place.index()] & bit == 0);
    }
}
