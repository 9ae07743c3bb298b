//! Whether fixes hold what they promise: made on a copy, all together, everything is looked at again.

use rustc_hash::{FxHashMap, FxHashSet};

use super::Load;
use super::edit::Edits;
use crate::catalog::Code;
use crate::compile::{Levels, Report, Workspace};
use crate::diagnostic::{Diagnostic, Fix};
use crate::inputs::{Answer, Ask, TextState};
use crate::text::Source;

/// How often everything is looked at again at most. What is not tried by then is not kept.
const BUDGET: usize = 40;

/// A fix for a finding.
#[derive(Clone)]
pub(super) struct Candidate {
    /// The finding's number in the report.
    pub finding: usize,
    /// The fix.
    pub fix: Fix,
}

/// A workspace and what is found in it.
pub(super) struct State {
    /// The files.
    pub workspace: Workspace,
    /// The findings.
    pub report: Report,
}

/// What became of candidates, by their numbers.
#[derive(Default)]
pub(super) struct Held {
    /// They hold, all together.
    pub kept: Vec<usize>,
    /// They change what one that is kept changes, too.
    pub postponed: Vec<usize>,
    /// How things are with all that are kept.
    pub state: Option<State>,
}

/// What a finding is counted by: what it is about, else its place.
type Key<'r> = (Code, About<'r>, &'r str);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum About<'r> {
    Entity(&'r str),
    Place(&'r str, i64),
}

/// A finding's keys, one for each image; `moved` says where a place of a file is after all edits.
fn keys<'r>(diagnostic: &'r Diagnostic, moved: impl Fn(&str, u32) -> i64) -> impl Iterator<Item = Key<'r>> {
    let location = &diagnostic.location;
    let about = match &diagnostic.entity {
        Some(entity) => About::Entity(entity),
        None => About::Place(&location.source.name, moved(&location.source.name, location.span.start)),
    };
    let alone = diagnostic.images.is_empty().then_some("");
    let images = diagnostic.images.iter().map(String::as_str).chain(alone);
    images.map(move |image| (diagnostic.code, about, image))
}

fn tally<'r>(keys: impl Iterator<Item = Key<'r>>) -> FxHashMap<Key<'r>, usize> {
    let mut counts: FxHashMap<Key<'r>, usize> = FxHashMap::default();
    for key in keys {
        *counts.entry(key).or_default() += 1;
    }
    counts
}

/// Tries fixes of one report.
pub(super) struct Trial<'t, 'l> {
    workspace: &'t Workspace,
    levels: &'t Levels,
    report: &'t Report,
    load: &'t mut Load<'l>,
    budget: usize,
}

impl<'t, 'l> Trial<'t, 'l> {
    /// Of a report on a workspace.
    pub fn new(workspace: &'t Workspace, levels: &'t Levels, report: &'t Report, load: &'t mut Load<'l>) -> Self {
        Self { workspace, levels, report, load, budget: BUDGET }
    }

    /// The candidates that hold all together, found by halves: most often all do, and one look is enough.
    pub fn hold(&mut self, candidates: &[Candidate]) -> Held {
        let mut held = Held::default();
        let mut edits = Edits::default();
        let mut open: Vec<Vec<usize>> = vec![(0..candidates.len()).collect()];
        while let Some(chunk) = open.pop() {
            let mut tried = edits.clone();
            let (fitting, late): (Vec<usize>, Vec<usize>) =
                chunk.into_iter().partition(|&candidate| tried.add(&candidates[candidate].fix));
            held.postponed.extend(late);
            if fitting.is_empty() {
                continue;
            }
            if self.budget == 0 {
                break;
            }
            self.budget -= 1;
            let state = self.state(&tried);
            let all: Vec<&Candidate> = held.kept.iter().chain(&fitting).map(|&number| &candidates[number]).collect();
            let blamed = match self.judge(&all, &tried, &state.report) {
                Verdict::Holds => {
                    held.kept.extend(fitting);
                    held.state = Some(state);
                    edits = tried;
                    continue;
                }
                Verdict::Fails(blamed) => blamed,
            };
            let offset = held.kept.len();
            let innocent: Vec<usize> = fitting
                .iter()
                .enumerate()
                .filter(|(at, _)| !blamed.contains(&(offset + at)))
                .map(|(_, &candidate)| candidate)
                .collect();
            match fitting.len() {
                1 => {}
                _ if innocent.len() < fitting.len() => open.push(innocent),
                length => {
                    let (first, second) = fitting.split_at(length / 2);
                    open.push(second.to_vec());
                    open.push(first.to_vec());
                }
            }
        }
        held.kept.sort_unstable();
        held
    }

    /// Everything looked at with edits made.
    fn state(&mut self, edits: &Edits) -> State {
        let mut workspace = self.workspace.clone();
        for (name, text) in edits.texts() {
            let source = Source::new(name, text);
            workspace.answer(&Ask::Text(name.into()), Answer::Text(TextState::Text(source)));
        }
        (self.load)(&mut workspace);
        let report = workspace.check(self.levels);
        State { workspace, report }
    }

    /// Whether the findings of all candidates are gone and nothing has come; if not, which of them are to blame.
    fn judge(&self, candidates: &[&Candidate], edits: &Edits, report: &Report) -> Verdict {
        let moved = |name: &str, at: u32| edits.moved(name, at);
        let finding = |candidate: &Candidate| &self.report.diagnostics[candidate.finding];
        let before = tally(self.report.diagnostics.iter().flat_map(|found| keys(found, moved)));
        let mended = tally(candidates.iter().flat_map(|candidate| keys(finding(candidate), moved)));
        let after = tally(report.diagnostics.iter().flat_map(|found| keys(found, |_, at| i64::from(at))));
        let count = |counts: &FxHashMap<Key<'_>, usize>, key: &Key<'_>| counts.get(key).copied().unwrap_or(0);
        let read_more = report.incomplete < self.report.incomplete;
        let added: FxHashSet<About<'_>> = after
            .keys()
            .filter(|key| count(&after, key) > count(&before, key) && !(read_more && key.0.needs_all_read()))
            .map(|key| key.1)
            .collect();
        let mut blamed: Vec<usize> = Vec::new();
        for (at, candidate) in candidates.iter().enumerate() {
            let stays = |key: Key<'_>| count(&after, &key) + count(&mended, &key) > count(&before, &key);
            let gains = |key: Key<'_>| added.contains(&key.1);
            if keys(finding(candidate), moved).any(|key| stays(key) || gains(key)) {
                blamed.push(at);
            }
        }
        let lost = report.incomplete > self.report.incomplete;
        if blamed.is_empty() && added.is_empty() && !lost { Verdict::Holds } else { Verdict::Fails(blamed) }
    }
}

/// What is said of candidates that were tried together.
enum Verdict {
    /// All are good.
    Holds,
    /// Not all are; those that are surely to blame, by their numbers.
    Fails(Vec<usize>),
}
