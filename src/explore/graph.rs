//! The graph of an image as plain rows for `render::graph`, also where errors were found.

use rustc_hash::{FxHashMap, FxHashSet};

use super::steps::Steps;
use crate::catalog::Severity;
use crate::compile::Compiled;
use crate::entity::Phase;
use crate::graph::Image;
use crate::graph::slots::{NONE, There};
use crate::intern::{EntityId, EntityType};
use crate::kind::Kind;
use crate::render::graph::{GraphEdge, GraphNode};
use crate::text::Location;

/// How many names a label lists.
const NAMES: usize = 3;
/// How many characters of a command a label shows.
const COMMAND: usize = 60;

/// Nodes by phase, stage, wave and id; edges by the place of their ends, then by entity.
///
/// Nodes are the steps of the plan by their ids, and the features that are no step: what is only required or assumed,
/// and what was there already. They are there also where errors forbid a plan.
pub fn graph(compiled: &Compiled) -> (Vec<GraphNode>, Vec<GraphEdge>) {
    let steps = Steps::new(&compiled.graph);
    let broken = broken(compiled, &steps);
    let mut place = vec![NONE; steps.nodes.len()];
    let nodes = steps
        .shown
        .iter()
        .enumerate()
        .map(|(at, &node)| {
            place[node as usize] = at as u32;
            GraphNode {
                id: steps.id(node).to_owned(),
                label: label(&steps, node),
                phase: steps.nodes.phase(node).name().to_owned(),
                stage: steps.stage(node),
                implied: steps.is_implied(node),
                broken: broken.contains(&node),
            }
        })
        .collect();
    (nodes, edges(&steps, &place))
}

fn edges(steps: &Steps<'_>, place: &[u32]) -> Vec<GraphEdge> {
    let image = &steps.graph.image;
    // From, to, whether unordered, entity.
    let mut found: Vec<(u32, u32, bool, EntityId)> = Vec::new();
    let mut add = |from: u32, to: u32, unordered: bool, entity: EntityId| {
        let (Some(&from), Some(&to)) = (place.get(from as usize), place.get(to as usize)) else { return };
        if from != NONE && to != NONE && !(unordered && from == to) {
            found.push((from, to, unordered, entity));
        }
    };
    for edge in &steps.graph.order.incoming {
        add(edge.from, edge.to, false, edge.entity);
    }
    let provider = |entity: EntityId, phase: Phase| match image.within(entity, phase) {
        There::Slot(slot) => Some(image.slots.slots[slot as usize].node),
        _ => None,
    };
    for row in image.requires.iter().filter(|row| !row.ordered) {
        if let Some(from) = provider(row.entity, image.phase(row.feature)) {
            add(from, steps.of(row.feature), true, row.entity);
        }
    }
    for &(link, target) in &image.link_targets {
        let feature = image.provides[image.links[link as usize].provide as usize].feature;
        if let Some(target) = target
            && image.links[link as usize].validator.is_some()
            && let Some(from) = provider(target, image.phase(feature))
        {
            add(from, steps.of(feature), true, target);
        }
    }
    for reliance in steps.graph.edges.reliances.iter().filter(|reliance| reliance.assumed) {
        if let Some(&row) = image.slots.assumed.get(&reliance.entity).and_then(|rows| rows.first()) {
            add(steps.of(image.provides[row as usize].feature), reliance.node, true, reliance.entity);
        }
    }
    found.sort_unstable();
    found.dedup();
    let mut edges: Vec<GraphEdge> = found
        .into_iter()
        .map(|(from, to, unordered, entity)| GraphEdge {
            from: from as usize,
            to: to as usize,
            entity: image.key(entity),
            ordered: !unordered,
        })
        .collect();
    // Numbers of entities depend on the order of files and threads' work; keys do not.
    edges.sort_by(|a, b| (a.from, a.to, !a.ordered, &a.entity).cmp(&(b.from, b.to, !b.ordered, &b.entity)));
    edges
}

// ---- what is broken --------------------------------------------------------------------------------------------

fn broken(compiled: &Compiled, steps: &Steps<'_>) -> FxHashSet<u32> {
    let image = &steps.graph.image;
    let mut broken = steps.in_circles();
    for slot in image.slots.slots.iter().filter(|slot| slot.broken) {
        for &row in &image.slots.rows[slot.rows.0 as usize..slot.rows.1 as usize] {
            broken.insert(steps.of(image.provides[row as usize].feature));
        }
    }
    let files: FxHashMap<&str, usize> =
        image.files.iter().enumerate().map(|(at, file)| (file.fragment.source.name.as_str(), at)).collect();
    for finding in compiled.findings.iter().filter(|finding| finding.severity == Severity::Error) {
        if let Some(&file) = files.get(finding.location.source.name.as_str()) {
            broken.extend(features_at(image, file, &finding.location).into_iter().map(|feature| steps.of(feature)));
        }
    }
    broken
}

/// The features that a place in a file belongs to: one element of a list, or all that a table declares.
fn features_at(image: &Image, file: usize, location: &Location) -> Vec<u32> {
    let file = &image.files[file];
    let fragment = &file.fragment;
    let at = location.span.start;
    let all = || (file.features..).zip(&fragment.features);
    if let Some((feature, _)) = all().find(|(_, row)| row.origin.start <= at && at < row.origin.end) {
        return vec![feature];
    }
    let start = |node| fragment.document.span(node).start;
    let Some(node) =
        fragment.features.iter().map(|row| row.node).filter(|&node| start(node) <= at).max_by_key(|&node| start(node))
    else {
        return Vec::new();
    };
    all().filter(|(_, row)| row.node == node).map(|(feature, _)| feature).collect()
}

// ---- labels ----------------------------------------------------------------------------------------------------

fn label(steps: &Steps<'_>, node: u32) -> String {
    let image = &steps.graph.image;
    if steps.nodes.slot(node).is_some() {
        return steps.id(node).replacen(':', " ", 1);
    }
    let row = &image.features[node as usize];
    let name = row.kind.name();
    match row.kind {
        Kind::Run => {
            let command = image.command_of(node).join(" ");
            match command.char_indices().nth(COMMAND) {
                Some((end, _)) => format!("{name} {}…", &command[..end]),
                None => format!("{name} {command}"),
            }
        }
        Kind::Package => {
            let packages = steps.members(node).flat_map(|feature| steps.declared(feature));
            let packages = packages.filter(|row| image.entities.entity_type(row.entity) == EntityType::Package);
            named(name, packages.map(|row| image.entities.text(row.entity)))
        }
        Kind::Assume => named(name, steps.declared(node).iter().map(|row| image.entities.text(row.entity))),
        Kind::Require => {
            let (start, end) = image.require_range(image.file_of(node) as usize);
            let rows = &image.requires[start..end.min(image.requires.len())];
            let from = rows.partition_point(|row| row.feature < node);
            let own = rows[from..].iter().take_while(|row| row.feature == node);
            named(name, own.map(|row| image.entities.text(row.entity)))
        }
        _ => row.main.map_or_else(|| name.to_owned(), |main| format!("{name} {}", image.entities.text(main))),
    }
}

fn named(kind: &str, names: impl Iterator<Item = String>) -> String {
    let mut names: Vec<String> = names.collect();
    names.sort();
    names.dedup();
    let more = names.len().saturating_sub(NAMES);
    names.truncate(NAMES);
    match (names.is_empty(), more) {
        (true, _) => kind.to_owned(),
        (_, 0) => format!("{kind} {}", names.join(", ")),
        (_, more) => format!("{kind} {} and {more} more", names.join(", ")),
    }
}
