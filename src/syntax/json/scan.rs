//! JSON tokens: blanks and comments, words and numbers, and how far one reaches.

use super::super::{Shape, SyntaxError};
use super::{Parser, string};
use crate::text::Span;

impl Parser<'_> {
    /// Everything up to the end of brackets that are too deep.
    pub(super) fn skip_brackets(&mut self) {
        let mut open = 0_usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    let (token, _) = self.string();
                    self.last = token;
                    continue;
                }
                b'[' | b'{' => open += 1,
                b']' | b'}' => open -= 1,
                _ => {}
            }
            let length = self.rough().len() as usize;
            self.advance(length);
            if open == 0 {
                return;
            }
        }
    }

    /// The next byte that is neither blank nor comment.
    pub(super) fn peek(&mut self) -> Option<u8> {
        loop {
            let rest = &self.builder.text.as_bytes()[self.at..];
            self.at += rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count();
            let rest = &self.builder.text.as_bytes()[self.at..];
            let length = match rest {
                [b'/', b'/', ..] | [b'#', ..] => memchr::memchr(b'\n', rest).unwrap_or(rest.len()),
                [b'/', b'*', inner @ ..] => memchr::memmem::find(inner, b"*/").map_or(rest.len(), |end| end + 4),
                _ => return rest.first().copied(),
            };
            let failed = self.builder.failed;
            let span = self.span(if rest[0] == b'#' { 1 } else { 2 });
            self.slip(span, "JSON has no comments");
            self.builder.failed = failed;
            self.at += length;
        }
    }

    /// The present token, roughly: a mark, or everything up to the next one.
    pub(super) fn rough(&self) -> Span {
        let rest = &self.builder.text.as_bytes()[self.at..];
        let is_mark = |byte: &u8| matches!(byte, b'{' | b'}' | b'[' | b']' | b',' | b':' | b'"');
        let is_end = |byte: &u8| is_mark(byte) || matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b'=');
        let length = rest.iter().take_while(|byte| !is_end(byte)).count();
        self.span(length.max(usize::from(!rest.is_empty())))
    }

    pub(super) fn span(&self, length: usize) -> Span {
        Span::new(self.at as u32, (self.at + length) as u32)
    }

    pub(super) fn advance(&mut self, length: usize) {
        self.last = self.span(length);
        self.at += length;
    }

    /// Takes a string; it ends with its line at the latest.
    pub(super) fn string(&mut self) -> (Span, Option<SyntaxError>) {
        let (span, slip) = string::read(self.builder.text, self.at);
        self.at = span.end as usize;
        (span, slip)
    }
}

/// A number as RFC 8259 has it.
pub(super) fn number(written: &[u8]) -> Option<Shape> {
    let digits = |rest: &[u8]| rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut rest = written.strip_prefix(b"-").unwrap_or(written);
    let whole = digits(rest);
    if whole == 0 || whole > 1 && rest[0] == b'0' {
        return None;
    }
    rest = &rest[whole..];
    let mut shape = Shape::Integer;
    if let [b'.', fraction @ ..] = rest {
        let length = digits(fraction);
        if length == 0 {
            return None;
        }
        rest = &fraction[length..];
        shape = Shape::Float;
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent = exponent.strip_prefix(b"+").or(exponent.strip_prefix(b"-")).unwrap_or(exponent);
        let length = digits(exponent);
        if length == 0 {
            return None;
        }
        rest = &exponent[length..];
        shape = Shape::Float;
    }
    rest.is_empty().then_some(shape)
}
