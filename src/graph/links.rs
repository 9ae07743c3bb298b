//! Paths as places: the links' own places first, to a fixed point, then everything else through them, phase by phase.

use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::accounts::AccountFiles;
use super::image::{Image, RowId};
use super::layer::{Layer, Spot};
use crate::catalog::Code;
use crate::diagnostic::Role;
use crate::entity::{Content, ParentRule, Phase, What};
use crate::fragment::Feature;
use crate::intern::{EntityId, EntityType};
use crate::message;
use crate::tree::FileType;

/// How many links one way may lead through; as in the Linux kernel.
const MAX_LINKS: u32 = 40;
/// How often a link's own place is worked out anew before it counts as reached only through itself.
const MAX_PLACINGS: u32 = 48;
const NONE: u32 = u32::MAX;

/// A link that stands at a place in the phase at hand.
#[derive(Clone)]
pub(super) struct Standing {
    target: Arc<str>,
    /// Its row in `links`; none if it comes from the base or an earlier phase's tree.
    row: Option<u32>,
}

/// Where a directory really is.
#[derive(Clone, Copy)]
pub(super) struct Real {
    pub(super) place: EntityId,
    trail: u32,
    hops: u32,
}

/// No way leads there.
#[derive(Clone, Copy)]
pub(super) enum Lost {
    /// Links in a circle, or too many: the trail.
    Looped(u32),
    /// `..` out of a directory that is not there.
    Dangling(EntityId),
}

/// Where the links of a phase stand and where everything else is then.
pub(super) struct Places<'i> {
    pub(super) image: &'i mut Image,
    pub(super) standing: FxHashMap<EntityId, Standing>,
    /// Base links that an earlier phase or a replacement took away.
    hidden: FxHashMap<EntityId, ()>,
    memo: Vec<u32>,
    reals: Vec<Result<Real, Lost>>,
    /// Bits of the phases that are over.
    over: u8,
    /// What may be there, while it matters that `..` only leads out of what is there.
    there: Option<FxHashSet<EntityId>>,
}

/// Resolves every row of the image to its place.
pub fn place_all(image: &mut Image) {
    let mut by_phase: [Vec<u32>; 5] = Default::default();
    for (number, link) in image.links.iter().enumerate() {
        by_phase[image.phase(image.provides[link.provide as usize].feature) as usize].push(number as u32);
    }
    let mut present = 0u8;
    for feature in &image.features {
        present |= 1 << feature.phase as u8;
    }
    let any_link = !image.links.is_empty() || image.base.is_some();
    let mut places = Places {
        image,
        standing: FxHashMap::default(),
        hidden: FxHashMap::default(),
        memo: Vec::new(),
        reals: Vec::new(),
        over: 0,
        there: None,
    };
    let mut order = Vec::new();
    for phase in Phase::ALL {
        if present & (1 << phase as u8) == 0 {
            continue;
        }
        places.forget();
        by_phase[phase as usize] = places.standing_links(phase, &by_phase[phase as usize]);
        places.place_links(&by_phase[phase as usize]);
        places.replace_links(phase);
        places.forget();
        if any_link {
            places.resolve_rows(phase);
        }
        places.account_files(phase);
        if !by_phase[phase as usize].is_empty() {
            places.gather(phase);
            places.loops(&by_phase[phase as usize]);
            places.targets(&by_phase[phase as usize], &mut order);
            places.there = None;
        }
        places.loops_of_facts(phase);
        places.remove(phase);
        places.over |= 1 << phase as u8;
    }
    places.image.link_targets = order;
}

impl Places<'_> {
    pub(super) fn forget(&mut self) {
        self.memo.clear();
        self.reals.clear();
    }

    /// The text of the link that stands at a place in this phase, and its row.
    fn link_at(&self, place: EntityId) -> Option<Standing> {
        if let Some(standing) = self.standing.get(&place) {
            return Some(standing.clone());
        }
        self.image.base.as_ref()?;
        if self.image.gone[place.index()] & self.over != 0 || self.hidden.contains_key(&place) {
            return None;
        }
        let known = self.image.known(place)?;
        if known.file_type != Some(FileType::Symlink) {
            return None;
        }
        Some(Standing { target: known.target.as_deref()?.into(), row: None })
    }

    fn is_link(&self, place: EntityId) -> bool {
        if !self.standing.is_empty() && self.standing.contains_key(&place) {
            return true;
        }
        self.image.base.is_some() && self.link_at(place).is_some()
    }

    // ---- the links' own places -------------------------------------------------------------------------------

    /// Puts the links of a phase at their places.
    pub(super) fn place_links(&mut self, links: &[u32]) {
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
        let mut pending: std::collections::VecDeque<u32> = links.iter().copied().collect();
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

    /// The real place of a directory as spelled, without memory, noting every place that was looked at.
    fn walk_spelled(&mut self, directory: EntityId, looked: &mut Vec<EntityId>) -> Result<Real, Lost> {
        let mut chain = Vec::new();
        let mut at = directory;
        while at != EntityId::ROOT {
            chain.push(at);
            at = self.image.entities.parent(at);
        }
        let mut real = Real { place: EntityId::ROOT, trail: 0, hops: 0 };
        for &part in chain.iter().rev() {
            let child = if self.image.entities.parent(part) == real.place {
                part
            } else {
                let name = self.image.entities.last(part).to_owned();
                self.image.child(real.place, &name)
            };
            looked.push(child);
            real = match self.link_at(child) {
                Some(link) => self.walk(real, child, &link.target, looked)?,
                None => Real { place: child, ..real },
            };
        }
        Ok(real)
    }

    /// Follows a link that stands at `link` in the directory `from`, and every further one that its text leads through.
    fn walk(&mut self, from: Real, link: EntityId, target: &str, looked: &mut Vec<EntityId>) -> Result<Real, Lost> {
        let mut real = self.pass(from, link)?;
        let mut pending: Vec<Arc<str>> = split(target);
        if target.starts_with('/') {
            real.place = EntityId::ROOT;
        }
        while let Some(name) = pending.pop() {
            if &*name == ".." {
                if !self.may_be_there(real.place) {
                    return Err(Lost::Dangling(real.place));
                }
                real.place = self.image.entities.parent(real.place);
                continue;
            }
            let child = self.image.child(real.place, &name);
            looked.push(child);
            match self.link_at(child) {
                Some(next) => {
                    real = self.pass(real, child)?;
                    if next.target.starts_with('/') {
                        real.place = EntityId::ROOT;
                    }
                    pending.extend(split(&next.target));
                }
                None => real.place = child,
            }
        }
        Ok(real)
    }

    fn pass(&mut self, real: Real, link: EntityId) -> Result<Real, Lost> {
        let trail = self.image.trails.len() as u32;
        self.image.trails.push((link, real.trail));
        let hops = real.hops + 1;
        if hops > MAX_LINKS { Err(Lost::Looped(trail)) } else { Ok(Real { trail, hops, ..real }) }
    }

    // ---- everything else -------------------------------------------------------------------------------------

    /// Something else that is put where a link of the base stands takes the link's place.
    fn replace_links(&mut self, phase: Phase) {
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
            }
        }
    }

    /// The real place of a path, all its links followed. Every directory is worked out once a phase.
    pub(super) fn real(&mut self, path: EntityId) -> Result<Real, Lost> {
        let mut chain = Vec::new();
        let mut at = path;
        let mut real = loop {
            if at == EntityId::ROOT {
                break Ok(Real { place: EntityId::ROOT, trail: 0, hops: 0 });
            }
            match self.memo.get(at.index()) {
                Some(&known) if known != NONE => break self.reals[known as usize],
                _ => chain.push(at),
            }
            at = self.image.entities.parent(at);
        };
        for &part in chain.iter().rev() {
            real = match real {
                Err(lost) => Err(lost),
                Ok(above) => {
                    let child = if self.image.entities.parent(part) == above.place {
                        part
                    } else {
                        let name = self.image.entities.last(part).to_owned();
                        self.image.child(above.place, &name)
                    };
                    if self.is_link(child) {
                        let target = self.link_at(child).map(|link| link.target).unwrap_or_else(|| "".into());
                        self.walk(above, child, &target, &mut Vec::new())
                    } else {
                        Ok(Real { place: child, ..above })
                    }
                }
            };
            if self.memo.len() < self.image.entities.len() {
                self.memo.resize(self.image.entities.len(), NONE);
            }
            self.memo[part.index()] = self.reals.len() as u32;
            self.reals.push(real);
        }
        real
    }

    /// A path's place without following its last component.
    pub(super) fn place(&mut self, path: EntityId) -> Result<Real, Lost> {
        if path == EntityId::ROOT {
            return Ok(Real { place: path, trail: 0, hops: 0 });
        }
        let parent = self.image.entities.parent(path);
        let above = self.real(parent)?;
        if above.place == parent {
            return Ok(Real { place: path, ..above });
        }
        let name = self.image.entities.last(path).to_owned();
        Ok(Real { place: self.image.child(above.place, &name), ..above })
    }

    /// Where the files that list accounts are in a phase.
    fn account_files(&mut self, phase: Phase) {
        for (file, path) in AccountFiles::SPELLED.into_iter().enumerate() {
            let spelled = self.image.entities.path(path);
            self.image.extend_spots();
            let place = self.real(spelled).map_or(spelled, |real| real.place);
            self.image.account_files.set(file, phase, place);
        }
    }

    fn resolve_rows(&mut self, phase: Phase) {
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

    fn may_be_there(&mut self, place: EntityId) -> bool {
        let Some(there) = &self.there else { return true };
        self.image.looked_at.insert(place);
        place == EntityId::ROOT
            || there.contains(&place)
            || self.image.known(place).is_some() && self.image.gone[place.index()] & self.over == 0
    }

    /// Everything that a feature provides up to now, with the directories that are implied above it.
    fn gather(&mut self, phase: Phase) {
        let mut there = FxHashSet::default();
        for row in &self.image.provides {
            if self.image.phase(row.feature) > phase || !self.image.entities.is_path(row.entity) {
                continue;
            }
            let is_directory = match row.what {
                What::Path(facts) => facts.file_type.is_none_or(|own| own == FileType::Directory),
                _ => false,
            };
            if is_directory {
                there.insert(row.entity);
            }
            let mut above = row.entity;
            while row.parent == ParentRule::Implied && above != EntityId::ROOT {
                above = self.image.entities.parent(above);
                if !there.insert(above) {
                    break;
                }
            }
        }
        self.there = Some(there);
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
    fn targets(&mut self, links: &[u32], order: &mut Vec<(u32, Option<EntityId>)>) {
        for &number in links {
            let provide = self.image.links[number as usize].provide;
            let link = self.image.provides[provide as usize].entity;
            let target = self.image.links[number as usize].target.clone();
            let from = Real { place: self.image.entities.parent(link), trail: 0, hops: 0 };
            let found = self.walk(from, link, &target, &mut Vec::new());
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

    /// Reports each circle of links once, and each way that is too long at its first link that is too far.
    fn loops(&mut self, links: &[u32]) {
        let mut reported: FxHashMap<EntityId, ()> = FxHashMap::default();
        for &number in links {
            let row = self.image.links[number as usize].clone();
            let provide = self.image.provides[row.provide as usize];
            let link = provide.entity;
            // Of several links at one place only the one that is followed is judged.
            if self.standing.get(&link).is_none_or(|standing| standing.row != Some(number)) {
                continue;
            }
            let from = Real { place: self.image.entities.parent(link), trail: 0, hops: 0 };
            let Err(Lost::Looped(trail)) = self.walk(from, link, &row.target, &mut Vec::new()) else { continue };
            let way = self.way(trail);
            let circle = match way.iter().enumerate().find_map(|(at, place)| {
                way[at + 1..].iter().position(|other| other == place).map(|length| (at, length + 1))
            }) {
                Some((at, length)) => way[at..at + length].to_vec(),
                None => {
                    // Too long a way: the link after this one is near enough, so this is the one that is too far.
                    let next = way.get(1).and_then(|&next| self.link_at(next).map(|link| (next, link.target)));
                    if let Some((next, target)) = next {
                        let from = Real { place: self.image.entities.parent(next), trail: 0, hops: 0 };
                        if self.walk(from, next, &target, &mut Vec::new()).is_err() {
                            continue;
                        }
                    }
                    Vec::new()
                }
            };
            let entity = circle.iter().copied().min().unwrap_or(link);
            if reported.insert(entity, ()).is_some() {
                continue;
            }
            // A circle of the parent's own links is the parent's finding.
            let is_parents = !circle.is_empty()
                && circle.iter().all(|place| self.standing.get(place).is_none_or(|standing| standing.row.is_none()));
            if !is_parents {
                self.report_loop(number, link, &circle, way.len());
            }
        }
    }

    /// Circles among links of a facts parent: nobody else reports them, so who runs into one does.
    fn loops_of_facts(&mut self, phase: Phase) {
        let mut lost: Vec<RowId> = self.image.lost_rows.keys().copied().collect();
        lost.sort_unstable();
        let mut reported: FxHashSet<EntityId> = FxHashSet::default();
        for row in lost {
            let (feature, span) = match row {
                RowId::Provide(row) => {
                    (self.image.provides[row as usize].feature, self.image.provides[row as usize].span)
                }
                RowId::Require(row) => {
                    (self.image.requires[row as usize].feature, self.image.requires[row as usize].span)
                }
                RowId::Removal(row) => {
                    (self.image.removals[row as usize].feature, self.image.removals[row as usize].span)
                }
                RowId::Link(_) => continue,
            };
            let Some(&trail) = self.image.trail_of.get(&row) else { continue };
            let way = self.way(trail);
            let from_facts = |place: &EntityId| {
                !self.standing.contains_key(place)
                    && self.image.known(*place).is_some_and(|known| known.origin.is_none())
            };
            if self.image.phase(feature) != phase || !way.iter().all(from_facts) {
                continue;
            }
            let Some(entity) = way.iter().copied().min_by_key(|&place| self.image.entities.text(place)) else {
                continue;
            };
            if !reported.insert(entity) {
                continue;
            }
            let message = format!("the link {} of the parent leads back to itself", self.image.say(entity));
            let mut diagnostic =
                self.image.diagnostic(Code::SymlinkLoop, Some(entity), self.image.at(feature, span), message);
            diagnostic.label = "leads through it".to_owned();
            diagnostic.help =
                Some("correct the link in the parent, or name a path that does not lead through it".to_owned());
            self.image.report(diagnostic, Vec::new());
        }
    }

    fn report_loop(&mut self, number: u32, link: EntityId, circle: &[EntityId], length: usize) {
        // The finding stands at the first link of the circle by file and position.
        let mut members: Vec<(u32, EntityId)> =
            circle.iter().filter_map(|&place| Some((self.standing.get(&place)?.row?, place))).collect();
        members.sort_by_key(|&(row, _)| {
            let link = &self.image.links[row as usize];
            (self.image.provides[link.provide as usize].feature, link.span.start)
        });
        let image = &*self.image;
        let (row, _) = members.first().copied().unwrap_or((number, link));
        // Whatever the order of files, the finding is about the same link.
        let entity =
            members.iter().map(|&(_, place)| place).min_by_key(|&place| image.entities.text(place)).unwrap_or(link);
        let feature = image.provides[image.links[row as usize].provide as usize].feature;
        let location = image.at(feature, image.links[row as usize].span);
        let message = match circle.len() {
            0 => format!(
                "{} leads through more than {MAX_LINKS} links ({} were followed), and then every system gives up",
                image.say(entity),
                length - 1
            ),
            1 => format!("the link {} leads to itself", image.say(entity)),
            _ => format!(
                "the link {} leads back to itself through {}",
                image.say(entity),
                message::count(circle.len() - 1, "other link", "other links")
            ),
        };
        let mut diagnostic = image.diagnostic(Code::SymlinkLoop, Some(entity), location, message);
        diagnostic.label = format!("leads to {}", message::quoted(&image.links[row as usize].target));
        for &(row, place) in members.iter().skip(1).take(MAX_LINKS as usize) {
            let link = &image.links[row as usize];
            let feature = image.provides[link.provide as usize].feature;
            let text = format!("{} leads to {}", image.say(place), message::quoted(&link.target));
            diagnostic.related.push(image.related(Role::Link, Some(place), image.at(feature, link.span), text));
        }
        diagnostic.help = Some("let one of the links lead to something that is no link".to_owned());
        self.image.report(diagnostic, Vec::new());
    }

    /// The links of a trail, first to last.
    fn way(&self, trail: u32) -> Vec<EntityId> {
        let mut way = self.image.trail(trail);
        way.reverse();
        way
    }

    // ---- what a phase takes away -----------------------------------------------------------------------------

    fn remove(&mut self, phase: Phase) {
        let bit = 1 << phase as u8;
        let mut own: Vec<(EntityId, bool)> = Vec::new();
        let mut owned: Vec<String> = Vec::new();
        for number in 0..self.image.removals.len() {
            let row = self.image.removals[number];
            if self.image.phase(row.feature) == phase
                && !self.image.lost_rows.contains_key(&RowId::Removal(number as u32))
            {
                own.push((row.entity, true));
                if self.image.entities.entity_type(row.entity) == EntityType::Package
                    && let Some(base) = &self.image.base
                {
                    // What only the package owned goes with it; directories stay, others may need them.
                    for path in base.owned_by(self.image.entities.last(row.entity)) {
                        let Some(spot) = base.find(EntityType::Path, &path) else { continue };
                        if base.known(spot).is_some_and(|known| known.file_type != Some(FileType::Directory)) {
                            // Also what nobody names by this path: a link may lead here later.
                            owned.push(path);
                        }
                    }
                }
            }
        }
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

/// The components of a link's text, last first; `.` and empty ones do nothing.
fn split(target: &str) -> Vec<Arc<str>> {
    target.split('/').rev().filter(|name| !matches!(*name, "" | ".")).map(Arc::from).collect()
}

impl Image {
    /// The links of a trail, last to first.
    pub fn trail(&self, mut trail: u32) -> Vec<EntityId> {
        let mut links = Vec::new();
        while trail != 0 {
            let (link, rest) = self.trails[trail as usize];
            links.push(link);
            trail = rest;
        }
        links
    }
}

/// Follows a path in a layer, links included; none where it leads nowhere.
pub fn follow_in_layer(layer: &Layer, path: &str) -> Option<Spot> {
    let mut spots = vec![layer.root(EntityType::Path)];
    let mut pending: Vec<Arc<str>> = split(path);
    let mut hops = 0;
    while let Some(name) = pending.pop() {
        if &*name == ".." {
            if spots.len() > 1 {
                spots.pop();
            }
            continue;
        }
        let child = layer.child(*spots.last()?, &name)?;
        let known = layer.known(child);
        if let Some(target) = known.and_then(|known| known.target.as_deref())
            && known.and_then(|known| known.file_type) == Some(FileType::Symlink)
        {
            hops += 1;
            if hops > MAX_LINKS {
                return None;
            }
            if target.starts_with('/') {
                spots.truncate(1);
            }
            pending.extend(split(target));
        } else {
            spots.push(child);
        }
    }
    spots.last().copied()
}
