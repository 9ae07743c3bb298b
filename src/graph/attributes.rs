//! Changes of what is there: when they are made, what is known of a path after them, and which contradict each other.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::edges::Why;
use super::image::{Image, RowId};
use super::slots::{NONE, There};
use super::view::{Unmet, View};
use crate::catalog::Code;
use crate::diagnostic::Role;
use crate::entity::{Means, Owner, PathFacts, Phase, Validator, What};
use crate::fragment::Change;
use crate::intern::{EntityId, EntityType};
use crate::tree::FileType;

/// Changes by the place that they are about, ascending.
#[derive(Default)]
pub struct Changes {
    /// Every change of the image; `require` is a number among the image's rows.
    pub rows: Vec<Change>,
    own: BTreeMap<EntityId, Vec<u32>>,
    /// Those that reach all below a place.
    below: BTreeMap<EntityId, Vec<u32>>,
}

impl Image {
    /// Notes where every change really is, once rows are at their places. What the parent has below a place that is changed with all
    /// below it becomes known by name.
    pub fn place_changes(&mut self) {
        let mut changes = std::mem::take(&mut self.changes);
        for (number, change) in changes.rows.iter().enumerate() {
            if self.lost_rows.contains_key(&RowId::Require(change.require)) {
                continue;
            }
            let place = self.requires[change.require as usize].entity;
            changes.own.entry(place).or_default().push(number as u32);
            if change.recursive {
                changes.below.entry(place).or_default().push(number as u32);
            }
        }
        let mut waiting: Vec<EntityId> = changes.below.keys().copied().collect();
        while let Some(directory) = waiting.pop() {
            let names: Vec<String> = match (&self.base, self.spots[directory.index()]) {
                (Some(base), Some(spot)) => base.children(spot).iter().map(|(name, _)| (*name).to_owned()).collect(),
                _ => Vec::new(),
            };
            waiting.extend(names.iter().map(|name| self.child(directory, name)).collect::<Vec<_>>());
        }
        self.changes = changes;
    }

    /// The changes of a place that are made in a phase, those from above included.
    pub fn changes_in(&self, entity: EntityId, phase: Phase) -> impl Iterator<Item = &Change> {
        self.changes_at(entity).filter(move |change| self.phase(change.feature) == phase)
    }

    fn changes_at(&self, entity: EntityId) -> impl Iterator<Item = &Change> {
        let changes = &self.changes;
        let own = changes.own.get(&entity).into_iter().flatten();
        let mut at = (!changes.below.is_empty() && self.entities.is_path(entity)).then_some(entity);
        let above = std::iter::from_fn(move || {
            let here = at.filter(|&here| here != EntityId::ROOT)?;
            let parent = self.entities.parent(here);
            at = Some(parent);
            Some(changes.below.get(&parent).into_iter().flatten())
        });
        own.chain(above.flatten()).map(|&number| &changes.rows[number as usize])
    }

    /// Whether anything changes what is at a place until so many phases are over.
    pub fn is_changed(&self, entity: EntityId, phases: usize) -> bool {
        !self.changes.rows.is_empty()
            && self.changes_at(entity).any(|change| (self.phase(change.feature) as usize) < phases)
    }

    /// What is known of a path once so many phases are over, changes included.
    pub fn view_after<'i>(&'i self, entity: EntityId, there: There<'i>, phases: usize) -> View<'i> {
        let mut view = self.view(there);
        if self.changes.rows.is_empty() {
            return view;
        }
        let since = match there {
            There::Nothing => return view,
            There::Slot(slot) => self.slots.slots[slot as usize].phase as usize,
            There::Base(_) | There::Always => 0,
        };
        let mut made: Vec<&Change> = self
            .changes_at(entity)
            .filter(|change| (since..phases).contains(&(self.phase(change.feature) as usize)))
            .collect();
        made.sort_by_key(|change| (self.phase(change.feature), change.feature));
        for change in made {
            let facts = &change.facts;
            if facts.given & PathFacts::MODE != 0 && view.file_type != Some(FileType::Symlink) {
                view.mode = facts.mode;
            }
            if facts.given & PathFacts::USER != 0 {
                view.user = self.owner(facts.user);
            }
            if facts.given & PathFacts::GROUP != 0 {
                view.group = self.owner(facts.group);
            }
        }
        view
    }

    /// Why what is there once so many phases are over is not what is required; `None` if it is.
    pub fn fails_after(
        &self,
        entity: EntityId,
        there: There<'_>,
        phases: usize,
        validator: &Validator,
    ) -> Option<Unmet> {
        self.view_fails(&self.view_after(entity, there, phases), validator)
    }

    /// The extended attributes that changes give a place in the end.
    pub fn changed_xattrs(&self, entity: EntityId) -> Vec<(String, String)> {
        let changes = self.changes_at(entity).filter(|change| change.facts.given & PathFacts::XATTRS != 0);
        let mut changes: Vec<&Change> = changes.collect();
        changes.sort_by_key(|change| (self.phase(change.feature), change.feature));
        changes.into_iter().flat_map(|change| self.xattrs_of(change.feature)).collect()
    }

    /// Reports changes that contradict each other, or what provides the thing in the same phase.
    pub fn contradicting_changes(&mut self) {
        let mut found = Vec::new();
        let mut judged: Vec<(EntityId, Phase)> = Vec::new();
        for (&place, rows) in &self.changes.own {
            judged.extend(rows.iter().map(|&row| (place, self.phase(self.changes.rows[row as usize].feature))));
        }
        if !self.changes.below.is_empty() {
            judged.extend(self.slots.slots.iter().map(|slot| (slot.entity, slot.phase)));
        }
        judged.sort_unstable();
        judged.dedup();
        for (entity, phase) in judged {
            let mut said: Vec<Said> = Vec::new();
            let slot = self.slots.of(entity).iter().find(|slot| slot.phase == phase && !slot.satisfied && !slot.broken);
            if let Some(slot) = slot
                && let What::Path(facts) = slot.what
            {
                let row = self.provides[slot.lead as usize];
                // What an archive or another image has of a file is no word of the author's.
                if row.means == Means::Made {
                    said.push(Said { facts, feature: row.feature, span: row.span });
                }
            }
            for change in self.changes_in(entity, phase) {
                let span = self.requires[change.require as usize].span;
                said.push(Said { facts: change.facts, feature: change.feature, span });
            }
            said.sort_by_key(|said| (said.feature, said.span));
            found.extend(self.contradiction(entity, &said));
        }
        for diagnostic in found {
            self.report(diagnostic, Vec::new());
        }
    }

    fn contradiction(&self, entity: EntityId, said: &[Said]) -> Option<crate::diagnostic::Diagnostic> {
        let (later, earlier, attribute, values) = said.iter().enumerate().find_map(|(at, later)| {
            said[..at].iter().find_map(|earlier| {
                let (attribute, values) = self.differ(&earlier.facts, &later.facts, earlier.feature, later.feature)?;
                Some((later, earlier, attribute, values))
            })
        })?;
        let thing = self.say(entity);
        let message = match &values {
            Some((own, its)) => {
                format!("{thing} is given two different {}s in one phase: {own} and {its}", attribute)
            }
            None => format!("{thing} is given different {attribute} in one phase"),
        };
        let place = |said: &Said| {
            let key = if attribute == "extended attributes" { "xattrs" } else { attribute };
            self.at(said.feature, self.key_span(said.feature, key).unwrap_or(said.span))
        };
        let mut diagnostic = self.diagnostic(Code::Conflict, Some(entity), place(later), message);
        diagnostic.label = values.as_ref().map_or_else(|| "others here".to_owned(), |(_, its)| format!("{its} here"));
        let text = match &values {
            Some((own, _)) => format!("{attribute} {own} here, by {}", self.say_feature(earlier.feature)),
            None => format!("others here, by {}", self.say_feature(earlier.feature)),
        };
        diagnostic.related.push(self.related(Role::Provider, Some(entity), place(earlier), text));
        for other in said {
            if let Some(change) = self.changes.rows.iter().find(|change| change.feature == other.feature) {
                self.tell_links(&mut diagnostic, Why::Require(change.require));
            }
        }
        diagnostic.help = Some("keep one of them, make them agree, or make the change in a later `phase`".to_owned());
        Some(diagnostic)
    }

    fn differ(
        &self,
        own: &PathFacts,
        its: &PathFacts,
        first: u32,
        second: u32,
    ) -> Option<(&'static str, Option<(String, String)>)> {
        let both = |bit: u8| own.given & its.given & bit != 0;
        if both(PathFacts::MODE)
            && let (Some(own), Some(its)) = (own.mode, its.mode)
            && own != its
        {
            return Some(("mode", Some((format!("{own:04o}"), format!("{its:04o}")))));
        }
        for (bit, own, its, what) in
            [(PathFacts::USER, own.user, its.user, "user"), (PathFacts::GROUP, own.group, its.group, "group")]
        {
            if both(bit) && own != Owner::Unknown && its != Owner::Unknown && !self.same_owner(own, its) {
                return Some((what, Some((self.say_owner(own).into_owned(), self.say_owner(its).into_owned()))));
            }
        }
        if both(PathFacts::XATTRS) {
            let own: FxHashMap<String, String> = self.xattrs_of(first).into_iter().collect();
            let differs =
                self.xattrs_of(second).iter().any(|(name, value)| own.get(name).is_some_and(|own| own != value));
            return differs.then_some(("extended attributes", None));
        }
        None
    }

    /// The steps of a phase that a change of all below a place comes after: those that provide something there.
    pub(super) fn provided_below_changes(&self) -> Vec<(u32, u32, EntityId)> {
        if self.changes.below.is_empty() {
            return Vec::new();
        }
        let mut found = Vec::new();
        for slot in self.slots.slots.iter().filter(|slot| !slot.satisfied && slot.node != NONE) {
            if self.entities.entity_type(slot.entity) != EntityType::Path {
                continue;
            }
            let own = self.changes.own.get(&slot.entity).map_or(&[][..], Vec::as_slice);
            for change in self.changes_in(slot.entity, slot.phase) {
                let is_own = own.iter().any(|&number| self.changes.rows[number as usize].require == change.require);
                if !is_own {
                    found.push((slot.node, change.require, slot.entity));
                }
            }
        }
        found
    }
}

/// What a feature says of something, and where.
struct Said {
    facts: PathFacts,
    feature: u32,
    span: crate::text::Span,
}
