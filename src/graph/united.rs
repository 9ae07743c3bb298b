//! Features that are one step, and those of them that say the same twice.

use rustc_hash::FxHashMap;

use super::image::Image;
use crate::catalog::Code;
use crate::diagnostic::Role;
use crate::entity::Phase;
use crate::intern::EntityId;
use crate::kind::Kind;

/// All packages of one manager in a phase are one step, and so are all settings, removals of one path and equal runs.
pub fn unite_shared(image: &mut Image) {
    let mut packages: FxHashMap<(Phase, Option<crate::fragment::Manager>), u32> = FxHashMap::default();
    let mut configured: FxHashMap<Phase, u32> = FxHashMap::default();
    let mut removed: FxHashMap<(EntityId, Phase), u32> = FxHashMap::default();
    let mut unite: Vec<(u32, u32)> = Vec::new();
    for (feature, row) in image.package_rows() {
        let manager = row.manager.or(image.manager);
        let first = *packages.entry((image.phase(feature), manager)).or_insert(feature);
        unite.push((first, feature));
    }
    for (feature, row) in image.features.iter().enumerate() {
        if row.kind == Kind::Oci {
            let first = *configured.entry(row.phase).or_insert(feature as u32);
            unite.push((first, feature as u32));
        }
    }
    let mut changed: FxHashMap<(Option<EntityId>, Phase, Vec<EntityId>), u32> = FxHashMap::default();
    for (feature, row) in image.features.iter().enumerate() {
        if row.kind == Kind::Usermod {
            let first =
                *changed.entry((row.main, row.phase, image.added_groups(feature as u32))).or_insert(feature as u32);
            unite.push((first, feature as u32));
        }
    }
    for removal in &image.removals {
        if image.entities.is_path(removal.entity) {
            let first = *removed.entry((removal.entity, image.phase(removal.feature))).or_insert(removal.feature);
            unite.push((first, removal.feature));
        }
    }
    image.report_equal_removals();
    for (a, b) in unite {
        image.slots.unite(a, b);
    }
    image.unite_equal_trees();
    image.unite_equal_runs();
    image.report_equal_settings();
    for feature in 0..image.slots.merged.len() as u32 {
        let representative = image.slots.representative(feature);
        image.slots.merged[feature as usize] = representative;
    }
}

impl Image {
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
}
