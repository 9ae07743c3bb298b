//! `[[hardlink]]`: another name of a file.

use super::KindSpec;
use super::field::{Field, FieldType};
use super::lowering::{Declared, Lowering};
use crate::entity::{Cause, Content, FILE, PathFacts, Phase};
use crate::tree::FileType;

const LINK: usize = 0;
const TARGET: usize = 1;

pub(super) const KIND: KindSpec = KindSpec {
    name: "hardlink",
    summary: "Gives a file another name.",
    fields: &[
        Field::required("link", FieldType::Path, "The new name."),
        Field::required("target", FieldType::Path, "The file, which must exist before."),
    ],
    phase: Phase::Main,
    parents: Some(false),
    list: None,
    page: include_str!("../../docs/kinds/hardlink.md"),
    lower,
    acts: true,
};

fn lower(l: &mut Lowering<'_>, d: &Declared) {
    let target = l.path(d, TARGET);
    let Some(link) = l.path(d, LINK) else { return };
    let Some(target) = target else {
        l.place_unknown(d, link);
        return;
    };
    let facts =
        PathFacts { file_type: Some(FileType::File), content: Content::SameAs(target.entity), ..PathFacts::UNKNOWN };
    l.place(d, link, facts);
    l.require(d, target.entity, target.span, FILE, Cause::HardlinkTarget, true);
}
