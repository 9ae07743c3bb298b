//! The arrays of tables that declare features.

use super::values::{renamed, reserved, suggest, wrong_type};
use crate::catalog::Code;
use crate::fragment::SmallFix;
use crate::kind::{self, Kind, Lowering};
use crate::message;
use crate::near;
use crate::syntax::{NodeId, Shape};

/// All features of one kind.
pub fn features(lowering: &mut Lowering<'_>, kind: Kind, node: NodeId) {
    let name = kind.name();
    match lowering.fragment.document.shape(node) {
        Shape::Array => {
            let elements: Vec<NodeId> = lowering.fragment.document.children(node).collect();
            for element in elements {
                match lowering.fragment.document.shape(element) {
                    Shape::Table => lowering.declaration(kind, element),
                    Shape::Broken => lose(lowering),
                    _ => wrong_type(lowering, element, format_args!("each `{name}` is a table")).loses = true,
                }
            }
        }
        Shape::Table => {
            // One pair of brackets in place of two: what was meant is clear, so it is taken as one feature.
            let span = lowering.fragment.document.span(node);
            let single = span.of(&lowering.source.text) == format!("[{name}]");
            let sentence = format!("`{name}` is a list of features: write `[[{name}]]` with two brackets");
            let finding = lowering.report(Code::WrongType, span, sentence);
            if single {
                let (title, text) = (format!("write `[[{name}]]`"), format!("[[{name}]]"));
                finding.fix = Some(SmallFix { title, span, text, safe: true });
            }
            lowering.declaration(kind, node);
        }
        Shape::Broken => lose(lowering),
        _ => wrong_type(lowering, node, format_args!("`{name}` is a list of tables")).loses = true,
    }
}

/// A value did not parse and was reported: an entry of unknown content is gone.
fn lose(lowering: &mut Lowering<'_>) {
    match lowering.fragment.findings.first_mut() {
        Some(finding) => finding.loses = true,
        None => lowering.fragment.gap = true,
    }
}

/// A key at the top of a manifest that is neither a kind nor anything else.
pub fn unknown(lowering: &mut Lowering<'_>, name: &str, node: NodeId) {
    let document = &lowering.fragment.document;
    let (key, shape) = (document.key(node), document.shape(node));
    // What is a slip of syntax already is not judged as a name, too.
    let slips = lowering.fragment.findings.partition_point(|finding| finding.code == Code::Syntax);
    let slips = &lowering.fragment.findings[..slips];
    let next = slips.partition_point(|finding| finding.span.end < key.start);
    let damaged = slips.get(next).is_some_and(|finding| finding.span.start <= key.end);
    if shape == Shape::Broken || damaged {
        return;
    }
    if matches!(name, "when" | "vars") {
        reserved(lowering, name, key);
        return;
    }
    let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    let known = kinds.iter().copied().chain(["image", "include", "format_version"]);
    let foreign = kind::foreign::kind(name).map(Kind::name);
    let near = foreign.or_else(|| near::nearest(name, known));
    let entries = if shape == Shape::Array { document.children(node).count() } else { 1 };
    let is_feature = matches!(shape, Shape::Array | Shape::Table);
    let (code, sentence) = if is_feature {
        lowering.fragment.declared += entries;
        (Code::UnknownKind, format!("there is no kind of feature called {}", message::quoted(name)))
    } else {
        (Code::UnknownKey, format!("a manifest has no key {} at its top", message::quoted(name)))
    };
    let finding = lowering.report(code, key, sentence);
    finding.loses = is_feature;
    // What another tool calls by another name may have other keys, too.
    finding.fix = near.map(|near| SmallFix { safe: foreign.is_none(), ..renamed(key, near) });
    suggest(finding, near, || format!("the kinds are {}", message::list(&kinds)));
}
