//! `[[install]]`: a file from a source or with a text, or a folder of them.

use super::KindSpec;
use super::field::{Field, FieldType};
use super::lowering::{Declared, Lowering};
use crate::entity::{Content, PathFacts, Phase};
use crate::fragment::{Graft, GraftFrom};
use crate::tree::FileType;

const SRC: usize = 0;
const TEXT: usize = 1;
const DST: usize = 2;
const MODE: usize = 3;
const USER: usize = 4;
const GROUP: usize = 5;
pub(super) const XATTRS: usize = 6;
const EXCLUDE: usize = 7;

pub(super) const KIND: KindSpec = KindSpec {
    name: "install",
    summary: "Installs a file, or a folder with all that is in it.",
    fields: &[
        Field::optional(
            "src",
            FieldType::HostPaths,
            "The file or folder to install; a list is as many features, and then `dst` ends in `/`. Either this or `text`.",
        ),
        Field::optional("text", FieldType::String, "The contents of the file. Either this or `src`."),
        Field::required(
            "dst",
            FieldType::Path,
            "Where to put it. With a trailing `/` a file goes into it under its own name.",
        ),
        Field::optional(
            "mode",
            FieldType::Mode,
            "Permission bits of files; 0755 where the source is executable by its owner, else 0644.",
        ),
        Field::default("user", FieldType::Owner, "\"root\"", "The user it belongs to."),
        Field::default("group", FieldType::Owner, "\"root\"", "The group it belongs to."),
        Field::optional("xattrs", FieldType::Table, "Extended attributes, name = value."),
        Field::default(
            "exclude",
            FieldType::Strings,
            "[]",
            "Patterns, as in .gitignore, of what to leave out of a folder.",
        ),
    ],
    phase: Phase::Main,
    parents: Some(false),
    list: Some(SRC),
    page: include_str!("../../docs/kinds/install.md"),
    lower,
    acts: true,
};

fn lower(l: &mut Lowering<'_>, d: &Declared) {
    let (mode, owners) = (l.mode(d, MODE), l.owners(d, USER, GROUP));
    let exclude = l.patterns(d, EXCLUDE);
    let xattrs = l.string_table(d, XATTRS);
    let given = if xattrs { PathFacts::XATTRS } else { 0 };
    if d.has(SRC) && d.has(TEXT) {
        l.invalid(d.span(TEXT), "`src` and `text` exclude each other: give the one or the other");
    } else if !d.has(SRC) && !d.has(TEXT) {
        l.missing_key(d, "src", "an install needs `src` (a file or folder) or `text` (the contents)");
    }
    let text = l.string_node(d, TEXT);
    let source = l.source_element(d, SRC);
    let Some(mut path) = l.path(d, DST) else { return };
    if d.has(TEXT) && !d.has(SRC) {
        if path.trailing_slash {
            l.invalid(
                path.span,
                "a `text` has no name of its own, so `dst` must be the file itself, without the trailing `/`",
            );
        }
        let Some(text) = text else {
            l.place_unknown(d, path);
            return;
        };
        let mut facts = l.path_facts(FileType::File, mode, 0o644, owners, Content::Text(text));
        facts.given |= given;
        l.place(d, path, facts);
        return;
    }
    if d.in_list && !path.trailing_slash {
        l.invalid(path.span, "with a list of sources `dst` is a directory: end it with `/`");
        path.trailing_slash = true;
    }
    let Some(source) = source else {
        l.place_unknown(d, path);
        return;
    };
    let root = path.entity;
    if path.trailing_slash {
        path = l.inside(path, source);
    }
    let mut facts = l.path_facts(FileType::File, mode, 0o644, owners, Content::Source(source));
    facts.given |= given;
    if mode.is_none() {
        facts.mode = None;
    }
    facts.file_type = None;
    let provide = l.place(d, path, facts);
    l.graft(Graft {
        feature: 0,
        provide,
        at: root,
        from: GraftFrom::Folder { source },
        mode,
        owners,
        exclude,
        span: d.span_or_header(SRC),
    });
}
