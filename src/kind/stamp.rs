//! `[[stamp]]`: build information, written as a JSON file.

use super::KindSpec;
use super::field::{Field, FieldType};
use super::lowering::{Declared, Lowering};
use crate::entity::{Content, Phase};
use crate::tree::FileType;

const PATH: usize = 0;
pub(super) const VALUES: usize = 1;
const DEFAULT_PATH: &str = "/usr/lib/build-info.json";

pub(super) const KIND: KindSpec = KindSpec {
    name: "stamp",
    summary: "Writes build information as a JSON file.",
    fields: &[
        Field::default("path", FieldType::Path, "\"/usr/lib/build-info.json\"", "The file."),
        Field::optional("values", FieldType::AnyTable, "What to write: a table of anything."),
    ],
    phase: Phase::Finalize,
    parents: Some(true),
    list: None,
    page: include_str!("../../docs/kinds/stamp.md"),
    lower,
    acts: true,
};

fn lower(l: &mut Lowering<'_>, d: &Declared) {
    l.any_table(d, VALUES);
    let Some(path) = l.path_or(d, PATH, DEFAULT_PATH) else { return };
    let facts = l.path_facts(FileType::File, None, 0o644, Default::default(), Content::Stamp(d.node.0));
    l.place(d, path, facts);
}
