//! Following links: component by component, each link that stands at a place once.

use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::{Followed, Lost, MAX_LINKS, Places, Real};
use crate::entity::{ParentRule, Phase, What};
use crate::graph::image::Image;
use crate::graph::layer::{Layer, Spot};
use crate::intern::{EntityId, EntityType};
use crate::tree::FileType;

/// The text of a link that is being followed.
struct Way {
    text: Arc<str>,
    /// Where its next component starts.
    at: usize,
    /// The link, and the first link of its trail.
    link: EntityId,
    trail: u32,
}

impl Way {
    /// The next component; `.` and empty ones do nothing.
    fn next(&mut self) -> Option<Range<usize>> {
        loop {
            let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
            let name = self.at..self.at + memchr::memchr(b'/', rest.as_bytes()).unwrap_or(rest.len());
            self.at = name.end + 1;
            if !matches!(&self.text[name.clone()], "" | ".") {
                return Some(name);
            }
        }
    }
}

impl Places<'_> {
    /// The real place of a directory as spelled, without memory, noting every place that was looked at.
    pub(super) fn walk_spelled(&mut self, directory: EntityId, looked: &mut Vec<EntityId>) -> Result<Real, Lost> {
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
                Some(link) => self.walk(real, child, link.target, Some(looked))?,
                None => Real { place: child, ..real },
            };
        }
        Ok(real)
    }

    /// Follows a link that stands at `link` in the directory `from`, and every further one that its text leads through.
    ///
    /// `looked` notes every place that was looked at, while links may still come and go. Once they stand still, every link is followed
    /// to its end only once: a chain of links costs its length, not the square of it.
    pub(super) fn walk(
        &mut self,
        from: Real,
        link: EntityId,
        text: Arc<str>,
        mut looked: Option<&mut Vec<EntityId>>,
    ) -> Result<Real, Lost> {
        let stands = looked.is_none() && self.link_at(link).is_some_and(|standing| standing.target == text);
        if stands && let Some(&followed) = self.followed.get(&link) {
            return self.follow(from, followed);
        }
        let mut ways = Vec::new();
        let mut real = self.enter(from, link, text, &mut ways)?;
        while let Some(way) = ways.last_mut() {
            let Some(name) = way.next() else {
                let (link, trail) = (way.link, way.trail);
                ways.pop();
                if looked.is_none() && (stands || !ways.is_empty()) {
                    let trail = (trail, self.image.trails.len() as u32);
                    self.followed.insert(link, Followed { place: real.place, trail });
                }
                continue;
            };
            if &way.text[name.clone()] == ".." {
                if !self.may_be_there(real.place) {
                    return Err(Lost::Dangling(real.place));
                }
                real.place = self.image.entities.parent(real.place);
                continue;
            }
            let child = self.image.child(real.place, &way.text[name]);
            if let Some(looked) = &mut looked {
                looked.push(child);
            } else if let Some(&followed) = self.followed.get(&child) {
                real = self.follow(real, followed)?;
                continue;
            }
            match self.link_at(child) {
                Some(next) => real = self.enter(real, child, next.target, &mut ways)?,
                None => real.place = child,
            }
        }
        Ok(real)
    }

    /// Passes a link and begins to follow its text.
    fn enter(&mut self, from: Real, link: EntityId, text: Arc<str>, ways: &mut Vec<Way>) -> Result<Real, Lost> {
        let trail = self.image.trails.len() as u32;
        let mut real = self.pass(from, link)?;
        if text.starts_with('/') {
            real.place = EntityId::ROOT;
        }
        ways.push(Way { text, at: 0, link, trail });
        Ok(real)
    }

    /// Goes a way that is known, link by link.
    fn follow(&mut self, from: Real, followed: Followed) -> Result<Real, Lost> {
        let mut real = from;
        for at in followed.trail.0..followed.trail.1 {
            real = self.pass(real, self.image.trails[at as usize].0)?;
        }
        Ok(Real { place: followed.place, ..real })
    }

    fn pass(&mut self, real: Real, link: EntityId) -> Result<Real, Lost> {
        let trail = self.image.trails.len() as u32;
        self.image.trails.push((link, real.trail));
        let hops = real.hops + 1;
        if hops > MAX_LINKS { Err(Lost::Looped(trail)) } else { Ok(Real { trail, hops, ..real }) }
    }

    fn may_be_there(&mut self, place: EntityId) -> bool {
        let Some(there) = &self.there else { return true };
        self.image.looked_at.insert(place);
        place == EntityId::ROOT
            || there.contains(&place)
            || self.image.known(place).is_some() && self.image.gone[place.index()] & self.over == 0
    }

    /// Everything that a feature provides up to now, with the directories that are implied above it.
    pub(super) fn gather(&mut self, phase: Phase) {
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
        self.followed.clear();
    }
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

/// The components of a link's text, last first; `.` and empty ones do nothing.
fn split(target: &str) -> Vec<Arc<str>> {
    target.split('/').rev().filter(|name| !matches!(*name, "" | ".")).map(Arc::from).collect()
}

/// What a path of a layer leads to when all links are followed.
pub fn follow_in_layer(layer: &Layer, path: &str) -> Option<Spot> {
    walk_layer(layer, path).map(|(spot, _)| spot)
}

/// The place that a path of a layer leads to when all links are followed, as text.
pub fn place_in_layer(layer: &Layer, path: &str) -> Option<String> {
    walk_layer(layer, path).map(|(_, names)| format!("/{}", names.join("/")))
}

fn walk_layer(layer: &Layer, path: &str) -> Option<(Spot, Vec<Arc<str>>)> {
    let (mut spots, mut names) = (vec![layer.root(EntityType::Path)], Vec::new());
    let mut pending: Vec<Arc<str>> = split(path);
    let mut hops = 0;
    while let Some(name) = pending.pop() {
        if &*name == ".." {
            if spots.len() > 1 {
                spots.pop();
                names.pop();
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
                names.clear();
            }
            pending.extend(split(target));
        } else {
            spots.push(child);
            names.push(name);
        }
    }
    Some((*spots.last()?, names))
}
