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
    /// Columns every few KiB of long lines: counting from the line's start would be quadratic in a file of one line.
    marks: Vec<Mark>,
}

/// The columns of a byte in a long line.
#[derive(Clone, Copy, Debug)]
struct Mark {
    offset: u32,
    columns: Columns,
}

/// How much stands before a place in its line.
#[derive(Clone, Copy, Debug, Default)]
struct Columns {
    scalars: u32,
    utf16: u32,
}

impl Columns {
    fn after(self, text: &str) -> Self {
        let scalars = text.chars().count() as u32;
        // What takes four bytes in UTF-8 takes two units in UTF-16.
        let astral = text.bytes().filter(|&byte| byte >= 0xf0).count() as u32;
        Self { scalars: self.scalars + scalars, utf16: self.utf16 + scalars + astral }
    }
}

/// Bytes of a line between two marks.
const STRIDE: usize = 4096;

impl LineIndex {
    /// One pass over the text.
    pub fn new(text: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at as u32 + 1));
        let mut marks = Vec::new();
        let ends = starts.iter().skip(1).copied().chain([text.len() as u32]);
        for (&start, end) in starts.iter().zip(ends) {
            let mut mark = Mark { offset: start, columns: Columns::default() };
            while (end - mark.offset) as usize > STRIDE {
                let next = boundary(text, mark.offset as usize + STRIDE);
                let columns = mark.columns.after(&text[mark.offset as usize..next]);
                mark = Mark { offset: next as u32, columns };
                marks.push(mark);
            }
        }
        Self { starts, marks }
    }

    /// The line (from 0) in which a byte stands.
    pub fn line_of(&self, offset: u32) -> usize {
        self.starts.partition_point(|&start| start <= offset) - 1
    }

    /// The bytes of a line (from 0), its line break included.
    pub fn line(&self, line: usize, text: &str) -> Span {
        let start = self.starts.get(line).copied().unwrap_or(text.len() as u32);
        let end = self.starts.get(line + 1).copied().unwrap_or(text.len() as u32);
        Span::new(start, end)
    }

    /// How many lines there are; a text that ends in a line break has an empty last one.
    pub fn line_count(&self) -> usize {
        self.starts.len()
    }

    /// The position of a byte, for people.
    pub fn position(&self, offset: u32, text: &str) -> Position {
        let (line, columns) = self.columns(offset, text);
        Position { line: line as u32 + 1, column: columns.scalars + 1 }
    }

    /// The same where many positions are asked for in their order: the search starts at the line (from 0) of the last one.
    pub fn position_near(&self, offset: u32, text: &str, near: &mut usize) -> Position {
        let offset = boundary(text, offset as usize);
        *near = self.line_near(offset as u32, *near);
        Position { line: *near as u32 + 1, column: self.columns_in(*near, offset, text).scalars + 1 }
    }

    /// The line (from 0) in which a byte stands, looked for from a line that is likely to be a little before it.
    fn line_near(&self, offset: u32, near: usize) -> usize {
        if self.starts.get(near).is_none_or(|&start| start > offset) {
            return self.line_of(offset);
        }
        let (mut before, mut step) = (near, 1);
        while self.starts.get(before + step).is_some_and(|&start| start <= offset) {
            before += step;
            step *= 2;
        }
        let end = (before + step).min(self.starts.len());
        before + self.starts[before..end].partition_point(|&start| start <= offset) - 1
    }

    /// Line and UTF-16 column of a byte, both from 0, for the language server protocol.
    pub fn utf16(&self, offset: u32, text: &str) -> (u32, u32) {
        let (line, columns) = self.columns(offset, text);
        (line as u32, columns.utf16)
    }

    fn columns(&self, offset: u32, text: &str) -> (usize, Columns) {
        let offset = boundary(text, offset as usize);
        let line = self.line_of(offset as u32);
        (line, self.columns_in(line, offset, text))
    }

    /// What stands before a byte in its line; the byte is at the boundary of a character.
    fn columns_in(&self, line: usize, offset: usize, text: &str) -> Columns {
        let start = Mark { offset: self.starts[line], columns: Columns::default() };
        let mark = match self.marks.partition_point(|mark| mark.offset as usize <= offset) {
            0 => start,
            after => Some(self.marks[after - 1]).filter(|mark| mark.offset >= start.offset).unwrap_or(start),
        };
        mark.columns.after(&text[mark.offset as usize..offset])
    }
}

/// The nearest character boundary at or before an offset.
pub(crate) fn boundary(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// One file's text with its name, shared by everything that reads it.
#[derive(Debug)]
pub struct Source {
    /// The name it is reported under: relative to the working directory, with `/`.
    pub name: String,
    /// The whole text.
    pub text: String,
    /// Where the first byte stands that is not UTF-8; every such byte is a `?` in the text, so that places stay right.
    pub damaged: Option<u32>,
    lines: OnceLock<LineIndex>,
}

impl Source {
    /// A text and the name it is reported under.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { name: name.into(), text: text.into(), damaged: None, lines: OnceLock::new() })
    }

    /// The text that bytes are meant to be; those that are not UTF-8 are replaced one by one.
    pub fn from_bytes(name: impl Into<String>, bytes: Vec<u8>) -> Arc<Self> {
        let (text, damaged) = match String::from_utf8(bytes) {
            Ok(text) => (text, None),
            Err(error) => {
                let at = error.utf8_error().valid_up_to() as u32;
                let mut text = String::with_capacity(error.as_bytes().len());
                for chunk in error.as_bytes().utf8_chunks() {
                    text.push_str(chunk.valid());
                    text.extend(chunk.invalid().iter().map(|_| '?'));
                }
                (text, Some(at))
            }
        };
        Arc::new(Self { name: name.into(), text, damaged, lines: OnceLock::new() })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_long_lines_are_those_of_counting() {
        let long = "aé日𝄞".repeat(5_000);
        let text = format!("é\n{long}\r\n{long}\nx");
        let index = LineIndex::new(&text);
        let mut starts = vec![0];
        starts.extend(text.match_indices('\n').map(|(at, _)| at + 1));
        for (offset, _) in text.char_indices().step_by(97).chain([(text.len(), ' ')]) {
            let line = starts.iter().rposition(|&start| start <= offset).unwrap_or(0);
            let before = &text[starts[line]..offset];
            let position = index.position(offset as u32, &text);
            assert_eq!((position.line as usize, position.column as usize), (line + 1, before.chars().count() + 1));
            assert_eq!(index.utf16(offset as u32, &text), (line as u32, before.encode_utf16().count() as u32));
            for mut near in [0, line / 2, line, line + 1, usize::MAX] {
                assert_eq!(index.position_near(offset as u32, &text, &mut near), position);
                assert_eq!(near, line);
            }
        }
    }
}
