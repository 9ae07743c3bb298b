//! `[[clone]]`: a path with all below it, out of another image.

use super::KindSpec;
use super::field::{Field, FieldType};
use super::lowering::{Declared, Lowering};
use crate::entity::Phase;
use crate::fragment::{Graft, GraftFrom};

pub(super) const FROM: usize = 0;
pub(super) const SRC: usize = 1;
const DST: usize = 2;
const USER: usize = 3;
const GROUP: usize = 4;
const EXCLUDE: usize = 5;

pub(super) const KIND: KindSpec = KindSpec {
    name: "clone",
    summary: "Copies a file or directory out of another image.",
    fields: &[
        Field::required(
            "from",
            FieldType::HostPath,
            "The other image: its manifest, a facts file, or a root file system (a directory, an archive or a container image).",
        ),
        Field::required("src", FieldType::Path, "The path in the other image."),
        Field::required(
            "dst",
            FieldType::Path,
            "Where to put it. With a trailing `/` a file goes into it under its own name.",
        ),
        Field::optional("user", FieldType::Owner, "The user of every entry, in place of its own."),
        Field::optional("group", FieldType::Owner, "The group of every entry, in place of its own."),
        Field::default(
            "exclude",
            FieldType::Strings,
            "[]",
            "Patterns as in .gitignore of what is left out, below `src`.",
        ),
    ],
    phase: Phase::Main,
    parents: Some(false),
    list: None,
    page: include_str!("../../docs/kinds/clone.md"),
    lower,
    acts: true,
};

fn lower(l: &mut Lowering<'_>, d: &Declared) {
    let owners = l.owners(d, USER, GROUP);
    let exclude = l.patterns(d, EXCLUDE);
    let from = l.image_reference(d, FROM);
    let src = l.path(d, SRC);
    let Some(mut path) = l.path(d, DST) else { return };
    let (Some(from), Some(src)) = (from, src) else {
        l.place_unknown(d, path);
        return;
    };
    let root = path.entity;
    if path.trailing_slash {
        path = l.inside_named(path, src.entity);
    }
    let mut facts = l.unknown_facts(owners);
    facts.content = crate::entity::Content::Unknown;
    let provide = l.place(d, path, facts);
    l.graft(Graft {
        feature: 0,
        provide,
        at: root,
        from: GraftFrom::Image { reference: from, path: src.entity, span: src.span },
        mode: None,
        owners,
        exclude,
        span: d.span_or_header(SRC),
    });
}
