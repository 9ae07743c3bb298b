//! The inputs of steps: what a plan says of the sources that they read.

use super::operation::Operations;
use crate::graph::nodes::Nodes;
use crate::inputs::{ArchiveState, DigestState, Inputs};
use crate::tree::{FileType, Owner, Tree};
use featgraph_plan::Digest;
use featgraph_plan::Mode;
use featgraph_plan::{Input, InputType};
use featgraph_plan::{TreeLine, tree_digest};

/// The inputs of a step. Those of trees take long, see [`Operations::reads_much`].
pub(super) fn inputs_of(operations: &Operations<'_>, nodes: &Nodes<'_>, node: u32, inputs: &Inputs) -> Vec<Input> {
    let mut found: Vec<Input> = operations
        .sources(nodes, node)
        .into_iter()
        .filter_map(|source| {
            let digested = inputs.digest(source.path);
            let (input_type, size, digest) = match source.tree {
                Some(tree) => {
                    let digested = match (digested, inputs.archive(source.path)) {
                        (Some(DigestState::Tree(tree)), _) | (_, Some(ArchiveState::Tree(tree))) => Some(&**tree),
                        _ => None,
                    };
                    let own = digest_of_tree(tree, digested, source.owners);
                    // What an opaque step of the other image did to it shows in that image's plan only.
                    let digest = source
                        .from
                        .map_or(own, |from| Digest::of(format!("{own} {}", Digest::from_bytes(from)).as_bytes()));
                    (InputType::Tree, tree_size(tree), digest)
                }
                // A whole image that a command has while it runs.
                None if source.owners => {
                    let digest = Digest::from_bytes(source.from?);
                    (InputType::Tree, 0, digest)
                }
                None => match digested {
                    Some(DigestState::File { size, digest }) => (InputType::File, *size, Digest::from_bytes(*digest)),
                    _ => return None,
                },
            };
            Some(Input { path: operations.host(source.path).into_owned(), input_type, size, digest })
        })
        .collect();
    if found.len() > 1 {
        found.sort_by(|a, b| a.path.cmp(&b.path));
        found.dedup_by(|a, b| a.path == b.path);
    }
    found
}

fn tree_size(tree: &Tree) -> u64 {
    tree.entries().iter().filter_map(|entry| entry.size).sum()
}

/// The digest of a tree as it is put into the image. `digested` is the same source with the digests of its files.
fn digest_of_tree(tree: &Tree, digested: Option<&Tree>, owners: bool) -> Digest {
    let lines: Vec<(String, String)> = tree
        .entries()
        .iter()
        .map(|entry| {
            let content = if let Some(target) = &entry.target {
                target.to_string()
            } else if let Some((major, minor)) = entry.device {
                format!("{major}:{minor}")
            } else {
                let digest = entry
                    .digest
                    .or_else(|| digested.and_then(|tree| tree.get(&entry.path)).and_then(|entry| entry.digest));
                digest.map(|digest| Digest::from_bytes(digest).to_string()).unwrap_or_default()
            };
            let owner = if owners {
                let say = |owner: &Option<Owner>, id: Option<u32>| match (owner, id) {
                    (Some(Owner::Name(name)), _) => name.to_string(),
                    (Some(Owner::Number(number)), _) => number.to_string(),
                    (None, Some(number)) => number.to_string(),
                    (None, None) => String::new(),
                };
                format!("{}:{}", say(&entry.user, entry.uid), say(&entry.group, entry.gid))
            } else {
                String::new()
            };
            (content, owner)
        })
        .collect();
    tree_digest(tree.entries().iter().zip(&lines).map(|(entry, (content, owner))| TreeLine {
        entry_type: entry.file_type.name(),
        mode: match entry.file_type {
            _ if owners => entry.mode.map(Mode::new),
            // Of a folder on the host only who may execute a file matters.
            FileType::File => entry.executable().map(|executable| Mode::new(if executable { 0o755 } else { 0o644 })),
            _ => None,
        },
        owner,
        path: &entry.path,
        content,
    }))
}
