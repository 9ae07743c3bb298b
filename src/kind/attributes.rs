//! `[[attributes]]`: mode, owner and extended attributes of something that is there.

use super::KindSpec;
use super::field::{Field, FieldType};
use super::lowering::{Declared, Lowering};
use crate::entity::Phase;

const PATH: usize = 0;
pub(super) const MODE: usize = 1;
pub(super) const USER: usize = 2;
pub(super) const GROUP: usize = 3;
pub(super) const XATTRS: usize = 4;
const RECURSIVE: usize = 5;

pub(super) const KIND: KindSpec = KindSpec {
    name: "attributes",
    summary: "Changes mode, owner or extended attributes of what is there.",
    fields: &[
        Field::required("path", FieldType::Path, "What to change; of a link, what it leads to."),
        Field::optional("mode", FieldType::Mode, "Its permission bits."),
        Field::optional("user", FieldType::Owner, "The user it is to belong to."),
        Field::optional("group", FieldType::Owner, "The group it is to belong to."),
        Field::optional("xattrs", FieldType::Table, "Extended attributes to set, such as `security.capability`."),
        Field::default(
            "recursive",
            FieldType::Boolean,
            "false",
            "Whether all below it is changed, too; of symbolic links only the owner.",
        ),
    ],
    phase: Phase::Main,
    parents: None,
    list: None,
    page: include_str!("../../docs/kinds/attributes.md"),
    lower,
    acts: true,
};

fn lower(l: &mut Lowering<'_>, d: &Declared) {
    let mode = l.mode(d, MODE);
    let owners = l.owners(d, USER, GROUP);
    let xattrs = l.string_table(d, XATTRS);
    let recursive = l.boolean(d, RECURSIVE).unwrap_or(false);
    if !d.has_any(MODE..RECURSIVE) {
        l.missing_key(d, "mode", "an `attributes` needs at least one of `mode`, `user`, `group` and `xattrs`");
    }
    if let Some(path) = l.path(d, PATH) {
        l.change(d, path, mode, owners, xattrs, recursive);
    }
}
