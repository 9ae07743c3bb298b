//! Paths: directories by strength, files by their contents, what is given over what is not, and mounts on top.

use std::sync::Arc;

use super::conflict::{Difference, conflict};
use super::unite;
use crate::entity::{Content, Means, Owner, PathFacts, Provide, Strength, What};
use crate::graph::image::Image;
use crate::graph::substance::Substance;
use crate::message;
use crate::tree::FileType;

/// Which provider settled each attribute so far.
#[derive(Clone, Copy, Default)]
struct Settled {
    mode: Option<u32>,
    user: Option<u32>,
    group: Option<u32>,
}

pub(super) fn merge_paths(image: &mut Image, number: usize, rows: &[u32]) {
    let facts_of = |image: &Image, row: u32| match image.provides[row as usize].what {
        What::Path(facts) => facts,
        _ => PathFacts::UNKNOWN,
    };
    let is_mount = |image: &Image, row: u32| matches!(facts_of(image, row).content, Content::Mount(_));
    let mounts: Vec<u32> = rows.iter().copied().filter(|&row| is_mount(image, row)).collect();
    let others: Vec<u32> = rows.iter().copied().filter(|&row| !is_mount(image, row)).collect();
    if let [first, rest @ ..] = mounts.as_slice() {
        image.slots.slots[number].mount = Some(*first);
        for &row in rest {
            if image.same_substance(&image.provides[*first as usize], &image.provides[row as usize])
                && facts_of(image, *first).file_type == facts_of(image, row).file_type
            {
                unite(image, *first, row);
            } else {
                conflict(
                    image,
                    number,
                    *first,
                    row,
                    &mounts,
                    Difference { attribute: "what is mounted", values: None },
                );
                return;
            }
        }
        let Some(&other) = others.first() else {
            let lead = *first;
            image.slots.slots[number].lead = lead;
            image.slots.slots[number].what = image.provides[lead as usize].what;
            return;
        };
        let (mounted, below) = (facts_of(image, *first).file_type, facts_of(image, other).file_type);
        if below.is_some() && mounted != below {
            conflict(image, number, other.min(*first), other.max(*first), rows, types(below, mounted));
            return;
        }
    }
    // Directories that are only there because something stands below them give way to whatever is declared.
    let strongest = others.iter().map(|&row| image.provides[row as usize].strength).max().unwrap_or(Strength::Explicit);
    let explicit: Vec<u32> =
        others.iter().copied().filter(|&row| image.provides[row as usize].strength == strongest).collect();
    let Some(&first) = explicit.first() else { return };
    // A weak directory beside something explicit that is none contradicts it; an implied one is a requirement.
    for &row in &others {
        let (own, other) = (facts_of(image, first).file_type, facts_of(image, row).file_type);
        if image.provides[row as usize].strength == Strength::Weak && own.is_some() && own != other {
            conflict(image, number, first.min(row), first.max(row), &others, types(own, other));
            return;
        }
    }
    // Of directories that only come with trees none is before the others, whatever the order of files.
    let first = if strongest == Strength::Weak && explicit.len() > 1 {
        let name = |row: &u32| {
            let feature = image.provides[*row as usize].feature;
            (image.base_id(feature), image.id_suffix(feature))
        };
        explicit.iter().copied().min_by_key(name).unwrap_or(first)
    } else {
        first
    };
    let mut lead = first;
    let mut facts = facts_of(image, first);
    let mut settled = settle(&facts, first);
    for &row in explicit.iter().filter(|&&row| row != first) {
        let other = facts_of(image, row);
        if strongest == Strength::Implied {
            continue;
        }
        if let Some((against, difference)) = differ(image, lead, &facts, &settled, row, &other) {
            if difference.is_of_substance() {
                let sources = image.undecided_sources(&image.provides[lead as usize], &image.provides[row as usize]);
                image.undecided.extend(sources);
            }
            conflict(image, number, against, row, &explicit, difference);
            return;
        }
        // What is given counts; a default only fills in.
        let lead_means = image.provides[lead as usize].means;
        for bit in [PathFacts::MODE, PathFacts::USER, PathFacts::GROUP] {
            let of_file =
                bit == PathFacts::MODE && other.file_type.is_none() && facts.file_type == Some(FileType::Directory);
            if other.given & bit != 0 && facts.given & bit == 0 && !of_file {
                match bit {
                    PathFacts::MODE => (facts.mode, settled.mode) = (other.mode, Some(row)),
                    PathFacts::USER => (facts.user, settled.user) = (other.user, Some(row)),
                    _ => (facts.group, settled.group) = (other.group, Some(row)),
                }
                facts.given |= bit;
            }
        }
        facts.given |= other.given & PathFacts::XATTRS;
        if facts.file_type.is_none() {
            facts.file_type = other.file_type;
            if other.file_type == Some(FileType::Directory) {
                (facts.mode, settled.mode) = (other.mode, Some(row));
                facts.given = facts.given & !PathFacts::MODE | other.given & PathFacts::MODE;
            }
        }
        let means = image.provides[row as usize].means;
        if lead_means == Means::Made && means == Means::Made {
            unite(image, lead, row);
        } else if means == Means::Made || (means == Means::Contained && lead_means == Means::Declared) {
            // The step that makes the thing leads; a tree leaves it out.
            let (mode, user, group, given) = (facts.mode, facts.user, facts.group, facts.given);
            let own = facts_of(image, row);
            facts = PathFacts {
                mode: if given & PathFacts::MODE != 0 { mode } else { own.mode },
                user: if given & PathFacts::USER != 0 { user } else { own.user },
                group: if given & PathFacts::GROUP != 0 { group } else { own.group },
                given,
                ..own
            };
            lead = row;
        }
    }
    let slot = &mut image.slots.slots[number];
    slot.lead = lead;
    slot.what = What::Path(facts);
}

fn settle(facts: &PathFacts, row: u32) -> Settled {
    let given = |bit: u8| (facts.given & bit != 0).then_some(row);
    Settled { mode: given(PathFacts::MODE), user: given(PathFacts::USER), group: given(PathFacts::GROUP) }
}

/// What keeps a row from being one with those before it, and which of them it is against.
fn differ(
    image: &Image,
    lead: u32,
    facts: &PathFacts,
    settled: &Settled,
    row: u32,
    other: &PathFacts,
) -> Option<(u32, Difference)> {
    let (first, second) = (&image.provides[lead as usize], &image.provides[row as usize]);
    if let (Some(own), Some(its)) = (facts.file_type, other.file_type)
        && own != its
    {
        return Some((lead, types(Some(own), Some(its))));
    }
    let is_directory = facts.file_type == Some(FileType::Directory) || other.file_type == Some(FileType::Directory);
    let declared = |row: &Provide| row.means == Means::Declared;
    // What is only declared may be said twice; beside what is really made it would be made twice.
    let both_declared = declared(first) && declared(second);
    // One feature may name several packages.
    let apart = first.feature != second.feature
        || image.package_file(lead).map(Arc::as_ptr) != image.package_file(row).map(Arc::as_ptr);
    if !is_directory && !both_declared && apart {
        if declared(first) || declared(second) {
            return Some((lead, Difference { attribute: "who makes it", values: None }));
        }
        let unknown = |facts: &PathFacts| facts.content == Content::Unknown;
        if !unknown(facts) && !unknown(other) && !image.same_substance(first, second) {
            return Some((lead, substances(image, first, second)));
        }
    }
    let both = |bit: u8| facts.given & other.given & bit != 0;
    // Of a source that cannot be read it is not known whether it is a folder, whose mode is not the one given.
    let perhaps_folder = [facts, other].iter().any(|facts| facts.file_type.is_none())
        && [facts, other].iter().all(|facts| facts.file_type != Some(FileType::File));
    if both(PathFacts::MODE)
        && !perhaps_folder
        && let (Some(own), Some(its)) = (facts.mode, other.mode)
        && own != its
    {
        let values = Some((format!("{own:04o}"), format!("{its:04o}")));
        return Some((settled.mode.unwrap_or(lead), Difference { attribute: "mode", values }));
    }
    for (bit, own, its, by, attribute) in [
        (PathFacts::USER, facts.user, other.user, settled.user, "user"),
        (PathFacts::GROUP, facts.group, other.group, settled.group, "group"),
    ] {
        if both(bit) && own != Owner::Unknown && its != Owner::Unknown && !image.same_owner(own, its) {
            let values = Some((image.say_owner(own).into_owned(), image.say_owner(its).into_owned()));
            return Some((by.unwrap_or(lead), Difference { attribute, values }));
        }
    }
    if facts.given & other.given & PathFacts::XATTRS != 0 && image.xattrs(first) != image.xattrs(second) {
        return Some((lead, Difference { attribute: "xattrs", values: None }));
    }
    None
}

fn types(own: Option<FileType>, its: Option<FileType>) -> Difference {
    let describe = |file_type: Option<FileType>| file_type.map_or("something unknown", FileType::described).to_owned();
    Difference { attribute: "type", values: Some((describe(own), describe(its))) }
}

fn substances(image: &Image, first: &Provide, second: &Provide) -> Difference {
    match (image.substance(first), image.substance(second)) {
        (Substance::Host(own), Substance::Host(its)) => {
            Difference { attribute: "source", values: Some((message::quoted(&own), message::quoted(&its))) }
        }
        (Substance::Target(own), Substance::Target(its)) => {
            Difference { attribute: "target", values: Some((message::quoted(&own), message::quoted(&its))) }
        }
        (Substance::SameAs(own), Substance::SameAs(its)) => {
            Difference { attribute: "target", values: Some((image.say(own), image.say(its))) }
        }
        (Substance::Device(..), Substance::Device(..)) => Difference { attribute: "device number", values: None },
        _ => Difference { attribute: "contents", values: None },
    }
}
