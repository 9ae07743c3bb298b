//! What a kind's file lowers a declaration with: typed access to its fields, each checked and reported at its place, and rows to write.

mod configuration;
mod declaration;
mod findings;
mod modes;
mod names;
mod paths;
mod references;
mod rows;
mod sources;
mod tools;
mod values;

use rustc_hash::FxHashMap;

use super::Kind;
use super::field::COMMON;
use crate::entity::{ParentRule, Phase, Validator};
use crate::fragment::{Feature, Fragment, SourceRole};
use crate::intern::EntityId;
use crate::syntax::NodeId;
use crate::text::Span;

/// The largest user or group number; the one above means "no change" to the kernel.
pub(super) const MAX_ID: u32 = u32::MAX - 1;
const MAX_FIELDS: usize = 12;
const NONE: NodeId = NodeId(u32::MAX);

/// One declaration: where each field's value is.
#[derive(Clone, Copy)]
pub(crate) struct Declared {
    pub kind: Kind,
    /// The table.
    pub node: NodeId,
    /// The element of the list that this feature is, else the table.
    pub element: NodeId,
    /// Whether it is an element of a list.
    pub in_list: bool,
    /// The header or the element.
    pub header: Span,
    fields: [NodeId; MAX_FIELDS],
    common: [NodeId; COMMON.len()],
    spans: [Span; MAX_FIELDS],
}

impl Declared {
    /// Whether a field of the kind is given.
    pub fn has(&self, field: usize) -> bool {
        self.fields[field] != NONE
    }

    /// Whether any of the fields is given.
    pub fn has_any(&self, mut fields: std::ops::Range<usize>) -> bool {
        fields.any(|field| self.has(field))
    }

    /// Whether a common field is given.
    pub fn has_common(&self, field: usize) -> bool {
        self.common[field] != NONE
    }

    /// The value's node.
    pub fn get(&self, field: usize) -> Option<NodeId> {
        (self.fields[field] != NONE).then_some(self.fields[field])
    }

    /// The value's place; the header where it is not given.
    pub fn span(&self, field: usize) -> Span {
        if self.has(field) { self.spans[field] } else { self.header }
    }

    /// The element's place for the field whose list this feature comes from, else as [`Declared::span`].
    pub fn span_or_header(&self, field: usize) -> Span {
        if self.in_list && self.kind.spec().list == Some(field) { self.header } else { self.span(field) }
    }
}

/// A path with its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PathValue {
    pub entity: EntityId,
    pub span: Span,
    pub trailing_slash: bool,
    pub into: bool,
}

/// Lowers the features of one file, one after the other.
pub(crate) struct Lowering<'f> {
    pub fragment: &'f mut Fragment,
    pub source: std::sync::Arc<crate::text::Source>,
    source_numbers: FxHashMap<(Box<str>, SourceRole), u32>,
    reference_numbers: FxHashMap<Box<str>, u32>,
    validator_numbers: FxHashMap<Validator, u32>,
    feature: Feature,
    parent_rule: ParentRule,
    findings_before: usize,
    /// The mode of the feature at hand was given and could not be read.
    mode_lost: bool,
}

impl<'f> Lowering<'f> {
    pub fn new(fragment: &'f mut Fragment) -> Self {
        let source = fragment.source.clone();
        Self {
            fragment,
            source,
            source_numbers: FxHashMap::default(),
            reference_numbers: FxHashMap::default(),
            validator_numbers: FxHashMap::default(),
            feature: Feature {
                kind: Kind::Install,
                phase: Phase::Main,
                flags: 0,
                node: NONE,
                element: NONE,
                origin: Span::default(),
                main: None,
                facts: Feature::NO_FACTS,
            },
            parent_rule: ParentRule::Required,
            findings_before: 0,
            mode_lost: false,
        }
    }
}
