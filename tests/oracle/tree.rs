//! The operations that set down many entries at once: copying a folder, unpacking an archive, cloning a part of an image.

use std::collections::BTreeSet;

use serde_json::Value;

use super::op::{Edit, Input, Inputs};
use super::plan::text;
use super::root::{Inode, Node, Root};
use super::walk::{is_at_or_below, join, parent};

/// The edits of `copy_tree`, `extract` and `clone`.
pub fn place(root: &Root, op: &Value, inputs: &Inputs) -> Result<Vec<Edit>, String> {
    let (kind, src, dst) = (text(op, "type")?, text(op, "src")?, text(op, "dst")?);
    let named = if kind == "clone" { format!("{}:{src}", text(op, "from")?) } else { src.to_owned() };
    let Some(Input::Tree(entries)) = inputs.get(&named) else {
        return Err(format!("there is no tree {named}"));
    };
    let strip = op["strip_components"].as_u64().unwrap_or(0) as usize;
    let skip: BTreeSet<String> = op["skip"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(|entry| below(dst, entry.strip_prefix(dst).filter(|_| entry.starts_with('/')).unwrap_or(entry)))
        .collect();
    let exclude: Vec<&str> = op["exclude"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut edits = Vec::new();
    // What this operation itself has set down so far.
    let mut made: BTreeSet<String> = BTreeSet::new();
    for (path, entry) in entries {
        let rest: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").skip(strip).collect();
        if strip > 0 && rest.is_empty() && !path.is_empty() {
            continue;
        }
        if rest.iter().any(|part| exclude.contains(part)) {
            continue;
        }
        let at = below(dst, &rest.join("/"));
        if skip.contains(&at) || made.contains(&at) {
            if root.get(&at).is_none() && !made.contains(&at) {
                return Err(format!("{at} is skipped, but nothing has provided it"));
            }
            continue;
        }
        let opaque = !root.seen.is_empty() && entry.node == Node::Directory;
        match root.get(&at) {
            None => {}
            Some(there) if opaque && there.node == Node::Directory => {}
            Some(_) => return Err(format!("there is something at {at} already")),
        }
        let above = parent(&at);
        if !made.contains(above) && !root.is_directory(above) {
            return Err(format!("{above}, above {at}, is not a directory"));
        }
        let inode = dressed(op, kind, entry)?;
        edits.push(match root.get(&at) {
            Some(_) => Edit::Own(at.clone(), inode.mode, inode.user, inode.group),
            None => Edit::Put(at.clone(), inode),
        });
        made.insert(at);
    }
    if made.iter().any(|at| root.mount_above(at).is_some_and(|mount| is_at_or_below(at, &mount))) {
        return Err(format!("{dst} is inside a mount"));
    }
    Ok(edits)
}

fn below(dst: &str, rest: &str) -> String {
    let parts = rest.split('/').filter(|part| !part.is_empty());
    parts.fold(dst.to_owned(), |at, part| join(&at, part))
}

/// The entry with the mode and owner that the operation gives it.
fn dressed(op: &Value, kind: &str, entry: &Inode) -> Result<Inode, String> {
    let mut inode = entry.clone();
    if kind == "copy_tree" {
        let field = match &inode.node {
            Node::Directory => "directory_mode",
            Node::File { .. } if inode.mode & 0o100 != 0 => "executable_mode",
            _ => "file_mode",
        };
        if !matches!(inode.node, Node::Link(_)) {
            inode.mode = u32::from_str_radix(text(op, field)?, 8).map_err(|_| format!("`{field}` is not octal"))?;
        }
    }
    for (field, owner) in [("user", &mut inode.user), ("group", &mut inode.group)] {
        if let Some(name) = op[field].as_str() {
            name.clone_into(owner);
        }
    }
    Ok(inode)
}
