//! Directories of trees that must be steps of their own, because another step makes something in the tree's way.

use super::image::Image;
use super::slots::{NONE, Slots};
use crate::entity::{Means, What};
use crate::intern::EntityId;
use crate::tree::FileType;

/// Marks every directory of a tree above one that another step makes, and those that two trees share.
pub fn split(image: &mut Image) {
    if image.grafts.is_empty() {
        return;
    }
    let mut pending: Vec<usize> = Vec::new();
    for number in 0..image.slots.slots.len() {
        let slot = &image.slots.slots[number];
        let (start, end) = slot.rows;
        if end - start < 2 || slot.satisfied || slot.broken {
            continue;
        }
        let What::Path(facts) = slot.what else { continue };
        if facts.file_type != Some(FileType::Directory) {
            continue;
        }
        let lead = image.slots.merged[image.provides[slot.lead as usize].feature as usize];
        let rows = &image.slots.rows[start as usize..end as usize];
        let other_tree = rows.iter().any(|&row| {
            let row = &image.provides[row as usize];
            row.means == Means::Contained && image.slots.merged[row.feature as usize] != lead
        });
        if !other_tree {
            continue;
        }
        if image.provides[slot.lead as usize].means == Means::Contained {
            image.slots.slots[number].split = true;
        }
        pending.push(number);
    }
    // A directory that a tree lost to another feature is made by that feature's step.
    for number in 0..image.provides.len() {
        let row = &image.provides[number];
        let lost = image.slots.states[number] & Slots::DROPPED != 0 && row.means == Means::Contained;
        if !lost || !matches!(row.what, What::Path(facts) if facts.file_type == Some(FileType::Directory)) {
            continue;
        }
        let phase = image.phase(row.feature);
        let Some(at) = image.slots.range(row.entity).find(|&at| image.slots.slots[at as usize].phase == phase) else {
            continue;
        };
        let slot = &image.slots.slots[at as usize];
        if !slot.satisfied && !slot.broken && !slot.split {
            let contained = image.provides[slot.lead as usize].means == Means::Contained;
            image.slots.slots[at as usize].split = contained;
            pending.push(at as usize);
        }
    }
    // Upwards through directories that come with a tree, each once.
    while let Some(number) = pending.pop() {
        let slot = &image.slots.slots[number];
        if slot.entity == EntityId::ROOT {
            continue;
        }
        let (parent, phase) = (image.entities.parent(slot.entity), slot.phase);
        let above = image.slots.range(parent).find(|&above| image.slots.slots[above as usize].phase == phase);
        let Some(above) = above else { continue };
        let slot = &image.slots.slots[above as usize];
        let contained = image.provides[slot.lead as usize].means == Means::Contained;
        if contained && !slot.split && !slot.satisfied && !slot.broken && slot.node == NONE {
            image.slots.slots[above as usize].split = true;
            pending.push(above as usize);
        }
    }
}
