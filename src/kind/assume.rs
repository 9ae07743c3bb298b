//! `[[assume]]`: things that are taken as there from outside.

use super::KindSpec;
use super::field::{Field, FieldType};
use super::lowering::{Declared, Lowering};
use super::require::{FIELDS, LISTS};
use crate::entity::Phase;

const REASON: usize = 7;

pub(super) const KIND: KindSpec = KindSpec {
    name: "assume",
    summary: "Takes things as provided from outside, with a reason.",
    fields: &[
        FIELDS[0],
        FIELDS[1],
        FIELDS[2],
        FIELDS[3],
        FIELDS[4],
        FIELDS[5],
        FIELDS[6],
        Field::required("reason", FieldType::String, "Why it is safe to rely on them."),
    ],
    phase: Phase::Main,
    parents: None,
    list: None,
    page: include_str!("../../docs/kinds/assume.md"),
    lower,
    acts: false,
};

fn lower(l: &mut Lowering<'_>, d: &Declared) {
    l.string(d, REASON);
    if !d.has_any(0..LISTS.len()) && !d.has_common(super::field::PROVIDES) {
        l.missing_key(d, "files", "an assume lists at least one of `files`, `directories`, `executables`, `users`, `groups`, `packages`, `virtuals`");
    }
    for (field, (entity_type, validator)) in LISTS.into_iter().enumerate() {
        for (entity, span) in l.entity_list(d, field, entity_type) {
            l.assume(d, entity, span, validator);
        }
    }
}
