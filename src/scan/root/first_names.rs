//! Names of one file: the least of its paths is the first, the others are hard links to it, however the source tells them.

use std::collections::HashMap;

use rustc_hash::FxBuildHasher;

use super::Inode;
use crate::tree::{Entry, FileType, path_order};

/// Files of a directory that have one inode become hard links to one of them.
pub(super) fn join_inodes(entries: &mut [Entry], inodes: &[(usize, Inode)]) {
    let mut inodes = inodes.to_vec();
    inodes.sort_by(|a, b| a.1.cmp(&b.1).then_with(|| path_order(&entries[a.0].path, &entries[b.0].path)));
    for names in inodes.chunk_by(|a, b| a.1 == b.1) {
        let Some((&(first, _), others)) = names.split_first() else { continue };
        let path = entries[first].path.clone();
        for &(other, _) in others {
            entries[other].target = Some(path.clone());
            entries[other].same_as = true;
        }
    }
}

/// Makes the least path of each file its first name. Only files have more than one; hard links of anything else stand alone.
pub(super) fn choose(entries: &mut [Entry]) {
    let mut groups: HashMap<Box<str>, Vec<usize>, FxBuildHasher> = HashMap::default();
    for (at, entry) in entries.iter().enumerate() {
        if let Some(first) = entry.first_name() {
            groups.entry(first.into()).or_default().push(at);
        }
    }
    if groups.is_empty() {
        return;
    }
    let mut groups: Vec<(Box<str>, Vec<usize>)> = groups.into_iter().collect();
    groups.sort_unstable();
    for (first, mut names) in groups {
        let at = entries.binary_search_by(|entry| path_order(&entry.path, &first)).ok();
        names.extend(at.filter(|&at| entries[at].file_type == FileType::File && !entries[at].same_as));
        names.sort_unstable();
        let alone = entries[names[0]].file_type != FileType::File;
        let first = entries[names[0]].path.clone();
        for (number, at) in names.into_iter().enumerate() {
            let is_link = number > 0 && !alone;
            entries[at].same_as = is_link;
            entries[at].target = is_link.then(|| first.clone());
        }
    }
}
