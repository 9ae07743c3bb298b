//! The one loop that parses, asks the disk and fills in, until nothing is asked any more.
#![allow(clippy::disallowed_methods, reason = "the outside: it reads what the engine asks for")]

use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::compile::Workspace;
use crate::inputs::{Answer, Ask, TextState};
use crate::scan;
use crate::text::Source;

/// Texts that lie over the disk: open buffers of an editor, or standard input.
#[derive(Default)]
pub struct Overlay {
    texts: FxHashMap<String, TextState>,
}

impl Overlay {
    /// A file whose text is this, whatever is on disk.
    pub fn set(&mut self, path: impl Into<String>, text: impl Into<String>) {
        self.set_source(Source::new(path, text));
    }

    /// A file, by its name, whose text is this, whatever is on disk.
    pub fn set_source(&mut self, source: Arc<Source>) {
        self.texts.insert(source.name.clone(), TextState::Text(source));
    }

    /// A file whose bytes are these, whatever is on disk.
    pub fn set_bytes(&mut self, path: impl Into<String>, bytes: Vec<u8>) {
        let path = path.into();
        let state = scan::text_of(bytes, &path);
        self.texts.insert(path, state);
    }

    /// From now on the disk counts.
    pub fn forget(&mut self, path: &str) {
        self.texts.remove(path);
    }

    fn get(&self, path: &str) -> Option<&TextState> {
        self.texts.get(path)
    }
}

/// Reads everything that a workspace asks for, relative to `folder`, in parallel. After edits that is what they made new.
pub fn load(workspace: &mut Workspace, folder: &Path, overlay: &Overlay) {
    loop {
        let asks = workspace.asks();
        if asks.is_empty() {
            return;
        }
        let answers: Vec<(Ask, Answer)> = asks
            .into_par_iter()
            .map(|ask| {
                let answer = match &ask {
                    Ask::Text(path) => match overlay.get(path) {
                        Some(state) => Answer::Text(state.clone()),
                        None => scan::answer(folder, &ask),
                    },
                    _ => scan::answer(folder, &ask),
                };
                (ask, answer)
            })
            .collect();
        for (ask, answer) in answers {
            workspace.answer(&ask, answer);
        }
    }
}
