//! The engine: a workspace of files in, findings or an ordered graph out. Reads nothing itself; it asks and is answered.

mod asks;
mod files;
mod findings;
mod ids;
mod image;
mod images;
mod levels;
mod merge;
mod report;
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

pub use image::Compiled;
pub use levels::Levels;
pub use report::Report;

/// Facts that were read, with their layer.
struct ReadFacts {
    facts: Arc<Facts>,
    layer: Layer,
}

/// Files and what is known of them.
#[derive(Clone, Default)]
pub struct Workspace {
    inputs: Inputs,
    roots: Vec<String>,
    seen: FxHashSet<Ask>,
    fresh: Vec<Ask>,
    waiting: Vec<String>,
    fragments: FxHashMap<String, Arc<Fragment>>,
    facts: FxHashMap<String, Result<Arc<ReadFacts>, Vec<Diagnostic>>>,
    ids: FxHashMap<String, (Ids, Vec<Diagnostic>)>,
    /// Included files whose language an include says.
    typed: FxHashMap<String, Language>,
    /// Folders of snippets that are included or named.
    folders: BTreeSet<String>,
    /// Whether sources are to be read for their digests, as a plan needs.
    digests: bool,
}

impl Workspace {
    /// Of nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on sources are asked for their digests, which plans need and checks do not.
    pub fn want_digests(&mut self) {
        self.digests = true;
    }

    /// Names a file to compile.
    pub fn open(&mut self, path: impl Into<String>) {
        let path = path.into();
        self.ask_for_file(&path);
        self.roots.push(path);
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
