//! `[[ensure_dir]]`: a directory.

use super::KindSpec;
use super::field::{Field, FieldType};
use super::lowering::{Declared, Lowering};
use crate::entity::{Content, Phase};
use crate::tree::FileType;

const PATH: usize = 0;
const MODE: usize = 1;
const USER: usize = 2;
const GROUP: usize = 3;

pub(super) const KIND: KindSpec = KindSpec {
    name: "ensure_dir",
    summary: "Makes sure that a directory is there, with mode and owner.",
    fields: &[
        Field::required("path", FieldType::Paths, "The directory; a list is as many features."),
        Field::default("mode", FieldType::Mode, "\"0755\"", "Its permission bits."),
        Field::default("user", FieldType::Owner, "\"root\"", "The user it belongs to."),
        Field::default("group", FieldType::Owner, "\"root\"", "The group it belongs to."),
    ],
    phase: Phase::Main,
    parents: Some(true),
    list: Some(PATH),
    page: include_str!("../../docs/kinds/ensure_dir.md"),
    lower,
    acts: true,
};

fn lower(l: &mut Lowering<'_>, d: &Declared) {
    let (mode, owners) = (l.mode(d, MODE), l.owners(d, USER, GROUP));
    let Some(path) = l.path_element(d, PATH) else { return };
    let facts = l.path_facts(FileType::Directory, mode, 0o755, owners, Content::None);
    l.place(d, path, facts);
}
