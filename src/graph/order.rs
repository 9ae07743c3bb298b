//! The order: stages and waves by Kahn's algorithm, and the shortest circle of every knot that is left over.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use petgraph::algo::kosaraju_scc;
use petgraph::graph::DiGraph;

use super::edges::{Edge, Edges, Why};
use super::image::{Image, RowId};
use super::slots::NONE;
use crate::catalog::Code;
use crate::diagnostic::Role;
use crate::entity::Phase;
use crate::fragment::Feature;
use crate::intern::EntityId;
use crate::text::{Location, Span};

/// A run of steps between barriers.
#[derive(Clone, Debug)]
pub struct Stage {
    /// Its phase.
    pub phase: Phase,
    /// Whether it is one opaque step.
    pub opaque: bool,
}

/// When each node runs.
#[derive(Default)]
pub struct Order {
    /// By time.
    pub stages: Vec<Stage>,
    /// For each node its stage; [`NONE`] for those that are in a circle or are no step of their own.
    pub stage: Vec<u32>,
    /// For each node the longest way from its stage's start.
    pub wave: Vec<u32>,
    /// Edges by the node that needs, as a range of `incoming`.
    pub needs: Vec<u32>,
    /// Edges sorted by the node that needs.
    pub incoming: Vec<Edge>,
}

impl Order {
    /// The edges of a node to what it needs.
    pub fn needs_of(&self, node: u32) -> &[Edge] {
        &self.incoming[self.needs[node as usize] as usize..self.needs[node as usize + 1] as usize]
    }
}

/// Says what a node is.
pub struct Nodes<'i> {
    /// The image.
    pub image: &'i Image,
    /// Slots that are steps of their own.
    pub extra: &'i [u32],
    is_step: Vec<bool>,
}

impl<'i> Nodes<'i> {
    /// Finds out which nodes are steps: not what was there before, what is only asserted, and what is part of another.
    pub fn new(image: &'i Image, extra: &'i [u32]) -> Self {
        let features = image.features.len();
        let mut has_rows = vec![false; features];
        let mut has_live_rows = vec![false; features];
        for (number, row) in image.provides.iter().enumerate() {
            if row.means == crate::entity::Means::Declared {
                continue;
            }
            let implied = row.strength == crate::entity::Strength::Implied && row.means == crate::entity::Means::Made;
            if implied {
                continue;
            }
            let node = image.slots.merged[row.feature as usize] as usize;
            has_rows[node] = true;
            let state = image.slots.states[number];
            if state & (super::slots::Slots::DROPPED | super::slots::Slots::SATISFIED) == 0 {
                has_live_rows[node] = true;
            }
        }
        let mut acts = vec![false; features];
        for removal in &image.removals {
            acts[image.slots.merged[removal.feature as usize] as usize] = true;
        }
        let mut is_step: Vec<bool> = (0..features)
            .map(|feature| {
                image.slots.merged[feature] as usize == feature
                    && image.features[feature].kind.spec().acts
                    && (!has_rows[feature] || has_live_rows[feature] || acts[feature])
            })
            .collect();
        is_step.extend(std::iter::repeat_n(true, extra.len()));
        Self { image, extra, is_step }
    }

    /// How many nodes there are.
    pub fn count(&self) -> usize {
        self.is_step.len()
    }

    /// Whether an executor is to do something for it.
    pub fn is_step(&self, node: u32) -> bool {
        self.is_step[node as usize]
    }

    /// The slot that is a step of its own.
    pub fn slot(&self, node: u32) -> Option<u32> {
        let features = self.image.features.len() as u32;
        (node >= features).then(|| self.extra[(node - features) as usize])
    }

    /// The feature that the node comes from.
    pub fn feature(&self, node: u32) -> u32 {
        match self.slot(node) {
            Some(slot) => self.image.provides[self.image.slots.slots[slot as usize].lead as usize].feature,
            None => node,
        }
    }

    /// When it runs.
    pub fn phase(&self, node: u32) -> Phase {
        self.image.phase(self.feature(node))
    }

    /// Whether its effects are not fully known.
    pub fn is_opaque(&self, node: u32) -> bool {
        self.slot(node).is_none() && self.image.opaque_nodes.contains_key(&node)
    }
}

/// Orders all nodes. `id` gives the name by which ties between opaque steps are decided.
pub fn order(nodes: &Nodes<'_>, edges: Vec<Edge>, id: impl Fn(u32) -> String) -> (Order, Vec<(u32, u32)>) {
    let count = nodes.count();
    let mut order = Order {
        stages: Vec::new(),
        stage: vec![NONE; count],
        wave: vec![0; count],
        needs: vec![0; count + 1],
        incoming: edges,
    };
    // Edges are sorted by the node that needs.
    for edge in &order.incoming {
        order.needs[edge.to as usize + 1] += 1;
    }
    for node in 0..count {
        order.needs[node + 1] += order.needs[node];
    }
    let phase: Vec<u8> = (0..count as u32).map(|node| nodes.phase(node) as u8).collect();
    let mut outgoing = vec![0u32; count + 1];
    let mut left = vec![0u32; count];
    let same_phase = |edge: &Edge| phase[edge.from as usize] == phase[edge.to as usize];
    for edge in order.incoming.iter().filter(|edge| same_phase(edge)) {
        outgoing[edge.from as usize + 1] += 1;
        left[edge.to as usize] += 1;
    }
    for node in 0..count {
        outgoing[node + 1] += outgoing[node];
    }
    let mut next = outgoing.clone();
    let mut targets = vec![0u32; outgoing[count] as usize];
    for edge in order.incoming.iter().filter(|edge| same_phase(edge)) {
        let slot = &mut next[edge.from as usize];
        targets[*slot as usize] = edge.to;
        *slot += 1;
    }
    let mut by_phase: [Vec<u32>; 5] = Default::default();
    for node in 0..count as u32 {
        let alive = nodes.slot(node).is_some() || nodes.image.slots.merged[node as usize] == node;
        if alive {
            by_phase[phase[node as usize] as usize].push(node);
        }
    }
    let mut ties = Vec::new();
    for (at, members) in by_phase.iter().enumerate() {
        let mut ready: Vec<u32> = Vec::new();
        let mut opaque: BinaryHeap<Reverse<(String, u32)>> = BinaryHeap::new();
        let mut since: Vec<(u32, u32)> = Vec::new();
        let mut settled = 0u32;
        let mut open = false;
        let mut admit =
            |node: u32, ready: &mut Vec<u32>, opaque: &mut BinaryHeap<Reverse<(String, u32)>>, settled: u32| {
                if nodes.is_opaque(node) {
                    since.push((node, settled));
                    opaque.push(Reverse((id(node), node)));
                } else {
                    ready.push(node);
                }
            };
        for &node in members {
            if left[node as usize] == 0 {
                admit(node, &mut ready, &mut opaque, settled);
            }
        }
        let mut admitted: rustc_hash::FxHashMap<u32, u32> = rustc_hash::FxHashMap::default();
        let mut previous: Option<u32> = None;
        loop {
            while let Some(node) = ready.pop() {
                if nodes.is_step(node) && !open {
                    order.stages.push(Stage { phase: Phase::ALL[at], opaque: false });
                    open = true;
                }
                // What is no step of its own is as if it ran with the stage that is open, or with the next one.
                order.stage[node as usize] =
                    if open { order.stages.len() as u32 - 1 } else { order.stages.len() as u32 };
                let wave = order.wave[node as usize] + u32::from(nodes.is_step(node));
                for &target in &targets[outgoing[node as usize] as usize..outgoing[node as usize + 1] as usize] {
                    order.wave[target as usize] = order.wave[target as usize].max(wave);
                    left[target as usize] -= 1;
                    if left[target as usize] == 0 {
                        admit(target, &mut ready, &mut opaque, settled);
                    }
                }
            }
            let Some(Reverse((_, node))) = opaque.pop() else { break };
            settled += 1;
            order.stages.push(Stage { phase: Phase::ALL[at], opaque: true });
            open = false;
            order.stage[node as usize] = order.stages.len() as u32 - 1;
            order.wave[node as usize] = 0;
            admitted.insert(node, settled);
            if let Some(previous) = previous {
                ties.push((previous, node));
            }
            previous = Some(node);
            for &target in &targets[outgoing[node as usize] as usize..outgoing[node as usize + 1] as usize] {
                left[target as usize] -= 1;
                if left[target as usize] == 0 {
                    admit(target, &mut ready, &mut opaque, settled);
                }
            }
        }
        // A pair is tied where the later one was ready before the earlier one ran.
        let since: rustc_hash::FxHashMap<u32, u32> = since.into_iter().collect();
        ties.retain(|&(previous, node)| match (since.get(&node), admitted.get(&previous)) {
            (Some(&ready), Some(&ran)) => ready < ran,
            _ => true,
        });
        // Waves count from the start of a stage.
        restart_waves(&mut order, nodes, &phase, at as u8);
    }
    (order, ties)
}

/// A way into a stage from an earlier one does not count: the stage's first steps are in wave 0.
fn restart_waves(order: &mut Order, nodes: &Nodes<'_>, phase: &[u8], at: u8) {
    let staged = order.stages.iter().filter(|stage| stage.phase as u8 == at).count();
    if staged <= 1 {
        return;
    }
    let mut members: Vec<u32> = (0..nodes.count() as u32)
        .filter(|&node| phase[node as usize] == at && order.stage[node as usize] != NONE)
        .collect();
    members.sort_unstable_by_key(|&node| (order.stage[node as usize], order.wave[node as usize], nodes.is_step(node)));
    for node in members {
        let mut wave = 0;
        for edge in order.needs_of(node) {
            if phase[edge.from as usize] == at && order.stage[edge.from as usize] == order.stage[node as usize] {
                wave = wave.max(order.wave[edge.from as usize] + u32::from(nodes.is_step(edge.from)));
            }
        }
        order.wave[node as usize] = wave;
    }
}

/// One circle for each knot among the nodes that could not be ordered.
pub fn cycles(nodes: &Nodes<'_>, order: &Order) -> Vec<Vec<Edge>> {
    let stuck = |node: u32| {
        order.stage[node as usize] == NONE
            && (nodes.slot(node).is_some() || nodes.image.slots.merged[node as usize] == node)
    };
    let left: Vec<u32> = (0..nodes.count() as u32).filter(|&node| stuck(node)).collect();
    if left.is_empty() {
        return Vec::new();
    }
    let mut number = vec![NONE; nodes.count()];
    for (index, &node) in left.iter().enumerate() {
        number[node as usize] = index as u32;
    }
    let mut graph: DiGraph<u32, Edge> = DiGraph::with_capacity(left.len(), left.len());
    for &node in &left {
        graph.add_node(node);
    }
    for &node in &left {
        for edge in order.needs_of(node) {
            if number[edge.from as usize] != NONE && nodes.phase(edge.from) == nodes.phase(edge.to) {
                graph.add_edge(number[edge.from as usize].into(), number[edge.to as usize].into(), *edge);
            }
        }
    }
    let mut found: Vec<Vec<Edge>> = Vec::new();
    for component in kosaraju_scc(&graph) {
        let mut members: Vec<u32> = component.iter().map(|index| index.index() as u32).collect();
        members.sort_unstable();
        if let Some(circle) = shortest(&graph, &members) {
            found.push(circle);
        }
    }
    found
}

/// The shortest circle of a component. From each node a search that stops where it can find nothing shorter; chains
/// that cannot branch are walked once. The work is bounded, so a huge component may give a circle that is merely short.
fn shortest(graph: &DiGraph<u32, Edge>, members: &[u32]) -> Option<Vec<Edge>> {
    const BUDGET: usize = 20_000_000;
    for &member in members {
        if let Some(own) = graph.find_edge(member.into(), member.into()) {
            return Some(vec![graph[own]]);
        }
    }
    if members.len() < 2 {
        return None;
    }
    let inside: rustc_hash::FxHashMap<u32, u32> =
        members.iter().enumerate().map(|(at, &member)| (member, at as u32)).collect();
    let mut out: Vec<Vec<(u32, Edge)>> = vec![Vec::new(); members.len()];
    for (at, &member) in members.iter().enumerate() {
        for edge in graph.edges(member.into()) {
            use petgraph::visit::EdgeRef;
            if let Some(&target) = inside.get(&(edge.target().index() as u32)) {
                out[at].push((target, *edge.weight()));
            }
        }
        out[at].sort_unstable_by_key(|&(target, _)| target);
    }
    let mut budget = BUDGET;
    let mut best: Option<Vec<Edge>> = None;
    // For each node: the search that reached it last, how deep, from where and by which edge.
    let mut came: Vec<(u32, u32, u32, Option<Edge>)> = vec![(NONE, 0, NONE, None); members.len()];
    // Where every node has one way out the component is one circle, and any start gives it.
    let simple = out.iter().all(|ways| ways.len() == 1);
    for start in 0..members.len() as u32 {
        let limit = best.as_ref().map_or(u32::MAX, |best| best.len() as u32);
        if limit == 2 || budget == 0 || (simple && start > 0) {
            break;
        }
        let mut queue = std::collections::VecDeque::from([start]);
        came[start as usize] = (start, 0, NONE, None);
        'search: while let Some(node) = queue.pop_front() {
            let depth = came[node as usize].1;
            if depth + 1 >= limit {
                break;
            }
            for &(target, edge) in &out[node as usize] {
                budget = budget.saturating_sub(1);
                if target == start {
                    let mut circle = vec![edge];
                    let mut at = node;
                    while at != start {
                        let (_, _, from, Some(way)) = came[at as usize] else { break };
                        circle.push(way);
                        at = from;
                    }
                    circle.reverse();
                    best = Some(circle);
                    break 'search;
                }
                if came[target as usize].0 != start {
                    came[target as usize] = (start, depth + 1, node, Some(edge));
                    queue.push_back(target);
                }
            }
            if budget == 0 && best.is_some() {
                break;
            }
        }
    }
    best
}

impl Image {
    /// Where an edge comes from: the value that says so.
    pub fn edge_place(&self, edge: &Edge) -> (u32, Location) {
        let (feature, span) = self.why_place(edge.why);
        (feature, self.at(feature, span))
    }

    /// The feature and the value behind a reason.
    pub fn why_place(&self, why: Why) -> (u32, Span) {
        match why {
            Why::Require(row) => (self.requires[row as usize].feature, self.requires[row as usize].span),
            Why::Parent(row) | Why::Reads(row) | Why::Skips(row) | Why::Link(RowId::Provide(row)) => {
                (self.provides[row as usize].feature, self.provides[row as usize].span)
            }
            Why::Link(RowId::Require(row)) => (self.requires[row as usize].feature, self.requires[row as usize].span),
            Why::Removal(row) | Why::Link(RowId::Removal(row)) => {
                (self.removals[row as usize].feature, self.removals[row as usize].span)
            }
            Why::Link(RowId::Link(row)) => {
                let link = &self.links[row as usize];
                (self.provides[link.provide as usize].feature, link.span)
            }
        }
    }
}

/// Reports a circle, starting with its first place by file and position.
pub fn report_cycle(nodes: &Nodes<'_>, circle: &[Edge]) -> (crate::diagnostic::Diagnostic, Vec<u32>) {
    let image = nodes.image;
    let first = (0..circle.len())
        .min_by_key(|&at| {
            let (feature, span) = image.why_place(circle[at].why);
            (feature, span.start)
        })
        .unwrap_or(0);
    let turned: Vec<&Edge> = circle[first..].iter().chain(&circle[..first]).collect();
    // An edge says that `to` needs `from`; told from the one that needs, the circle runs backwards.
    let told: Vec<&Edge> = std::iter::once(turned[0]).chain(turned[1..].iter().rev().copied()).collect();
    let say = |node: u32| match nodes.slot(node) {
        Some(slot) => format!("{} (made on the way)", image.say(image.slots.slots[slot as usize].entity)),
        None => image.say_feature(node),
    };
    let (_, location) = image.edge_place(told[0]);
    let message = if told.len() == 1 {
        format!("{} needs itself: it needs {}, which only it provides", say(told[0].to), image.say(told[0].entity))
    } else {
        format!("{} features need each other in a circle, so none of them can come first", told.len())
    };
    let mut diagnostic = image.diagnostic(Code::Cycle, None, location, message);
    for edge in &told {
        let (_, place) = image.edge_place(edge);
        let text = edge_sentence(image, edge, &say);
        diagnostic.related.push(image.related(Role::Edge, Some(edge.entity), place, text));
    }
    diagnostic.help = Some(
        "break the circle: drop one of the requirements, provide one of the entities otherwise, or move a feature to an earlier phase".to_owned(),
    );
    (diagnostic, Vec::new())
}

fn edge_sentence(image: &Image, edge: &Edge, say: &impl Fn(u32) -> String) -> String {
    let entity = image.say(edge.entity);
    match edge.why {
        Why::Removal(_) => format!("{} waits for {}, which still needs {entity}", say(edge.to), say(edge.from)),
        Why::Reads(_) => format!("{} reads {entity}, which {} edits", say(edge.to), say(edge.from)),
        _ => format!("{} needs {entity}, which comes from {}", say(edge.to), say(edge.from)),
    }
}

/// Where nothing but the tie decides which of two opaque steps runs first.
pub fn report_tie(nodes: &Nodes<'_>, first: u32, second: u32) -> (crate::diagnostic::Diagnostic, Vec<u32>) {
    let image = nodes.image;
    let place = |node: u32| (image.features[node as usize].origin, node);
    let (one, other) = if place(first).1 <= place(second).1 { (first, second) } else { (second, first) };
    let main: Option<EntityId> = image.features[other as usize].main;
    let message = format!(
        "nothing says whether {} or {} runs first, and what they do is not known",
        image.say_step(one),
        image.say_step(other)
    );
    let mut diagnostic = image.diagnostic(Code::UnorderedCommands, main, image.origin(other), message);
    diagnostic.label = "could run before or after the other".to_owned();
    diagnostic.related.push(image.related(
        Role::Edge,
        image.features[one as usize].main,
        image.origin(one),
        "the other one",
    ));
    diagnostic.help = Some(
        "let one provide a name of your own, `provides = [\"virtual:NAME\"]`, and the other require it".to_owned(),
    );
    (diagnostic, vec![other, one])
}

/// The opaque steps of an image, by their node. What was there already does nothing, so nothing of it is unknown.
pub fn find_opaque(image: &mut Image, edges: &Edges) {
    let mut opaque: Vec<(u32, Phase, bool)> = Vec::new();
    {
        let nodes = Nodes::new(image, &edges.extra);
        for (feature, row) in image.features.iter().enumerate() {
            let node = image.slots.merged[feature];
            if row.is(Feature::OPAQUE) && nodes.is_step(node) {
                opaque.push((node, row.phase, row.kind == crate::kind::Kind::Package));
            }
        }
    }
    image.opaque_phases = Default::default();
    for (node, phase, is_package) in opaque {
        image.opaque_nodes.insert(node, ());
        let (commands, packages) = &mut image.opaque_phases[phase as usize];
        if is_package {
            *packages = true;
        } else {
            *commands = true;
        }
    }
}
