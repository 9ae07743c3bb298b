//! A plan out of an ordered graph: ids, stages, inputs and keys first; the steps are made while they are told.

use std::io;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::ids::Ids;
use super::operation::Operations;
use super::relied::{Relied, expects};
use super::rows::Rows;
use super::sources::inputs_of;
use super::steps::Scratch;
use super::written::in_batches;
use crate::entity::Means;
use crate::graph::Graph;
use crate::graph::nodes::Nodes;
use crate::graph::slots::NONE;
use crate::inputs::Inputs;
use crate::intern::EntityId;
use featgraph_plan::Digest;
use featgraph_plan::{Expect, Input, Origin, PlanParent, Stage, Step};
use featgraph_plan::{HandOn, PlanHead, PlanSource, WriteOrigins, WriteStep};
use featgraph_plan::{Keys, plan_digest};

/// What to tell of a plan.
#[derive(Clone, Copy, Debug, Default)]
pub struct BuildOptions {
    /// Every entry of a tree, in place of its root and a number.
    pub entries: bool,
}

/// A finished plan whose steps are made while they are told.
pub struct Built<'g> {
    pub(super) graph: &'g Graph,
    sources: &'g Inputs,
    pub(super) nodes: Nodes<'g>,
    pub(super) operations: Operations<'g>,
    pub(super) options: BuildOptions,
    /// Nodes that are steps, in the order of the plan.
    order: Vec<u32>,
    pub(super) ids: Ids,
    pub(super) keys: Vec<Digest>,
    /// The slots that each step makes.
    pub(super) provides: Rows,
    /// The features that are one step.
    pub(super) members: Rows,
    /// Inputs that are not worked out twice.
    large_inputs: FxHashMap<u32, Vec<Input>>,
    /// What features say that they bring about beside what they make.
    pub(super) declared: FxHashMap<u32, Vec<EntityId>>,
    parent: Option<PlanParent>,
    stages: Vec<Stage>,
    expects: Vec<Expect>,
    digest: Digest,
}

impl<'g> Built<'g> {
    /// Works out everything but the steps themselves.
    pub fn new(graph: &'g Graph, inputs: &'g Inputs) -> Self {
        Self::with_options(graph, inputs, BuildOptions::default())
    }

    /// The same, told otherwise.
    pub fn with_options(graph: &'g Graph, inputs: &'g Inputs, options: BuildOptions) -> Self {
        let image = &graph.image;
        let nodes = Nodes::new(image, &graph.edges.extra);
        let count = nodes.count();
        let made = image.slots.slots.iter().enumerate().filter(|(_, slot)| slot.node != NONE && !slot.satisfied);
        let provides = Rows::new(count, made.map(|(number, slot)| (slot.node, number as u32)));
        let merged = image.slots.merged.iter().enumerate();
        let members = Rows::new(count, merged.map(|(feature, &node)| (node, feature as u32)));
        let mut declared: FxHashMap<u32, Vec<EntityId>> = FxHashMap::default();
        for row in image.provides.iter().filter(|row| row.means == Means::Declared) {
            declared.entry(row.feature).or_default().push(row.entity);
        }
        let parent = image.base.as_ref().map(|base| PlanParent {
            name: base.name.clone(),
            digest: base
                .digest
                .map_or_else(|| Digest::of(format!("opaque:{}", base.name).as_bytes()), Digest::from_bytes),
        });
        let steps: Vec<u32> =
            (0..count as u32).filter(|&node| nodes.is_step(node) && graph.order.stage[node as usize] != NONE).collect();
        let ids = Ids::new(image, &nodes, &steps);
        let mut built = Self {
            graph,
            sources: inputs,
            operations: Operations::new(graph),
            options,
            order: ids.sort(graph, &nodes, &steps),
            ids,
            nodes,
            keys: Vec::new(),
            provides,
            members,
            large_inputs: FxHashMap::default(),
            declared,
            parent,
            stages: Vec::new(),
            expects: Vec::new(),
            digest: plan_digest(None, None),
        };
        let large = steps.into_iter().filter(|&node| built.operations.reads_much(node));
        built.large_inputs =
            large.map(|node| (node, inputs_of(&built.operations, &built.nodes, node, inputs))).collect();
        built.make_keys();
        built.expects = expects(graph, &built.nodes, &built.ids, built.stages.len());
        built
    }

    /// Names the root as it is at the end.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// A plan in which an operation is missing is never written.
    fn must_be_whole(&self) -> io::Result<()> {
        self.operations.fault().map_or(Ok(()), |fault| Err(io::Error::other(fault)))
    }

    /// The stable name of a step.
    pub fn id(&self, node: u32) -> &str {
        self.ids.of(node)
    }

    /// The steps, in the order of the plan, as nodes of the graph.
    pub fn nodes(&self) -> &[u32] {
        &self.order
    }

    /// Numbers that were allocated, not given: entity and number.
    pub fn allocated(&self) -> &[(EntityId, u32)] {
        &self.graph.numbers.allocated
    }

    fn make_keys(&mut self) {
        let order = &self.graph.order;
        self.keys = vec![Digest::from_bytes([0; 32]); self.nodes.count()];
        let relied = Relied::new(self.graph, &self.nodes);
        let mut base = self.parent.as_ref().map(|parent| parent.digest);
        let in_order = std::mem::take(&mut self.order);
        let mut rest = in_order.as_slice();
        for (number, stage) in order.stages.iter().enumerate() {
            let length = rest.iter().take_while(|&&node| order.stage[node as usize] as usize == number).count();
            let (steps, later) = rest.split_at(length);
            rest = later;
            // Keys of one wave do not need each other, only those of waves before.
            for wave in steps.chunk_by(|&a, &b| order.wave[a as usize] == order.wave[b as usize]) {
                let keys = self.keys_of(wave, base.filter(|_| stage.opaque), &relied);
                for (node, key) in keys {
                    self.keys[node as usize] = key;
                }
            }
            let own: Vec<Digest> = steps.iter().map(|&node| self.keys[node as usize]).collect();
            let key = Keys::new().stage(base, &own);
            self.stages.push(Stage { phase: stage.phase, opaque: stage.opaque, base, steps: own.len(), key });
            base = Some(key);
        }
        self.order = in_order;
        self.digest =
            plan_digest(self.stages.last().map(|stage| stage.key), self.parent.as_ref().map(|parent| parent.digest));
    }

    /// The keys of steps that do not need each other.
    fn keys_of(&self, steps: &[u32], base: Option<Digest>, relied: &Relied) -> Vec<(u32, Digest)> {
        /// Fewer steps are not worth a second thread.
        const FEW: usize = 1 << 12;
        let key =
            |(keys, scratch): &mut (Keys, Scratch), &node: &u32| (node, self.key(node, base, relied, keys, scratch));
        if steps.len() < FEW {
            let mut state = Default::default();
            return steps.iter().map(|node| key(&mut state, node)).collect();
        }
        // In the order of the files, which is how the rows lie in memory.
        let mut steps = steps.to_vec();
        steps.sort_unstable();
        steps.par_iter().with_min_len(FEW / 4).map_init(Default::default, key).collect()
    }

    fn key(&self, node: u32, base: Option<Digest>, relied: &Relied, keys: &mut Keys, scratch: &mut Scratch) -> Digest {
        self.required(node, &mut scratch.required);
        let needs: Vec<Digest> = scratch.required.iter().map(|&node| self.keys[node as usize]).collect();
        let relies: Vec<&[u8]> = relied.of(node).collect();
        let op = self.operations.operation(&self.nodes, node, self.ids.subject(node));
        let inputs = self.inputs_of(node);
        let source = |path: &str| inputs.iter().find(|input| input.path == path).map(|input| input.digest);
        keys.step(&op, source, &relies, base, &needs)
    }

    pub(super) fn inputs_of(&self, node: u32) -> Vec<Input> {
        if !self.large_inputs.is_empty()
            && let Some(known) = self.large_inputs.get(&node)
        {
            return known.clone();
        }
        inputs_of(&self.operations, &self.nodes, node, self.sources)
    }

    /// The steps that a step requires, through whatever is no step of its own.
    pub(super) fn required(&self, node: u32, found: &mut Vec<u32>) {
        found.clear();
        let needs = self.graph.order.needs_of(node);
        if needs.iter().all(|edge| self.nodes.is_step(edge.from)) {
            // Sorted and without repeats, as edges are.
            found.extend(needs.iter().map(|edge| edge.from).filter(|&other| other != node));
            return;
        }
        let mut pending: Vec<u32> = vec![node];
        let mut seen: FxHashMap<u32, ()> = FxHashMap::default();
        while let Some(at) = pending.pop() {
            for edge in self.graph.order.needs_of(at) {
                if self.nodes.is_step(edge.from) {
                    found.push(edge.from);
                } else if seen.insert(edge.from, ()).is_none() {
                    pending.push(edge.from);
                }
            }
        }
        found.sort_unstable();
        found.dedup();
        found.retain(|&other| other != node);
    }
}

impl PlanSource for Built<'_> {
    fn head(&self) -> PlanHead<'_> {
        PlanHead {
            image: &self.graph.image.name,
            digest: self.digest,
            parent: self.parent.as_ref(),
            stages: &self.stages,
            expects: &self.expects,
        }
    }

    fn steps(&self, origins: bool, tell: &mut dyn FnMut(&Step<'_>, &[Origin<'_>]) -> io::Result<()>) -> io::Result<()> {
        self.must_be_whole()?;
        let mut scratch = Scratch::default();
        for &node in &self.order {
            let step = self.step(node, &mut scratch);
            let places = if origins { self.origins_of(node, &mut scratch) } else { Vec::new() };
            tell(&step, &places)?;
        }
        Ok(())
    }

    fn written_steps(&self, origins: bool, write: &WriteStep<'_>, hand_on: &mut HandOn<'_>) -> io::Result<()> {
        let one = |scratch: &mut Scratch, node: u32, out: &mut Vec<u8>| {
            let places = if origins { self.origins_of(node, scratch) } else { Vec::new() };
            write(&self.step(node, scratch), &places, out);
        };
        self.must_be_whole()?;
        in_batches(&self.order, one, hand_on)
    }

    fn written_origins(&self, write: &WriteOrigins<'_>, hand_on: &mut HandOn<'_>) -> io::Result<()> {
        let one = |scratch: &mut Scratch, node: u32, out: &mut Vec<u8>| {
            write(self.ids.of(node), &self.origins_of(node, scratch), out);
        };
        in_batches(&self.order, one, hand_on)
    }
}
