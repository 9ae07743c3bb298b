//! `[[require]]`: an assertion about the image.

use super::KindSpec;
use super::field::{Field, FieldType};
use super::lowering::{Declared, Lowering};
use crate::entity::{Cause, DIRECTORY, EXECUTABLE, EXISTS, FILE, Phase};
use crate::intern::EntityType;

pub(super) const FIELDS: [Field; 7] = [
    Field::optional("files", FieldType::PathList, "Files."),
    Field::optional("directories", FieldType::PathList, "Directories."),
    Field::optional("executables", FieldType::PathList, "Files that can be executed."),
    Field::optional("users", FieldType::Strings, "Users."),
    Field::optional("groups", FieldType::Strings, "Groups."),
    Field::optional("packages", FieldType::Strings, "Packages."),
    Field::optional("virtuals", FieldType::Strings, "Names of the author's own, without `virtual:`."),
];

/// What each of [`FIELDS`] lists, and what must be true of it.
pub(super) const LISTS: [(EntityType, u32); 7] = [
    (EntityType::Path, FILE),
    (EntityType::Path, DIRECTORY),
    (EntityType::Path, EXECUTABLE),
    (EntityType::User, EXISTS),
    (EntityType::Group, EXISTS),
    (EntityType::Package, EXISTS),
    (EntityType::Virtual, EXISTS),
];

pub(super) const KIND: KindSpec = KindSpec {
    name: "require",
    summary: "Asserts that things are there; makes nothing.",
    fields: &FIELDS,
    phase: Phase::Main,
    parents: None,
    list: None,
    page: include_str!("../../docs/kinds/require.md"),
    lower,
    acts: false,
};

fn lower(l: &mut Lowering<'_>, d: &Declared) {
    if !d.has_any(0..LISTS.len()) && !d.has_common(super::field::REQUIRES) {
        l.missing_key(d, "files", "a require lists at least one of `files`, `directories`, `executables`, `users`, `groups`, `packages`, `virtuals`");
    }
    for (field, (entity_type, validator)) in LISTS.into_iter().enumerate() {
        for (entity, span) in l.entity_list(d, field, entity_type) {
            l.require(d, entity, span, validator, Cause::Asserted, true);
        }
    }
}
