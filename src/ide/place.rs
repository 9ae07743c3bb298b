//! Places as `explore` tells them, by line and column, turned into bytes of a file again.

use std::sync::Arc;

use super::View;
use super::at::walk;
use crate::explore::Origin;
use crate::inputs::TextState;
use crate::syntax::{Document, Language, Shape};
use crate::text::{Location, Source, Span};

/// The text of a file, as the workspace has it.
pub(super) fn source(view: &View<'_>, file: &str) -> Option<Arc<Source>> {
    if let Some(fragment) = view.workspace.fragment(file) {
        return Some(fragment.source.clone());
    }
    match view.workspace.inputs().text(file) {
        Some(TextState::Text(source)) => Some(source.clone()),
        _ => None,
    }
}

/// Where an origin points: the whole value, key or header that starts there.
pub(super) fn location(view: &View<'_>, origin: &Origin) -> Option<Location> {
    let source = source(view, &origin.file)?;
    let start = offset(&source, origin.line, origin.column);
    let span = match view.workspace.fragment(&origin.file) {
        Some(fragment) => starting_at(&fragment.document, start),
        None => starting_at(&Document::parse(&source.text, Language::of_name(&source.name)), start),
    };
    Some(Location { source, span: span.unwrap_or(Span::at(start)) })
}

fn offset(source: &Source, line: u32, column: u32) -> u32 {
    let line = source.lines().line((line as usize).saturating_sub(1), &source.text);
    let text = line.of(&source.text);
    let before = text.char_indices().nth((column as usize).saturating_sub(1)).map_or(text.len(), |(at, _)| at);
    line.start + before as u32
}

/// The narrowest value or key that starts at a byte.
fn starting_at(document: &Document, start: u32) -> Option<Span> {
    let mut best: Option<Span> = None;
    walk(document, |way| {
        let Some(&node) = way.last() else { return false };
        for span in [document.key(node), document.span(node)] {
            if span.start == start && !span.is_empty() && best.is_none_or(|best| span.len() < best.len()) {
                best = Some(span);
            }
        }
        matches!(document.shape(node), Shape::Table | Shape::Array)
    });
    best
}
