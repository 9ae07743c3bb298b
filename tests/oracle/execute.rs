//! Carries out plans: in the order written, in any allowed order, and with steps that run at once interleaved edit by edit.

use serde_json::Value;

use super::op::{Edit, Inputs, apply, begin, provided, step};
use super::plan::{Plan, Step, exclude_each_other};
use super::root::Root;

/// A small source of choices; the same seed makes the same ones.
#[derive(Clone, Debug)]
pub struct Choices(u64);

impl Choices {
    /// Starts from a seed.
    pub fn new(seed: u64) -> Choices {
        Choices(seed ^ 0x9e37_79b9_7f4a_7c15)
    }

    /// A number below `end` (0 if `end` is 0).
    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        if end == 0 { 0 } else { (self.0 >> 11) as usize % end }
    }

    /// Another order of the same items.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

/// Carries out a plan's steps on a root in an order of ids; the first thing that fails is the answer.
pub fn execute(plan: &Value, root: Root, order: &[String], inputs: &Inputs) -> Result<Root, String> {
    run(&Plan::read(plan)?, root, order, inputs)
}

/// The same of a plan that was read.
pub fn run(plan: &Plan, mut root: Root, order: &[String], inputs: &Inputs) -> Result<Root, String> {
    for id in order {
        let step = step(plan, id).ok_or_else(|| format!("there is no step {id}"))?;
        let failed = |why: String| format!("{id}: {why}\n  in the order {order:?}");
        for edit in begin(&root, step, inputs).map_err(failed)? {
            apply(&mut root, edit).map_err(failed)?;
        }
        provided(&root, step).map_err(failed)?;
    }
    Ok(root)
}

/// The order a plan is written in.
pub fn written(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(|step| step.id.clone()).collect()
}

/// Whether a step may start when `done` are done: those it requires are, and so are all earlier stages.
fn may_start(plan: &Plan, step: &Step, done: &[&str]) -> bool {
    let is_done = |id: &str| done.contains(&id);
    step.requires.iter().all(|id| is_done(id))
        && plan.steps.iter().all(|other| other.stage >= step.stage || is_done(&other.id))
}

/// A random allowed order.
pub fn any_order(plan: &Plan, choices: &mut Choices) -> Vec<String> {
    let mut left: Vec<&Step> = plan.steps.iter().collect();
    let mut done: Vec<&str> = Vec::new();
    loop {
        let ready: Vec<usize> = (0..left.len()).filter(|at| may_start(plan, left[*at], &done)).collect();
        let Some(at) = ready.get(choices.below(ready.len())) else {
            break;
        };
        done.push(&left.remove(*at).id);
    }
    done.into_iter().map(str::to_owned).collect()
}

/// Carries out a plan with several workers: steps start as soon as they may, and the edits of those that run fall between each other's.
pub fn interleave(plan: &Plan, mut root: Root, choices: &mut Choices, inputs: &Inputs) -> Result<Root, String> {
    let mut left: Vec<&Step> = plan.steps.iter().collect();
    let mut running: Vec<(&Step, std::collections::VecDeque<Edit>)> = Vec::new();
    let mut done: Vec<&str> = Vec::new();
    let mut told: Vec<String> = Vec::new();
    while done.len() < plan.steps.len() {
        let ready: Vec<usize> = (0..left.len())
            .filter(|at| {
                let step = left[*at];
                may_start(plan, step, &done) && !running.iter().any(|(other, _)| exclude_each_other(step, other))
            })
            .collect();
        let choice = choices.below(ready.len() + running.len());
        if let Some(at) = ready.get(choice) {
            let step = left.remove(*at);
            told.push(format!("begin {}", step.id));
            let edits = begin(&root, step, inputs).map_err(|why| format!("{}: {why}\n  after {told:?}", step.id))?;
            running.push((step, edits.into()));
            continue;
        }
        let at = choice - ready.len();
        let Some((step, edits)) = running.get_mut(at) else {
            return Err(format!("no step may start after {told:?}"));
        };
        let step: &Step = step;
        match edits.pop_front() {
            Some(edit) => {
                told.push(format!("edit of {}", step.id));
                apply(&mut root, edit).map_err(|why| format!("{}: {why}\n  after {told:?}", step.id))?;
            }
            None => {
                provided(&root, step)?;
                done.push(&step.id);
                running.remove(at);
            }
        }
    }
    Ok(root)
}

/// The first few differences of two roots, or nothing.
pub fn differences(one: &Root, other: &Root, numbers: bool) -> Option<String> {
    let (one, other) = (one.describe(numbers), other.describe(numbers));
    let only = |these: &[String], those: &[String], sign: &str| -> Vec<String> {
        let lines = these.iter().filter(|line| !those.contains(line));
        lines.map(|line| format!("{sign} {line}")).collect()
    };
    let mut found = only(&one, &other, "-");
    found.extend(only(&other, &one, "+"));
    (!found.is_empty()).then(|| found.join("\n"))
}
