//! Of something that is not there: what is near it, and what would bring it about.

use super::model::{Help, Near, Presence};
use super::place::provider;
use super::steps::Steps;
use super::words;
use crate::entity::Phase;
use crate::graph::slots::There;
use crate::graph::{Image, Stand};
use crate::intern::{EntityId, EntityType};
use crate::message;
use crate::near;

/// How many similar things are named.
const NEAR: usize = 5;

/// Whether the finished image has it.
pub(super) fn presence(steps: &Steps<'_>, stand: Stand, text: &str) -> Presence {
    let image = &steps.graph.image;
    if !matches!(stand.at_the_end(image), There::Nothing) {
        return Presence::Present;
    }
    if stand.entity.is_some_and(|entity| image.slots.assumed.contains_key(&entity)) {
        return Presence::Assumed;
    }
    let unproven = stand.entity.is_some_and(|entity| steps.graph.unproven.iter().any(|row| row.entity == entity));
    if unproven || !may_provide(steps, stand, text).is_empty() {
        return Presence::Unproven;
    }
    Presence::Missing
}

/// Opaque things that may provide it, in words, in the order of time.
fn may_provide(steps: &Steps<'_>, stand: Stand, text: &str) -> Vec<String> {
    let image = &steps.graph.image;
    let gone = Phase::ALL.into_iter().rev().find(|&phase| stand.goes_in(phase));
    // A package is not asked for the entity but for what is nearest to it; beside the root that is as good.
    let package = image.a_package_may_provide(stand.entity.unwrap_or(stand.nearest))
        && (stand.entity.is_some() || !is_the_administrators(text));
    let mut found = Vec::new();
    if gone.is_none()
        && let Some(base) = &image.base
        && (base.opaque || base.opaque_packages && package)
    {
        found.push(format!("parent {}", message::quoted(&base.name)));
    }
    for &node in &steps.shown {
        if !steps.nodes.is_opaque(node) || gone.is_some_and(|gone| steps.nodes.phase(node) <= gone) {
            continue;
        }
        let is_package = image.features[node as usize].kind == crate::kind::Kind::Package;
        if !is_package || package {
            let origin = words::origin(&image.origin(node));
            found.push(format!("step {} ({origin})", message::quoted(steps.id(node))));
        }
    }
    found
}

/// Places that belong to the administrator, and to no package.
fn is_the_administrators(path: &str) -> bool {
    ["/home/", "/root/", "/srv/", "/tmp/", "/usr/local/"].iter().any(|top| path.starts_with(top))
}

/// What is near something that is not there, and what would help.
pub(super) fn help(steps: &Steps<'_>, stand: Stand, entity_type: EntityType, text: &str) -> Help {
    let mut near = near(&steps.graph.image, entity_type, text);
    near.truncate(NEAR);
    Help { near, advice: advice(steps, stand, entity_type, text) }
}

fn near(image: &Image, entity_type: EntityType, text: &str) -> Vec<Near> {
    let mut found: Vec<Near> = Vec::new();
    let mut add = |entity_type: EntityType, text: &str| {
        let there = Stand::find(image, entity_type, text).at_the_end(image);
        let key = format!("{}:{text}", entity_type.name());
        if matches!(there, There::Nothing) || found.iter().any(|near| near.entity == key) {
            return;
        }
        let (by, origin) = provider(image, there);
        found.push(Near { entity: key, by, origin });
    };
    let (folder, name) = match entity_type {
        EntityType::Path => text.rsplit_once('/').unwrap_or(("", text)),
        _ => ("", text),
    };
    // What stands beside it and is spelled nearly so.
    let parent = match entity_type {
        EntityType::Path => Stand::find(image, entity_type, folder),
        _ => Stand::root(image, entity_type),
    };
    let mut beside = below(image, parent);
    beside.retain(|other| !matches!(parent.child(image, other).at_the_end(image), There::Nothing));
    if let Some(other) = near::nearest(name, beside.iter().map(String::as_str)) {
        match entity_type {
            EntityType::Path => add(entity_type, &format!("{folder}/{other}")),
            _ => add(entity_type, other),
        }
    }
    match entity_type {
        // The same name elsewhere.
        EntityType::Path => {
            for path in elsewhere(image, name) {
                add(entity_type, &path);
            }
        }
        // The same name of another type.
        _ => {
            for other in EntityType::ALL.into_iter().filter(|&other| other != EntityType::Path && other != entity_type)
            {
                add(other, name);
            }
        }
    }
    let own = format!("{}:{text}", entity_type.name());
    found.retain(|near| near.entity != own);
    found
}

/// Names directly below something, of the image and of the parent, sorted.
fn below(image: &Image, parent: Stand) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    if let Some(parent) = parent.entity {
        names.extend(image.children_of(parent).map(|child| image.entities.last(child).to_owned()));
    }
    if let (Some(base), Some(spot)) = (&image.base, parent.spot()) {
        names.extend(base.children(spot).into_iter().map(|(name, _)| name.to_owned()));
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// Paths whose last component is this, sorted; those with fewer components first.
fn elsewhere(image: &Image, name: &str) -> Vec<String> {
    let mut paths: Vec<String> = image
        .entities
        .ids()
        .skip(EntityType::ALL.len())
        .filter(|&id| image.entities.is_path(id) && image.entities.last(id) == name)
        .map(|id: EntityId| image.entities.text(id))
        .collect();
    if let Some(base) = &image.base {
        let all = base.subtree(base.root(EntityType::Path));
        let same = all.into_iter().filter(|(path, _)| path.rsplit('/').next() == Some(name));
        paths.extend(same.map(|(path, _)| format!("/{path}")));
    }
    paths.sort_unstable_by(|a, b| (a.matches('/').count(), a).cmp(&(b.matches('/').count(), b)));
    paths.dedup();
    paths
}

fn advice(steps: &Steps<'_>, stand: Stand, entity_type: EntityType, text: &str) -> Vec<String> {
    let image = &steps.graph.image;
    let mut advice = Vec::new();
    let opaque = may_provide(steps, stand, text);
    if !opaque.is_empty() {
        let mut shown: Vec<String> = opaque.iter().take(NEAR).cloned().collect();
        if opaque.len() > NEAR {
            shown.push(message::count(opaque.len() - NEAR, "other", "others"));
        }
        advice.push(format!(
            "Not everything is known of {}, so it may come from there: record `facts`, say so with `provides` on the step, or write an `assume` with the reason.",
            message::enumerated(&shown)
        ));
    }
    let removed = Phase::ALL.into_iter().rev().find(|&phase| stand.goes_in(phase) && stand.is_before(image, phase));
    if let Some(phase) = removed {
        advice.push(format!(
            "It was there until phase `{}`: keep it, or provide it again in a later phase.",
            phase.name()
        ));
    }
    let name = message::printable(text);
    let declare = match entity_type {
        EntityType::User => format!("Declare it with `[[user]]` and `name = \"{name}\"`"),
        EntityType::Group => format!("Declare it with `[[group]]` and `name = \"{name}\"`"),
        EntityType::Package => format!("Install it with `[[package]]` and `names = [\"{name}\"]`"),
        EntityType::Virtual => {
            format!("Add `provides = [\"virtual:{name}\"]` to the feature that brings it about")
        }
        EntityType::Path => {
            let parent = text.rsplit_once('/').map_or("/", |(parent, _)| parent);
            let parent_there = !matches!(Stand::find(image, entity_type, parent).at_the_end(image), There::Nothing);
            let parent = match parent_there {
                true => String::new(),
                false => format!(" (its directory {} is not there either)", message::quoted(parent)),
            };
            format!(
                "Provide it with `[[install]]` and `dst = \"{name}\"`, or `[[ensure_dir]]` and `path = \"{name}\"`{parent}"
            )
        }
    };
    let key = match entity_type {
        EntityType::Path => "files",
        EntityType::User => "users",
        EntityType::Group => "groups",
        EntityType::Package => "packages",
        EntityType::Virtual => "virtuals",
    };
    advice.push(format!(
        "{declare}; if it comes from outside, write `[[assume]]` with `{key} = [\"{name}\"]` and a `reason`."
    ));
    advice
}
