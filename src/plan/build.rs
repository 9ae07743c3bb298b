//! A plan out of an ordered graph: ids, stages, inputs and keys first, then the steps, told one by one.

use std::io;

use std::hash::BuildHasher;

use rustc_hash::FxHashMap;

use super::digest::Digest;
use super::key::{Keys, TreeLine, plan_digest, tree_digest};
use super::mode::Mode;
use super::model::{
    Expect, Expected, Input, InputType, Origin, PathType, Phase, PlanParent, Provided, Replaced, ReplacedFrom,
    ReplacedType, Stage, Step,
};
use super::operation::Operations;
use super::output::{PlanHead, PlanSource};
use crate::entity::{Means, Strength};
use crate::fragment::Feature;
use crate::graph::Graph;
use crate::graph::edges::Reliance;
use crate::graph::order::Nodes;
use crate::graph::slots::{NONE, There};
use crate::inputs::{ArchiveState, DigestState, Inputs};
use crate::intern::{EntityId, EntityType};
use crate::kind::Kind;
use crate::tree::{FileType, Tree};

/// What to tell of a plan.
#[derive(Clone, Copy, Debug, Default)]
pub struct BuildOptions {
    /// Every entry of a tree, in place of its root and a number.
    pub entries: bool,
}

/// A finished plan whose steps are made while they are told.
pub struct Built<'g> {
    graph: &'g Graph,
    nodes: Nodes<'g>,
    operations: Operations<'g>,
    options: BuildOptions,
    /// Nodes that are steps, in the order of the plan.
    order: Vec<u32>,
    ids: Vec<String>,
    keys: Vec<Digest>,
    provides: Rows,
    members: Rows,
    inputs: FxHashMap<u32, Vec<Input>>,
    /// What features say that they bring about beside what they make.
    declared: FxHashMap<u32, Vec<EntityId>>,
    parent: Option<PlanParent>,
    stages: Vec<Stage>,
    expects: Vec<Expect>,
    digest: Digest,
}

/// Lists by node, in one vector.
struct Rows {
    offsets: Vec<u32>,
    items: Vec<u32>,
}

impl Rows {
    /// Pairs of a node and an item, sorted by counting.
    fn new(nodes: usize, pairs: impl Iterator<Item = (u32, u32)> + Clone) -> Self {
        let mut offsets = vec![0u32; nodes + 1];
        for (node, _) in pairs.clone() {
            offsets[node as usize + 1] += 1;
        }
        for at in 0..nodes {
            offsets[at + 1] += offsets[at];
        }
        let mut next = offsets.clone();
        let mut items = vec![0u32; offsets[nodes] as usize];
        for (node, item) in pairs {
            let slot = &mut next[node as usize];
            items[*slot as usize] = item;
            *slot += 1;
        }
        Self { offsets, items }
    }

    fn of(&self, node: u32) -> &[u32] {
        &self.items[self.offsets[node as usize] as usize..self.offsets[node as usize + 1] as usize]
    }
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
        let provides = Rows::new(
            count,
            image
                .slots
                .slots
                .iter()
                .enumerate()
                .filter(|(_, slot)| slot.node != NONE && !slot.satisfied)
                .map(|(number, slot)| (slot.node, number as u32)),
        );
        let members =
            Rows::new(count, image.slots.merged.iter().enumerate().map(|(feature, &node)| (node, feature as u32)));
        let mut order: Vec<u32> =
            (0..count as u32).filter(|&node| nodes.is_step(node) && graph.order.stage[node as usize] != NONE).collect();
        let mut built = Self {
            graph,
            operations: Operations::new(graph),
            nodes,
            options,
            order: Vec::new(),
            ids: Vec::new(),
            keys: Vec::new(),
            provides,
            members,
            inputs: FxHashMap::default(),
            declared: FxHashMap::default(),
            parent: None,
            stages: Vec::new(),
            expects: Vec::new(),
            digest: plan_digest(None, None),
        };
        built.name_all(&order);
        order.sort_by(|&a, &b| {
            let time = |node: u32| (graph.order.stage[node as usize], graph.order.wave[node as usize]);
            time(a).cmp(&time(b)).then_with(|| built.by_entity(a, b))
        });
        built.order = order;
        for row in image.provides.iter().filter(|row| row.means == Means::Declared) {
            built.declared.entry(row.feature).or_default().push(row.entity);
        }
        built.read_inputs(inputs);
        built.parent = image.base.as_ref().map(|base| PlanParent {
            name: base.name.clone(),
            digest: base
                .digest
                .map_or_else(|| Digest::of(format!("opaque:{}", base.name).as_bytes()), Digest::from_bytes),
        });
        built.make_keys();
        built.expect();
        built
    }

    /// Names the root as it is at the end.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The stable name of a step.
    pub fn id(&self, node: u32) -> &str {
        &self.ids[node as usize]
    }

    /// The steps, in the order of the plan, as nodes of the graph.
    pub fn nodes(&self) -> &[u32] {
        &self.order
    }

    /// Numbers that were allocated, not given: entity and number.
    pub fn allocated(&self) -> &[(EntityId, u32)] {
        &self.graph.numbers.allocated
    }

    fn name_all(&mut self, order: &[u32]) {
        let image = &self.graph.image;
        self.ids = vec![String::new(); self.nodes.count()];
        let mut seen: hashbrown::HashTable<u32> = hashbrown::HashTable::with_capacity(order.len());
        let hasher = rustc_hash::FxBuildHasher;
        let mut twice: Vec<u32> = Vec::new();
        for &node in order {
            let id = match self.nodes.slot(node) {
                Some(slot) => {
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
                None => image.base_id(node),
            };
            let hash = hasher.hash_one(&id);
            let first = seen.find(hash, |&other| self.ids[other as usize] == id).copied();
            self.ids[node as usize] = id;
            match first {
                Some(first) => twice.extend([first, node]),
                None => {
                    seen.insert_unique(hash, node, |&other| hasher.hash_one(&self.ids[other as usize]));
                }
            }
        }
        twice.sort_unstable();
        twice.dedup();
        for node in twice {
            let suffix = match self.nodes.slot(node) {
                Some(_) => blake3::hash(format!("{} implied", self.nodes.phase(node).name()).as_bytes()).to_hex()[..12]
                    .to_owned(),
                None => image.id_suffix(node),
            };
            let id = &mut self.ids[node as usize];
            id.push('#');
            id.push_str(&suffix);
        }
    }

    /// Orders two steps by entity key, then by id. The key is never written out: it is a word and the id's own ending.
    fn by_entity(&self, a: u32, b: u32) -> std::cmp::Ordering {
        let key = |node: u32| -> (&'static str, &str) {
            let image = &self.graph.image;
            let id = self.ids[node as usize].as_str();
            let main = match self.nodes.slot(node) {
                Some(slot) => Some(image.slots.slots[slot as usize].entity),
                None => {
                    let row = &image.features[node as usize];
                    row.main.filter(|_| !matches!(row.kind, Kind::Package | Kind::Run | Kind::Oci))
                }
            };
            let colon = memchr::memchr(b':', id.as_bytes());
            match (main, colon.map(|colon| &id[colon + 1..])) {
                (Some(main), Some(rest)) => match image.entities.entity_type(main) {
                    EntityType::Path => ("path:", rest),
                    EntityType::User => ("user:", rest),
                    EntityType::Group => ("group:", rest),
                    EntityType::Package | EntityType::Virtual => ("", id),
                },
                _ => ("", id),
            }
        };
        let ((word, rest), (other_word, other_rest)) = (key(a), key(b));
        let order = if word == other_word {
            rest.cmp(other_rest)
        } else {
            word.bytes().chain(rest.bytes()).cmp(other_word.bytes().chain(other_rest.bytes()))
        };
        order.then_with(|| self.ids[a as usize].cmp(&self.ids[b as usize]))
    }

    // ---- inputs ----------------------------------------------------------------------------------------------

    fn read_inputs(&mut self, inputs: &Inputs) {
        let mut found = FxHashMap::default();
        // In the order of the files, which is how the rows lie in memory.
        let mut nodes = self.order.clone();
        nodes.sort_unstable();
        for node in nodes {
            let sources = self.operations.sources(&self.nodes, node);
            if sources.is_empty() {
                continue;
            }
            let read: Vec<Input> = sources
                .into_iter()
                .filter_map(|source| {
                    let (input_type, size, digest) = match &source.tree {
                        Some(tree) => {
                            let digested = match inputs.digest(&source.path) {
                                Some(DigestState::Tree(tree)) => Some(tree.clone()),
                                _ => match inputs.archive(&source.path) {
                                    Some(ArchiveState::Tree(tree)) => Some(tree.clone()),
                                    _ => None,
                                },
                            };
                            let own = digest_of_tree(tree, digested.as_deref(), source.owners);
                            // What an opaque step of the other image did to it shows in that image's plan only.
                            let digest = source.from.map_or(own, |from| {
                                Digest::of(format!("{own} {}", Digest::from_bytes(from)).as_bytes())
                            });
                            (InputType::Tree, tree_size(tree), digest)
                        }
                        None => match inputs.digest(&source.path) {
                            Some(DigestState::File { size, digest }) => {
                                (InputType::File, *size, Digest::from_bytes(*digest))
                            }
                            _ => return None,
                        },
                    };
                    Some(Input { path: source.written, input_type, size, digest })
                })
                .collect();
            found.insert(node, read);
        }
        self.inputs = found;
    }

    // ---- keys ------------------------------------------------------------------------------------------------

    fn make_keys(&mut self) {
        let graph = self.graph;
        let mut keys = Keys::new();
        self.keys = vec![Digest::from_bytes([0; 32]); self.nodes.count()];
        let relied = self.relied();
        let mut base = self.parent.as_ref().map(|parent| parent.digest);
        let mut at = 0;
        let mut required: Vec<u32> = Vec::new();
        // By stage and wave, so that keys come after those they need, and then in the order of the files, which is how the
        // rows lie in memory.
        let mut order = self.order.clone();
        order.sort_unstable_by_key(|&node| (graph.order.stage[node as usize], graph.order.wave[node as usize], node));
        for (number, stage) in graph.order.stages.iter().enumerate() {
            let mut own = Vec::new();
            while let Some(&node) = order.get(at)
                && graph.order.stage[node as usize] as usize == number
            {
                at += 1;
                self.required(node, &mut required);
                let needs: Vec<Digest> = required.iter().map(|&node| self.keys[node as usize]).collect();
                let op = self.operations.operation(&self.nodes, node);
                let inputs = self.inputs.get(&node).map_or(&[][..], Vec::as_slice);
                let relies: Vec<&[u8]> =
                    relied.get(&node).map_or_else(Vec::new, |facts| facts.iter().map(Vec::as_slice).collect());
                let source = |path: &str| inputs.iter().find(|input| input.path == path).map(|input| input.digest);
                let key = keys.step(&op, source, &relies, base.filter(|_| stage.opaque), &needs);
                self.keys[node as usize] = key;
                own.push(key);
            }
            let key = keys.stage(base, &own);
            self.stages.push(Stage { phase: phase_of(stage.phase), opaque: stage.opaque, base, steps: own.len(), key });
            base = Some(key);
        }
        self.digest =
            plan_digest(self.stages.last().map(|stage| stage.key), self.parent.as_ref().map(|parent| parent.digest));
    }

    /// The steps that a step requires, through whatever is no step of its own.
    fn required(&self, node: u32, found: &mut Vec<u32>) {
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

    /// For each step what it relies on outside the plan, as canonical JSON.
    fn relied(&self) -> FxHashMap<u32, Vec<Vec<u8>>> {
        let mut relied: FxHashMap<u32, Vec<Vec<u8>>> = FxHashMap::default();
        let mut told: FxHashMap<(EntityId, u32), Vec<u8>> = FxHashMap::default();
        for reliance in &self.graph.edges.reliances {
            if !self.nodes.is_step(reliance.node) {
                continue;
            }
            let fact = told.entry((reliance.entity, reliance.validator)).or_insert_with(|| self.fact(reliance)).clone();
            relied.entry(reliance.node).or_default().push(fact);
        }
        for failure in &self.graph.unproven {
            if failure.node != NONE && self.nodes.is_step(failure.node) {
                let fact = serde_json::json!({ "entity": self.graph.image.key(failure.entity), "unproven": true });
                relied.entry(failure.node).or_default().push(super::canonical::canonical(&fact).unwrap_or_default());
            }
        }
        relied
    }

    fn fact(&self, reliance: &Reliance) -> Vec<u8> {
        let image = &self.graph.image;
        let mut fact = serde_json::Map::new();
        fact.insert("entity".into(), image.key(reliance.entity).into());
        if reliance.assumed {
            fact.insert("assumed".into(), true.into());
            fact.insert(
                "validator".into(),
                serde_json::to_value(self.expected(reliance.validator)).unwrap_or_default(),
            );
        } else if let Some(known) = image.known(reliance.entity) {
            let mut put = |key: &str, value: Option<String>| {
                if let Some(value) = value {
                    fact.insert(key.into(), value.into());
                }
            };
            let owner = |owner: &crate::tree::Owner| match owner {
                crate::tree::Owner::Name(name) => name.to_string(),
                crate::tree::Owner::Number(number) => number.to_string(),
            };
            put("type", known.file_type.map(|file_type| file_type.name().to_owned()));
            put("mode", known.mode.map(|mode| format!("{mode:04o}")));
            put("user", known.user.as_ref().map(owner));
            put("group", known.group.as_ref().map(owner));
            put("target", known.target.as_deref().map(str::to_owned));
            put("digest", known.digest.map(|digest| Digest::from_bytes(digest).to_string()));
            put("number", known.number.map(|number| number.to_string()));
            put("version", known.version.as_deref().map(str::to_owned));
        }
        super::canonical::canonical(&serde_json::Value::Object(fact)).unwrap_or_default()
    }

    // ---- expectations ----------------------------------------------------------------------------------------

    fn expected(&self, validator: u32) -> Expected {
        let image = &self.graph.image;
        let validator = image.validators[validator as usize];
        let owner = |owner: crate::entity::Owner| image.say_owner(owner);
        Expected {
            path_type: validator.file_type.map(path_type),
            executable: validator.executable,
            mode: validator.mode.map(Mode::new),
            user: validator.user.map(owner),
            group: validator.group.map(owner),
            empty: validator.empty,
        }
    }

    fn expect(&mut self) {
        let image = &self.graph.image;
        let last = self.stages.len().saturating_sub(1) as u32;
        let stage_of = |node: u32, ordered: bool, phase: crate::entity::Phase| {
            let own = self.graph.order.stage.get(node as usize).copied().unwrap_or(NONE);
            if ordered && own != NONE {
                return own.min(last);
            }
            let of_phase = self.graph.order.stages.iter().rposition(|stage| stage.phase <= phase);
            of_phase.map_or(0, |stage| stage as u32).min(last)
        };
        type Relied = std::collections::BTreeMap<(u32, String, String), (Expected, Vec<String>)>;
        let mut relied: Relied = Relied::new();
        let mut add = |entity: EntityId, validator: u32, node: u32, stage: u32| {
            let expected = self.expected(validator);
            let text = serde_json::to_string(&expected).unwrap_or_default();
            let entry = relied.entry((stage, image.key(entity), text)).or_insert_with(|| (expected, Vec::new()));
            if self.nodes.is_step(node) {
                entry.1.push(self.ids[node as usize].clone());
            }
        };
        for reliance in &self.graph.edges.reliances {
            let from_facts = reliance.assumed
                || image.base.as_ref().is_some_and(|base| base.from_facts)
                    && image.known(reliance.entity).is_some_and(|known| known.origin.is_none());
            // What was there already is no step and relies on nothing.
            let acts = self.nodes.slot(reliance.node).is_some()
                || self.nodes.is_step(reliance.node)
                || !image.features[reliance.node as usize].kind.spec().acts;
            if from_facts && acts {
                add(reliance.entity, reliance.validator, reliance.node, stage_of(reliance.node, true, reliance.phase));
            }
        }
        for failure in &self.graph.unproven {
            if failure.node != NONE {
                add(
                    failure.entity,
                    failure.validator,
                    failure.node,
                    stage_of(failure.node, failure.ordered, failure.phase),
                );
            }
        }
        self.expects = relied
            .into_iter()
            .map(|((stage, entity, _), (validator, mut relied_on_by))| {
                relied_on_by.sort();
                relied_on_by.dedup();
                Expect { entity, validator, stage, relied_on_by }
            })
            .collect();
    }

    // ---- steps -----------------------------------------------------------------------------------------------

    fn step(&self, node: u32, required: &mut Vec<u32>) -> Step {
        let graph = self.graph;
        self.required(node, required);
        let mut requires: Vec<String> = required.iter().map(|&node| self.ids[node as usize].clone()).collect();
        requires.sort_unstable();
        let op = self.operations.operation(&self.nodes, node);
        let own_slot = self.nodes.slot(node);
        Step {
            id: self.ids[node as usize].clone(),
            stage: graph.order.stage[node as usize],
            wave: graph.order.wave[node as usize],
            phase: phase_of(self.nodes.phase(node)),
            implied: own_slot.is_some_and(|slot| {
                let slot = &graph.image.slots.slots[slot as usize];
                graph.image.provides[slot.lead as usize].strength == Strength::Implied
            }),
            modifies: self.operations.modifies(&op, self.nodes.phase(node), self.brings_accounts(node)),
            hermetic: Operations::hermetic(&op),
            op,
            requires,
            provides: self.provided(node),
            replaces: self.replaced(node),
            inputs: self.inputs.get(&node).cloned().unwrap_or_default(),
            key: self.keys[node as usize],
        }
    }

    /// Whether it is said of a step that it brings users, and groups, which it then enters into the account files.
    fn brings_accounts(&self, node: u32) -> (bool, bool) {
        let image = &self.graph.image;
        let mut brings = (false, false);
        for &slot in self.provides.of(node) {
            let slot = &image.slots.slots[slot as usize];
            if image.provides[slot.lead as usize].means == Means::Declared {
                let entity_type = image.entities.entity_type(slot.entity);
                brings.0 |= entity_type == EntityType::User;
                brings.1 |= entity_type == EntityType::Group;
            }
        }
        brings
    }

    fn provided(&self, node: u32) -> Vec<Provided> {
        let image = &self.graph.image;
        let slots = self.provides.of(node);
        let mut keys: Vec<String> = Vec::new();
        let mut entries = 0u64;
        for &slot in slots {
            let slot = &image.slots.slots[slot as usize];
            let contained = image.provides[slot.lead as usize].means == Means::Contained
                && image.entities.is_path(slot.entity)
                && !slot.split;
            if contained && !self.options.entries {
                entries += 1;
            } else {
                keys.push(image.key(slot.entity));
            }
        }
        keys.extend(self.declared(node));
        keys.sort_unstable();
        keys.dedup();
        let mut provided: Vec<Provided> = keys.into_iter().map(Provided::Entity).collect();
        if entries > 0
            && let Some(main) =
                self.nodes.slot(node).map_or(image.features.get(node as usize).and_then(|row| row.main), |_| None)
        {
            // Packages unpack at `/`, whatever they are called.
            let root = if image.entities.is_path(main) { main } else { EntityId::ROOT };
            provided.insert(0, Provided::Tree { entity: image.key(root), entries });
        }
        provided
    }

    /// What the features of a step say that they bring about, where another step leads.
    fn declared(&self, node: u32) -> Vec<String> {
        if self.nodes.slot(node).is_some() {
            return Vec::new();
        }
        if self.declared.is_empty() {
            return Vec::new();
        }
        let of = |feature: &u32| self.declared.get(feature).into_iter().flatten();
        self.members.of(node).iter().flat_map(of).map(|&entity| self.graph.image.key(entity)).collect()
    }

    fn replaced(&self, node: u32) -> Option<Replaced> {
        let image = &self.graph.image;
        for &slot in self.provides.of(node) {
            let slot = &image.slots.slots[slot as usize];
            if let Some(replaces) = slot.replaces {
                let what = match image.entities.entity_type(slot.entity) {
                    EntityType::User => ReplacedType::User,
                    EntityType::Group => ReplacedType::Group,
                    _ => replaces.file_type.map_or(ReplacedType::Unknown, replaced_type),
                };
                let from = if replaces.phase.is_some() { ReplacedFrom::Phase } else { ReplacedFrom::Parent };
                return Some(Replaced { what, from });
            }
        }
        if self.nodes.slot(node).is_some() {
            return None;
        }
        let row = &image.features[node as usize];
        let main = row.main?;
        let replacing =
            self.members.of(node).iter().any(|&feature| image.features[feature as usize].is(Feature::REPLACE));
        let is_path = image.entities.is_path(main);
        let known = !matches!(image.before(main, row.phase), There::Nothing);
        (replacing && is_path && !known && image.opaque_before(main, row.phase))
            .then_some(Replaced { what: ReplacedType::Unknown, from: ReplacedFrom::Opaque })
    }

    fn origins_of(&self, node: u32) -> Vec<Origin> {
        let image = &self.graph.image;
        let mut places: Vec<Origin> = Vec::new();
        let mut add = |feature: u32, span: Option<crate::text::Span>| {
            let location = span.map_or_else(|| image.origin(feature), |span| image.at(feature, span));
            let start = location.start();
            places.push(Origin { file: location.source.name.clone(), line: start.line, column: start.column });
        };
        match self.nodes.slot(node) {
            Some(slot) => {
                let slot = &image.slots.slots[slot as usize];
                for &row in &image.slots.rows[slot.rows.0 as usize..slot.rows.1 as usize] {
                    add(image.provides[row as usize].feature, None);
                }
            }
            None => {
                for &feature in self.members.of(node) {
                    add(feature, None);
                }
            }
        }
        places.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
        places.dedup();
        places
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

    fn steps(&self, origins: bool, tell: &mut dyn FnMut(&Step, &[Origin]) -> io::Result<()>) -> io::Result<()> {
        let mut required = Vec::new();
        for &node in &self.order {
            let step = self.step(node, &mut required);
            let places = if origins { self.origins_of(node) } else { Vec::new() };
            tell(&step, &places)?;
        }
        Ok(())
    }

    fn origins(&self, tell: &mut dyn FnMut(&str, &[Origin]) -> io::Result<()>) -> io::Result<()> {
        for &node in &self.order {
            tell(&self.ids[node as usize], &self.origins_of(node))?;
        }
        Ok(())
    }
}

fn phase_of(phase: crate::entity::Phase) -> Phase {
    match phase {
        crate::entity::Phase::Packages => Phase::Packages,
        crate::entity::Phase::Commands => Phase::Commands,
        crate::entity::Phase::Removals => Phase::Removals,
        crate::entity::Phase::Main => Phase::Main,
        crate::entity::Phase::Finalize => Phase::Finalize,
    }
}

fn path_type(file_type: FileType) -> PathType {
    match file_type {
        FileType::File => PathType::File,
        FileType::Directory => PathType::Directory,
        FileType::Symlink => PathType::Symlink,
        FileType::Char => PathType::Char,
        FileType::Block => PathType::Block,
        FileType::Fifo => PathType::Fifo,
        FileType::Socket => PathType::Socket,
        FileType::Mount => PathType::Mount,
    }
}

fn replaced_type(file_type: FileType) -> ReplacedType {
    match file_type {
        FileType::File => ReplacedType::File,
        FileType::Directory => ReplacedType::Directory,
        FileType::Symlink => ReplacedType::Symlink,
        FileType::Char => ReplacedType::Char,
        FileType::Block => ReplacedType::Block,
        FileType::Fifo => ReplacedType::Fifo,
        FileType::Socket => ReplacedType::Socket,
        FileType::Mount => ReplacedType::Unknown,
    }
}

fn tree_size(tree: &Tree) -> u64 {
    tree.entries().iter().filter_map(|entry| entry.size).sum()
}

/// The digest of a tree as it is put into the image. `digested` is the same source with the digests of its files.
fn digest_of_tree(tree: &Tree, digested: Option<&Tree>, owners: bool) -> Digest {
    let lines: Vec<(String, String)> = tree
        .entries()
        .iter()
        .map(|entry| {
            let content = if let Some(target) = &entry.target {
                target.to_string()
            } else if let Some((major, minor)) = entry.device {
                format!("{major}:{minor}")
            } else {
                let digest = entry
                    .digest
                    .or_else(|| digested.and_then(|tree| tree.get(&entry.path)).and_then(|entry| entry.digest));
                digest.map(|digest| Digest::from_bytes(digest).to_string()).unwrap_or_default()
            };
            let owner = if owners {
                let say = |owner: &Option<crate::tree::Owner>, id: Option<u32>| match (owner, id) {
                    (Some(crate::tree::Owner::Name(name)), _) => name.to_string(),
                    (Some(crate::tree::Owner::Number(number)), _) => number.to_string(),
                    (None, Some(number)) => number.to_string(),
                    (None, None) => String::new(),
                };
                format!("{}:{}", say(&entry.user, entry.uid), say(&entry.group, entry.gid))
            } else {
                String::new()
            };
            (content, owner)
        })
        .collect();
    tree_digest(tree.entries().iter().zip(&lines).map(|(entry, (content, owner))| TreeLine {
        entry_type: entry.file_type.name(),
        mode: match entry.file_type {
            _ if owners => entry.mode.map(Mode::new),
            // Of a folder on the host only who may execute a file matters.
            FileType::File => entry.executable().map(|executable| Mode::new(if executable { 0o755 } else { 0o644 })),
            _ => None,
        },
        owner,
        path: &entry.path,
        content,
    }))
}
