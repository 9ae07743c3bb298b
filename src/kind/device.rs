//! `[[device]]`: a device node or a fifo.

use super::KindSpec;
use super::field::{Field, FieldType};
use super::lowering::{Declared, Lowering};
use crate::entity::{Content, Phase};
use crate::tree::FileType;

const PATH: usize = 0;
pub(super) const NODE: usize = 1;
pub(super) const MAJOR: usize = 2;
pub(super) const MINOR: usize = 3;
const MODE: usize = 4;
const USER: usize = 5;
const GROUP: usize = 6;

pub(super) const KIND: KindSpec = KindSpec {
    name: "device",
    summary: "Makes a character or block device or a fifo.",
    fields: &[
        Field::required("path", FieldType::Path, "The path of the node."),
        Field::required("node", FieldType::Choice(&["char", "block", "fifo"]), "What sort of node it is."),
        Field::optional("major", FieldType::Integer(4095), "The device's major number; required for char and block."),
        Field::optional(
            "minor",
            FieldType::Integer(1_048_575),
            "The device's minor number; required for char and block.",
        ),
        Field::default("mode", FieldType::Mode, "\"0600\"", "Its permission bits."),
        Field::default("user", FieldType::Owner, "\"root\"", "The user it belongs to."),
        Field::default("group", FieldType::Owner, "\"root\"", "The group it belongs to."),
    ],
    phase: Phase::Main,
    parents: Some(false),
    list: None,
    page: include_str!("../../docs/kinds/device.md"),
    lower,
    acts: true,
};

fn lower(l: &mut Lowering<'_>, d: &Declared) {
    let (mode, owners) = (l.mode(d, MODE), l.owners(d, USER, GROUP));
    let node = l.choice(d, NODE);
    let (major, minor) = (l.integer(d, MAJOR), l.integer(d, MINOR));
    match node {
        Some(2) => {
            for (field, number) in [(MAJOR, major), (MINOR, minor)] {
                if number.is_some() {
                    l.invalid(d.span(field), "a fifo has no device number; leave it out");
                }
            }
        }
        Some(_) => {
            for field in [MAJOR, MINOR] {
                l.demand(d, field);
            }
        }
        None => {}
    }
    let Some(path) = l.path(d, PATH) else { return };
    let file_type = match node {
        Some(0) => FileType::Char,
        Some(1) => FileType::Block,
        Some(2) => FileType::Fifo,
        _ => {
            l.place_unknown(d, path);
            return;
        }
    };
    let facts = l.path_facts(file_type, mode, 0o600, owners, Content::Device(d.node.0));
    l.place(d, path, facts);
}
