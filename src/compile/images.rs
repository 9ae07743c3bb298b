//! All images, each after those that it needs, side by side where they need nothing of each other.

use std::collections::BTreeSet;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Compiled, Workspace};
use crate::diagnostic::Diagnostic;
use crate::graph::layer::Layer;

/// What remains of an image once it is compiled.
#[derive(Clone)]
pub(super) struct Outcome {
    pub name: String,
    pub files: Vec<String>,
    pub findings: Vec<Diagnostic>,
    pub incomplete: bool,
    pub withheld: usize,
    /// Sources whose contents would have to be compared.
    pub undecided: BTreeSet<String>,
}

impl Outcome {
    /// Takes the findings out of an image.
    pub fn of(compiled: &mut Compiled) -> Self {
        let image = &compiled.graph.image;
        Self {
            name: image.name.clone(),
            files: image.files.iter().map(|file| file.fragment.source.name.clone()).collect(),
            findings: std::mem::take(&mut compiled.findings),
            incomplete: compiled.incomplete,
            withheld: image.withheld,
            undecided: image.undecided.clone(),
        }
    }
}

impl Workspace {
    /// Compiles every image needed, those that others stand on first; images that need nothing of each other in parallel.
    pub(super) fn compile_all(
        &self,
        images: &[String],
        keep: Option<&str>,
    ) -> (Vec<(String, Outcome)>, Option<Compiled>) {
        let (all, _) = self.closure(images);
        let number: FxHashMap<&str, usize> = all.iter().enumerate().map(|(at, path)| (path.as_str(), at)).collect();
        let mut depth = vec![0usize; all.len()];
        let mut needed = vec![false; all.len()];
        for (at, path) in all.iter().enumerate() {
            for reference in self.needs(path) {
                if let Some(&other) = number.get(reference.path.as_str())
                    && other < at
                {
                    depth[at] = depth[at].max(depth[other] + 1);
                    needed[other] = true;
                }
            }
        }
        let mut layers: FxHashMap<String, Layer> = FxHashMap::default();
        let mut shaky: FxHashSet<String> = FxHashSet::default();
        let mut outcomes: Vec<(String, Outcome)> = Vec::new();
        let mut kept = None;
        let deepest = depth.iter().copied().max().unwrap_or(0);
        let mut levels: Vec<Vec<usize>> = vec![Vec::new(); deepest + 1];
        for (at, &depth) in depth.iter().enumerate() {
            levels[depth].push(at);
        }
        for level in levels {
            let done: Vec<(usize, Outcome, Option<Layer>, Option<Compiled>)> = level
                .into_par_iter()
                .filter_map(|at| {
                    let mut compiled = self.compile(&all[at], &layers, &shaky, false, &|| false)?;
                    let layer = needed[at].then(|| self.leave(&compiled.graph));
                    let outcome = Outcome::of(&mut compiled);
                    let compiled = (keep == Some(all[at].as_str())).then_some(compiled);
                    Some((at, outcome, layer, compiled))
                })
                .collect();
            for (at, outcome, layer, compiled) in done {
                if let Some(layer) = layer {
                    layers.insert(all[at].clone(), layer);
                }
                if outcome.incomplete {
                    shaky.insert(all[at].clone());
                }
                outcomes.push((all[at].clone(), outcome));
                kept = kept.or(compiled);
            }
        }
        (outcomes, kept)
    }
}
