//! `[[symlink]]`: a symbolic link.

use super::KindSpec;
use super::field::{Field, FieldType};
use super::lowering::{Declared, Lowering};
use crate::entity::{Content, DIRECTORY, EXISTS, FILE, Phase};
use crate::tree::FileType;

const LINK: usize = 0;
const TARGET: usize = 1;
const EXPECT: usize = 2;

pub(super) const KIND: KindSpec = KindSpec {
    name: "symlink",
    summary: "Makes a symbolic link and checks where it leads.",
    fields: &[
        Field::required("link", FieldType::Path, "The path of the link itself."),
        Field::required(
            "target",
            FieldType::LinkTarget,
            "Where it leads: an absolute path, or one relative to the link's directory.",
        ),
        Field::default(
            "expect",
            FieldType::Choice(&["any", "file", "directory", "nothing"]),
            "\"any\"",
            "What must be there at the end; \"nothing\" lets the link dangle.",
        ),
    ],
    phase: Phase::Main,
    parents: Some(false),
    list: None,
    page: include_str!("../../docs/kinds/symlink.md"),
    lower,
    acts: true,
};

fn lower(l: &mut Lowering<'_>, d: &Declared) {
    let expect = l.choice(d, EXPECT);
    let target = l.link_target(d, TARGET);
    let Some(link) = l.path(d, LINK) else { return };
    let Some((node, text, span)) = target else {
        l.place_unknown(d, link);
        return;
    };
    let facts = l.path_facts(FileType::Symlink, None, 0o777, Default::default(), Content::Target(node));
    let provide = l.place(d, link, facts);
    let validator = match expect {
        Some(1) => Some(FILE),
        Some(2) => Some(DIRECTORY),
        Some(3) => None,
        // What could not be read must not be judged by the default.
        None if d.has(EXPECT) => None,
        _ => Some(EXISTS),
    };
    l.link(provide, &text, span, validator);
}
