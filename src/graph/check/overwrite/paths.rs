//! Paths: type, mode, owner, attributes and contents, and what is mounted there.

use super::{Of, Standing, say, types};
use crate::entity::{Means, PathFacts, Strength, What};
use crate::graph::Substance;
use crate::graph::image::Image;
use crate::graph::packages::{self, Meeting};
use crate::graph::slots::There;
use crate::intern::EntityType;
use crate::message;
use crate::tree::FileType;

pub(super) fn path(image: &Image, number: usize, before: There<'_>) -> Standing {
    let slot = &image.slots.slots[number];
    let row = &image.provides[slot.lead as usize];
    let What::Path(facts) = slot.what else { return Standing::New };
    let view = image.view_after(slot.entity, before, slot.phase as usize);
    if row.means == Means::Declared {
        return Standing::New;
    }
    match packages::meet(image, slot.lead, &facts, before) {
        Meeting::Stays => return Standing::Satisfied,
        Meeting::TakesOver => return Standing::New,
        Meeting::Ordinary => {}
    }
    // What a contradiction left behind is not judged.
    if matches!(before, There::Slot(earlier) if image.slots.slots[earlier as usize].broken) {
        return Standing::Satisfied;
    }
    if let There::Base(known) = before
        && known.file_type.is_none()
        && !known.mount
    {
        return Standing::Satisfied;
    }
    let same_type = match (facts.file_type, view.file_type) {
        (Some(own), Some(found)) => own == found,
        _ => true,
    };
    if slot.mount == Some(slot.lead) {
        if !same_type {
            return Standing::Other(Of::Type, types(facts.file_type, view.file_type));
        }
        return match mounted(image, slot.lead, before) {
            Some(true) => Standing::Satisfied,
            Some(false) => Standing::Other(Of::Type, "what is mounted there is something else".to_owned()),
            None => Standing::New,
        };
    }
    if let Some(mount) = slot.mount
        && mounted(image, mount, before) == Some(false)
    {
        return Standing::Other(Of::Type, "what is mounted there is something else".to_owned());
    }
    let is_directory = facts.file_type == Some(FileType::Directory);
    if is_directory && row.strength != Strength::Explicit && same_type {
        return Standing::Satisfied;
    }
    if is_directory && row.strength == Strength::Implied {
        return Standing::NoDirectory;
    }
    if !same_type {
        return Standing::Other(Of::Type, types(facts.file_type, view.file_type));
    }
    // A source that cannot be read yet: nothing can be said against it.
    if facts.file_type.is_none() {
        return Standing::Satisfied;
    }
    if facts.given & PathFacts::MODE != 0
        && let (Some(own), Some(found)) = (facts.mode, view.mode)
        && own != found
    {
        return Standing::Other(Of::Attribute, format!("its mode is {found:04o} there and would become {own:04o}"));
    }
    for (bit, own, found, entity_type) in [
        (PathFacts::USER, facts.user, view.user, EntityType::User),
        (PathFacts::GROUP, facts.group, view.group, EntityType::Group),
    ] {
        if facts.given & bit != 0
            && let (Some(wanted), Some(found)) = (image.owner(own), found)
            && !image.is_one_owner(wanted, found, entity_type)
        {
            let what = entity_type.name();
            return Standing::Other(
                Of::Attribute,
                format!("its {what} is {} there and would become {}", say(found), say(wanted)),
            );
        }
    }
    if facts.given & PathFacts::XATTRS != 0
        && let There::Base(known) = before
    {
        let own = image.xattrs(row);
        let found = known.xattrs.as_deref().unwrap_or_default();
        let same = own.len() == found.len()
            && own.iter().zip(found).all(|((name, value), (other, its))| **name == **other && **value == **its);
        if !same {
            return Standing::Other(Of::Attribute, "its extended attributes differ".to_owned());
        }
    }
    if is_directory {
        return Standing::Satisfied;
    }
    match substance(image, slot.lead, before) {
        None => Standing::Satisfied,
        Some(difference) => Standing::Other(Of::Substance, difference),
    }
}

/// Whether the same is mounted there already; none if nothing is, or if it is not known what.
pub(super) fn mounted(image: &Image, mount: u32, before: There<'_>) -> Option<bool> {
    let Substance::Mount(source, source_type) = image.substance(&image.provides[mount as usize]) else { return None };
    match before {
        There::Base(known) => known.mounted.as_ref().map(|mounted| **mounted == (source, source_type)),
        There::Slot(slot) => {
            let other = image.slots.slots[slot as usize].mount?;
            Some(image.same_substance(&image.provides[mount as usize], &image.provides[other as usize]))
        }
        There::Nothing | There::Always => None,
    }
}

/// What differs in what is in it; none if it is the same.
fn substance(image: &Image, lead: u32, before: There<'_>) -> Option<String> {
    let row = &image.provides[lead as usize];
    // Another name of the file that is there under this one.
    if let Substance::SameAs(target) = image.substance(row) {
        let phases = image.phase(row.feature) as usize;
        return (image.inode(target, phases) != image.inode(row.entity, phases))
            .then(|| "it is another file".to_owned());
    }
    match image.named(before) {
        There::Slot(slot) => {
            let other = &image.provides[image.slots.slots[slot as usize].lead as usize];
            (!image.same_substance(row, other)).then(|| "its contents differ".to_owned())
        }
        There::Base(known) => {
            let own = image.substance(row);
            let same = match &own {
                Substance::Target(target) => known.target.as_deref() == Some(target),
                Substance::Text(text) => known.digest == Some(*blake3::hash(text.as_bytes()).as_bytes()),
                Substance::Host(path) => {
                    known.source.as_deref() == Some(path)
                        || known.digest.is_some_and(|digest| image.source_digests.get(path) == Some(&digest))
                }
                Substance::Entry(origin, digest) => {
                    known.source.as_deref() == Some(origin) || (known.digest == Some(*digest) && *digest != [0; 32])
                }
                Substance::Device(major, minor) => match known.device {
                    Some((own, its)) => *major == Some(own) && *minor == Some(its),
                    None => major.is_none() && minor.is_none(),
                },
                Substance::SameAs(_) | Substance::Mount(..) | Substance::Unknown => false,
                Substance::None => true,
            };
            if same {
                return None;
            }
            Some(match (&own, &known.target) {
                (Substance::Target(own), Some(found)) => {
                    format!("it leads to {} there and would lead to {}", message::quoted(found), message::quoted(own))
                }
                _ if known.digest.is_none() => "its contents there are not known to be the same".to_owned(),
                _ => "its contents differ".to_owned(),
            })
        }
        There::Nothing | There::Always => None,
    }
}
