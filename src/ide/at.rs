//! What stands at a byte of a file: the table, the key or value, and what it names.

use std::borrow::Cow;

use super::names::{self, Taken};
use crate::catalog::Code;
use crate::fragment::{Feature, Fragment};
use crate::inputs;
use crate::intern::{EntityType, normalised};
use crate::kind::{Field, FieldType, Kind};
use crate::syntax::{Children, Document, NodeId, Shape};
use crate::text::Span;

/// Which part of a node it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The key before a value.
    Key,
    /// A value, or the header of a table.
    Value,
}

/// The nodes on the way from the top of a file to a byte, and which part of the last one it is.
#[derive(Clone, Debug)]
pub(super) struct At {
    /// From a member of the root inwards.
    pub way: Vec<NodeId>,
    /// Of the last node.
    pub part: Part,
    /// The bytes of that part.
    pub span: Span,
}

/// Walks a document from the top without recursion; `visit` sees the way to every node and says whether to go into it.
pub(super) fn walk<'d>(document: &'d Document, mut visit: impl FnMut(&[NodeId]) -> bool) {
    let mut way: Vec<NodeId> = Vec::new();
    let mut open: Vec<Children<'d>> = vec![document.children(NodeId::ROOT)];
    while let Some(children) = open.last_mut() {
        match children.next() {
            Some(node) => {
                way.push(node);
                if visit(&way) {
                    open.push(document.children(node));
                } else {
                    way.pop();
                }
            }
            None => {
                open.pop();
                way.pop();
            }
        }
    }
}

/// Whether a place touches a span; its end counts, because a cursor stands behind what was typed.
fn touches(span: Span, offset: u32) -> bool {
    span.start <= offset && offset <= span.end && !(span.is_empty() && span.start != offset)
}

impl At {
    /// What stands at a byte; nothing in comments, blanks and what did not parse.
    pub fn find(document: &Document, offset: u32) -> Option<Self> {
        let mut best: Option<Self> = None;
        walk(document, |way| {
            let Some(&node) = way.last() else { return false };
            let key = document.key(node);
            let parts = [(Part::Key, key), (Part::Value, document.span(node))];
            for (part, span) in parts {
                let is_key_of_header = part == Part::Key && span.is_empty();
                let narrower = best.as_ref().is_none_or(|best| span.len() <= best.span.len());
                if !is_key_of_header && touches(span, offset) && narrower {
                    best = Some(Self { way: way.to_vec(), part, span });
                }
            }
            true
        });
        best
    }

    /// The last node.
    pub fn node(&self) -> NodeId {
        self.way.last().copied().unwrap_or(NodeId::ROOT)
    }
}

/// A declaration's table and the key in it that a place belongs to.
#[derive(Clone, Copy, Debug)]
pub(super) struct InKind {
    /// The kind.
    pub kind: Kind,
    /// The table.
    pub table: NodeId,
    /// The member on the way, where there is one.
    pub member: Option<NodeId>,
    /// Its field, where the kind has it.
    pub field: Option<&'static Field>,
    /// How many nodes of the way lie below the member.
    pub below: usize,
}

/// The declaration that a way leads into.
pub(super) fn in_kind(fragment: &Fragment, way: &[NodeId]) -> Option<InKind> {
    let (document, text) = (&fragment.document, fragment.source.text.as_str());
    let (&top, rest) = way.split_first()?;
    let kind = Kind::from_name(&document.key_text(top, text))?;
    let (table, rest) = match (document.shape(top), rest.split_first()) {
        (Shape::Table, _) => (top, rest),
        (Shape::Array, Some((&element, rest))) => (element, rest),
        _ => (top, rest),
    };
    let member = rest.first().copied();
    let field = member.and_then(|member| {
        let key = document.key_text(member, text);
        kind.all_fields().find(|field| field.name == key)
    });
    Some(InKind { kind, table, member, field, below: rest.len().saturating_sub(1) })
}

/// Something that a value names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// An entity, by its key as spelled.
    Entity(EntityType, String),
    /// A file of the host, relative to the working directory.
    File(String),
    /// A code.
    Code(Code),
}

/// What is named at a place, and the bytes that name it.
pub(super) fn named(fragment: &Fragment, at: &At) -> Option<(Named, Span)> {
    if let Some(reference) = reference_at(fragment, at) {
        return Some(reference);
    }
    let place = in_kind(fragment, &at.way)?;
    let document = &fragment.document;
    let source = fragment.source.as_ref();
    if at.part == Part::Key {
        return None;
    }
    let Some(member) = place.member else {
        // On the header: what the feature is about.
        let feature = feature_of(fragment, place.table)?;
        let main = feature.main?;
        let entity_type = fragment.entities.entity_type(main);
        return Some((Named::Entity(entity_type, fragment.entities.text(main)), at.span));
    };
    let node = at.node();
    if document.shape(node) != Shape::String {
        return None;
    }
    let text = document.string(node, &source.text);
    let field = place.field?;
    if let Some(taken) = names::taken_by(fragment, place.kind, field, &at.way[at.way.len() - 1 - place.below..]) {
        let (entity_type, name) = match taken {
            Taken::Name(entity_type) => (entity_type, text),
            Taken::Reference => {
                let (entity_type, name) = names::split(&text)?;
                (entity_type, Cow::Owned(name.to_owned()))
            }
        };
        return match entity_type {
            EntityType::Path => path(fragment, &place, member, at.span, &name).map(|named| (named, at.span)),
            // A number is nobody's name, and `user:group` is two.
            EntityType::User if place.kind == Kind::Oci => {
                let user = name.split(':').next().unwrap_or("");
                Some((Named::Entity(EntityType::User, user.to_owned()), at.span))
            }
            // A version follows the name.
            EntityType::Package => {
                let name = name.split('=').next().unwrap_or("");
                Some((Named::Entity(entity_type, name.to_owned()), at.span))
            }
            _ => Some((Named::Entity(entity_type, name.into_owned()), at.span)),
        };
    }
    match field.field_type {
        FieldType::HostPath | FieldType::HostPaths | FieldType::HostPathList => {
            Some((Named::File(inputs::join(&source.name, &text).ok()?), at.span))
        }
        FieldType::LinkTarget => {
            let target = link_target(fragment, place.table, &text)?;
            Some((Named::Entity(EntityType::Path, target), at.span))
        }
        FieldType::Codes => Some((Named::Code(Code::from_name(&text)?), at.span)),
        FieldType::Command => {
            let path = normalised(&text).ok()?;
            Some((Named::Entity(EntityType::Path, path.into_owned()), at.span))
        }
        _ => None,
    }
}

/// The feature that a table declares; of a list the first.
pub(super) fn feature_of(fragment: &Fragment, table: NodeId) -> Option<&Feature> {
    fragment.features.iter().find(|feature| feature.node == table)
}

/// A path as the rows have it, where they have it: `dst` with a trailing slash means what is inside.
fn path(fragment: &Fragment, place: &InKind, member: NodeId, span: Span, text: &str) -> Option<Named> {
    let is_dst = fragment.document.key_text(member, &fragment.source.text) == "dst";
    if is_dst && place.below == 0 {
        let row = fragment.provides.iter().find(|row| row.span == span && row.into);
        if let Some(row) = row {
            return Some(Named::Entity(EntityType::Path, fragment.entities.text(row.entity)));
        }
    }
    Some(Named::Entity(EntityType::Path, normalised(text).ok()?.into_owned()))
}

/// Where a link leads, as a path; relative ones from the link's own directory.
fn link_target(fragment: &Fragment, table: NodeId, target: &str) -> Option<String> {
    if target.starts_with('/') {
        return Some(without_dots("/", target));
    }
    let (document, text) = (&fragment.document, fragment.source.text.as_str());
    let link = document.string(document.get(table, "link", text)?, text);
    let folder = link.rfind('/').map(|at| &link[..at])?;
    Some(without_dots(folder, target))
}

fn without_dots(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let folder = if path.starts_with('/') { "" } else { folder };
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// A file that the head of a manifest names.
fn reference_at(fragment: &Fragment, at: &At) -> Option<(Named, Span)> {
    let head = &fragment.head;
    let parent = match &head.parent {
        Some(crate::fragment::Parent::File(reference)) => Some(reference),
        _ => None,
    };
    let reference = head.includes.iter().chain(parent).chain(&head.ids).find(|other| other.span == at.span)?;
    Some((Named::File(reference.path.clone()), at.span))
}
