//! Features that are one step, and those of them that say the same twice.

use std::hash::Hash;

use rustc_hash::FxHashMap;

use super::image::{Image, ImageGraft};
use crate::catalog::Code;
use crate::diagnostic::Role;
use crate::entity::Phase;
use crate::fragment::{Feature, GraftFrom, Manager};
use crate::intern::EntityId;
use crate::kind::Kind;
use crate::text::Span;

/// All packages of one manager in a phase are one step, and so are all settings, removals of one path and equal runs.
pub fn unite_shared(image: &mut Image) {
    let mut packages: FxHashMap<(Phase, Option<Manager>), u32> = FxHashMap::default();
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
    image.unite_equal_changes();
    for feature in 0..image.slots.merged.len() as u32 {
        let representative = image.slots.representative(feature);
        image.slots.merged[feature as usize] = representative;
    }
}

/// Where a feature, or an element of it, is declared.
#[derive(Clone, Copy)]
pub(super) struct Declared {
    pub feature: u32,
    pub span: Span,
}

/// What was declared so far, by what makes two declarations equal.
pub(super) struct Repeats<K>(FxHashMap<K, Vec<Declared>>);

impl<K: Eq + Hash> Repeats<K> {
    pub fn new() -> Self {
        Self(FxHashMap::default())
    }

    /// Notes a declaration. The first that is equal to it, itself if none is; and the earliest of those that its author can be
    /// expected to know of: in the same file, or in files that include each other.
    pub fn note(&mut self, image: &Image, key: K, here: Declared) -> (Declared, Option<Declared>) {
        let equal = self.0.entry(key).or_default();
        let file = image.file_of(here.feature);
        let known = equal.iter().copied().find(|other| image.includes_other(image.file_of(other.feature), file));
        if known.is_none() {
            equal.push(here);
        }
        (equal[0], known)
    }
}

impl Image {
    /// Reports what is declared again.
    pub(super) fn report_repeat(
        &mut self,
        first: Declared,
        again: Declared,
        entity: Option<EntityId>,
        message: String,
    ) {
        let mut diagnostic = self.diagnostic(Code::Duplicate, entity, self.at(again.feature, again.span), message);
        diagnostic.label = "declared again".to_owned();
        let place = self.at(first.feature, first.span);
        diagnostic.related.push(self.related(Role::Provider, entity, place, "declared here first"));
        diagnostic.help = Some("delete one of the two".to_owned());
        self.report(diagnostic, vec![again.feature, first.feature]);
    }

    fn declared(&self, feature: u32) -> Declared {
        Declared { feature, span: self.features[feature as usize].origin }
    }

    /// The same removal twice in one file, or in files that include each other.
    fn report_equal_removals(&mut self) {
        let mut repeats = Repeats::new();
        let mut twice: Vec<(Declared, Declared, EntityId)> = Vec::new();
        for removal in &self.removals {
            let row = &self.features[removal.feature as usize];
            if row.kind != Kind::Remove {
                continue;
            }
            let here = Declared { feature: removal.feature, span: removal.span };
            let key = (removal.entity, row.phase, removal.must_exist, removal.recursive);
            twice.extend(repeats.note(self, key, here).1.map(|first| (first, here, removal.entity)));
        }
        for (first, again, entity) in twice {
            let message = format!("the removal of {} is declared twice", self.say(entity));
            self.report_repeat(first, again, Some(entity), message);
        }
    }

    /// The same tree at the same place is put there once; twice in one file, or in files that include each other, it is
    /// reported.
    fn unite_equal_trees(&mut self) {
        let trees = self.grafts.iter().filter(|graft| graft.tree.is_some());
        let alike = trees.filter_map(|graft| Some((graft.graft.feature, self.tree_identity(graft)?))).collect();
        for (first, again) in self.unite_equal(alike) {
            let main = self.features[again.feature as usize].main;
            let message = format!("{} is declared twice, with the same data", self.say_feature(again.feature));
            self.report_repeat(first, again, main, message);
        }
    }

    /// What makes two trees the same; none for packages: the same package twice is one package.
    fn tree_identity(&self, row: &ImageGraft) -> Option<String> {
        let (graft, fragment) = (&row.graft, &self.files[row.file as usize].fragment);
        let from = match &graft.from {
            GraftFrom::Folder { source } => fragment.sources[*source as usize].path.to_string(),
            GraftFrom::Archive { source, strip, names } => {
                format!("{} {strip} {names}", fragment.sources[*source as usize].path)
            }
            GraftFrom::Package { .. } => return None,
            GraftFrom::Image { reference, path, .. } => {
                format!("{} {}", fragment.references[*reference as usize].path, fragment.entities.text(*path))
            }
        };
        let feature = &self.features[graft.feature as usize];
        Some(format!(
            "{} {} {} {from} {:?} {:?} {:?}",
            feature.kind.name(),
            feature.phase.name(),
            self.entities.text(graft.at),
            graft.mode,
            graft.owners,
            graft.exclude
        ))
    }

    /// Commands that say exactly the same in one phase are one step; twice in one file, or in files that include each
    /// other, they are reported.
    fn unite_equal_runs(&mut self) {
        for (first, again) in self.unite_equal(self.of_kind(Kind::Run)) {
            let message = "the same `run` is declared twice; it will be carried out once".to_owned();
            self.report_repeat(first, again, None, message);
        }
    }

    /// Changes that say exactly the same in one phase are one step.
    fn unite_equal_changes(&mut self) {
        for (first, again) in self.unite_equal(self.of_kind(Kind::Attributes)) {
            let message = "the same `attributes` is declared twice; it will be carried out once".to_owned();
            let entity = self.features[again.feature as usize].main;
            self.report_repeat(first, again, entity, message);
        }
    }

    /// The same settings of the image twice in one file, or in files that include each other.
    fn report_equal_settings(&mut self) {
        for (first, again) in self.unite_equal(self.of_kind(Kind::Oci)) {
            self.report_repeat(first, again, None, "the same `oci` is declared twice".to_owned());
        }
    }

    /// The features of a kind of which nothing was lost, each with what makes two of them the same.
    fn of_kind(&self, kind: Kind) -> Vec<(u32, String)> {
        let rows = self.features.iter().enumerate();
        rows.filter(|(_, row)| row.kind == kind && !row.is(Feature::BROKEN))
            .map(|(feature, row)| {
                (feature as u32, format!("{} {}", row.phase.name(), self.run_identity(feature as u32)))
            })
            .collect()
    }

    /// Makes one step of those that are the same, and tells which of them are declared again.
    fn unite_equal(&mut self, alike: Vec<(u32, String)>) -> Vec<(Declared, Declared)> {
        let mut repeats = Repeats::new();
        let mut twice = Vec::new();
        for (feature, identity) in alike {
            let here = self.declared(feature);
            let (first, known) = repeats.note(self, identity, here);
            self.slots.unite(first.feature, feature);
            twice.extend(known.map(|known| (known, here)));
        }
        twice
    }
}
