//! Symbolic links that came or went, as long as nothing goes through them: then what they touch is their own place and
//! where they lead.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use super::touched::Touched;
use crate::entity::{Phase, What};
use crate::graph::part::Edited;
use crate::intern::EntityId;
use crate::tree::FileType;

/// Links that came or went.
#[derive(Default)]
pub(super) struct Links {
    /// Where they stand, or stood.
    places: BTreeSet<EntityId>,
    /// Where those that came lead, by file and number in it.
    pub targets: FxHashMap<(u32, u32), EntityId>,
    /// Directories that the texts of those that came lead out of, by `..`.
    left: BTreeSet<EntityId>,
}

/// Whether what a row provides is a symbolic link.
pub(super) const fn is_link(what: What) -> bool {
    matches!(what, What::Path(facts) if matches!(facts.file_type, Some(FileType::Symlink)))
}

impl Touched<'_> {
    /// Notes a link that went, by the row that provided it, and says where it led; nothing if it led through others.
    pub(super) fn link_went(&mut self, provide: u32) -> Option<EntityId> {
        let &(_, place) = self.index.leads.get(&provide)?;
        self.links.places.insert(self.cast.of(self.image.provides[provide as usize].entity));
        Some(self.cast.of(place))
    }

    /// Notes a link that came; nothing if the way to it leads through others, or the parent has something there.
    pub(super) fn link_came(&mut self, link: EntityId) -> Option<()> {
        self.no_link_on_the_way(self.cast.entities().parent(link))?;
        if self.cast.base_knows(link).is_some() {
            return None;
        }
        self.links.places.insert(link);
        Some(())
    }

    /// Where a link that came leads; nothing if that depends on more than the directories that are there.
    pub(super) fn leads_to(&mut self, link: EntityId, text: &str, phase: Phase) -> Option<EntityId> {
        let mut at = if text.starts_with('/') { EntityId::ROOT } else { self.cast.entities().parent(link) };
        for name in text.split('/') {
            match name {
                "" | "." => {}
                ".." if at == EntityId::ROOT => {}
                ".." => {
                    self.no_link_on_the_way(at)?;
                    if !self.stands(at, phase, |_| true) {
                        return None;
                    }
                    self.links.left.insert(at);
                    at = self.cast.entities().parent(at);
                }
                name => at = self.cast.child(at, name),
            }
        }
        self.no_link_on_the_way(at)?;
        Some(at)
    }

    /// Whether nothing else is at the places of the links, goes through them or leads to them.
    pub(super) fn links_reach_nothing(&self, files: &[u32]) -> Option<()> {
        let links = &self.links;
        if links.places.is_empty() {
            return Some(());
        }
        let image = self.image;
        let leads_to_one = links.targets.values().any(|place| links.places.contains(place));
        if leads_to_one || links.left.iter().any(|place| self.judged.contains(place)) {
            return None;
        }
        for &link in &links.places {
            let Some(was) = self.cast.was(link) else { continue };
            let stays = |&&row: &&u32| !self.is_gone(image.requires[row as usize].feature);
            let leads_here =
                |&link: &u32| !self.is_gone(image.provides[image.links[link as usize].provide as usize].feature);
            if self.index.below(was).next().is_some()
                || self.index.leaders(was).iter().any(leads_here)
                || self.index.requirers(was).iter().any(|row| stays(&row))
                || !self.providers(link)?.is_empty()
            {
                return None;
            }
        }
        for file in files {
            let fragment = self.edits[file].fragment();
            let came = |feature: u32| self.edits[file].come().iter().any(|come| come.features.contains(&feature));
            let is_at_one =
                |entity| self.cast.find_fragment(fragment, entity).is_some_and(|id| links.places.contains(&id));
            if fragment.provides.iter().any(|row| came(row.feature) && !is_link(row.what) && is_at_one(row.entity))
                || fragment.requires.iter().any(|row| came(row.feature) && is_at_one(row.entity))
            {
                return None;
            }
        }
        Some(())
    }

    /// Whether nothing that is looked at stands below a link: it would be somewhere else.
    pub(super) fn nothing_is_below_links(&self) -> Option<()> {
        let entities = self.cast.entities();
        let is_below = |id: EntityId| id != EntityId::ROOT && self.links.places.contains(&entities.parent(id));
        (self.links.places.is_empty() || !entities.ids().any(is_below)).then_some(())
    }
}
