//! The graph of an image as plain rows for `render::graph`, also where errors were found.

use rustc_hash::{FxHashMap, FxHashSet};

use super::steps::Steps;
use crate::catalog::Severity;
use crate::compile::Compiled;
use crate::diagnostic::Diagnostic;
use crate::entity::Phase;
use crate::fragment::Feature;
use crate::graph::Image;
use crate::graph::slots::{NONE, There};
use crate::intern::{EntityId, EntityType};
use crate::kind::Kind;
use crate::render::graph::{GraphEdge, GraphNode};

/// How many names a label lists.
const NAMES: usize = 3;
/// How many characters of a command a label shows.
const COMMAND: usize = 60;

/// Nodes by phase, stage, wave and id; edges by the place of their ends, then by entity.
///
/// Nodes are the steps of the plan by their ids, and the features that are no step: what is only required or assumed,
/// and what was there already. They are there also where errors forbid a plan; `findings` say what is broken.
pub fn graph(compiled: &Compiled, findings: &[Diagnostic]) -> (Vec<GraphNode>, Vec<GraphEdge>) {
    let steps = Steps::new(&compiled.graph);
    let broken = broken(findings, &steps);
    let mut place = vec![NONE; steps.nodes.count()];
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

fn broken(findings: &[Diagnostic], steps: &Steps<'_>) -> FxHashSet<u32> {
    let image = &steps.graph.image;
    let mut broken = steps.in_circles();
    for slot in image.slots.slots.iter().filter(|slot| slot.broken) {
        for &row in &image.slots.rows[slot.rows.0 as usize..slot.rows.1 as usize] {
            broken.insert(steps.of(image.provides[row as usize].feature));
        }
    }
    let files: FxHashMap<&str, usize> =
        image.files.iter().enumerate().map(|(at, file)| (file.fragment.source.name.as_str(), at)).collect();
    let mut declared: FxHashMap<usize, Declared> = FxHashMap::default();
    for finding in findings.iter().filter(|finding| finding.severity == Severity::Error) {
        if let Some(&file) = files.get(finding.location.source.name.as_str()) {
            let declared = declared.entry(file).or_insert_with(|| Declared::new(image, file));
            broken.extend(declared.at(image, finding.location.span.start).map(|feature| steps.of(feature)));
        }
    }
    broken
}

/// Where the features of a file are declared.
struct Declared {
    /// Start of a feature's own place, and the feature; sorted.
    places: Vec<(u32, u32)>,
    /// Start of the table that declares a feature, and the feature; sorted.
    tables: Vec<(u32, u32)>,
}

impl Declared {
    fn new(image: &Image, file: usize) -> Self {
        let fragment = &image.files[file].fragment;
        let features = || (image.files[file].features..).zip(&fragment.features);
        let mut places: Vec<(u32, u32)> = features().map(|(feature, row)| (row.origin.start, feature)).collect();
        let start = |row: &Feature| fragment.document.span(row.node).start;
        let mut tables: Vec<(u32, u32)> = features().map(|(feature, row)| (start(row), feature)).collect();
        places.sort_unstable();
        tables.sort_unstable();
        Self { places, tables }
    }

    /// The features that a place belongs to: one element of a list, or all that a table declares.
    fn at(&self, image: &Image, at: u32) -> impl Iterator<Item = u32> + '_ {
        let last = |rows: &[(u32, u32)]| rows[..rows.partition_point(|&(start, _)| start <= at)].last().copied();
        let own = last(&self.places).filter(|&(_, feature)| at < image.features[feature as usize].origin.end);
        let (rows, start) = match (own, last(&self.tables)) {
            (Some((start, _)), _) => (&self.places, start),
            (None, Some((start, _))) => (&self.tables, start),
            (None, None) => (&self.tables, u32::MAX),
        };
        let from = rows.partition_point(|&(other, _)| other < start);
        rows[from..].iter().take_while(move |&&(other, _)| other == start).map(|&(_, feature)| feature)
    }
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
