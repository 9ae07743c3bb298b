//! Paths of the image: read, checked and interned.

use std::borrow::Cow;

use super::{Declared, Lowering, PathValue};
use crate::catalog::Code;
use crate::intern::{EntityId, PathProblem, normalised};
use crate::message;
use crate::syntax::{Language, NodeId, Shape};
use crate::text::Span;

impl Lowering<'_> {
    /// `/etc/passwd`
    pub fn etc_passwd(&mut self) -> EntityId {
        self.fragment.entities.path("/etc/passwd")
    }

    /// `/etc/group`
    pub fn etc_group(&mut self) -> EntityId {
        self.fragment.entities.path("/etc/group")
    }

    /// `/bin/sh`
    pub fn bin_sh(&mut self) -> EntityId {
        self.fragment.entities.path("/bin/sh")
    }

    /// A path as text.
    pub fn entity_text(&self, entity: EntityId) -> String {
        self.fragment.entities.text(entity)
    }

    /// systemd-sysusers enters a home into /etc/passwd and leaves it to others to make it.
    pub fn only_enters_homes(&self) -> bool {
        self.fragment.document.language() == Language::Sysusers
    }

    /// A home that is not expected in the image: /nonexistent, or below /dev, /proc, /run, /sys.
    pub fn is_run_time_place(&self, entity: EntityId) -> bool {
        let text = self.entity_text(entity);
        text == "/nonexistent" || message::is_run_time_place(&text)
    }

    /// The path of a source's own name inside a directory.
    pub fn inside(&mut self, directory: PathValue, source: u32) -> PathValue {
        let path = self.fragment.sources[source as usize].path.clone();
        let name = path.rsplit('/').next().unwrap_or("");
        self.inside_name(directory, name)
    }

    /// The path of an entity's own name inside a directory.
    pub fn inside_named(&mut self, directory: PathValue, entity: EntityId) -> PathValue {
        let name = self.fragment.entities.last(entity).to_owned();
        self.inside_name(directory, &name)
    }

    fn inside_name(&mut self, directory: PathValue, name: &str) -> PathValue {
        if matches!(name, "" | "." | "..") {
            return PathValue { trailing_slash: false, ..directory };
        }
        let above = self.entity_text(directory.entity);
        if above.len() + 1 + name.len() > 4095 {
            let sentence = format!("with the name {} added the path has more than 4095 bytes", message::quoted(name));
            self.invalid(directory.span, &sentence);
        }
        PathValue { entity: self.fragment.entities.child(directory.entity, name), into: true, ..directory }
    }

    pub(super) fn path_text(&mut self, text: &str, span: Span) -> Option<PathValue> {
        match normalised(text) {
            Ok(path) => {
                let trailing_slash = text.len() > 1 && (text.ends_with('/') || text.ends_with("/.")) || text == "/";
                let entity = self.fragment.entities.path(&path);
                Some(PathValue { entity, span, trailing_slash, into: false })
            }
            Err(problem) => {
                let sentence = match problem {
                    PathProblem::Empty => problem.sentence().to_owned(),
                    _ => format!("{} is no path of the image: {}", message::quoted(text), problem.sentence()),
                };
                let finding = self.report(Code::InvalidValue, span, sentence);
                if problem == PathProblem::Relative {
                    finding.help = Some(match message::not_plain(text) {
                        Some(why) => why.to_owned(),
                        None => format!("write \"/{}\"", text.trim_start_matches("./")),
                    });
                }
                None
            }
        }
    }

    pub(super) fn path_at(&mut self, node: NodeId, name: &str) -> Option<PathValue> {
        if !self.expect_shape(node, Shape::String, name) {
            return None;
        }
        let source = self.source.clone();
        let span = self.fragment.document.span(node);
        let text: Cow<'_, str> = self.fragment.document.string(node, &source.text);
        // The text is borrowed from the source, not from `self`, but for escapes.
        match text {
            Cow::Borrowed(text) => self.path_text(text, span),
            Cow::Owned(text) => self.path_text(&text, span),
        }
    }

    /// A path.
    pub fn path(&mut self, d: &Declared, field: usize) -> Option<PathValue> {
        self.path_at(d.get(field)?, self.name_of(d, field))
    }

    /// A path that is written into /etc/passwd.
    pub fn account_path(&mut self, d: &Declared, field: usize) -> Option<PathValue> {
        let path = self.path(d, field)?;
        let text = self.entity_text(path.entity);
        if text.contains([':', '\n']) {
            let sentence = format!(
                "`{}` must not contain `:` or a line break, which separate the fields and lines of /etc/passwd",
                self.name_of(d, field)
            );
            self.invalid(path.span, &sentence);
            return None;
        }
        Some(path)
    }

    /// A path in a field that may be a list.
    pub fn path_element(&mut self, d: &Declared, field: usize) -> Option<PathValue> {
        self.path_at(self.element_or_field(d, field)?, self.name_of(d, field))
    }

    /// A path, or the default where it is not given.
    pub fn path_or(&mut self, d: &Declared, field: usize, default: &str) -> Option<PathValue> {
        match d.get(field) {
            Some(_) => self.path(d, field),
            None => self.path_text(default, d.header),
        }
    }

    /// The first word of a command, where it is a path.
    pub fn program(&mut self, d: &Declared, field: usize) -> Option<PathValue> {
        let words = self.strings(d, field);
        if d.get(field).is_some_and(|node| self.shape(node) == Shape::Array)
            && self.fragment.document.children(d.get(field)?).next().is_none()
        {
            self.invalid(d.span(field), "a command needs at least the program to run");
        }
        let (program, span) = words.into_iter().next()?;
        if program.is_empty() {
            self.invalid(span, "the program to run must not be empty");
            return None;
        }
        if !program.starts_with('/') {
            return None;
        }
        self.path_text(&program, span)
    }

    /// The arguments of a command that are paths.
    pub fn arguments(&mut self, d: &Declared, field: usize) -> Vec<PathValue> {
        let Some(node) = d.get(field).filter(|&node| self.shape(node) == Shape::Array) else { return Vec::new() };
        let elements: Vec<NodeId> = self.fragment.document.children(node).skip(1).collect();
        let source = self.source.clone();
        let mut paths = Vec::new();
        for element in elements {
            if self.shape(element) != Shape::String {
                continue;
            }
            let text = self.fragment.document.string(element, &source.text);
            if let Ok(path) = normalised(&text)
                && path.len() > 1
            {
                let span = self.span(element);
                let entity = self.fragment.entities.path(&path);
                paths.push(PathValue { entity, span, trailing_slash: false, into: false });
            }
        }
        paths
    }

    /// Where a link leads, with its node.
    pub fn link_target(&mut self, d: &Declared, field: usize) -> Option<(u32, String, Span)> {
        let text = self.string(d, field)?;
        let span = d.span(field);
        let problem = if text.is_empty() {
            Some("a link must lead somewhere: its target must not be empty")
        } else if text.contains('\0') {
            Some(PathProblem::Nul.sentence())
        } else if text.contains("${") {
            Some(PathProblem::Reserved.sentence())
        } else if text.len() > 4095 {
            Some(PathProblem::TooLong.sentence())
        } else if text.split('/').any(|component| component.len() > 255) {
            Some(PathProblem::ComponentTooLong.sentence())
        } else {
            None
        };
        if let Some(problem) = problem {
            self.invalid(span, problem);
            return None;
        }
        Some((d.get(field)?.0, text, span))
    }
}
