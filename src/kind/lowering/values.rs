//! Values by their types: strings, booleans, numbers, words to choose from, lists and tables.

use super::{Declared, Lowering};
use crate::catalog::Code;
use crate::kind::Kind;
use crate::kind::field::FieldType;
use crate::message;
use crate::syntax::{NodeId, Shape};
use crate::text::Span;

impl Lowering<'_> {
    pub(super) fn shape(&self, node: NodeId) -> Shape {
        self.fragment.document.shape(node)
    }

    pub(super) fn span(&self, node: NodeId) -> Span {
        self.fragment.document.span(node)
    }

    /// Whether the value has a shape; reports where it has another.
    pub(super) fn expect_shape(&mut self, node: NodeId, shape: Shape, name: &str) -> bool {
        let found = self.shape(node);
        if found == shape {
            return true;
        }
        if found != Shape::Broken {
            let span = self.span(node);
            let sentence = format!("`{name}` must be {}, and this is {}", shape.described(), found.described());
            let help = match shape {
                Shape::Bool => Some("write `true` or `false`, without quotes"),
                Shape::Array if found == Shape::Table => None,
                Shape::Array => Some("put it in brackets: `[...]`"),
                Shape::String if matches!(found, Shape::Array | Shape::Table) => None,
                Shape::String => Some("put it in quotes: `\"...\"`"),
                Shape::Integer => Some("write a number, without quotes"),
                _ => None,
            };
            self.report(Code::WrongType, span, sentence).help = help.map(str::to_owned);
        }
        false
    }

    pub(super) fn string_at(&mut self, node: NodeId, name: &str) -> Option<String> {
        self.expect_shape(node, Shape::String, name)
            .then(|| self.fragment.document.string(node, &self.source.text).into_owned())
    }

    pub(super) fn name_of(&self, d: &Declared, field: usize) -> &'static str {
        d.kind.spec().fields[field].name
    }

    /// A string; only its type is checked.
    pub fn string(&mut self, d: &Declared, field: usize) -> Option<String> {
        self.string_at(d.get(field)?, self.name_of(d, field))
    }

    /// A string's node.
    pub fn string_node(&mut self, d: &Declared, field: usize) -> Option<u32> {
        let node = d.get(field)?;
        self.expect_shape(node, Shape::String, self.name_of(d, field)).then_some(node.0)
    }

    /// An account's comment: one line without a colon.
    pub fn comment(&mut self, d: &Declared, field: usize) -> Option<String> {
        let text = self.string(d, field)?;
        if text.contains([':', '\n', '\0']) {
            self.invalid(
                d.span(field),
                "a comment must not contain `:` or a line break, which separate the fields and lines of /etc/passwd",
            );
            return None;
        }
        Some(text)
    }

    pub(super) fn boolean_at(&mut self, node: NodeId, name: &str) -> Option<bool> {
        if !self.expect_shape(node, Shape::Bool, name) {
            return None;
        }
        self.fragment.document.boolean(node, &self.source.text)
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, d: &Declared, field: usize) -> Option<bool> {
        self.boolean_at(d.get(field)?, self.name_of(d, field))
    }

    /// A number in the field's range.
    pub fn integer(&mut self, d: &Declared, field: usize) -> Option<u32> {
        let node = d.get(field)?;
        let name = self.name_of(d, field);
        let FieldType::Integer(max) = d.kind.spec().fields[field].field_type else { return None };
        if !self.expect_shape(node, Shape::Integer, name) {
            return None;
        }
        match self.fragment.document.integer(node, &self.source.text) {
            Some(value) if (0..=i128::from(max)).contains(&value) => Some(value as u32),
            _ => {
                let sentence = format!("`{name}` must be between 0 and {max}");
                self.invalid(d.span(field), &sentence);
                None
            }
        }
    }

    pub(super) fn choice_at(&mut self, node: NodeId, name: &str, choices: &[&str]) -> Option<usize> {
        let given = self.string_at(node, name)?;
        let found = choices.iter().position(|choice| *choice == given);
        if found.is_none() {
            let span = self.span(node);
            let sentence = format!("`{name}` cannot be {}", message::quoted(&given));
            self.invalid_with_suggestion(span, &sentence, &given, choices);
        }
        found
    }

    /// One of the field's words, by its position.
    pub fn choice(&mut self, d: &Declared, field: usize) -> Option<usize> {
        let FieldType::Choice(choices) = d.kind.spec().fields[field].field_type else { return None };
        self.choice_at(d.get(field)?, self.name_of(d, field), choices)
    }

    /// A list of strings with their places.
    pub(super) fn strings_at(&mut self, node: NodeId, name: &str) -> Vec<(String, Span)> {
        if !self.expect_shape(node, Shape::Array, name) {
            return Vec::new();
        }
        let elements: Vec<NodeId> = self.fragment.document.children(node).collect();
        let mut strings = Vec::with_capacity(elements.len());
        for element in elements {
            let span = self.span(element);
            match self.shape(element) {
                Shape::String => {
                    strings.push((self.fragment.document.string(element, &self.source.text).into_owned(), span));
                }
                Shape::Broken => {}
                other => {
                    let sentence = format!("`{name}` is a list of strings, and this is {}", other.described());
                    self.report(Code::WrongType, span, sentence);
                }
            }
        }
        strings
    }

    fn is_command(&self, d: &Declared, field: usize) -> bool {
        d.kind.spec().fields[field].field_type == FieldType::Command
    }

    /// Tells that a command line is not read as a shell would read it.
    fn command_line(&mut self, node: NodeId, kind: Kind, name: &str) {
        let sentence = format!("`{name}` must be an array of the program and its arguments, and this is one string");
        let mut help =
            String::from("make the program and each argument a string of their own: `[\"PROGRAM\", \"ARGUMENT\"]`");
        if kind == Kind::Run {
            help.push_str("; a line for the shell goes into `script`");
        }
        let span = self.span(node);
        self.report(Code::WrongType, span, sentence).help = Some(help);
    }

    /// A list of strings with their places.
    pub fn strings(&mut self, d: &Declared, field: usize) -> Vec<(String, Span)> {
        match d.get(field) {
            Some(node) if self.shape(node) == Shape::String && self.is_command(d, field) => {
                self.command_line(node, d.kind, self.name_of(d, field));
                Vec::new()
            }
            Some(node) => self.strings_at(node, self.name_of(d, field)),
            None => Vec::new(),
        }
    }

    /// A table of strings; whether it is given and right.
    pub fn string_table(&mut self, d: &Declared, field: usize) -> bool {
        let Some(node) = d.get(field) else { return false };
        let name = self.name_of(d, field);
        if !self.expect_shape(node, Shape::Table, name) {
            return false;
        }
        let members: Vec<NodeId> = self.fragment.document.children(node).collect();
        let mut right = true;
        for member in members {
            right &= self.expect_shape(member, Shape::String, name);
        }
        right
    }

    /// A table of anything; only its type is checked.
    pub fn any_table(&mut self, d: &Declared, field: usize) {
        if let Some(node) = d.get(field) {
            self.expect_shape(node, Shape::Table, self.name_of(d, field));
        }
    }

    /// Patterns as in .gitignore.
    pub fn patterns(&mut self, d: &Declared, field: usize) -> Vec<String> {
        let strings = self.strings(d, field);
        let mut patterns = Vec::with_capacity(strings.len());
        for (pattern, span) in strings {
            match ignore::gitignore::GitignoreBuilder::new("/").add_line(None, &pattern) {
                Ok(_) => patterns.push(pattern),
                Err(_) => {
                    let sentence = format!("{} is no pattern as in .gitignore", message::quoted(&pattern));
                    self.invalid(span, &sentence);
                }
            }
        }
        patterns
    }
}
