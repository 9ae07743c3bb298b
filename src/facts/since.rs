//! What one set of facts has beyond another: what a package or command brought about.

use std::collections::HashSet;
use std::sync::Arc;

use rustc_hash::FxBuildHasher;

use super::Facts;
use crate::tree::{Entry, Tree};

impl Facts {
    /// What is here and was not, or was otherwise, in `old`. Directories that only became fuller are left out, and so are
    /// those that must be there because something stands below them.
    pub fn since(&self, old: &Self) -> Self {
        let entries = self.tree.entries().iter().filter(|entry| entry.listed && is_new(entry, &old.tree)).cloned();
        Self {
            name: self.name.clone(),
            opaque: self.opaque,
            tree: Arc::new(Tree::new(entries.collect(), Vec::new())),
            users: beyond(&self.users, &old.users),
            groups: beyond(&self.groups, &old.groups),
            packages: beyond(&self.packages, &old.packages),
        }
    }
}

fn is_new(entry: &Entry, old: &Tree) -> bool {
    let Some(known) = old.get(&entry.path).filter(|known| known.listed) else {
        return true;
    };
    // Contents can be told apart only where both digests are known.
    let digest = if known.digest.is_some() { entry.digest } else { None };
    *known != Entry { digest: digest.or(known.digest), order: known.order, ..entry.clone() }
}

fn beyond<T: Clone + Eq + std::hash::Hash>(new: &[T], old: &[T]) -> Vec<T> {
    let old: HashSet<&T, FxBuildHasher> = old.iter().collect();
    new.iter().filter(|item| !old.contains(item)).cloned().collect()
}
