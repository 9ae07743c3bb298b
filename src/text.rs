//! Source texts, places in them, and how a place is counted for people and for editors.

use std::sync::{Arc, OnceLock};

/// A half-open range of bytes in one file. Files are at most 4 GiB, so two `u32`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The range from `start` up to, not including, `end`.
    pub const fn new(start: u32, end: u32) -> Self {
        Self { start, end }
    }

    /// The empty range at `at`.
    pub const fn at(at: u32) -> Self {
        Self { start: at, end: at }
    }

    /// As an index into the text.
    pub const fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Number of bytes.
    pub const fn len(self) -> u32 {
        self.end - self.start
    }

    /// Whether no byte is in it.
    pub const fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The part of `text` it covers; empty where it does not fit.
    pub fn of(self, text: &str) -> &str {
        text.get(self.range()).unwrap_or("")
    }
}

impl std::fmt::Debug for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

/// A position as people count: line and column from 1, columns in Unicode scalar values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// From 1.
    pub line: u32,
    /// From 1, in Unicode scalar values.
    pub column: u32,
}

/// Where the lines of a text start. Built once a text, on first use.
#[derive(Debug)]
pub struct LineIndex {
    starts: Vec<u32>,
}

impl LineIndex {
    /// One pass over the text.
    pub fn new(text: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at as u32 + 1));
        Self { starts }
    }

    /// The line (from 0) in which a byte stands.
    pub fn line_of(&self, offset: u32) -> usize {
        self.starts.partition_point(|&start| start <= offset) - 1
    }

    /// The bytes of a line (from 0), its line break included.
    pub fn line(&self, line: usize, text: &str) -> Span {
        let start = self.starts.get(line).copied().unwrap_or(text.len() as u32);
        let end = self
            .starts
            .get(line + 1)
            .copied()
            .unwrap_or(text.len() as u32);
        Span::new(start, end)
    }

    /// How many lines there are; a text that ends in a line break has an empty last one.
    pub fn line_count(&self) -> usize {
        self.starts.len()
    }

    /// The position of a byte, for people.
    pub fn position(&self, offset: u32, text: &str) -> Position {
        let (line, before) = self.line_and_before(offset, text);
        Position {
            line: line as u32 + 1,
            column: before.chars().count() as u32 + 1,
        }
    }

    /// Line and UTF-16 column of a byte, both from 0, for the language server protocol.
    pub fn utf16(&self, offset: u32, text: &str) -> (u32, u32) {
        let (line, before) = self.line_and_before(offset, text);
        (line as u32, before.encode_utf16().count() as u32)
    }

    fn line_and_before<'t>(&self, offset: u32, text: &'t str) -> (usize, &'t str) {
        let mut offset = (offset as usize).min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.line_of(offset as u32);
        (line, &text[self.starts[line] as usize..offset])
    }
}

/// One file's text with its name, shared by everything that reads it.
#[derive(Debug)]
pub struct Source {
    /// The name it is reported under: relative to the working directory, with `/`.
    pub name: String,
    /// The whole text.
    pub text: String,
    lines: OnceLock<LineIndex>,
}

impl Source {
    /// A text and the name it is reported under.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self {
            name: name.into(),
            text: text.into(),
            lines: OnceLock::new(),
        })
    }

    /// Its lines, counted on first use.
    pub fn lines(&self) -> &LineIndex {
        self.lines.get_or_init(|| LineIndex::new(&self.text))
    }

    /// Position of a byte, for people.
    pub fn position(&self, offset: u32) -> Position {
        self.lines().position(offset, &self.text)
    }
}

/// A place in one file. Everything reported has one.
#[derive(Clone, Debug)]
pub struct Location {
    /// The file.
    pub source: Arc<Source>,
    /// The bytes in it.
    pub span: Span,
}

impl Location {
    /// Where it starts, for people.
    pub fn start(&self) -> Position {
        self.source.position(self.span.start)
    }

    /// Where it ends, for people.
    pub fn end(&self) -> Position {
        self.source.position(self.span.end)
    }

    /// `file:line:column`.
    pub fn to_text(&self) -> String {
        let start = self.start();
        format!("{}:{}:{}", self.source.name, start.line, start.column)
    }

    /// What locations are ordered by: file name, then bytes.
    pub fn order(&self) -> (&str, u32, u32) {
        (&self.source.name, self.span.start, self.span.end)
    }
}
