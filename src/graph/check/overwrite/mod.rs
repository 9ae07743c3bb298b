//! What a feature provides against what the parent or an earlier phase already has there.

mod accounts;
mod paths;

use crate::catalog::Code;
use crate::diagnostic::Role;
use crate::entity::{Content, Means, PathFacts, Provide, Strength, What};
use crate::fragment::Feature;
use crate::graph::Substance;
use crate::graph::edges::Why;
use crate::graph::image::Image;
use crate::graph::slots::{Replaces, Slots, There};
use crate::graph::view::{View, ViewOwner};
use crate::intern::EntityType;
use crate::message;
use crate::tree::FileType;
use accounts::{group, package, user};
use paths::{mounted, path};

/// How a slot stands to what was there before.
pub(super) enum Standing {
    /// Nothing was there.
    New,
    /// The same was there.
    Satisfied,
    /// Something else was there: which attribute differs, what it was and what it would become.
    Other(Of, String),
    /// Something stands where a directory is needed.
    NoDirectory,
}

/// What of it differs.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Of {
    /// Its type.
    Type,
    /// Its mode, its owners, its extended attributes.
    Attribute,
    /// What is in it; of an account anything.
    Substance,
}

/// Compares one slot with what is there before its phase.
pub fn overwrite(image: &mut Image, number: usize) {
    let slot = &image.slots.slots[number];
    let (entity, phase) = (slot.entity, slot.phase);
    let rows = slot.rows;
    if slot.broken {
        return;
    }
    // Whom a file of this very phase no longer lists was not there before it.
    let is_account = matches!(image.entities.entity_type(entity), EntityType::User | EntityType::Group);
    if is_account && image.goes_in(entity, phase) {
        return;
    }
    let before = image.before(entity, phase);
    if matches!(before, There::Nothing) {
        return;
    }
    let standing = match image.entities.entity_type(entity) {
        EntityType::Path => path(image, number, before),
        EntityType::User => user(image, number, before),
        EntityType::Group => group(image, number, before),
        EntityType::Package => package(image, number, before),
        EntityType::Virtual => Standing::New,
    };
    // What is mounted on a directory that was there is still to be mounted, unless that was there, too.
    let mounts = image.slots.slots[number].mount.is_some_and(|mount| mounted(image, mount, before) != Some(true));
    match standing {
        Standing::New => {}
        Standing::Satisfied => satisfy(image, number, mounts),
        Standing::Other(of, difference) => {
            // Of features that are one step any may say that it replaces.
            // A package manager refuses a file of another package, whatever a manifest says.
            let refused = of_other_package(image, image.slots.slots[number].lead, before).is_some();
            let replacing = (rows.0..rows.1)
                .map(|at| image.provides[image.slots.rows[at as usize] as usize].feature)
                .find(|&feature| image.features[feature as usize].is(Feature::REPLACE) && !refused);
            let (file_type, from) = origin_of(image, before);
            // A directory that stays one gets its mode and owner in place.
            let stays = file_type == Some(FileType::Directory)
                && matches!(image.slots.slots[number].what, What::Path(facts) if facts.file_type == file_type);
            if replacing.is_none() && keeps(image, number, of) {
                if !stays {
                    satisfy(image, number, mounts);
                }
            } else if let Some(feature) = replacing {
                if !stays {
                    image.slots.slots[number].replaces = Some(Replaces { file_type, phase: from });
                }
                image.replaced.insert(feature, ());
            } else {
                report(image, number, &difference);
            }
        }
        // Who needs it as a directory is told so, with everybody else who does.
        Standing::NoDirectory => image.slots.slots[number].satisfied = true,
    }
}

/// It is there already, and no step makes it; what is to be mounted there may still be.
fn satisfy(image: &mut Image, number: usize, mounts: bool) {
    image.slots.slots[number].satisfied = true;
    let (start, end) = image.slots.slots[number].rows;
    for at in start..end {
        let row = image.slots.rows[at as usize];
        let is_mount =
            matches!(image.provides[row as usize].what, What::Path(PathFacts { content: Content::Mount(_), .. }));
        if !(is_mount && mounts) {
            image.slots.states[row as usize] |= Slots::SATISFIED;
        }
    }
}

/// Whether whoever provides it leaves alone what is there: all of it, but for the modes and owners of files and nodes, which
/// no step can set without making them anew, and for a type that is in the way.
fn keeps(image: &Image, number: usize, of: Of) -> bool {
    let slot = &image.slots.slots[number];
    let (start, end) = slot.rows;
    let yields = image.slots.rows[start as usize..end as usize].iter().all(|&row| {
        let row = &image.provides[row as usize];
        row.strength != Strength::Explicit || image.features[row.feature as usize].is(Feature::KEEPS)
    });
    let What::Path(facts) = slot.what else { return yields };
    yields
        && match facts.file_type {
            Some(FileType::Symlink) => true,
            Some(FileType::Directory) => of != Of::Type,
            _ => of == Of::Substance,
        }
}

fn origin_of(image: &Image, there: There<'_>) -> (Option<FileType>, Option<crate::entity::Phase>) {
    match there {
        There::Slot(slot) => {
            let slot = &image.slots.slots[slot as usize];
            let file_type = match slot.what {
                What::Path(facts) => facts.file_type,
                _ => None,
            };
            (file_type, Some(slot.phase))
        }
        There::Base(known) => (known.file_type, None),
        There::Always => (Some(FileType::Directory), None),
        There::Nothing => (None, None),
    }
}

pub(super) fn types(own: Option<FileType>, found: Option<FileType>) -> String {
    let describe = |file_type: Option<FileType>| file_type.map_or("something unknown", FileType::described);
    format!("it is {} there and would become {}", describe(found), describe(own))
}

pub(super) fn say(owner: ViewOwner<'_>) -> String {
    match owner {
        ViewOwner::Name(name) => message::quoted(name),
        ViewOwner::Number(number) => number.to_string(),
    }
}

fn report(image: &mut Image, number: usize, difference: &str) {
    let slot = &image.slots.slots[number];
    let (entity, phase) = (slot.entity, slot.phase);
    let row = image.provides[slot.lead as usize];
    let location = match row.what {
        What::Path(facts) => attribute_span(image, &row, &facts, difference),
        _ => row.span,
    };
    let before = image.before(entity, phase);
    let (owner, there, related) = match before {
        There::Slot(slot) => {
            let other = &image.slots.slots[slot as usize];
            let provide = image.provides[other.lead as usize];
            let text = format!("there since phase `{}`, by {}", other.phase.name(), image.say_feature(provide.feature));
            let place = image.at(provide.feature, provide.span);
            let owner = image
                .package_of(other.lead)
                .map(|package| of_package(&package, image.package_file(other.lead).map(|file| &*file.version)));
            (owner.unwrap_or_default(), format!("phase `{}`", other.phase.name()), Some((Role::Provider, place, text)))
        }
        There::Base(known) => {
            let owner = known.package.as_deref().map(|package| of_package(package, installed(image, package)));
            let owner = owner.unwrap_or_default();
            let name = image.base.as_ref().map_or("", |base| base.name.as_str());
            let related = known.origin.clone().map(|place| (Role::Parent, place, format!("there already in `{name}`")));
            (owner, format!("parent `{name}`"), related)
        }
        There::Always | There::Nothing => (String::new(), "every image".to_owned(), None),
    };
    let message = format!("{}{owner} is already there in {there}: {difference}", image.say(entity));
    let mut diagnostic = image.diagnostic(Code::Overwrite, Some(entity), image.at(row.feature, location), message);
    diagnostic.label = "something else is there".to_owned();
    if let What::Path(facts) = image.slots.slots[number].what {
        let own = described(&image.view_facts(&facts), target_of(image, &row).as_deref(), None);
        diagnostic.notes.push(format!("there now: {}", standing(image, before)));
        diagnostic.notes.push(format!("in its place: {own}"));
    }
    if let Some((role, place, text)) = related {
        diagnostic.related.push(image.related(role, Some(entity), place, text));
    }
    let lead = image.slots.slots[number].lead;
    let through_links = !image.links_of(Why::Parent(lead)).is_empty();
    image.tell_links(&mut diagnostic, Why::Parent(lead));
    let other = of_other_package(image, lead, before);
    diagnostic.help = Some(match (&other, through_links) {
        (Some((own, other)), _) => format!(
            "package {0} of the parent has this file: let package {1} declare `Replaces: {0}`, or remove {0} in an earlier phase; `replace = true` cannot help, for the package manager refuses it",
            message::quoted(other),
            message::quoted(own)
        ),
        // What was written is another path, so taking its place may be the last thing that was meant.
        (None, true) => format!(
            "the path leads through links to {0}: write the path that is meant, or set `replace = true` if {0} is to be replaced",
            image.say(entity)
        ),
        (None, false) => String::from(
            "set `replace = true` to take its place, remove it with a `remove` in an earlier phase, or leave it as it is",
        ),
    });
    image.slots.slots[number].broken = true;
    image.report(diagnostic, Vec::new());
}

/// The package file that brings a path, and the other package that has it already.
fn of_other_package(image: &Image, lead: u32, before: There<'_>) -> Option<(String, String)> {
    let own = image.package_file(lead)?;
    let other = match before {
        There::Base(known) => known.package.as_deref()?.to_owned(),
        There::Slot(slot) => image.package_of(image.slots.slots[slot as usize].lead)?.into_string(),
        There::Nothing | There::Always => return None,
    };
    (*own.name != *other).then(|| (own.name.to_string(), other))
}

fn of_package(package: &str, version: Option<&str>) -> String {
    let version = version.map(|version| format!(" ({version})")).unwrap_or_default();
    format!(" of package {}{version}", message::quoted(package))
}

/// The version of a package that the parent has.
fn installed<'i>(image: &'i Image, package: &str) -> Option<&'i str> {
    let base = image.base.as_ref()?;
    base.known(base.find(EntityType::Package, package)?)?.version.as_deref()
}

/// What stands at a path before, as far as it is known.
fn standing(image: &Image, before: There<'_>) -> String {
    let view = image.view(before);
    match before {
        There::Base(known) => described(&view, known.target.as_deref(), known.size),
        There::Slot(slot) => {
            let row = &image.provides[image.slots.slots[slot as usize].lead as usize];
            described(&view, target_of(image, row).as_deref(), None)
        }
        There::Nothing | There::Always => described(&view, None, None),
    }
}

/// Where a row's link leads.
fn target_of(image: &Image, row: &Provide) -> Option<String> {
    match image.substance(row) {
        Substance::Target(target) => Some(target),
        _ => None,
    }
}

/// Type, mode, owner and size, as far as they are known.
fn described(view: &View<'_>, target: Option<&str>, size: Option<u64>) -> String {
    let mut text = view.file_type.map_or("something unknown", FileType::described).to_owned();
    if view.file_type == Some(FileType::Symlink) {
        // What a link is allowed is decided by what it leads to.
        text.extend(target.map(|target| format!(" to {}", message::quoted(target))));
    } else {
        text.extend(view.mode.map(|mode| format!(", mode {mode:04o}")));
    }
    for (what, owner) in [("user", view.user), ("group", view.group)] {
        text.extend(owner.map(|owner| format!(", {what} {}", say(owner))));
    }
    text.extend(size.map(|size| format!(", {size} bytes")));
    text
}

/// The value that says what differs, where the feature gives it.
fn attribute_span(image: &Image, row: &Provide, facts: &PathFacts, difference: &str) -> crate::text::Span {
    let fragment = image.fragment_of(row.feature);
    let feature = &image.features[row.feature as usize];
    if row.means != Means::Made {
        return row.span;
    }
    let contents = match difference {
        "its contents differ" => Some("contents"),
        _ if difference.starts_with("it leads to ") => Some("target"),
        _ => None,
    };
    if let Some(attribute) = contents {
        return image.value_span(row, attribute);
    }
    for (key, bit) in [("mode", PathFacts::MODE), ("user", PathFacts::USER), ("group", PathFacts::GROUP)] {
        if facts.given & bit != 0
            && difference.starts_with(&format!("its {key} "))
            && let Some(node) = fragment.document.get(feature.node, key, &fragment.source.text)
        {
            return fragment.document.span(node);
        }
    }
    row.span
}
