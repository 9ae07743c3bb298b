//! Workflow commands of GitHub: each becomes an annotation at its place in a change. Errors stand first, because GitHub
//! shows only the first few of each level.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::{Run, words};
use crate::catalog::Severity;
use crate::diagnostic::Diagnostic;

/// Annotations of one level that GitHub shows of one step.
const SHOWN: usize = 10;

pub(super) fn write(run: &Run<'_>, out: &mut dyn Write) -> io::Result<()> {
    for severity in [Severity::Error, Severity::Warning, Severity::Info] {
        for diagnostic in run.diagnostics.iter().filter(|found| found.severity == severity) {
            writeln!(out, "{}", command(diagnostic))?;
        }
    }
    let summary = &run.summary;
    let totals = words::plain_totals(summary);
    // Where all annotations are seen the number of them is no news: a plain line of the log.
    if [summary.errors, summary.warnings, summary.infos].into_iter().any(|number| number > SHOWN) {
        writeln!(out, "::notice title=featgraph::{}", message(&totals))
    } else {
        writeln!(out, "{totals}")
    }
}

fn command(diagnostic: &Diagnostic) -> String {
    let level = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    let (start, end) = (diagnostic.location.start(), diagnostic.location.end());
    let mut line = format!("::{level} file={},line={}", property(&diagnostic.location.source.name), start.line);
    // Writing to a string cannot fail. GitHub takes columns only of a place on one line.
    let _ = match start.line == end.line {
        true => write!(line, ",col={},endLine={},endColumn={}", start.column, end.line, end.column),
        false => write!(line, ",endLine={}", end.line),
    };
    let text = words::lines(diagnostic).join("\n");
    let _ = write!(line, ",title=featgraph ({})::{}", diagnostic.code.name(), message(&text));
    line
}

/// A text as the message of a command.
fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A text as the value of a property.
fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Code;
    use crate::render::tests::found;

    #[test]
    fn what_would_end_a_command_is_escaped() {
        let mut diagnostic = found(Code::Missing, Some("user:a"), "100%, a:b\r\n.image.toml", "abc", 0..1);
        diagnostic.message = String::from("50 %\n::error::, forged");
        let line = command(&diagnostic);
        assert_eq!(
            line,
            "::error file=100%25%2C a%3Ab%0D%0A.image.toml,line=1,col=1,endLine=1,endColumn=2,title=featgraph (missing)::50 %25\\n::error::, forged"
        );
    }

    #[test]
    fn a_place_over_several_lines_has_no_columns() {
        let line = command(&found(Code::Missing, None, "a.image.toml", "ab\ncd\n", 1..4));
        assert!(line.starts_with("::error file=a.image.toml,line=1,endLine=2,title="), "{line}");
    }

    #[test]
    fn the_totals_are_an_annotation_only_where_not_all_are_seen() {
        let one = found(Code::Missing, None, "a.image.toml", "ab", 0..1);
        let told = |number: usize| {
            let diagnostics = vec![one.clone(); number];
            let summary = crate::render::Summary { errors: number, images: 1, features: 3, ..Default::default() };
            let mut out = Vec::new();
            write(&Run::of(&diagnostics, summary), &mut out).unwrap();
            String::from_utf8(out).unwrap().lines().last().unwrap_or_default().to_owned()
        };
        assert_eq!(told(0), "No problems in 1 image (3 features)");
        assert_eq!(told(10), "10 errors in 1 image (3 features)");
        assert_eq!(told(11), "::notice title=featgraph::11 errors in 1 image (3 features)");
    }
}
