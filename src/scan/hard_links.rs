//! Hard links of an archive: each becomes what stood at its target when it came by.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::members::Collected;
use crate::tree::{Entry, FileType, Problem, path_order};

/// Gives every hard link what is known of its file. A link means what stood at its target when it came by.
pub(super) fn join_hard_links(collected: &mut Collected) {
    if !collected.entries.iter().any(|entry| entry.same_as) {
        return;
    }
    let mut by_path: Vec<u32> = collected.entries.iter().map(|entry| entry.order).collect();
    by_path.sort_by(|&a, &b| {
        path_order(&collected.entries[a as usize].path, &collected.entries[b as usize].path).then(a.cmp(&b))
    });
    let mut lost: BTreeMap<usize, String> = BTreeMap::new();
    for at in 0..collected.entries.len() {
        let link = &collected.entries[at];
        if !link.same_as {
            continue;
        }
        let target = link.target.clone().unwrap_or_default();
        // The last entry at the target's path that came before the link.
        let after = by_path.partition_point(|&other| {
            let order = path_order(&collected.entries[other as usize].path, &target);
            order == Ordering::Less || (order == Ordering::Equal && (other as usize) < at)
        });
        let found = after.checked_sub(1).map(|before| by_path[before] as usize);
        let found = found.filter(|found| !lost.contains_key(found)).map(|found| &collected.entries[found]);
        match found.filter(|found| *found.path == *target) {
            None => {
                let message = format!("is a hard link to `{target}`, which does not come before it in the archive");
                lost.insert(at, message);
            }
            Some(found) if found.file_type == FileType::Directory => {
                lost.insert(at, format!("is a hard link to `{target}`, which is a directory"));
            }
            Some(found) => {
                let is_overwritten = |path: &str, order: u32| {
                    let next = by_path.partition_point(|&other| {
                        let entry = &collected.entries[other as usize];
                        path_order(&entry.path, path).then(entry.order.cmp(&order)) != Ordering::Greater
                    });
                    by_path.get(next).is_some_and(|&other| *collected.entries[other as usize].path == *path)
                };
                // A name that something else takes later is no longer one of this file's.
                let first = if found.same_as { found.target.clone().unwrap_or_default() } else { target };
                let keeps = found.file_type != FileType::Symlink && !is_overwritten(&first, found.order);
                let joined = Entry {
                    path: link.path.clone(),
                    order: link.order,
                    target: if found.file_type == FileType::Symlink {
                        found.target.clone()
                    } else {
                        keeps.then_some(first)
                    },
                    same_as: keeps,
                    ..found.clone()
                };
                if keeps
                    && (collected.keeps)(&joined.path)
                    && let Some(content) = collected.contents.get(&found.path).cloned()
                {
                    collected.contents.insert(joined.path.clone(), content);
                }
                collected.entries[at] = joined;
            }
        }
    }
    let problems = &mut collected.problems;
    collected.entries.retain(|entry| match lost.remove(&(entry.order as usize)) {
        Some(message) => {
            problems.push(Problem::invalid(entry.path.clone(), message));
            false
        }
        None => true,
    });
}
