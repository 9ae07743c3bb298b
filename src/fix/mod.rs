//! Findings to edits: every rule that knows a way out drafts one, and those that may be made without asking are tried on a
//! copy, all together, before they are called safe.
//!
//! Fixes cost a second look at everything, so they are worked out only where somebody wants them: for `--fix`, for machine
//! formats, for an editor's code actions. [`work_out`] fills in those of a report, [`of`] gives those of some findings, and
//! [`mend`] makes them, round after round, until nothing changes.

mod cut;
mod edit;
mod mend;
mod names;
mod page;
mod rules;
mod task;
mod trial;
mod write;

pub use mend::{Change, Mended, Which, mend};
pub use rules::{RULES, Rule};

use crate::compile::{Levels, Report, Workspace};
use crate::diagnostic::{Diagnostic, Fix};
use task::{Pages, Task};
use trial::{Candidate, Trial};

/// Answers everything that a workspace asks for: a fix may name files that were not looked at before.
pub type Load<'l> = dyn FnMut(&mut Workspace) + 'l;

/// How often fixes that were in each other's way are tried again, without those that were tried before.
const PASSES: usize = 4;

/// Fills in the fixes of every finding, those that are safe marked so.
pub fn work_out(workspace: &Workspace, levels: &Levels, report: &mut Report, load: &mut Load<'_>) {
    for (finding, fixes) in of(workspace, levels, report, |_| true, load) {
        report.diagnostics[finding].fixes = fixes;
    }
}

/// The fixes of those findings that are wanted, by their number in the report; those that are safe are marked so.
pub fn of(
    workspace: &Workspace,
    levels: &Levels,
    report: &Report,
    wanted: impl Fn(&Diagnostic) -> bool,
    load: &mut Load<'_>,
) -> Vec<(usize, Vec<Fix>)> {
    let mut found = drafts(workspace, report, wanted);
    let mut candidates: Vec<Candidate> = Vec::new();
    for (finding, fixes) in &mut found {
        for fix in fixes.iter_mut().filter(|fix| fix.safe) {
            candidates.push(Candidate { finding: *finding, fix: fix.clone() });
            fix.safe = false;
        }
    }
    let mut trial = Trial::new(workspace, levels, report, load);
    let mut safe: Vec<usize> = Vec::new();
    for _ in 0..PASSES {
        if candidates.is_empty() {
            break;
        }
        let held = trial.hold(&candidates);
        safe.extend(held.kept.iter().map(|&kept| candidates[kept].finding));
        candidates = held.postponed.into_iter().map(|postponed| candidates[postponed].clone()).collect();
    }
    safe.sort_unstable();
    for (finding, fixes) in &mut found {
        if safe.binary_search(finding).is_ok()
            && let Some(fix) = fixes.first_mut()
        {
            fix.safe = true;
        }
    }
    found
}

/// How many findings have fixes at all, safe or not, without trying any.
pub fn choices(workspace: &Workspace, report: &Report) -> usize {
    drafts(workspace, report, |_| true).iter().filter(|(_, fixes)| !fixes.is_empty()).count()
}

/// What the rules make of each finding. At most one of them, the first, is marked: it may turn out to be safe.
fn drafts(workspace: &Workspace, report: &Report, wanted: impl Fn(&Diagnostic) -> bool) -> Vec<(usize, Vec<Fix>)> {
    let mut pages = Pages::new(workspace);
    let mut found = Vec::new();
    for (finding, diagnostic) in report.diagnostics.iter().enumerate().filter(|(_, diagnostic)| wanted(diagnostic)) {
        let fixes = Task::new(&mut pages, diagnostic).map(|task| draft(&task)).unwrap_or_default();
        found.push((finding, fixes));
    }
    found
}

fn draft(task: &Task<'_>) -> Vec<Fix> {
    let from = RULES.partition_point(|rule| rule.code < task.diagnostic.code);
    let mut fixes: Vec<Fix> = Vec::new();
    for rule in RULES[from..].iter().take_while(|rule| rule.code == task.diagnostic.code) {
        let Some((title, edits)) = (rule.draft)(task).filter(|(_, edits)| !edits.is_empty()) else { continue };
        let known = |fix: &Fix| fix.title == title;
        if !fixes.iter().any(known) {
            fixes.push(Fix { title, safe: rule.safe, edits });
        }
    }
    // One way out may be taken without asking; where there are two, the other is a matter of choice.
    fixes.sort_by_key(|fix| !fix.safe);
    fixes.iter_mut().skip(1).for_each(|fix| fix.safe = false);
    fixes
}
