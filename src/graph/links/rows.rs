//! Every row of an image led to its place, and where each link leads.

use super::{Lost, Places, Real};
use crate::entity::{Content, Phase, What};
use crate::graph::accounts::AccountFiles;
use crate::graph::image::RowId;
use crate::intern::EntityId;
use crate::tree::FileType;

impl Places<'_> {
    /// Where the files that list accounts are in a phase.
    pub(super) fn account_files(&mut self, phase: Phase) {
        for (file, path) in AccountFiles::SPELLED.into_iter().enumerate() {
            let spelled = self.image.entities.path(path);
            self.image.extend_spots();
            let place = self.real(spelled).map_or(spelled, |real| real.place);
            self.image.account_files.set(file, phase, place);
        }
    }

    /// Leads what a phase provides, requires and removes to its place.
    pub(super) fn resolve_rows(&mut self, phase: Phase) {
        for number in 0..self.image.provides.len() {
            let row = self.image.provides[number];
            if self.image.phase(row.feature) != phase
                || !self.image.entities.is_path(row.entity)
                || self.image.overridden.contains(&(number as u32))
            {
                continue;
            }
            let What::Path(facts) = row.what else { continue };
            let mut found = self.place(row.entity);
            if facts.file_type == Some(FileType::Directory)
                && let Ok(real) = found
                && self.is_link(real.place)
            {
                found = self.real(row.entity);
            }
            self.image.provides[number].entity = self.note(RowId::Provide(number as u32), row.entity, found);
            if let Content::SameAs(target) = facts.content
                && let Ok(real) = self.real(target)
                && let What::Path(facts) = &mut self.image.provides[number].what
            {
                facts.content = Content::SameAs(real.place);
            }
        }
        for number in 0..self.image.requires.len() {
            let row = self.image.requires[number];
            if self.image.phase(row.feature) != phase || !self.image.entities.is_path(row.entity) {
                continue;
            }
            let found = self.real(row.entity);
            self.image.requires[number].entity = self.note(RowId::Require(number as u32), row.entity, found);
        }
        for number in 0..self.image.removals.len() {
            let row = self.image.removals[number];
            if self.image.phase(row.feature) != phase || !self.image.entities.is_path(row.entity) {
                continue;
            }
            let found = self.place(row.entity);
            self.image.removals[number].entity = self.note(RowId::Removal(number as u32), row.entity, found);
        }
        for number in 0..self.image.grafts.len() {
            if self.image.phase(self.image.grafts[number].graft.feature) == phase
                && let Ok(real) = self.real(self.image.grafts[number].graft.at)
            {
                self.image.grafts[number].graft.at = real.place;
            }
        }
    }

    fn note(&mut self, row: RowId, spelled: EntityId, found: Result<Real, Lost>) -> EntityId {
        match found {
            Ok(real) => {
                if real.trail != 0 {
                    self.image.trail_of.insert(row, real.trail);
                }
                real.place
            }
            Err(Lost::Dangling(place)) => place,
            Err(Lost::Looped(trail)) => {
                self.image.lost_rows.insert(row, ());
                self.image.trail_of.insert(row, trail);
                spelled
            }
        }
    }

    /// Where the links of a phase lead.
    pub(super) fn targets(&mut self, links: &[u32], order: &mut Vec<(u32, Option<EntityId>)>) {
        for &number in links {
            let provide = self.image.links[number as usize].provide;
            let link = self.image.provides[provide as usize].entity;
            let target = self.image.links[number as usize].target.clone();
            let from = Real { place: self.image.entities.parent(link), trail: 0, hops: 0 };
            let found = self.walk(from, link, target, None);
            match found {
                Ok(real) => {
                    if real.trail != 0 {
                        self.image.trail_of.insert(RowId::Link(number), real.trail);
                    }
                    order.push((number, Some(real.place)));
                }
                Err(Lost::Dangling(place)) => order.push((number, Some(place))),
                Err(Lost::Looped(_)) => {
                    self.image.lost_rows.insert(RowId::Link(number), ());
                    order.push((number, None));
                }
            }
        }
    }
}
