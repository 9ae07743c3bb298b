//! Which values name entities, by the kinds' field tables; and every account, package and virtual that a file names.

use super::at::{in_kind, walk};
use crate::fragment::Fragment;
use crate::intern::EntityType;
use crate::kind::{Field, FieldType, Kind};
use crate::syntax::{NodeId, Shape};
use crate::text::Span;

/// What the strings of a field are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// Names of entities of one type.
    Name(EntityType),
    /// References: a path, or a type, a colon and a name.
    Reference,
}

/// What a field's own strings are, those in tables inside it left aside.
pub(super) fn taken(kind: Kind, field: &Field) -> Option<Taken> {
    let entity_type = match (field.field_type, field.name) {
        (FieldType::Entities, _) => return Some(Taken::Reference),
        (FieldType::Path | FieldType::Paths | FieldType::PathList, _) => EntityType::Path,
        (FieldType::Owner, "group") => EntityType::Group,
        (FieldType::Owner, _) => EntityType::User,
        (FieldType::Name | FieldType::Names, _) if kind == Kind::Group => EntityType::Group,
        (FieldType::Name | FieldType::Names, _) => EntityType::User,
        (FieldType::Strings, "groups" | "add_groups") => EntityType::Group,
        (FieldType::Strings, "users") => EntityType::User,
        (FieldType::Strings, "virtuals") => EntityType::Virtual,
        (FieldType::Strings, "packages") => EntityType::Package,
        (FieldType::Strings, "names") if kind == Kind::Package => EntityType::Package,
        _ => return None,
    };
    Some(Taken::Name(entity_type))
}

/// The same for a string anywhere in the field: `way` leads from the member to it.
pub(super) fn taken_by(fragment: &Fragment, kind: Kind, field: &Field, way: &[NodeId]) -> Option<Taken> {
    if field.field_type != FieldType::Entities {
        // The path of another image is none of this one.
        let elsewhere = kind == Kind::Clone && field.name == "src";
        return taken(kind, field).filter(|_| !elsewhere);
    }
    let (document, text) = (&fragment.document, fragment.source.text.as_str());
    match way {
        [_, _] => Some(Taken::Reference),
        // `{ path = "/x", user = "web" }`
        [_, _, member] => {
            let key = document.key_text(*member, text);
            EntityType::ALL.into_iter().find(|entity_type| entity_type.name() == key).map(Taken::Name)
        }
        _ => None,
    }
}

/// An entity reference in its parts: `/x`, `user:web`.
pub(super) fn split(text: &str) -> Option<(EntityType, &str)> {
    if text.starts_with('/') {
        return Some((EntityType::Path, text));
    }
    let (before, name) = text.split_once(':')?;
    let entity_type = EntityType::ALL.into_iter().find(|entity_type| entity_type.name() == before)?;
    Some((entity_type, name))
}

/// One place that names an account, package or virtual.
#[derive(Clone, Debug)]
pub(super) struct Occurrence {
    /// Of what type.
    pub entity_type: EntityType,
    /// The name.
    pub name: String,
    /// The value, quotes included.
    pub value: Span,
    /// The name alone, where the text is the name; `None` where it holds escapes.
    pub span: Option<Span>,
    /// Whether it declares it.
    pub declares: bool,
}

/// Every place in a file that names one, by place.
pub(super) fn occurrences(fragment: &Fragment) -> Vec<Occurrence> {
    let (document, text) = (&fragment.document, fragment.source.text.as_str());
    let mut found = Vec::new();
    walk(document, |way| {
        let Some(&node) = way.last() else { return false };
        if document.shape(node) != Shape::String {
            return true;
        }
        let Some(place) = in_kind(fragment, way) else { return true };
        let Some(field) = place.field else { return true };
        let inner = &way[way.len() - 1 - place.below..];
        let Some(taken) = taken_by(fragment, place.kind, field, inner) else { return true };
        let value = document.string(node, text);
        let (entity_type, name) = match taken {
            Taken::Name(entity_type) => (entity_type, &*value),
            Taken::Reference => match split(&value) {
                Some((entity_type, name)) => (entity_type, name),
                None => return true,
            },
        };
        let start = value.len() - name.len();
        let plain = document.string_is_plain(node);
        let mut add = |entity_type: EntityType, start: usize, name: &str| {
            let span =
                plain.map(|plain| Span::new(plain.start + start as u32, plain.start + (start + name.len()) as u32));
            found.push(Occurrence {
                entity_type,
                name: name.to_owned(),
                value: document.span(node),
                span,
                declares: is_declaration(place.kind, field),
            });
        };
        match entity_type {
            EntityType::Path => {}
            // `user:group` in the configuration of an image.
            EntityType::User if place.kind == Kind::Oci => {
                let (user, group) = name.split_once(':').map_or((name, None), |(user, group)| (user, Some(group)));
                add(EntityType::User, start, user);
                if let Some(group) = group {
                    add(EntityType::Group, start + user.len() + 1, group);
                }
            }
            EntityType::Package => add(entity_type, start, name.split('=').next().unwrap_or(name)),
            _ => add(entity_type, start, name),
        }
        true
    });
    found
}

fn is_declaration(kind: Kind, field: &Field) -> bool {
    matches!((kind, field.name), (Kind::User | Kind::Group, "name") | (_, "provides") | (Kind::Assume, _))
        || kind == Kind::Package && field.name == "names"
}
