//! Questions that several rules ask of an image.

use rustc_hash::FxHashMap;

use super::image::Image;
use super::slots::There;
use crate::catalog::Code;
use crate::diagnostic::Role;
use crate::entity::{Means, Phase, Strength, What};
use crate::fragment::PackageRow;
use crate::intern::{EntityId, EntityType};
use crate::kind::Kind;
use crate::syntax::Shape;

/// What takes something away.
#[derive(Clone, Copy, Debug)]
pub enum Taker {
    /// A removal, by its row.
    Removal(u32),
    /// What stands in the place of a directory, by its row.
    Replacement(u32),
}

/// Who may have provided something, in words and places.
pub struct Doubts {
    /// "the command `a` or parent `b`".
    pub said: String,
    /// Where they are declared.
    pub places: Vec<crate::text::Location>,
}

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
        for _ in 0..64 {
            match self.after(at, phases) {
                There::Slot(slot) => match self.slots.slots[slot as usize].what {
                    What::Path(crate::entity::PathFacts {
                        content: crate::entity::Content::SameAs(target), ..
                    }) if target != at => {
                        at = target;
                    }
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

    /// The removal that takes an entity away in a phase: its own, or that of a directory above.
    pub fn removal_of(&self, entity: EntityId, phase: Phase) -> Option<u32> {
        let mut at = entity;
        loop {
            if let Some(&removal) = self.removal_at.get(&(at, phase)) {
                return Some(removal);
            }
            if at == EntityId::ROOT || !self.entities.is_path(at) {
                return None;
            }
            at = self.entities.parent(at);
        }
    }

    /// Names the links through which a row's path led to its place.
    pub fn tell_links(&self, diagnostic: &mut crate::diagnostic::Diagnostic, why: super::edges::Why) {
        use super::edges::Why;
        let row = match why {
            Why::Require(row) => super::RowId::Require(row),
            Why::Parent(row) => super::RowId::Provide(row),
            Why::Link(row) => row,
            Why::Removal(row) => super::RowId::Removal(row),
            Why::Reads(_) | Why::Skips(_) => return,
        };
        let Some(&trail) = self.trail_of.get(&row) else { return };
        let mut links = self.trail(trail);
        links.reverse();
        // That a link leads through itself says nothing.
        if let super::RowId::Link(row) = row {
            let own = self.provides[self.links[row as usize].provide as usize].entity;
            links.retain(|&link| link != own);
        }
        for link in links.into_iter().take(8) {
            for slot in self.slots.of(link) {
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

    /// What takes an entity away in a phase: a removal, or what replaces a directory above it.
    pub fn taker_of(&self, entity: EntityId, phase: Phase) -> Option<Taker> {
        // Accounts go with the file that no longer lists them.
        if let Some(file) = self.account_file(self.entities.entity_type(entity), phase) {
            let slots = self.slots.of(file);
            return slots.iter().find(|slot| slot.phase == phase).map(|slot| Taker::Replacement(slot.lead));
        }
        let mut at = entity;
        loop {
            if let Some(&removal) = self.removal_at.get(&(at, phase)) {
                return Some(Taker::Removal(removal));
            }
            if at == EntityId::ROOT || !self.entities.is_path(at) {
                return None;
            }
            at = self.entities.parent(at);
            if let Some(&row) = self.replacers.get(&(at, phase)) {
                return Some(Taker::Replacement(row));
            }
        }
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

    /// Something that is in a directory when a phase starts and that the phase does not remove by itself.
    pub fn left_in(&self, directory: EntityId, phase: Phase) -> Option<String> {
        let own: Vec<EntityId> = self.children_of(directory).collect();
        for &child in &own {
            if !matches!(self.before(child, phase), There::Nothing) && !self.removal_at.contains_key(&(child, phase)) {
                return Some(self.entities.text(child));
            }
        }
        let base = self.base.as_ref()?;
        let spot = self.spots[directory.index()]?;
        if self.gone[directory.index()] & ((1 << phase as u8) - 1) != 0 {
            return None;
        }
        base.children(spot)
            .into_iter()
            .find(|&(name, spot)| {
                base.known(spot).is_some()
                    && self.entities.find_child(directory, name).is_none_or(|child| !own.contains(&child))
            })
            .map(|(name, _)| format!("{}/{name}", self.entities.text(directory).trim_end_matches('/')))
    }

    /// What the image names directly below a directory.
    pub fn children_of(&self, directory: EntityId) -> impl Iterator<Item = EntityId> + '_ {
        self.entities
            .ids()
            .skip(directory.index())
            .filter(move |&id| id != directory && self.entities.parent(id) == directory)
    }

    /// Whether something opaque may have provided an entity by the time that a phase starts: the base, or an earlier phase.
    pub fn opaque_before(&self, entity: EntityId, phase: Phase) -> bool {
        let gone_since =
            Phase::ALL[..phase as usize].iter().rev().find(|&&earlier| self.goes_in(entity, earlier)).copied();
        if gone_since.is_none()
            && let Some(base) = &self.base
            && (base.opaque || base.opaque_packages && self.a_package_may_provide(entity))
        {
            return true;
        }
        Phase::ALL[..phase as usize]
            .iter()
            .filter(|&&earlier| gone_since.is_none_or(|gone| earlier > gone))
            .any(|&earlier| self.opaque_in(entity, earlier))
    }

    /// Whether a phase has an opaque step that may provide an entity.
    pub fn opaque_in(&self, entity: EntityId, phase: Phase) -> bool {
        let (commands, packages) = self.opaque_phases[phase as usize];
        commands || packages && self.a_package_may_provide(entity)
    }

    /// What may have brought an entity about by the time a phase starts (or is over), and where that stands.
    pub fn opaque_providers(&self, entity: EntityId, phase: Phase, ordered: bool, except: Option<u32>) -> Doubts {
        const MOST: usize = 4;
        let mut said: Vec<String> = Vec::new();
        let mut places = Vec::new();
        let packages_may = self.a_package_may_provide(entity);
        let until = if ordered { phase as usize } else { phase as usize + 1 };
        for &feature in &self.opaque_features {
            let row = &self.features[feature as usize];
            let counts = (row.phase as usize) < until || row.phase == phase && row.kind == Kind::Run;
            if Some(feature) == except || !counts || row.kind == Kind::Package && !packages_may || places.len() >= MOST
            {
                continue;
            }
            let mut scripts: Vec<&str> =
                self.package_files(feature).flat_map(|package| package.scripts.iter().copied()).collect();
            scripts.sort_unstable();
            scripts.dedup();
            let by =
                if scripts.is_empty() { String::new() } else { format!(" by its scripts ({})", scripts.join(", ")) };
            said.push(self.say_feature(feature) + &by);
            places.push(self.origin(feature));
        }
        if let Some(base) = &self.base
            && (base.opaque || base.opaque_packages && packages_may)
        {
            said.push(format!("parent `{}`, of which not everything is known,", base.name));
            for file in &self.files {
                if file.fragment.source.name != self.manifest {
                    continue;
                }
                let span = match &file.fragment.head.parent {
                    Some(crate::fragment::Parent::File(reference)) => reference.span,
                    Some(crate::fragment::Parent::Opaque { span, .. }) => *span,
                    None => continue,
                };
                places.push(crate::text::Location { source: file.fragment.source.clone(), span });
            }
        }
        said.dedup();
        if said.is_empty() {
            said.push("something opaque before".to_owned());
        }
        let said = match said.as_slice() {
            [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
            _ => said.concat(),
        };
        Doubts { said, places }
    }

    /// A package is not taken to provide a virtual, nor anything in places that belong to the administrator.
    pub fn a_package_may_provide(&self, entity: EntityId) -> bool {
        match self.entities.entity_type(entity) {
            EntityType::Virtual => false,
            EntityType::Path => {
                let text = self.entities.text(entity);
                !["/home", "/root", "/srv", "/tmp", "/usr/local"]
                    .iter()
                    .any(|top| text.strip_prefix(top).is_some_and(|rest| rest.starts_with('/')))
            }
            _ => true,
        }
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

    /// Who carries a step out, in a sentence: all packages of one manager are one step.
    pub fn say_step(&self, feature: u32) -> String {
        match self.manager_of(feature) {
            Some(manager) => format!("`{}`", manager.name()),
            None => self.say_feature(feature),
        }
    }

    /// The name of an opaque step, by which ties are decided.
    pub fn opaque_id(&self, feature: u32) -> String {
        format!("{}#{}", self.base_id(feature), self.id_suffix(feature))
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

    /// The same removal twice in one file, or in files that include each other.
    pub fn report_equal_removals(&mut self) {
        let mut seen: FxHashMap<(EntityId, Phase, bool, bool), Vec<u32>> = FxHashMap::default();
        let mut twice: Vec<(u32, u32)> = Vec::new();
        for (number, removal) in self.removals.iter().enumerate() {
            if self.features[removal.feature as usize].kind != Kind::Remove {
                continue;
            }
            let phase = self.features[removal.feature as usize].phase;
            let same = seen.entry((removal.entity, phase, removal.must_exist, removal.recursive)).or_default();
            let file = self.file_of(removal.feature);
            let first = same
                .iter()
                .copied()
                .find(|&other| self.includes_other(self.file_of(self.removals[other as usize].feature), file));
            match first {
                Some(first) => twice.push((first, number as u32)),
                None => same.push(number as u32),
            }
        }
        for (first, second) in twice {
            let (first, second) = (self.removals[first as usize], self.removals[second as usize]);
            let message = format!("the removal of {} is declared twice", self.say(second.entity));
            let place = self.at(second.feature, second.span);
            let mut diagnostic = self.diagnostic(Code::Duplicate, Some(second.entity), place, message);
            diagnostic.label = "declared again".to_owned();
            let place = self.at(first.feature, first.span);
            diagnostic.related.push(self.related(Role::Provider, Some(first.entity), place, "declared here first"));
            diagnostic.help = Some("delete one of the two".to_owned());
            self.report(diagnostic, vec![second.feature, first.feature]);
        }
    }

    /// The same tree at the same place is put there once; twice in one file, or in files that include each other, it is
    /// reported.
    pub fn unite_equal_trees(&mut self) {
        let mut seen: FxHashMap<String, u32> = FxHashMap::default();
        let mut twice: Vec<(u32, u32)> = Vec::new();
        for graft in &self.grafts {
            let feature = graft.graft.feature;
            let fragment = &self.files[graft.file as usize].fragment;
            let from = match &graft.graft.from {
                crate::fragment::GraftFrom::Folder { source } => fragment.sources[*source as usize].path.to_string(),
                crate::fragment::GraftFrom::Archive { source, strip, names } => {
                    format!("{} {strip} {names}", fragment.sources[*source as usize].path)
                }
                // The same package twice is one package.
                crate::fragment::GraftFrom::Package { .. } => continue,
                crate::fragment::GraftFrom::Image { reference, path, .. } => {
                    format!("{} {}", fragment.references[*reference as usize].path, fragment.entities.text(*path))
                }
            };
            if graft.tree.is_none() {
                continue;
            }
            let row = &self.features[feature as usize];
            let key = format!(
                "{} {} {} {from} {:?} {:?} {:?}",
                row.kind.name(),
                row.phase.name(),
                self.entities.text(graft.graft.at),
                graft.graft.mode,
                graft.graft.owners,
                graft.graft.exclude
            );
            match seen.get(&key) {
                Some(&first) => twice.push((first, feature)),
                None => {
                    seen.insert(key, feature);
                }
            }
        }
        for (first, second) in twice {
            self.slots.unite(first, second);
            if !self.includes_other(self.file_of(first), self.file_of(second)) {
                continue;
            }
            let main = self.features[second as usize].main;
            let message = format!("{} is declared twice, with the same data", self.say_feature(second));
            let mut diagnostic = self.diagnostic(Code::Duplicate, main, self.origin(second), message);
            diagnostic.label = "declared again".to_owned();
            diagnostic.related.push(self.related(Role::Provider, main, self.origin(first), "declared here first"));
            diagnostic.help = Some("delete one of the two".to_owned());
            self.report(diagnostic, vec![second, first]);
        }
    }

    /// Commands that say exactly the same in one phase are one step; twice in one file, or in files that include each
    /// other, they are reported.
    pub fn unite_equal_runs(&mut self) {
        let mut seen: FxHashMap<(Phase, String), u32> = FxHashMap::default();
        let mut twice: Vec<(u32, u32)> = Vec::new();
        for feature in 0..self.features.len() as u32 {
            let row = &self.features[feature as usize];
            if row.kind != Kind::Run || row.is(crate::fragment::Feature::BROKEN) {
                continue;
            }
            let key = (row.phase, self.run_identity(feature));
            match seen.get(&key) {
                Some(&first) => twice.push((first, feature)),
                None => {
                    seen.insert(key, feature);
                }
            }
        }
        for (first, second) in twice {
            self.slots.unite(first, second);
            if !self.includes_other(self.file_of(first), self.file_of(second)) {
                continue;
            }
            let message = "the same `run` is declared twice; it will be carried out once".to_owned();
            let mut diagnostic = self.diagnostic(Code::Duplicate, None, self.origin(second), message);
            diagnostic.label = "declared again".to_owned();
            diagnostic.related.push(self.related(Role::Provider, None, self.origin(first), "declared here first"));
            diagnostic.help = Some("delete one of the two".to_owned());
            self.report(diagnostic, vec![second, first]);
        }
    }

    /// The same settings of the image twice in one file, or in files that include each other.
    pub fn report_equal_settings(&mut self) {
        let mut seen: FxHashMap<(Phase, String), u32> = FxHashMap::default();
        for feature in 0..self.features.len() as u32 {
            let row = &self.features[feature as usize];
            if row.kind != Kind::Oci || row.is(crate::fragment::Feature::BROKEN) {
                continue;
            }
            let key = (row.phase, self.run_identity(feature));
            let first = *seen.entry(key).or_insert(feature);
            if first == feature || !self.includes_other(self.file_of(first), self.file_of(feature)) {
                continue;
            }
            let message = "the same `oci` is declared twice".to_owned();
            let mut diagnostic = self.diagnostic(Code::Duplicate, None, self.origin(feature), message);
            diagnostic.label = "declared again".to_owned();
            diagnostic.related.push(self.related(Role::Provider, None, self.origin(first), "declared here first"));
            diagnostic.help = Some("delete one of the two".to_owned());
            self.report(diagnostic, vec![feature, first]);
        }
    }

    /// All that makes a command what it is, in whichever language it is written.
    fn run_identity(&self, feature: u32) -> String {
        let fragment = self.fragment_of(feature);
        let text = fragment.source.text.as_str();
        let mut value = fragment.document.to_json(self.features[feature as usize].node, text);
        if let Some(table) = value.as_object_mut() {
            for key in ["description", "allow", "requires", "phase"] {
                table.remove(key);
            }
        }
        value.to_string()
    }

    /// Program and arguments of a command; a script is run by the shell.
    pub fn command_of(&self, feature: u32) -> Vec<String> {
        let fragment = self.fragment_of(feature);
        let text = fragment.source.text.as_str();
        let (document, node) = (&fragment.document, self.features[feature as usize].node);
        if let Some(list) = document.get(node, "command", text) {
            return document.children(list).map(|word| document.string(word, text).into_owned()).collect();
        }
        let script = document.get(node, "script", text).map(|script| document.string(script, text).into_owned());
        ["/bin/sh", "-e", "-c"].map(str::to_owned).into_iter().chain(script).collect()
    }

    /// A step's name before equal ones are told apart: the kind and what it is about.
    pub fn base_id(&self, feature: u32) -> String {
        let row = &self.features[feature as usize];
        match row.kind {
            Kind::Run => {
                let mut hasher = blake3::Hasher::new();
                for word in self.command_of(feature) {
                    hasher.update(word.as_bytes());
                    hasher.update(&[0]);
                }
                format!("run:{}", &hasher.finalize().to_hex()[..12])
            }
            Kind::Package => {
                let manager = self.manager_of(feature).map_or("unknown", crate::fragment::Manager::name);
                format!("packages:{manager}")
            }
            Kind::Oci => "oci".to_owned(),
            kind => {
                let main = row.main.map(|main| self.entities.text(main)).unwrap_or_default();
                format!("{}:{main}", kind.name())
            }
        }
    }

    /// The package manager of a package feature.
    pub fn manager_of(&self, feature: u32) -> Option<crate::fragment::Manager> {
        let file = &self.files[self.file_of(feature) as usize];
        let own = feature - file.features;
        let at = file.fragment.packages.binary_search_by_key(&own, |row| row.feature).ok()?;
        file.fragment.packages[at].manager.or(self.manager)
    }

    /// What tells apart steps of one base id.
    pub fn id_suffix(&self, feature: u32) -> String {
        let row = &self.features[feature as usize];
        let fragment = self.fragment_of(feature);
        // An element of a list is told apart by its own value.
        let element = if row.element == row.node {
            String::new()
        } else {
            fragment.document.string(row.element, &fragment.source.text).into_owned()
        };
        let identity = format!("{} {element} {}", row.phase.name(), self.run_identity(feature));
        blake3::hash(identity.as_bytes()).to_hex()[..12].to_owned()
    }
}
