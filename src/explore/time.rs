//! Why a step comes when it does: its phase, its stage, and the longest way to it.

use rustc_hash::FxHashSet;

use super::model::{Hop, Origin, StepTime};
use super::steps::Steps;
use super::words;
use crate::entity::{Means, Phase};
use crate::graph::edges::Edge;
use crate::graph::slots::NONE;
use crate::kind::Kind;
use crate::message;

/// How many edges the longest way is told with.
const LONGEST: usize = 1000;

/// A step and its place in time.
pub(super) fn time(steps: &Steps<'_>, node: u32) -> StepTime {
    let phase = steps.nodes.phase(node);
    // What is no step is carried out at no time.
    let stage = steps.stage(node).filter(|_| steps.nodes.is_step(node));
    let chain = if stage.is_some() { chain(steps, node) } else { Vec::new() };
    StepTime {
        id: steps.id(node).to_owned(),
        is_step: steps.nodes.is_step(node),
        origins: origins(steps, node),
        phase: phase.name(),
        stage,
        wave: stage.map(|_| steps.graph.order.wave[node as usize]),
        notes: notes(steps, node, &chain),
        chain: chain.iter().map(|edge| words::hop(steps, edge)).collect(),
        provides: Vec::new(),
        after: Vec::new(),
        before: Vec::new(),
    }
}

/// The same with everything directly before and after it.
pub(super) fn whole(steps: &Steps<'_>, node: u32) -> StepTime {
    let by_id = |mut hops: Vec<Hop>| {
        hops.sort_by(|a, b| (&a.first, &a.then, &a.entity).cmp(&(&b.first, &b.then, &b.entity)));
        hops
    };
    let order = &steps.graph.order;
    let after = order.needs_of(node).iter().filter(|edge| edge.from != edge.to);
    let before = order.incoming.iter().filter(|edge| edge.from == node && edge.to != node);
    StepTime {
        provides: provides(steps, node),
        after: by_id(after.map(|edge| words::hop(steps, edge)).collect()),
        before: by_id(before.map(|edge| words::hop(steps, edge)).collect()),
        ..time(steps, node)
    }
}

fn provides(steps: &Steps<'_>, node: u32) -> Vec<String> {
    let image = &steps.graph.image;
    let made = image.slots.slots.iter().filter(|slot| slot.node == node && !slot.satisfied);
    let mut keys: Vec<String> = made.map(|slot| image.key(slot.entity)).collect();
    if steps.nodes.slot(node).is_none() {
        for feature in steps.members(node) {
            let declared = steps.declared(feature).iter().filter(|row| row.means == Means::Declared);
            keys.extend(declared.map(|row| image.key(row.entity)));
        }
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

fn origins(steps: &Steps<'_>, node: u32) -> Vec<Origin> {
    let image = &steps.graph.image;
    let mut origins: Vec<Origin> = match steps.nodes.slot(node) {
        Some(slot) => {
            let slot = &image.slots.slots[slot as usize];
            let rows = &image.slots.rows[slot.rows.0 as usize..slot.rows.1 as usize];
            rows.iter().map(|&row| words::origin(&image.origin(image.provides[row as usize].feature))).collect()
        }
        None => steps.members(node).map(|feature| words::origin(&image.origin(feature))).collect(),
    };
    origins.sort();
    origins.dedup();
    origins
}

/// The longest way to a node inside its phase, first edge first: always back to what is there last.
fn chain(steps: &Steps<'_>, node: u32) -> Vec<Edge> {
    let order = &steps.graph.order;
    let phase = steps.nodes.phase(node);
    let mut chain: Vec<Edge> = Vec::new();
    let mut seen = FxHashSet::from_iter([node]);
    let mut at = node;
    while chain.len() < LONGEST {
        let ready = |edge: &&Edge| {
            let from = edge.from as usize;
            (order.stage[from], order.wave[from] + u32::from(steps.nodes.is_step(edge.from)))
        };
        let same_phase = order.needs_of(at).iter().filter(|edge| {
            steps.nodes.phase(edge.from) == phase && order.stage[edge.from as usize] != NONE && edge.from != at
        });
        let last =
            same_phase.max_by(|a, b| ready(a).cmp(&ready(b)).then_with(|| steps.id(b.from).cmp(steps.id(a.from))));
        match last {
            Some(edge) if seen.insert(edge.from) => {
                chain.push(*edge);
                at = edge.from;
            }
            _ => break,
        }
    }
    chain.reverse();
    chain
}

fn notes(steps: &Steps<'_>, node: u32, chain: &[Edge]) -> Vec<String> {
    let mut notes = Vec::new();
    let phase = steps.nodes.phase(node);
    if !steps.nodes.is_step(node) {
        let acts = steps.graph.image.features[steps.nodes.feature(node) as usize].kind.spec().acts;
        return vec![match acts {
            true => "What it provides is there already, so no step is needed.".to_owned(),
            false => "It makes nothing, so it is no step of the plan.".to_owned(),
        }];
    }
    notes.push(in_phase(steps, node, phase));
    if steps.is_stuck(node) {
        notes.push(match steps.in_circles().contains(&node) {
            true => "It is in a circle of features that need each other, so it has no place in the order.".to_owned(),
            false => "It needs something that is in a circle, so it has no place in the order.".to_owned(),
        });
        return notes;
    }
    if steps.nodes.is_opaque(node) {
        notes.push(
            "What it does is not fully known, so it is a stage of its own, after every step of its phase that does not need it."
                .to_owned(),
        );
    } else if let Some(opaque) = chain.iter().rev().map(|edge| edge.from).find(|&from| steps.nodes.is_opaque(from)) {
        notes.push(format!(
            "It needs what comes from {}, directly or through others, so it comes after that step's stage.",
            message::quoted(steps.id(opaque))
        ));
    }
    if chain.is_empty() && !steps.nodes.is_opaque(node) {
        notes.push("It waits for no other step of its phase.".to_owned());
    }
    notes
}

fn in_phase(steps: &Steps<'_>, node: u32, phase: Phase) -> String {
    let image = &steps.graph.image;
    let kind = image.features[steps.nodes.feature(node) as usize].kind;
    let name = message::quoted(phase.name());
    // Only these may be put into another phase.
    let has_choice = matches!(kind, Kind::Run | Kind::Remove);
    let belongs = if steps.is_implied(node) {
        let needs = image.say_feature(steps.nodes.feature(node));
        format!("It is implied by {needs}, so it is made in that feature's phase, {name}")
    } else if kind.spec().phase != phase {
        format!("Its `phase` says {name}")
    } else if has_choice {
        format!("{} that names no other `phase` is carried out in phase {name}", a_kind(kind))
    } else {
        format!("Every {} is carried out in phase {name}", message::quoted(kind.name()))
    };
    let mut earlier: Vec<&str> = steps
        .graph
        .order
        .stages
        .iter()
        .map(|stage| stage.phase)
        .filter(|&other| other < phase)
        .map(Phase::name)
        .collect();
    earlier.dedup();
    match earlier.as_slice() {
        [] => format!("{belongs}."),
        [one] => format!("{belongs}, after all of phase {}.", message::quoted(one)),
        many => format!("{belongs}, after all of phases {}.", message::list(many)),
    }
}

/// At the start of a sentence: "A `run`".
fn a_kind(kind: Kind) -> String {
    let kind = message::a_kind(kind);
    kind.strip_prefix("an ").map(|rest| format!("An {rest}")).unwrap_or_else(|| kind.replacen('a', "A", 1))
}
