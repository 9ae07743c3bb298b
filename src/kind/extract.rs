//! `[[extract]]`: an archive, unpacked.

use super::KindSpec;
use super::field::{Field, FieldType};
use super::lowering::{Declared, Lowering};
use crate::entity::{Cause, DIRECTORY, Phase};
use crate::fragment::{Graft, GraftFrom};

pub(super) const SRC: usize = 0;
const DST: usize = 1;
const STRIP_COMPONENTS: usize = 2;
const OWNERS: usize = 3;
const USER: usize = 4;
const GROUP: usize = 5;
const EXCLUDE: usize = 6;

pub(super) const KIND: KindSpec = KindSpec {
    name: "extract",
    summary: "Unpacks an archive; every entry is checked like a feature of its own.",
    fields: &[
        Field::required(
            "src",
            FieldType::HostPaths,
            "The archive: .tar, .tar.gz, .tar.xz or .tar.zst; a list is as many features.",
        ),
        Field::required("dst", FieldType::Path, "The directory that it is unpacked in. `parents` includes it."),
        Field::default(
            "strip_components",
            FieldType::Integer(255),
            "0",
            "How many leading components of each entry are dropped.",
        ),
        Field::default(
            "owners",
            FieldType::Choice(&["ids", "names"]),
            "\"ids\"",
            "Whether entries keep the archive's numbers, which are not checked, or its names, which must exist.",
        ),
        Field::optional("user", FieldType::Owner, "The user of every entry, in place of the archive's."),
        Field::optional("group", FieldType::Owner, "The group of every entry, in place of the archive's."),
        Field::default(
            "exclude",
            FieldType::Strings,
            "[]",
            "Patterns as in .gitignore of what is left out, below `dst`, after components have been stripped.",
        ),
    ],
    phase: Phase::Main,
    parents: Some(false),
    list: Some(SRC),
    page: include_str!("../../docs/kinds/extract.md"),
    lower,
    acts: true,
};

fn lower(l: &mut Lowering<'_>, d: &Declared) {
    let strip = l.integer(d, STRIP_COMPONENTS).unwrap_or(0);
    let names = l.choice(d, OWNERS) == Some(1);
    let owners = l.owners(d, USER, GROUP);
    let exclude = l.patterns(d, EXCLUDE);
    let source = l.archive_element(d, SRC);
    let Some(path) = l.path(d, DST) else { return };
    l.main(path.entity);
    l.destination(d, &path);
    l.require(d, path.entity, path.span, DIRECTORY, Cause::Destination, true);
    let Some(source) = source else { return };
    l.graft(Graft {
        feature: 0,
        provide: None,
        at: path.entity,
        from: GraftFrom::Archive { source, strip, names },
        mode: None,
        owners,
        exclude,
        span: d.span_or_header(SRC),
    });
}
