//! The names of steps, and the order in which a plan tells them.

use std::cmp::Ordering;

use rustc_hash::FxHashMap;

use super::rank::ranks;
use crate::entity::Strength;
use crate::graph::nodes::Nodes;
use crate::graph::slots::NONE;
use crate::graph::{Graph, Image};
use crate::intern::{EntityId, EntityType};
use crate::kind::Kind;

/// The stable name of each step, all in one text.
pub(super) struct Ids {
    text: String,
    /// Where the name of each node starts, and one more. Names stand in the order of the nodes.
    starts: Vec<usize>,
    /// Names that had to be told apart.
    longer: FxHashMap<u32, String>,
}

impl Ids {
    /// Names the steps, which are given in ascending order.
    pub(super) fn new(image: &Image, nodes: &Nodes<'_>, steps: &[u32]) -> Self {
        let count = nodes.count();
        let mut ids = Self {
            text: String::with_capacity(steps.len() * 48),
            starts: Vec::with_capacity(count + 1),
            longer: FxHashMap::default(),
        };
        // Equal names are about one entity, so that only those few have to be compared; of no entity are commands and the like.
        let mut first = vec![NONE; image.entities.len()];
        let mut shared = Vec::new();
        for &node in steps {
            ids.starts.resize(node as usize + 1, ids.text.len());
            let main = main_entity(image, nodes, node);
            push_base(image, nodes, node, &mut ids.text);
            match main.map(|main| &mut first[main.index()]) {
                Some(first) if *first == NONE => *first = node,
                Some(first) => shared.extend([*first, node]),
                None => shared.push(node),
            }
        }
        ids.starts.resize(count + 1, ids.text.len());
        shared.sort_unstable_by(|&a, &b| ids.of(a).cmp(ids.of(b)).then(a.cmp(&b)));
        shared.dedup();
        let longer: Vec<(u32, String)> = shared
            .chunk_by(|&a, &b| ids.of(a) == ids.of(b))
            .filter(|equal| equal.len() > 1)
            .flatten()
            .map(|&node| (node, format!("{}#{}", ids.of(node), suffix(image, nodes, node))))
            .collect();
        ids.longer = longer.into_iter().collect();
        ids
    }

    /// The name of a step.
    pub(super) fn of(&self, node: u32) -> &str {
        if !self.longer.is_empty()
            && let Some(longer) = self.longer.get(&node)
        {
            return longer;
        }
        &self.text[self.starts[node as usize]..self.starts[node as usize + 1]]
    }

    /// What follows the kind in the name of a step: the path or account that it is about, where it is about one.
    pub(super) fn subject(&self, node: u32) -> &str {
        let base = &self.text[self.starts[node as usize]..self.starts[node as usize + 1]];
        memchr::memchr(b':', base.as_bytes()).map_or("", |colon| &base[colon + 1..])
    }

    /// Puts steps in the order of the plan: by stage, wave and entity key, then by name.
    pub(super) fn sort(&self, graph: &Graph, nodes: &Nodes<'_>, steps: &[u32]) -> Vec<u32> {
        let image = &graph.image;
        let ranks = ranks(&image.entities);
        // What is of no entity stands where its own name would.
        let words = [EntityType::Group, EntityType::Path, EntityType::User].map(EntityType::name);
        let mut nameless: Vec<u32> =
            steps.iter().copied().filter(|&node| main_entity(image, nodes, node).is_none()).collect();
        nameless.sort_unstable_by(|&a, &b| self.of(a).cmp(self.of(b)));
        let nameless: FxHashMap<u32, u32> =
            nameless.into_iter().enumerate().map(|(rank, node)| (node, rank as u32)).collect();
        let after = |id: &str| words.iter().filter(|&&word| word <= id.split(':').next().unwrap_or(id)).count();
        let key = |node: u32| {
            let (word, rank) = match main_entity(image, nodes, node) {
                Some(main) => {
                    let own = image.entities.entity_type(main).name();
                    let before = words.iter().filter(|&&word| word < own).count();
                    (before * 2 + 1, ranks[main.index()])
                }
                None => (after(self.of(node)) * 2, nameless[&node]),
            };
            let time = u64::from(graph.order.stage[node as usize]) << 32 | u64::from(graph.order.wave[node as usize]);
            (time, (word as u64) << 32 | u64::from(rank), node)
        };
        let mut keyed: Vec<(u64, u64, u32)> = steps.iter().map(|&node| key(node)).collect();
        keyed.sort_unstable_by(|a, b| {
            let order = (a.0, a.1).cmp(&(b.0, b.1));
            if order == Ordering::Equal { self.of(a.2).cmp(self.of(b.2)) } else { order }
        });
        keyed.into_iter().map(|(_, _, node)| node).collect()
    }
}

/// The path or account that a step is about; none for those that stand for several features or for a command.
pub(super) fn main_entity(image: &Image, nodes: &Nodes<'_>, node: u32) -> Option<EntityId> {
    match nodes.slot(node) {
        Some(slot) => Some(image.slots.slots[slot as usize].entity),
        None => {
            let row = &image.features[node as usize];
            row.main.filter(|&main| {
                !matches!(row.kind, Kind::Package | Kind::Run | Kind::Oci)
                    && !matches!(image.entities.entity_type(main), EntityType::Package | EntityType::Virtual)
            })
        }
    }
}

/// Adds a step's name before equal ones are told apart.
fn push_base(image: &Image, nodes: &Nodes<'_>, node: u32, id: &mut String) {
    let Some(slot) = nodes.slot(node) else { return image.push_base_id(node, id) };
    let slot = &image.slots.slots[slot as usize];
    let row = &image.provides[slot.lead as usize];
    id.push_str(match image.entities.entity_type(slot.entity) {
        EntityType::Group => "group",
        _ if slot.split && row.strength != Strength::Implied => image.features[row.feature as usize].kind.name(),
        _ => "ensure_dir",
    });
    id.push(':');
    image.entities.push_text(slot.entity, id);
}

/// What tells a step from others of the same name.
fn suffix(image: &Image, nodes: &Nodes<'_>, node: u32) -> String {
    match nodes.slot(node) {
        Some(_) => {
            let identity = format!("{} implied", nodes.phase(node).name());
            blake3::hash(identity.as_bytes()).to_hex()[..12].to_owned()
        }
        None => image.id_suffix(node),
    }
}
