//! One image, compiled: its files joined on the layers of those it needs, placed, merged, judged and ordered.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::Workspace;
use super::results::Stop;
use super::settle::settle;
use crate::catalog::Code;
use crate::diagnostic::Diagnostic;
use crate::fragment::{Fragment, Manager, Parent, Reference, SourceRole};
use crate::graph::layer::Layer;
use crate::graph::nodes::Nodes;
use crate::graph::order::Order;
use crate::graph::slots::NONE;
use crate::graph::{Graph, Ids, Image, check, circles, edges, lines, links, nodes, order, packages, slots};
use crate::inputs::{ArchiveState, DigestState, PackageState};

/// An image, compiled.
pub struct Compiled {
    /// Its graph.
    pub graph: Graph,
    /// Findings, silenced ones left out.
    pub findings: Vec<Diagnostic>,
    /// Whether something of it could not be read.
    pub incomplete: bool,
}

/// What an image is made of and stands on.
pub(super) struct Ground {
    pub name: String,
    /// By name.
    pub files: Vec<Arc<Fragment>>,
    pub base: Option<Layer>,
    pub ids: Ids,
    /// What is cloned from, by the manifest's name.
    pub from: FxHashMap<String, Layer>,
    pub manager: Option<Manager>,
    /// Whether something of it could not be read.
    pub incomplete: bool,
}

impl Workspace {
    /// Compiles one image on the layers of those it needs; nothing if it was told to stop.
    pub(super) fn compile(
        &self,
        path: &str,
        layers: &FxHashMap<String, Layer>,
        shaky: &FxHashSet<String>,
        alone: bool,
        stop: Stop<'_>,
    ) -> Option<Compiled> {
        let ground = self.ground(path, layers, shaky);
        let incomplete = ground.incomplete;
        let mut graph = self.link(path, ground, alone, stop)?;
        let (findings, silencers) = graph.image.take_findings();
        let (findings, withheld) = settle(&graph.image, findings, silencers, incomplete);
        graph.image.withheld = withheld;
        Some(Compiled { graph, findings, incomplete })
    }

    /// What an image is made of and stands on.
    pub(super) fn ground(&self, path: &str, layers: &FxHashMap<String, Layer>, shaky: &FxHashSet<String>) -> Ground {
        let (mut files, mut incomplete) = self.files_of(path);
        let root = self.fragments.get(path);
        let name = root.map_or_else(|| path.to_owned(), |fragment| fragment.head.name.clone());
        incomplete |= files.iter().any(|fragment| fragment.lost());
        let mut base = None;
        let mut ids = Ids::default();
        let mut from: FxHashMap<String, Layer> = FxHashMap::default();
        let layer_of = |reference: &Reference, incomplete: &mut bool| -> Option<Layer> {
            let layer = match self.facts.get(&reference.path) {
                Some(Ok(read)) => Some(read.layer.clone()),
                Some(Err(_)) => None,
                None => layers.get(&reference.path).cloned(),
            };
            // What stands on something incomplete cannot tell what is missing either.
            *incomplete |= layer.is_none() || shaky.contains(&reference.path);
            layer
        };
        if let Some(fragment) = root {
            match &fragment.head.parent {
                Some(Parent::File(reference)) => base = layer_of(reference, &mut incomplete),
                Some(Parent::Opaque { name, .. }) => base = Some(Layer::opaque(name.clone())),
                None => {}
            }
            if let Some(reference) = &fragment.head.ids {
                match self.ids.get(&reference.path) {
                    Some((read, findings)) => {
                        ids = read.clone();
                        incomplete |= findings.iter().any(|finding| finding.code == Code::Syntax);
                    }
                    None => incomplete = true,
                }
            }
        }
        for file in &files {
            for reference in &file.references {
                if let Some(layer) = layer_of(reference, &mut incomplete) {
                    from.insert(reference.path.clone(), layer);
                }
            }
            incomplete |= file.sources.iter().any(|source| match source.role {
                SourceRole::Archive => !matches!(self.inputs.archive(&source.path), Some(ArchiveState::Tree(_))),
                SourceRole::Package => !matches!(self.inputs.package(&source.path), Some(PackageState::Package(_))),
                SourceRole::Plain => false,
            });
        }
        files.sort_by(|a, b| a.source.name.cmp(&b.source.name));
        let manager = root.and_then(|fragment| fragment.head.package_manager);
        Ground { name, files, base, ids, from, manager, incomplete }
    }

    /// Brings the files of an image together on what it stands on, and judges it; nothing if it was told to stop.
    pub(super) fn link(&self, path: &str, ground: Ground, alone: bool, stop: Stop<'_>) -> Option<Graph> {
        let Ground { name, files, base, ids, from, manager, .. } = ground;
        let mut image = Image::join(name, files, base, &self.inputs, &from, ids, alone);
        image.manager = manager;
        image.manifest = path.to_owned();
        self.add_recorded(&mut image);
        self.add_source_digests(&mut image);
        if stop() {
            return None;
        }
        image.prepare_queries();
        links::place_all(&mut image);
        if stop() {
            return None;
        }
        image.place_changes();
        image.prepare_queries();
        image.fill_places();
        slots::build(&mut image, &self.inputs);
        if stop() {
            return None;
        }
        let mut edges = edges::build(&mut image);
        nodes::find_opaque(&mut image, &edges);
        if stop() {
            return None;
        }
        self.missing_sources(&mut image);
        check::settings(&mut image);
        check::managers(&mut image);
        packages::exclusions(&mut image);
        image.contradicting_changes();
        check::conflicts(&mut image);
        check::contradictions(&mut image);
        if stop() {
            return None;
        }
        let numbers = check::allocate(&image);
        for diagnostic in check::exhausted(&image, &numbers) {
            image.report(diagnostic, Vec::new());
        }
        let (order, judged, findings) = {
            let (extra, rows) = (std::mem::take(&mut edges.extra), std::mem::take(&mut edges.edges));
            let nodes = Nodes::new(&image, &extra);
            let (order, ties) = order::order(&nodes, rows, |node| image.opaque_id(node));
            let mut findings: Vec<(Diagnostic, Vec<u32>)> = Vec::new();
            for circle in circles::cycles(&nodes, &order) {
                findings.push(circles::report_cycle(&nodes, &circle));
            }
            for (first, second) in ties {
                let broken = |node: u32| image.features[node as usize].is(crate::fragment::Feature::BROKEN);
                if broken(first) || broken(second) {
                    continue;
                }
                findings.push(order::report_tie(&nodes, first, second));
            }
            let opaque_before = opaque_stages(&order);
            let sees = |node: u32| {
                let stage = order.stage.get(node as usize).copied().unwrap_or(NONE);
                stage != NONE && opaque_before[stage as usize]
            };
            let failures = std::mem::take(&mut edges.failures);
            let mut judged = check::judge(&image, failures, |failure| {
                if failure.ordered {
                    sees(failure.node) && image.opaque_in(failure.entity, failure.phase)
                } else {
                    image.opaque_in(failure.entity, failure.phase)
                }
            });
            findings.append(&mut judged.findings);
            findings.extend(check::unpinned(&image, &numbers, sees));
            edges.extra = extra;
            (order, judged, findings)
        };
        for (diagnostic, features) in findings {
            image.report(diagnostic, features);
        }
        if stop() {
            return None;
        }
        check::lints(&mut image, &edges);
        lines::passed_over(&mut image);
        Some(Graph {
            image,
            edges,
            order,
            numbers,
            unproven: judged.unproven,
            comparisons_left: judged.comparisons_left,
        })
    }

    fn add_recorded(&self, image: &mut Image) {
        for file in 0..image.files.len() {
            let fragment = image.files[file].fragment.clone();
            let first = image.files[file].features;
            for (number, feature) in fragment.features.iter().enumerate() {
                if feature.facts == crate::fragment::Feature::NO_FACTS {
                    continue;
                }
                let reference = &fragment.references[feature.facts as usize];
                if let Some(Ok(read)) = self.facts.get(&reference.path) {
                    image.add_recorded(first + number as u32, reference.span, &read.facts);
                }
            }
        }
    }

    fn add_source_digests(&self, image: &mut Image) {
        for source in &self.disputed {
            if let Some(DigestState::File { digest, .. }) = self.inputs.digest(source) {
                image.source_digests.insert(source.clone(), *digest);
            }
        }
        for file in 0..image.files.len() {
            let fragment = image.files[file].fragment.clone();
            for source in &fragment.sources {
                if let Some(DigestState::File { digest, .. }) = self.inputs.digest(&source.path) {
                    image.source_digests.insert(source.path.to_string(), *digest);
                }
            }
        }
    }

    /// What an image leaves to those that stand on it; for a plan with the digest of its own.
    pub(super) fn leave(&self, graph: &Graph) -> Layer {
        let mut layer = graph.image.leave(&graph.numbers);
        if self.digests {
            layer.digest = Some(*crate::planning::Built::new(graph, &self.inputs).digest().as_bytes());
        }
        layer
    }
}

/// For each stage whether an opaque one of its phase, or of an earlier phase, runs before it.
fn opaque_stages(order: &Order) -> Vec<bool> {
    let mut before = Vec::with_capacity(order.stages.len() + 1);
    let mut seen = false;
    for stage in &order.stages {
        before.push(seen);
        seen |= stage.opaque;
    }
    before.push(seen);
    before
}
