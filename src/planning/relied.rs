//! What a plan relies on without having proven it, or from outside itself: for the keys of its steps, and for an executor to check.

use std::borrow::Cow;

use canon_json::CanonJsonSerialize;
use rustc_hash::FxHashMap;
use serde_json::{Map, Value, json};

use super::ids::Ids;
use super::rows::Rows;
use crate::entity::Phase;
use crate::graph::edges::Reliance;
use crate::graph::nodes::Nodes;
use crate::graph::slots::NONE;
use crate::graph::{Graph, Image};
use crate::intern::EntityId;
use crate::tree::Owner;
use featgraph_plan::Digest;
use featgraph_plan::Mode;
use featgraph_plan::{Expect, Expected};

/// For each step the facts that it relies on.
pub(super) struct Relied {
    /// Each as canonical JSON.
    facts: Vec<Vec<u8>>,
    rows: Rows,
}

impl Relied {
    pub(super) fn new(graph: &Graph, nodes: &Nodes<'_>) -> Self {
        let image = &graph.image;
        let mut facts: Vec<Vec<u8>> = Vec::new();
        let mut told: FxHashMap<(EntityId, Option<u32>), u32> = FxHashMap::default();
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        let mut add = |node: u32, what: (EntityId, Option<u32>), fact: &dyn Fn() -> Value| {
            let number = *told.entry(what).or_insert_with(|| {
                facts.push(fact().to_canon_json_vec().unwrap_or_default());
                facts.len() as u32 - 1
            });
            pairs.push((node, number));
        };
        for reliance in graph.edges.reliances.iter().filter(|reliance| nodes.is_step(reliance.node)) {
            let what = (reliance.entity, Some(reliance.validator));
            add(reliance.node, what, &|| fact(image, reliance));
        }
        for failure in graph.unproven.iter().filter(|failure| failure.node != NONE && nodes.is_step(failure.node)) {
            let unproven = || json!({ "entity": image.key(failure.entity), "unproven": true });
            add(failure.node, (failure.entity, None), &unproven);
        }
        Self { facts, rows: Rows::new(nodes.count(), pairs.iter().copied()) }
    }

    /// The facts that a step relies on, with repeats.
    pub(super) fn of(&self, node: u32) -> impl Iterator<Item = &[u8]> {
        self.rows.of(node).iter().map(|&fact| self.facts[fact as usize].as_slice())
    }
}

fn fact(image: &Image, reliance: &Reliance) -> Value {
    let mut fact = Map::new();
    fact.insert("entity".into(), image.key(reliance.entity).into());
    if reliance.assumed {
        fact.insert("assumed".into(), true.into());
        let validator = serde_json::to_value(expected(image, reliance.validator)).unwrap_or_default();
        fact.insert("validator".into(), validator);
    } else if let Some(known) = image.known(reliance.entity) {
        let mut put = |key: &str, value: Option<Cow<'_, str>>| {
            if let Some(value) = value {
                fact.insert(key.into(), value.into());
            }
        };
        let owner = |owner: &Owner| match owner {
            Owner::Name(name) => Cow::Owned(name.to_string()),
            Owner::Number(number) => Cow::Owned(number.to_string()),
        };
        put("type", known.file_type.map(|file_type| file_type.name().into()));
        put("mode", known.mode.map(|mode| format!("{mode:04o}").into()));
        put("user", known.user.as_ref().map(owner));
        put("group", known.group.as_ref().map(owner));
        put("target", known.target.as_deref().map(Cow::Borrowed));
        put("digest", known.digest.map(|digest| Digest::from_bytes(digest).to_string().into()));
        put("number", known.number.map(|number| number.to_string().into()));
        put("version", known.version.as_deref().map(Cow::Borrowed));
    }
    Value::Object(fact)
}

/// What is to be checked when a stage starts, or, with the number after the last, when all are over; sorted by stage, entity and
/// validator.
pub(super) fn expects(graph: &Graph, nodes: &Nodes<'_>, ids: &Ids, stages: usize) -> Vec<Expect> {
    let image = &graph.image;
    // Without a step of its own, what must be there in order is looked for when its phase begins, and what must only be there in
    // the end when it is over: before that, an opaque step of the phase may still be to make it.
    let stage_of = |node: u32, ordered: bool, phase: Phase| {
        let own = graph.order.stage.get(node as usize).copied().unwrap_or(NONE);
        let stage = match ordered {
            true if own != NONE => own as usize,
            true => graph.order.stages.partition_point(|stage| stage.phase < phase),
            false => graph.order.stages.partition_point(|stage| stage.phase <= phase),
        };
        stage.min(stages) as u32
    };
    let mut relied: FxHashMap<(u32, EntityId, u32), Vec<u32>> = FxHashMap::default();
    let mut add = |entity: EntityId, validator: u32, node: u32, stage: u32| {
        let relying = relied.entry((stage, entity, validator)).or_default();
        if nodes.is_step(node) {
            relying.push(node);
        }
    };
    for reliance in &graph.edges.reliances {
        let from_facts = reliance.assumed
            || image.base.as_ref().is_some_and(|base| base.from_facts)
                && image.known(reliance.entity).is_some_and(|known| known.origin.is_none());
        // What was there already is no step and relies on nothing.
        let acts = nodes.slot(reliance.node).is_some()
            || nodes.is_step(reliance.node)
            || !image.features[reliance.node as usize].kind.spec().acts;
        if from_facts && acts {
            add(reliance.entity, reliance.validator, reliance.node, stage_of(reliance.node, true, reliance.phase));
        }
    }
    for failure in graph.unproven.iter().filter(|failure| failure.node != NONE) {
        let stage = stage_of(failure.node, failure.ordered, failure.phase);
        add(failure.entity, failure.validator, failure.node, stage);
    }
    let mut expects: Vec<(String, Expect)> = relied
        .into_iter()
        .map(|((stage, entity, validator), mut relying)| {
            relying.sort_unstable();
            relying.dedup();
            let validator = expected(image, validator);
            let text = serde_json::to_string(&validator).unwrap_or_default();
            let relied_on_by = relying.iter().map(|&node| ids.of(node).to_owned()).collect();
            (text, Expect { entity: image.key(entity), validator, stage, relied_on_by })
        })
        .collect();
    expects.sort_unstable_by(|(text, a), (other, b)| (a.stage, &a.entity, text).cmp(&(b.stage, &b.entity, other)));
    // Two validators of one meaning are one expectation.
    expects.dedup_by(|(text, later), (other, first)| {
        let same = (later.stage, &later.entity, &*text) == (first.stage, &first.entity, &*other);
        if same {
            first.relied_on_by.append(&mut later.relied_on_by);
        }
        same
    });
    for (_, expect) in &mut expects {
        expect.relied_on_by.sort_unstable();
        expect.relied_on_by.dedup();
    }
    expects.into_iter().map(|(_, expect)| expect).collect()
}

fn expected(image: &Image, validator: u32) -> Expected {
    let validator = image.validators[validator as usize];
    Expected {
        path_type: validator.file_type,
        executable: validator.executable,
        mode: validator.mode.map(Mode::new),
        user: validator.user.map(|owner| image.say_owner(owner).into_owned()),
        group: validator.group.map(|owner| image.say_owner(owner).into_owned()),
        empty: validator.empty,
    }
}
