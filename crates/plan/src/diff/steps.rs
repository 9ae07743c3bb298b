//! The steps of two plans, matched by id.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use serde::Serialize;
use serde_json::{Map, Value};

use super::super::model::{Input, Plan, Step};
use super::super::words::describe;
use super::{FieldChange, Rebuilt, StepChange, StepLine};

pub(super) type Compared = (Vec<StepLine>, Vec<StepLine>, Vec<StepChange>, Vec<Rebuilt>);

pub(super) fn compare(old: &Plan, new: &Plan) -> Compared {
    let before = Side::new(old);
    let after = Side::new(new);
    let barriers = (before.barriers(&after), after.barriers(&before));
    let removed = old.steps.iter().filter(|step| !after.steps.contains_key(&*step.id)).map(line).collect();
    let (mut added, mut changed, mut rebuilt) = (Vec::new(), Vec::new(), Vec::new());
    for step in &new.steps {
        let Some(&was) = before.steps.get(&*step.id) else {
            added.push(line(step));
            continue;
        };
        let passed = (at(&barriers.0, was.stage), at(&barriers.1, step.stage));
        let fields = fields(was, step, passed.0 != passed.1);
        if !fields.is_empty() {
            changed.push(StepChange { id: step.id.to_string(), fields, outcome: was.key != step.key });
        } else if was.key != step.key {
            rebuilt.push(reason(step, &before, &after, was));
        }
    }
    (added, removed, changed, rebuilt)
}

/// What the first list has beyond the second.
pub(super) fn beyond<T: Clone + Eq + Hash>(list: &[T], other: &[T]) -> Vec<T> {
    let other: HashSet<&T> = other.iter().collect();
    list.iter().filter(|item| !other.contains(item)).cloned().collect()
}

/// One of the two plans.
struct Side<'p> {
    plan: &'p Plan,
    steps: HashMap<&'p str, &'p Step<'p>>,
}

impl<'p> Side<'p> {
    fn new(plan: &'p Plan) -> Self {
        Self { plan, steps: plan.steps.iter().map(|step| (&*step.id, step)).collect() }
    }

    fn opaque(&self, step: &Step<'_>) -> bool {
        self.plan.stages.get(step.stage as usize).is_some_and(|stage| stage.opaque)
    }

    /// How many opaque steps that both plans have stand before each stage. A stage's number shifts whenever a barrier comes or goes
    /// anywhere before it; a step has moved only when it has changed sides with a barrier that was there all along.
    fn barriers(&self, other: &Self) -> Vec<usize> {
        let mut before = vec![0; self.plan.stages.len() + 1];
        for step in &self.plan.steps {
            let common = other.steps.get(&*step.id).is_some_and(|same| other.opaque(same));
            if common && self.opaque(step) {
                before[step.stage as usize + 1] += 1;
            }
        }
        for stage in 1..before.len() {
            before[stage] += before[stage - 1];
        }
        before
    }

    /// What an opaque step starts from.
    fn base(&self, step: &Step<'_>) -> Option<super::Digest> {
        self.plan.stages.get(step.stage as usize).filter(|stage| stage.opaque).and_then(|stage| stage.base)
    }
}

fn at(barriers: &[usize], stage: u32) -> usize {
    barriers.get(stage as usize).copied().unwrap_or_default()
}

fn line(step: &Step<'_>) -> StepLine {
    let (word, words) = describe(&step.op);
    StepLine { id: step.id.to_string(), phase: step.phase, does: format!("{word} {words}") }
}

/// Why a step that says the same has another key.
fn reason(step: &Step<'_>, before: &Side<'_>, after: &Side<'_>, was: &Step<'_>) -> Rebuilt {
    let key = |side: &Side<'_>, id: &str| side.steps.get(id).map(|step| step.key);
    let steps: Vec<String> =
        step.requires.iter().filter(|id| key(before, id) != key(after, id)).map(ToString::to_string).collect();
    let base = before.base(was) != after.base(step);
    let outside = steps.is_empty() && !base;
    Rebuilt { id: step.id.to_string(), steps, base, outside }
}

/// What differs between a step and what it was. Waves are left out: they follow from what is required.
fn fields(was: &Step<'_>, is: &Step<'_>, moved: bool) -> Vec<FieldChange> {
    let mut out = Vec::new();
    if was.phase != is.phase {
        out.push(whole("phase", json(&was.phase), json(&is.phase)));
    } else if moved {
        out.push(whole("stage", json(&was.stage), json(&is.stage)));
    }
    if was.op != is.op {
        members("op", &json(&was.op), &json(&is.op), &mut out);
    }
    if was.implied != is.implied {
        out.push(whole("implied", json(&was.implied), json(&is.implied)));
    }
    if was.replaces != is.replaces {
        out.push(optional("replaces", was.replaces.as_ref().map(json), is.replaces.as_ref().map(json)));
    }
    if was.hermetic != is.hermetic {
        out.push(whole("hermetic", json(&was.hermetic), json(&is.hermetic)));
    }
    elements("requires", &was.requires, &is.requires, &mut out);
    elements("provides", &was.provides, &is.provides, &mut out);
    elements("modifies", &was.modifies, &is.modifies, &mut out);
    inputs(&was.inputs, &is.inputs, &mut out);
    out
}

/// Differences of the sources, by path.
fn inputs(was: &[Input], is: &[Input], out: &mut Vec<FieldChange>) {
    if was == is {
        return;
    }
    let by_path =
        |list: &[Input]| list.iter().map(|input| (input.path.clone(), input.clone())).collect::<HashMap<_, _>>();
    let (before, after) = (by_path(was), by_path(is));
    for input in was.iter().chain(is.iter().filter(|input| !before.contains_key(&input.path))) {
        let (from, to) = (before.get(&input.path), after.get(&input.path));
        if from != to {
            out.push(optional(&format!("inputs.{}", input.path), from.map(json), to.map(json)));
        }
    }
}

fn json<T: Serialize + ?Sized>(value: &T) -> Value {
    // The types of the plan always serialise; null would only show less.
    serde_json::to_value(value).unwrap_or_default()
}

fn whole(field: &str, from: Value, to: Value) -> FieldChange {
    optional(field, Some(from), Some(to))
}

fn optional(field: &str, from: Option<Value>, to: Option<Value>) -> FieldChange {
    FieldChange { field: field.to_owned(), from, to, added: Vec::new(), removed: Vec::new() }
}

/// Differences of two objects, member by member. Objects inside (variables, labels) are told entry by entry, too.
fn members(name: &str, was: &Value, is: &Value, out: &mut Vec<FieldChange>) {
    let none = Map::new();
    let was = was.as_object().unwrap_or(&none);
    let is = is.as_object().unwrap_or(&none);
    let new = is.keys().filter(|key| !was.contains_key(*key));
    for key in was.keys().chain(new) {
        let field = format!("{name}.{key}");
        match (was.get(key), is.get(key)) {
            (from, to) if from == to => {}
            // An operation nests two levels and no more.
            (Some(from @ Value::Object(_)), Some(to @ Value::Object(_))) => members(&field, from, to, out),
            (from, to) => out.push(optional(&field, from.cloned(), to.cloned())),
        }
    }
}

/// Differences of two lists whose order means nothing.
fn elements<T: Serialize + Clone + PartialEq>(field: &str, was: &[T], is: &[T], out: &mut Vec<FieldChange>) {
    if was == is {
        return;
    }
    let values = |list: &[T]| list.iter().map(json).collect::<Vec<_>>();
    let (was, is) = (values(was), values(is));
    let (added, removed) = (beyond(&is, &was), beyond(&was, &is));
    if !added.is_empty() || !removed.is_empty() {
        out.push(FieldChange { field: field.to_owned(), from: None, to: None, added, removed });
    }
}
