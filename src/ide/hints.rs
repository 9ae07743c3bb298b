//! What is not written and holds all the same: defaults that were not given, and when a feature is carried out.

use super::{View, family};
use crate::fragment::{Feature, Fragment};
use crate::graph::Graph;
use crate::graph::nodes::Nodes;
use crate::graph::slots::NONE;
use crate::kind::Field;
use crate::text::Span;

/// A few words behind a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// Behind this byte.
    pub at: u32,
    /// The words.
    pub label: String,
}

/// Which hints are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// Values that were not given.
    pub defaults: bool,
    /// Phase, stage and wave.
    pub order: bool,
}

/// The hints in a part of a file, by place.
pub fn hints(view: &View<'_>, file: &str, part: Span, wanted: Hints) -> Vec<Hint> {
    let Some(fragment) = view.workspace.fragment(file) else { return Vec::new() };
    let inside = |feature: &Feature| part.start <= feature.origin.end && feature.origin.end <= part.end;
    let mut found: Vec<Hint> = Vec::new();
    if wanted.defaults {
        let mut last = None;
        for feature in fragment.features.iter().filter(|feature| inside(feature)) {
            // A list is many features and one table.
            if last.replace(feature.node) != Some(feature.node) {
                found.extend(defaults(fragment, feature));
            }
        }
    }
    if wanted.order
        && let Some(image) = family::images_with(view, file).first()
        && let Some(compiled) = (view.image)(&image.path, true)
    {
        found.extend(
            order(&compiled.graph, fragment).into_iter().filter(|hint| part.start <= hint.at && hint.at <= part.end),
        );
    }
    found.sort_by_key(|hint| hint.at);
    found
}

/// The defaults of a feature's own fields that say something and were not overridden.
fn defaults(fragment: &Fragment, feature: &Feature) -> Option<Hint> {
    let (document, text) = (&fragment.document, fragment.source.text.as_str());
    let given: Vec<_> = document.children(feature.node).map(|member| document.key_text(member, text)).collect();
    let says = |field: &&Field| field.default.is_some_and(|default| !matches!(default, "[]" | "{}" | "false"));
    let silent = feature.kind.spec().fields.iter().filter(says);
    let silent = silent.filter(|field| !given.iter().any(|given| given == field.name));
    let parts: Vec<String> = silent.filter_map(|field| Some(format!("{} = {}", field.name, field.default?))).collect();
    (!parts.is_empty()).then(|| Hint { at: document.span(feature.node).end, label: parts.join(", ") })
}

/// When each feature of a file is carried out.
fn order(graph: &Graph, fragment: &Fragment) -> Vec<Hint> {
    let image = &graph.image;
    let Some(file) = image.files.iter().find(|file| file.fragment.source.name == fragment.source.name) else {
        return Vec::new();
    };
    let nodes = Nodes::new(image, &graph.edges.extra);
    let hint = |(number, feature): (usize, &Feature)| {
        let node = *image.slots.merged.get(file.features as usize + number)?;
        let stage = graph.order.stage.get(node as usize).copied().filter(|&stage| stage != NONE)?;
        let phase = graph.order.stages.get(stage as usize)?.phase;
        if !nodes.is_step(node) || nodes.phase(node) != phase {
            return None;
        }
        let wave = graph.order.wave.get(node as usize)?;
        Some(Hint { at: feature.origin.end, label: format!("{}, stage {stage}, wave {wave}", phase.name()) })
    };
    // The image may have been compiled from an earlier text; then the file's features are others.
    if file.fragment.features.len() != fragment.features.len() {
        return Vec::new();
    }
    fragment.features.iter().enumerate().filter_map(hint).collect()
}
