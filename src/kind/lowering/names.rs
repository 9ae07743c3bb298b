//! Names of users, groups and packages, and whose a thing is.

use super::{Declared, Lowering, MAX_ID};
use crate::catalog::Code;
use crate::entity::{Cause, Owner, PathFacts};
use crate::fragment::Owners;
use crate::intern::{EntityId, EntityType};
use crate::message;
use crate::syntax::{NodeId, Shape};
use crate::text::Span;

impl Lowering<'_> {
    /// User and group of something that is placed, each required where it is a name that was given.
    pub fn owners(&mut self, d: &Declared, user: usize, group: usize) -> Owners {
        let mut owners = Owners::default();
        for (field, entity_type, cause, bit) in [
            (user, EntityType::User, Cause::User, PathFacts::USER),
            (group, EntityType::Group, Cause::Group, PathFacts::GROUP),
        ] {
            let Some((owner, span)) = self.owner(d, field, entity_type) else {
                if d.has(field) {
                    // Given and not readable: unknown, not the default.
                    if entity_type == EntityType::User {
                        owners.user = Owner::Unknown
                    } else {
                        owners.group = Owner::Unknown
                    }
                }
                continue;
            };
            owners.given |= bit;
            if entity_type == EntityType::User {
                owners.user = owner
            } else {
                owners.group = owner
            }
            // root is always there.
            if let Owner::Name(entity) = owner
                && !matches!(entity, EntityId::USER_ROOT | EntityId::GROUP_ROOT)
            {
                self.push_require(entity, span, crate::entity::EXISTS, cause, true);
            }
        }
        owners
    }

    /// A user or group by name or number.
    pub fn owner(&mut self, d: &Declared, field: usize, entity_type: EntityType) -> Option<(Owner, Span)> {
        self.owner_at(d.get(field)?, self.name_of(d, field), entity_type)
    }

    pub(super) fn owner_at(&mut self, node: NodeId, name: &str, entity_type: EntityType) -> Option<(Owner, Span)> {
        let span = self.span(node);
        let source = self.source.clone();
        let number = match self.shape(node) {
            Shape::Integer => self.fragment.document.integer(node, &source.text),
            Shape::String => {
                let text = self.fragment.document.string(node, &source.text);
                if !text.is_empty() && text.len() <= 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
                    text.parse().ok()
                } else {
                    return self.account_name(&text, span, entity_type).map(|entity| (Owner::Name(entity), span));
                }
            }
            Shape::Broken => return None,
            other => {
                let sentence = format!("`{name}` is a name or a number, and this is {}", other.described());
                self.report(Code::WrongType, span, sentence);
                return None;
            }
        };
        match number {
            Some(0) => {
                let root = if entity_type == EntityType::User { EntityId::USER_ROOT } else { EntityId::GROUP_ROOT };
                Some((Owner::Name(root), span))
            }
            Some(number) if (0..=i128::from(MAX_ID)).contains(&number) => Some((Owner::Number(number as u32), span)),
            _ => {
                let sentence = format!("`{name}` as a number must be between 0 and {MAX_ID}");
                self.invalid(span, &sentence);
                None
            }
        }
    }

    /// The name of a user, group, package or virtual, checked.
    pub(super) fn account_name(&mut self, name: &str, span: Span, entity_type: EntityType) -> Option<EntityId> {
        match message::name_problem(name, entity_type) {
            None => Some(self.fragment.entities.name(entity_type, name)),
            Some(problem) => {
                let sentence =
                    format!("{} is no name of {}: {problem}", message::quoted(name), message::a_type(entity_type));
                self.invalid(span, &sentence);
                None
            }
        }
    }

    pub(super) fn element_or_field(&self, d: &Declared, field: usize) -> Option<NodeId> {
        if d.in_list && d.kind.spec().list == Some(field) { Some(d.element) } else { d.get(field) }
    }

    /// The name of an account in a field that may be a list.
    pub fn named(&mut self, d: &Declared, field: usize, entity_type: EntityType) -> Option<(EntityId, Span)> {
        let node = self.element_or_field(d, field)?;
        let name = self.string_at(node, self.name_of(d, field))?;
        let span = self.span(node);
        Some((self.account_name(&name, span, entity_type)?, span))
    }

    /// A list of names with their places.
    pub fn name_list(&mut self, d: &Declared, field: usize, entity_type: EntityType) -> Vec<(EntityId, Span)> {
        self.strings(d, field)
            .into_iter()
            .filter_map(|(name, span)| Some((self.account_name(&name, span, entity_type)?, span)))
            .collect()
    }

    /// A list of paths or names with their places.
    pub fn entity_list(&mut self, d: &Declared, field: usize, entity_type: EntityType) -> Vec<(EntityId, Span)> {
        if entity_type != EntityType::Path {
            return self.name_list(d, field, entity_type);
        }
        self.strings(d, field)
            .into_iter()
            .filter_map(|(path, span)| Some((self.path_text(&path, span)?.entity, span)))
            .collect()
    }

    /// Packages as `NAME` or `NAME=VERSION`, each with the node of its text where a version is in it.
    pub fn package_names(&mut self, d: &Declared, field: usize) -> Vec<(EntityId, Option<u32>, Span)> {
        let Some(node) = d.get(field) else { return Vec::new() };
        if !self.expect_shape(node, Shape::Array, self.name_of(d, field)) {
            return Vec::new();
        }
        let elements: Vec<NodeId> = self.fragment.document.children(node).collect();
        if elements.is_empty() && !d.has(crate::kind::package::FILES) {
            self.invalid(d.span(field), "the list of packages is empty; name at least one");
        }
        let mut packages = Vec::new();
        for element in elements {
            let Some(text) = self.string_at(element, "names") else { continue };
            let span = self.span(element);
            if let Some(problem) = no_package(&text) {
                let sentence = format!("{} is no package: {problem}", message::quoted(&text));
                self.report(Code::InvalidValue, span, sentence).help =
                    Some("write NAME, or NAME=VERSION for exactly that version".to_owned());
                continue;
            }
            let (name, version) = match text.split_once('=') {
                Some((name, version)) => (name, Some(version)),
                None => (text.as_str(), None),
            };
            if version.is_some_and(|version| version.is_empty() || version.contains(char::is_whitespace)) {
                let sentence =
                    format!("the version in {} is not one: write NAME=VERSION, or only NAME", message::quoted(&text));
                self.invalid(span, &sentence);
                continue;
            }
            if let Some(package) = self.account_name(name, span, EntityType::Package) {
                packages.push((package, version.map(|_| element.0), span));
            }
        }
        packages
    }

    /// The group of a user's own name.
    pub fn own_group(&mut self, user: EntityId) -> EntityId {
        let name = self.fragment.entities.last(user).to_owned();
        self.fragment.entities.name(EntityType::Group, &name)
    }
}

/// What makes an entry of `names` no package of an exact name: conditions and patterns, which package managers read differently.
fn no_package(text: &str) -> Option<&'static str> {
    let name = text.split_once('=').map_or(text, |(name, _)| name).trim_end();
    let first = |marks: &[char]| text.contains(marks);
    if name.ends_with(['<', '>', '!', '~', '^']) || first(&['<', '>']) || text.contains("==") {
        Some("conditions on versions cannot be given")
    } else if first(&['(', ')', '|', '[', ']', ';', '&', '"', '\'', '`', '$', '#', ',']) || name.contains(['~', '@']) {
        Some("only one name, with an exact version or without, can be given")
    } else if first(&['*', '?']) {
        Some("patterns are not expanded")
    } else if name.contains('/') {
        Some("package files are named in `files`, and releases cannot be given")
    } else if name.starts_with('-') {
        Some("options cannot be given")
    } else {
        None
    }
}
