//! `[[usermod]]`: puts users into further groups.

use super::KindSpec;
use super::field::{Field, FieldType};
use super::lowering::{Declared, Lowering};
use crate::entity::{Cause, EXISTS, Phase};
use crate::intern::EntityType;

const NAME: usize = 0;
pub(super) const ADD_GROUPS: usize = 1;

pub(super) const KIND: KindSpec = KindSpec {
    name: "usermod",
    summary: "Adds an existing user to groups.",
    fields: &[
        Field::required("name", FieldType::Names, "The user; a list is as many features."),
        Field::required("add_groups", FieldType::Strings, "The groups to add."),
    ],
    phase: Phase::Main,
    parents: None,
    list: Some(NAME),
    page: include_str!("../../docs/kinds/usermod.md"),
    lower,
    acts: true,
};

fn lower(l: &mut Lowering<'_>, d: &Declared) {
    let groups = l.name_list(d, ADD_GROUPS, EntityType::Group);
    l.demand(d, ADD_GROUPS);
    let Some((user, span)) = l.named(d, NAME, EntityType::User) else { return };
    l.main(user);
    l.require(d, user, span, EXISTS, Cause::ChangedUser, true);
    for (group, span) in groups {
        l.require(d, group, span, EXISTS, Cause::SupplementaryGroup, true);
    }
}
