//! What an edit touched: the entities to judge anew, and those that must be known for it. Where it may have reached
//! further than that can be told from here, nothing is said, and the image is linked as a whole.

use std::collections::BTreeSet;
use std::ops::Range;

use rustc_hash::{FxHashMap, FxHashSet};

use super::accounts::{Accounts, is_account};
use super::edit::FileEdit;
use super::links::{Links, is_link};
use super::reach::{are_plain, can_be_known, is_simple};
use super::whole::{Index, Whole};
use crate::entity::{Cause, Owner, ParentRule, Phase, Provide, Strength, What};
use crate::fragment::Fragment;
use crate::graph::cast::Cast;
use crate::graph::part::{Edited, Selection};
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

/// The names that own what a row provides.
fn owners(row: &Provide) -> impl Iterator<Item = EntityId> + use<> {
    let owners = match row.what {
        What::Path(facts) => [facts.user, facts.group],
        _ => [Owner::Unknown; 2],
    };
    owners.into_iter().filter_map(|owner| match owner {
        Owner::Name(name) => Some(name),
        _ => None,
    })
}
