//! The sources that a step reads, and what host paths are called in a plan.

use std::borrow::Cow;

use super::Operations;
use crate::entity::{Content, What};
use crate::fragment::GraftFrom;
use crate::graph::nodes::Nodes;
use crate::kind::Kind;
use crate::tree::Tree;

/// A source that a step reads.
pub(in crate::planning) struct StepSource<'g> {
    /// Relative to the working directory.
    pub path: &'g str,
    /// What is read of it where it is a tree.
    pub tree: Option<&'g Tree>,
    /// Whether owners are taken from it.
    pub owners: bool,
    /// What it comes from, where not all that happened there is known: the digest of that image's plan.
    pub from: Option<[u8; 32]>,
}

impl<'g> StepSource<'g> {
    const fn file(path: &'g str) -> Self {
        Self { path, tree: None, owners: false, from: None }
    }
}

impl<'g> Operations<'g> {
    /// Whether what a step reads costs more than a look-up: trees, and the files of packages.
    pub(in crate::planning) fn reads_much(&self, node: u32) -> bool {
        self.grafts.contains_key(&node)
            || self.image().features.get(node as usize).is_some_and(|row| row.kind == Kind::Package)
    }

    /// The sources that a step reads.
    pub(in crate::planning) fn sources(&self, nodes: &Nodes<'_>, node: u32) -> Vec<StepSource<'g>> {
        if nodes.slot(node).is_some() {
            return Vec::new();
        }
        let image = self.image();
        let fragment = self.fragment(node);
        match image.features[node as usize].kind {
            Kind::Install | Kind::Extract | Kind::Clone => {
                if let Some(&graft) = self.grafts.get(&node) {
                    let graft = &image.grafts[graft as usize];
                    let (path, tree, owners) = match graft.graft.from {
                        GraftFrom::Folder { source } => (&*fragment.sources[source as usize].path, &graft.tree, false),
                        GraftFrom::Archive { source, .. } | GraftFrom::Package { source } => {
                            (&*fragment.sources[source as usize].path, &graft.tree, true)
                        }
                        GraftFrom::Image { reference, .. } => {
                            (&*fragment.references[reference as usize].path, &graft.cloned, true)
                        }
                    };
                    let opaque = graft.layer.as_ref().filter(|layer| layer.opaque || layer.opaque_packages);
                    let from = opaque.filter(|_| graft.graft.is_image()).and_then(|layer| layer.digest);
                    return vec![StepSource { path, tree: tree.as_deref(), owners, from }];
                }
                let Some(slot) = self.main_slot(node) else { return Vec::new() };
                let What::Path(facts) = slot.what else { return Vec::new() };
                match facts.content {
                    Content::Source(source) => {
                        let from = self.fragment(image.provides[slot.lead as usize].feature);
                        vec![StepSource::file(&from.sources[source as usize].path)]
                    }
                    _ => Vec::new(),
                }
            }
            Kind::Run => {
                let tools = image.tools_of(node).filter_map(|tool| {
                    let from = tool.layer.as_ref()?.digest?;
                    Some(StepSource { path: &tool.from, tree: None, owners: true, from: Some(from) })
                });
                tools.collect()
            }
            Kind::Package => {
                let files = self.members(node).iter().flat_map(|&member| self.package_files(member));
                files.map(StepSource::file).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The package files that a feature names, relative to the working directory.
    pub(super) fn package_files(&self, feature: u32) -> impl Iterator<Item = &'g str> {
        let file = self.image().file_of(feature);
        let written = self.strings(feature, "files").into_iter();
        written.filter_map(move |written| self.package_files.get(&(file, written.as_str())).copied())
    }

    /// A path of the host as a plan names it.
    pub(in crate::planning) fn host<'p>(&self, path: &'p str) -> Cow<'p, str> {
        relative(&self.folder, path)
    }
}

/// A path as seen from a folder; both relative to the working directory, or both absolute.
fn relative<'p>(folder: &str, path: &'p str) -> Cow<'p, str> {
    fn parts(path: &str) -> impl Iterator<Item = &str> {
        path.split('/').filter(|part| !matches!(*part, "" | "."))
    }

    let (mut from, mut to) = (parts(folder).peekable(), parts(path).peekable());
    while from.peek().is_some_and(|part| to.peek() == Some(part)) {
        from.next();
        to.next();
    }
    let mut relative = String::with_capacity(path.len());
    let mut push = |part: &str| {
        if !relative.is_empty() {
            relative.push('/');
        }
        relative.push_str(part);
    };
    for part in from {
        // What lies above the working directory has no name to come back by.
        if part == ".." {
            return path.into();
        }
        push("..");
    }
    to.for_each(&mut push);
    if relative.is_empty() { ".".into() } else { relative.into() }
}

#[cfg(test)]
mod tests {
    use super::relative;

    #[test]
    fn a_path_is_told_as_seen_from_a_folder() {
        for (folder, path, seen) in [
            ("", "a/b", "a/b"),
            ("a", "a/b", "b"),
            ("./a//b", "a/./c/d", "../c/d"),
            ("a/b", "a/b", "."),
            ("a/b", "c", "../../c"),
            ("../a", "../a/b", "b"),
            ("../a", "../b", "../b"),
            ("../a", "b", "b"),
            ("/x/a", "/x/b", "../b"),
        ] {
            assert_eq!(relative(folder, path), seen, "{path} from {folder}");
        }
    }
}
