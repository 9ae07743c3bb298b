//! Who provides what: the providers of one entity in one phase make a slot, merged where they agree.

use rustc_hash::FxHashMap;

use super::image::{Image, RowId};
use super::layer::Known;
use super::merge;
use crate::entity::{Means, ParentRule, PathFacts, Phase, Provide, Strength, What};
use crate::inputs::Inputs;
use crate::intern::{EntityId, EntityType};
use crate::tree::FileType;

/// No row, slot or node.
pub const NONE: u32 = u32::MAX;

/// All that provides one entity in one phase.
#[derive(Clone, Debug)]
pub struct Slot {
    /// The place.
    pub entity: EntityId,
    /// When.
    pub phase: Phase,
    /// What is there then, of all providers together.
    pub what: What,
    /// The row whose step makes it.
    pub lead: u32,
    /// Its rows, as a range of [`Slots::rows`].
    pub rows: (u32, u32),
    /// The step that makes it, see [`super::order`].
    pub node: u32,
    /// The row that mounts something there.
    pub mount: Option<u32>,
    /// Its providers contradict each other, or it is broken otherwise; who requires it is not judged.
    pub broken: bool,
    /// The same was there before: no step.
    pub satisfied: bool,
    /// A directory of a tree that is a step of its own.
    pub split: bool,
    /// What it takes the place of.
    pub replaces: Option<Replaces>,
}

/// What a step with `replace` takes away first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replaces {
    /// Its type, where known.
    pub file_type: Option<FileType>,
    /// The phase that made it; none for the parent.
    pub phase: Option<Phase>,
}

/// Every slot of an image, by entity and phase.
#[derive(Default)]
pub struct Slots {
    /// Numbers of rows in `provides`, by entity, phase, feature.
    pub rows: Vec<u32>,
    /// By entity and phase.
    pub slots: Vec<Slot>,
    /// For each entity its first slot, and one more.
    first: Vec<u32>,
    /// For each row: [`Slots::DROPPED`] and so on.
    pub states: Vec<u8>,
    /// Rows that are assumed, by entity.
    pub assumed: FxHashMap<EntityId, Vec<u32>>,
    /// Features that are one step, each with the one it is part of.
    pub merged: Vec<u32>,
}

impl Slots {
    /// Another feature with `replace` stands in its place.
    pub const DROPPED: u8 = 1;
    /// What it provides was there already.
    pub const SATISFIED: u8 = 2;

    /// The slots of an entity, by phase.
    pub fn of(&self, entity: EntityId) -> &[Slot] {
        let range = self.range(entity);
        &self.slots[range.start as usize..range.end as usize]
    }

    /// The numbers of the slots of an entity.
    pub fn range(&self, entity: EntityId) -> std::ops::Range<u32> {
        match self.first.get(entity.index()..entity.index() + 2) {
            Some(&[start, end]) => start..end,
            _ => 0..0,
        }
    }

    /// The feature that stands for all that are one step with this one.
    pub fn representative(&self, mut feature: u32) -> u32 {
        while self.merged[feature as usize] != feature {
            feature = self.merged[feature as usize];
        }
        feature
    }

    /// Two features are one step from now on; the earlier one stands for both.
    pub fn unite(&mut self, a: u32, b: u32) {
        let (a, b) = (self.representative(a), self.representative(b));
        let (first, second) = (a.min(b), a.max(b));
        self.merged[second as usize] = first;
    }
}

/// What is there at some time.
#[derive(Clone, Copy)]
pub enum There<'i> {
    /// Nothing.
    Nothing,
    /// What a slot says, by its number.
    Slot(u32),
    /// What the base has.
    Base(&'i Known),
    /// `/`, the user root, the group root.
    Always,
}

impl Image {
    /// What is there once the given number of phases is over.
    pub fn after(&self, entity: EntityId, phases: usize) -> There<'_> {
        let slots = self.slots.range(entity);
        for phase in Phase::ALL[..phases].iter().rev() {
            for slot in slots.clone().rev() {
                let found = &self.slots.slots[slot as usize];
                if found.phase == *phase && !found.satisfied {
                    return There::Slot(slot);
                }
            }
            if self.gone[entity.index()] & (1 << *phase as u8) != 0 {
                return There::Nothing;
            }
        }
        if let Some(known) = self.known(entity) {
            return There::Base(known);
        }
        if matches!(entity, EntityId::ROOT | EntityId::USER_ROOT | EntityId::GROUP_ROOT) {
            return There::Always;
        }
        There::Nothing
    }

    /// What is there when a phase starts.
    pub fn before(&self, entity: EntityId, phase: Phase) -> There<'_> {
        self.after(entity, phase as usize)
    }

    /// What is there in a phase, however its own features are ordered.
    pub fn within(&self, entity: EntityId, phase: Phase) -> There<'_> {
        self.after(entity, phase as usize + 1)
    }

    /// Whether the user that a feature declares has a group of its own name as its primary one.
    pub fn needs_own_group(&self, feature: u32) -> bool {
        let row = &self.features[feature as usize];
        let Some(user) = row.main.filter(|&main| self.entities.entity_type(main) == EntityType::User) else {
            return true;
        };
        self.slots.of(user).iter().find(|slot| slot.phase == row.phase).is_none_or(|slot| match slot.what {
            What::User(account) => !slot.satisfied && self.accounts[account as usize].group.is_none(),
            _ => true,
        })
    }

    /// Whether a phase takes the entity away.
    pub fn goes_in(&self, entity: EntityId, phase: Phase) -> bool {
        self.gone[entity.index()] & (1 << phase as u8) != 0
    }
}

/// Groups all rows into slots, merges them and compares them with what is there before.
pub fn build(image: &mut Image, inputs: &Inputs) {
    image.slots.merged = (0..image.features.len() as u32).collect();
    image.slots.states = vec![0; image.provides.len()];
    super::replace::settle(image);
    super::packages::give_way(image);
    super::accounts::list(image, inputs);
    imply_directories(image);
    group(image);
    merge::merge_all(image);
    super::check::removed_and_provided(image);
    compare_all(image);
    drop_unneeded_groups(image);
}

/// A user who was there already, or whose group another declaration names, needs no group of its own name.
fn drop_unneeded_groups(image: &mut Image) {
    let mut dropped: Vec<EntityId> = Vec::new();
    for number in 0..image.provides.len() {
        let row = image.provides[number];
        let implied = row.strength == Strength::Implied && matches!(row.what, What::Group(_));
        if implied && !image.needs_own_group(row.feature) {
            image.slots.states[number] |= Slots::DROPPED;
            dropped.push(row.entity);
        }
    }
    for group in dropped {
        for number in image.slots.range(group) {
            let (start, end) = image.slots.slots[number as usize].rows;
            let gone = image.slots.rows[start as usize..end as usize]
                .iter()
                .all(|&row| image.slots.states[row as usize] & Slots::DROPPED != 0);
            if gone {
                image.slots.slots[number as usize].satisfied = true;
            }
        }
    }
}

/// A row for every ancestor of what is placed with `parents`, each once a phase.
fn imply_directories(image: &mut Image) {
    let mut marked = vec![0u8; image.entities.len()];
    for number in 0..image.provides.len() {
        let row = image.provides[number];
        let dropped = image.slots.states.get(number).is_some_and(|state| state & Slots::DROPPED != 0);
        if row.parent != ParentRule::Implied || dropped || image.lost_rows.contains_key(&RowId::Provide(number as u32))
        {
            continue;
        }
        let bit = 1 << image.phase(row.feature) as u8;
        let mut at = image.entities.parent(row.entity);
        while at != EntityId::ROOT && marked[at.index()] & bit == 0 {
            marked[at.index()] |= bit;
            image.provides.push(Provide {
                feature: row.feature,
                entity: at,
                what: What::Path(PathFacts::DIRECTORY),
                span: row.span,
                strength: Strength::Implied,
                means: Means::Made,
                parent: ParentRule::Required,
                into: false,
            });
            at = image.entities.parent(at);
        }
    }
}

/// Sorts rows by entity, phase and feature: by counting, then inside the few groups that have more than one.
fn group(image: &mut Image) {
    let count = image.entities.len();
    image.slots.states.resize(image.provides.len(), 0);
    let mut offsets = vec![0u32; count + 1];
    let mut takes_part = |number: usize, row: &Provide| -> bool {
        let dropped = image.slots.states[number] & Slots::DROPPED != 0;
        if dropped || image.lost_rows.contains_key(&RowId::Provide(number as u32)) {
            return false;
        }
        if row.means == Means::Assumed {
            image.slots.assumed.entry(row.entity).or_default().push(number as u32);
            return false;
        }
        true
    };
    let mut taking = vec![false; image.provides.len()];
    for (number, row) in image.provides.iter().enumerate() {
        taking[number] = takes_part(number, row);
        if taking[number] {
            offsets[row.entity.index() + 1] += 1;
        }
    }
    for at in 0..count {
        offsets[at + 1] += offsets[at];
    }
    let mut next = offsets.clone();
    let mut rows = vec![0u32; offsets[count] as usize];
    for (number, row) in image.provides.iter().enumerate() {
        if taking[number] {
            let slot = &mut next[row.entity.index()];
            rows[*slot as usize] = number as u32;
            *slot += 1;
        }
    }
    let mut slots = Vec::with_capacity(count.min(rows.len()));
    let mut first = Vec::with_capacity(count + 1);
    for entity in 0..count {
        first.push(slots.len() as u32);
        let (start, end) = (offsets[entity] as usize, offsets[entity + 1] as usize);
        let group = &mut rows[start..end];
        if group.len() > 1 {
            group.sort_unstable_by_key(|&row| {
                let provide = &image.provides[row as usize];
                (image.features[provide.feature as usize].phase, provide.feature, row)
            });
        }
        let mut at = start;
        while at < end {
            let phase = image.phase(image.provides[rows[at] as usize].feature);
            let length = rows[at..end]
                .iter()
                .take_while(|&&row| image.phase(image.provides[row as usize].feature) == phase)
                .count();
            let lead = rows[at];
            slots.push(Slot {
                entity: EntityId(entity as u32),
                phase,
                what: image.provides[lead as usize].what,
                lead,
                rows: (at as u32, (at + length) as u32),
                node: NONE,
                mount: None,
                broken: false,
                satisfied: false,
                split: false,
                replaces: None,
            });
            at += length;
        }
    }
    first.push(slots.len() as u32);
    image.slots.rows = rows;
    image.slots.slots = slots;
    image.slots.first = first;
}

/// Compares every slot with what is there before its phase.
fn compare_all(image: &mut Image) {
    for number in 0..image.slots.slots.len() {
        super::check::overwrite(image, number);
    }
}
