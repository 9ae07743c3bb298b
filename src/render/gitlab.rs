//! The code quality report of GitLab: one list of findings, which a merge request compares with that of its target.

use std::io::{self, BufWriter, Write};

use serde::{Serialize, Serializer};

use super::fingerprint::Fingerprints;
use super::words;
use crate::catalog;
use crate::diagnostic::Diagnostic;

/// All findings, turned one by one while they are written.
struct Report<'a>(&'a [Diagnostic]);

impl Serialize for Report<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fingerprints = Fingerprints::default();
        serializer.collect_seq(self.0.iter().map(|diagnostic| Issue::new(diagnostic, fingerprints.next(diagnostic))))
    }
}

/// One finding.
#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'static str,
    /// The same in every run. GitLab tells old from new by it, so no line is in it, and shows one of equals, so none are.
    fingerprint: String,
    severity: Severity,
    location: Place<'a>,
}

/// How grave, in GitLab's words; it has `major` and `blocker`, too.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Severity {
    Info,
    Minor,
    Critical,
}

#[derive(Serialize)]
struct Place<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}

impl<'a> Issue<'a> {
    fn new(diagnostic: &'a Diagnostic, fingerprint: String) -> Self {
        let location = &diagnostic.location;
        Self {
            // It is shown as one paragraph.
            description: words::lines(diagnostic).join("; "),
            check_name: diagnostic.code.name(),
            fingerprint,
            severity: match diagnostic.severity {
                // Without a plan there is no image; still it blocks no other one.
                catalog::Severity::Error => Severity::Critical,
                catalog::Severity::Warning => Severity::Minor,
                catalog::Severity::Info => Severity::Info,
            },
            location: Place {
                path: &location.source.name,
                lines: Lines { begin: location.start().line, end: location.end().line },
            },
        }
    }
}

pub(super) fn write(diagnostics: &[Diagnostic], out: &mut dyn Write) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    serde_json::to_writer_pretty(&mut out, &Report(diagnostics))?;
    out.write_all(b"\n")?;
    out.flush()
}
