//! What is allowed and probably not meant.

use crate::catalog::Code;
use crate::diagnostic::Role;
use crate::entity::{Means, PathFacts, Phase, Strength, What};
use crate::fragment::Feature;
use crate::graph::edges::Edges;
use crate::graph::image::Image;
use crate::graph::slots::There;
use crate::graph::view::ViewOwner;
use crate::intern::{EntityId, EntityType};
use crate::message;
use crate::tree::FileType;
use rustc_hash::FxHashSet;

/// Every lint that looks at rows one by one.
pub fn lints(image: &mut Image, edges: &Edges) {
    modes(image);
    names(image);
    implied_owners(image);
    unused_assumptions(image, edges);
    unused_replaces(image);
}

/// A mode that a feature gives something.
struct GivenMode {
    feature: u32,
    entity: EntityId,
    span: crate::text::Span,
    mode: u16,
    file_type: Option<FileType>,
}

fn modes(image: &mut Image) {
    let provided = image.provides.iter().filter_map(|row| {
        let What::Path(facts) = row.what else { return None };
        let mode = facts.mode.filter(|_| facts.given & PathFacts::MODE != 0 && row.means == Means::Made)?;
        let (feature, entity, span) = (row.feature, row.entity, row.span);
        Some(GivenMode { feature, entity, span, mode, file_type: facts.file_type })
    });
    let changed = image.changes.rows.iter().filter_map(|change| {
        let mode = change.facts.mode.filter(|_| change.facts.given & PathFacts::MODE != 0)?;
        let (row, feature) = (&image.requires[change.require as usize], change.feature);
        let file_type = image.view(image.within(row.entity, image.phase(feature))).file_type;
        Some(GivenMode { feature, entity: row.entity, span: row.span, mode, file_type })
    });
    let careless = |given: &GivenMode| given.mode & 0o6002 != 0;
    let given: Vec<GivenMode> = provided.chain(changed).filter(careless).collect();
    for row in given {
        let (mode, facts) = (row.mode, &row);
        let is_file = facts.file_type == Some(FileType::File);
        let is_directory = facts.file_type == Some(FileType::Directory);
        let open = (is_file || is_directory) && mode & 0o002 != 0 && mode & 0o1000 == 0;
        let privileged = is_file && mode & 0o6000 != 0;
        if !open && !privileged {
            continue;
        }
        let fragment = image.fragment_of(row.feature);
        let node = image.features[row.feature as usize].node;
        let span = fragment
            .document
            .get(node, "mode", &fragment.source.text)
            .map_or(row.span, |node| fragment.document.span(node));
        let said = image.say(row.entity);
        if open {
            let message = format!("the mode {mode:04o} of {said} lets everybody write to it");
            let mut diagnostic =
                image.diagnostic(Code::WorldWritable, Some(row.entity), image.at(row.feature, span), message);
            diagnostic.label = "writable for all".to_owned();
            diagnostic.help = Some(if is_directory {
                format!(
                    "write \"{:04o}\", or \"{:04o}\" with the sticky bit, as /tmp has",
                    mode & !0o002,
                    mode | 0o1000
                )
            } else {
                format!("write \"{:04o}\"", mode & !0o002)
            });
            image.report(diagnostic, vec![row.feature]);
        }
        if privileged {
            let bits = match (mode & 0o4000 != 0, mode & 0o2000 != 0) {
                (true, true) => "setuid and setgid bits",
                (true, false) => "setuid bit",
                _ => "setgid bit",
            };
            let message =
                format!("the mode {mode:04o} of {said} has the {bits}: whoever runs it gets its owner's rights");
            let mut diagnostic = image.diagnostic(Code::Setuid, Some(row.entity), image.at(row.feature, span), message);
            diagnostic.label = format!("has the {bits}");
            diagnostic.help = Some(format!(
                "write \"{:04o}\" unless it is meant; then say so with `allow = [\"setuid\"]`",
                mode & 0o777 & !0o002
            ));
            image.report(diagnostic, vec![row.feature]);
        }
    }
}

fn names(image: &mut Image) {
    for number in 0..image.provides.len() {
        let row = image.provides[number];
        let entity_type = image.entities.entity_type(row.entity);
        let is_account = matches!(entity_type, EntityType::User | EntityType::Group);
        if !is_account || row.means != Means::Made || row.strength != Strength::Explicit {
            continue;
        }
        let name = image.entities.last(row.entity);
        // A byte that is not UTF-8 is told as that; the name has a `?` in its place.
        let source = &image.fragment_of(row.feature).source;
        let damaged = source.damaged.is_some_and(|at| at < row.span.end) && name.contains('?');
        if damaged || message::is_usual_name(name) {
            continue;
        }
        let message = format!(
            "{} has an unusual name: many tools take only lower-case letters, digits, `_` and `-`, starting with a letter or `_`",
            image.say(row.entity)
        );
        let mut diagnostic =
            image.diagnostic(Code::UnusualName, Some(row.entity), image.at(row.feature, row.span), message);
        diagnostic.label = "unusual".to_owned();
        let usual: String = name
            .to_lowercase()
            .chars()
            .map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-') { c } else { '_' })
            .collect();
        if message::is_usual_name(&usual) {
            diagnostic.help = Some(format!("`{usual}` is a name that every tool takes"));
        }
        image.report(diagnostic, vec![row.feature]);
    }
}

fn implied_owners(image: &mut Image) {
    for number in 0..image.slots.slots.len() {
        let slot = &image.slots.slots[number];
        let row = image.provides[slot.lead as usize];
        let What::Path(_) = slot.what else { continue };
        if row.strength != Strength::Implied || row.means != Means::Made || slot.satisfied || slot.broken {
            continue;
        }
        let entity = slot.entity;
        let parent = image.entities.parent(entity);
        let there = image.within(parent, slot.phase);
        if matches!(there, There::Nothing) {
            continue;
        }
        let owner = match image.view(there).user {
            None | Some(ViewOwner::Name("root")) | Some(ViewOwner::Number(0)) => continue,
            Some(ViewOwner::Name(name)) => format!("user `{name}`"),
            Some(ViewOwner::Number(number)) => format!("user {number}"),
        };
        let message = format!(
            "{} is made on the way and will belong to root, inside {}, which belongs to {owner}",
            image.say(entity),
            image.say(parent)
        );
        let mut diagnostic =
            image.diagnostic(Code::ImpliedOwner, Some(entity), image.at(row.feature, row.span), message);
        diagnostic.label = "makes it on the way".to_owned();
        diagnostic.clues.extend(super::clues::owner(image, there));
        if let There::Slot(slot) = there {
            let provide = image.provides[image.slots.slots[slot as usize].lead as usize];
            let place = image.at(provide.feature, provide.span);
            diagnostic.related.push(image.related(Role::Provider, Some(parent), place, format!("belongs to {owner}")));
        }
        diagnostic.help = Some(format!(
            "add an `[[ensure_dir]]` for {} that says whose it is",
            message::quoted(&image.entities.text(entity))
        ));
        image.report(diagnostic, vec![row.feature]);
    }
}

fn unused_assumptions(image: &mut Image, edges: &Edges) {
    let mut assumed: Vec<u32> = image.slots.assumed.values().flatten().copied().collect();
    assumed.sort_unstable();
    let mut used: Vec<u32> = edges.assumptions_used.clone();
    used.sort_unstable();
    used.dedup();
    for row in assumed {
        let provide = image.provides[row as usize];
        // The first of several that assume the same counts as used.
        if used.binary_search(&row).is_ok() {
            continue;
        }
        let said = image.say(provide.entity);
        let there = image.within(provide.entity, Phase::Finalize);
        let message = match there {
            There::Nothing => format!("nothing needs {said}, which is assumed here"),
            _ => format!("{said} is there anyway, so the assumption has no effect"),
        };
        let mut diagnostic = image.diagnostic(
            Code::UnusedAssume,
            Some(provide.entity),
            image.at(provide.feature, provide.span),
            message,
        );
        diagnostic.label = "has no effect".to_owned();
        diagnostic.help = Some("delete it".to_owned());
        if let There::Slot(slot) = there {
            let other = image.provides[image.slots.slots[slot as usize].lead as usize];
            let place = image.at(other.feature, other.span);
            diagnostic.related.push(image.related(Role::Provider, Some(provide.entity), place, "provided here"));
        }
        image.report(diagnostic, vec![provide.feature]);
    }
}

fn unused_replaces(image: &mut Image) {
    let used: FxHashSet<(u32, crate::syntax::NodeId)> =
        image.replaced.keys().map(|&feature| (image.file_of(feature), image.features[feature as usize].node)).collect();
    // Where something is in conflict it is not known what would have been replaced.
    let broken: FxHashSet<u32> = image
        .slots
        .slots
        .iter()
        .filter(|slot| slot.broken)
        .flat_map(|slot| &image.slots.rows[slot.rows.0 as usize..slot.rows.1 as usize])
        .map(|&row| image.provides[row as usize].feature)
        .collect();
    for feature in 0..image.features.len() as u32 {
        let row = &image.features[feature as usize];
        if !row.is(Feature::REPLACE)
            || row.is(Feature::BROKEN)
            || image.replaced.contains_key(&feature)
            || broken.contains(&feature)
        {
            continue;
        }
        if row.main.is_some_and(|main| image.opaque_before(main, row.phase)) {
            continue;
        }
        let fragment = image.fragment_of(feature);
        let text = fragment.source.text.as_str();
        let Some(node) = fragment.document.get(row.node, "replace", text) else { continue };
        let span = fragment.document.span(node);
        // One `replace` of a list is used if any element uses it.
        let others_use = used.contains(&(image.file_of(feature), row.node));
        if others_use
            || row.element != row.node
                && feature > 0
                && image.features[feature as usize - 1].node == row.node
                && image.file_of(feature - 1) == image.file_of(feature)
        {
            continue;
        }
        let main = main_place(image, feature);
        let message = match main {
            Some(main) => format!("`replace` has no effect: nothing else stood at {}", image.say(main)),
            None => "`replace` has no effect".to_owned(),
        };
        let mut diagnostic = image.diagnostic(Code::UnusedReplace, main, image.at(feature, span), message);
        diagnostic.label = "replaces nothing".to_owned();
        diagnostic.help = Some("delete it".to_owned());
        image.report(diagnostic, vec![feature]);
    }
}

/// The canonical place of what a feature is about.
pub fn main_place(image: &Image, feature: u32) -> Option<EntityId> {
    image.places.get(feature as usize).copied().flatten().or(image.features[feature as usize].main)
}
