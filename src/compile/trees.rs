//! What many entries of one tree or archive have in common is one finding, its entity the first.

use rustc_hash::FxHashMap;

use crate::catalog::Code;
use crate::diagnostic::{Diagnostic, Related, Role};
use crate::graph::Image;
use crate::message;
use crate::text::Location;

/// How many of the other entries are named.
const NAMED: usize = 20;

/// A tree, by the place of the value that names it.
type Place<'i> = (&'i str, u32);

/// Leaves one finding of each code for each tree.
pub(super) fn one_for_a_tree(image: &Image, found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let trees: FxHashMap<Place<'_>, usize> = image
        .grafts
        .iter()
        .enumerate()
        .filter(|(_, graft)| graft.tree.is_some())
        .map(|(number, graft)| {
            let file = &image.files[graft.file as usize].fragment.source;
            ((file.name.as_str(), graft.graft.span.start), number)
        })
        .collect();
    if trees.is_empty() {
        return found;
    }
    let mut kept: Vec<Diagnostic> = Vec::with_capacity(found.len());
    let mut groups: FxHashMap<(Code, usize), (usize, Vec<Diagnostic>)> = FxHashMap::default();
    for diagnostic in found {
        match tree_of(&trees, &diagnostic) {
            None => kept.push(diagnostic),
            Some(tree) => match groups.get_mut(&(diagnostic.code, tree)) {
                Some((_, others)) => others.push(diagnostic),
                None => {
                    groups.insert((diagnostic.code, tree), (kept.len(), Vec::new()));
                    kept.push(diagnostic);
                }
            },
        }
    }
    for (at, others) in groups.into_values().filter(|(_, others)| !others.is_empty()) {
        join(&mut kept[at], others);
    }
    kept
}

/// The tree whose entries a finding is against: it stands there, or, of two providers, the other does.
fn tree_of(trees: &FxHashMap<Place<'_>, usize>, diagnostic: &Diagnostic) -> Option<usize> {
    let counts = matches!(
        diagnostic.code,
        Code::Conflict | Code::DanglingLink | Code::Overwrite | Code::Missing | Code::Mismatch | Code::Unproven
    );
    // Accounts are no entries: each that is missing is a lack of its own.
    if !counts || !diagnostic.entity.as_deref().is_some_and(|entity| entity.starts_with("path:")) {
        return None;
    }
    let at = |location: &Location| trees.get(&(location.source.name.as_str(), location.span.start)).copied();
    at(&diagnostic.location).or_else(|| {
        let mut others = diagnostic.related.iter().filter(|_| diagnostic.code == Code::Conflict);
        others.find_map(|related| at(&related.location))
    })
}

/// Makes one finding of several: the first by entity is told, and of the others what they are about and where.
fn join(kept: &mut Diagnostic, mut others: Vec<Diagnostic>) {
    others.push(kept.clone());
    others.sort_by(|a, b| a.entity.cmp(&b.entity).then_with(|| a.location.order().cmp(&b.location.order())));
    let mut others = others.into_iter();
    if let Some(first) = others.next() {
        *kept = first;
    }
    let mut names: Vec<String> = Vec::new();
    for other in others {
        let entity = other.entity.as_deref().and_then(|entity| entity.strip_prefix("path:")).unwrap_or_default();
        if names.last().map(String::as_str) != Some(entity) {
            names.push(entity.to_owned());
        }
        let own =
            Related { role: Role::Provider, entity: other.entity, location: other.location, message: other.label };
        for related in std::iter::once(own).chain(other.related) {
            let same = |known: &Related| known.location.order() == related.location.order();
            if kept.location.order() != related.location.order() && !kept.related.iter().any(same) {
                kept.related.push(related);
            }
        }
    }
    let more = names.len();
    let mut said: Vec<String> = names.iter().take(NAMED).map(|name| message::quoted(name)).collect();
    if more > NAMED {
        said.push(format!("{} more", more - NAMED));
    }
    if more > 0 {
        let count = message::count(more, "other entry", "other entries");
        kept.notes.push(format!("the same is true of {count} of it: {}", message::enumerated(&said)));
    }
}
