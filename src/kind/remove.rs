//! `[[remove]]`: takes a path out of the image.

use super::KindSpec;
use super::field::{Field, FieldType};
use super::lowering::{Declared, Lowering};
use crate::entity::Phase;

const PATH: usize = 0;
const MUST_EXIST: usize = 1;
const RECURSIVE: usize = 2;

pub(super) const KIND: KindSpec = KindSpec {
    name: "remove",
    summary: "Removes a path, and of a directory all below it.",
    fields: &[
        Field::required(
            "path",
            FieldType::Paths,
            "What to remove; a list is as many features. A link is removed itself.",
        ),
        Field::default("must_exist", FieldType::Boolean, "true", "Whether it is an error if nothing is there."),
        Field::default(
            "recursive",
            FieldType::Boolean,
            "true",
            "Whether a directory goes with all below it; if not, it must be empty by then.",
        ),
    ],
    phase: Phase::Removals,
    parents: None,
    list: Some(PATH),
    page: include_str!("../../docs/kinds/remove.md"),
    lower,
    acts: true,
};

fn lower(l: &mut Lowering<'_>, d: &Declared) {
    let must_exist = l.boolean(d, MUST_EXIST).unwrap_or(true);
    let recursive = l.boolean(d, RECURSIVE).unwrap_or(true);
    let Some(path) = l.path_element(d, PATH) else { return };
    l.remove(d, path, must_exist, recursive);
}
