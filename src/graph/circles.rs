//! Circles of steps that need each other: the shortest of every knot that the order leaves over, and how it is told.

use petgraph::algo::kosaraju_scc;
use petgraph::graph::DiGraph;

use super::edges::{Edge, Why};
use super::image::{Image, RowId};
use super::nodes::Nodes;
use super::order::Order;
use super::slots::NONE;
use crate::catalog::Code;
use crate::diagnostic::{Diagnostic, Role};
use crate::text::{Location, Span};

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
pub fn report_cycle(nodes: &Nodes<'_>, circle: &[Edge]) -> (Diagnostic, Vec<u32>) {
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
    for edge in &told {
        image.tell_links(&mut diagnostic, edge.why);
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
