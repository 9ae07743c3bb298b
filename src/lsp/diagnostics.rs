//! Findings as diagnostics of the protocol, by file; what has changed since the client last heard of it.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use gen_lsp_types as lsp;

use super::client::Client;
use super::convert::Converter;
use super::positions::Positions;
use super::project::{Open, Project};
use crate::catalog::{Code, Severity};
use crate::compile::Report;
use crate::diagnostic::Diagnostic;
use crate::message;
use crate::project::complaint::Complaint;
use crate::text::{Source, Span};

/// How many other places of one finding are sent; an editor shows all of them at once.
const RELATED: usize = 50;

/// Diagnostics by file.
pub(super) type ByFile = BTreeMap<PathBuf, Vec<lsp::Diagnostic>>;

/// Puts the findings of a project to those of others; what two projects both find is one.
pub(super) fn collect(project: &Project, report: &Report, client: &Client, open: &Open, found: &mut ByFile) {
    let converter = Converter::new(client, open);
    let mut writer = Writer { project, converter: &converter, positions: HashMap::new() };
    let mut paths: HashMap<&str, PathBuf> = HashMap::new();
    for diagnostic in &report.diagnostics {
        let name = diagnostic.location.source.name.as_str();
        let path = paths.entry(name).or_insert_with(|| project.path(name)).clone();
        let converted = writer.diagnostic(diagnostic);
        let own = found.entry(path).or_default();
        if !own.contains(&converted) {
            own.push(converted);
        }
    }
    for complaint in &project.complaints {
        let name = complaint.place.as_ref().map_or(crate::project::config::NAME, |place| place.source.name.as_str());
        let converted = writer.complaint(complaint);
        let own = found.entry(project.path(name)).or_default();
        if !own.contains(&converted) {
            own.push(converted);
        }
    }
}

struct Writer<'w> {
    project: &'w Project,
    converter: &'w Converter<'w>,
    /// By where the source lies in memory: many places are in one file.
    positions: HashMap<*const Source, Positions<'w>>,
}

impl<'w> Writer<'w> {
    fn range(&mut self, source: &'w Source, span: Span) -> lsp::Range {
        let encoding = self.converter.client.encoding;
        let key: *const Source = source;
        self.positions.entry(key).or_insert_with(|| Positions::new(source, encoding)).range(span)
    }

    fn diagnostic(&mut self, diagnostic: &'w Diagnostic) -> lsp::Diagnostic {
        let client = self.converter.client;
        let mut text = diagnostic.message.clone();
        if diagnostic.images.len() > 1 {
            let images: Vec<&str> = diagnostic.images.iter().map(String::as_str).collect();
            text.push_str(&format!("\nin images {}", message::list(&images)));
        }
        for note in &diagnostic.notes {
            text.push_str(&format!("\n{note}"));
        }
        if let Some(help) = &diagnostic.help {
            text.push_str(&format!("\nhelp: {help}"));
        }
        let mut related = Vec::new();
        if client.related_information {
            for other in diagnostic.related.iter().take(RELATED) {
                let source = other.location.source.as_ref();
                let Some(uri) = self.converter.uri(self.project, &source.name) else { continue };
                let range = self.range(source, other.location.span);
                let location = lsp::Location { uri, range };
                related.push(lsp::DiagnosticRelatedInformation { location, message: other.message.clone() });
            }
        } else {
            // Who cannot show other places is told where they are.
            for other in diagnostic.related.iter().take(RELATED) {
                text.push_str(&format!("\n{}: {}", other.location.to_text(), other.message));
            }
        }
        if diagnostic.related.len() > RELATED {
            text.push_str(&format!("\nand {} other places", diagnostic.related.len() - RELATED));
        }
        lsp::Diagnostic {
            range: self.range(&diagnostic.location.source, diagnostic.location.span),
            severity: Some(severity(diagnostic.severity)),
            code: Some(lsp::Code::String(diagnostic.code.name().to_owned())),
            source: Some("featgraph".to_owned()),
            message: lsp::Message::String(text),
            tags: tags(diagnostic.code).filter(|_| client.tags),
            related_information: Some(related).filter(|related| !related.is_empty()),
            ..lsp::Diagnostic::default()
        }
    }

    /// Something wrong with the configuration, for whose file there are no codes.
    fn complaint(&mut self, complaint: &'w Complaint) -> lsp::Diagnostic {
        let mut text = complaint.message.clone();
        if let Some(help) = &complaint.help {
            text.push_str(&format!("\nhelp: {help}"));
        }
        let range = complaint.place.as_ref().map(|place| self.range(&place.source, place.span));
        lsp::Diagnostic {
            range: range.unwrap_or_default(),
            severity: Some(lsp::DiagnosticSeverity::Error),
            source: Some("featgraph".to_owned()),
            message: lsp::Message::String(text),
            ..lsp::Diagnostic::default()
        }
    }
}

const fn severity(severity: Severity) -> lsp::DiagnosticSeverity {
    match severity {
        Severity::Error => lsp::DiagnosticSeverity::Error,
        Severity::Warning => lsp::DiagnosticSeverity::Warning,
        Severity::Info => lsp::DiagnosticSeverity::Information,
    }
}

/// What has no effect may be shown faded.
fn tags(code: Code) -> Option<Vec<lsp::DiagnosticTag>> {
    matches!(code, Code::UnusedAllow | Code::UnusedAssume | Code::UnusedReplace | Code::Duplicate)
        .then(|| vec![lsp::DiagnosticTag::Unnecessary])
}

/// What was last found in a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// The diagnostics.
    pub diagnostics: Vec<lsp::Diagnostic>,
    /// Grows whenever they change; what the client is told as the id of a result.
    pub number: u64,
}

/// What was last found in all files.
#[derive(Default)]
pub(super) struct Board {
    files: BTreeMap<PathBuf, Known>,
    numbers: u64,
}

impl Board {
    /// Takes what was found now and returns the files for which that is news, in order.
    pub fn update(&mut self, mut found: ByFile) -> Vec<PathBuf> {
        let mut changed = Vec::new();
        for (path, known) in &mut self.files {
            let now = found.remove(path).unwrap_or_default();
            if now != known.diagnostics {
                self.numbers += 1;
                *known = Known { diagnostics: now, number: self.numbers };
                changed.push(path.clone());
            }
        }
        for (path, diagnostics) in found {
            self.numbers += 1;
            changed.push(path.clone());
            self.files.insert(path, Known { diagnostics, number: self.numbers });
        }
        changed.sort();
        changed
    }

    /// What is known of a file.
    pub fn of(&self, path: &std::path::Path) -> Known {
        self.files.get(path).cloned().unwrap_or_default()
    }

    /// Every file of which something was known, and forgets those that are clean by now.
    pub fn all(&self) -> impl Iterator<Item = (&PathBuf, &Known)> {
        self.files.iter()
    }
}
