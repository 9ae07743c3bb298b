//! What several formats say in the same words: the line of totals, and a finding as a few lines of plain text.

use std::fmt::Write;

use super::{Summary, escaped};
use crate::catalog::Severity;
use crate::diagnostic::Diagnostic;
use crate::message::count;

/// Other places of one finding that are told in plain text; a last line tells how many more there are.
pub(super) const PLACES: usize = 8;

/// How much of what was found, in how much. `paint` colours the numbers, each with what it counts.
pub(super) fn totals(summary: &Summary, paint: impl Fn(&str, Option<Severity>) -> String) -> String {
    let parts = [
        (summary.errors, "error", "errors", Severity::Error),
        (summary.warnings, "warning", "warnings", Severity::Warning),
        (summary.infos, "info", "infos", Severity::Info),
    ];
    let found: Vec<String> = parts
        .iter()
        .filter(|part| part.0 > 0)
        .map(|&(number, one, many, severity)| paint(&count(number, one, many), Some(severity)))
        .collect();
    let mut line = if found.is_empty() { paint("No problems", None) } else { found.join(", ") };
    let features = count(summary.features, "feature", "features");
    // Writing to a string cannot fail.
    if summary.images > 0 {
        let _ = write!(line, " in {} ({features})", count(summary.images, "image", "images"));
    } else if summary.features > 0 {
        let _ = write!(line, " in {features}");
    }
    if summary.incomplete > 0 {
        let _ = write!(
            line,
            "; {} incomplete: what may be missing there is not judged",
            count(summary.incomplete, "image is", "images are")
        );
    }
    line
}

/// The line of totals as plain text.
pub(super) fn plain_totals(summary: &Summary) -> String {
    totals(summary, |text, _| text.to_owned())
}

/// The message, the other places, notes and help, a line each. Nothing in them moves a cursor or ends a line.
pub(super) fn lines(diagnostic: &Diagnostic) -> Vec<String> {
    let mut lines = vec![escaped(&diagnostic.message).into_owned()];
    for related in diagnostic.related.iter().take(PLACES) {
        lines.push(format!("{}: {}", escaped(&related.location.to_text()), escaped(&related.message)));
    }
    if let Some(more) = more_places(diagnostic) {
        lines.push(more);
    }
    lines.extend(diagnostic.notes.iter().map(|note| format!("note: {}", escaped(note))));
    lines.extend(diagnostic.help.iter().map(|help| format!("help: {}", escaped(help))));
    lines
}

/// How many other places are not told, if any.
pub(super) fn more_places(diagnostic: &Diagnostic) -> Option<String> {
    let more = diagnostic.related.len().saturating_sub(PLACES);
    (more > 0).then(|| format!("and {}", count(more, "more place", "more places")))
}
