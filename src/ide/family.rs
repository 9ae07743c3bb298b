//! Which images a file takes part in, and what those stand on.

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::View;
use crate::fragment::{Fragment, Parent};
use crate::manifest;

/// An image with its files.
#[derive(Clone, Debug)]
pub(super) struct Member {
    /// Its manifest.
    pub path: String,
    /// Its manifest and all that it includes, directly or through others.
    pub files: Vec<Arc<Fragment>>,
    /// Images that it stands on or clones from.
    pub needs: Vec<String>,
}

impl Member {
    fn new(view: &View<'_>, path: &str) -> Self {
        let files = files_of(view, path);
        let mut needs = Vec::new();
        for (at, file) in files.iter().enumerate() {
            if at == 0
                && let Some(Parent::File(reference)) = &file.head.parent
            {
                needs.push(reference.path.clone());
            }
            needs.extend(file.references.iter().map(|reference| reference.path.clone()));
        }
        needs.retain(|path| manifest::is_image(path));
        Self { path: path.to_owned(), files, needs }
    }

    /// Whether a file is one of its own.
    pub fn has(&self, file: &str) -> bool {
        self.files.iter().any(|fragment| fragment.source.name == file)
    }
}

/// A file and all that it includes, each once; the file itself first.
fn files_of(view: &View<'_>, path: &str) -> Vec<Arc<Fragment>> {
    let mut seen: FxHashSet<String> = FxHashSet::default();
    let mut pending = vec![path.to_owned()];
    let mut files = Vec::new();
    while let Some(path) = pending.pop() {
        if seen.insert(path.clone())
            && let Some(fragment) = view.workspace.fragment(&path)
        {
            pending.extend(fragment.head.includes.iter().rev().map(|include| include.path.clone()));
            files.push(fragment.clone());
        }
    }
    files
}

/// Every image of the workspace, with those that they stand on; feature sets that no image includes stand for themselves.
pub(super) fn members(view: &View<'_>) -> Vec<Member> {
    let mut seen: FxHashSet<String> = FxHashSet::default();
    let mut pending: Vec<String> = view.roots.iter().filter(|path| manifest::is_image(path)).cloned().collect();
    let mut members: Vec<Member> = Vec::new();
    while let Some(path) = pending.pop() {
        if seen.insert(path.clone()) && view.workspace.fragment(&path).is_some() {
            let member = Member::new(view, &path);
            pending.extend(member.needs.iter().cloned());
            members.push(member);
        }
    }
    let included: FxHashSet<String> =
        members.iter().flat_map(|member| member.files.iter().map(|file| file.source.name.clone())).collect();
    let alone = view.roots.iter().filter(|path| manifest::is_feature_set(path) && !included.contains(*path));
    members.extend(alone.map(|path| Member::new(view, path)));
    members.sort_by(|a, b| a.path.cmp(&b.path));
    members
}

/// The images that a file takes part in; the file's own first, the others by name.
pub(super) fn images_with(view: &View<'_>, file: &str) -> Vec<Member> {
    let mut with: Vec<Member> = members(view).into_iter().filter(|member| member.has(file)).collect();
    with.sort_by_key(|member| member.path != file);
    with
}

/// Whether an image is another, or stands on it, directly or through others.
pub(super) fn stands_on(members: &[Member], path: &str, other: &str) -> bool {
    let mut seen: FxHashSet<&str> = FxHashSet::default();
    let mut pending = vec![path];
    while let Some(path) = pending.pop() {
        if path == other {
            return true;
        }
        if seen.insert(path)
            && let Some(member) = members.iter().find(|member| member.path == path)
        {
            pending.extend(member.needs.iter().map(String::as_str));
        }
    }
    false
}
