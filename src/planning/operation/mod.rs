//! What an executor is to do for a step: each kind's declaration with everything decided, as one primitive.

mod accounts;
mod commands;
mod fields;
mod placed;
mod sources;
mod trees;

use std::borrow::Cow;
use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::rows::Rows;
use crate::entity::{Means, Owner};
use crate::fragment::{Fragment, SourceRole};
use crate::graph::nodes::Nodes;
use crate::graph::slots::{Slot, Slots};
use crate::graph::{Graph, Image};
use crate::intern::EntityId;
use crate::kind::Kind;
use featgraph_plan::Op;

/// Builds operations.
pub(super) struct Operations<'g> {
    graph: &'g Graph,
    /// The folder of the image's manifest: host paths are relative to it.
    folder: String,
    /// The graft of each feature that has one.
    grafts: FxHashMap<u32, u32>,
    /// For each feature with a tree, the rows that something else provides.
    skips: FxHashMap<u32, Vec<EntityId>>,
    /// Features of one package step, configuration or user.
    members: FxHashMap<u32, Vec<u32>>,
    /// The rows of each removal.
    removals: Rows,
    /// Package files by the manifest that names them and the path as written, each with its path from the working directory.
    package_files: FxHashMap<(u32, &'g str), &'g str>,
    /// A feature for which there is no operation.
    unbuilt: OnceLock<u32>,
}

impl<'g> Operations<'g> {
    /// Looks up once what several steps ask for.
    pub(super) fn new(graph: &'g Graph) -> Self {
        let image = &graph.image;
        let folder = image.manifest.rfind('/').map_or(String::new(), |at| image.manifest[..at].to_owned());
        let grafts: FxHashMap<u32, u32> = image
            .grafts
            .iter()
            .enumerate()
            .filter(|(_, graft)| graft.tree.is_some() || graft.graft.is_image())
            .map(|(number, graft)| (graft.graft.feature, number as u32))
            .collect();
        let mut skips: FxHashMap<u32, Vec<EntityId>> = FxHashMap::default();
        if !grafts.is_empty() {
            for (number, row) in image.provides.iter().enumerate() {
                if row.means != Means::Contained
                    || !grafts.contains_key(&row.feature)
                    || !image.entities.is_path(row.entity)
                {
                    continue;
                }
                let node = image.slots.merged[row.feature as usize];
                let phase = image.phase(row.feature);
                let gone = image.slots.states[number] & (Slots::DROPPED | Slots::SATISFIED) != 0;
                let other = image.slots.of(row.entity).iter().any(|slot| slot.phase == phase && slot.node != node);
                if gone || other {
                    skips.entry(row.feature).or_default().push(row.entity);
                }
            }
        }
        let removals = image.removals.iter().enumerate();
        let removals: Vec<(u32, u32)> =
            removals.map(|(number, row)| (image.slots.merged[row.feature as usize], number as u32)).collect();
        let removals = Rows::new(image.features.len(), removals.iter().copied());
        let mut members: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for (feature, row) in image.features.iter().enumerate() {
            if matches!(row.kind, Kind::Package | Kind::Oci | Kind::User) {
                members.entry(image.slots.merged[feature]).or_default().push(feature as u32);
            }
        }
        let mut package_files = FxHashMap::default();
        for (number, file) in image.files.iter().enumerate() {
            for source in file.fragment.sources.iter().filter(|source| source.role == SourceRole::Package) {
                package_files.entry((number as u32, &*source.written)).or_insert(&*source.path);
            }
        }
        Self { graph, folder, grafts, skips, members, removals, package_files, unbuilt: OnceLock::new() }
    }

    /// Notes that there is no operation for a feature, whose plan is refused then. What is returned is never written.
    fn unbuilt(&self, feature: u32) -> Op<'static> {
        let _ = self.unbuilt.set(feature);
        Op::AddToGroups { name: Cow::Borrowed(""), groups: Vec::new() }
    }

    /// Why no plan can be written: a step without an operation, which is a mistake of featgraph's own.
    pub(super) fn fault(&self) -> Option<String> {
        let feature = *self.unbuilt.get()?;
        let place = self.image().origin(feature).to_text();
        Some(format!(
            "internal error: no operation can be built for {} ({place}); please report this with the manifest",
            self.image().say_feature(feature)
        ))
    }

    fn image(&self) -> &'g Image {
        &self.graph.image
    }

    fn fragment(&self, feature: u32) -> &'g Fragment {
        self.graph.image.fragment_of(feature)
    }

    fn path(&self, entity: EntityId) -> String {
        self.image().entities.text(entity)
    }

    fn owner(&self, owner: Owner) -> (Cow<'_, str>, Option<u32>) {
        (self.image().say_owner(owner), self.graph.numbers.number(owner))
    }

    fn main_slot(&self, feature: u32) -> Option<&'g Slot> {
        let row = &self.image().features[feature as usize];
        self.image().slots.of(row.main?).iter().find(|slot| slot.phase == row.phase)
    }

    /// The features that are one step with this one, where a step asks for them.
    fn members(&self, feature: u32) -> &[u32] {
        self.members.get(&feature).map_or(&[], Vec::as_slice)
    }

    /// What a step does. `subject` is the text of the path or account that it is about.
    pub(super) fn operation<'a>(&'a self, nodes: &Nodes<'_>, node: u32, subject: &'a str) -> Op<'a> {
        if let Some(slot) = nodes.slot(node) {
            return self.own(&self.image().slots.slots[slot as usize], subject);
        }
        let feature = node;
        match self.image().features[feature as usize].kind {
            Kind::Attributes => self.set_attributes(feature),
            Kind::Remove => self.remove(feature),
            Kind::Mount => self.mount(feature),
            Kind::Extract => self.extract(feature),
            Kind::Clone => self.clone_op(feature),
            Kind::User => self.user(feature),
            Kind::Group => self.group(feature),
            Kind::Usermod => self.usermod(feature),
            Kind::Package => self.packages(feature),
            Kind::Run => self.run(feature),
            Kind::Oci => self.configure(feature),
            Kind::Install if self.grafts.contains_key(&feature) => self.copy_tree(feature, subject),
            Kind::Install
            | Kind::EnsureDir
            | Kind::Symlink
            | Kind::Hardlink
            | Kind::Device
            | Kind::Stamp
            | Kind::Require
            | Kind::Assume => self.placed(feature, subject),
        }
    }
}
