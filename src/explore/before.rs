//! `why --before A B`: what makes one step come before another.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use super::model::{Before, FORMAT_VERSION, Misunderstood, Order, schema_of};
use super::providers;
use super::steps::Steps;
use super::why::{find, understand};
use super::words;
use crate::compile::Compiled;
use crate::graph::edges::Edge;
use crate::message;

/// The schema of [`Before`] as JSON.
pub fn before_schema() -> schemars::Schema {
    schema_of::<Before>()
}

/// Which of two steps comes first, and why. Each is named by its id or by an entity, which means the step that makes it.
pub fn between(compiled: &Compiled, a: &str, b: &str) -> Result<Before, Misunderstood> {
    let steps = Steps::new(&compiled.graph);
    let (first, second) = (step(&steps, a)?, step(&steps, b)?);
    let mut before = Before {
        format_version: FORMAT_VERSION,
        image: compiled.graph.image.name.clone(),
        a: steps.id(first).to_owned(),
        b: steps.id(second).to_owned(),
        order: Order::Same,
        chain: Vec::new(),
        notes: Vec::new(),
    };
    if first == second {
        before.notes.push("They are one step.".to_owned());
        return Ok(before);
    }
    let forth = shortest(&steps, first, second);
    let back = shortest(&steps, second, first);
    let hops = |edges: &[Edge]| edges.iter().map(|edge| words::hop(&steps, edge)).collect::<Vec<_>>();
    match (&forth, &back) {
        (Some(forth), Some(back)) => {
            before.order = Order::Circle;
            before.chain = hops(forth);
            before.chain.extend(hops(back));
            before.notes.push("Each needs the other, so neither can come first.".to_owned());
            return Ok(before);
        }
        (Some(forth), None) => {
            before.order = Order::Before;
            before.chain = hops(forth);
        }
        (None, Some(back)) => {
            before.order = Order::After;
            before.chain = hops(back);
        }
        (None, None) => {}
    }
    barrier(&steps, first, second, &mut before);
    Ok(before)
}

/// The step that is named, or that makes what is named.
fn step(steps: &Steps<'_>, asked: &str) -> Result<u32, Misunderstood> {
    let found = find(steps, &understand(steps, asked)?);
    if let Some(node) = found.node {
        return Ok(node);
    }
    let maker = found.entity.as_ref().and_then(|&(_, _, stand)| {
        providers::maker(steps, stand).or_else(|| providers::makers(steps, stand.entity?).last().copied())
    });
    maker.ok_or_else(|| Misunderstood {
        message: format!("no step of this image makes {}", message::quoted(asked)),
        help: Some("ask for it without `--before` to see where it comes from".to_owned()),
    })
}

/// The shortest chain of edges from one node to another: breadth first, backwards from the one that needs.
fn shortest(steps: &Steps<'_>, from: u32, to: u32) -> Option<Vec<Edge>> {
    let order = &steps.graph.order;
    // For each node reached: the edge that leads from it towards `to`.
    let mut way: FxHashMap<u32, Edge> = FxHashMap::default();
    let mut queue = VecDeque::from([to]);
    while let Some(node) = queue.pop_front() {
        for edge in order.needs_of(node) {
            if edge.from == to || way.contains_key(&edge.from) {
                continue;
            }
            way.insert(edge.from, *edge);
            if edge.from == from {
                let mut chain = Vec::new();
                let mut at = from;
                while at != to {
                    let edge = *way.get(&at)?;
                    chain.push(edge);
                    at = edge.to;
                }
                return Some(chain);
            }
            queue.push_back(edge.from);
        }
    }
    None
}

/// What lies between two steps beside edges.
fn barrier(steps: &Steps<'_>, first: u32, second: u32, before: &mut Before) {
    let by_edges = before.order != Order::Same;
    let (phase_a, phase_b) = (steps.nodes.phase(first), steps.nodes.phase(second));
    if phase_a != phase_b {
        let (order, early, late) =
            if phase_a < phase_b { (Order::Before, phase_a, phase_b) } else { (Order::After, phase_b, phase_a) };
        before.order = order;
        before.notes.push(format!(
            "All of phase `{}` is over before phase `{}` starts{}.",
            early.name(),
            late.name(),
            if by_edges { "" } else { "; no requirement orders them" }
        ));
        return;
    }
    if by_edges {
        return;
    }
    let (Some(stage_a), Some(stage_b)) = (steps.stage(first), steps.stage(second)) else {
        before.order = Order::Free;
        before.notes.push(
            "No requirement orders them, and there is no plan that could: one of them is in a circle or after one."
                .to_owned(),
        );
        return;
    };
    if stage_a == stage_b {
        before.order = Order::Free;
        before.notes.push("Nothing orders them: they are in one stage, and neither needs the other.".to_owned());
        return;
    }
    let (early, late) = if stage_a < stage_b { (first, second) } else { (second, first) };
    before.order = if stage_a < stage_b { Order::Before } else { Order::After };
    before.notes.push(format!(
        "Stage {} is over before stage {} starts; no requirement orders them.",
        stage_a.min(stage_b),
        stage_a.max(stage_b)
    ));
    let (early_id, late_id) = (message::quoted(steps.id(early)), message::quoted(steps.id(late)));
    before.notes.push(match (steps.nodes.is_opaque(early), steps.nodes.is_opaque(late)) {
        (true, true) => format!(
            "What {early_id} and {late_id} do is not fully known, so each is a stage of its own, and only their ids decide which comes first."
        ),
        (false, true) => format!(
            "What {late_id} does is not fully known, so it comes after every step of its phase that does not need it."
        ),
        _ => format!("{late_id} needs something that comes in a later stage than {early_id}."),
    });
}
