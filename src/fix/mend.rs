//! Makes fixes, round after round, until nothing changes: one may make room for another, or get in its way.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::task::Pages;
use super::trial::{Candidate, Trial};
use super::{Load, drafts};
use crate::compile::{Levels, Report, Workspace};
use crate::text::Source;

/// How many rounds are made at most. Every round takes findings away, so this many mean that files are long and full of them.
const ROUNDS: usize = 50;

/// Which fixes are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that are safe.
    Safe,
    /// Where there is none that is safe also those that are a matter of choice. They, too, must take their finding away and add none.
    Unsafe,
}

/// A file that fixes have changed.
#[derive(Clone, Debug)]
pub struct Change {
    /// As it was.
    pub before: Arc<Source>,
    /// As it is.
    pub after: Arc<Source>,
}

/// What came of fixing.
pub struct Mended {
    /// The files with all fixes made.
    pub workspace: Workspace,
    /// What is still found in them.
    pub report: Report,
    /// The files that changed, by name.
    pub changes: BTreeMap<String, Change>,
    /// How many findings were fixed.
    pub fixed: usize,
}

/// Makes all fixes of the kind that is asked for in files that `may_change` names.
pub fn mend(
    workspace: Workspace,
    levels: &Levels,
    report: Report,
    which: Which,
    may_change: &dyn Fn(&str) -> bool,
    load: &mut Load<'_>,
) -> Mended {
    let mut mended = Mended { workspace, report, changes: BTreeMap::new(), fixed: 0 };
    for _ in 0..ROUNDS {
        let found = drafts(&mended.workspace, &mended.report, |_| true);
        let mut choices: Vec<Vec<Candidate>> = Vec::new();
        for (finding, fixes) in found {
            let fits = fixes.into_iter().filter(|fix| {
                (fix.safe || which == Which::Unsafe)
                    && fix.edits.iter().all(|edit| may_change(&edit.location.source.name))
            });
            for (rank, fix) in fits.enumerate() {
                if choices.len() <= rank {
                    choices.push(Vec::new());
                }
                choices[rank].push(Candidate { finding, fix });
            }
        }
        // The second choices only where no first one can be made.
        let mut progress = false;
        for candidates in choices {
            let held = Trial::new(&mended.workspace, levels, &mended.report, load).hold(&candidates);
            let Some(state) = held.state else { continue };
            let names = candidates.iter().flat_map(|candidate| &candidate.fix.edits);
            let mut names: Vec<&str> = names.map(|edit| edit.location.source.name.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            let mut before = Pages::new(&mended.workspace);
            for name in names {
                let (Some(old), Some(new)) = (before.get(name), state.workspace.fragment(name)) else { continue };
                let old = old.fragment.source.clone();
                let new = new.source.clone();
                if old.text != new.text {
                    mended
                        .changes
                        .entry(name.to_owned())
                        .and_modify(|change| change.after = new.clone())
                        .or_insert(Change { before: old, after: new });
                }
            }
            mended.fixed += held.kept.len();
            mended.workspace = state.workspace;
            mended.report = state.report;
            progress = true;
            break;
        }
        if !progress {
            break;
        }
    }
    mended.changes.retain(|_, change| change.before.text != change.after.text);
    mended
}
