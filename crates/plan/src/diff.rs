//! What changes between two plans, by meaning: not where lines stand, but what an executor does otherwise.

mod render;
mod steps;

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::digest::Digest;
use super::model::{Expect, FORMAT_VERSION, Phase, Plan, PlanParent};

/// What changes between two plans. Its JSON is a public format with a version of its own.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PlanDiff {
    /// Version of this format, `MAJOR.MINOR`.
    pub format_version: String,
    /// The plan before.
    pub old: PlanName,
    /// The plan after.
    pub new: PlanName,
    /// The parent, where it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<Change<Option<PlanParent>>>,
    /// How many stages there are, where barriers came, went or moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stages: Option<Change<StageCounts>>,
    /// Steps that are new, in the order of the new plan.
    pub added: Vec<StepLine>,
    /// Steps that are gone, in the order of the old plan.
    pub removed: Vec<StepLine>,
    /// Steps that say something else than before, in the order of the new plan.
    pub changed: Vec<StepChange>,
    /// Steps that say the same as before but have another key, in the order of the new plan.
    pub rebuilt: Vec<Rebuilt>,
    /// What is newly relied upon.
    pub expects_added: Vec<Expect>,
    /// What is relied upon no longer.
    pub expects_removed: Vec<Expect>,
    /// What other steps than before rely upon.
    pub expects_changed: Vec<ExpectChange>,
}

/// Which plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PlanName {
    /// Its image.
    pub image: String,
    /// Its digest.
    pub digest: Digest,
}

/// Something was one thing and is another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Change<T> {
    /// Before.
    pub from: T,
    /// After.
    pub to: T,
}

/// How many stages a plan has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StageCounts {
    /// All.
    pub stages: usize,
    /// Those that are one opaque step.
    pub opaque: usize,
}

/// A step in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StepLine {
    /// Its id.
    pub id: String,
    /// Its phase.
    pub phase: Phase,
    /// What it does, in words.
    pub does: String,
}

/// A step that says something else than before.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct StepChange {
    /// Its id.
    pub id: String,
    /// What differs.
    pub fields: Vec<FieldChange>,
    /// Whether its outcome may differ, too; false where only names did, such as that of a source.
    pub outcome: bool,
}

/// A field that differs. One value has `from` and `to` (absent: not there); a list has what was `added` and `removed`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct FieldChange {
    /// Its name, with a dot for each level: `op.mode`, `requires`.
    pub field: String,
    /// Before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Value>,
    /// After.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Value>,
    /// Elements that are new.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<Value>,
    /// Elements that are gone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<Value>,
}

/// A step that says the same as before but has another key, because of what stands before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Rebuilt {
    /// Its id.
    pub id: String,
    /// Steps it requires that have another key.
    pub steps: Vec<String>,
    /// It is opaque, and the root it starts from is another.
    pub base: bool,
    /// Neither of these: something it relies on from outside the plan changed.
    pub outside: bool,
}

/// An expectation on which other steps rely than before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExpectChange {
    /// The entity.
    pub entity: String,
    /// Steps that now rely on it.
    pub added: Vec<String>,
    /// Steps that no longer do.
    pub removed: Vec<String>,
}

/// Compares two plans. Takes time in proportion to their size.
pub fn diff(old: &Plan, new: &Plan) -> PlanDiff {
    let (added, removed, changed, rebuilt) = steps::compare(old, new);
    let (expects_added, expects_removed, expects_changed) = expects(old, new);
    PlanDiff {
        format_version: FORMAT_VERSION.to_owned(),
        old: PlanName { image: old.image.clone(), digest: old.digest },
        new: PlanName { image: new.image.clone(), digest: new.digest },
        parent: change(&old.parent, &new.parent),
        stages: barriers(old, new),
        added,
        removed,
        changed,
        rebuilt,
        expects_added,
        expects_removed,
        expects_changed,
    }
}

impl PlanDiff {
    /// Whether nothing at all differs. The plans' names count only through their digests.
    pub fn is_empty(&self) -> bool {
        self.old.digest == self.new.digest
            && self.parent.is_none()
            && self.stages.is_none()
            && self.added.is_empty()
            && self.removed.is_empty()
            && self.changed.is_empty()
            && self.rebuilt.is_empty()
            && self.expects_added.is_empty()
            && self.expects_removed.is_empty()
            && self.expects_changed.is_empty()
    }
}

fn change<T: Clone + PartialEq>(from: &T, to: &T) -> Option<Change<T>> {
    (from != to).then(|| Change { from: from.clone(), to: to.clone() })
}

/// The stages count as the same while their phases and barriers are: how many steps stand in one is told by the steps.
fn barriers(old: &Plan, new: &Plan) -> Option<Change<StageCounts>> {
    let outline = |plan: &Plan| plan.stages.iter().map(|stage| (stage.phase, stage.opaque)).collect::<Vec<_>>();
    let counts = |plan: &Plan| StageCounts {
        stages: plan.stages.len(),
        opaque: plan.stages.iter().filter(|stage| stage.opaque).count(),
    };
    (outline(old) != outline(new)).then(|| Change { from: counts(old), to: counts(new) })
}

/// Expectations are the same when entity and validator are: the number of a stage means nothing by itself.
fn expects(old: &Plan, new: &Plan) -> (Vec<Expect>, Vec<Expect>, Vec<ExpectChange>) {
    fn by_meaning(plan: &Plan) -> HashMap<(&str, &super::model::Expected), &Expect> {
        plan.expects.iter().map(|expect| ((expect.entity.as_str(), &expect.validator), expect)).collect()
    }

    let before = by_meaning(old);
    let after = by_meaning(new);
    let (mut added, mut changed) = (Vec::new(), Vec::new());
    for expect in &new.expects {
        match before.get(&(expect.entity.as_str(), &expect.validator)) {
            None => added.push(expect.clone()),
            Some(same) => {
                let gained = steps::beyond(&expect.relied_on_by, &same.relied_on_by);
                let lost = steps::beyond(&same.relied_on_by, &expect.relied_on_by);
                if !gained.is_empty() || !lost.is_empty() {
                    changed.push(ExpectChange { entity: expect.entity.clone(), added: gained, removed: lost });
                }
            }
        }
    }
    let gone = |expect: &&Expect| !after.contains_key(&(expect.entity.as_str(), &expect.validator));
    let removed = old.expects.iter().filter(gone).cloned().collect();
    (added, removed, changed)
}
