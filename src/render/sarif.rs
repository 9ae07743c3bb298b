//! SARIF 2.1.0, the exchange format of code scanning: what featgraph can find as rules, what it found as results.

mod log;
mod rules;

use std::io::{self, BufWriter, Write};

use rustc_hash::FxHashMap;
use serde::{Serialize, Serializer};

use super::fingerprint::Fingerprints;
use super::{Run, escaped, words};
use crate::catalog::Severity;
use crate::diagnostic::{self, Diagnostic};
use crate::text;
use log::{
    Artifact, ArtifactChange, ArtifactLocation, BaseId, BaseIds, Content, Finding, FindingProperties, Fix,
    FixProperties, Invocation, Location, LocationProperties, Log, LogicalLocation, Notification, PartialFingerprints,
    PhysicalLocation, Region, Replacement, TheRun, Tool,
};
use rules::{Driver, Level, Message};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// What all paths are relative to: the working directory, which a reader takes for the root of the repository.
const ROOT: &str = "%SRCROOT%";

/// The findings, turned one by one while they are written.
struct Results<'a> {
    diagnostics: &'a [Diagnostic],
    files: Files<'a>,
}

impl Serialize for Results<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fingerprints = Fingerprints::default();
        let turned = |diagnostic| Finding::new(diagnostic, fingerprints.next(diagnostic), &self.files);
        serializer.collect_seq(self.diagnostics.iter().map(turned))
    }
}

/// The files of a run by their names, numbered.
struct Files<'a> {
    known: FxHashMap<&'a str, ArtifactLocation>,
}

impl<'a> Files<'a> {
    fn of(diagnostics: &'a [Diagnostic]) -> Self {
        let mut names: Vec<&str> = Vec::new();
        for diagnostic in diagnostics {
            names.push(&diagnostic.location.source.name);
            names.extend(diagnostic.related.iter().map(|related| related.location.source.name.as_str()));
            let edits = diagnostic.fixes.iter().flat_map(|fix| &fix.edits);
            names.extend(edits.map(|edit| edit.location.source.name.as_str()));
        }
        names.sort_unstable();
        names.dedup();
        let numbered = names.into_iter().enumerate();
        let location = |index, name| ArtifactLocation { uri: uri(name), uri_base_id: ROOT, index };
        Self { known: numbered.map(|(index, name)| (name, location(index, name))).collect() }
    }

    fn artifacts(&self) -> Vec<Artifact> {
        let mut all: Vec<Artifact> =
            self.known.values().map(|location| Artifact { location: location.clone() }).collect();
        all.sort_unstable_by_key(|artifact| artifact.location.index);
        all
    }

    fn location(&self, name: &str) -> ArtifactLocation {
        // All names are those of `of`.
        self.known.get(name).cloned().unwrap_or(ArtifactLocation { uri: uri(name), uri_base_id: ROOT, index: 0 })
    }

    fn place(&self, location: &text::Location) -> PhysicalLocation {
        PhysicalLocation { artifact_location: self.location(&location.source.name), region: Region::of(location) }
    }
}

impl Region {
    fn of(location: &text::Location) -> Self {
        let (start, end) = (location.start(), location.end());
        Self { start_line: start.line, start_column: start.column, end_line: end.line, end_column: end.column }
    }
}

impl<'a> Finding<'a> {
    fn new(from: &'a Diagnostic, fingerprint: String, files: &Files<'_>) -> Self {
        let own = Location {
            id: None,
            physical_location: files.place(&from.location),
            logical_locations: logical(from.entity.as_deref()),
            message: None,
            properties: None,
        };
        let related = from.related.iter().enumerate().map(|(at, other)| Location {
            id: Some(at + 1),
            physical_location: files.place(&other.location),
            logical_locations: logical(other.entity.as_deref()),
            message: Some(Message::new(escaped(&other.message))),
            properties: Some(LocationProperties { role: other.role.name() }),
        });
        Self {
            rule_id: from.code.name(),
            rule_index: from.code as usize,
            level: Level::from(from.severity),
            message: Message::new(message(from)),
            locations: [own],
            related_locations: related.collect(),
            partial_fingerprints: PartialFingerprints { entity: fingerprint },
            fixes: from.fixes.iter().filter_map(|fix| Fix::new(fix, files)).collect(),
            properties: FindingProperties { images: &from.images },
        }
    }
}

fn logical(entity: Option<&str>) -> Option<[LogicalLocation<'_>; 1]> {
    entity.map(|fully_qualified_name| [LogicalLocation { fully_qualified_name }])
}

/// The message, a sentence, and then what else there is to know. Code scanning shows only those related places that the
/// message links to.
fn message(diagnostic: &Diagnostic) -> String {
    let mut paragraphs = vec![sentence(&escaped(&diagnostic.message))];
    for (at, related) in diagnostic.related.iter().enumerate().take(words::PLACES) {
        let mut link = escaped(&related.message).into_owned();
        if link.is_empty() {
            link = related.role.name().to_owned();
        }
        let link = link.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]");
        paragraphs.push(format!("{}: [{link}]({})", escaped(&related.location.to_text()), at + 1));
    }
    paragraphs.extend(words::more_places(diagnostic));
    paragraphs.extend(diagnostic.notes.iter().map(|note| sentence(&escaped(note))));
    paragraphs.extend(diagnostic.help.iter().map(|help| sentence(&format!("Help: {}", escaped(help)))));
    paragraphs.join("\n")
}

fn sentence(text: &str) -> String {
    if text.ends_with(['.', '?', '!']) { text.to_owned() } else { format!("{text}.") }
}

impl<'a> Fix<'a> {
    /// A fix without edits, or with two that overlap, cannot be carried out by who reads it, and is left out.
    fn new(fix: &'a diagnostic::Fix, files: &Files<'_>) -> Option<Self> {
        let mut edits: Vec<&diagnostic::Edit> = fix.edits.iter().collect();
        edits.sort_by_key(|edit| edit.location.order());
        let overlap = edits.windows(2).any(|two| {
            let (one, other) = (&two[0].location, &two[1].location);
            one.source.name == other.source.name && one.span.end > other.span.start
        });
        if edits.is_empty() || overlap {
            return None;
        }
        let changes = edits.chunk_by(|one, other| one.location.source.name == other.location.source.name);
        let changes = changes.map(|edits| ArtifactChange {
            artifact_location: files.location(&edits[0].location.source.name),
            replacements: edits
                .iter()
                .map(|edit| Replacement {
                    deleted_region: Region::of(&edit.location),
                    inserted_content: Content { text: &edit.text },
                })
                .collect(),
        });
        Some(Self {
            description: Message::new(escaped(&fix.title)),
            artifact_changes: changes.collect(),
            properties: FixProperties { safe: fix.safe },
        })
    }
}

impl From<Severity> for Level {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Error => Self::Error,
            Severity::Warning => Self::Warning,
            Severity::Info => Self::Note,
        }
    }
}

/// A path as a relative reference: whatever is no plain letter of an address is written as bytes in hexadecimal.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(char::from(byte)),
            byte => {
                out.push('%');
                out.extend([byte >> 4, byte & 0xf].map(|digit| char::from(b"0123456789ABCDEF"[usize::from(digit)])));
            }
        }
    }
    out
}

pub(super) fn write(run: &Run<'_>, out: &mut dyn Write) -> io::Result<()> {
    let files = Files::of(run.diagnostics);
    let failed = |failure: &'_ String| Notification {
        level: Level::Error,
        message: Message::new(escaped(failure).into_owned()),
    };
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [TheRun {
            tool: Tool { driver: Driver::new(run.version) },
            invocations: [Invocation {
                execution_successful: run.failures.is_empty(),
                tool_execution_notifications: run.failures.iter().map(failed).collect(),
            }],
            original_uri_base_ids: BaseIds {
                root: BaseId { description: Message::new("The directory that featgraph was run in.") },
            },
            column_kind: "unicodeCodePoints",
            artifacts: files.artifacts(),
            results: Results { diagnostics: run.diagnostics, files },
        }],
    };
    let mut out = BufWriter::new(out);
    serde_json::to_writer_pretty(&mut out, &log)?;
    out.write_all(b"\n")?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Code;
    use crate::diagnostic::{Edit, Related, Role};
    use crate::render::tests::found;
    use crate::text::Span;

    fn result(diagnostic: &Diagnostic) -> serde_json::Value {
        let mut out = Vec::new();
        write(&Run::of(std::slice::from_ref(diagnostic), super::super::Summary::default()), &mut out).unwrap();
        let mut log: serde_json::Value = serde_json::from_slice(&out).unwrap();
        log["runs"][0]["results"][0].take()
    }

    fn edit(diagnostic: &Diagnostic, at: std::ops::Range<u32>) -> Edit {
        let source = diagnostic.location.source.clone();
        Edit { location: text::Location { source, span: Span::new(at.start, at.end) }, text: String::from("x") }
    }

    #[test]
    fn an_address_has_only_characters_that_addresses_have() {
        assert_eq!(uri("images/web.image.toml"), "images/web.image.toml");
        assert_eq!(uri("../a b/größe:%#?[1].toml"), "../a%20b/gr%C3%B6%C3%9Fe%3A%25%23%3F%5B1%5D.toml");
    }

    #[test]
    fn columns_are_those_of_every_other_format() {
        let text = "\u{1f600}ä = 'x'\n";
        let at = text.find('\'').unwrap() as u32;
        let region = &result(&found(Code::Missing, None, "a.image.toml", text, at..at + 3))["locations"][0]["physicalLocation"]
            ["region"];
        assert_eq!(*region, serde_json::json!({ "startLine": 1, "startColumn": 6, "endLine": 1, "endColumn": 9 }));
    }

    #[test]
    fn the_message_links_to_the_other_places() {
        let mut diagnostic = found(Code::Conflict, Some("path:/a"), "a.image.toml", "abcdef", 0..1);
        let location = diagnostic.location.clone();
        let message = String::from("by `install[0]` of `\\a`");
        diagnostic.related.push(Related { role: Role::Provider, entity: None, location, message });
        diagnostic.help = Some(String::from("keep one"));
        let result = result(&diagnostic);
        assert_eq!(result["relatedLocations"][0]["id"], 1);
        assert_eq!(result["relatedLocations"][0]["message"]["text"], "by `install[0]` of `\\a`");
        assert_eq!(
            result["message"]["text"],
            "something is conflict.\na.image.toml:1:1: [by `install\\[0\\]` of `\\\\a`](1)\nHelp: keep one."
        );
    }

    #[test]
    fn only_fixes_that_can_be_carried_out_are_told() {
        let mut diagnostic = found(Code::Missing, None, "a.image.toml", "abcdef", 0..1);
        let fix = |edits| diagnostic::Fix { title: String::from("mend it"), safe: true, edits };
        let fixes = vec![
            fix(vec![]),
            fix(vec![edit(&diagnostic, 2..4), edit(&diagnostic, 1..3)]),
            fix(vec![edit(&diagnostic, 3..3), edit(&diagnostic, 1..3)]),
        ];
        diagnostic.fixes = fixes;
        let told = &result(&diagnostic)["fixes"];
        assert_eq!(told.as_array().map(Vec::len), Some(1), "{told:#}");
        let replacements = &told[0]["artifactChanges"][0]["replacements"];
        assert_eq!(replacements[0]["deletedRegion"]["startColumn"], 2);
        assert_eq!(
            replacements[1]["deletedRegion"],
            serde_json::json!({ "startLine": 1, "startColumn": 4, "endLine": 1, "endColumn": 4 })
        );
    }
}
