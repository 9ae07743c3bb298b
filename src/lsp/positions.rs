//! Lines and columns of the protocol, and bytes of a text.

use gen_lsp_types::{Position, Range};

use crate::text::{Source, Span, boundary};

/// What columns are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Encoding {
    /// Bytes.
    Utf8,
    /// Units of UTF-16, as every client can.
    #[default]
    Utf16,
}

/// A text with its lines as the protocol counts them: a carriage return alone ends one, too.
pub(super) struct Positions<'s> {
    source: &'s Source,
    encoding: Encoding,
    /// Only where lines differ from those of the source.
    starts: Option<Vec<u32>>,
}

impl<'s> Positions<'s> {
    /// Of a text.
    pub fn new(source: &'s Source, encoding: Encoding) -> Self {
        let bytes = source.text.as_bytes();
        let lone = |at: usize| bytes.get(at + 1) != Some(&b'\n');
        let starts = memchr::memchr_iter(b'\r', bytes).any(lone).then(|| {
            let ends = memchr::memchr2_iter(b'\r', b'\n', bytes).filter(|&at| bytes[at] == b'\n' || lone(at));
            std::iter::once(0).chain(ends.map(|at| at as u32 + 1)).collect()
        });
        Self { source, encoding, starts }
    }

    /// The position of a byte.
    pub fn position(&self, offset: u32) -> Position {
        let text = self.source.text.as_str();
        let offset = boundary(text, offset as usize) as u32;
        let (line, start) = match &self.starts {
            Some(starts) => {
                let line = starts.partition_point(|&start| start <= offset) - 1;
                (line, starts[line])
            }
            None => {
                if self.encoding == Encoding::Utf16 {
                    let (line, character) = self.source.lines().utf16(offset, text);
                    return Position { line, character };
                }
                let line = self.source.lines().line_of(offset);
                (line, self.source.lines().line(line, text).start)
            }
        };
        let before = &text[start as usize..offset as usize];
        let character = match self.encoding {
            Encoding::Utf8 => before.len(),
            Encoding::Utf16 => before.chars().map(char::len_utf16).sum(),
        };
        Position { line: line as u32, character: character as u32 }
    }

    /// The range of a span.
    pub fn range(&self, span: Span) -> Range {
        Range { start: self.position(span.start), end: self.position(span.end.max(span.start)) }
    }

    /// The byte at a position. Columns beyond a line mean its end, lines beyond the text the text's end.
    pub fn offset(&self, position: Position) -> u32 {
        let text = self.source.text.as_str();
        let line = position.line as usize;
        let (start, end) = match &self.starts {
            Some(starts) => {
                let Some(&start) = starts.get(line) else { return text.len() as u32 };
                (start, starts.get(line + 1).copied().unwrap_or(text.len() as u32))
            }
            None => {
                if line >= self.source.lines().line_count() {
                    return text.len() as u32;
                }
                let span = self.source.lines().line(line, text);
                (span.start, span.end)
            }
        };
        let content = text[start as usize..end as usize].trim_end_matches(['\r', '\n']);
        let wanted = position.character as usize;
        let column = match self.encoding {
            Encoding::Utf8 => boundary(content, wanted),
            Encoding::Utf16 => {
                let mut units = 0;
                let found = content.char_indices().find(|(_, c)| {
                    units += c.len_utf16();
                    units > wanted
                });
                found.map_or(content.len(), |(at, _)| at)
            }
        };
        start + column as u32
    }

    /// The bytes of a range; one that is the wrong way round is turned.
    pub fn span(&self, range: Range) -> Span {
        let (start, end) = (self.offset(range.start), self.offset(range.end));
        Span::new(start.min(end), start.max(end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_goes_there_and_back() {
        for text in ["", "a", "aé\n日𝄞x\r\n\n", "a\rb\r\nc\né𝄞", "\n", "\r"] {
            let source = Source::new("x", text);
            for encoding in [Encoding::Utf8, Encoding::Utf16] {
                let positions = Positions::new(&source, encoding);
                for (offset, c) in text.char_indices().chain([(text.len(), ' ')]) {
                    // Between the two characters of a line break there is no position.
                    if c == '\n' && text[..offset].ends_with('\r') {
                        continue;
                    }
                    let position = positions.position(offset as u32);
                    assert_eq!(positions.offset(position), offset as u32, "{text:?} {offset} {position:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_outside_is_moved_inside() {
        let source = Source::new("x", "ab\n𝄞\n");
        let at = |encoding, line, character| Positions::new(&source, encoding).offset(Position { line, character });
        assert_eq!(at(Encoding::Utf16, 0, 99), 2);
        assert_eq!(at(Encoding::Utf16, 99, 0), 8);
        assert_eq!(at(Encoding::Utf16, 1, 1), 3, "the middle of a character is its start");
        assert_eq!(at(Encoding::Utf8, 1, 2), 3);
        assert_eq!(at(Encoding::Utf16, 1, 2), 7);
    }

    #[test]
    fn a_carriage_return_alone_ends_a_line() {
        let source = Source::new("x", "a\rb\r\nc");
        let positions = Positions::new(&source, Encoding::Utf16);
        assert_eq!(positions.position(2), Position { line: 1, character: 0 });
        assert_eq!(positions.position(5), Position { line: 2, character: 0 });
        assert_eq!(positions.offset(Position { line: 1, character: 9 }), 3);
    }
}
