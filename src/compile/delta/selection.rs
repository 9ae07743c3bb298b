//! What a part has to hold, so that what an edit touched can be judged on it: nothing where rows hang together with others that
//! would not be in it.

use std::collections::BTreeSet;

use super::edit::FileEdit;
use super::links::is_link;
use super::reach::{can_be_known, is_simple};
use super::touched::{MOST_ROWS, Touched, owners};
use crate::entity::{Cause, Phase, Strength, What};
use crate::graph::RowId;
use crate::graph::part::Selection;
use crate::intern::EntityId;

impl<'w> Touched<'w> {
    /// The rows of the part, if each may be looked at alone.
    pub fn selection(&mut self) -> Option<Selection<'w, FileEdit>> {
        self.nothing_is_below_links()?;
        let image = self.image;
        let mut known: BTreeSet<EntityId> = self.known.union(&self.judged).copied().collect();
        self.directories(&mut known)?;
        let mut pending: Vec<EntityId> = known.iter().copied().collect();
        let mut provides: Vec<u32> = Vec::new();
        let mut requires: Vec<u32> = Vec::new();
        for &entity in &self.judged {
            self.can_be_judged(entity)?;
            let requirers = self.cast.was(entity).map_or(&[][..], |was| self.index.requirers(was));
            for &row in requirers {
                let require = &image.requires[row as usize];
                if self.is_gone(require.feature) {
                    continue;
                }
                let amiss = require.cause == Cause::HardlinkTarget
                    || image.trail_of.contains_key(&RowId::Require(row))
                    || self.index.opaque[image.phase(require.feature) as usize];
                if amiss {
                    return None;
                }
                requires.push(row);
            }
        }
        // Whether a user's own group is needed depends on what is said of the user.
        let own =
            requires.iter().map(|&row| &image.requires[row as usize]).filter(|row| row.cause == Cause::PrimaryGroup);
        for user in own.filter_map(|row| image.features[row.feature as usize].main) {
            let user = self.cast.of(user);
            pending.extend(known.insert(user).then_some(user));
        }
        while let Some(entity) = pending.pop() {
            let mut needed: Vec<EntityId> = Vec::new();
            if self.cast.entities().is_path(entity) {
                needed.push(self.cast.entities().parent(entity));
            }
            for row in self.providers(entity)? {
                let provide = &image.provides[row as usize];
                can_be_known(image, row, provide)?;
                needed.extend(owners(provide).map(|owner| self.cast.of(owner)));
                // The group of a user's own name goes with the user.
                if let What::Group(_) = provide.what {
                    needed.extend(image.features[provide.feature as usize].main.map(|main| self.cast.of(main)));
                }
                provides.push(row);
            }
            pending.extend(needed.into_iter().filter(|&entity| known.insert(entity)));
        }
        for &entity in self.beside.difference(&known) {
            for row in self.providers(entity)? {
                can_be_known(image, row, &image.provides[row as usize])?;
                provides.push(row);
            }
        }
        if provides.len() + requires.len() > MOST_ROWS {
            return None;
        }
        let mut links: Vec<(u32, EntityId)> = Vec::new();
        for &entity in &self.judged {
            let Some(was) = self.cast.was(entity) else { continue };
            for &link in self.index.leaders(was) {
                let provide = image.links[link as usize].provide;
                let row = &image.provides[provide as usize];
                if !self.is_gone(row.feature) {
                    can_be_known(image, provide, row)?;
                    links.push((link, entity));
                }
            }
        }
        links.sort_unstable();
        provides.extend(links.iter().map(|&(link, _)| image.links[link as usize].provide));
        provides.sort_unstable();
        provides.dedup();
        requires.sort_unstable();
        requires.dedup();
        let features = image.opaque_features.clone();
        Some(Selection {
            edits: self.edits,
            cast: self.cast.clone(),
            provides,
            requires,
            features,
            links,
            targets: self.links.targets.clone(),
        })
    }

    /// What stands in a directory that is judged requires it; nothing where what is below it is judged by it, too.
    fn directories(&mut self, known: &mut BTreeSet<EntityId>) -> Option<()> {
        let image = self.image;
        for &entity in &self.judged {
            let Some(was) = self.cast.was(entity).filter(|_| self.cast.entities().is_path(entity)) else { continue };
            if self.index.below(was).next().is_none() {
                continue;
            }
            // Below what is broken or missing not everything is told.
            let is_told = |&&other: &&EntityId| other != was && image.entities.is_within(other, was);
            if image.slots.of(was).iter().any(|slot| slot.broken)
                || self.index.amiss.iter().any(|other| is_told(&other))
            {
                return None;
            }
            for below in self.index.below(was) {
                let id = self.cast.of(below);
                known.insert(id);
                // What is further below asks for the first place on its way that is there.
                let is_deep = self.index.below(below).next().is_some();
                // Whose a directory is that is made on the way is told by the one that it is in.
                let slots = image.slots.of(below);
                let is_implied =
                    slots.iter().any(|slot| image.provides[slot.lead as usize].strength == Strength::Implied);
                if slots.is_empty() || is_implied || is_deep && !self.stands(id, Phase::Main, |_| true) {
                    return None;
                }
            }
            if known.len() > MOST_ROWS {
                return None;
            }
        }
        Some(())
    }

    /// The rows that provide an entity; nothing if it was taken away at some time, or is taken as there.
    pub(super) fn providers(&self, entity: EntityId) -> Option<Vec<u32>> {
        let image = self.image;
        let Some(was) = self.cast.was(entity) else { return Some(Vec::new()) };
        if image.gone[was.index()] != 0 || image.taken.contains_key(&was) || image.slots.assumed.contains_key(&was) {
            return None;
        }
        let mut rows = Vec::new();
        for slot in image.slots.of(was) {
            let all = &image.slots.rows[slot.rows.0 as usize..slot.rows.1 as usize];
            rows.extend(all.iter().copied().filter(|&row| !self.is_gone(image.provides[row as usize].feature)));
        }
        Some(rows)
    }

    fn can_be_judged(&self, entity: EntityId) -> Option<()> {
        let (image, entities) = (self.image, self.cast.entities());
        // What cannot be read may be a folder with anything in it.
        if self.index.unread && entities.is_path(entity) {
            return None;
        }
        if matches!(entities.last(entity), "passwd" | "group" | "shadow" | "gshadow") && entities.is_path(entity) {
            return None;
        }
        let nearest = self.cast.nearest(entity);
        if image.removals.iter().any(|removal| !removal.recursive && image.entities.is_within(nearest, removal.entity))
        {
            return None;
        }
        // What is below it, or would be, was judged by what it is.
        let is_judged = |id: &EntityId| self.judged.contains(id);
        let is_new = |&id: &EntityId| self.cast.was(id).is_none();
        if entities.is_path(entity)
            && entities.ids().filter(is_new).any(|id| entities.parent(id) == entity && !is_judged(&id))
        {
            return None;
        }
        let Some(was) = self.cast.was(entity) else {
            let fits = image.gone[nearest.index()] == 0 && !image.taken.contains_key(&nearest);
            return fits.then_some(());
        };
        if self.index.linked.contains(&was) {
            return None;
        }
        match image.slots.of(was) {
            [] => Some(()),
            [slot] => {
                let rows = &image.slots.rows[slot.rows.0 as usize..slot.rows.1 as usize];
                // What went was looked at when it did.
                let simple = rows
                    .iter()
                    .map(|&row| &image.provides[row as usize])
                    .all(|row| is_simple(image, row).is_some() || is_link(row.what) && self.is_gone(row.feature));
                let fits = simple
                    && !self.index.opaque[slot.phase as usize]
                    && slot.mount.is_none()
                    && slot.replaces.is_none()
                    && !slot.split;
                fits.then_some(())
            }
            // What one phase makes another one finds.
            _ => None,
        }
    }
}
