//! What an edit touched: the entities to judge anew, and those that must be known for it. Where it may have reached
//! further than that can be told from here, nothing is said, and the image is linked as a whole.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};

use super::edit::FileEdit;
use super::whole::{Index, Whole};
use crate::catalog::Code;
use crate::entity::{Cause, Content, Means, Owner, ParentRule, Phase, Provide, Strength, What};
use crate::fragment::{Feature, Fragment, GraftFrom};
use crate::graph::layer::Known;
use crate::graph::part::{Edited, Names, Selection};
use crate::graph::slots::{Slots, There};
use crate::graph::{Image, RowId};
use crate::intern::{Entities, EntityId, EntityType};
use crate::tree::FileType;

/// The most features that may have come or gone, and rows to look at, before linking the whole is the shorter way.
const MOST_FEATURES: usize = 256;
const MOST_ROWS: usize = 20_000;

pub(super) struct Touched<'w> {
    image: &'w Image,
    index: &'w Index,
    edits: &'w FxHashMap<u32, FileEdit>,
    /// The features that went, by their numbers in the image.
    gone: Vec<std::ops::Range<u32>>,
    pub entities: Entities,
    /// Judged anew: every row about them is in the part.
    pub judged: BTreeSet<EntityId>,
    /// Known: every row that provides them is in the part.
    known: BTreeSet<EntityId>,
    /// Known only to be named where something was mistyped.
    beside: BTreeSet<EntityId>,
    /// What the features that went named, with all above it.
    let_go: BTreeSet<EntityId>,
}

impl<'w> Touched<'w> {
    /// By the features that went and came; nothing if they are of a sort that reaches far.
    pub fn new(whole: &'w Whole, edits: &'w FxHashMap<u32, FileEdit>) -> Option<Self> {
        let image = &whole.graph.image;
        let mut files: Vec<u32> = edits.keys().copied().collect();
        files.sort_unstable();
        let gone = |file: &u32| {
            let (first, range) = (image.files[*file as usize].features, edits[file].gone());
            first + range.start..first + range.end
        };
        let gone: Vec<_> = files.iter().map(gone).collect();
        let come: usize = files.iter().map(|file| edits[file].come().0.len()).sum();
        if come + gone.iter().map(|range| range.len()).sum::<usize>() > MOST_FEATURES {
            return None;
        }
        let mut touched = Self {
            image,
            index: whole.index(),
            edits,
            gone,
            entities: image.entities.branch(),
            judged: BTreeSet::new(),
            known: BTreeSet::new(),
            beside: BTreeSet::new(),
            let_go: BTreeSet::new(),
        };
        let mut required: BTreeSet<EntityId> = BTreeSet::new();
        touched.went(&files, &mut required)?;
        for &file in &files {
            touched.let_go(file);
        }
        for file in &files {
            touched.came(*file, &mut required)?;
        }
        touched.known.extend(required.iter().copied());
        // Who required something that is amiss was named there.
        let amiss: FxHashSet<&str> = whole.findings.iter().filter_map(|found| found.entity.as_deref()).collect();
        if !amiss.is_empty() {
            let named = |entity: &&EntityId| amiss.contains(touched.entities.key(**entity).as_str());
            let named: Vec<EntityId> = required.iter().filter(named).copied().collect();
            touched.judged.extend(named);
        }
        touched.mistyped(whole);
        Some(touched)
    }

    fn is_gone(&self, feature: u32) -> bool {
        self.gone.iter().any(|range| range.contains(&feature))
    }

    /// What the features that went provided and required.
    fn went(&mut self, files: &[u32], required: &mut BTreeSet<EntityId>) -> Option<()> {
        let image = self.image;
        for file in files {
            let edit = &self.edits[file];
            is_plain(edit.before(), edit.gone())?;
        }
        for (number, row) in image.provides.iter().enumerate() {
            if !self.is_gone(row.feature) {
                continue;
            }
            let id = RowId::Provide(number as u32);
            if image.trail_of.contains_key(&id) || image.lost_rows.contains_key(&id) {
                return None;
            }
            if row.strength == Strength::Implied {
                // Another one may make it on the way now.
                let phase = image.phase(row.feature);
                let slot = image.slots.of(row.entity).iter().find(|slot| slot.phase == phase)?;
                let is_directory =
                    matches!(slot.what, What::Path(facts) if facts.file_type == Some(FileType::Directory));
                if slot.lead == number as u32 || slot.broken || !is_directory {
                    return None;
                }
                continue;
            }
            is_simple(image, row)?;
            self.judged.insert(row.entity);
            required.extend(parent_of(image, row));
        }
        for (number, row) in image.requires.iter().enumerate() {
            if self.is_gone(row.feature) {
                if image.trail_of.contains_key(&RowId::Require(number as u32)) {
                    return None;
                }
                required.insert(row.entity);
            }
        }
        Some(())
    }

    /// Notes what the features of a file that went named.
    fn let_go(&mut self, file: u32) {
        let edit = &self.edits[&file];
        let (fragment, entities) = (edit.before(), &self.image.files[file as usize].entities);
        let own = |feature: u32| edit.gone().contains(&feature);
        let provided = fragment.provides.iter().filter(|row| own(row.feature)).flat_map(|row| {
            let owners = match row.what {
                What::Path(facts) => [facts.user, facts.group],
                _ => [Owner::Unknown; 2],
            };
            let owners = owners.into_iter().filter_map(|owner| match owner {
                Owner::Name(name) => Some(name),
                _ => None,
            });
            std::iter::once(row.entity).chain(owners)
        });
        let required = fragment.requires.iter().filter(|row| own(row.feature)).map(|row| row.entity);
        for entity in provided.chain(required) {
            let mut at = entities[entity.index()];
            while self.let_go.insert(at) {
                at = self.entities.parent(at);
            }
        }
    }

    /// What the features that came provide and require.
    fn came(&mut self, file: u32, required: &mut BTreeSet<EntityId>) -> Option<()> {
        let image = self.image;
        let edit = &self.edits[&file];
        let fragment = edit.fragment();
        let (come, at) = edit.come();
        is_plain(fragment, come.clone())?;
        let number = image.files[file as usize].features + at;
        let mut names = Names::new(fragment);
        for row in fragment.provides.iter().filter(|row| come.contains(&row.feature)) {
            let entity = names.of(&mut self.entities, row.entity);
            self.no_link_on_the_way(entity)?;
            self.judged.insert(entity);
            if let What::Path(facts) = row.what {
                for owner in [facts.user, facts.group] {
                    if let Owner::Name(name) = owner {
                        self.known.insert(names.of(&mut self.entities, name));
                    }
                }
            }
            let phase = fragment.features[row.feature as usize].phase;
            match row.parent {
                ParentRule::Free => {}
                ParentRule::Required => drop(required.insert(self.entities.parent(entity))),
                ParentRule::Implied => self.stands_above(entity, phase, number)?,
            }
        }
        for row in fragment.requires.iter().filter(|row| come.contains(&row.feature)) {
            let entity = names.of(&mut self.entities, row.entity);
            self.no_link_on_the_way(entity)?;
            required.insert(entity);
        }
        for feature in &fragment.features[come.start as usize..come.end as usize] {
            if self.index.opaque[feature.phase as usize] {
                return None;
            }
        }
        Some(())
    }

    /// Every directory above is there without this feature, so nothing is made on the way because of it.
    fn stands_above(&mut self, entity: EntityId, phase: Phase, number: u32) -> Option<()> {
        let image = self.image;
        let mut at = self.entities.parent(entity);
        while at != EntityId::ROOT {
            if at.index() >= image.entities.len() {
                return None;
            }
            let is_directory = match image.slots.of(at) {
                [slot] => {
                    let lead = &image.provides[slot.lead as usize];
                    let first = lead.strength != Strength::Implied || lead.feature < number;
                    slot.phase <= phase
                        && first
                        && !slot.broken
                        && !self.is_gone(lead.feature)
                        && matches!(slot.what, What::Path(facts) if facts.file_type == Some(FileType::Directory))
                }
                [] => {
                    matches!(image.within(at, phase), There::Base(known) if known.file_type == Some(FileType::Directory))
                }
                _ => false,
            };
            if !is_directory {
                return None;
            }
            at = self.entities.parent(at);
        }
        Some(())
    }

    /// What the image stands on knows of an entity, also of one that only the new features name.
    fn base_knows(&self, entity: EntityId) -> Option<&'w Known> {
        let base = self.image.base.as_ref()?;
        let mut new: Vec<EntityId> = Vec::new();
        let mut at = entity;
        while at.index() >= self.image.entities.len() {
            new.push(at);
            at = self.entities.parent(at);
        }
        let known = (*self.image.spots.get(at.index())?)?;
        base.known(new.iter().rev().try_fold(known, |spot, &id| base.child(spot, self.entities.last(id)))?)
    }

    /// Where no link stands on the way, what is spelled is the place.
    fn no_link_on_the_way(&self, entity: EntityId) -> Option<()> {
        let mut at = entity;
        while at != EntityId::ROOT && self.entities.is_path(at) {
            if at.index() < self.image.entities.len() {
                let is_link =
                    |what: What| matches!(what, What::Path(facts) if facts.file_type == Some(FileType::Symlink));
                if self.image.slots.of(at).iter().any(|slot| is_link(slot.what)) {
                    return None;
                }
            }
            if self.base_knows(at).is_some_and(|known| known.file_type == Some(FileType::Symlink)) {
                return None;
            }
            at = self.entities.parent(at);
        }
        Some(())
    }

    /// What is missing is told with what was probably meant, and that may have come or gone; or it was named for the first
    /// or the last time: what the base has counts where the image names it.
    fn mistyped(&mut self, whole: &Whole) {
        let first = EntityId(self.image.entities.len() as u32);
        let named = self.entities.ids().skip(first.index()).chain(self.let_go.iter().copied());
        let named: Vec<EntityId> = named.filter(|&id| self.base_knows(id).is_some()).collect();
        let mut above: FxHashSet<EntityId> =
            self.judged.iter().chain(&named).map(|&entity| self.entities.parent(entity)).collect();
        loop {
            let before = self.judged.len();
            for found in whole.findings.iter().filter(|found| found.code == Code::Missing) {
                let Some(entity) = found.entity.as_deref().and_then(|key| find(&self.entities, key)) else { continue };
                if above.contains(&self.entities.parent(entity)) {
                    self.judged.insert(entity);
                }
            }
            if self.judged.len() == before {
                return;
            }
            above.extend(self.judged.iter().map(|&entity| self.entities.parent(entity)));
        }
    }

    /// Judges something, too, because a feature that came requires it and it is amiss.
    pub fn judge(&mut self, key: &str) -> Option<bool> {
        let entity = find(&self.entities, key)?;
        Some(self.judged.insert(entity))
    }

    /// Whatever stands beside what is missing may have been meant, and whose homes it is in may be its owner. Nothing if
    /// it cannot be told whether the image still names something that only the base has.
    pub fn look_beside(&mut self, key: &str) -> Option<bool> {
        let entity = find(&self.entities, key)?;
        let parent = self.entities.parent(entity);
        let is_beside = |id: EntityId| id != parent && self.image.entities.parent(id) == parent;
        let beside: Vec<EntityId> = self.image.entities.ids().filter(|&id| is_beside(id)).collect();
        let only_in_base = |&id: &EntityId| self.image.slots.of(id).is_empty() && self.base_knows(id).is_some();
        if beside.iter().any(|id| self.let_go.contains(id) && only_in_base(id)) {
            return None;
        }
        let before = self.beside.len() + self.known.len();
        self.beside.extend(beside);
        let mut at = entity;
        while at != EntityId::ROOT && self.entities.is_path(at) && !self.index.homes.is_empty() {
            self.known.extend(self.index.homes.get(&self.entities.text(at)).into_iter().flatten());
            at = self.entities.parent(at);
        }
        Some(self.beside.len() + self.known.len() > before)
    }

    /// Whether no feature went or came: only places moved.
    pub fn nothing(&self) -> bool {
        self.judged.is_empty() && self.known.is_empty()
    }

    /// The keys of what is judged anew.
    pub fn keys(&self) -> FxHashSet<String> {
        self.judged.iter().map(|&entity| self.entities.key(entity)).collect()
    }

    /// The rows of the part, if each may be looked at alone.
    pub fn selection(&self) -> Option<Selection<'w, FileEdit>> {
        let image = self.image;
        let old = |entity: &EntityId| entity.index() < image.entities.len();
        let mut known: BTreeSet<EntityId> = self.known.union(&self.judged).copied().collect();
        let mut pending: Vec<EntityId> = known.iter().copied().collect();
        let mut provides: Vec<u32> = Vec::new();
        let mut requires: Vec<u32> = Vec::new();
        for &entity in &self.judged {
            self.can_be_judged(entity)?;
            for &row in self.index.requirers(entity) {
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
        while let Some(entity) = pending.pop() {
            let mut add = |entity: EntityId| {
                if known.insert(entity) {
                    pending.push(entity);
                }
            };
            if self.entities.is_path(entity) {
                add(self.entities.parent(entity));
            }
            if !old(&entity) {
                continue;
            }
            for row in self.providers(entity)? {
                let provide = &image.provides[row as usize];
                self.can_be_known(row, provide)?;
                match provide.what {
                    What::Path(facts) => {
                        for owner in [facts.user, facts.group] {
                            if let Owner::Name(name) = owner {
                                add(name);
                            }
                        }
                    }
                    // The group of a user's own name goes with the user.
                    What::Group(_) => {
                        image.features[provide.feature as usize].main.into_iter().for_each(&mut add);
                    }
                    _ => {}
                }
                provides.push(row);
            }
        }
        for &entity in self.beside.difference(&known) {
            for row in self.providers(entity)? {
                let provide = &image.provides[row as usize];
                if matches!(provide.what, What::Path(facts) if matches!(facts.content, Content::SameAs(_) | Content::Entry(_) | Content::Mount(_)))
                {
                    return None;
                }
                provides.push(row);
            }
        }
        if provides.len() + requires.len() > MOST_ROWS {
            return None;
        }
        provides.sort_unstable();
        provides.dedup();
        requires.sort_unstable();
        requires.dedup();
        let features = image.opaque_features.clone();
        Some(Selection {
            whole: image,
            edits: self.edits,
            entities: self.entities.clone(),
            provides,
            requires,
            features,
        })
    }

    /// The rows that provide an entity; nothing if it was taken away at some time, or is taken as there.
    fn providers(&self, entity: EntityId) -> Option<Vec<u32>> {
        let image = self.image;
        if image.gone[entity.index()] != 0
            || image.taken.contains_key(&entity)
            || image.slots.assumed.contains_key(&entity)
        {
            return None;
        }
        let mut rows = Vec::new();
        for slot in image.slots.of(entity) {
            let all = &image.slots.rows[slot.rows.0 as usize..slot.rows.1 as usize];
            rows.extend(all.iter().copied().filter(|&row| !self.is_gone(image.provides[row as usize].feature)));
        }
        Some(rows)
    }

    fn can_be_known(&self, row: u32, provide: &Provide) -> Option<()> {
        let image = self.image;
        let fits = match provide.what {
            What::Path(facts) => {
                provide.means != Means::Contained
                    && facts.file_type != Some(FileType::Symlink)
                    && !matches!(
                        facts.content,
                        Content::Entry(_) | Content::SameAs(_) | Content::Mount(_) | Content::Target(_)
                    )
            }
            _ => true,
        };
        let whole = fits
            && !image.features[provide.feature as usize].is(Feature::REPLACE)
            && image.slots.states[row as usize] & Slots::DROPPED == 0
            && !image.trail_of.contains_key(&RowId::Provide(row));
        whole.then_some(())
    }

    fn can_be_judged(&self, entity: EntityId) -> Option<()> {
        let (image, entities) = (self.image, &self.entities);
        // What cannot be read may be a folder with anything in it.
        if self.index.unread && entities.is_path(entity) {
            return None;
        }
        if matches!(entities.last(entity), "passwd" | "group" | "shadow" | "gshadow") && entities.is_path(entity) {
            return None;
        }
        if image.removals.iter().any(|removal| !removal.recursive && entities.is_within(entity, removal.entity)) {
            return None;
        }
        // What is below it, or would be, was judged by what it is.
        let below = |id: EntityId| id != entity && entities.parent(id) == entity && !self.judged.contains(&id);
        let is_old = entity.index() < image.entities.len();
        if !is_old {
            let mut above = entity;
            while above.index() >= image.entities.len() {
                above = entities.parent(above);
            }
            let fits = image.gone[above.index()] == 0 && !image.taken.contains_key(&above);
            return (fits && !entities.ids().skip(image.entities.len()).any(below)).then_some(());
        }
        if entities.is_path(entity)
            && (self.index.inner[entity.index()] || entities.len() > image.entities.len())
            && entities.ids().any(below)
        {
            return None;
        }
        if self.index.linked.contains(&entity) {
            return None;
        }
        match image.slots.of(entity) {
            [] => Some(()),
            [slot] => {
                let rows = &image.slots.rows[slot.rows.0 as usize..slot.rows.1 as usize];
                let simple = rows.iter().all(|&row| is_simple(image, &image.provides[row as usize]).is_some());
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

/// The entity of a canonical key.
fn find(entities: &Entities, key: &str) -> Option<EntityId> {
    let (name, text) = key.split_once(':')?;
    match EntityType::ALL.into_iter().find(|entity_type| entity_type.name() == name)? {
        EntityType::Path => entities.find_path(text),
        entity_type => entities.find_name(entity_type, text),
    }
}

fn parent_of(image: &Image, row: &Provide) -> Option<EntityId> {
    (row.parent == ParentRule::Required && image.entities.is_path(row.entity))
        .then(|| image.entities.parent(row.entity))
}

/// A row that only says that something is made, or declared to be.
fn is_simple(image: &Image, row: &Provide) -> Option<()> {
    let what = match row.what {
        What::Path(facts) => {
            let content = matches!(
                facts.content,
                Content::None
                    | Content::Unknown
                    | Content::Text(_)
                    | Content::Source(_)
                    | Content::Device(_)
                    | Content::Stamp(_)
            );
            // A source of which it is not known what it is clouds what is below it.
            content
                && facts.file_type != Some(FileType::Symlink)
                && (facts.file_type.is_some() || row.means == Means::Declared)
        }
        What::Virtual => true,
        What::User(_) | What::Group(_) | What::Package(_) => false,
    };
    let fits = what
        && matches!(row.means, Means::Made | Means::Declared)
        && !image.features[row.feature as usize].is(Feature::REPLACE | Feature::OPAQUE);
    fits.then_some(())
}

/// Features without a reach of their own: no links, trees, removals, accounts, packages, settings, and nothing opaque.
fn is_plain(fragment: &Fragment, features: std::ops::Range<u32>) -> Option<()> {
    if features.is_empty() {
        return Some(());
    }
    let own = |feature: u32| features.contains(&feature);
    let far = Feature::OPAQUE | Feature::REPLACE | Feature::ALLOWS;
    let rows = &fragment.provides;
    let simple = |row: &Provide| match row.what {
        What::Path(facts) => {
            !matches!(facts.content, Content::SameAs(_) | Content::Mount(_) | Content::Target(_) | Content::Entry(_))
                && ![facts.user, facts.group].iter().any(|owner| matches!(owner, Owner::Number(_)))
        }
        What::Virtual => true,
        What::User(_) | What::Group(_) | What::Package(_) => false,
    };
    let fits = fragment.features[features.start as usize..features.end as usize]
        .iter()
        .all(|feature| !feature.is(far) && feature.facts == Feature::NO_FACTS)
        && rows.iter().filter(|row| own(row.feature)).all(|row| simple(row) && row.means != Means::Assumed)
        && fragment.links.iter().all(|link| !own(rows[link.provide as usize].feature))
        && fragment
            .grafts
            .iter()
            .filter(|graft| own(graft.feature))
            .all(|graft| graft.provide.is_some() && matches!(graft.from, GraftFrom::Folder { .. }))
        && fragment.removals.iter().all(|removal| !own(removal.feature))
        && fragment.settings.iter().all(|setting| !own(setting.feature))
        && fragment.packages.iter().all(|package| !own(package.feature));
    fits.then_some(())
}
