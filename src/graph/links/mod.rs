//! Paths as places: the links' own places first, to a fixed point, then everything else through them, phase by phase.

mod gone;
mod loops;
mod programs;
mod rows;
mod settle;
mod walk;

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::image::Image;
use crate::entity::Phase;
use crate::intern::EntityId;
use crate::tree::FileType;

pub use walk::{follow_in_layer, place_in_layer};

/// How many links one way may lead through; as in the Linux kernel.
const MAX_LINKS: u32 = 40;
const NONE: u32 = u32::MAX;

/// A link that stands at a place in the phase at hand.
#[derive(Clone)]
pub(in crate::graph) struct Standing {
    target: Arc<str>,
    /// Its row in `links`; none if it comes from the base or an earlier phase's tree.
    row: Option<u32>,
}

/// Where a directory really is.
#[derive(Clone, Copy)]
pub(in crate::graph) struct Real {
    pub(in crate::graph) place: EntityId,
    trail: u32,
    hops: u32,
}

/// Where a link leads, and the links that are passed on the way, itself first: a range of the image's trails.
#[derive(Clone, Copy)]
struct Followed {
    place: EntityId,
    trail: (u32, u32),
}

/// No way leads there.
#[derive(Clone, Copy)]
pub(in crate::graph) enum Lost {
    /// Links in a circle, or too many: the trail.
    Looped(u32),
    /// `..` out of a directory that is not there.
    Dangling(EntityId),
}

/// Where the links of a phase stand and where everything else is then.
pub(in crate::graph) struct Places<'i> {
    pub(in crate::graph) image: &'i mut Image,
    pub(in crate::graph) standing: FxHashMap<EntityId, Standing>,
    /// Base links that an earlier phase or a replacement took away.
    hidden: FxHashMap<EntityId, ()>,
    memo: Vec<u32>,
    reals: Vec<Result<Real, Lost>>,
    /// Bits of the phases that are over.
    over: u8,
    /// Where each link leads that was followed to its end since links last changed.
    followed: FxHashMap<EntityId, Followed>,
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
        followed: FxHashMap::default(),
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
    places.programs();
    places.image.link_targets = order;
}

impl Places<'_> {
    pub(in crate::graph) fn forget(&mut self) {
        self.memo.clear();
        self.reals.clear();
        self.followed.clear();
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

    /// The real place of a path, all its links followed. Every directory is worked out once a phase.
    pub(in crate::graph) fn real(&mut self, path: EntityId) -> Result<Real, Lost> {
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
                        self.walk(above, child, target, None)
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
    pub(in crate::graph) fn place(&mut self, path: EntityId) -> Result<Real, Lost> {
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
}
