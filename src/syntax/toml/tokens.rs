//! The tokens of a TOML text as a stream with a little foresight, never as a vector; and places to go on after a slip.

use toml_parser::Source;
use toml_parser::lexer::{Lexer, TokenKind};

use crate::text::Span;

/// One token.
#[derive(Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) span: Span,
}

/// The tokens from some place on.
pub(super) struct Tokens<'t> {
    text: &'t str,
    lexer: Lexer<'t>,
    /// Where the lexer was started.
    base: u32,
    /// Tokens that were looked at or given back; the next one last.
    ahead: [Token; 2],
    count: usize,
}

impl<'t> Tokens<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let none = Token { kind: TokenKind::Eof, span: Span::at(text.len() as u32) };
        Self { text, lexer: Source::new(text).lex(), base: 0, ahead: [none; 2], count: 0 }
    }

    fn read(&mut self) -> Token {
        match self.lexer.next() {
            Some(token) => {
                let span = token.span();
                let span = Span::new(span.start() as u32 + self.base, span.end() as u32 + self.base);
                Token { kind: token.kind(), span }
            }
            None => Token { kind: TokenKind::Eof, span: Span::at(self.text.len() as u32) },
        }
    }

    pub(super) fn next(&mut self) -> Token {
        if self.count == 0 {
            return self.read();
        }
        self.count -= 1;
        self.ahead[self.count]
    }

    pub(super) fn peek(&mut self) -> Token {
        if self.count == 0 {
            self.ahead[0] = self.read();
            self.count = 1;
        }
        self.ahead[self.count - 1]
    }

    /// The kind of the one after [`Self::peek`].
    pub(super) fn second(&mut self) -> TokenKind {
        let first = self.peek();
        if self.count == 1 {
            self.ahead = [self.read(), first];
            self.count = 2;
        }
        self.ahead[0].kind
    }

    /// Gives back the token that was taken last.
    pub(super) fn give_back(&mut self, token: Token) {
        if let Some(place) = self.ahead.get_mut(self.count) {
            *place = token;
            self.count += 1;
        } else {
            self.seek(token.span.start);
        }
    }

    pub(super) fn skip_whitespace(&mut self) {
        while self.peek().kind == TokenKind::Whitespace {
            self.next();
        }
    }

    /// Goes on from a place.
    pub(super) fn seek(&mut self, at: u32) {
        let rest = self.text.get(at as usize..).unwrap_or("");
        self.lexer = Source::new(rest).lex();
        self.base = self.text.len() as u32 - rest.len() as u32;
        self.count = 0;
    }
}

/// The first line behind the one in which `at` stands that looks like a header or a key with its `=`; else the end.
pub(super) fn next_statement(text: &str, at: u32) -> u32 {
    let bytes = text.as_bytes();
    let mut at = at as usize;
    while let Some(end) = memchr::memchr(b'\n', bytes.get(at..).unwrap_or_default()) {
        at += end + 1;
        let start = after_blanks(bytes, at);
        if is_header(bytes, start, false) || is_member(bytes, start) {
            return start as u32;
        }
    }
    text.len() as u32
}

/// Whether `[key]` or `[[key]]` stands there, alone on the rest of its line. `surely`: and it cannot be an array.
pub(super) fn is_header(bytes: &[u8], at: usize, surely: bool) -> bool {
    let open = bytes.get(at..).unwrap_or_default().iter().take(2).take_while(|&&byte| byte == b'[').count();
    let key = after_blanks(bytes, at + open);
    let Some(end) = after_key(bytes, key).filter(|_| open > 0) else {
        return false;
    };
    let close = after_blanks(bytes, end);
    let closed = bytes.get(close..).unwrap_or_default().iter().take(2).take_while(|&&byte| byte == b']').count();
    let rest = after_blanks(bytes, close + closed);
    let alone = matches!(bytes.get(rest), None | Some(b'\n' | b'\r' | b'#'));
    let word = bytes.get(key..end).unwrap_or_default();
    let value = !word.first().is_some_and(|&first| first.is_ascii_alphabetic() || first == b'_')
        || matches!(word, b"true" | b"false" | b"inf" | b"nan");
    closed > 0 && alone && !(surely && value)
}

/// Whether `key =` stands there.
pub(super) fn is_member(bytes: &[u8], at: usize) -> bool {
    after_key(bytes, at).is_some_and(|end| bytes.get(after_blanks(bytes, end)) == Some(&b'='))
}

/// Whether `key =` ends right before `at`, and nothing else stands on the line.
pub(super) fn ends_member(bytes: &[u8], at: usize) -> bool {
    let start = memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |line| line + 1);
    let key = after_blanks(bytes, start);
    let Some(end) = after_key(bytes, key) else {
        return false;
    };
    let equals = after_blanks(bytes, end);
    bytes.get(equals) == Some(&b'=') && after_blanks(bytes, equals + 1) == at
}

fn after_blanks(bytes: &[u8], at: usize) -> usize {
    let blanks = bytes.get(at..).unwrap_or_default().iter().take_while(|&&byte| byte == b' ' || byte == b'\t');
    at + blanks.count()
}

/// Where a key, maybe dotted, ends.
fn after_key(bytes: &[u8], at: usize) -> Option<usize> {
    let mut at = at;
    loop {
        let rest = bytes.get(at..)?;
        let length = match rest.first()? {
            quote @ (b'"' | b'\'') => {
                let end = memchr::memchr2(*quote, b'\n', rest.get(1..)?)?;
                if rest[end + 1] == b'\n' {
                    return None;
                }
                end + 2
            }
            _ => rest.iter().take_while(|&&byte| is_bare(byte)).count(),
        };
        if length == 0 {
            return None;
        }
        let dot = after_blanks(bytes, at + length);
        if bytes.get(dot) != Some(&b'.') {
            return Some(at + length);
        }
        at = after_blanks(bytes, dot + 1);
    }
}

/// Whether a byte may stand in a key without quotes.
pub(super) fn is_bare(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}
