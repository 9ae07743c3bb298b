//! Ways out of findings, as edits.

use super::View;
use crate::diagnostic::{Diagnostic, Fix};
use crate::text::Span;

/// A way out of one finding.
#[derive(Clone, Debug)]
pub struct Action<'v> {
    /// What it does, and how.
    pub fix: &'v Fix,
    /// What it is a way out of.
    pub finding: &'v Diagnostic,
}

/// The ways out of findings that touch a part of a file, those of the nearest first.
pub fn actions<'v>(view: &'v View<'_>, file: &str, part: Span) -> Vec<Action<'v>> {
    let touches = |span: Span| span.start <= part.end && part.start <= span.end;
    let here = view.report.diagnostics.iter().filter(|finding| {
        let place = &finding.location;
        place.source.name == file && touches(place.span)
    });
    let mut found: Vec<Action<'v>> =
        here.flat_map(|finding| finding.fixes.iter().map(move |fix| Action { fix, finding })).collect();
    found.sort_by_key(|action| (!action.fix.safe, action.finding.location.span.len()));
    found
}
