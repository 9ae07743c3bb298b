//! The nodes of an image's graph by the names that a plan gives its steps, whether or not there is a plan.

use petgraph::algo::kosaraju_scc;
use petgraph::graph::DiGraph;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::entity::{Provide, Strength};
use crate::graph::Graph;
use crate::graph::nodes::Nodes;
use crate::graph::slots::NONE;
use crate::intern::EntityType;
use crate::kind::Kind;

/// Every node with its name. Features that are no step have one, too.
pub(super) struct Steps<'g> {
    /// The image.
    pub graph: &'g Graph,
    /// What each node is.
    pub nodes: Nodes<'g>,
    /// Nodes that stand for themselves, in the order of the plan.
    pub shown: Vec<u32>,
    ids: Vec<String>,
    /// Node and feature, sorted.
    members: Vec<(u32, u32)>,
}

impl<'g> Steps<'g> {
    pub fn new(graph: &'g Graph) -> Self {
        let image = &graph.image;
        let nodes = Nodes::new(image, &graph.edges.extra);
        let mut members: Vec<(u32, u32)> =
            image.slots.merged.iter().enumerate().map(|(feature, &node)| (node, feature as u32)).collect();
        members.sort_unstable();
        let alive = |node: &u32| nodes.slot(*node).is_some() || image.slots.merged[*node as usize] == *node;
        let shown: Vec<u32> = (0..nodes.count() as u32).filter(alive).collect();
        let mut steps = Self { graph, ids: vec![String::new(); nodes.count()], nodes, shown, members };
        steps.name_all();
        let mut shown = std::mem::take(&mut steps.shown);
        shown.sort_by(|&a, &b| steps.rank(a).cmp(&steps.rank(b)));
        steps.shown = shown;
        steps
    }

    /// The name of a step, as in the plan.
    pub fn id(&self, node: u32) -> &str {
        self.ids.get(node as usize).map_or("", String::as_str)
    }

    /// Features that are one step, by place.
    pub fn members(&self, node: u32) -> impl Iterator<Item = u32> + '_ {
        let from = self.members.partition_point(|&(other, _)| other < node);
        self.members[from..].iter().take_while(move |&&(other, _)| other == node).map(|&(_, feature)| feature)
    }

    /// The node of a feature.
    pub fn of(&self, feature: u32) -> u32 {
        self.graph.image.slots.merged[feature as usize]
    }

    /// The stage of a node; none in a circle, after one, or where nothing is carried out.
    pub fn stage(&self, node: u32) -> Option<u32> {
        let order = &self.graph.order;
        let stage = order.stage.get(node as usize).copied().filter(|&stage| stage != NONE)?;
        let known = order.stages.get(stage as usize)?;
        (known.phase == self.nodes.phase(node)).then_some(stage)
    }

    /// Whether it could not be ordered.
    pub fn is_stuck(&self, node: u32) -> bool {
        self.graph.order.stage.get(node as usize).is_some_and(|&stage| stage == NONE)
    }

    /// Whether it is made because something else needs it.
    pub fn is_implied(&self, node: u32) -> bool {
        let image = &self.graph.image;
        self.nodes.slot(node).is_some_and(|slot| {
            let lead = image.slots.slots[slot as usize].lead;
            image.provides[lead as usize].strength == Strength::Implied
        })
    }

    /// The rows that a file declares for a feature; what comes from trees or was implied is not among them.
    pub fn declared(&self, feature: u32) -> &'g [Provide] {
        let image = &self.graph.image;
        let file = &image.files[image.file_of(feature) as usize];
        let start = (file.provides as usize).min(image.provides.len());
        let end = (start + file.fragment.provides.len()).min(image.provides.len());
        let rows = &image.provides[start..end];
        let from = rows.partition_point(|row| row.feature < feature);
        let length = rows[from..].partition_point(|row| row.feature == feature);
        &rows[from..from + length]
    }

    /// Nodes by which a name goes: a whole id, or one without what tells equal ones apart.
    pub fn named(&self, name: &str) -> Vec<u32> {
        let exact: Vec<u32> = self.shown.iter().copied().filter(|&node| self.id(node) == name).collect();
        if !exact.is_empty() {
            return exact;
        }
        let base = |node: &u32| self.id(*node).rsplit_once('#').is_some_and(|(base, _)| base == name);
        self.shown.iter().copied().filter(base).collect()
    }

    /// Nodes that need themselves, through others or not.
    pub fn in_circles(&self) -> FxHashSet<u32> {
        let stuck: Vec<u32> = self.shown.iter().copied().filter(|&node| self.is_stuck(node)).collect();
        let number: FxHashMap<u32, u32> = stuck.iter().enumerate().map(|(at, &node)| (node, at as u32)).collect();
        let mut graph: DiGraph<u32, ()> = DiGraph::with_capacity(stuck.len(), stuck.len());
        for &node in &stuck {
            graph.add_node(node);
        }
        let mut found = FxHashSet::default();
        for (at, &node) in stuck.iter().enumerate() {
            for edge in self.graph.order.needs_of(node) {
                if edge.from == node {
                    found.insert(node);
                } else if let Some(&from) = number.get(&edge.from) {
                    graph.add_edge(from.into(), (at as u32).into(), ());
                }
            }
        }
        for component in kosaraju_scc(&graph) {
            if component.len() > 1 {
                found.extend(component.into_iter().map(|index| graph[index]));
            }
        }
        found
    }

    fn rank(&self, node: u32) -> (crate::entity::Phase, u32, u32, &str) {
        let stage = self.graph.order.stage.get(node as usize).copied().unwrap_or(NONE);
        let wave = self.graph.order.wave.get(node as usize).copied().unwrap_or(0);
        (self.nodes.phase(node), stage, wave, self.id(node))
    }

    /// Steps first, so that what is no step changes none of their names.
    fn name_all(&mut self) {
        let (steps, others): (Vec<u32>, Vec<u32>) = self.shown.iter().partition(|&&node| self.nodes.is_step(node));
        let mut taken: FxHashMap<String, u32> = FxHashMap::default();
        for (group, are_steps) in [(steps, true), (others, false)] {
            let names: Vec<String> = group.iter().map(|&node| self.plain_id(node, are_steps)).collect();
            let mut count: FxHashMap<&str, u32> = FxHashMap::default();
            for name in &names {
                *count.entry(name).or_insert_with(|| u32::from(taken.contains_key(name))) += 1;
            }
            let mut ids: Vec<String> = Vec::with_capacity(names.len());
            for (&node, name) in group.iter().zip(&names) {
                let nameless = !are_steps && !name.contains(':');
                let again = nameless || count.get(name.as_str()).is_some_and(|&count| count > 1);
                ids.push(if again { format!("{name}#{}", self.suffix(node)) } else { name.clone() });
            }
            for (node, id) in group.into_iter().zip(ids) {
                // Only what the plan would refuse can be equal still: broken features.
                let times = taken.entry(id.clone()).or_insert(0);
                *times += 1;
                self.ids[node as usize] = if *times > 1 { format!("{id}.{times}") } else { id };
            }
        }
    }

    fn plain_id(&self, node: u32, is_step: bool) -> String {
        let image = &self.graph.image;
        let Some(slot) = self.nodes.slot(node) else {
            let row = &image.features[node as usize];
            let nameless = matches!(row.kind, Kind::Require | Kind::Assume) || !is_step && row.main.is_none();
            return if nameless { row.kind.name().to_owned() } else { image.base_id(node) };
        };
        let slot = &image.slots.slots[slot as usize];
        let text = image.entities.text(slot.entity);
        let row = &image.provides[slot.lead as usize];
        match image.entities.entity_type(slot.entity) {
            EntityType::Group => format!("group:{text}"),
            _ if slot.split && row.strength != Strength::Implied => {
                format!("{}:{text}", image.features[row.feature as usize].kind.name())
            }
            _ => format!("ensure_dir:{text}"),
        }
    }

    fn suffix(&self, node: u32) -> String {
        match self.nodes.slot(node) {
            Some(_) => {
                let identity = format!("{} implied", self.nodes.phase(node).name());
                blake3::hash(identity.as_bytes()).to_hex()[..12].to_owned()
            }
            None => self.graph.image.id_suffix(node),
        }
    }
}
