//! The nodes of the graph: features and slots, which of them are steps, and which do what nobody knows.

use super::edges::Edges;
use super::image::Image;
use crate::entity::Phase;
use crate::fragment::Feature;
use crate::kind::Kind;

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

/// The opaque steps of an image, by their node. What was there already does nothing, so nothing of it is unknown.
pub fn find_opaque(image: &mut Image, edges: &Edges) {
    let mut opaque: Vec<(u32, Phase, bool)> = Vec::new();
    {
        let nodes = Nodes::new(image, &edges.extra);
        for (feature, row) in image.features.iter().enumerate() {
            let node = image.slots.merged[feature];
            if row.is(Feature::OPAQUE) && nodes.is_step(node) {
                opaque.push((node, row.phase, row.kind == Kind::Package));
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
