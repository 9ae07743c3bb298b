//! Questions that several rules ask of an image.

use super::image::Image;
use super::slots::There;
use crate::diagnostic::Role;
use crate::entity::{Content, Means, PathFacts, Strength, What};
use crate::fragment::PackageRow;
use crate::intern::{EntityId, EntityType};
use crate::kind::Kind;
use crate::message;
use crate::syntax::Shape;

/// How many names of names are followed; a circle of hard links is a circle of steps, reported as such.
pub const MAX_NAMES: usize = 64;

impl Image {
    /// Every package feature with what it asks of its manager.
    pub fn package_rows(&self) -> Vec<(u32, PackageRow)> {
        self.files
            .iter()
            .flat_map(|file| file.fragment.packages.iter().map(|row| (file.features + row.feature, row.clone())))
            .collect()
    }

    /// Whether a package feature installs; the alternative is that it upgrades.
    pub fn is_install(&self, feature: u32) -> bool {
        let fragment = self.fragment_of(feature);
        let text = fragment.source.text.as_str();
        fragment
            .document
            .get(self.features[feature as usize].node, "action", text)
            .is_none_or(|node| fragment.document.string(node, text) == "install")
    }

    /// The first name of a file when the given number of phases is over: hard links of one file share it.
    pub fn inode(&self, entity: EntityId, phases: usize) -> String {
        let mut at = entity;
        for _ in 0..MAX_NAMES {
            match self.after(at, phases) {
                There::Slot(slot) => match self.slots.slots[slot as usize].what {
                    What::Path(PathFacts { content: Content::SameAs(target), .. }) if target != at => at = target,
                    _ => break,
                },
                There::Base(known) => {
                    return known.same_as.as_deref().map_or_else(|| self.entities.text(at), str::to_owned);
                }
                There::Nothing | There::Always => break,
            }
        }
        self.entities.text(at)
    }

    /// The file itself, where what is there is only another name of it.
    pub fn named<'i>(&'i self, mut there: There<'i>) -> There<'i> {
        for _ in 0..MAX_NAMES {
            let There::Slot(slot) = there else { break };
            let slot = &self.slots.slots[slot as usize];
            let What::Path(PathFacts { content: Content::SameAs(target), .. }) = slot.what else { break };
            if target == slot.entity {
                break;
            }
            there = self.within(target, slot.phase);
        }
        there
    }

    /// The links through which a row's path led to its place, in the order in which they were followed.
    pub fn links_of(&self, why: super::edges::Why) -> Vec<EntityId> {
        use super::RowId;
        use super::edges::Why;
        let mut links = Vec::new();
        let mut add = |row: RowId| {
            if let Some(&trail) = self.trail_of.get(&row) {
                links.extend(self.trail(trail).into_iter().rev());
            }
        };
        match why {
            Why::Require(row) => add(RowId::Require(row)),
            Why::Parent(row) => add(RowId::Provide(row)),
            Why::Link(RowId::Link(row)) => {
                // Where a link leads starts from where it really stands.
                let provide = self.links[row as usize].provide;
                add(RowId::Provide(provide));
                add(RowId::Link(row));
                // That a link leads through itself says nothing.
                let own = self.provides[provide as usize].entity;
                links.retain(|&link| link != own);
            }
            Why::Link(row) => add(row),
            Why::Removal(row) => add(RowId::Removal(row)),
            Why::Reads(_) | Why::Skips(_) => {}
        }
        let mut seen = rustc_hash::FxHashSet::default();
        links.retain(|&link| seen.insert(link));
        links
    }

    /// Names the links through which a row's path led to its place, wherever they come from.
    pub fn tell_links(&self, diagnostic: &mut crate::diagnostic::Diagnostic, why: super::edges::Why) {
        for link in self.links_of(why).into_iter().take(8) {
            let slots = self.slots.of(link);
            for slot in slots {
                let provide = &self.provides[slot.lead as usize];
                let place = self.at(provide.feature, provide.span);
                if place.order() == diagnostic.location.order() {
                    continue;
                }
                let text = format!("reached through the link {}", self.say(link));
                let related = self.related(Role::Link, Some(link), place, text);
                if !diagnostic.related.iter().any(|other| other.location.order() == related.location.order()) {
                    diagnostic.related.push(related);
                }
            }
            if slots.is_empty()
                && let (Some(known), Some(base)) = (self.known(link), &self.base)
            {
                let target = known.target.as_deref().map(|target| format!(" to {}", message::quoted(target)));
                let note = format!(
                    "{} is a link{} in parent {}",
                    self.say(link),
                    target.unwrap_or_default(),
                    message::quoted(&base.name)
                );
                if !diagnostic.notes.contains(&note) {
                    diagnostic.notes.push(note);
                }
            }
        }
    }

    /// The package whose recorded facts a row comes from.
    pub fn package_of(&self, row: u32) -> Option<Box<str>> {
        if let Some(package) = self.package_file(row) {
            return Some((*package.name).into());
        }
        let provide = &self.provides[row as usize];
        let feature = &self.features[provide.feature as usize];
        let is_recorded = provide.means == Means::Declared && feature.kind == Kind::Package;
        let main =
            feature.main.filter(|&main| is_recorded && self.entities.entity_type(main) == EntityType::Package)?;
        Some(self.entities.last(main).into())
    }

    /// The groups that a change of a user adds, in order.
    pub fn added_groups(&self, feature: u32) -> Vec<EntityId> {
        let file = self.file_of(feature) as usize;
        let (start, end) = self.require_range(file);
        let rows = &self.requires[start..end];
        let from = rows.partition_point(|row| row.feature < feature);
        let mut groups: Vec<EntityId> = rows[from..]
            .iter()
            .take_while(|row| row.feature == feature)
            .filter(|row| row.cause == crate::entity::Cause::SupplementaryGroup)
            .map(|row| row.entity)
            .collect();
        groups.sort_unstable();
        groups.dedup();
        groups
    }

    /// Numbers of users and groups that commands and the image configuration are run as, without a name.
    pub fn numeric_users(&self) -> Vec<(EntityType, u32)> {
        let mut numbers = Vec::new();
        for feature in self.features.iter().enumerate().filter(|(_, row)| row.kind == Kind::Run) {
            let fragment = self.fragment_of(feature.0 as u32);
            let text = fragment.source.text.as_str();
            let Some(user) = fragment.document.get(feature.1.node, "user", text) else { continue };
            let number = match fragment.document.shape(user) {
                Shape::Integer => fragment.document.integer(user, text).and_then(|number| u32::try_from(number).ok()),
                Shape::String => fragment.document.string(user, text).parse().ok(),
                _ => None,
            };
            numbers.extend(number.map(|number| (EntityType::User, number)));
        }
        for setting in self.files.iter().flat_map(|file| &file.fragment.settings).filter(|row| row.name == "user") {
            let value = setting.value.trim_matches('"');
            let (user, group) = value.split_once(':').map_or((value, None), |(user, group)| (user, Some(group)));
            numbers.extend(user.parse().ok().map(|number| (EntityType::User, number)));
            numbers.extend(group.and_then(|group| group.parse().ok()).map(|number| (EntityType::Group, number)));
        }
        numbers
    }

    /// Adds what a feature's facts list.
    pub fn add_recorded(&mut self, feature: u32, span: crate::text::Span, facts: &crate::facts::Facts) {
        super::recorded::add(self, feature, span, facts);
    }

    /// Notes the canonical place of what every feature is about, once rows are at their places.
    pub fn fill_places(&mut self) {
        self.places = vec![None; self.features.len()];
        for row in &self.provides {
            let feature = row.feature as usize;
            let own = matches!(row.means, Means::Made | Means::Assumed) && row.strength != Strength::Implied;
            if own || row.means == Means::Contained && row.span == self.features[feature].origin {
                self.places[feature].get_or_insert(row.entity);
            }
        }
        for change in &self.changes.rows {
            self.places[change.feature as usize].get_or_insert(self.requires[change.require as usize].entity);
        }
        for removal in &self.removals {
            self.places[removal.feature as usize].get_or_insert(removal.entity);
        }
        for graft in &self.grafts {
            let is_package = matches!(graft.graft.from, crate::fragment::GraftFrom::Package { .. });
            if !is_package && (graft.provide.is_none() || graft.tree.is_some()) {
                self.places[graft.graft.feature as usize] = Some(graft.graft.at);
            }
        }
        for (place, feature) in self.places.iter().zip(&mut self.features) {
            if place.is_some() {
                feature.main = *place;
            }
        }
    }

    /// Fills in what the questions above look up.
    pub fn prepare_queries(&mut self) {
        // A few of each phase are enough to be named.
        const MOST: usize = 8;
        let mut named = [0usize; 5];
        self.opaque_features = (0..self.features.len() as u32)
            .filter(|&feature| {
                let row = &self.features[feature as usize];
                let count = &mut named[row.phase as usize];
                let takes = row.is(crate::fragment::Feature::OPAQUE) && *count < MOST;
                *count += usize::from(takes);
                takes
            })
            .collect();
        self.removal_at.clear();
        for (number, removal) in self.removals.iter().enumerate() {
            let phase = self.features[removal.feature as usize].phase;
            self.removal_at.entry((removal.entity, phase)).or_insert(number as u32);
        }
        for feature in &self.features {
            if feature.is(crate::fragment::Feature::OPAQUE) {
                let (commands, packages) = &mut self.opaque_phases[feature.phase as usize];
                if feature.kind == Kind::Package { *packages = true } else { *commands = true }
            }
        }
    }
}
