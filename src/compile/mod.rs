//! The engine: a workspace of files in, findings or an ordered graph out. Reads nothing itself; it asks and is answered.

mod asks;
mod delta;
mod edits;
mod files;
mod findings;
mod ids;
mod image;
mod images;
mod levels;
mod merge;
mod report;
mod results;
mod settle;
mod snippets;
mod sources;
mod trees;

use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::diagnostic::Diagnostic;
use crate::facts::Facts;
use crate::fragment::Fragment;
use crate::graph::Ids;
use crate::graph::layer::Layer;
use crate::inputs::{Ask, Inputs};
use crate::syntax::Language;
use results::Results;

pub use image::Compiled;
pub use levels::Levels;
pub use report::Report;
pub use results::Progress;

/// Facts that were read, with their layer.
struct ReadFacts {
    facts: Arc<Facts>,
    layer: Layer,
}

/// Files, what is known of them, and what follows from it.
///
/// Files are named with [`open`](Self::open); [`asks`](Self::asks) and [`answer`](Self::answer) go on until nothing is
/// asked any more ([`load`](crate::load::load) does that). Then [`check`](Self::check) compiles everything once. A
/// workspace that stays open, as in an editor, is told of each edit by [`changed`](Self::changed), loaded again, and
/// brought up to date by [`advance`](Self::advance); [`findings`](Self::findings) are then those that a new workspace
/// would have.
#[derive(Clone, Default)]
pub struct Workspace {
    inputs: Inputs,
    roots: BTreeSet<String>,
    /// What is asked for, and by how many; a text counts once, and for as long as a root leads to it.
    wanted: FxHashMap<Ask, u32>,
    fresh: Vec<Ask>,
    /// Texts that were answered and are not read yet.
    waiting: Vec<String>,
    fragments: FxHashMap<String, Arc<Fragment>>,
    facts: FxHashMap<String, Result<Arc<ReadFacts>, Vec<Diagnostic>>>,
    ids: FxHashMap<String, (Ids, Vec<Diagnostic>)>,
    /// Digests that a file's fragment is compared by with what facts files have.
    compared: FxHashMap<String, Vec<Ask>>,
    /// Files of which that is to be worked out.
    uncompared: BTreeSet<String>,
    /// Included files whose language an include says.
    typed: FxHashMap<String, Language>,
    /// Folders of snippets that are included or named.
    folders: BTreeSet<String>,
    /// Folders that were listed anew.
    listed: Vec<String>,
    /// Whether sources are to be read for their digests, as a plan needs.
    digests: bool,
    /// Sources whose digests are wanted, because features that name them would contradict each other otherwise.
    disputed: BTreeSet<String>,
    /// Whether a file may have lost those who led to it.
    moved: bool,
    /// Texts that changed since images were last told of it.
    dirty: FxHashSet<String>,
    /// Sources that changed since then.
    touched: FxHashSet<Arc<str>>,
    /// Images and sets that were compiled.
    results: Results,
}

impl Workspace {
    /// Of nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on sources are asked for their digests, which plans need and checks do not. To be said before any file
    /// is opened.
    pub fn want_digests(&mut self) {
        self.digests = true;
    }

    /// From now on these sources are asked for their digests, so that what is in them can be compared. Whether that is new.
    pub fn compare(&mut self, sources: &BTreeSet<String>) -> bool {
        let new: Vec<String> = sources.difference(&self.disputed).cloned().collect();
        for source in &new {
            self.ask(Ask::Digest(source.as_str().into()));
        }
        let any = !new.is_empty();
        self.disputed.extend(new);
        any
    }

    /// Names a file to compile.
    pub fn open(&mut self, path: impl Into<String>) {
        let path = path.into();
        self.ask_for_file(&path);
        self.roots.insert(path);
        self.results.unsettle();
    }

    /// The file need not be compiled any more; it still is if another one leads to it.
    pub fn close(&mut self, path: &str) {
        self.moved |= self.roots.remove(path);
        self.results.unsettle();
    }

    /// The files that were opened and not closed, by name.
    pub fn roots(&self) -> impl Iterator<Item = &str> {
        self.roots.iter().map(String::as_str)
    }

    /// The answers so far.
    pub fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    /// A lowered file.
    pub fn fragment(&self, path: &str) -> Option<&Arc<Fragment>> {
        self.fragments.get(path)
    }
}
