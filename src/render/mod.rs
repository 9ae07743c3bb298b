//! What is found, written in the format that is asked for: one reader of `Diagnostic` a file, and graphs.

mod concise;
mod escape;
mod excerpt;
mod full;
pub mod graph;
pub mod json;

use std::io::{self, Write};

pub use escape::escaped;

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
}

impl Format {
    /// Every format.
    pub const ALL: &'static [Self] = &[Self::Full, Self::Concise, Self::Json];

    /// As named on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Concise => "concise",
            Self::Json => "json",
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

/// Writes all findings, in the order given, and the summary where the format has one.
pub fn render(
    format: Format,
    diagnostics: &[Diagnostic],
    summary: &Summary,
    options: &Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Full => full::write(diagnostics, summary, options, out),
        Format::Concise => concise::write(diagnostics, out),
        Format::Json => json::write(diagnostics, summary, out),
    }
}
