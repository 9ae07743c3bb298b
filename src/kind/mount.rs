//! `[[mount]]`: a place where something is mounted when the image runs.

use super::KindSpec;
use super::field::{Field, FieldType};
use super::lowering::{Declared, Lowering};
use crate::entity::{Content, Phase};
use crate::tree::FileType;

const MOUNTPOINT: usize = 0;
pub(super) const SOURCE: usize = 1;
pub(super) const SOURCE_TYPE: usize = 2;
const IS_DIRECTORY: usize = 3;

pub(super) const KIND: KindSpec = KindSpec {
    name: "mount",
    summary: "Declares a mountpoint, below which the image itself has nothing.",
    fields: &[
        Field::required("mountpoint", FieldType::Path, "Where it is mounted; made if nothing else makes it."),
        Field::required("source", FieldType::String, "What is mounted: a path on the host, or the name of an image."),
        Field::default("source_type", FieldType::Choice(&["host", "image"]), "\"host\"", "What `source` is."),
        Field::default("directory", FieldType::Boolean, "true", "Whether a directory is mounted; if not, a file."),
    ],
    phase: Phase::Main,
    parents: Some(false),
    list: None,
    page: include_str!("../../docs/kinds/mount.md"),
    lower,
    acts: true,
};

fn lower(l: &mut Lowering<'_>, d: &Declared) {
    l.string(d, SOURCE);
    l.choice(d, SOURCE_TYPE);
    let file_type = match l.boolean(d, IS_DIRECTORY) {
        Some(false) => FileType::File,
        _ => FileType::Directory,
    };
    let Some(path) = l.path(d, MOUNTPOINT) else { return };
    let facts = l.path_facts(file_type, None, 0o755, Default::default(), Content::Mount(d.node.0));
    l.place(d, path, facts);
}
