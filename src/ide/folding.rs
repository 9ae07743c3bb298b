//! What can be folded away: tables, lists and runs of comments.

use super::View;
use super::at::walk;
use super::symbols::Sections;
use crate::syntax::Shape;
use crate::text::Span;

/// Something that can be folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fold {
    /// From its first byte to its last.
    pub span: Span,
    /// Whether it is a run of comments.
    pub comment: bool,
}

/// What can be folded in a file, by place. Only what has more than one line.
pub fn folds(view: &View<'_>, file: &str) -> Vec<Fold> {
    let Some(fragment) = view.workspace.fragment(file) else { return Vec::new() };
    let (document, text) = (&fragment.document, fragment.source.text.as_str());
    let sections = Sections::new(fragment);
    let mut found: Vec<Fold> = Vec::new();
    walk(document, |way| {
        let Some(&node) = way.last() else { return false };
        let span = document.span(node);
        match document.shape(node) {
            Shape::Table if span.of(text).starts_with('[') => {
                found.push(Fold { span: sections.around(span), comment: false });
            }
            // The array of tables with headers has the first one's header as its place.
            Shape::Array if span.of(text).starts_with("[[") && span.of(text).ends_with("]]") && way.len() == 1 => {}
            Shape::Table | Shape::Array | Shape::String => found.push(Fold { span, comment: false }),
            _ => {}
        }
        matches!(document.shape(node), Shape::Table | Shape::Array)
    });
    comments(text, &mut found);
    found.retain(|fold| fold.span.of(text).contains('\n'));
    found.sort();
    found.dedup();
    found
}

/// Lines that are comments and stand together.
fn comments(text: &str, found: &mut Vec<Fold>) {
    let mut open: Option<Span> = None;
    let mut at = 0u32;
    for line in text.split_inclusive('\n') {
        let end = at + line.trim_end().len() as u32;
        if line.trim_start().starts_with('#') {
            open = Some(Span::new(open.map_or(at, |open| open.start), end));
        } else {
            found.extend(open.take().map(|span| Fold { span, comment: true }));
        }
        at += line.len() as u32;
    }
    found.extend(open.map(|span| Fold { span, comment: true }));
}
