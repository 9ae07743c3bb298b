//! The versioned JSON of `check`. Its types are the public format: the schema is made from them, and nothing else is serialised.

use std::io::{self, BufWriter, Write};

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::Summary;
use crate::catalog::Severity;
use crate::diagnostic;
use crate::text::{self, Location};

/// What `featgraph check --format json` writes.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Diagnostics")]
struct Report<'a> {
    /// Version of this format. The same major version only gains keys.
    #[schemars(regex(pattern = r"^1\.[0-9]+$"))]
    format_version: &'static str,
    summary: Counts,
    /// Every finding, by file, position and code.
    #[schemars(with = "Vec<Diagnostic<'a>>")]
    diagnostics: Stream<'a>,
}

/// What was seen and found, in numbers.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Summary")]
pub(super) struct Counts {
    /// Findings that forbid a plan.
    errors: usize,
    /// Findings that are probably not meant.
    warnings: usize,
    /// Findings worth knowing.
    infos: usize,
    /// Images checked.
    images: usize,
    /// Images of which something could not be read.
    incomplete: usize,
    /// Features in all that was checked.
    features: usize,
}

/// The findings, turned into their public form one by one while they are written.
struct Stream<'a>(&'a [diagnostic::Diagnostic]);

impl Serialize for Stream<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Diagnostic::from))
    }
}

/// One finding.
#[derive(Serialize, JsonSchema)]
struct Diagnostic<'a> {
    /// Which kind of finding; `featgraph explain CODE` tells more.
    #[schemars(regex(pattern = "^[a-z]+(-[a-z]+)*$"))]
    code: &'static str,
    severity: Severity,
    /// What is wrong and why.
    message: &'a str,
    /// Canonical key of the entity it is about; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    entity: Option<&'a str>,
    /// Names of the images it was found in.
    images: &'a [String],
    location: Place<'a>,
    /// Every other place that takes part.
    related: Vec<Related<'a>>,
    /// More to know.
    notes: &'a [String],
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
    /// Ways out as edits.
    fixes: Vec<Fix<'a>>,
}

/// A range of text in a file.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Location")]
struct Place<'a> {
    /// Relative to the working directory, with `/`.
    file: &'a str,
    start: Position,
    /// The position after the last character.
    end: Position,
}

/// Line and column, both from 1.
#[derive(Serialize, JsonSchema)]
struct Position {
    /// From 1.
    #[schemars(range(min = 1))]
    line: u32,
    /// From 1, in Unicode scalar values.
    #[schemars(range(min = 1))]
    column: u32,
}

/// Another place that takes part.
#[derive(Serialize, JsonSchema)]
struct Related<'a> {
    role: Role,
    /// Canonical key of the entity it is about; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    entity: Option<&'a str>,
    location: Place<'a>,
    /// What is to be said there.
    message: &'a str,
}

/// The part that a place plays.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Role {
    /// It provides the entity.
    Provider,
    /// It requires the entity.
    Requirer,
    /// It is an edge of a circle.
    Edge,
    /// It is a link on the way.
    Link,
    /// It stands in a parent.
    Parent,
    /// The finding comes from there.
    Origin,
}

/// A way out.
#[derive(Serialize, JsonSchema)]
struct Fix<'a> {
    /// What it does.
    title: &'a str,
    /// Whether it was verified to remove the finding and to add none.
    safe: bool,
    /// All to be made together.
    edits: Vec<Edit<'a>>,
}

/// One replacement of text.
#[derive(Serialize, JsonSchema)]
struct Edit<'a> {
    /// Relative to the working directory, with `/`.
    file: &'a str,
    start: Position,
    /// The position after the last character; equal to `start` where text is inserted.
    end: Position,
    /// What takes the place of the range.
    text: &'a str,
}

impl From<&Summary> for Counts {
    fn from(summary: &Summary) -> Self {
        let Summary { errors, warnings, infos, images, incomplete, features } = *summary;
        Self { errors, warnings, infos, images, incomplete, features }
    }
}

impl<'a> From<&'a diagnostic::Diagnostic> for Diagnostic<'a> {
    fn from(from: &'a diagnostic::Diagnostic) -> Self {
        Self {
            code: from.code.name(),
            severity: from.severity,
            message: &from.message,
            entity: from.entity.as_deref(),
            images: &from.images,
            location: Place::from(&from.location),
            related: from.related.iter().map(Related::from).collect(),
            notes: &from.notes,
            help: from.help.as_deref(),
            fixes: from.fixes.iter().map(Fix::from).collect(),
        }
    }
}

impl<'a> From<&'a Location> for Place<'a> {
    fn from(location: &'a Location) -> Self {
        Self { file: &location.source.name, start: location.start().into(), end: location.end().into() }
    }
}

impl From<text::Position> for Position {
    fn from(position: text::Position) -> Self {
        Self { line: position.line, column: position.column }
    }
}

impl<'a> From<&'a diagnostic::Related> for Related<'a> {
    fn from(related: &'a diagnostic::Related) -> Self {
        let role = match related.role {
            diagnostic::Role::Provider => Role::Provider,
            diagnostic::Role::Requirer => Role::Requirer,
            diagnostic::Role::Edge => Role::Edge,
            diagnostic::Role::Link => Role::Link,
            diagnostic::Role::Parent => Role::Parent,
            diagnostic::Role::Origin => Role::Origin,
        };
        Self {
            role,
            entity: related.entity.as_deref(),
            location: Place::from(&related.location),
            message: &related.message,
        }
    }
}

impl<'a> From<&'a diagnostic::Fix> for Fix<'a> {
    fn from(fix: &'a diagnostic::Fix) -> Self {
        Self { title: &fix.title, safe: fix.safe, edits: fix.edits.iter().map(Edit::from).collect() }
    }
}

impl<'a> From<&'a diagnostic::Edit> for Edit<'a> {
    fn from(edit: &'a diagnostic::Edit) -> Self {
        let Place { file, start, end } = Place::from(&edit.location);
        Self { file, start, end, text: &edit.text }
    }
}

/// Version of the format that is written.
const FORMAT_VERSION: &str = "1.0";

/// Writes the findings as they are turned, never all of them in memory a second time.
pub(super) fn write(diagnostics: &[diagnostic::Diagnostic], summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let report = Report { format_version: FORMAT_VERSION, summary: summary.into(), diagnostics: Stream(diagnostics) };
    // serde_json writes token by token; on a plain file that is a system call each.
    let mut out = BufWriter::new(out);
    serde_json::to_writer_pretty(&mut out, &report)?;
    out.write_all(b"\n")?;
    out.flush()
}

/// The schema of what is written, from the types above.
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(Report<'_>)
}
