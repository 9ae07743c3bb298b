//! The order: stages and waves by Kahn's algorithm.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::edges::Edge;
use super::nodes::Nodes;
use super::slots::NONE;
use crate::catalog::Code;
use crate::diagnostic::{Diagnostic, Role};
use crate::entity::Phase;
use crate::intern::EntityId;

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
/// Where nothing but the tie decides which of two opaque steps runs first.
pub fn report_tie(nodes: &Nodes<'_>, first: u32, second: u32) -> (Diagnostic, Vec<u32>) {
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
