//! What an edit touched: the entities to judge anew, and those that must be known for it. Where it may have reached
//! further than that can be told from here, nothing is said, and the image is linked as a whole.

use std::collections::BTreeSet;
use std::ops::Range;

use rustc_hash::{FxHashMap, FxHashSet};

use super::accounts::{Accounts, is_account};
use super::edit::FileEdit;
use super::links::{Links, is_link};
use super::reach::{are_plain, is_simple};
use super::whole::{Index, Whole};
use crate::entity::{Owner, ParentRule, Phase, Provide, Strength, What};
use crate::fragment::Fragment;
use crate::graph::cast::Cast;
use crate::graph::part::Edited;
use crate::graph::slots::There;
use crate::graph::{Image, RowId};
use crate::intern::EntityId;
use crate::tree::FileType;

/// The most features that may have come or gone, and rows to look at, before linking the whole is the shorter way.
pub(super) const MOST_FEATURES: u32 = 256;
pub(super) const MOST_ROWS: usize = 20_000;

/// All that an edit touched. Entities are those of the part, unless something else is said.
pub(super) struct Touched<'w> {
    pub(super) image: &'w Image,
    pub(super) index: &'w Index,
    pub(super) edits: &'w FxHashMap<u32, FileEdit>,
    /// The features that went, by their numbers in the image, ascending.
    gone: Vec<Range<u32>>,
    pub(super) cast: Cast<'w>,
    /// Judged anew: every row about them is in the part.
    pub(super) judged: BTreeSet<EntityId>,
    /// Known: every row that provides them is in the part.
    pub(super) known: BTreeSet<EntityId>,
    /// Known only to be named where something was mistyped.
    pub(super) beside: BTreeSet<EntityId>,
    /// Links that came or went.
    pub(super) links: Links,
    /// Accounts that came or went.
    pub(super) accounts: Accounts,
}

impl<'w> Touched<'w> {
    /// By the features that went and came; nothing if they are of a sort that reaches far.
    pub fn new(whole: &'w Whole, edits: &'w FxHashMap<u32, FileEdit>) -> Option<Self> {
        let image = &whole.graph.image;
        let mut files: Vec<u32> = edits.keys().copied().collect();
        files.sort_unstable();
        let shifted = |file: &u32| {
            let first = image.files[*file as usize].features;
            edits[file].gone().iter().map(move |range| first + range.start..first + range.end)
        };
        let gone: Vec<Range<u32>> = files.iter().flat_map(shifted).collect();
        if files.iter().map(|file| edits[file].drift()).sum::<u32>() > MOST_FEATURES {
            return None;
        }
        let mut touched = Self {
            image,
            index: whole.index(),
            edits,
            gone,
            cast: Cast::new(image),
            judged: BTreeSet::new(),
            known: BTreeSet::new(),
            beside: BTreeSet::new(),
            links: Links::default(),
            accounts: Accounts::default(),
        };
        let mut required: BTreeSet<EntityId> = BTreeSet::new();
        for &file in &files {
            are_plain(edits[&file].before(), edits[&file].gone())?;
        }
        touched.went(&mut required)?;
        for &file in &files {
            touched.came(file, &mut required)?;
        }
        touched.links_reach_nothing(&files)?;
        touched.known.extend(required.iter().copied());
        // Who required something that is amiss was named there.
        let is_amiss =
            |&&entity: &&EntityId| touched.cast.was(entity).is_some_and(|was| touched.index.amiss.contains(&was));
        touched.judged.extend(required.iter().filter(is_amiss));
        touched.mistyped(whole);
        Some(touched)
    }

    pub(super) fn is_gone(&self, feature: u32) -> bool {
        let at = self.gone.partition_point(|range| range.end <= feature);
        self.gone.get(at).is_some_and(|range| range.contains(&feature))
    }

    /// What the features that went provided and required.
    fn went(&mut self, required: &mut BTreeSet<EntityId>) -> Option<()> {
        let image = self.image;
        for feature in self.gone.clone().into_iter().flatten() {
            for number in self.index.provided_by(image, feature) {
                let row = &image.provides[number as usize];
                let id = RowId::Provide(number);
                if image.trail_of.contains_key(&id) || image.lost_rows.contains_key(&id) {
                    return None;
                }
                if row.strength == Strength::Implied && !is_account(row.what) {
                    // Another one may make it on the way now.
                    let phase = image.phase(row.feature);
                    let slot = image.slots.of(row.entity).iter().find(|slot| slot.phase == phase)?;
                    let is_directory =
                        matches!(slot.what, What::Path(facts) if facts.file_type == Some(FileType::Directory));
                    if slot.lead == number || slot.broken || !is_directory {
                        return None;
                    }
                    continue;
                }
                if is_link(row.what) {
                    required.insert(self.link_went(number)?);
                } else {
                    is_simple(image, row)?;
                    if is_account(row.what) {
                        self.account_went(row)?;
                    }
                }
                self.judged.insert(self.cast.of(row.entity));
                if row.parent == ParentRule::Required && image.entities.is_path(row.entity) {
                    required.insert(self.cast.of(image.entities.parent(row.entity)));
                }
            }
            for number in self.index.required_by(image, feature) {
                if image.trail_of.contains_key(&RowId::Require(number)) {
                    return None;
                }
                required.insert(self.cast.of(image.requires[number as usize].entity));
            }
        }
        Some(())
    }

    /// What the features that came provide and require.
    fn came(&mut self, file: u32, required: &mut BTreeSet<EntityId>) -> Option<()> {
        let image = self.image;
        let edit = &self.edits[&file];
        let fragment: &Fragment = edit.fragment();
        let come: Vec<Range<u32>> = edit.come().iter().map(|come| come.features.clone()).collect();
        are_plain(fragment, &come)?;
        for come in edit.come() {
            let own = |feature: u32| come.features.contains(&feature);
            let number = image.files[file as usize].features + come.before;
            for row in fragment.provides.iter().filter(|row| own(row.feature)) {
                let entity = self.cast.of_fragment(fragment, row.entity);
                if is_link(row.what) {
                    self.link_came(entity)?;
                } else {
                    self.no_link_on_the_way(entity)?;
                    if is_account(row.what) {
                        self.account_came(fragment, row, entity)?;
                    }
                }
                self.judged.insert(entity);
                for owner in owners(row) {
                    self.known.insert(self.cast.of_fragment(fragment, owner));
                }
                let phase = fragment.features[row.feature as usize].phase;
                match row.parent {
                    ParentRule::Free => {}
                    ParentRule::Required => drop(required.insert(self.cast.entities().parent(entity))),
                    ParentRule::Implied => self.stands_above(entity, phase, number)?,
                }
            }
            for row in fragment.requires.iter().filter(|row| own(row.feature)) {
                let entity = self.cast.of_fragment(fragment, row.entity);
                self.no_link_on_the_way(entity)?;
                required.insert(entity);
            }
            for (link, row) in fragment.links.iter().enumerate() {
                let provide = &fragment.provides[row.provide as usize];
                if own(provide.feature) {
                    let entity = self.cast.of_fragment(fragment, provide.entity);
                    let phase = fragment.features[provide.feature as usize].phase;
                    let place = self.leads_to(entity, &row.target, phase)?;
                    self.links.targets.insert((file, link as u32), place);
                    required.insert(place);
                }
            }
            for feature in &fragment.features[come.features.start as usize..come.features.end as usize] {
                if self.index.opaque[feature.phase as usize] {
                    return None;
                }
            }
        }
        Some(())
    }

    /// Every directory above is there without this feature, so nothing is made on the way because of it.
    fn stands_above(&self, entity: EntityId, phase: Phase, number: u32) -> Option<()> {
        let entities = self.cast.entities();
        let mut at = entities.parent(entity);
        while at != EntityId::ROOT {
            let first = |lead: &Provide| lead.strength != Strength::Implied || lead.feature < number;
            self.stands(at, phase, first).then_some(())?;
            at = entities.parent(at);
        }
        Some(())
    }

    /// Whether a directory is there in a phase, as it was, and the row that says so fits.
    pub(super) fn stands(&self, directory: EntityId, phase: Phase, fits: impl Fn(&Provide) -> bool) -> bool {
        let image = self.image;
        let Some(was) = self.cast.was(directory) else { return false };
        match image.slots.of(was) {
            [slot] => {
                let lead = &image.provides[slot.lead as usize];
                slot.phase <= phase
                    && fits(lead)
                    && !slot.broken
                    && !self.is_gone(lead.feature)
                    && matches!(slot.what, What::Path(facts) if facts.file_type == Some(FileType::Directory))
            }
            [] => {
                matches!(image.within(was, phase), There::Base(known) if known.file_type == Some(FileType::Directory))
            }
            _ => false,
        }
    }

    /// Where no link stands on the way, what is spelled is the place.
    pub(super) fn no_link_on_the_way(&self, entity: EntityId) -> Option<()> {
        let mut at = entity;
        while at != EntityId::ROOT && self.cast.entities().is_path(at) {
            let slots = self.cast.was(at).map_or(&[][..], |was| self.image.slots.of(was));
            if slots.iter().any(|slot| is_link(slot.what))
                || self.cast.base_knows(at).is_some_and(|known| known.file_type == Some(FileType::Symlink))
            {
                return None;
            }
            at = self.cast.entities().parent(at);
        }
        Some(())
    }

    /// Judges something, too, because a feature that came requires it and it is amiss.
    pub fn judge(&mut self, key: &str) -> Option<bool> {
        let entity = self.cast.find(key)?;
        Some(self.judged.insert(entity))
    }

    /// Whether no feature went or came: only places moved.
    pub fn nothing(&self) -> bool {
        self.judged.is_empty() && self.known.is_empty()
    }

    /// The keys of what is judged anew.
    pub fn keys(&self) -> FxHashSet<String> {
        self.judged.iter().map(|&entity| self.cast.entities().key(entity)).collect()
    }
}

/// The names that own what a row provides.
pub(super) fn owners(row: &Provide) -> impl Iterator<Item = EntityId> + use<> {
    let owners = match row.what {
        What::Path(facts) => [facts.user, facts.group],
        _ => [Owner::Unknown; 2],
    };
    owners.into_iter().filter_map(|owner| match owner {
        Owner::Name(name) => Some(name),
        _ => None,
    })
}
