//! What is found, written in the format that is asked for: one reader of `Diagnostic` a file, and graphs.

mod concise;
mod escape;
mod excerpt;
mod fingerprint;
mod full;
mod github;
mod gitlab;
pub mod graph;
pub mod json;
mod junit;
mod page;
pub mod patch;
mod sarif;
mod statistics;
mod words;

use std::io::{self, Write};

pub use escape::escaped;
pub use page::write as page;
pub use statistics::{FORMATS as STATISTICS_FORMATS, write_statistics};

use crate::diagnostic::Diagnostic;

/// How findings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people: snippets with carets, other places, ways out, a closing line.
    Full,
    /// `file:line:col: severity[code]: message`, one finding a line.
    Concise,
    /// The versioned JSON.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Workflow commands, which GitHub shows as annotations of a change.
    Github,
    /// A code quality report, which GitLab shows beside a merge request.
    Gitlab,
    /// JUnit XML: a suite for each file, a case for each finding.
    Junit,
}

impl Format {
    /// Every format.
    pub const ALL: &'static [Self] =
        &[Self::Full, Self::Concise, Self::Json, Self::Sarif, Self::Github, Self::Gitlab, Self::Junit];

    /// As named on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Concise => "concise",
            Self::Json => "json",
            Self::Sarif => "sarif",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Junit => "junit",
        }
    }

    /// The format of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|format| format.name() == name)
    }
}

/// What a run has seen and found, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Findings that forbid a plan.
    pub errors: usize,
    /// Findings that are probably not meant.
    pub warnings: usize,
    /// Findings worth knowing.
    pub infos: usize,
    /// Images checked.
    pub images: usize,
    /// Images of which something could not be read.
    pub incomplete: usize,
    /// Features in all that was checked.
    pub features: usize,
}

/// How `Format::Full` draws. The other formats have no options.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Whether to colour. Decided outside, from the option, NO_COLOR and the terminal.
    pub color: bool,
    /// Whether lines are drawn with Unicode or with ASCII characters.
    pub unicode: bool,
    /// Columns of the terminal.
    pub width: usize,
    /// How many findings are shown; the closing lines tell the true number.
    pub limit: usize,
    /// How many related places of one finding are shown; a note tells the true number.
    pub related_limit: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { color: false, unicode: true, width: 100, limit: 100, related_limit: 8 }
    }
}

/// All that a run has to tell.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// What was found, by file, position and code.
    pub diagnostics: &'a [Diagnostic],
    /// What was seen and found, in numbers.
    pub summary: Summary,
    /// The manifests that were looked at, also those in which nothing was found.
    pub files: &'a [String],
    /// What could not be done although it was asked for: a sentence each.
    pub failures: &'a [String],
    /// The version of featgraph, for the formats that tell it.
    pub version: &'a str,
}

impl<'a> Run<'a> {
    /// A run in which everything could be done, for formats that show nothing but findings.
    pub fn of(diagnostics: &'a [Diagnostic], summary: Summary) -> Self {
        Self { diagnostics, summary, files: &[], failures: &[], version: "" }
    }
}

/// Writes all findings, in the order given, and what else the format has a place for.
pub fn render(format: Format, run: &Run<'_>, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Full => full::write(run.diagnostics, &run.summary, options, out),
        Format::Concise => concise::write(run.diagnostics, out),
        Format::Json => json::write(run.diagnostics, &run.summary, out),
        Format::Sarif => sarif::write(run, out),
        Format::Github => github::write(run, out),
        Format::Gitlab => gitlab::write(run.diagnostics, out),
        Format::Junit => junit::write(run, out),
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use crate::catalog::Code;
    use crate::diagnostic::Diagnostic;
    use crate::text::{Location, Source, Span};

    /// A finding at some bytes of a text, with nothing more to say.
    pub(super) fn found(code: Code, entity: Option<&str>, file: &str, text: &str, at: Range<u32>) -> Diagnostic {
        let location = Location { source: Source::new(file, text), span: Span::new(at.start, at.end) };
        Diagnostic {
            entity: entity.map(str::to_owned),
            images: vec![String::from("a")],
            ..Diagnostic::new(code, location, format!("something is {}", code.name()))
        }
    }
}
