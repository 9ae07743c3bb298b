//! Values of a manifest that no feature has, and how they are found wrong.

use std::fmt::Display;

use crate::catalog::Code;
use crate::fragment::{FileFinding, Reference, SmallFix};
use crate::inputs;
use crate::intern::PathProblem;
use crate::kind::Lowering;
use crate::message;
use crate::syntax::{NodeId, Shape};
use crate::text::Span;

/// A value is of the wrong type: `wanted` says what it must be, and the sentence goes on with what it is.
pub fn wrong_type<'l>(lowering: &'l mut Lowering<'_>, node: NodeId, wanted: impl Display) -> &'l mut FileFinding {
    let document = &lowering.fragment.document;
    let (shape, span) = (document.shape(node), document.span(node));
    lowering.report(Code::WrongType, span, format!("{wanted}, and this is {}", shape.described()))
}

/// A key that a later version will give a meaning.
pub fn reserved(lowering: &mut Lowering<'_>, key: &str, span: Span) {
    let sentence = format!("`{key}` is reserved for conditions and variables, which this version does not have");
    lowering.report(Code::InvalidValue, span, sentence);
}

/// Offers the known word that was probably meant; without one, `otherwise` helps.
pub fn suggest(finding: &mut FileFinding, near: Option<&str>, otherwise: impl FnOnce() -> String) {
    finding.help = Some(match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => otherwise(),
    });
}

/// The edit that gives a key its known name.
pub fn renamed(span: Span, name: &str) -> SmallFix {
    SmallFix { title: format!("rename it to `{name}`"), span, text: name.to_owned(), safe: true }
}

/// A string.
pub fn string(lowering: &mut Lowering<'_>, node: NodeId, name: &str) -> Option<String> {
    match lowering.fragment.document.shape(node) {
        Shape::String => Some(lowering.fragment.document.string(node, &lowering.source.text).into_owned()),
        Shape::Broken => None,
        _ => {
            wrong_type(lowering, node, format_args!("`{name}` must be a string")).loses =
                matches!(name, "include" | "parent" | "ids");
            None
        }
    }
}

/// The path of another file, relative to this one.
pub fn reference(lowering: &mut Lowering<'_>, node: NodeId, name: &str) -> Option<Reference> {
    let text = string(lowering, node, name)?;
    let span = lowering.fragment.document.span(node);
    let joined = if text.contains("${") {
        Err(PathProblem::Reserved.sentence())
    } else {
        inputs::join(&lowering.source.name, &text).map_err(|problem| problem.message())
    };
    match joined {
        Ok(path) => Some(Reference { path, span }),
        Err(problem) => {
            let sentence = format!("`{name}` cannot be {}: {problem}", message::quoted(&text));
            lowering.report(Code::InvalidValue, span, sentence).loses = true;
            None
        }
    }
}
