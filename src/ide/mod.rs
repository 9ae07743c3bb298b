//! Answers about a workspace for somebody who is editing it: what stands here, where it comes from, what may be written. Pure, and
//! in bytes of the files; the protocol is elsewhere.

mod actions;
mod at;
mod candidates;
mod completion;
mod definition;
mod family;
mod folding;
mod head;
mod hints;
mod hover;
mod links;
mod names;
mod place;
mod references;
mod rename;
mod symbols;
mod typing;

use std::sync::Arc;

use crate::compile::{Compiled, Report, Workspace};

pub use actions::{Action, actions};
pub use completion::{Completion, CompletionSort, Completions, completions};
pub use definition::{Definition, Target, definition};
pub use folding::{Fold, folds};
pub use hints::{Hint, Hints, hints};
pub use hover::{Hover, hover};
pub use links::{Link, links};
pub use references::references;
pub use rename::{Renamable, prepare_rename, rename};
pub use symbols::{Symbol, SymbolSort, symbols, symbols_named};

/// What questions are asked of: a workspace in one state, with what was found in it.
pub struct View<'v> {
    /// The files.
    pub workspace: &'v Workspace,
    /// Files that were opened by name, sorted.
    pub roots: &'v [String],
    /// What the last check found.
    pub report: &'v Report,
    /// Compiles an image, or gives what was kept of it. With `false` also one of an earlier state will do.
    pub image: &'v dyn Fn(&str, bool) -> Option<Arc<Compiled>>,
    /// Names in a folder of the host, relative to the working directory, each with whether it is a folder.
    pub folder: &'v dyn Fn(&str) -> Vec<(String, bool)>,
}
