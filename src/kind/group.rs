//! `[[group]]`: a group of users.

use super::KindSpec;
use super::field::{Field, FieldType};
use super::lowering::{Declared, Lowering, MAX_ID};
use crate::entity::{Cause, FILE, Means, Phase, Strength, What};
use crate::intern::EntityType;

const NAME: usize = 0;
const GID: usize = 1;
pub(super) const SYSTEM: usize = 2;

pub(super) const KIND: KindSpec = KindSpec {
    name: "group",
    summary: "Creates a group.",
    fields: &[
        Field::required("name", FieldType::Names, "Its name; a list is as many features."),
        Field::optional("gid", FieldType::Integer(MAX_ID), "Its number; allocated by name order if not given."),
        Field::default("system", FieldType::Boolean, "false", "Whether its number is allocated from 999 downwards."),
    ],
    phase: Phase::Main,
    parents: None,
    list: Some(NAME),
    page: include_str!("../../docs/kinds/group.md"),
    lower,
    acts: true,
};

fn lower(l: &mut Lowering<'_>, d: &Declared) {
    let gid = l.integer(d, GID);
    l.boolean(d, SYSTEM);
    let Some((group, span)) = l.named(d, NAME, EntityType::Group) else { return };
    l.provide(d, group, span, What::Group(gid), Strength::Explicit, Means::Made);
    let file = l.etc_group();
    l.require(d, file, d.header, FILE, Cause::Accounts, true);
}
