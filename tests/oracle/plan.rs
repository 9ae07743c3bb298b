//! A plan read from its JSON, as an executor reads it: nothing but the contract's own fields.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// One step of a plan.
#[derive(Clone, Debug)]
pub struct Step {
    /// Stable name.
    pub id: String,
    /// Which stage it belongs to.
    pub stage: u64,
    /// Longest way from the stage's start.
    pub wave: u64,
    /// Whether its stage is opaque.
    pub opaque: bool,
    /// What to do.
    pub op: Value,
    /// What to take away first.
    pub replaces: Option<Value>,
    /// Steps that come before.
    pub requires: Vec<String>,
    /// Entities it brings about.
    pub provides: Vec<String>,
    /// Places it edits.
    pub modifies: BTreeSet<String>,
    /// Its key.
    pub key: String,
}

/// A plan.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Its steps as written.
    pub steps: Vec<Step>,
    /// Where each stands.
    pub at: BTreeMap<String, usize>,
    /// Digest of the whole.
    pub digest: String,
}

/// A list of strings; what is not there is an empty one.
fn texts(value: &Value) -> Result<Vec<String>, String> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(items) => items
            .iter()
            .map(|item| item.as_str().map(str::to_owned).ok_or_else(|| format!("{item} is no string")))
            .collect(),
        other => Err(format!("{other} is no list")),
    }
}

/// A string that has to be there.
pub fn text<'a>(value: &'a Value, field: &str) -> Result<&'a str, String> {
    value[field].as_str().ok_or_else(|| format!("`{field}` is not a string in {value}"))
}

/// The place that an entity or a bare place names.
pub fn place_of(entity: &str) -> &str {
    entity.strip_prefix("path:").unwrap_or(entity)
}

impl Plan {
    /// Reads a plan, and checks what holds of every plan: ids are unique, requirements stand before, stages and waves do not go back.
    pub fn read(value: &Value) -> Result<Plan, String> {
        let stages = value["stages"].as_array().ok_or("a plan has `stages`")?;
        let mut steps: Vec<Step> = Vec::new();
        let mut at = BTreeMap::new();
        for step in value["steps"].as_array().ok_or("a plan has `steps`")? {
            let id = text(step, "id")?.to_owned();
            let stage = step["stage"].as_u64().ok_or_else(|| format!("{id} has no stage"))?;
            let about = usize::try_from(stage)
                .ok()
                .and_then(|stage| stages.get(stage))
                .ok_or_else(|| format!("{id} is of stage {stage}, which there is not"))?;
            if about["phase"] != step["phase"] {
                return Err(format!("{id} and its stage are of different phases"));
            }
            let requires = texts(&step["requires"])?;
            for required in &requires {
                if !at.contains_key(required) {
                    return Err(format!("{id} requires {required}, which does not stand before it"));
                }
            }
            if at.insert(id.clone(), steps.len()).is_some() {
                return Err(format!("two steps are called {id}"));
            }
            let wave = step["wave"].as_u64().ok_or_else(|| format!("{id} has no wave"))?;
            if let Some(last) = steps.last()
                && (last.stage, last.wave) > (stage, wave)
            {
                return Err(format!("{id} stands after {} of a later stage or wave", last.id));
            }
            let longest = requires
                .iter()
                .filter_map(|required| steps.get(*at.get(required)?))
                .filter(|before| before.stage == stage)
                .map(|before| before.wave + 1)
                .max()
                .unwrap_or(0);
            if wave != longest {
                return Err(format!("{id} is of wave {wave}, but its longest way is {longest}"));
            }
            steps.push(Step {
                stage,
                wave,
                opaque: about["opaque"] == Value::Bool(true),
                op: step["op"].clone(),
                replaces: step.get("replaces").filter(|value| !value.is_null()).cloned(),
                requires,
                provides: texts(&step["provides"])?,
                modifies: texts(&step["modifies"])?.iter().map(|place| place_of(place).to_owned()).collect(),
                key: text(step, "key")?.to_owned(),
                id,
            });
        }
        for (number, stage) in stages.iter().enumerate() {
            let has = steps.iter().filter(|step| step.stage == number as u64).count() as u64;
            if stage["steps"].as_u64() != Some(has) {
                return Err(format!("stage {number} says it has {} steps, but has {has}", stage["steps"]));
            }
            if stage["opaque"] == Value::Bool(true) && has != 1 {
                return Err(format!("the opaque stage {number} has {has} steps"));
            }
        }
        Ok(Plan { steps, at, digest: text(value, "digest")?.to_owned() })
    }

    /// Keys by id.
    pub fn keys(&self) -> BTreeMap<String, String> {
        self.steps.iter().map(|step| (step.id.clone(), step.key.clone())).collect()
    }

    /// The step, and all that require it, at once or through others.
    pub fn dependants(&self, id: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::from([id.to_owned()]);
        // Requirements stand before, so one pass is enough.
        for step in &self.steps {
            if step.requires.iter().any(|required| found.contains(required)) {
                found.insert(step.id.clone());
            }
        }
        found
    }
}

/// Whether two steps must not run at once: one modifies what the other modifies or provides.
pub fn exclude_each_other(a: &Step, b: &Step) -> bool {
    let touches = |a: &Step, b: &Step| {
        a.modifies
            .iter()
            .any(|place| b.modifies.contains(place) || b.provides.iter().any(|entity| place_of(entity) == place))
    };
    touches(a, b) || touches(b, a)
}
