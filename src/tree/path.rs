//! Paths below the root of a tree: relative, normalised, `/` between components.

use std::cmp::Ordering;

/// How paths are ordered: component by component, so that a directory stands right before what is below it.
pub fn path_order(a: &str, b: &str) -> Ordering {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    // Neighbours share most of their paths, so equal pieces are passed over before single bytes are looked at.
    const PIECE: usize = 16;
    let pieces = a.chunks_exact(PIECE).zip(b.chunks_exact(PIECE));
    let equal = PIECE * pieces.take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[equal..], &b[equal..]);
    match a.iter().zip(b).position(|(x, y)| x != y) {
        Some(at) => separator_first(a[at]).cmp(&separator_first(b[at])),
        None => a.len().cmp(&b.len()),
    }
}

const fn separator_first(byte: u8) -> u16 {
    if byte == b'/' { 0 } else { byte as u16 + 1 }
}

/// Whether `path` stands below `directory` (the empty one being the root), both relative to one root.
pub fn is_below(path: &str, directory: &str) -> bool {
    if directory.is_empty() {
        return !path.is_empty();
    }
    path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'))
}

/// The last component of a path.
pub fn name_of(path: &str) -> &str {
    path.rfind('/').map_or(path, |at| &path[at + 1..])
}

/// The path of the directory that a path stands in; `None` for the root itself.
pub fn parent_of(path: &str) -> Option<&str> {
    if path.is_empty() {
        return None;
    }
    Some(path.rfind('/').map_or("", |at| &path[..at]))
}
