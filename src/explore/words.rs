//! How features, edges and reasons are put into words for an image author.

use super::model::{Hop, Origin};
use super::steps::Steps;
use crate::entity::{Cause, Strength};
use crate::graph::edges::{Edge, Why};
use crate::graph::layer::Known;
use crate::graph::{Image, RowId};
use crate::intern::{EntityId, EntityType};
use crate::message;
use crate::text::Location;

/// A place for the public format.
pub(super) fn origin(location: &Location) -> Origin {
    let start = location.start();
    Origin { file: location.source.name.clone(), line: start.line, column: start.column }
}

/// Why a requirement is there, in words that follow who requires it.
pub(super) fn because(cause: Cause, entity: &str) -> String {
    match cause {
        Cause::Parent => format!("stands in {entity}"),
        Cause::User | Cause::Group => format!("belongs to {entity}"),
        Cause::LinkTarget => format!("leads to {entity}"),
        Cause::HardlinkTarget => format!("is another name of {entity}"),
        Cause::Link => format!("is reached through the link {entity}"),
        Cause::Removed => format!("takes {entity} away"),
        Cause::Accounts => format!("is entered in {entity}"),
        Cause::PrimaryGroup => format!("has {entity} as its primary group"),
        Cause::SupplementaryGroup => format!("joins {entity}"),
        Cause::Home => format!("has its home at {entity}"),
        Cause::Shell => format!("has the shell {entity}"),
        Cause::ChangedUser => format!("changes {entity}"),
        Cause::Program => format!("runs {entity}"),
        Cause::RunsAs => format!("runs as {entity}"),
        Cause::WorkingDirectory => format!("runs in {entity}"),
        Cause::Declared => format!("names {entity} in `requires`"),
        Cause::Asserted => format!("asserts that {entity} is there"),
        Cause::ConfiguredUser => format!("runs the image as {entity}"),
        Cause::Destination => format!("is unpacked into {entity}"),
        Cause::Changed => format!("changes {entity}"),
        Cause::Mentioned => format!("names {entity} in its command"),
        Cause::ConfiguredProgram => format!("runs {entity} as the program of the image"),
        Cause::ConfiguredDirectory => format!("runs the image in {entity}"),
    }
}

/// A row's thing as the subject of a sentence, with the feature that it comes from.
pub(super) fn row_subject(image: &Image, number: u32) -> String {
    let row = &image.provides[number as usize];
    let feature = image.say_feature(row.feature);
    if image.features[row.feature as usize].main == Some(row.entity) {
        return feature;
    }
    let thing = image.say(row.entity);
    match row.strength {
        Strength::Implied => format!("{thing}, implied by {feature},"),
        _ => format!("{thing} of {feature}"),
    }
}

/// Why one step comes after another, in words that follow the one that comes after.
fn edge_words(image: &Image, edge: &Edge) -> String {
    let entity = image.say(edge.entity);
    match edge.why {
        Why::Require(row) => because(image.requires[row as usize].cause, &entity),
        Why::Parent(row) => {
            let provided = image.provides[row as usize].entity;
            match image.entities.entity_type(provided) {
                EntityType::Group => because(Cause::Accounts, &entity),
                _ => because(Cause::Parent, &entity),
            }
        }
        Why::Link(RowId::Link(row)) => {
            let link = image.provides[image.links[row as usize].provide as usize].entity;
            match link == edge.entity {
                true => because(Cause::LinkTarget, &entity),
                false => because(Cause::Link, &entity),
            }
        }
        Why::Link(_) => because(Cause::Link, &entity),
        Why::Removal(row) => {
            let removed = image.removals[row as usize].entity;
            if removed == edge.entity {
                because(Cause::Removed, &entity)
            } else {
                format!("takes {} away, and {entity} before it", image.say(removed))
            }
        }
        Why::Reads(_) => format!("reads {entity}, which is edited in place"),
        Why::Skips(_) => format!("leaves {entity} to it"),
    }
}

/// An edge for the public format.
pub(super) fn hop(steps: &Steps<'_>, edge: &Edge) -> Hop {
    let image = &steps.graph.image;
    let (_, place) = image.edge_place(edge);
    Hop {
        first: steps.id(edge.from).to_owned(),
        then: steps.id(edge.to).to_owned(),
        entity: image.key(edge.entity),
        because: edge_words(image, edge),
        origin: origin(&place),
    }
}

/// What the parent has, in words: by package where known.
pub(super) fn parent(image: &Image, known: &Known) -> String {
    let name = message::quoted(image.base.as_ref().map_or("", |base| base.name.as_str()));
    match &known.package {
        Some(package) => format!("package {} of parent {name}", message::quoted(package)),
        None => format!("parent {name}"),
    }
}

/// An entity's type and name out of its key: `user:web`. Not for paths, which are normalised elsewhere.
pub(super) fn split_key(text: &str) -> Option<(EntityType, &str)> {
    let (before, name) = text.split_once(':')?;
    let entity_type = EntityType::ALL.into_iter().find(|entity_type| entity_type.name() == before)?;
    Some((entity_type, name))
}

/// The always-present: `/`, the user root, the group root.
pub(super) fn is_always(entity: EntityId) -> bool {
    matches!(entity, EntityId::ROOT | EntityId::USER_ROOT | EntityId::GROUP_ROOT)
}
